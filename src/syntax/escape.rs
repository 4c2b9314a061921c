//! The escapes of strings, as JSON has them.

use std::borrow::Cow;

use super::tree::{Problem, ProblemKind, Span};

/// What a string holds, given the text between its quotes. Escapes that JSON does not have are reported and left out.
pub(super) fn unescape<'a>(raw: &'a str, span: Span, problems: &mut Vec<Problem>) -> Cow<'a, str> {
    if !raw.contains('\\') {
        return Cow::Borrowed(raw);
    }
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let escape = &rest[at..];
        let start = span.start + super::build::offset(raw.len() - escape.len());
        let length = match read(escape) {
            Ok((character, length)) => {
                out.push(character);
                length
            }
            Err((kind, length)) => {
                let end = start + super::build::offset(length);
                problems.push(Problem { kind, span: Span { file: span.file, start, end } });
                length
            }
        };
        rest = &escape[length..];
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// The character that an escape stands for, and how long the escape is.
fn read(escape: &str) -> Result<(char, usize), (ProblemKind, usize)> {
    let character = match escape[1..].chars().next() {
        Some('"') => '"',
        Some('\\') => '\\',
        Some('/') => '/',
        Some('b') => '\u{8}',
        Some('f') => '\u{c}',
        Some('n') => '\n',
        Some('r') => '\r',
        Some('t') => '\t',
        Some('u') => return read_unicode(escape),
        Some(other) => return Err((ProblemKind::BadEscape, 1 + other.len_utf8())),
        None => return Err((ProblemKind::BadEscape, 1)),
    };
    Ok((character, 2))
}

/// `\uXXXX`, or two of them that form a surrogate pair.
fn read_unicode(escape: &str) -> Result<(char, usize), (ProblemKind, usize)> {
    let Some(first) = code_unit(escape) else {
        return Err((ProblemKind::BadUnicodeEscape, digits_end(escape)));
    };
    if let Some(character) = char::from_u32(first) {
        return Ok((character, 6));
    }
    let second = escape.get(6..).and_then(code_unit);
    match second.and_then(|second| char::decode_utf16([first, second].map(|unit| unit as u16)).next()?.ok()) {
        Some(character) => Ok((character, 12)),
        None => Err((ProblemKind::BadUnicodeEscape, 6)),
    }
}

fn code_unit(escape: &str) -> Option<u32> {
    let digits = escape.strip_prefix("\\u")?.get(..4)?;
    digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok())?
}

/// The end of `\u` and the digits that follow it, four at most.
fn digits_end(escape: &str) -> usize {
    2 + escape.bytes().skip(2).take(4).take_while(u8::is_ascii_hexdigit).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(raw: &str, expected: &str, wrong: &[(ProblemKind, u32, u32)]) {
        let mut problems = Vec::new();
        assert_eq!(unescape(raw, Span::default(), &mut problems), expected);
        let found: Vec<_> = problems.into_iter().map(|it| (it.kind, it.span.start, it.span.end)).collect();
        assert_eq!(found, wrong);
    }

    #[test]
    fn escapes_are_those_of_json() {
        check(r"plain", "plain", &[]);
        check(r#"a\"b\\c\/\n"#, "a\"b\\c/\n", &[]);
        check(r"\u00e9\ud83d\ude00", "é😀", &[]);
    }

    #[test]
    fn other_escapes_are_reported_where_they_stand() {
        check(r"ab\xé", "abé", &[(ProblemKind::BadEscape, 2, 4)]);
        check(r"\é", "", &[(ProblemKind::BadEscape, 0, 3)]);
        check(r"\u12", "", &[(ProblemKind::BadUnicodeEscape, 0, 4)]);
        check(r"\ud83d!", "!", &[(ProblemKind::BadUnicodeEscape, 0, 6)]);
    }
}
