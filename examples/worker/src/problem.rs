//! What can go wrong, as an answer: `{"error": {"code": …, "message": …}}`.

use db::ErrorKind;
use worker::{Response, console_error};

/// Why there is no answer of the usual kind.
pub enum Problem {
    /// The database says so.
    Database(db::Error),
    /// The request is not what the API takes.
    Request(String),
    /// The Worker's host failed.
    Host(worker::Error),
}

impl From<db::Error> for Problem {
    fn from(error: db::Error) -> Self {
        Problem::Database(error)
    }
}

impl From<worker::Error> for Problem {
    fn from(error: worker::Error) -> Self {
        Problem::Host(error)
    }
}

/// A handler's answer, whatever became of it.
pub fn catch(result: Result<Response, Problem>) -> worker::Result<Response> {
    result.or_else(response)
}

/// The answer for a problem.
pub fn response(problem: Problem) -> worker::Result<Response> {
    let (status, code, message) = match &problem {
        Problem::Database(error) => match status(error.kind()) {
            500 => {
                // Who calls an API learns nothing about its inside; who runs it reads the log.
                console_error!("{error}");
                (500, error.code(), "something went wrong")
            }
            status => (status, error.code(), error.message()),
        },
        Problem::Request(message) => (400, "request", message.as_str()),
        Problem::Host(error) => {
            console_error!("{error}");
            (500, "host", "something went wrong")
        }
    };
    let body = serde_json::json!({ "error": { "code": code, "message": message } });
    Ok(Response::from_json(&body)?.with_status(status))
}

/// The kinds are the same on every engine, and survive the way from the database through the pool.
fn status(kind: ErrorKind) -> u16 {
    match kind {
        // A row that was named does not exist: by its own key, or by a foreign one.
        ErrorKind::RecordMissing | ErrorKind::ForeignKeyConstraint => 404,
        // A row with that value exists, or someone else was faster.
        ErrorKind::UniqueConstraint | ErrorKind::WriteConflict => 409,
        ErrorKind::ValueTooLong | ErrorKind::ValueOutOfRange | ErrorKind::Input => 400,
        // The pool is busy or away: try again later.
        ErrorKind::PoolTimeout | ErrorKind::TooManyRequests | ErrorKind::PoolUnreachable => 503,
        _ => 500,
    }
}
