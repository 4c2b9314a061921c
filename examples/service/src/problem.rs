//! What can go wrong, as an answer: `{"error": {"code": …, "message": …}}`.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Json, Response};
use lenslet_native::Conflict;
use serde_json::json;

use crate::db::{Error, ErrorKind};

/// Why a request is not answered as it wanted.
#[derive(Debug)]
pub(crate) enum Problem {
    /// The database says so.
    Database(Error),
    /// The account has less than that.
    TooLittle,
    /// There is no such account.
    NoAccount,
    /// The request itself makes no sense.
    Request(&'static str),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Problem::Database(error)
    }
}

/// What the database could not decide is tried again by a transaction, what this program decided is not.
impl Conflict for Problem {
    fn is_write_conflict(&self) -> bool {
        matches!(self, Problem::Database(error) if error.is_write_conflict())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, code, message) = match &self {
            Problem::Database(error) => match error.kind() {
                ErrorKind::UniqueConstraint => (StatusCode::CONFLICT, error.code(), "it is there already"),
                ErrorKind::WriteConflict | ErrorKind::PoolTimeout => {
                    (StatusCode::SERVICE_UNAVAILABLE, error.code(), "try it again")
                }
                // Who calls an API learns nothing about its inside.
                _ => (StatusCode::INTERNAL_SERVER_ERROR, error.code(), "something went wrong"),
            },
            Problem::TooLittle => (StatusCode::UNPROCESSABLE_ENTITY, "too-little", "the account has less than that"),
            Problem::NoAccount => (StatusCode::NOT_FOUND, "no-account", "there is no such account"),
            Problem::Request(message) => (StatusCode::BAD_REQUEST, "request", *message),
        };
        (status, Json(json!({ "error": { "code": code, "message": message } }))).into_response()
    }
}
