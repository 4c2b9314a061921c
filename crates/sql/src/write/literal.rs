//! Constants of the schema as values.

use crate::statement::{Kind, Type};
use lenslet_core::{
    catalog::{Catalog, Literal, ScalarType},
    value::Value,
};

/// A default as the value of a column of that type; none where it does not fit the type.
pub(super) fn value(catalog: &Catalog, literal: &Literal, ty: Type) -> Option<Value> {
    use ScalarType as S;
    if ty.list {
        let Literal::List(items) = literal else { return None };
        let items = items.iter().map(|item| value(catalog, item, ty.item()));
        return items.collect::<Option<_>>().map(Value::List);
    }
    Some(match (literal, ty.kind) {
        (Literal::Boolean(value), Kind::Scalar(S::Boolean)) => Value::Bool(*value),
        (Literal::Int(value), Kind::Scalar(S::Int | S::BigInt)) => Value::Int(*value),
        (Literal::Int(value), Kind::Scalar(S::Float)) => Value::Float(*value as f64),
        (Literal::Int(value), Kind::Scalar(S::Decimal)) => Value::Decimal(value.to_string()),
        (Literal::Number(text), Kind::Scalar(S::Float)) => Value::Float(text.parse().ok()?),
        (Literal::Number(text), Kind::Scalar(S::Decimal)) if !text.contains(['e', 'E']) => {
            Value::Decimal(text.to_string())
        }
        (Literal::String(text), Kind::Scalar(S::String)) => Value::Text(text.to_string()),
        (Literal::String(text), Kind::Scalar(S::Json)) => Value::Json(text.to_string()),
        (Literal::String(text), Kind::Scalar(S::DateTime)) => Value::DateTime(moment(text)?),
        (Literal::String(text), Kind::Scalar(S::Bytes)) => Value::Bytes(bytes(text)?),
        (Literal::Variant(at), Kind::Enum(of)) => {
            let variants = &catalog.enums.get(usize::from(of))?.variants;
            Value::Enum(variants.get(usize::from(*at))?.name.clone())
        }
        _ => return None,
    })
}

/// Base64.
fn bytes(text: &str) -> Option<Vec<u8>> {
    let digit = |letter: u8| match letter {
        b'A'..=b'Z' => Some(letter - b'A'),
        b'a'..=b'z' => Some(letter - b'a' + 26),
        b'0'..=b'9' => Some(letter - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    };
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4);
    let (mut bits, mut count) = (0_u32, 0);
    for letter in text.trim_end_matches('=').bytes() {
        bits = (bits << 6) | u32::from(digit(letter)?);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    Some(bytes)
}

/// RFC 3339, as microseconds since 1970.
fn moment(text: &str) -> Option<i64> {
    let (date, time) = text.split_once(['T', 't', ' '])?;
    let mut date = date.split('-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let (clock, offset) = match time.strip_suffix(['Z', 'z']) {
        Some(clock) => (clock, 0),
        None => {
            let at = time.rfind(['+', '-'])?;
            let (clock, offset) = time.split_at(at);
            let sign = if offset.starts_with('-') { -1 } else { 1 };
            let (hours, minutes) = offset.get(1..)?.split_once(':')?;
            (clock, sign * (hours.parse::<i64>().ok()? * 60 + minutes.parse::<i64>().ok()?))
        }
    };
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    let mut clock = clock.split(':').map(|part| part.parse::<i64>().ok());
    let (hours, minutes, seconds) = (clock.next()??, clock.next()??, clock.next()??);
    let fraction: i64 = format!("{fraction:0<6}").get(..6)?.parse().ok()?;
    let minutes = (days(year, month, day) * 24 + hours) * 60 + minutes - offset;
    Some((minutes * 60 + seconds) * 1_000_000 + fraction)
}

/// Days since 1970, of the Gregorian calendar. Years begin in March here, so that the leap day is the last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_counted_from_1970() {
        assert_eq!(moment("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(moment("2000-02-29T12:30:15.25Z"), Some(951_827_415_250_000));
        assert_eq!(moment("2018-01-27T08:00:00+02:00"), Some(1_517_032_800_000_000));
        assert_eq!(moment("1969-12-31T23:59:59.999Z"), Some(-1_000));
        for wrong in ["", "2018-01-27", "2018-13-27T08:00:00Z", "2018-01-27T08:00:00", "x-01-27T08:00:00Z"] {
            assert_eq!(moment(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn bytes_are_base64() {
        assert_eq!(bytes("dGVzdA=="), Some(b"test".to_vec()));
        assert_eq!(bytes("/+8"), Some(vec![255, 239]));
        assert_eq!(bytes(""), Some(Vec::new()));
        assert_eq!(bytes("*"), None);
    }
}
