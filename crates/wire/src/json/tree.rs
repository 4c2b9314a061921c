//! A whole JSON document, for readers who must look at its parts out of order.

use super::{Scanner, Writer};
use std::borrow::Cow;

/// A JSON value that borrows from its text. Keys keep their order and may repeat; numbers are their text.
#[derive(Clone, Debug, PartialEq)]
pub enum Json<'t> {
    /// `null`.
    Null,
    /// A boolean.
    Bool(bool),
    /// A number, as its text.
    Number(&'t str),
    /// A string.
    Text(Cow<'t, str>),
    /// A list.
    List(Vec<Json<'t>>),
    /// An object.
    Object(Vec<(Cow<'t, str>, Json<'t>)>),
}

/// How large a document may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Lists and objects inside each other.
    pub depth: usize,
    /// Values in all, since a value takes more memory than its text.
    pub values: usize,
}

/// Why a text is not a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// It is not JSON from this byte on.
    Syntax(usize),
    /// It is deeper than allowed.
    Depth,
    /// It has more values than allowed.
    Values,
}

impl<'t> Json<'t> {
    /// Reads a document.
    ///
    /// # Errors
    /// When the text is not JSON or exceeds the bounds.
    ///
    /// ```
    /// use lenslet_wire::json::{Bounds, Json};
    /// let bounds = Bounds { depth: 4, values: 10 };
    /// let json = Json::parse(r#"{"a":[1.50,null]}"#, bounds).expect("it is JSON");
    /// assert_eq!(json.get("a"), Some(&Json::List(vec![Json::Number("1.50"), Json::Null])));
    /// assert!(Json::parse("[[[[[]]]]]", bounds).is_err());
    /// ```
    pub fn parse(text: &'t str, bounds: Bounds) -> Result<Self, Malformed> {
        let mut parser = Parser { scanner: Scanner::new(text), values: bounds.values };
        let json = parser.value(bounds.depth)?;
        match parser.scanner.peek() {
            None => Ok(json),
            Some(_) => Err(parser.malformed()),
        }
    }

    /// The value of a key of an object.
    pub fn get(&self, key: &str) -> Option<&Json<'t>> {
        match self {
            Json::Object(entries) => entries.iter().find(|(it, _)| it == key).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The text of a string.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Json::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Writes it down again, without white space.
    pub fn write(&self, out: &mut Writer) {
        match self {
            Json::Null => out.null(),
            Json::Bool(value) => out.boolean(*value),
            Json::Number(text) => out.raw(text),
            Json::Text(text) => out.text(text),
            Json::List(items) => {
                out.open('[');
                items.iter().for_each(|item| item.write(out));
                out.close(']');
            }
            Json::Object(entries) => {
                out.open('{');
                for (key, value) in entries {
                    out.key(key);
                    value.write(out);
                }
                out.close('}');
            }
        }
    }
}

struct Parser<'t> {
    scanner: Scanner<'t>,
    values: usize,
}

impl<'t> Parser<'t> {
    fn malformed(&self) -> Malformed {
        Malformed::Syntax(self.scanner.position())
    }

    fn value(&mut self, depth: usize) -> Result<Json<'t>, Malformed> {
        self.values = self.values.checked_sub(1).ok_or(Malformed::Values)?;
        let scalar = match self.scanner.peek() {
            Some(b'[') => return self.list(depth.checked_sub(1).ok_or(Malformed::Depth)?),
            Some(b'{') => return self.object(depth.checked_sub(1).ok_or(Malformed::Depth)?),
            Some(b'"') => self.scanner.string().map(Json::Text),
            Some(b'n') => self.scanner.word("null").then_some(Json::Null),
            Some(b't') => self.scanner.word("true").then_some(Json::Bool(true)),
            Some(b'f') => self.scanner.word("false").then_some(Json::Bool(false)),
            _ => self.scanner.number().map(Json::Number),
        };
        scalar.ok_or_else(|| self.malformed())
    }

    fn list(&mut self, depth: usize) -> Result<Json<'t>, Malformed> {
        self.scanner.take(b'[');
        let mut items = Vec::new();
        if !self.scanner.take(b']') {
            loop {
                items.push(self.value(depth)?);
                if !self.goes_on(b']')? {
                    break;
                }
            }
        }
        Ok(Json::List(items))
    }

    fn object(&mut self, depth: usize) -> Result<Json<'t>, Malformed> {
        self.scanner.take(b'{');
        let mut entries = Vec::new();
        if !self.scanner.take(b'}') {
            loop {
                let key = self.scanner.string().ok_or_else(|| self.malformed())?;
                if !self.scanner.take(b':') {
                    return Err(self.malformed());
                }
                entries.push((key, self.value(depth)?));
                if !self.goes_on(b'}')? {
                    break;
                }
            }
        }
        Ok(Json::Object(entries))
    }

    /// After an item: whether another follows.
    fn goes_on(&mut self, end: u8) -> Result<bool, Malformed> {
        if self.scanner.take(b',') {
            Ok(true)
        } else if self.scanner.take(end) {
            Ok(false)
        } else {
            Err(self.malformed())
        }
    }
}
