//! Read `@default`.

use lenslet_core::catalog::{Default, Literal, ScalarType, Sequence};

use super::arguments::{self, Reader};
use super::report::Report;
use super::resolved::{Enum, FieldDefault, FieldType, Located, Meaning, Resolved};
use super::rules::defaults as rules;
use crate::syntax::tree::{Arguments, Attribute, Name, Span, Value, ValueKind};

/// The field that a default is for.
pub(super) struct Target<'t> {
    pub(super) name: &'t str,
    pub(super) ty: FieldType<'t>,
    pub(super) is_list: bool,
}

/// Reads the attribute of a field.
pub(super) fn read<'t>(
    schema: &Resolved<'t>,
    target: &Target<'t>,
    attribute: &'t Attribute<'t>,
    report: &mut Report,
) -> Option<FieldDefault<'t>> {
    let mut reader = Reader::of_attribute(attribute, "@", report);
    let value = reader.required("value", report);
    let map = super::attributes::map_argument(&mut reader, "@default", attribute, report);
    reader.finish(&["value", "map"], report);
    let value = value?;
    let meaning = meaning(schema, target, value, attribute.span, report).unwrap_or(Meaning::Wrong);
    Some(FieldDefault { attribute, value, meaning, map: map.map(|(text, span)| located(text, span, attribute.span)) })
}

fn located(text: &str, span: Span, attribute: Span) -> Located<'_> {
    Located { text, span, attribute }
}

/// What a default says; nothing when it is reported.
fn meaning<'t>(
    schema: &Resolved<'t>,
    target: &Target<'t>,
    value: &'t Value<'t>,
    at: Span,
    report: &mut Report,
) -> Option<Meaning> {
    if matches!(target.ty, FieldType::Model(_) | FieldType::Composite(_)) {
        rules::not_here(target, at, report);
        return None;
    }
    if let ValueKind::Call(name, arguments) = &value.kind {
        return function(target, *name, arguments, value.span, at, report);
    }
    match (&value.kind, target.is_list) {
        (ValueKind::Array(list), true) => {
            let list: Option<Vec<Literal>> = list.iter().map(|it| literal(schema, target, it, at, report)).collect();
            Some(Meaning::Default(Default::Literal(Literal::List(list?.into()))))
        }
        (ValueKind::Array(_), false) | (_, true) => {
            rules::list_or_not(target, at, report);
            None
        }
        (_, false) => literal(schema, target, value, at, report).map(|it| Meaning::Default(Default::Literal(it))),
    }
}

/// A constant of the field's type.
fn literal(
    schema: &Resolved<'_>,
    target: &Target<'_>,
    value: &Value<'_>,
    at: Span,
    report: &mut Report,
) -> Option<Literal> {
    match target.ty {
        FieldType::Enum(id) => variant(&schema.enums[id], value, at, report),
        FieldType::Scalar(scalar) => scalar_literal(scalar, value, at, report),
        FieldType::Unsupported(_) => {
            rules::only_dbgenerated(at, report);
            None
        }
        FieldType::Model(_) | FieldType::Composite(_) | FieldType::Unknown => None,
    }
}

fn variant(it: &Enum<'_>, value: &Value<'_>, at: Span, report: &mut Report) -> Option<Literal> {
    let found = match &value.kind {
        ValueKind::Constant(name) => it.variant_names.get(name),
        _ => None,
    };
    match found.and_then(|at| u16::try_from(*at).ok()) {
        Some(at) => Some(Literal::Variant(at)),
        None => {
            rules::no_variant(it, value, at, report);
            None
        }
    }
}

fn scalar_literal(scalar: ScalarType, value: &Value<'_>, at: Span, report: &mut Report) -> Option<Literal> {
    let literal = match (scalar, &value.kind) {
        (ScalarType::Boolean, ValueKind::Constant(word)) => Literal::Boolean(*word == "true"),
        (ScalarType::Int | ScalarType::BigInt, ValueKind::Number(text)) => {
            Literal::Int(text.parse().unwrap_or_default())
        }
        (ScalarType::Float | ScalarType::Decimal, ValueKind::Number(text)) => {
            Literal::Number((*text).to_owned().into())
        }
        (ScalarType::Decimal, ValueKind::String(text)) => Literal::Number(text.to_string().into()),
        (ScalarType::String | ScalarType::DateTime | ScalarType::Json | ScalarType::Bytes, ValueKind::String(text)) => {
            Literal::String(text.to_string().into())
        }
        _ => return rules::wrong_type(scalar.name(), at, report),
    };
    Some(literal)
}

/// What a constant should be and is not: the kind is right, but the text is not of the type.
pub(super) fn unreadable(scalar: ScalarType, value: &Value<'_>) -> Option<&'static str> {
    let (is_readable, expected) = match (scalar, &value.kind) {
        (ScalarType::Boolean, ValueKind::Constant(word)) => (["true", "false"].contains(word), "`true` or `false`"),
        (ScalarType::Int | ScalarType::BigInt, ValueKind::Number(text)) => {
            (text.parse::<i64>().is_ok(), "a whole number of 64 bits")
        }
        (ScalarType::Decimal, ValueKind::String(text)) => (is_decimal(text), "a decimal number"),
        (ScalarType::DateTime, ValueKind::String(text)) => {
            (is_date_time(text), "a time as RFC 3339 writes it, like `2024-05-01T12:00:00Z`")
        }
        (ScalarType::Json, ValueKind::String(text)) => (super::json::is_json(text), "a JSON document"),
        (ScalarType::Bytes, ValueKind::String(text)) => (is_base64(text), "base64"),
        _ => (true, ""),
    };
    (!is_readable).then_some(expected)
}

/// A function that makes the default.
fn function<'t>(
    target: &Target<'t>,
    name: Name<'t>,
    arguments: &'t Arguments<'t>,
    span: Span,
    at: Span,
    report: &mut Report,
) -> Option<Meaning> {
    use ScalarType::{BigInt, DateTime, Int, String};
    let fits: &[ScalarType] = match name.text {
        "autoincrement" | "sequence" => &[Int, BigInt],
        "now" => &[DateTime],
        "uuid" | "cuid" | "ulid" | "nanoid" => &[String],
        "dbgenerated" => return dbgenerated(arguments, at, report).map(Meaning::Default),
        "auto" => {
            rules::without_arguments(name, arguments, at, report);
            return Some(Meaning::Auto);
        }
        _ => {
            rules::unknown_function(name, span, report);
            return None;
        }
    };
    if let FieldType::Unsupported(_) = target.ty {
        rules::only_dbgenerated(at, report);
        return None;
    }
    if target.is_list {
        rules::list_or_not(target, at, report);
        return None;
    }
    if !matches!(target.ty, FieldType::Scalar(scalar) if fits.contains(&scalar)) {
        rules::function_of_other_type(name, fits, target, at, report);
        return None;
    }
    let default = match name.text {
        "sequence" => return sequence(name, arguments, report).map(|it| Meaning::Default(Default::Sequence(it))),
        "uuid" => Default::Uuid(version(name, arguments, &[4, 7], 4, at, report)?),
        "cuid" => Default::Cuid(version(name, arguments, &[1, 2], 1, at, report)?),
        "nanoid" => Default::Nanoid(nanoid_length(name, arguments, at, report)?),
        other => {
            rules::without_arguments(name, arguments, at, report);
            match other {
                "autoincrement" => Default::Autoincrement,
                "now" => Default::Now,
                _ => Default::Ulid,
            }
        }
    };
    Some(Meaning::Default(default))
}

fn dbgenerated(arguments: &Arguments<'_>, at: Span, report: &mut Report) -> Option<Default> {
    match arguments.list.as_slice() {
        [] => Some(Default::DbGenerated(None)),
        [argument] => match argument.value.as_ref().map(|value| &value.kind) {
            Some(ValueKind::String(text)) if text.is_empty() => {
                rules::empty_dbgenerated(at, report);
                None
            }
            Some(ValueKind::String(text)) => Some(Default::DbGenerated(Some(text.to_string().into()))),
            _ => rules::bad_function_argument("dbgenerated", "a string", at, report),
        },
        _ => rules::bad_function_argument("dbgenerated", "one string", at, report),
    }
}

fn version(
    name: Name<'_>,
    arguments: &Arguments<'_>,
    versions: &[u8],
    absent: u8,
    at: Span,
    report: &mut Report,
) -> Option<u8> {
    let expected = || format!("{} or {}", versions[0], versions[1]);
    match arguments.list.as_slice() {
        [] => Some(absent),
        [argument] => match argument.value.as_ref().map(|value| &value.kind) {
            Some(ValueKind::Number(text)) => match text.parse() {
                Ok(version) if versions.contains(&version) => Some(version),
                _ => rules::bad_function_argument(name.text, &expected(), at, report),
            },
            _ => rules::bad_function_argument(name.text, &expected(), at, report),
        },
        _ => rules::bad_function_argument(name.text, &expected(), at, report),
    }
}

/// Nano IDs have 21 letters, if nothing else is said.
const NANOID_LENGTH: u8 = 21;

fn nanoid_length(name: Name<'_>, arguments: &Arguments<'_>, at: Span, report: &mut Report) -> Option<u8> {
    let length = match arguments.list.as_slice() {
        [] => return Some(NANOID_LENGTH),
        [argument] => match argument.value.as_ref().map(|value| &value.kind) {
            Some(ValueKind::Number(text)) => text.parse().ok(),
            _ => None,
        },
        _ => None,
    };
    match length {
        Some(length @ 2..) => Some(length),
        _ => rules::bad_function_argument(name.text, "a length between 2 and 255", at, report),
    }
}

fn sequence<'t>(name: Name<'t>, arguments: &'t Arguments<'t>, report: &mut Report) -> Option<Sequence> {
    let before = report.errors();
    let mut reader = Reader::of_function(name, arguments, report);
    let mut number =
        |name: &str, report: &mut Report| reader.named(name).and_then(|value| arguments::integer(value, report));
    let start = number("start", report);
    let increment = number("increment", report);
    let min_value = number("minValue", report);
    let max_value = number("maxValue", report);
    let cache = number("cache", report);
    let is_virtual = reader.named("virtual").and_then(|value| arguments::boolean(value, report)).unwrap_or(false);
    reader.finish(&["start", "increment", "minValue", "maxValue", "cache", "virtual"], report);
    (report.errors() == before).then_some(Sequence { is_virtual, cache, increment, min_value, max_value, start })
}

/// Whether a text is a decimal number.
fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    [whole, fraction].iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Whether a text is a time as RFC 3339 writes it.
fn is_date_time(text: &str) -> bool {
    let bytes = text.as_bytes();
    let number = |from: usize, to: usize| -> Option<u32> {
        let digits = text.get(from..to)?;
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
    };
    let (Some(year), Some(month), Some(day)) = (number(0, 4), number(5, 7), number(8, 10)) else {
        return false;
    };
    let (Some(hour), Some(minute), Some(second)) = (number(11, 13), number(14, 16), number(17, 19)) else {
        return false;
    };
    let separators = [(4, b"-"), (7, b"-"), (13, b":"), (16, b":")];
    let separated = separators.iter().all(|(at, mark)| bytes.get(*at) == mark.first())
        && matches!(bytes.get(10), Some(b'T' | b't' | b' '));
    let in_range = (1..=days(year, month)).contains(&day) && hour < 24 && minute < 60 && second <= 60;
    let Some(mut rest) = text.get(19..) else { return false };
    if let Some(fraction) = rest.strip_prefix('.') {
        let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            return false;
        }
        rest = &fraction[digits..];
    }
    separated && in_range && is_offset(rest)
}

fn days(year: u32, month: u32) -> u32 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 0,
    }
}

/// `Z`, `+02:00`.
fn is_offset(text: &str) -> bool {
    match text.as_bytes() {
        [b'Z' | b'z'] => true,
        [b'+' | b'-', h1, h2, b':', m1, m2] => {
            let digits = [h1, h2, m1, m2].iter().all(|byte| byte.is_ascii_digit());
            digits && (*h1, *h2) < (b'2', b'4') && *m1 < b'6'
        }
        _ => false,
    }
}

/// Whether a text is base64 with padding.
fn is_base64(text: &str) -> bool {
    let data = text.trim_end_matches('=');
    let padding = text.len() - data.len();
    text.len().is_multiple_of(4)
        && padding <= 2
        && data.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_rfc_3339() {
        for good in ["2019-06-17T14:20:57Z", "2020-09-21T20:00:00+02:00", "2024-02-29t00:00:00.123z"] {
            assert!(is_date_time(good), "{good}");
        }
        for bad in ["Hugo", "2020-09-*1T20:00:00+02:00", "2023-02-29T00:00:00Z", "2019-06-17", "2019-06-17T14:20:57"] {
            assert!(!is_date_time(bad), "{bad}");
        }
    }

    #[test]
    fn base64_has_padding() {
        assert!(is_base64("aGVsbG8=") && is_base64(""));
        assert!(!is_base64("aGVsbG8") && !is_base64("a==="));
    }
}
