//! Values as they enter a query.

use crate::query::FieldId;
use std::borrow::Cow;

/// A value in a query: a parameter of a filter, a column to write. It is bound, never printed into SQL.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// No value.
    Null,
    /// `Boolean`.
    Bool(bool),
    /// `Int` and `BigInt`.
    Int(i64),
    /// `Float`.
    Float(f64),
    /// `Decimal`, in plain decimal notation (`-12.50`, no exponent).
    Decimal(String),
    /// `String`.
    Text(String),
    /// A variant of an enum by its name in the schema.
    Enum(Cow<'static, str>),
    /// `DateTime`: microseconds since 1970-01-01T00:00:00Z.
    DateTime(i64),
    /// `Json`, as JSON text. The JSON value null is `Json("null")`, a missing document is `Null`.
    Json(String),
    /// `Bytes`.
    Bytes(Vec<u8>),
    /// A `String` column that is a UUID in the database (`@db.Uuid`).
    Uuid([u8; 16]),
    /// A list: a scalar list, or the operand of `in`.
    List(Vec<Value>),
    /// The value of another column of the same row.
    Column(FieldId),
}

impl Value {
    /// Whether it is [`Value::Null`].
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }
}
