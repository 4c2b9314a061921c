//! Writing JSON text piece by piece.

/// Writes JSON into a string. It keeps no state: whether a comma is due follows from the last byte written.
///
/// ```
/// let mut out = lenslet_core::written::Writer::default();
/// out.open('{');
/// out.key("name");
/// out.text("A\"da");
/// out.key("ids");
/// out.open('[');
/// out.integer(1);
/// out.integer(-2);
/// out.close(']');
/// out.close('}');
/// assert_eq!(out.finish(), r#"{"name":"A\"da","ids":[1,-2]}"#);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Writer(String);

impl Writer {
    /// A writer that has room for that many bytes before it has to find more.
    pub fn with_capacity(bytes: usize) -> Self {
        Writer(String::with_capacity(bytes))
    }

    /// The text.
    pub fn finish(self) -> String {
        self.0
    }

    /// A writer of nothing yet.
    pub const fn new() -> Self {
        Writer(String::new())
    }

    /// What was written so far.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// How many bytes were written.
    pub fn length(&self) -> usize {
        self.0.len()
    }

    /// Takes back what was written after so many bytes.
    pub fn truncate(&mut self, length: usize) {
        self.0.truncate(length);
    }

    fn separate(&mut self) {
        if !matches!(self.0.as_bytes().last(), None | Some(b'{' | b'[' | b':' | b',')) {
            self.0.push(',');
        }
    }

    /// Opens an object or a list.
    pub fn open(&mut self, bracket: char) {
        self.separate();
        self.0.push(bracket);
    }

    /// Closes it.
    pub fn close(&mut self, bracket: char) {
        self.0.push(bracket);
    }

    /// A key of the open object; its value follows.
    pub fn key(&mut self, key: &str) {
        self.text(key);
        self.0.push(':');
    }

    /// JSON text as it is.
    pub fn raw(&mut self, json: &str) {
        self.separate();
        self.0.push_str(json);
    }

    /// A string.
    pub fn text(&mut self, text: &str) {
        self.separate();
        self.0.push('"');
        let mut plain = 0;
        for (at, byte) in text.bytes().enumerate() {
            if matches!(byte, b'"' | b'\\' | 0..0x20) {
                self.0.push_str(text.get(plain..at).unwrap_or_default());
                self.escape(byte);
                plain = at + 1;
            }
        }
        self.0.push_str(text.get(plain..).unwrap_or_default());
        self.0.push('"');
    }

    fn escape(&mut self, byte: u8) {
        self.0.push('\\');
        match byte {
            b'\n' => self.0.push('n'),
            b'"' | b'\\' => self.0.push(char::from(byte)),
            _ => {
                self.0.push_str("u00");
                self.0.push(hex(byte >> 4));
                self.0.push(hex(byte & 15));
            }
        }
    }

    /// A string of ASCII that needs no escapes, written by a function.
    pub fn plain(&mut self, write: impl FnOnce(&mut String)) {
        self.separate();
        self.0.push('"');
        write(&mut self.0);
        self.0.push('"');
    }

    /// A boolean.
    pub fn boolean(&mut self, value: bool) {
        self.raw(if value { "true" } else { "false" });
    }

    /// `null`.
    pub fn null(&mut self) {
        self.raw("null");
    }

    /// An integer.
    pub fn integer(&mut self, value: i64) {
        self.separate();
        super::integer::write(&mut self.0, value);
    }

    /// A floating point number; those that JSON has no number for become strings.
    pub fn float(&mut self, value: f64) {
        if value.is_finite() {
            self.separate();
            super::float::write(&mut self.0, value);
        } else {
            self.text(super::float::name(value));
        }
    }
}

/// A hexadecimal digit.
pub(super) fn hex(digit: u8) -> char {
    char::from(if digit < 10 { b'0' + digit } else { b'a' - 10 + digit })
}
