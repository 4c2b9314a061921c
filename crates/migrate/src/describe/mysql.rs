//! MySQL's types for the schema language's.

use lenslet_core::catalog::{Catalog, Column, ColumnType as Ty, Enum, NativeType, ScalarType};
use lenslet_sql::ddl::{ColumnType, Dialect, string};

pub(super) fn column_type(catalog: &Catalog, column: &Column) -> ColumnType {
    let name = match (&column.native_type, &column.ty) {
        (Some(native), _) => native_type(native),
        (None, Ty::Scalar(scalar)) => scalar_type(*scalar).to_owned(),
        (None, Ty::Unsupported(name)) => name.to_string(),
        (None, Ty::Enum(at)) => catalog.enums.get(usize::from(*at)).map(enum_type).unwrap_or_default(),
    };
    ColumnType::database(name)
}

fn scalar_type(scalar: ScalarType) -> &'static str {
    match scalar {
        ScalarType::String => "VARCHAR(191)",
        ScalarType::Boolean => "BOOLEAN",
        ScalarType::Int => "INTEGER",
        ScalarType::BigInt => "BIGINT",
        ScalarType::Float => "DOUBLE",
        ScalarType::Decimal => "DECIMAL(65,30)",
        ScalarType::DateTime => "DATETIME(3)",
        ScalarType::Json => "JSON",
        ScalarType::Bytes => "LONGBLOB",
    }
}

/// MySQL has no named enums: the column's type lists the values.
fn enum_type(it: &Enum) -> String {
    let variants: Vec<_> = it.variants.iter().map(|variant| string(Dialect::Mysql, &variant.db_name)).collect();
    format!("ENUM({})", variants.join(", "))
}

fn native_type(native: &NativeType) -> String {
    let (name, suffix) = match native.name.strip_prefix("Unsigned") {
        Some(name) => (name, " UNSIGNED"),
        None => (&*native.name, ""),
    };
    let name = match name {
        "Int" => "INTEGER".to_owned(),
        name => name.to_uppercase(),
    };
    match &*native.arguments {
        [] => format!("{name}{suffix}"),
        arguments => format!("{name}({}){suffix}", arguments.join(", ")),
    }
}
