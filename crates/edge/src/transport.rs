//! How a request reaches a pool: the one thing that differs between hosts.

use lenslet_core::error::{Error, ErrorKind};
use std::{fmt, future::Future, pin::Pin};

/// What has to hold for sharing between threads: `Send + Sync` where there are threads, nothing in WebAssembly, where
/// what a host hands out cannot leave its thread. One name for both, so that the same client compiles for both.
#[cfg(not(target_family = "wasm"))]
pub trait Threads: Send + Sync {}
#[cfg(not(target_family = "wasm"))]
impl<T: Send + Sync + ?Sized> Threads for T {}
/// What has to hold for sharing between threads: nothing, here.
#[cfg(target_family = "wasm")]
pub trait Threads {}
#[cfg(target_family = "wasm")]
impl<T: ?Sized> Threads for T {}

/// The future of an answer: `Send` where there are threads.
#[cfg(not(target_family = "wasm"))]
pub type Sent = Pin<Box<dyn Future<Output = Result<Response, Error>> + Send>>;
/// The future of an answer.
#[cfg(target_family = "wasm")]
pub type Sent = Pin<Box<dyn Future<Output = Result<Response, Error>>>>;

/// Posts requests.
pub trait Transport: Threads + 'static {
    /// Posts the request and waits for the whole answer, whatever its status. Nothing is sent before the future is polled.
    ///
    /// A transport MAY send again what it knows not to have been executed (the connection was refused, the answer was 429
    /// or 503 with `retry-after`), and what is [`repeatable`](Request::repeatable); nothing else.
    ///
    /// # Errors
    /// [`PoolUnreachable`](lenslet_core::error::ErrorKind::PoolUnreachable) when there is no answer. The error must not show
    /// the request's headers, which hold the key.
    fn send(&self, request: Request) -> Sent;

    /// Posts a request whose answer nobody waits for: the rollback of a transaction that was dropped. A transport that
    /// cannot do so without being polled leaves it: the pool rolls back when the transaction's time is over.
    fn send_and_forget(&self, request: Request) {
        drop(request);
    }
}

/// A `POST`.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Request {
    /// Where to.
    pub url: String,
    /// Names in lower case, and values.
    pub headers: Vec<(&'static str, String)>,
    /// JSON, or nothing.
    pub body: String,
    /// Whether the pool may be asked twice: the request only reads.
    pub repeatable: bool,
}

/// Without the values of the headers, among which is the key.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").field("url", &self.url).field("body", &self.body).finish_non_exhaustive()
    }
}

/// What was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: String,
    /// Lines of a name in lower case, a colon and a value.
    pub(crate) headers: String,
}

impl Response {
    /// An answer.
    pub fn new(status: u16, body: String) -> Self {
        Response { status, body, headers: String::new() }
    }

    /// With a header of the answer. Of interest are `accelerate-cache-status`, `last-modified` and `cf-ray`, which
    /// [`CacheInfo`](lenslet_core::cache::CacheInfo) is made of; others need not be given.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        for part in [name, ":", value, "\n"] {
            self.headers.push_str(part);
        }
        self
    }
}

/// How requests are sent unless another way is given.
#[allow(unreachable_code, reason = "what comes last is for where no feature is chosen")]
pub(crate) fn of_features() -> Box<dyn Transport> {
    #[cfg(all(any(feature = "fetch", feature = "worker"), target_family = "wasm"))]
    return Box::new(crate::Fetch);
    #[cfg(all(feature = "http", not(target_family = "wasm")))]
    return Box::new(crate::Http::new());
    Box::new(Nowhere)
}

/// Sends nothing, and says so.
struct Nowhere;

impl Transport for Nowhere {
    fn send(&self, _: Request) -> Sent {
        let message = "the client cannot send requests: turn on its feature `worker`, `fetch` or `http`, or give its \
                       engine a transport with `over`";
        Box::pin(std::future::ready(Err(Error::new(ErrorKind::PoolUnreachable, message))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::task::{Context, Poll, Waker};

    #[test]
    fn nowhere_to_send() {
        let request = Request { url: String::new(), headers: Vec::new(), body: String::new(), repeatable: true };
        let answer = Nowhere.send(request).as_mut().poll(&mut Context::from_waker(Waker::noop()));
        let Poll::Ready(Err(error)) = answer else { panic!("an answer from nowhere: {answer:?}") };
        assert_eq!(error.kind(), ErrorKind::PoolUnreachable);
        assert!(error.message().contains("turn on its feature"), "{error}");
    }
}
