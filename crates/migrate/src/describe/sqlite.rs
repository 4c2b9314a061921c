//! SQLite's types for the schema language's.

use crate::sqlite::type_name as declared;
use lenslet_core::catalog::{Arity, Column, ColumnType as Ty, Field, Model, ScalarType};
use lenslet_sql::ddl::ColumnType;

pub(super) fn column_type(column: &Column) -> ColumnType {
    ColumnType::database(type_name(column))
}

pub(super) fn type_name(column: &Column) -> String {
    match &column.ty {
        Ty::Scalar(scalar) => scalar_type(*scalar).to_owned(),
        Ty::Enum(_) => "TEXT".to_owned(),
        Ty::Unsupported(name) => declared::canonical(name),
    }
}

fn scalar_type(scalar: ScalarType) -> &'static str {
    match scalar {
        ScalarType::String => "TEXT",
        ScalarType::Boolean => "BOOLEAN",
        ScalarType::Int => "INTEGER",
        ScalarType::BigInt => "BIGINT",
        ScalarType::Float => "REAL",
        ScalarType::Decimal => "DECIMAL",
        ScalarType::DateTime => "DATETIME",
        ScalarType::Json => "JSONB",
        ScalarType::Bytes => "BLOB",
    }
}

/// An `INTEGER PRIMARY KEY` is the row's number, which SQLite counts up whether the schema asks for it or not.
pub(super) fn counts_up(model: &Model, field: &Field, column: &Column) -> bool {
    let is_only_key = model.primary_key.as_ref().is_some_and(|key| match &*key.fields {
        [only] => model.fields.get(usize::from(only.field)).is_some_and(|it| it.name == field.name),
        _ => false,
    });
    is_only_key && field.arity == Arity::Required && column.ty == Ty::Scalar(ScalarType::Int)
}
