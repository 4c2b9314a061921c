//! What a check of a plan says when it fails, with Prisma's codes and facts.

use lenslet_core::{
    error::{Error, ErrorKind},
    value::Value,
};

/// What a failed check means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// No row was there for the operation (`an update`).
    Missing {
        /// Prisma's name of the operation.
        operation: &'static str,
    },
    /// No row of a relation was there for the nested operation (`a nested update`).
    MissingRelated {
        /// The model of the row.
        model: String,
        /// What the row was needed for; empty, or a text in brackets.
        needed: String,
        /// Prisma's name of the operation.
        operation: &'static str,
        /// The relation.
        relation: String,
        /// `one-to-many`, for instance.
        arity: &'static str,
    },
    /// Fewer rows than asked for could be read for a connection.
    IncompleteInput {
        /// How many were asked for.
        expected: usize,
    },
    /// Fewer rows than asked for were connected.
    IncompleteOutput {
        /// How many were asked for.
        expected: usize,
        /// The relation.
        relation: String,
        /// `one-to-many`, for instance.
        arity: &'static str,
    },
    /// The rows are not connected.
    NotConnected {
        /// The relation.
        relation: String,
        /// The model of the row that it was said of.
        parent: String,
        /// The model of the rows.
        child: String,
    },
    /// A required relation would be broken.
    Violation {
        /// The relation.
        relation: String,
        /// The model that refers.
        from: String,
        /// The model that is referred to.
        to: String,
    },
}

impl Failure {
    /// The kind of its error.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Failure::Missing { .. } | Failure::MissingRelated { .. } | Failure::IncompleteInput { .. } => {
                ErrorKind::RecordMissing
            }
            Failure::IncompleteOutput { .. } => ErrorKind::ConnectedRecordsMissing,
            Failure::NotConnected { .. } => ErrorKind::NotConnected,
            Failure::Violation { .. } => ErrorKind::RelationViolation,
        }
    }

    /// The error, where `found` rows were found.
    pub fn error(&self, found: usize) -> Error {
        match self {
            Failure::Missing { operation } => missing(format!("No record was found for {operation}.")),
            Failure::MissingRelated {
                model,
                needed,
                operation,
                relation,
                arity,
            } => missing(format!(
                "No '{model}' record{needed} was found for {operation} on {arity} relation '{relation}'."
            )),
            Failure::IncompleteInput { expected } => missing(format!(
                "Expected {expected} records to be connected, found only {found}."
            )),
            Failure::IncompleteOutput {
                expected,
                relation,
                arity,
            } => {
                let details = format!(
                    "Expected {expected} records to be connected after connect operation on {arity} relation \
                     '{relation}', found {found}."
                );
                Error::new(
                    ErrorKind::ConnectedRecordsMissing,
                    format!("not every record to connect exists; check the selectors. {details}"),
                )
                .with("details", Value::Text(details))
            }
            Failure::NotConnected {
                relation,
                parent,
                child,
            } => Error::new(
                ErrorKind::NotConnected,
                format!(
                    "the selected `{child}` records are not connected to the `{parent}` record by relation `{relation}`; \
                     only connected records can be changed through it"
                ),
            )
            .with("relation_name", Value::Text(relation.clone()))
            .with("parent_name", Value::Text(parent.clone()))
            .with("child_name", Value::Text(child.clone())),
            Failure::Violation { relation, from, to } => Error::new(
                ErrorKind::RelationViolation,
                format!(
                    "a `{from}` record would be left without the `{to}` record that relation `{relation}` requires; \
                     delete it or connect it to another one first"
                ),
            )
            .with("relation_name", Value::Text(relation.clone()))
            .with("model_a_name", Value::Text(from.clone()))
            .with("model_b_name", Value::Text(to.clone())),
        }
    }
}

fn missing(cause: String) -> Error {
    Error::new(ErrorKind::RecordMissing, format!("a record that the operation depends on does not exist. {cause}"))
        .with("cause", Value::Text(cause))
}
