//! Names and constants as a schema writes them.

use std::collections::BTreeSet;
use std::fmt::Write as _;

/// A string with its quotes.
pub(super) fn string(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for it in text.chars() {
        match it {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            it if u32::from(it) < 0x20 => {
                let _ = write!(out, "\\u{:04x}", u32::from(it));
            }
            it => out.push(it),
        }
    }
    out.push('"');
    out
}

/// `[a, b]`.
pub(super) fn list<S: AsRef<str>>(items: &[S]) -> String {
    let items: Vec<&str> = items.iter().map(AsRef::as_ref).collect();
    format!("[{}]", items.join(", "))
}

/// Bytes as the language writes them: standard base64, padded.
pub(super) fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let value = group.iter().enumerate().fold(0_u32, |value, (at, byte)| value | u32::from(*byte) << (16 - 8 * at));
        for at in 0..4 {
            let digit = DIGITS.get((value >> (18 - 6 * at) & 63) as usize).copied().unwrap_or(b'=');
            out.push(if at <= group.len() { char::from(digit) } else { '=' });
        }
    }
    out
}

/// The name with what the language does not take replaced: it starts with a letter, and goes on with letters, digits and
/// `_`. What has no letter at all is called `fallback`.
pub(super) fn identifier(name: &str, fallback: &str) -> String {
    let start = name.trim_start_matches(|it: char| !it.is_ascii_alphabetic());
    let mut out = String::with_capacity(start.len());
    for it in start.chars() {
        out.push(if it.is_ascii_alphanumeric() { it } else { '_' });
    }
    if out.is_empty() {
        out.push_str(fallback);
        out.extend(name.chars().filter(char::is_ascii_alphanumeric));
    }
    out
}

/// Names that are taken within a schema or a block.
#[derive(Clone, Debug, Default)]
pub(super) struct Taken(BTreeSet<String>);

impl Taken {
    /// Takes a name that is in use.
    pub(super) fn add(&mut self, name: &str) {
        self.0.insert(name.to_owned());
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        self.0.contains(name)
    }

    /// Takes the name, or the next one with a number behind it that is free.
    pub(super) fn take(&mut self, name: String) -> String {
        let mut found = name.clone();
        let mut number = 2_u32;
        while !self.0.insert(found.clone()) {
            found = format!("{name}_{number}");
            number += 1;
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_names_of_the_language() {
        let cases = [
            ("users", "users"),
            ("order items", "order_items"),
            ("_PostToTag", "PostToTag"),
            ("2fa-codes", "fa_codes"),
            ("größe", "gr__e"),
            ("12", "field12"),
            ("表", "field"),
        ];
        for (name, expected) in cases {
            assert_eq!(identifier(name, "field"), expected, "{name}");
        }
    }

    #[test]
    fn taken_names_get_a_number() {
        let mut taken = Taken::default();
        assert_eq!(["a", "a", "a"].map(|name| taken.take(name.to_owned())), ["a", "a_2", "a_3"]);
    }

    #[test]
    fn bytes_are_padded() {
        let cases: [(&[u8], &str); 4] = [(b"", ""), (b"f", "Zg=="), (b"fo", "Zm8="), (b"foo", "Zm9v")];
        for (bytes, expected) in cases {
            assert_eq!(base64(bytes), expected);
        }
    }

    #[test]
    fn strings_are_escaped() {
        assert_eq!(string("a\"b\\c\n\u{1}"), r#""a\"b\\c\n\u0001""#);
    }
}
