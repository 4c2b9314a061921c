//! What a request is answered with: statuses and bodies as the clients of Prisma 5.22 to 6.19 read them.

use crate::{body::MOST_BYTES, cache::Status, limits::RETRY_AFTER_MS, metrics};
use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    HeaderMap, Response, StatusCode,
    header::{CONNECTION, CONTENT_TYPE, HeaderName, HeaderValue, LAST_MODIFIED, RETRY_AFTER},
};
use lenslet_core::{
    error::{Error, ErrorKind},
    value::Value,
};
use lenslet_wire::{
    answer::{Form, ROWS},
    error,
    json::Writer,
};

/// An answer, before it is HTTP's.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// The code of the error that it tells, if it tells one.
    pub(crate) code: Option<&'static str>,
}

const CACHE_STATUS: HeaderName = HeaderName::from_static("accelerate-cache-status");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

impl Reply {
    /// JSON.
    pub(crate) fn json(status: StatusCode, body: impl Into<Bytes>) -> Self {
        let mut headers = HeaderMap::with_capacity(4);
        headers.insert(CONTENT_TYPE, JSON);
        Reply { status, headers, body: body.into(), code: None }
    }

    /// The answer of a query, which may be an error of it.
    pub(crate) fn answered(form: Form, body: impl Into<Bytes>) -> Self {
        let mut reply = Reply::json(StatusCode::OK, body);
        if form == Form::Rows {
            reply.headers.insert(CONTENT_TYPE, HeaderValue::from_static(ROWS));
        }
        reply
    }

    /// An error that is not one of a query alone, each with the status and body from which Prisma's clients make the same
    /// error again.
    pub(crate) fn refused(form: Form, refused: &Error) -> Self {
        let status = status_of(refused.kind());
        let body = match (form, refused.kind()) {
            (Form::Rows, _) => error::write(refused),
            (_, ErrorKind::BadRequest) => object("InvalidRequestError", "reason", refused.message()),
            (_, ErrorKind::VersionUnsupported) => NO_VERSION.into(),
            (_, ErrorKind::PoolFailed) => "\"InternalDataProxyError\"".into(),
            (_, kind) if is_start(kind) => startup(refused),
            (_, kind) if is_known(kind) => error::write_bare(refused),
            (_, kind) if is_message(kind) => {
                let mut out = Writer::default();
                out.open('{');
                out.key("message");
                out.text(refused.message());
                out.close('}');
                out.finish()
            }
            _ => error::write(refused),
        };
        let mut reply = Reply::json(status, body).telling(refused);
        if refused.get(MOST_BYTES).is_some() {
            reply.status = StatusCode::PAYLOAD_TOO_LARGE;
        }
        if let Some(Value::Int(milliseconds)) = refused.get(RETRY_AFTER_MS) {
            reply.headers.insert(RETRY_AFTER, HeaderValue::from(milliseconds.max(&1).div_euclid(1000) + 1));
        }
        reply
    }

    /// The pool is about to end. Nothing was executed: who asks again reaches another one, or this one after its restart.
    pub(crate) fn draining(form: Form) -> Self {
        let error = Error::new(ErrorKind::PoolFailed, "the pool is stopping; ask again");
        let mut reply = Reply::refused(form, &error);
        // Prisma's clients ask again whatever the status is; theirs is the one that they know with this body.
        if form == Form::Rows {
            reply.status = StatusCode::SERVICE_UNAVAILABLE;
        }
        reply.once_more_elsewhere()
    }

    /// Too many clients have connected.
    pub(crate) fn crowded(form: Form, most: usize) -> Self {
        let error = Error::new(
            ErrorKind::PoolFailed,
            format!("the pool is overloaded: {most} clients are connected, its `http-connections`; ask again later"),
        );
        let reply = match form {
            Form::Rows => Reply::refused(form, &error),
            Form::Objects => Reply::text(StatusCode::OK, format!("{}\n", error.message())).telling(&error),
        };
        Reply { status: StatusCode::SERVICE_UNAVAILABLE, ..reply }.once_more_elsewhere()
    }

    fn once_more_elsewhere(mut self) -> Self {
        self.headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        self.closing()
    }

    /// The last answer of its connection.
    #[must_use]
    pub(crate) fn closing(mut self) -> Self {
        self.headers.insert(CONNECTION, HeaderValue::from_static("close"));
        self
    }

    /// The transaction is one of another pool, or of this one before it was started anew.
    pub(crate) fn misrouted(form: Form) -> Self {
        let error = Error::new(
            ErrorKind::Transaction,
            "the transaction is not at this pool: it began at another one, or at this one before it was started again; begin it anew",
        );
        let body = match form {
            Form::Rows => error::write(&error),
            Form::Objects => object("InteractiveTransactionMisrouted", "reason", "NoQueryEngineFoundError"),
        };
        Reply::json(StatusCode::NOT_FOUND, body).telling(&error)
    }

    /// Text for programs that are not clients.
    pub(crate) fn text(status: StatusCode, body: impl Into<Bytes>) -> Self {
        let mut reply = Reply::json(status, body);
        reply.headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        reply
    }

    /// It tells this error.
    #[must_use]
    pub(crate) fn telling(mut self, error: &Error) -> Self {
        self.code = Some(error.code());
        self
    }

    /// A transaction that could not begin or end.
    pub(crate) fn transaction_failed(form: Form, failed: &Error) -> Self {
        match failed.kind() {
            kind if status_of(kind) != StatusCode::OK => Reply::refused(form, failed),
            _ => Reply::json(StatusCode::INTERNAL_SERVER_ERROR, error::write_bare(failed)).telling(failed),
        }
    }

    /// The client is to send its schema first.
    pub(crate) fn schema_missing() -> Self {
        Reply::json(StatusCode::NOT_FOUND, r#"{"EngineNotStarted":{"reason":"SchemaMissing"}}"#)
    }

    /// Says where the answer comes from, as the extension of Prisma's client reads it.
    #[must_use]
    pub(crate) fn whence(mut self, status: Status, modified: Option<&str>) -> Self {
        metrics::cached(status);
        self.headers.insert(CACHE_STATUS, HeaderValue::from_static(status.name()));
        if let Some(Ok(modified)) = modified.map(HeaderValue::from_str) {
            self.headers.insert(LAST_MODIFIED, modified);
        }
        self
    }

    pub(crate) fn into_response(self) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::new(self.body));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }
}

const NO_VERSION: &str = r#"{"EngineNotStarted":{"reason":"EngineVersionNotSupported"}}"#;

/// The status of an error; 200 for those that the query itself is to blame for.
pub(crate) fn status_of(kind: ErrorKind) -> StatusCode {
    match kind {
        ErrorKind::BadRequest | ErrorKind::VersionUnsupported => StatusCode::BAD_REQUEST,
        ErrorKind::ParameterRefused | ErrorKind::AnswerTooLarge => StatusCode::BAD_REQUEST,
        ErrorKind::Unauthorized => StatusCode::UNAUTHORIZED,
        ErrorKind::Forbidden => StatusCode::FORBIDDEN,
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::UsageExceeded | ErrorKind::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
        ErrorKind::PoolTimedOut | ErrorKind::QueryTimeout => StatusCode::GATEWAY_TIMEOUT,
        ErrorKind::PoolFailed => StatusCode::INTERNAL_SERVER_ERROR,
        kind if is_start(kind) => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::OK,
    }
}

/// Whether the database could not be asked at all.
fn is_start(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::Authentication
            | ErrorKind::Unreachable
            | ErrorKind::ConnectTimeout
            | ErrorKind::DatabaseMissing
            | ErrorKind::Tls
    )
}

/// Whether Prisma's clients take code and message from the body, whatever the status is.
fn is_known(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::Forbidden | ErrorKind::QueryTimeout | ErrorKind::ParameterRefused | ErrorKind::AnswerTooLarge
    )
}

/// Whether Prisma's clients take the error from the status and show the body.
fn is_message(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::Unauthorized
            | ErrorKind::NotFound
            | ErrorKind::UsageExceeded
            | ErrorKind::TooManyRequests
            | ErrorKind::PoolTimedOut
    )
}

/// `{"name":{"key":"value"}}`
fn object(name: &str, key: &str, value: &str) -> String {
    let mut out = Writer::default();
    out.open('{');
    out.key(name);
    out.open('{');
    out.key(key);
    out.text(value);
    out.close('}');
    out.close('}');
    out.finish()
}

fn startup(error: &Error) -> String {
    let mut out = Writer::default();
    out.open('{');
    out.key("EngineNotStarted");
    out.open('{');
    out.key("reason");
    out.open('{');
    out.key("KnownEngineStartupError");
    out.open('{');
    out.key("msg");
    out.text(error.message());
    out.key("error_code");
    out.text(error.code());
    (0..4).for_each(|_| out.close('}'));
    out.finish()
}
