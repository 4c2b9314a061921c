//! Errors cross the wire: as Prisma's clients read them, and read from what a pool or Prisma's own service answered.

use crate::{
    json::{Scanner, Writer},
    scalar::{base64, moment, uuid},
};
use lenslet_core::{
    error::{Error, ErrorKind},
    value::Value,
};
use std::borrow::Cow;

/// `{"errors":[…]}` with one error.
///
/// ```
/// use lenslet_core::error::{Error, ErrorKind};
/// let error = Error::new(ErrorKind::RecordMissing, "no such user");
/// let text = lenslet_wire::error::write(&error);
/// assert!(text.contains(r#""error_code":"P2025""#));
/// assert_eq!(lenslet_wire::error::read(&text), Some(error));
/// ```
pub fn write(error: &Error) -> String {
    let mut out = Writer::default();
    out.open('{');
    out.key("errors");
    out.open('[');
    out.open('{');
    out.key("error");
    out.text(&error.to_string());
    out.key("user_facing_error");
    user_facing(error, &mut out);
    out.close('}');
    out.close(']');
    out.close('}');
    out.finish()
}

/// `{"is_panic":false,"message":…,"meta":…,"error_code":…}`: what the paths of interactive transactions answer.
pub fn write_bare(error: &Error) -> String {
    let mut out = Writer::default();
    user_facing(error, &mut out);
    out.finish()
}

fn user_facing(error: &Error, out: &mut Writer) {
    out.open('{');
    out.key("is_panic");
    out.boolean(false);
    out.key("message");
    out.text(error.message());
    out.key("meta");
    out.open('{');
    for (key, value) in error.meta() {
        out.key(key);
        meta(value, out);
    }
    out.close('}');
    out.key("error_code");
    out.text(error.code());
    if let Some(index) = error.batch_index() {
        out.key("batch_request_idx");
        out.integer(i64::try_from(index).unwrap_or(i64::MAX));
    }
    out.close('}');
}

fn meta(value: &Value, out: &mut Writer) {
    match value {
        Value::Null | Value::Column(_) => out.null(),
        Value::Bool(value) => out.boolean(*value),
        Value::Int(value) => out.integer(*value),
        Value::Float(value) => out.float(*value),
        Value::Text(text) | Value::Decimal(text) => out.text(text),
        Value::Enum(name) => out.text(name),
        Value::Json(json) => out.raw(json),
        Value::DateTime(micros) => out.plain(|out| {
            moment::write(out, *micros, moment::Fraction::AsNeeded);
            out.push('Z');
        }),
        Value::Bytes(bytes) => out.plain(|out| base64::write(out, bytes)),
        Value::Uuid(bytes) => out.plain(|out| uuid::write(out, bytes)),
        Value::List(items) => {
            out.open('[');
            items.iter().for_each(|item| meta(item, out));
            out.close(']');
        }
    }
}

/// The first error in an answer, of either form; `None` where the text holds none.
pub fn read(text: &str) -> Option<Error> {
    let mut found = Found::default();
    // What was found before a text breaks off is still the best that can be said.
    let _ = found.look_through(&mut Scanner::new(text));
    let message = found.message.or(found.debug)?;
    Some(Error::answered(found.kind.unwrap_or(ErrorKind::PoolError), message, found.meta, found.index))
}

#[derive(Default)]
struct Found {
    message: Option<String>,
    debug: Option<String>,
    kind: Option<ErrorKind>,
    meta: Vec<(Cow<'static, str>, Value)>,
    index: Option<usize>,
}

/// What a key of the answer stands for.
enum Key {
    Errors,
    UserFacing,
    Meta,
    Index,
    Message,
    Debug,
    Code,
    Other,
}

impl Found {
    fn look_through(&mut self, scanner: &mut Scanner<'_>) -> Option<()> {
        scanner.take(b'{').then_some(())?;
        while !(scanner.take(b'}') && (self.message.is_some() || self.debug.is_some())) {
            scanner.take(b',');
            scanner.take(b'{');
            match key(scanner)? {
                Key::Errors if scanner.take(b'[') => {}
                Key::UserFacing if scanner.take(b'{') => {}
                Key::Meta if scanner.take(b'{') => self.facts(scanner)?,
                Key::Index => self.index = scanner.integer()?.try_into().ok(),
                Key::Code => self.kind = text(scanner)?.and_then(|code| ErrorKind::from_code(&code)),
                Key::Message => self.message = text(scanner)?,
                Key::Debug => self.debug = text(scanner)?,
                _ => drop(scanner.skip()?),
            }
        }
        Some(())
    }

    fn facts(&mut self, scanner: &mut Scanner<'_>) -> Option<()> {
        while !scanner.take(b'}') {
            scanner.take(b',');
            let key = scanner.string()?.into_owned().into();
            scanner.take(b':').then_some(())?;
            self.meta.push((key, fact(scanner)?));
        }
        Some(())
    }
}

/// A value of `meta`. Of lists only the outermost is one, so that nothing here is recursive.
fn key(scanner: &mut Scanner<'_>) -> Option<Key> {
    let key = match scanner.string()?.as_ref() {
        "errors" => Key::Errors,
        "user_facing_error" => Key::UserFacing,
        "meta" => Key::Meta,
        "batch_request_idx" => Key::Index,
        "message" => Key::Message,
        "error" => Key::Debug,
        "error_code" => Key::Code,
        _ => Key::Other,
    };
    scanner.take(b':').then_some(key)
}

/// A text; something else is left out.
fn text(scanner: &mut Scanner<'_>) -> Option<Option<String>> {
    match scanner.string() {
        Some(text) => Some(Some(text.into_owned())),
        None => scanner.skip().map(|_| None),
    }
}

fn fact(scanner: &mut Scanner<'_>) -> Option<Value> {
    if !scanner.take(b'[') {
        return single(scanner);
    }
    let mut items = Vec::new();
    while !scanner.take(b']') {
        scanner.take(b',');
        items.push(single(scanner)?);
    }
    Some(Value::List(items))
}

fn single(scanner: &mut Scanner<'_>) -> Option<Value> {
    if let Some(text) = scanner.string() {
        return Some(Value::Text(text.into_owned()));
    }
    if let Some(number) = scanner.integer() {
        return Some(Value::Int(number));
    }
    let text = scanner.skip()?;
    Some(match text {
        "null" => Value::Null,
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ => Value::Json(text.into()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_survives() {
        let error = Error::new(ErrorKind::UniqueConstraint, "Unique constraint failed on the fields: (`email`)")
            .with("target", Value::List(vec![Value::Text("email".into())]))
            .with("count", Value::Int(3))
            .with("inputType", Value::Json(r#"{"a":[[1]]}"#.into()))
            .with("lists", Value::List(vec![Value::Json("[1]".into()), Value::Json("[2]".into())]))
            .with("none", Value::Null)
            .in_batch(1);
        assert_eq!(read(&write(&error)), Some(error.clone()));
        assert_eq!(read(&write_bare(&error)), Some(error));
    }

    #[test]
    fn what_is_no_error() {
        for text in ["", "[]", "{}", r#"{"data":{"a":{"message":1}}}"#, "<html>", r#"{"errors":[]}"#] {
            assert_eq!(read(text), None, "{text}");
        }
        let broken = read(r#"{"errors":[{"error":"debug text","user_facing_error":{"mess"#);
        assert_eq!(broken.map(|error| error.message().to_string()), Some("debug text".into()));
    }
}
