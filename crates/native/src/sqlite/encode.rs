//! Cells on their way from a statement into the arena: straight from SQLite's memory, by the type that the schema gives.

use super::moment;
use crate::forest::Arena;
use crate::variant::variant;
use lenslet_core::{
    catalog::{Catalog, ScalarType},
    cursor::RawType,
    error::{Error, ErrorKind},
    value::Value,
};
use lenslet_sql::{Kind, Type};
use rusqlite::types::ValueRef;

/// Writes a cell.
#[inline]
pub(crate) fn encode(arena: &mut Arena, cell: ValueRef<'_>, ty: Type, catalog: &Catalog) -> Result<(), Error> {
    use ScalarType as S;
    match (ty.kind, cell) {
        (_, ValueRef::Null) => arena.null(),
        (Kind::Scalar(S::Int | S::BigInt), ValueRef::Integer(value)) => arena.integer(value),
        (Kind::Scalar(S::String | S::Json | S::Decimal), ValueRef::Text(text)) => return arena.text(text),
        (Kind::Scalar(S::Boolean), ValueRef::Integer(value)) => arena.boolean(value != 0),
        (Kind::Scalar(S::Float), ValueRef::Real(value)) => arena.float(value),
        (Kind::Scalar(S::DateTime), ValueRef::Integer(value)) => arena.date_time(milliseconds(value)?),
        (Kind::Enum(at), ValueRef::Text(text)) => return arena.text(variant(text, at, catalog)?.as_bytes()),
        (Kind::Scalar(S::Bytes), ValueRef::Blob(bytes) | ValueRef::Text(bytes)) => return arena.blob(bytes),
        (Kind::Any, cell) => return any(arena, cell),
        (kind, cell) => return arena.value(&seldom(kind, cell)?),
    }
    Ok(())
}

/// Writes a cell of raw SQL. The first cell that is not null decides what a column holds whose declaration does not.
pub(crate) fn raw(
    arena: &mut Arena,
    cell: ValueRef<'_>,
    ty: &mut Option<RawType>,
    catalog: &Catalog,
) -> Result<(), Error> {
    let scalar = match (*ty, cell) {
        (_, ValueRef::Null) => None,
        (Some(RawType::Boolean), ValueRef::Integer(_)) => Some(ScalarType::Boolean),
        (Some(RawType::DateTime), ValueRef::Integer(_)) => Some(ScalarType::DateTime),
        (Some(RawType::DateTime), ValueRef::Text(text)) if is_moment(text) => Some(ScalarType::DateTime),
        (Some(RawType::Decimal), ValueRef::Integer(_) | ValueRef::Real(_)) => Some(ScalarType::Decimal),
        (Some(RawType::Json), ValueRef::Integer(_) | ValueRef::Real(_)) => Some(ScalarType::Json),
        (Some(RawType::Double), ValueRef::Integer(_)) => Some(ScalarType::Float),
        _ => None,
    };
    if let Some(scalar) = scalar {
        return encode(arena, cell, Type::one(Kind::Scalar(scalar)), catalog);
    }
    *ty = match cell {
        ValueRef::Null => *ty,
        ValueRef::Integer(value) if i32::try_from(value).is_err() => Some(RawType::BigInt),
        ValueRef::Integer(_) => ty.filter(|it| *it == RawType::Int).or(Some(RawType::BigInt)),
        ValueRef::Real(_) => Some(RawType::Double),
        ValueRef::Text(_) => ty.filter(|it| matches!(it, RawType::Json | RawType::Decimal)).or(Some(RawType::Text)),
        ValueRef::Blob(_) => Some(RawType::Bytes),
    };
    any(arena, cell)
}

fn is_moment(text: &[u8]) -> bool {
    std::str::from_utf8(text).is_ok_and(|text| moment::parse(text).is_some())
}

/// What a declared type of a column means, as Prisma writes declarations.
pub(crate) fn declared(name: &str) -> Option<RawType> {
    let word = name.split('(').next().unwrap_or(name).trim().to_ascii_uppercase();
    Some(match word.as_str() {
        "BOOLEAN" | "BOOL" => RawType::Boolean,
        "DATETIME" | "TIMESTAMP" | "DATE" => RawType::DateTime,
        "DECIMAL" | "NUMERIC" => RawType::Decimal,
        "JSON" | "JSONB" => RawType::Json,
        "BIGINT" => RawType::BigInt,
        "INTEGER" | "INT" => RawType::Int,
        "REAL" | "DOUBLE" | "FLOAT" => RawType::Double,
        "TEXT" => RawType::Text,
        "BLOB" => RawType::Bytes,
        _ => return None,
    })
}

fn any(arena: &mut Arena, cell: ValueRef<'_>) -> Result<(), Error> {
    match cell {
        ValueRef::Null => arena.null(),
        ValueRef::Integer(value) => arena.integer(value),
        ValueRef::Real(value) => arena.float(value),
        ValueRef::Text(text) => return arena.text(text),
        ValueRef::Blob(bytes) => return arena.blob(bytes),
    }
    Ok(())
}

/// A cell as a value.
pub(crate) fn value(cell: ValueRef<'_>, ty: Type, catalog: &Catalog) -> Result<Value, Error> {
    use ScalarType as S;
    Ok(match (ty.kind, cell) {
        (_, ValueRef::Null) => Value::Null,
        (Kind::Scalar(S::Int | S::BigInt) | Kind::Any, ValueRef::Integer(value)) => Value::Int(value),
        (Kind::Scalar(S::String) | Kind::Any, ValueRef::Text(text)) => Value::Text(utf8(text)?.into()),
        (Kind::Scalar(S::Json), ValueRef::Text(text)) => Value::Json(utf8(text)?.into()),
        (Kind::Scalar(S::Decimal), ValueRef::Text(text)) => Value::Decimal(utf8(text)?.into()),
        (Kind::Scalar(S::Boolean), ValueRef::Integer(value)) => Value::Bool(value != 0),
        (Kind::Scalar(S::Float) | Kind::Any, ValueRef::Real(value)) => Value::Float(value),
        (Kind::Scalar(S::DateTime), ValueRef::Integer(value)) => Value::DateTime(milliseconds(value)?),
        (Kind::Enum(at), ValueRef::Text(text)) => Value::Enum(variant(text, at, catalog)?.to_owned().into()),
        (Kind::Scalar(S::Bytes) | Kind::Any, ValueRef::Blob(bytes)) => Value::Bytes(bytes.into()),
        (Kind::Scalar(S::Bytes), ValueRef::Text(bytes)) => Value::Bytes(bytes.into()),
        (kind, cell) => seldom(kind, cell)?,
    })
}

/// What SQLite's loose typing also allows.
#[cold]
fn seldom(kind: Kind, cell: ValueRef<'_>) -> Result<Value, Error> {
    use ScalarType as S;
    let Kind::Scalar(scalar) = kind else {
        return match (kind, cell) {
            (Kind::Uuid, ValueRef::Text(text)) => uuid(text).ok_or_else(|| unfit("a UUID", cell)),
            _ => Err(unfit("a variant of an enum", cell)),
        };
    };
    let value = match (scalar, cell) {
        (S::Int | S::BigInt, ValueRef::Real(value)) => whole(value).map(Value::Int),
        (S::Int | S::BigInt, ValueRef::Text(text)) => parsed(text).map(Value::Int),
        (S::Float, ValueRef::Integer(value)) => Some(Value::Float(value as f64)),
        (S::Float, ValueRef::Text(text)) => parsed(text).map(Value::Float),
        (S::Boolean, ValueRef::Text(text)) => parsed(text).map(Value::Bool),
        (S::Boolean, ValueRef::Real(value)) => Some(Value::Bool(value != 0.0)),
        (S::Decimal, ValueRef::Integer(value)) => Some(Value::Decimal(value.to_string())),
        (S::Decimal, ValueRef::Real(value)) => Some(Value::Decimal(value.to_string())),
        (S::Json, ValueRef::Integer(value)) => Some(Value::Json(value.to_string())),
        (S::Json, ValueRef::Real(value)) => Some(Value::Json(format!("{value:?}"))),
        (S::Json, ValueRef::Blob(text)) => Some(Value::Json(utf8(text)?.into())),
        (S::String, ValueRef::Integer(value)) => Some(Value::Text(value.to_string())),
        (S::String, ValueRef::Real(value)) => Some(Value::Text(value.to_string())),
        (S::DateTime, ValueRef::Text(text)) => moment::parse(utf8(text)?).map(Value::DateTime),
        (S::DateTime, ValueRef::Real(value)) => {
            whole(value.round()).and_then(|value| milliseconds(value).ok()).map(Value::DateTime)
        }
        _ => None,
    };
    value.ok_or_else(|| unfit(scalar.name(), cell))
}

pub(super) fn milliseconds(value: i64) -> Result<i64, Error> {
    value.checked_mul(1000).ok_or_else(|| unfit("a moment", ValueRef::Integer(value)))
}

fn whole(value: f64) -> Option<i64> {
    let fits = value.fract() == 0.0 && value.abs() < 9.3e18;
    fits.then_some(value as i64)
}

fn parsed<T: std::str::FromStr>(text: &[u8]) -> Option<T> {
    std::str::from_utf8(text).ok()?.trim().parse().ok()
}

fn utf8(text: &[u8]) -> Result<&str, Error> {
    std::str::from_utf8(text).map_err(|_| unfit("text in UTF-8", ValueRef::Text(text)))
}

fn uuid(text: &[u8]) -> Option<Value> {
    let digits: Vec<u8> = text.iter().copied().filter(|byte| *byte != b'-').collect();
    let digits = std::str::from_utf8(&digits).ok()?;
    let number = (digits.len() == 32).then(|| u128::from_str_radix(digits, 16).ok())??;
    Some(Value::Uuid(number.to_be_bytes()))
}

#[cold]
fn unfit(wanted: &str, cell: ValueRef<'_>) -> Error {
    let held = match cell {
        ValueRef::Null => String::from("null"),
        ValueRef::Integer(value) => format!("the integer {value}"),
        ValueRef::Real(value) => format!("the number {value}"),
        ValueRef::Text(text) => format!("the text `{}`", String::from_utf8_lossy(text.get(..40).unwrap_or(text))),
        ValueRef::Blob(_) => String::from("bytes"),
    };
    Error::new(
        ErrorKind::ColumnDataInvalid,
        format!("the database holds {held} where the schema says {wanted}; change the row or the schema"),
    )
}
