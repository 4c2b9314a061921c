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
    let kind = found.code.and_then(|code| ErrorKind::from_code(&code)).unwrap_or(ErrorKind::PoolError);
    let error = Error::new(kind, message);
    let error = found.meta.into_iter().fold(error, |error, (key, value)| error.with(key, value));
    Some(match found.index {
        Some(index) => error.in_batch(index),
        None => error,
    })
}

#[derive(Default)]
struct Found<'t> {
    message: Option<Cow<'t, str>>,
    debug: Option<Cow<'t, str>>,
    code: Option<Cow<'t, str>>,
    meta: Vec<(String, Value)>,
    index: Option<usize>,
}

impl<'t> Found<'t> {
    /// Looks through an object and what is known to hold errors, up to the end of the first: only that is reported, as
    /// Prisma's client does.
    fn look_through(&mut self, scanner: &mut Scanner<'t>) -> Option<()> {
        scanner.take(b'{').then_some(())?;
        while !(scanner.take(b'}') && (self.message.is_some() || self.debug.is_some())) {
            scanner.take(b',');
            scanner.take(b'{');
            let key = scanner.string()?;
            scanner.take(b':').then_some(())?;
            let text = match key.as_ref() {
                "errors" if scanner.take(b'[') => continue,
                "user_facing_error" if scanner.take(b'{') => continue,
                "meta" if scanner.take(b'{') => {
                    self.facts(scanner)?;
                    continue;
                }
                "batch_request_idx" => {
                    self.index = scanner.integer()?.try_into().ok();
                    continue;
                }
                "message" => &mut self.message,
                "error" => &mut self.debug,
                "error_code" => &mut self.code,
                _ => {
                    scanner.skip()?;
                    continue;
                }
            };
            *text = scanner.string();
            if text.is_none() {
                scanner.skip()?;
            }
        }
        Some(())
    }

    fn facts(&mut self, scanner: &mut Scanner<'t>) -> Option<()> {
        while !scanner.take(b'}') {
            scanner.take(b',');
            let key = scanner.string()?.into_owned();
            scanner.take(b':').then_some(())?;
            self.meta.push((key, fact(scanner)?));
        }
        Some(())
    }
}

/// A value of `meta`. Of lists only the outermost is one, so that nothing here is recursive.
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
