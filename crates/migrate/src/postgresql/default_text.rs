//! The text of a column's default, as PostgreSQL gives it, and what it means.

use crate::sqlite::default_text::{bytes, without_parentheses};
use lenslet_sql::ddl::{BaseType, ColumnType, Default};

/// What the text behind `DEFAULT` means for a column of that type. `NULL` is no default.
pub(crate) fn parse(text: &str, ty: &ColumnType) -> Option<Default> {
    let plain = without_casts(text);
    if plain.eq_ignore_ascii_case("null") {
        return None;
    }
    let meant = if ty.list { list(plain, ty) } else { single(plain, ty) };
    Some(meant.unwrap_or_else(|| Default::Expression(text.to_owned())))
}

fn single(plain: &str, ty: &ColumnType) -> Option<Default> {
    if matches!(plain.to_ascii_lowercase().as_str(), "now()" | "current_timestamp" | "pg_catalog.now()") {
        return Some(Default::Now);
    }
    match constant(plain) {
        Some(text) => Some(typed(text, ty)),
        None if matches!(plain, "true" | "false") => Some(Default::Boolean(plain == "true")),
        None if is_number(plain) => Some(Default::Number(plain.to_owned())),
        None => None,
    }
}

/// A constant of a type, of which the database gave the text.
fn typed(text: String, ty: &ColumnType) -> Default {
    let BaseType::Database(name) = &ty.base else {
        return Default::Text(text);
    };
    let head = name.split('(').next().unwrap_or_default();
    match head {
        "SMALLINT" | "INTEGER" | "BIGINT" | "REAL" | "DOUBLE PRECISION" | "DECIMAL" | "OID" if is_number(&text) => {
            Default::Number(text)
        }
        "BOOLEAN" => match text.as_str() {
            "t" | "true" => Default::Boolean(true),
            "f" | "false" => Default::Boolean(false),
            _ => Default::Text(text),
        },
        "BYTEA" => match text.strip_prefix("\\x").and_then(bytes) {
            Some(bytes) => Default::Bytes(bytes),
            None => Default::Text(text),
        },
        _ => Default::Text(text),
    }
}

/// `ARRAY['a'::text, 'b'::text]`, `'{a,b}'::text[]`.
fn list(plain: &str, ty: &ColumnType) -> Option<Default> {
    let element = ColumnType { list: false, ..ty.clone() };
    let upper = plain.get(..6).map(str::to_ascii_uppercase);
    if upper.as_deref() == Some("ARRAY[") {
        let inside = plain.get(6..)?.strip_suffix(']')?;
        let items = split(inside).into_iter().filter(|item| !item.is_empty());
        return items.map(|item| single(without_casts(item), &element)).collect::<Option<_>>().map(Default::List);
    }
    let text = constant(plain)?;
    let inside = text.strip_prefix('{')?.strip_suffix('}')?;
    let items = split_literal(inside)?;
    Some(Default::List(items.into_iter().map(|item| typed(item, &element)).collect()))
}

/// The items of an array's text: `a,"b, c",d`. None where one is null or another list.
fn split_literal(inside: &str) -> Option<Vec<String>> {
    let (mut items, mut item, mut quoted, mut was_quoted) = (Vec::new(), String::new(), false, false);
    let mut characters = inside.chars();
    while let Some(it) = characters.next() {
        match it {
            '\\' => item.extend(characters.next()),
            '"' => (quoted, was_quoted) = (!quoted, true),
            '{' | '}' if !quoted => return None,
            ',' if !quoted => {
                items.push(std::mem::take(&mut item));
                was_quoted = false;
            }
            it => item.push(it),
        }
    }
    if !(item.is_empty() && items.is_empty()) || was_quoted {
        items.push(item);
    }
    items.iter().all(|item| !item.eq_ignore_ascii_case("null")).then_some(items)
}

/// The text without the parentheses and casts around it: `('a'::text)::character varying`.
pub(crate) fn without_casts(text: &str) -> &str {
    let mut text = without_parentheses(text);
    while let Some(at) = last_cast(text) {
        text = without_parentheses(text.get(..at).unwrap_or_default());
    }
    text
}

/// Where the last `::` is, when it casts all that is before it.
fn last_cast(text: &str) -> Option<usize> {
    let mut last = None;
    walk(text, |at, rest, depth| {
        if depth == 0 && rest.starts_with("::") {
            last = Some(at);
        }
    });
    last.filter(|&at| {
        let (before, after) = text.split_at(at);
        is_operand(before) && is_type_name(after.trim_start_matches(':'))
    })
}

fn is_type_name(text: &str) -> bool {
    let mut is_name = true;
    walk(text, |_, rest, depth| {
        let fits = |it: char| it.is_alphanumeric() || matches!(it, '_' | '.' | ' ' | '(' | ')' | '[' | ']');
        is_name &= depth > 0 || rest.starts_with(fits);
    });
    is_name
}

/// Whether a text is one operand, and not several with operators between them.
fn is_operand(text: &str) -> bool {
    let mut is_one = true;
    walk(text, |_, rest, depth| is_one &= depth > 0 || !rest.starts_with(' '));
    is_one
}

/// Calls for every character outside of quotes, with the depth of parentheses and brackets.
fn walk(text: &str, mut see: impl FnMut(usize, &str, usize)) {
    let (mut depth, mut quote) = (0_usize, None);
    for (at, it) in text.char_indices() {
        match (quote, it) {
            (Some(open), _) if open == it => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(it),
            (None, _) => {
                if matches!(it, ')' | ']') {
                    depth = depth.saturating_sub(1);
                }
                see(at, text.get(at..).unwrap_or_default(), depth);
                if matches!(it, '(' | '[') {
                    depth += 1;
                }
            }
        }
    }
}

/// What stands between the commas of a list.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut start) = (Vec::new(), 0);
    walk(text, |at, rest, depth| {
        if depth == 0 && rest.starts_with(',') {
            parts.push(text.get(start..at).unwrap_or_default().trim());
            start = at + 1;
        }
    });
    parts.push(text.get(start..).unwrap_or_default().trim());
    parts
}

/// The inside of a quoted text, when all of it is one quoted text.
fn constant(text: &str) -> Option<String> {
    let (text, escapes) = match text.strip_prefix(['E', 'e']) {
        Some(rest) if rest.starts_with('\'') => (rest, true),
        _ => (text, false),
    };
    let inside = text.strip_prefix('\'')?.strip_suffix('\'')?;
    if inside.replace("''", "").contains('\'') {
        return None;
    }
    let plain = inside.replace("''", "'");
    Some(if escapes { unescaped(&plain) } else { plain })
}

/// PostgreSQL escapes nothing but backslashes when it writes.
fn unescaped(text: &str) -> String {
    text.replace("\\\\", "\\")
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text).trim_start();
    digits.starts_with(|it: char| it.is_ascii_digit() || it == '.') && digits.parse::<f64>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(it: &str) -> Option<Default> {
        Some(Default::Text(it.to_owned()))
    }

    fn number(it: &str) -> Option<Default> {
        Some(Default::Number(it.to_owned()))
    }

    fn expression(it: &str) -> Option<Default> {
        Some(Default::Expression(it.to_owned()))
    }

    #[test]
    fn texts_have_a_meaning() {
        let cases = [
            ("'it''s'::text", "TEXT", text("it's")),
            ("'a'::character varying(20)", "VARCHAR(20)", text("a")),
            ("('a'::text)::character varying", "VARCHAR", text("a")),
            ("E'a\\\\b'::text", "TEXT", text("a\\b")),
            ("'-7'::integer", "INTEGER", number("-7")),
            ("'9007199254740993'::bigint", "BIGINT", number("9007199254740993")),
            ("1.50", "DECIMAL(65,30)", number("1.50")),
            ("(-1)", "INTEGER", number("-1")),
            ("true", "BOOLEAN", Some(Default::Boolean(true))),
            ("'\\x00ff'::bytea", "BYTEA", Some(Default::Bytes(vec![0, 255]))),
            ("CURRENT_TIMESTAMP", "TIMESTAMP(3)", Some(Default::Now)),
            ("now()", "TIMESTAMPTZ", Some(Default::Now)),
            ("'{\"a\": 1}'::jsonb", "JSONB", text("{\"a\": 1}")),
            ("NULL::character varying", "VARCHAR", None),
            ("gen_random_uuid()", "UUID", expression("gen_random_uuid()")),
            ("(now() + '1 day'::interval)", "TIMESTAMP", expression("(now() + '1 day'::interval)")),
            ("('a'::text || 'b'::text)", "TEXT", expression("('a'::text || 'b'::text)")),
            ("timezone('utc'::text, now())", "TIMESTAMP", expression("timezone('utc'::text, now())")),
            ("(gen_random_uuid())::text", "TEXT", expression("(gen_random_uuid())::text")),
        ];
        for (sql, ty, expected) in cases {
            assert_eq!(parse(sql, &ColumnType::database(ty)), expected, "{sql}");
        }
    }

    #[test]
    fn lists_have_items() {
        let texts =
            |items: &[&str]| Some(Default::List(items.iter().map(|&item| Default::Text(item.to_owned())).collect()));
        let cases = [
            ("ARRAY['a'::text, 'b, c'::text]", texts(&["a", "b, c"])),
            ("ARRAY[]::text[]", texts(&[])),
            ("'{}'::text[]", texts(&[])),
            ("'{a,\"b, c\",\"\"}'::text[]", texts(&["a", "b, c", ""])),
            ("string_to_array('a,b'::text, ','::text)", expression("string_to_array('a,b'::text, ','::text)")),
        ];
        let ty = ColumnType { list: true, ..ColumnType::database("TEXT") };
        for (sql, expected) in cases {
            assert_eq!(parse(sql, &ty), expected, "{sql}");
        }
    }
}
