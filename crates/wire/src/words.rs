//! The words of errors for Prisma's clients, whose users know them and look for them in logs and tests.
//!
//! Lenslet says what happened in its own words. Where the recorded answers of Prisma's engine show how it says the same, its
//! clients are told so.

use crate::answer::Form;
use lenslet_core::{
    error::{Error, ErrorKind},
    value::Value,
};
use std::borrow::Cow;

/// An error as those who read this form know it.
///
/// ```
/// use lenslet_core::{error::{Error, ErrorKind}, value::Value};
/// use lenslet_wire::{answer::Form, words};
/// let error = Error::new(ErrorKind::UniqueConstraint, "there is one already")
///     .with("target", Value::List(vec![Value::Text("email".into())]));
/// assert_eq!(words::of(Form::Objects, &error).message(), "Unique constraint failed on the fields: (`email`)");
/// assert_eq!(words::of(Form::Rows, &error).message(), "there is one already");
/// ```
pub fn of(form: Form, error: &Error) -> Cow<'_, Error> {
    match form {
        Form::Rows => Cow::Borrowed(error),
        Form::Objects => match message(error) {
            Some(message) => Cow::Owned(said(error, message)),
            None => Cow::Borrowed(error),
        },
    }
}

fn message(error: &Error) -> Option<String> {
    let fact = |key| match error.get(key) {
        Some(Value::Text(text)) => Some(text.as_str()),
        _ => None,
    };
    Some(match error.kind() {
        ErrorKind::UniqueConstraint => match error.get("target")? {
            Value::List(fields) => format!("Unique constraint failed on the fields: ({})", quoted(fields)?),
            Value::Text(name) => format!("Unique constraint failed on the constraint: `{name}`"),
            _ => return None,
        },
        ErrorKind::ForeignKeyConstraint => match error.get("constraint")? {
            Value::Text(name) => format!("Foreign key constraint violated on the constraint: `{name}`"),
            // SQLite does not say which.
            Value::Null => "Foreign key constraint violated on the foreign key".to_owned(),
            _ => return None,
        },
        ErrorKind::ValueTooLong => {
            let column = fact("column_name")?;
            format!("The provided value for the column is too long for the column's type. Column: {column}")
        }
        ErrorKind::ValueOutOfRange => format!("Value out of range for the type: {}", fact("details")?),
        ErrorKind::RawQuery => {
            format!("Raw query failed. Code: `{}`. Message: `{}`", fact("code")?, fact("message")?)
        }
        ErrorKind::RecordMissing => format!(
            "An operation failed because it depends on one or more records that were required but not found. {}",
            fact("cause")?
        ),
        _ => return None,
    })
}

/// "`a`,`b`"
fn quoted(names: &[Value]) -> Option<String> {
    let name = |value: &Value| match value {
        Value::Text(name) => Some(format!("`{name}`")),
        _ => None,
    };
    let names: Option<Vec<String>> = names.iter().map(name).collect();
    names.map(|names| names.join(","))
}

/// The same error with another message.
fn said(error: &Error, message: String) -> Error {
    let same = error
        .meta()
        .iter()
        .fold(Error::new(error.kind(), message), |same, (key, value)| same.with(key.clone(), value.clone()));
    match error.batch_index() {
        Some(index) => same.in_batch(index),
        None => same,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(error: Error, expected: &str) {
        let told = of(Form::Objects, &error);
        assert_eq!((told.message(), told.kind(), told.meta()), (expected, error.kind(), error.meta()));
        assert_eq!(told.batch_index(), error.batch_index());
    }

    #[test]
    fn prisma_s_words() {
        let text = |text: &str| Value::Text(text.into());
        let unique = || Error::new(ErrorKind::UniqueConstraint, "");
        let both = Value::List(vec![text("a"), text("b")]);
        check(unique().with("target", both).in_batch(1), "Unique constraint failed on the fields: (`a`,`b`)");
        check(unique().with("target", text("i")), "Unique constraint failed on the constraint: `i`");
        let missing =
            Error::new(ErrorKind::RecordMissing, "").with("cause", text("No record was found for an update."));
        check(
            missing,
            "An operation failed because it depends on one or more records that were required but not found. No record was \
             found for an update.",
        );
        let foreign = Error::new(ErrorKind::ForeignKeyConstraint, "").with("constraint", text("k"));
        check(foreign, "Foreign key constraint violated on the constraint: `k`");
        let unnamed = Error::new(ErrorKind::ForeignKeyConstraint, "").with("constraint", Value::Null);
        check(unnamed, "Foreign key constraint violated on the foreign key");
        let long = Error::new(ErrorKind::ValueTooLong, "").with("column_name", text("c"));
        check(long, "The provided value for the column is too long for the column's type. Column: c");
        let large = Error::new(ErrorKind::ValueOutOfRange, "").with("details", text("integer out of range"));
        check(large, "Value out of range for the type: integer out of range");
        let raw =
            Error::new(ErrorKind::RawQuery, "").with("code", text("42P01")).with("message", text("no such table"));
        check(raw, "Raw query failed. Code: `42P01`. Message: `no such table`");
    }

    #[test]
    fn what_has_no_other_words_keeps_its_own() {
        check(Error::new(ErrorKind::UniqueConstraint, "ours"), "ours");
        check(Error::new(ErrorKind::PoolTimeout, "ours"), "ours");
    }
}
