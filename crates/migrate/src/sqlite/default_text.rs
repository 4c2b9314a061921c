//! The text of a column's default, as SQLite keeps it, and what it means.

use lenslet_sql::ddl::Default;

/// What the text behind `DEFAULT` means for a column of that type. `NULL` is no default.
pub(crate) fn parse(text: &str, ty: &str) -> Option<Default> {
    let text = without_parentheses(text);
    let upper = text.to_ascii_uppercase();
    Some(match upper.as_str() {
        "NULL" => return None,
        "CURRENT_TIMESTAMP" => Default::Now,
        "TRUE" => Default::Boolean(true),
        "FALSE" => Default::Boolean(false),
        "1" if ty == "BOOLEAN" => Default::Boolean(true),
        "0" if ty == "BOOLEAN" => Default::Boolean(false),
        _ if is_number(text) => Default::Number(text.trim_start_matches('+').to_owned()),
        _ => constant(text).unwrap_or_else(|| Default::Expression(text.to_owned())),
    })
}

fn constant(text: &str) -> Option<Default> {
    if let Some(digits) = text.strip_prefix(['x', 'X']) {
        return bytes(&unquoted(digits, '\'')?).map(Default::Bytes);
    }
    // SQLite takes a name in double quotes for a text where no column can be meant.
    unquoted(text, '\'').or_else(|| unquoted(text, '"')).map(Default::Text)
}

/// The inside of a quoted text, when all of it is one quoted text.
fn unquoted(text: &str, quote: char) -> Option<String> {
    let inside = text.strip_prefix(quote)?.strip_suffix(quote)?;
    let doubled = [quote, quote].iter().collect::<String>();
    let plain = inside.replace(&doubled, "");
    (!plain.contains(quote)).then(|| inside.replace(&doubled, &quote.to_string()))
}

/// Bytes of hexadecimal digits.
pub(crate) fn bytes(digits: &str) -> Option<Vec<u8>> {
    let digits: Vec<u32> = digits.chars().map(|it| it.to_digit(16)).collect::<Option<_>>()?;
    digits
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => u8::try_from(high << 4 | low).ok(),
            _ => None,
        })
        .collect()
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    digits.starts_with(|it: char| it.is_ascii_digit() || it == '.') && digits.parse::<f64>().is_ok()
}

/// The text without the parentheses that enclose all of it.
pub(crate) fn without_parentheses(text: &str) -> &str {
    let mut text = text.trim();
    while let Some(inside) = text.strip_prefix('(').and_then(|it| it.strip_suffix(')')) {
        if !is_balanced(inside) {
            break;
        }
        text = inside.trim();
    }
    text
}

/// Whether no closing parenthesis comes before its opening one, quoted texts left aside.
fn is_balanced(text: &str) -> bool {
    let (mut depth, mut quote) = (0_usize, None);
    for it in text.chars() {
        match (quote, it) {
            (Some(open), _) if open == it => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"' | '`') => quote = Some(it),
            (None, '(') => depth += 1,
            (None, ')') if depth == 0 => return false,
            (None, ')') => depth -= 1,
            (None, _) => {}
        }
    }
    depth == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_have_a_meaning() {
        let cases = [
            ("'it''s'", "TEXT", Some(Default::Text("it's".into()))),
            ("\"double\"", "TEXT", Some(Default::Text("double".into()))),
            ("''", "TEXT", Some(Default::Text(String::new()))),
            ("X'00ff'", "BLOB", Some(Default::Bytes(vec![0, 255]))),
            ("-1.5", "REAL", Some(Default::Number("-1.5".into()))),
            ("1", "BOOLEAN", Some(Default::Boolean(true))),
            ("1", "INTEGER", Some(Default::Number("1".into()))),
            ("current_timestamp", "DATETIME", Some(Default::Now)),
            ("null", "TEXT", None),
            ("(1) + (2)", "INTEGER", Some(Default::Expression("(1) + (2)".into()))),
            ("((datetime('now')))", "TEXT", Some(Default::Expression("datetime('now')".into()))),
            ("'a' || 'b'", "TEXT", Some(Default::Expression("'a' || 'b'".into()))),
            ("nan", "REAL", Some(Default::Expression("nan".into()))),
        ];
        for (text, ty, expected) in cases {
            assert_eq!(parse(text, ty), expected, "{text}");
        }
    }
}
