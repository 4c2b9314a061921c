//! PostgreSQL's types for the schema language's.

use super::enum_name;
use lenslet_core::catalog::{Catalog, Column, ColumnType as Ty, NativeType, ScalarType};
use lenslet_sql::ddl::{BaseType, ColumnType};

pub(super) fn column_type(catalog: &Catalog, column: &Column) -> ColumnType {
    let name = match (&column.native_type, &column.ty) {
        (Some(native), _) => native_type(native),
        (None, Ty::Scalar(scalar)) => scalar_type(*scalar).to_owned(),
        (None, Ty::Unsupported(name)) => name.to_string(),
        (None, Ty::Enum(at)) => {
            let name = catalog.enums.get(usize::from(*at)).map(enum_name);
            return match name {
                Some(name) => ColumnType { base: BaseType::Enum(name), list: false },
                None => ColumnType::database("TEXT"),
            };
        }
    };
    ColumnType::database(name)
}

/// Whether a sequence can give a column its numbers along with its type (`SERIAL`).
pub(super) fn can_count(ty: &ColumnType) -> bool {
    matches!(&ty.base, BaseType::Database(name) if matches!(name.as_str(), "SMALLINT" | "INTEGER" | "BIGINT"))
}

fn scalar_type(scalar: ScalarType) -> &'static str {
    match scalar {
        ScalarType::String => "TEXT",
        ScalarType::Boolean => "BOOLEAN",
        ScalarType::Int => "INTEGER",
        ScalarType::BigInt => "BIGINT",
        ScalarType::Float => "DOUBLE PRECISION",
        ScalarType::Decimal => "DECIMAL(65,30)",
        ScalarType::DateTime => "TIMESTAMP(3)",
        ScalarType::Json => "JSONB",
        ScalarType::Bytes => "BYTEA",
    }
}

fn native_type(native: &NativeType) -> String {
    let name = match &*native.name {
        "DoublePrecision" => "DOUBLE PRECISION".to_owned(),
        name => name.to_uppercase(),
    };
    match &*native.arguments {
        [] => name,
        arguments => format!("{name}({})", arguments.join(",")),
    }
}
