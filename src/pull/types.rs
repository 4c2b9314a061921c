//! What the types of a database's columns are in the language.

use lenslet_core::catalog::{self, ScalarType};
use lenslet_sql::ddl::{BaseType, ColumnType, Dialect, ObjectName};

use crate::check::Connector;

/// The type of a field.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct FieldType {
    pub(super) ty: Ty,
    /// `VarChar` and its arguments, where the scalar alone means another type.
    pub(super) native: Option<catalog::NativeType>,
}

/// What a field holds.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Ty {
    Scalar(ScalarType),
    /// An enum that the database knows.
    Enum(ObjectName),
    /// An enum that only the schema knows: its place among the catalog's.
    ClientEnum(u16),
    Unsupported(String),
}

/// The type of a column that the schema does not know yet.
pub(super) fn of_column(dialect: Dialect, connector: &Connector, ty: &ColumnType) -> FieldType {
    let name = match &ty.base {
        BaseType::Enum(name) => return FieldType { ty: Ty::Enum(name.clone()), native: None },
        BaseType::Database(name) => name,
    };
    let found = match dialect {
        Dialect::Sqlite => sqlite(name).map(|scalar| (scalar, None)),
        Dialect::Postgresql | Dialect::Mysql => native(connector, name),
    };
    match found {
        Some((scalar, native)) => FieldType { ty: Ty::Scalar(scalar), native },
        None => FieldType { ty: Ty::Unsupported(name.clone()), native: None },
    }
}

fn sqlite(name: &str) -> Option<ScalarType> {
    Some(match name {
        "TEXT" => ScalarType::String,
        "BOOLEAN" => ScalarType::Boolean,
        "INTEGER" => ScalarType::Int,
        "BIGINT" => ScalarType::BigInt,
        "REAL" => ScalarType::Float,
        "DECIMAL" => ScalarType::Decimal,
        "DATETIME" => ScalarType::DateTime,
        "JSONB" => ScalarType::Json,
        "BLOB" => ScalarType::Bytes,
        _ => return None,
    })
}

/// The native type of that name in the database, and the first scalar that it can hold.
fn native(connector: &Connector, name: &str) -> Option<(ScalarType, Option<catalog::NativeType>)> {
    let (word, arguments) = match name.split_once('(') {
        Some((word, rest)) => (word.trim_end(), rest.strip_suffix(')')?.split(',').map(str::trim).collect()),
        None => (name, Vec::new()),
    };
    let native = connector.native_types.iter().find(|it| sql_name(it.name).eq_ignore_ascii_case(word))?;
    let scalar = *native.scalars.first()?;
    let is_default = default_native(scalar) == (native.name, arguments.as_slice());
    let arguments = arguments.into_iter().map(|it| it.to_owned().into()).collect();
    let native = catalog::NativeType { name: native.name.into(), arguments };
    Some((scalar, (!is_default).then_some(native)))
}

fn sql_name(name: &str) -> &str {
    if name == "DoublePrecision" { "DOUBLE PRECISION" } else { name }
}

/// What PostgreSQL is told for a scalar alone.
fn default_native(scalar: ScalarType) -> (&'static str, &'static [&'static str]) {
    match scalar {
        ScalarType::String => ("Text", &[]),
        ScalarType::Boolean => ("Boolean", &[]),
        ScalarType::Int => ("Integer", &[]),
        ScalarType::BigInt => ("BigInt", &[]),
        ScalarType::Float => ("DoublePrecision", &[]),
        ScalarType::Decimal => ("Decimal", &["65", "30"]),
        ScalarType::DateTime => ("Timestamp", &["3"]),
        ScalarType::Json => ("JsonB", &[]),
        ScalarType::Bytes => ("ByteA", &[]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::connector;

    #[test]
    fn native_types_are_said_where_they_are_not_the_default() {
        let connector = connector("postgresql").expect("it is known");
        let cases = [
            ("TEXT", "String", ""),
            ("VARCHAR(255)", "String", "VarChar 255"),
            ("DOUBLE PRECISION", "Float", ""),
            ("REAL", "Float", "Real "),
            ("DECIMAL(65,30)", "Decimal", ""),
            ("DECIMAL(10, 2)", "Decimal", "Decimal 10,2"),
            ("TIMESTAMP(3)", "DateTime", ""),
            ("TIMESTAMPTZ(6)", "DateTime", "Timestamptz 6"),
            ("JSON", "Json", "Json "),
            ("tsvector", "tsvector", ""),
        ];
        for (name, ty, native) in cases {
            let found = of_column(Dialect::Postgresql, connector, &ColumnType::database(name));
            let shown = match &found.ty {
                Ty::Scalar(scalar) => scalar.name(),
                Ty::Unsupported(name) => name,
                Ty::Enum(_) | Ty::ClientEnum(_) => "enum",
            };
            let natives = found.native.map(|it| format!("{} {}", it.name, it.arguments.join(","))).unwrap_or_default();
            assert_eq!((shown, natives.as_str()), (ty, native), "{name}");
        }
    }
}
