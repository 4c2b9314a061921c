//! Values of a query.

use super::{Writer, base64, moment, uuid};
use crate::value::Value;

/// Writes a value of a query, or a parameter of raw SQL, which is tagged in another way and has more tags.
///
/// Inlined, so that where the kind of a value is known nothing is compiled but what writes that kind.
#[inline(always)]
pub fn value(it: &Value, raw: bool, out: &mut Writer) {
    match it {
        Value::Null => out.null(),
        Value::Bool(value) => out.boolean(*value),
        Value::Int(value) => out.integer(*value),
        Value::Text(text) => out.text(text),
        Value::List(items) => list(items, raw, out),
        Value::Float(value) if raw && !value.is_finite() => tagged("float", raw, out, |out| out.float(*value)),
        Value::Float(value) => out.float(*value),
        Value::Enum(name) if raw => tagged("enum", raw, out, |out| out.text(name)),
        Value::Enum(name) => out.text(name),
        Value::Uuid(bytes) if raw => tagged("uuid", raw, out, |out| out.plain(|out| uuid::write(out, bytes))),
        Value::Uuid(bytes) => out.plain(|out| uuid::write(out, bytes)),
        Value::Decimal(text) => tagged(if raw { "decimal" } else { "Decimal" }, raw, out, |out| out.text(text)),
        Value::Json(text) => tagged(if raw { "json" } else { "Json" }, raw, out, |out| out.text(text)),
        Value::DateTime(micros) => date_time(*micros, raw, out),
        Value::Bytes(bytes) => {
            let tag = if raw { "bytes" } else { "Bytes" };
            tagged(tag, raw, out, |out| out.plain(|out| base64::write(out, bytes)));
        }
        Value::Column(_) if raw => out.null(),
        Value::Column(field) => tagged("FieldRef", raw, out, |out| {
            out.open('{');
            out.key("_ref");
            out.text(field.name);
            out.close('}');
        }),
    }
}

fn list(items: &[Value], raw: bool, out: &mut Writer) {
    out.open('[');
    items.iter().for_each(|item| value(item, raw, out));
    out.close(']');
}

fn tagged(tag: &str, raw: bool, out: &mut Writer, write: impl FnOnce(&mut Writer)) {
    out.open('{');
    out.key(if raw { "prisma__type" } else { "$type" });
    out.text(tag);
    out.key(if raw { "prisma__value" } else { "value" });
    write(out);
    out.close('}');
}

fn date_time(micros: i64, raw: bool, out: &mut Writer) {
    tagged(if raw { "date" } else { "DateTime" }, raw, out, |out| {
        out.plain(|out| {
            moment::write(out, micros, moment::Fraction::AsNeeded);
            out.push('Z');
        });
    });
}

/// The parameters of raw SQL: a list, as a text inside the text.
pub fn quoted(parameters: &[Value], out: &mut Writer) {
    let mut inner = Writer::default();
    list(parameters, true, &mut inner);
    out.text(&inner.finish());
}
