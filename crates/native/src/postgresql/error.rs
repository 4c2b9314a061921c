//! What PostgreSQL's errors mean.

use super::{message::Report, settings::Settings};
use crate::violation::{list, quoted, with_model};
use lenslet_core::{
    catalog::{Catalog, Model},
    error::{Error, ErrorKind},
    value::Value,
};
use rustls::CertificateError;
use std::error::Error as _;
use tokio_postgres::{Error as Driver, error::SqlState};

/// Translates an error of a statement. The catalog turns names of the database into names of the schema.
#[cold]
pub(crate) fn classify(failure: &Report, catalog: &Catalog) -> Error {
    match failure.code {
        SqlState::UNIQUE_VIOLATION => unique(failure, catalog),
        SqlState::FOREIGN_KEY_VIOLATION => foreign_key(failure, catalog),
        SqlState::NOT_NULL_VIOLATION => null(failure, catalog),
        SqlState::CHECK_VIOLATION | SqlState::EXCLUSION_VIOLATION | SqlState::INTEGRITY_CONSTRAINT_VIOLATION => {
            let message = format!("a constraint of the database was violated: {}", &failure.message);
            with_model(Error::new(ErrorKind::Constraint, message), model(failure, catalog))
                .with("database_error", Value::Text(failure.message.clone()))
        }
        SqlState::STRING_DATA_RIGHT_TRUNCATION => {
            let column = failure.column.as_deref().unwrap_or("(not available)");
            let message = format!("a value is too long for its column: {}", &failure.message);
            Error::new(ErrorKind::ValueTooLong, message).with("column_name", Value::Text(column.into()))
        }
        SqlState::NUMERIC_VALUE_OUT_OF_RANGE => Error::new(
            ErrorKind::ValueOutOfRange,
            format!("a value is out of the range of its type: {}", &failure.message),
        )
        .with("details", Value::Text(failure.message.clone())),
        SqlState::UNDEFINED_TABLE => missing_table(failure),
        SqlState::UNDEFINED_COLUMN => missing_column(failure),
        _ => by_class(failure),
    }
}

fn by_class(failure: &Report) -> Error {
    let message = failure.message.as_str();
    let code = failure.code.code();
    match (code, code.get(..2).unwrap_or_default()) {
        ("40001" | "40P01", _) => Error::new(
            ErrorKind::WriteConflict,
            format!("the transaction met a write conflict or a deadlock ({message}); try it again"),
        ),
        ("57014", _) => Error::new(ErrorKind::OperationTimeout, format!("the operation was cancelled: {message}")),
        ("42501", _) => Error::new(ErrorKind::AccessDenied, format!("the user may not do that: {message}")),
        ("53300", _) => Error::new(
            ErrorKind::TooManyConnections,
            format!("PostgreSQL has no connections left ({message}); lower `connection_limit` in the URL"),
        )
        .with("message", Value::Text(message.into())),
        ("57P01" | "57P02" | "57P03", _) | (_, "08") => closed(message),
        (_, "22") => Error::new(ErrorKind::DataValidation, format!("PostgreSQL refused a value: {message}"))
            .with("database_error", Value::Text(message.into())),
        _ => Error::new(ErrorKind::External, format!("PostgreSQL failed with code {code}: {message}"))
            .with("code", Value::Text(code.into()))
            .with("message", Value::Text(message.into())),
    }
}

/// Whether nothing more can be done on the connection.
pub(crate) fn is_closed(failure: &Report) -> bool {
    let code = failure.code.code();
    matches!(code, "57P01" | "57P02" | "57P03" | "57P05" | "25P03" | "25P04") || code.starts_with("08")
}

/// The connection has ended.
pub(crate) fn closed(why: &str) -> Error {
    Error::new(
        ErrorKind::ConnectionClosed,
        format!("PostgreSQL closed the connection ({why}); the next operation opens a new one"),
    )
}

/// An error with what led to it.
fn causes(error: &Driver) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(it) = cause {
        text.push_str(": ");
        text.push_str(&it.to_string());
        cause = it.source();
    }
    text
}

/// Opening fails for other reasons than statements do.
#[cold]
pub(crate) fn opening(error: &Driver, settings: &Settings) -> Error {
    let Some(failure) = error.as_db_error().map(Report::from) else {
        let causes = causes(error);
        let kind = match error.to_string().as_str() {
            "error performing TLS handshake" => ErrorKind::Tls,
            "authentication error" => ErrorKind::Authentication,
            _ => ErrorKind::Unreachable,
        };
        return match kind {
            ErrorKind::Unreachable => unreachable(settings, &causes),
            kind => {
                let message = format!("PostgreSQL at {} cannot be used: {causes}{}", place(settings), advice(error));
                with_place(Error::new(kind, message), settings)
            }
        };
    };
    refused(&failure, settings)
}

/// The server does not serve whoever connects.
#[cold]
pub(crate) fn refused(failure: &Report, settings: &Settings) -> Error {
    let (message, user) = (failure.message.as_str(), settings.user.as_str());
    match failure.code.code() {
        "28P01" | "28000" => Error::new(
            ErrorKind::Authentication,
            format!("PostgreSQL at {} refused the user `{user}` or the password: {message}", place(settings)),
        )
        .with("database_user", Value::Text(user.into()))
        .with("database_host", Value::Text(settings.host.clone())),
        "3D000" => Error::new(
            ErrorKind::DatabaseMissing,
            format!("the database `{}` does not exist at {}; create it", settings.database, place(settings)),
        )
        .with("database_name", Value::Text(settings.database.clone())),
        "42501" => Error::new(ErrorKind::AccessDenied, format!("the user `{user}` may not connect: {message}")),
        "53300" => by_class(failure),
        _ => unreachable(settings, message),
    }
}

/// What to do about a certificate that was not accepted.
fn advice(error: &Driver) -> &'static str {
    let mut cause = error.source();
    while let Some(it) = cause {
        // What a stream failed with is inside of the stream's own error, and is not its source.
        let inner = it.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        let tls = inner.and_then(|it| it.downcast_ref()).or_else(|| it.downcast_ref::<rustls::Error>());
        match tls {
            Some(rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => {
                return "; connect by a name that the certificate is for, or, where that cannot be, with `sslmode=verify-ca`";
            }
            Some(rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer)) => {
                return "; name the file with the certificate of its authority as `sslrootcert`";
            }
            _ => cause = it.source(),
        }
    }
    ""
}

/// Connecting took too long.
#[cold]
pub(crate) fn late(settings: &Settings) -> Error {
    let seconds = settings.connect_timeout.as_secs();
    let message = format!("PostgreSQL at {} did not answer within {seconds} s; see `connect_timeout`", place(settings));
    with_place(Error::new(ErrorKind::Unreachable, message), settings)
}

/// Nobody answers there.
#[cold]
pub(crate) fn unreachable(settings: &Settings, why: &str) -> Error {
    let message = format!("PostgreSQL at {} cannot be reached: {why}; check that it runs there", place(settings));
    with_place(Error::new(ErrorKind::Unreachable, message), settings)
}

fn place(settings: &Settings) -> String {
    format!("`{}:{}`", settings.host, settings.port)
}

fn with_place(error: Error, settings: &Settings) -> Error {
    error
        .with("database_host", Value::Text(settings.host.clone()))
        .with("database_port", Value::Int(settings.port.into()))
}

/// An error of SQL of the user's own.
#[cold]
pub(crate) fn raw(failure: &Report) -> Error {
    let (code, message) = (failure.code.code(), failure.message.as_str());
    if is_closed(failure) {
        return closed(message);
    }
    Error::new(ErrorKind::RawQuery, format!("the SQL failed with code {code}: {message}"))
        .with("code", Value::Text(code.into()))
        .with("message", Value::Text(message.into()))
}

fn model<'a>(failure: &Report, catalog: &'a Catalog) -> Option<&'a Model> {
    let table = failure.table.as_deref()?;
    catalog.models.iter().find(|it| it.db_name == table)
}

/// `Key (email, name)=(ada@example.com, Ada) already exists.`
fn unique(failure: &Report, catalog: &Catalog) -> Error {
    let model = model(failure, catalog);
    let columns = failure.detail.as_deref().and_then(|it| it.split_once('(')?.1.split_once(")=("));
    let fields: Vec<String> = columns.map_or_else(Vec::new, |(columns, _)| {
        columns.split(", ").map(|column| field(model, column.trim_matches('"'))).collect()
    });
    let what = if fields.is_empty() {
        format!("the unique constraint `{}`", failure.constraint.as_deref().unwrap_or("?"))
    } else {
        format!("the unique constraint on {}", quoted(&fields))
    };
    let target = if fields.is_empty() {
        Value::Text(failure.constraint.as_deref().unwrap_or("(not available)").into())
    } else {
        list(fields)
    };
    let error = Error::new(
        ErrorKind::UniqueConstraint,
        format!("{what} is violated: there is a row with these values already"),
    );
    with_model(error, model).with("target", target)
}

fn null(failure: &Report, catalog: &Catalog) -> Error {
    let model = model(failure, catalog);
    let fields: Vec<String> = failure.column.as_deref().into_iter().map(|column| field(model, column)).collect();
    let error = Error::new(ErrorKind::NullConstraint, format!("{} cannot be null: give a value", quoted(&fields)));
    with_model(error, model).with("constraint", list(fields))
}

fn foreign_key(failure: &Report, catalog: &Catalog) -> Error {
    let name = failure.constraint.as_deref().unwrap_or("(not available)");
    let error = Error::new(
        ErrorKind::ForeignKeyConstraint,
        format!(
            "the foreign key `{name}` is violated: a row refers to one that does not exist, or is still referred to"
        ),
    );
    with_model(error, model(failure, catalog))
        .with("field_name", Value::Text(format!("{name} (index)")))
        .with("constraint", Value::Text(name.into()))
}

/// `relation "User" does not exist`
fn missing_table(failure: &Report) -> Error {
    let table = between_quotes(&failure.message);
    let error = Error::new(
        ErrorKind::TableMissing,
        format!("the table `{table}` does not exist in the database; run `lenslet db push` or the migrations"),
    );
    error.with("table", Value::Text(table.into()))
}

/// `column t0.name does not exist`, `column "name" of relation "User" does not exist`
fn missing_column(failure: &Report) -> Error {
    let message = &failure.message;
    let name = message.strip_prefix("column ").and_then(|rest| rest.split(' ').next()).unwrap_or(message);
    let name = name.rsplit('.').next().unwrap_or(name).trim_matches('"');
    let error = Error::new(
        ErrorKind::ColumnMissing,
        format!("the column `{name}` does not exist in the database; run `lenslet db push` or the migrations"),
    );
    error.with("column", Value::Text(name.into()))
}

fn between_quotes(message: &str) -> &str {
    message.split('"').nth(1).unwrap_or(message)
}

/// The field that a column belongs to.
fn field(model: Option<&Model>, column: &str) -> String {
    let field = model.and_then(|model| model.columns().find(|(_, _, it)| it.db_name == column));
    field.map_or(column, |(_, field, _)| field.name.as_ref()).to_owned()
}
