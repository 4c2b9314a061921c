//! Whether a text is a JSON document. The front end has no other use for JSON, so it reads it itself.

/// How deep a document may nest.
const MAX_DEPTH: usize = 128;

/// Whether the text is one JSON value.
pub(crate) fn is_json(text: &str) -> bool {
    value(text.trim_start(), 0).is_some_and(|rest| rest.trim_start().is_empty())
}

/// What follows a value.
fn value(text: &str, depth: usize) -> Option<&str> {
    match text.bytes().next()? {
        _ if depth > MAX_DEPTH => None,
        b'{' => members(text[1..].trim_start(), depth),
        b'[' => elements(text[1..].trim_start(), depth),
        b'"' => string(text),
        b't' => text.strip_prefix("true"),
        b'f' => text.strip_prefix("false"),
        b'n' => text.strip_prefix("null"),
        _ => number(text),
    }
}

fn members(mut text: &str, depth: usize) -> Option<&str> {
    if let Some(rest) = text.strip_prefix('}') {
        return Some(rest);
    }
    loop {
        text = string(text)?.trim_start().strip_prefix(':')?.trim_start();
        text = value(text, depth + 1)?.trim_start();
        match text.strip_prefix(',') {
            Some(rest) => text = rest.trim_start(),
            None => return text.strip_prefix('}'),
        }
    }
}

fn elements(mut text: &str, depth: usize) -> Option<&str> {
    if let Some(rest) = text.strip_prefix(']') {
        return Some(rest);
    }
    loop {
        text = value(text, depth + 1)?.trim_start();
        match text.strip_prefix(',') {
            Some(rest) => text = rest.trim_start(),
            None => return text.strip_prefix(']'),
        }
    }
}

fn string(text: &str) -> Option<&str> {
    let mut rest = text.strip_prefix('"')?;
    loop {
        let at = rest.find(|it: char| it == '"' || it == '\\' || it < ' ')?;
        rest = match rest.as_bytes()[at] {
            b'"' => return rest.get(at + 1..),
            b'\\' => escape(&rest[at + 1..])?,
            _ => return None,
        };
    }
}

fn escape(text: &str) -> Option<&str> {
    match text.bytes().next()? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => text.get(1..),
        b'u' => text.get(1..5)?.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| &text[5..]),
        _ => None,
    }
}

fn number(text: &str) -> Option<&str> {
    let text = text.strip_prefix('-').unwrap_or(text);
    let mut rest = match text.strip_prefix('0') {
        Some(rest) => rest,
        None => digits(text)?,
    };
    if let Some(fraction) = rest.strip_prefix('.') {
        rest = digits(fraction)?;
    }
    match rest.strip_prefix(['e', 'E']) {
        Some(exponent) => digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)),
        None => Some(rest),
    }
}

fn digits(text: &str) -> Option<&str> {
    let count = text.bytes().take_while(u8::is_ascii_digit).count();
    (count > 0).then(|| &text[count..])
}

#[cfg(test)]
mod tests {
    use super::is_json;

    #[test]
    fn json_is_told_from_other_text() {
        for good in ["{}", "[]", " {\"a\": [1, -2.5e3, \"x\\u00e9\", true, null]} ", "\"a\"", "0"] {
            assert!(is_json(good), "{good}");
        }
        for bad in ["", "not json", "{a: 1}", "[1,]", "01", "1.", "\"\n\"", "{} {}", "\"\\x\""] {
            assert!(!is_json(bad), "{bad}");
        }
        assert!(!is_json(&"[".repeat(10_000)));
    }
}
