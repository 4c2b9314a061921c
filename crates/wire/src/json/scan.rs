//! Reading JSON text piece by piece.

use std::borrow::Cow;

/// A place in JSON text. Each method skips white space and then takes the piece it is named after, or takes nothing and
/// says so; malformed text is never a panic.
///
/// ```
/// use lenslet_wire::json::Scanner;
/// let mut scanner = Scanner::new(r#"["a\u00e9", 1.50]"#);
/// assert!(scanner.take(b'['));
/// assert_eq!(scanner.string().as_deref(), Some("aé"));
/// assert!(scanner.take(b','));
/// assert_eq!(scanner.number(), Some("1.50"));
/// assert!(scanner.take(b']') && scanner.peek().is_none());
/// ```
#[derive(Clone, Debug)]
pub struct Scanner<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Scanner<'t> {
    /// The start of a text.
    pub fn new(text: &'t str) -> Self {
        Scanner { text, at: 0 }
    }

    /// A place in a text that an earlier scanner reached.
    pub fn resume(text: &'t str, at: usize) -> Self {
        Scanner { text, at }
    }

    /// The place, in bytes from the start.
    pub fn position(&self) -> usize {
        self.at
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The next byte that is not white space, without taking it.
    pub fn peek(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.byte() {
            self.at += 1;
        }
        self.byte()
    }

    /// Takes this byte.
    pub fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    /// Takes `null`, `true` or `false`.
    pub fn word(&mut self, word: &str) -> bool {
        self.peek();
        let found = self.text.get(self.at..).is_some_and(|rest| rest.starts_with(word));
        if found {
            self.at += word.len();
        }
        found
    }

    /// Takes a number, as its text.
    pub fn number(&mut self) -> Option<&'t str> {
        self.peek();
        let start = self.at;
        let end = self.number_end(start)?;
        self.at = end;
        self.text.get(start..end)
    }

    fn number_end(&self, start: usize) -> Option<usize> {
        let bytes = self.text.as_bytes();
        let digits = |mut at: usize| {
            let first = at;
            while bytes.get(at).is_some_and(u8::is_ascii_digit) {
                at += 1;
            }
            (at > first).then_some(at)
        };
        let first = start + usize::from(bytes.get(start) == Some(&b'-'));
        let mut at = digits(first)?;
        if bytes.get(first) == Some(&b'0') && at > first + 1 {
            return None;
        }
        if bytes.get(at) == Some(&b'.') {
            at = digits(at + 1)?;
        }
        if let Some(b'e' | b'E') = bytes.get(at) {
            let sign = usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
            at = digits(at + 1 + sign)?;
        }
        Some(at)
    }

    /// Takes an integer of 64 bits.
    pub fn integer(&mut self) -> Option<i64> {
        let sign = if self.peek()? == b'-' { -1 } else { 1 };
        let start = self.at + usize::from(sign < 0);
        let bytes = self.text.as_bytes();
        let (mut at, mut value) = (start, 0_i64);
        while let Some(digit @ b'0'..=b'9') = bytes.get(at) {
            value = value.checked_mul(10)?.checked_add(sign * i64::from(digit - b'0'))?;
            at += 1;
        }
        if at == start || matches!(bytes.get(at), Some(b'.' | b'e' | b'E')) {
            return None;
        }
        self.at = at;
        Some(value)
    }

    /// Takes a whole value, as its text. That it is well formed is not looked at, beyond its strings and brackets.
    pub fn skip(&mut self) -> Option<&'t str> {
        self.peek()?;
        let start = self.at;
        let mut depth = 0_usize;
        loop {
            match self.byte() {
                Some(b'"') => drop(self.string()?),
                Some(b'[' | b'{') => {
                    depth += 1;
                    self.at += 1;
                    continue;
                }
                Some(b']' | b'}') if depth > 0 => {
                    depth -= 1;
                    self.at += 1;
                }
                Some(b',' | b']' | b'}' | b':' | b' ' | b'\t' | b'\n' | b'\r') | None if depth == 0 => {
                    return self.text.get(start..self.at).filter(|text| !text.is_empty());
                }
                None => return None,
                Some(_) => {
                    self.at += 1;
                    continue;
                }
            }
            if depth == 0 {
                return self.text.get(start..self.at);
            }
        }
    }

    /// Takes a string; borrowed where nothing in it was escaped.
    pub fn string(&mut self) -> Option<Cow<'t, str>> {
        if self.peek() != Some(b'"') {
            return None;
        }
        let mut at = self.at + 1;
        let (mut plain, mut unescaped) = (at, String::new());
        loop {
            match self.text.as_bytes().get(at)? {
                b'"' => break,
                b'\\' => {
                    unescaped.push_str(self.text.get(plain..at)?);
                    let (character, after) = self.escape(at + 1)?;
                    unescaped.push(character);
                    (plain, at) = (after, after);
                }
                0..0x20 => return None,
                _ => at += 1,
            }
        }
        self.at = at + 1;
        let rest = self.text.get(plain..at)?;
        // An escape is a character at least, so an empty text is one without escapes.
        if unescaped.is_empty() {
            return Some(Cow::Borrowed(rest));
        }
        unescaped.push_str(rest);
        Some(Cow::Owned(unescaped))
    }

    /// The character of the escape whose letter is at `at`, and where it ends.
    fn escape(&self, at: usize) -> Option<(char, usize)> {
        let bytes = self.text.as_bytes();
        let character = match bytes.get(at)? {
            b'n' => '\n',
            b't' => '\t',
            b'r' => '\r',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'u' => {
                let first = self.unit(at + 1)?;
                if !(0xd800..0xdc00).contains(&first) {
                    return char::from_u32(first).map(|character| (character, at + 5));
                }
                if bytes.get(at + 5..at + 7)? != b"\\u" {
                    return None;
                }
                let second = self.unit(at + 7)?;
                let low = second.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
                let character = char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + low)?;
                return Some((character, at + 11));
            }
            byte @ (b'"' | b'\\' | b'/') => char::from(*byte),
            _ => return None,
        };
        Some((character, at + 1))
    }

    /// A UTF-16 unit of four hexadecimal digits.
    fn unit(&self, at: usize) -> Option<u32> {
        let digits = self.text.as_bytes().get(at..at + 4)?;
        digits.iter().try_fold(0, |unit, digit| Some(unit << 4 | char::from(*digit).to_digit(16)?))
    }
}
