//! Cells on their way from the server: straight from the driver's buffer, by the type of the column there and the one that
//! the schema gives.

use super::{bind, moment, row::Row};
use crate::forest::Arena;
use crate::variant::variant;
use lenslet_core::{
    catalog::{Catalog, ScalarType},
    cursor::RawType,
    error::{Error, ErrorKind},
    value::Value,
};
use lenslet_sql::{Kind, Type};
use std::{borrow::Cow, fmt::Write as _};
use tokio_postgres::types::{Kind as SqlKind, Type as SqlType};

/// A cell, borrowed where it can be.
#[derive(Debug, PartialEq)]
pub(crate) enum Cell<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Cow<'a, [u8]>),
    Moment(i64),
    Bytes(&'a [u8]),
    Uuid([u8; 16]),
    List(Vec<Cell<'a>>),
}

/// A cell of a row.
#[inline]
pub(crate) fn cell<'a>(row: &Row<'a>, at: usize) -> Result<Cell<'a>, Error> {
    match row.cell(at)? {
        (_, None) => Ok(Cell::Null),
        (ty, Some(bytes)) => parse(bytes, ty).ok_or_else(|| unreadable(ty)),
    }
}

/// Writes a cell of a row into the answer. What most cells are goes without detours.
#[inline]
pub(crate) fn copy(arena: &mut Arena, row: &Row<'_>, at: usize, ty: Type, catalog: &Catalog) -> Result<(), Error> {
    use ScalarType as S;
    let (sql, Some(bytes)) = row.cell(at)? else {
        arena.null();
        return Ok(());
    };
    match (ty, sql, bytes.first_chunk::<4>()) {
        (Type { kind: Kind::Scalar(S::Int | S::BigInt), list: false }, &SqlType::INT4, Some(number)) => {
            arena.integer(i32::from_be_bytes(*number).into());
            Ok(())
        }
        (Type { kind: Kind::Scalar(S::String), list: false }, &(SqlType::TEXT | SqlType::VARCHAR), _) => {
            arena.text(bytes)
        }
        _ => write(arena, parse(bytes, sql).ok_or_else(|| unreadable(sql))?, ty, catalog),
    }
}

#[cold]
fn unreadable(ty: &SqlType) -> Error {
    Error::new(
        ErrorKind::ColumnDataInvalid,
        format!("a value of PostgreSQL's type `{ty}` cannot be read; cast it to another type, `text` for instance"),
    )
}

/// What the bytes of a type mean; nothing where they do not fit it.
fn parse<'a>(bytes: &'a [u8], ty: &SqlType) -> Option<Cell<'a>> {
    Some(match *ty {
        SqlType::BOOL => Cell::Bool(*bytes.first()? != 0),
        SqlType::INT2 => Cell::Int(i16::from_be_bytes(bytes.try_into().ok()?).into()),
        SqlType::INT4 => Cell::Int(i32::from_be_bytes(bytes.try_into().ok()?).into()),
        SqlType::INT8 => Cell::Int(i64::from_be_bytes(bytes.try_into().ok()?)),
        SqlType::OID | SqlType::XID | SqlType::CID => Cell::Int(u32::from_be_bytes(bytes.try_into().ok()?).into()),
        SqlType::FLOAT4 => Cell::Float(single(f32::from_be_bytes(bytes.try_into().ok()?))),
        SqlType::FLOAT8 => Cell::Float(f64::from_be_bytes(bytes.try_into().ok()?)),
        SqlType::TIMESTAMP | SqlType::TIMESTAMPTZ => {
            Cell::Moment(moment::from_timestamp(i64::from_be_bytes(bytes.try_into().ok()?)))
        }
        SqlType::DATE => Cell::Moment(moment::from_date(i32::from_be_bytes(bytes.try_into().ok()?))),
        SqlType::TIME => Cell::Moment(i64::from_be_bytes(bytes.try_into().ok()?)),
        SqlType::TIMETZ => Cell::Moment(time_in_utc(bytes)?),
        SqlType::UUID => Cell::Uuid(bytes.try_into().ok()?),
        SqlType::BYTEA => Cell::Bytes(bytes),
        SqlType::JSONB => Cell::Text(bytes.strip_prefix(&[1])?.into()),
        SqlType::NUMERIC => Cell::Text(numeric(bytes)?.into_bytes().into()),
        SqlType::MONEY => Cell::Text(money(i64::from_be_bytes(bytes.try_into().ok()?)).into_bytes().into()),
        SqlType::INET | SqlType::CIDR => Cell::Text(address(bytes, *ty == SqlType::CIDR)?.into_bytes().into()),
        SqlType::BIT | SqlType::VARBIT => Cell::Text(bits(bytes)?.into_bytes().into()),
        SqlType::INTERVAL => Cell::Text(interval(bytes)?.into_bytes().into()),
        SqlType::MACADDR => Cell::Text(hexadecimal(bytes, ":").into_bytes().into()),
        SqlType::VOID => Cell::Null,
        _ => match ty.kind() {
            SqlKind::Array(item) => Cell::List(items(bytes, item)?),
            SqlKind::Domain(inner) => return parse(bytes, inner),
            // What is text has its letters as its binary form; what is not is hardly ever UTF-8 without control characters.
            _ if is_text(ty) => Cell::Text(bytes.into()),
            _ => return None,
        },
    })
}

fn is_text(ty: &SqlType) -> bool {
    matches!(
        *ty,
        SqlType::TEXT
            | SqlType::VARCHAR
            | SqlType::BPCHAR
            | SqlType::NAME
            | SqlType::CHAR
            | SqlType::JSON
            | SqlType::XML
            | SqlType::UNKNOWN
    ) || matches!(ty.kind(), SqlKind::Enum(_))
        || matches!(ty.name(), "citext" | "ltree" | "lquery" | "ltxtquery")
}

/// The shortest number that is this one: what single precision shows, not what it holds.
fn single(value: f32) -> f64 {
    if value.is_finite() { value.to_string().parse().unwrap_or(f64::from(value)) } else { f64::from(value) }
}

fn items<'a>(bytes: &'a [u8], item: &SqlType) -> Option<Vec<Cell<'a>>> {
    let (dimensions, rest) = integer(bytes)?;
    let rest = rest.get(8..)?;
    let mut count = usize::from(dimensions > 0);
    let mut rest = rest;
    // Rows of rows are read as one list.
    for _ in 0..dimensions {
        let (length, after) = integer(rest)?;
        count = count.checked_mul(usize::try_from(length).ok()?)?;
        rest = after.get(4..)?;
    }
    let mut cells = Vec::with_capacity(count.min(rest.len() / 4));
    for _ in 0..count {
        let (length, after) = integer(rest)?;
        let Ok(length) = usize::try_from(length) else {
            cells.push(Cell::Null);
            rest = after;
            continue;
        };
        let (bytes, after) = after.split_at_checked(length)?;
        cells.push(parse(bytes, item)?);
        rest = after;
    }
    Some(cells)
}

fn integer(bytes: &[u8]) -> Option<(i32, &[u8])> {
    let (head, rest) = bytes.split_first_chunk::<4>()?;
    Some((i32::from_be_bytes(*head), rest))
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(*bytes.get(at..)?.first_chunk::<2>()?))
}

/// Number of digits, weight of the first, sign, digits after the point; digits to the base of 10 000.
fn numeric(bytes: &[u8]) -> Option<String> {
    let count = usize::from(short(bytes, 0)?);
    let weight = short(bytes, 2)?.cast_signed();
    let mut text = match short(bytes, 4)? {
        0x0000 => String::new(),
        0x4000 => String::from("-"),
        0xD000 => return Some("Infinity".into()),
        0xF000 => return Some("-Infinity".into()),
        _ => return Some("NaN".into()),
    };
    let scale = usize::from(short(bytes, 6)?);
    let digit = |place: i32| -> u16 {
        let at = i32::from(weight) - place;
        usize::try_from(at).ok().filter(|at| *at < count).and_then(|at| short(bytes, 8 + 2 * at)).unwrap_or(0)
    };
    // Writing to a string cannot fail.
    let _ = write!(text, "{}", digit(i32::from(weight.max(0))));
    for place in (0..i32::from(weight.max(0))).rev() {
        let _ = write!(text, "{:04}", digit(place));
    }
    if scale > 0 {
        let mut fraction = String::with_capacity(scale + 4);
        let mut place = -1;
        while fraction.len() < scale {
            let _ = write!(fraction, "{:04}", digit(place));
            place -= 1;
        }
        fraction.truncate(scale);
        let fraction = fraction.trim_end_matches('0');
        if !fraction.is_empty() {
            text.push('.');
            text.push_str(fraction);
        }
    }
    Some(text)
}

/// Hundredths, as nearly every locale counts money; without zeros at the end, as every other decimal.
fn money(value: i64) -> String {
    let sign = if value < 0 { "-" } else { "" };
    let value = value.unsigned_abs();
    match (value / 100, value % 100) {
        (whole, 0) => format!("{sign}{whole}"),
        (whole, hundredths) if hundredths % 10 == 0 => format!("{sign}{whole}.{}", hundredths / 10),
        (whole, hundredths) => format!("{sign}{whole}.{hundredths:02}"),
    }
}

fn time_in_utc(bytes: &[u8]) -> Option<i64> {
    let (time, zone) = bytes.split_first_chunk::<8>()?;
    let zone = i32::from_be_bytes(zone.try_into().ok()?);
    Some(moment::to_time(i64::from_be_bytes(*time).checked_add(i64::from(zone) * 1_000_000)?))
}

/// Family, bits of the network, whether it is a network, length, address.
fn address(bytes: &[u8], network: bool) -> Option<String> {
    let [_, mask, _, _, address @ ..] = bytes else {
        return None;
    };
    let (address, whole) = match address.len() {
        4 => (std::net::IpAddr::from(<[u8; 4]>::try_from(address).ok()?), 32),
        _ => (std::net::IpAddr::from(<[u8; 16]>::try_from(address).ok()?), 128),
    };
    Some(if network || *mask != whole { format!("{address}/{mask}") } else { address.to_string() })
}

fn bits(bytes: &[u8]) -> Option<String> {
    let (count, rest) = integer(bytes)?;
    let bit = |at: usize| Some(if rest.get(at / 8)? & (128 >> (at % 8)) == 0 { '0' } else { '1' });
    (0..usize::try_from(count).ok()?).map(bit).collect()
}

/// In ISO 8601: `P1M2DT3.5S`.
fn interval(bytes: &[u8]) -> Option<String> {
    let (microseconds, rest) = bytes.split_first_chunk::<8>()?;
    let microseconds = i64::from_be_bytes(*microseconds);
    let (days, rest) = integer(rest)?;
    let (months, _) = integer(rest)?;
    let seconds = microseconds / 1_000_000;
    let fraction = (microseconds % 1_000_000).unsigned_abs();
    let sign = if microseconds < 0 && seconds == 0 { "-" } else { "" };
    let fraction = if fraction == 0 { String::new() } else { format!(".{fraction:06}") };
    Some(format!("P{months}M{days}DT{sign}{seconds}{fraction}S"))
}

fn hexadecimal(bytes: &[u8], between: &str) -> String {
    let bytes: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    bytes.join(between)
}

/// Writes a cell into the answer.
pub(crate) fn write(arena: &mut Arena, cell: Cell<'_>, ty: Type, catalog: &Catalog) -> Result<(), Error> {
    use ScalarType as S;
    match (ty.kind, cell) {
        (_, Cell::Null) => arena.null(),
        (Kind::Scalar(S::Int | S::BigInt) | Kind::Any, Cell::Int(value)) => arena.integer(value),
        (Kind::Enum(at), Cell::Text(text)) => return arena.text(variant(&text, at, catalog)?.as_bytes()),
        (Kind::Scalar(S::String | S::Json | S::Decimal) | Kind::Any, Cell::Text(text)) => return arena.text(&text),
        (Kind::Scalar(S::Boolean) | Kind::Any, Cell::Bool(value)) => arena.boolean(value),
        (Kind::Scalar(S::Float) | Kind::Any, Cell::Float(value)) => arena.float(value),
        (Kind::Scalar(S::DateTime) | Kind::Any, Cell::Moment(value)) => arena.date_time(value),
        (Kind::Uuid | Kind::Any, Cell::Uuid(bytes)) => arena.uuid(&bytes),
        (Kind::Scalar(S::Bytes) | Kind::Any, Cell::Bytes(bytes)) => return arena.blob(bytes),
        (_, Cell::List(items)) => {
            arena.list(items.len())?;
            for item in items {
                write(arena, item, ty.item(), catalog)?;
            }
        }
        (kind, cell) => return arena.value(&seldom(kind, cell)?),
    }
    Ok(())
}

/// A cell as a value.
pub(crate) fn value(cell: Cell<'_>, ty: Type, catalog: &Catalog) -> Result<Value, Error> {
    use ScalarType as S;
    Ok(match (ty.kind, cell) {
        (_, Cell::Null) => Value::Null,
        (Kind::Scalar(S::Int | S::BigInt) | Kind::Any, Cell::Int(value)) => Value::Int(value),
        (Kind::Enum(at), Cell::Text(text)) => Value::Enum(variant(&text, at, catalog)?.to_owned().into()),
        (Kind::Scalar(S::String) | Kind::Any, Cell::Text(text)) => Value::Text(utf8(text)?),
        (Kind::Scalar(S::Json), Cell::Text(text)) => Value::Json(utf8(text)?),
        (Kind::Scalar(S::Decimal), Cell::Text(text)) => Value::Decimal(utf8(text)?),
        (Kind::Scalar(S::Boolean) | Kind::Any, Cell::Bool(value)) => Value::Bool(value),
        (Kind::Scalar(S::Float) | Kind::Any, Cell::Float(value)) => Value::Float(value),
        (Kind::Scalar(S::DateTime) | Kind::Any, Cell::Moment(value)) => Value::DateTime(value),
        (Kind::Uuid | Kind::Any, Cell::Uuid(bytes)) => Value::Uuid(bytes),
        (Kind::Scalar(S::Bytes) | Kind::Any, Cell::Bytes(bytes)) => Value::Bytes(bytes.into()),
        (_, Cell::List(items)) => {
            let items = items.into_iter().map(|item| value(item, ty.item(), catalog));
            Value::List(items.collect::<Result<_, _>>()?)
        }
        (kind, cell) => seldom(kind, cell)?,
    })
}

/// Columns of another type than the schema says, which hold what can be read as that all the same: averages are `numeric`,
/// for instance.
#[cold]
fn seldom(kind: Kind, cell: Cell<'_>) -> Result<Value, Error> {
    use ScalarType as S;
    let value = match (kind, &cell) {
        (Kind::Scalar(S::Float), Cell::Int(value)) => Some(Value::Float(*value as f64)),
        (Kind::Scalar(S::Float), Cell::Text(text)) => parsed(text).map(Value::Float),
        (Kind::Scalar(S::Int | S::BigInt), Cell::Text(text)) => parsed(text).map(Value::Int),
        (Kind::Scalar(S::Int | S::BigInt), Cell::Float(value)) if value.fract() == 0.0 && value.abs() < 9e18 => {
            Some(Value::Int(*value as i64))
        }
        (Kind::Scalar(S::Boolean), Cell::Int(value)) => Some(Value::Bool(*value != 0)),
        (Kind::Scalar(S::Decimal), Cell::Int(value)) => Some(Value::Decimal(value.to_string())),
        (Kind::Scalar(S::Decimal), Cell::Float(value)) => Some(Value::Decimal(value.to_string())),
        (Kind::Scalar(S::String), Cell::Int(value)) => Some(Value::Text(value.to_string())),
        (Kind::Scalar(S::String), Cell::Uuid(bytes)) => Some(Value::Text(bind::uuid(bytes))),
        (Kind::Uuid, Cell::Text(text)) => {
            let uuid = uuid::Uuid::try_parse_ascii(text).ok();
            uuid.map(|uuid| Value::Uuid(uuid.into_bytes()))
        }
        (Kind::Scalar(S::Bytes), Cell::Text(text)) => Some(Value::Bytes(text.to_vec())),
        _ => None,
    };
    value.ok_or_else(|| unfit(kind, &cell))
}

fn parsed<T: std::str::FromStr>(text: &[u8]) -> Option<T> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

fn utf8(text: Cow<'_, [u8]>) -> Result<String, Error> {
    String::from_utf8(text.into_owned()).map_err(|_| Error::unexpected_answer("text in UTF-8"))
}

#[cold]
fn unfit(kind: Kind, cell: &Cell<'_>) -> Error {
    let wanted = match kind {
        Kind::Scalar(scalar) => scalar.name(),
        Kind::Uuid => "a UUID",
        Kind::Enum(_) => "a variant of an enum",
        Kind::Any => "a value",
    };
    let held = match cell {
        Cell::Null => "null",
        Cell::Bool(_) => "a boolean",
        Cell::Int(_) => "an integer",
        Cell::Float(_) => "a number",
        Cell::Text(_) => "text",
        Cell::Moment(_) => "a moment",
        Cell::Bytes(_) => "bytes",
        Cell::Uuid(_) => "a UUID",
        Cell::List(_) => "a list",
    };
    Error::new(
        ErrorKind::ColumnDataInvalid,
        format!("the database holds {held} where the schema says {wanted}; change the column or the schema"),
    )
}

/// What a column of raw SQL holds, and whether each cell is a list of them.
pub(crate) fn raw_type(ty: &SqlType) -> (RawType, bool) {
    if let SqlKind::Array(item) = ty.kind() {
        return (raw_type(item).0, true);
    }
    let raw = match *ty {
        SqlType::BOOL => RawType::Boolean,
        SqlType::INT2 | SqlType::INT4 => RawType::Int,
        SqlType::INT8 | SqlType::OID | SqlType::XID | SqlType::CID => RawType::BigInt,
        SqlType::FLOAT4 => RawType::Float,
        SqlType::FLOAT8 => RawType::Double,
        SqlType::NUMERIC | SqlType::MONEY => RawType::Decimal,
        SqlType::BYTEA => RawType::Bytes,
        SqlType::JSON | SqlType::JSONB => RawType::Json,
        SqlType::UUID => RawType::Uuid,
        SqlType::TIMESTAMP | SqlType::TIMESTAMPTZ => RawType::DateTime,
        SqlType::DATE => RawType::Date,
        SqlType::TIME | SqlType::TIMETZ => RawType::Time,
        _ => match ty.kind() {
            SqlKind::Enum(_) => RawType::Enum,
            SqlKind::Domain(inner) => raw_type(inner).0,
            _ => RawType::Text,
        },
    };
    (raw, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(ty: SqlType, bytes: &[u8], expected: &str) {
        let cell = parse(bytes, &ty);
        let text = match &cell {
            Some(Cell::Text(text)) => String::from_utf8_lossy(text),
            other => panic!("{ty}: {other:?}"),
        };
        assert_eq!(text, expected, "{ty}");
    }

    fn shorts(values: &[i16]) -> Vec<u8> {
        values.iter().flat_map(|value| value.to_be_bytes()).collect()
    }

    #[test]
    fn decimals_are_written_plainly() {
        let check = |values: &[i16], expected| check(SqlType::NUMERIC, &shorts(values), expected);
        check(&[0, 0, 0, 0], "0");
        check(&[2, 0, 0, 2, 12, 5000], "12.5");
        check(&[2, 1, 0x4000, 0, 1, 2], "-10002");
        check(&[1, 2, 0, 0, 1], "100000000");
        check(&[1, -1, 0, 4, 1], "0.0001");
        check(&[1, -2, 0, 8, 7], "0.00000007");
        check(&[3, 0, 0, 6, 1, 2345, 6700], "1.234567");
        check(&[0, 0, 0xC000_u16.cast_signed(), 0], "NaN");
    }

    #[test]
    fn what_has_no_type_here_is_text() {
        check(SqlType::MONEY, &(-1_05_i64).to_be_bytes(), "-1.05");
        check(SqlType::MONEY, &12_50_i64.to_be_bytes(), "12.5");
        check(SqlType::MONEY, &300_i64.to_be_bytes(), "3");
        check(SqlType::INET, &[2, 32, 0, 4, 10, 0, 0, 1], "10.0.0.1");
        check(SqlType::INET, &[2, 24, 0, 4, 10, 0, 0, 1], "10.0.0.1/24");
        check(SqlType::CIDR, &[2, 8, 1, 4, 10, 0, 0, 0], "10.0.0.0/8");
        check(SqlType::VARBIT, &[0, 0, 0, 10, 0b1010_0000, 0b0100_0000], "1010000001");
        check(SqlType::JSONB, b"\x01{}", "{}");
    }

    #[test]
    fn arrays_are_lists() {
        let mut bytes = vec![0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 23, 0, 0, 0, 2, 0, 0, 0, 1];
        bytes.extend_from_slice(&[0, 0, 0, 4, 0, 0, 0, 9, 255, 255, 255, 255]);
        let list = Cell::List(vec![Cell::Int(9), Cell::Null]);
        assert_eq!(parse(&bytes, &SqlType::INT4_ARRAY), Some(list));
        for length in 0..bytes.len() {
            assert_eq!(parse(&bytes[..length], &SqlType::INT4_ARRAY), None, "{length}");
        }
        let empty = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 23];
        assert_eq!(parse(&empty, &SqlType::INT4_ARRAY), Some(Cell::List(vec![])));
    }
}
