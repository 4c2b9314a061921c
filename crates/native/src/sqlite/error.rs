//! What SQLite's errors mean.

use crate::violation::{list, quoted, with_model};
use lenslet_core::{
    catalog::{Catalog, Model},
    error::{Error, ErrorKind},
    value::Value,
};
use rusqlite::{Error as Driver, ErrorCode, ffi};

/// Translates an error of a statement. The catalog turns names of the database into names of the schema.
#[cold]
pub(crate) fn classify(error: &Driver, catalog: &Catalog) -> Error {
    let Driver::SqliteFailure(failure, message) = error else {
        return other(error);
    };
    let message = message.as_deref().unwrap_or_default();
    match failure.extended_code {
        ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY | ffi::SQLITE_CONSTRAINT_ROWID => {
            unique(message, catalog)
        }
        ffi::SQLITE_CONSTRAINT_NOTNULL => null(message, catalog),
        ffi::SQLITE_CONSTRAINT_FOREIGNKEY => foreign_key(),
        ffi::SQLITE_CONSTRAINT_TRIGGER if message.contains("FOREIGN KEY") => foreign_key(),
        _ => by_code(failure.code, message, error),
    }
}

fn by_code(code: ErrorCode, message: &str, error: &Driver) -> Error {
    match code {
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Error::new(
            ErrorKind::OperationTimeout,
            "another process kept the SQLite database locked for too long; end its transaction, or give `socket_timeout`",
        ),
        ErrorCode::ConstraintViolation => {
            Error::new(ErrorKind::Constraint, format!("a constraint of the database was violated: {message}"))
                .with("database_error", Value::Text(message.into()))
        }
        ErrorCode::CannotOpen => Error::new(
            ErrorKind::DatabaseMissing,
            "the SQLite database cannot be opened; check that its folder exists and may be written to",
        ),
        ErrorCode::NotADatabase => Error::new(ErrorKind::Unreachable, "the file is not a SQLite database"),
        ErrorCode::ReadOnly | ErrorCode::PermissionDenied => {
            Error::new(ErrorKind::AccessDenied, "the SQLite database may not be written to")
        }
        ErrorCode::TooBig => Error::new(ErrorKind::ValueTooLong, "a value is longer than SQLite can hold"),
        // It has no code of its own.
        ErrorCode::Unknown if message == "integer overflow" => Error::new(
            ErrorKind::ValueOutOfRange,
            "a value is out of the range of its type: a sum has no place in 64 bits; sum fewer rows, or a column of floats",
        )
        .with("details", Value::Text(message.into())),
        _ => missing(message).unwrap_or_else(|| other(error)),
    }
}

/// Opening fails for other reasons than statements do.
#[cold]
pub(crate) fn opening(error: &Driver, path: &str) -> Error {
    match error.sqlite_error_code() {
        Some(ErrorCode::CannotOpen) => Error::new(
            ErrorKind::DatabaseMissing,
            format!(
                "the SQLite database `{path}` cannot be opened; check that its folder exists and may be written to"
            ),
        )
        .with("database_name", Value::Text(path.into())),
        Some(ErrorCode::NotADatabase) => {
            Error::new(ErrorKind::Unreachable, format!("`{path}` is not a SQLite database"))
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Error::new(
            ErrorKind::OperationTimeout,
            format!("another process keeps the SQLite database `{path}` locked"),
        ),
        _ => Error::new(ErrorKind::Unreachable, format!("the SQLite database `{path}` cannot be used: {error}")),
    }
}

/// An error of SQL of the user's own.
#[cold]
pub(crate) fn raw(error: &Driver) -> Error {
    let (code, message) = match error {
        Driver::SqliteFailure(failure, message) => {
            (failure.extended_code.to_string(), message.clone().unwrap_or_else(|| error.to_string()))
        }
        _ => (String::from("N/A"), error.to_string()),
    };
    Error::new(ErrorKind::RawQuery, format!("the SQL failed with code {code}: {message}"))
        .with("code", Value::Text(code))
        .with("message", Value::Text(message))
}

fn other(error: &Driver) -> Error {
    Error::new(ErrorKind::External, format!("SQLite failed: {error}"))
}

/// `UNIQUE constraint failed: User.email, User.name`
fn unique(message: &str, catalog: &Catalog) -> Error {
    let (model, fields) = columns(message, catalog);
    let names = if fields.is_empty() {
        String::from("a unique constraint")
    } else {
        format!("the unique constraint on {}", quoted(&fields))
    };
    let error = Error::new(
        ErrorKind::UniqueConstraint,
        format!("{names} is violated: there is a row with these values already"),
    );
    with_model(error, model).with("target", list(fields))
}

/// `NOT NULL constraint failed: User.email`
fn null(message: &str, catalog: &Catalog) -> Error {
    let (model, fields) = columns(message, catalog);
    let error = Error::new(ErrorKind::NullConstraint, format!("{} cannot be null: give a value", quoted(&fields)));
    with_model(error, model).with("constraint", list(fields))
}

fn foreign_key() -> Error {
    Error::new(
        ErrorKind::ForeignKeyConstraint,
        "a foreign key is violated: a row refers to one that does not exist, or is still referred to",
    )
    .with("field_name", Value::Text("foreign key".into()))
    .with("constraint", Value::Null)
}

/// The fields that a message names by table and column.
fn columns<'a>(message: &str, catalog: &'a Catalog) -> (Option<&'a Model>, Vec<String>) {
    let names = message.split_once(": ").map_or("", |(_, names)| names);
    let mut model = None;
    let mut fields = Vec::new();
    for name in names.split(", ").filter(|name| !name.is_empty()) {
        let Some((table, column)) = name.split_once('.') else {
            fields.push(name.to_owned());
            continue;
        };
        model = catalog.models.iter().find(|it| it.db_name == table);
        let field = model.and_then(|model| model.columns().find(|(_, _, it)| it.db_name == column));
        fields.push(field.map_or(column, |(_, field, _)| field.name.as_ref()).to_owned());
    }
    (model, fields)
}

/// `no such table: User`, `no such column: t0.name`
fn missing(message: &str) -> Option<Error> {
    let after = |start: &str| message.split_once(start).map(|(_, name)| name.split(" in ").next().unwrap_or(name));
    if let Some(table) = after("no such table: ") {
        let error = Error::new(
            ErrorKind::TableMissing,
            format!("the table `{table}` does not exist in the database; run `lenslet db push` or the migrations"),
        );
        return Some(error.with("table", Value::Text(table.into())));
    }
    let column = after("no such column: ").or_else(|| after("has no column named "))?;
    let column = column.rsplit('.').next().unwrap_or(column).trim_matches('"');
    let error = Error::new(
        ErrorKind::ColumnMissing,
        format!("the column `{column}` does not exist in the database; run `lenslet db push` or the migrations"),
    );
    Some(error.with("column", Value::Text(column.into())))
}
