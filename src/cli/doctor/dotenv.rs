//! Assignments as the JavaScript packages `dotenv` and `dotenv-expand` read them, which wrangler uses. The command line's own
//! `.env` is read elsewhere: there a line that is no assignment is an error, here it is skipped.

use std::collections::BTreeMap;

/// Names and values in a text; what is no assignment is skipped.
pub(super) fn assignments(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = text.trim_start_matches('\u{feff}');
    while !rest.is_empty() {
        let line = rest.lines().next().unwrap_or_default();
        let (assignment, length) = match assignment(line, rest) {
            Some((name, value, length)) => (Some((name, value)), length),
            None => (None, line.len()),
        };
        found.extend(assignment);
        rest = rest.get(length..).unwrap_or_default();
        rest = rest.split_once('\n').map_or("", |(_, after)| after);
    }
    found
}

/// The assignment that begins with a line, and how long it is; a quoted value may go on for several lines.
fn assignment(line: &str, text: &str) -> Option<(String, String, usize)> {
    let trimmed = line.trim_start();
    let trimmed = trimmed.strip_prefix("export ").map_or(trimmed, str::trim_start);
    let end = trimmed.find(|it: char| !(it.is_ascii_alphanumeric() || "_.-".contains(it)))?;
    let (name, after) = trimmed.split_at_checked(end).filter(|(name, _)| !name.is_empty())?;
    let value = after.trim_start().strip_prefix('=').or_else(|| after.strip_prefix(": "))?;
    let start = line.len() - value.len();
    let whole = text.get(start..)?;
    let lead = whole.len() - whole.trim_start_matches([' ', '\t']).len();
    let quoted = whole.get(lead..)?;
    let quote = quoted.chars().next().filter(|it| "'\"`".contains(*it));
    if let Some((quote, close)) = quote.and_then(|quote| Some((quote, closing(quoted.get(1..)?, quote)?))) {
        let value = quoted.get(1..=close)?.to_owned();
        let value = if quote == '"' { value.replace("\\n", "\n").replace("\\r", "\r") } else { value };
        return Some((name.to_owned(), value, start + lead + close + 2));
    }
    let plain = value.split('#').next().unwrap_or_default().trim();
    Some((name.to_owned(), plain.to_owned(), line.len()))
}

/// Where a quote is that has no backslash before it.
fn closing(text: &str, quote: char) -> Option<usize> {
    text.match_indices(quote).map(|(at, _)| at).find(|at| !text.get(..*at).is_some_and(|it| it.ends_with('\\')))
}

/// A value with what it names put in: `$NAME`, `${NAME}`, `${NAME:-otherwise}`. What names itself in a circle stays as it is.
pub(super) fn expanded(value: &str, variables: &BTreeMap<String, String>) -> String {
    let mut text = value.to_owned();
    for _ in 0..MOST {
        let Some(reference) = reference(&text) else { break };
        let known = variables.get(reference.name).filter(|it| !it.is_empty());
        let put = known.map_or(reference.otherwise, String::as_str);
        text = format!("{}{put}{}", reference.before, reference.after);
    }
    text.replace("\\$", "$")
}

/// Names that a value can go through, so that a circle ends.
const MOST: usize = 100;

struct Reference<'t> {
    before: &'t str,
    name: &'t str,
    otherwise: &'t str,
    after: &'t str,
}

/// The first name with a dollar before it, unless a backslash is before that.
fn reference(text: &str) -> Option<Reference<'_>> {
    text.match_indices('$').find_map(|(at, _)| {
        let (before, rest) = (text.get(..at)?, text.get(at + 1..)?);
        if before.ends_with('\\') {
            return None;
        }
        if let Some(braced) = rest.strip_prefix('{') {
            let (inside, after) = braced.split_once('}')?;
            let (name, otherwise) = inside.split_once('-').unwrap_or((inside, ""));
            return Some(Reference { before, name: name.trim_end_matches(':'), otherwise, after });
        }
        let end = rest.find(|it: char| !(it.is_ascii_alphanumeric() || it == '_')).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        let is_name = name.chars().next().is_some_and(|it| !it.is_ascii_digit());
        is_name.then_some(Reference { before, name, otherwise: "", after })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assignments_are_read_as_dotenv_reads_them() {
        let text = "A=1\n# B=2\nexport C = 'x # y'  # z\nD: d\nno assignment\nE=\"one\ntwo\"\nF=\nG=a#b\nH='it\nI=`i`\nJ=\"a\\\"b\"";
        let found = assignments(text);
        let found: Vec<_> = found.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let expected = [
            ("A", "1"),
            ("C", "x # y"),
            ("D", "d"),
            ("E", "one\ntwo"),
            ("F", ""),
            ("G", "a"),
            ("H", "'it"),
            ("I", "i"),
            ("J", "a\\\"b"),
        ];
        assert_eq!(found, expected);
    }

    #[track_caller]
    fn check(value: &str, becomes: &str) {
        let variables = [("A", "a"), ("B", "$A!"), ("LOOP", "$LOOP"), ("EMPTY", "")];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(expanded(value, &variables.into()), becomes, "{value}");
    }

    #[test]
    fn names_in_values_are_put_in() {
        check("x${A}y$A.z", "xaya.z");
        check("$B", "a!");
        check("${NO:-file:x.db}${NO-y}$NO${EMPTY:-e}", "file:x.dbye");
        check("p\\$A$", "p$A$");
        check("$LOOP", "$LOOP");
        check("${A", "${A");
    }
}
