//! The engine that posts queries.

use crate::{
    Catalog, Environment,
    transport::{Request, Response, Sent, Transport},
    url::{PoolUrl, joined},
};
use lenslet_core::{
    engine::{Engine as Execute, Isolation, TransactionOptions},
    error::{Error, ErrorKind},
    query::{Cache, Query},
};
use lenslet_wire::{answer, encode, error, json::Scanner, rows::Rows};
use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
};

/// The version of what is sent and answered. A pool serves every version that it knows.
const PROTOCOL: &str = "1";

/// Executes queries in a pool, one request a query or batch. Making one costs nothing; clones share everything.
#[derive(Clone)]
pub struct Engine {
    pool: Arc<Pool>,
    session: Option<Arc<Session>>,
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("url", &self.base()).finish_non_exhaustive()
    }
}

struct Pool {
    base: String,
    key: String,
    transport: Option<Box<dyn Transport>>,
}

/// An interactive transaction.
struct Session {
    pool: Arc<Pool>,
    id: String,
    endpoint: String,
    ended: AtomicBool,
}

impl Engine {
    /// An engine for the pool at this URL: `https://pool/?api_key=…`, `http://` for a loopback host, `prisma://…` or
    /// `prisma+postgres://…`.
    ///
    /// It has no [`Transport`]: its first use fails with P5010 and says so. Give one with [`over`](Engine::over).
    ///
    /// # Errors
    /// P6001 when the URL is not one of a pool; the message does not repeat it.
    pub fn new(url: &str, catalog: &'static Catalog) -> Result<Self, Error> {
        Engine::make(url, catalog, None)
    }

    /// An engine that sends its requests so.
    ///
    /// # Errors
    /// P6001 when the URL is not one of a pool.
    pub fn with_transport(url: &str, catalog: &'static Catalog, transport: impl Transport) -> Result<Self, Error> {
        Engine::make(url, catalog, Some(Box::new(transport)))
    }

    /// An engine for the pool that a variable names.
    ///
    /// # Errors
    /// P6001 when the variable is not set or empty, or its value is not the URL of a pool.
    pub fn from_env(env: &impl Environment, variable: &str, catalog: &'static Catalog) -> Result<Self, Error> {
        match env.variable(variable) {
            Some(url) => Engine::new(&url, catalog),
            None => Err(Error::new(
                ErrorKind::InvalidPoolUrl,
                joined(&[
                    "`",
                    variable,
                    "` is not set or empty; it holds the URL of the pool, `https://HOST/?api_key=…`",
                ]),
            )),
        }
    }

    /// The same engine, outside of any transaction, sending its requests so. With a generated client:
    /// `Client::from_engine(Client::new(url)?.engine().over(transport))`.
    #[must_use]
    pub fn over(&self, transport: impl Transport) -> Self {
        let pool =
            Pool { base: self.pool.base.clone(), key: self.pool.key.clone(), transport: Some(Box::new(transport)) };
        Engine { pool: Arc::new(pool), session: None }
    }

    fn make(url: &str, catalog: &'static Catalog, transport: Option<Box<dyn Transport>>) -> Result<Self, Error> {
        let PoolUrl { base, key } = PoolUrl::parse(url)?;
        let pool = Pool { base: joined(&[&base, "/", env!("CARGO_PKG_VERSION"), "/", catalog.hash]), key, transport };
        Ok(Engine { pool: Arc::new(pool), session: None })
    }

    /// Where the pool is, or where it keeps the transaction.
    fn base(&self) -> &str {
        match &self.session {
            Some(session) => &session.endpoint,
            None => &self.pool.base,
        }
    }

    fn post(&self, path: &str, body: String, cache: Option<&Cache>) -> Pending {
        let request = self.pool.request(joined(&[self.base(), path]), self.session.as_deref(), cache, body);
        let sent = request.and_then(|request| match &self.pool.transport {
            Some(transport) => Ok(transport.send(request)),
            None => Err(Error::new(ErrorKind::PoolUnreachable, NO_TRANSPORT)),
        });
        match sent {
            Ok(sent) => Pending::Sent(sent, self.clone()),
            Err(error) => Pending::Failed(Some(error)),
        }
    }

    async fn end(&self, path: &str) -> Result<(), Error> {
        let Some(session) = &self.session else {
            return Err(Error::new(ErrorKind::Transaction, "there is no transaction to end here"));
        };
        // From here on its end has been asked for, and is not asked for again when the engine is dropped.
        session.ended.store(true, Ordering::Relaxed);
        self.post(path, String::new(), None).await.map(drop)
    }
}

const NO_TRANSPORT: &str = "the client has no way to send requests: give it a transport with \
    `Client::from_engine(client.engine().over(transport))`";

impl Pool {
    fn request(
        &self,
        url: String,
        session: Option<&Session>,
        cache: Option<&Cache>,
        body: String,
    ) -> Result<Request, Error> {
        let mut headers = vec![
            ("authorization", joined(&["Bearer ", &self.key])),
            ("accept", answer::ROWS.into()),
            ("content-type", "application/json".into()),
            ("lenslet-protocol", PROTOCOL.into()),
        ];
        if let Some(session) = session {
            headers.push(("x-transaction-id", session.id.clone()));
        }
        if let Some(cache) = cache {
            caching(cache, &mut headers)?;
        }
        Ok(Request { url, headers, body })
    }
}

/// The headers that Prisma's clients send for the same.
fn caching(cache: &Cache, headers: &mut Vec<(&'static str, String)>) -> Result<(), Error> {
    let parts = [("max-age=", cache.ttl), ("stale-while-revalidate=", cache.swr)];
    let mut control = String::new();
    for (name, seconds) in parts {
        if let Some(seconds) = seconds {
            if !control.is_empty() {
                control.push(',');
            }
            control.push_str(name);
            control.push_str(&decimal(seconds));
        }
    }
    if !control.is_empty() {
        headers.push(("cache-control", control));
    }
    if !cache.tags.is_empty() {
        let is_tag = |tag: &str| !tag.is_empty() && tag.bytes().all(|byte| byte.is_ascii_graphic() && byte != b',');
        if !cache.tags.iter().all(|tag| is_tag(tag)) {
            let message = "a cache tag is made of visible ASCII characters without commas";
            return Err(Error::new(ErrorKind::Input, message));
        }
        let mut tags = String::new();
        for tag in &cache.tags {
            if !tags.is_empty() {
                tags.push(',');
            }
            tags.push_str(tag);
        }
        headers.push(("accelerate-cache-tags", tags));
    }
    Ok(())
}

fn decimal(number: u32) -> String {
    let mut out = lenslet_wire::json::Writer::default();
    out.integer(number.into());
    out.finish()
}

impl Drop for Session {
    fn drop(&mut self) {
        if self.ended.load(Ordering::Relaxed) {
            return;
        }
        let url = joined(&[self.endpoint.as_str(), "/rollback"]);
        if let Some(transport) = &self.pool.transport
            && let Ok(request) = self.pool.request(url, Some(self), None, String::new())
        {
            transport.send_and_forget(request);
        }
    }
}

/// A request on its way.
enum Pending {
    Sent(
        Sent,
        #[expect(dead_code, reason = "held, so that a transaction lives as long as what was asked inside it")] Engine,
    ),
    Failed(Option<Error>),
}

impl Future for Pending {
    type Output = Result<String, Error>;
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut *self {
            Pending::Sent(sent, _) => Poll::Ready(body(ready!(sent.as_mut().poll(context))?)),
            Pending::Failed(error) => Poll::Ready(Err(error
                .take()
                .unwrap_or_else(|| Error::new(ErrorKind::PoolError, "the request has already failed")))),
        }
    }
}

/// The body of an answer that is no error.
fn body(response: Response) -> Result<String, Error> {
    let Response { status, body } = response;
    match error::read(&body) {
        Some(error) => Err(error),
        None if (200..300).contains(&status) => Ok(body),
        None => Err(refused(status)),
    }
}

/// What a status means where the body does not say it.
#[cold]
fn refused(status: u16) -> Error {
    let (kind, message) = match status {
        400 => (ErrorKind::BadRequest, "the pool did not understand the request"),
        401 | 403 => (ErrorKind::Unauthorized, "the pool refused the key; see `lenslet pool key list`"),
        404 => (ErrorKind::NotFound, "the pool has nothing at this address; is it a `lenslet pool`?"),
        429 => (ErrorKind::TooManyRequests, "the pool refuses requests for now; try again later"),
        504 => (ErrorKind::PoolTimedOut, "the pool did not answer in time"),
        _ => (ErrorKind::PoolFailed, "the pool failed; its log says why"),
    };
    Error::new(kind, message).with("status", lenslet_core::value::Value::Int(status.into()))
}

/// The future of one answer.
#[must_use = "futures do nothing unless polled"]
pub struct Answer(Pending);

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").finish_non_exhaustive()
    }
}

impl Future for Answer {
    type Output = Result<Rows, Error>;
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context).map_ok(Rows::new)
    }
}

/// The future of the answers of a batch.
#[must_use = "futures do nothing unless polled"]
pub struct Answers(Pending);

impl fmt::Debug for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answers").finish_non_exhaustive()
    }
}

impl Future for Answers {
    type Output = Result<Vec<Rows>, Error>;
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let text = ready!(Pin::new(&mut self.0).poll(context))?;
        Poll::Ready(Rows::batch(&text))
    }
}

impl Execute for Engine {
    type Rows = Rows;
    type Answer = Answer;
    type Answers = Answers;

    fn execute(&self, query: Query) -> Answer {
        Answer(self.post("/graphql", encode::query(&query), query.cache.as_deref()))
    }

    fn batch(&self, queries: Vec<Query>, isolation: Option<Isolation>) -> Answers {
        Answers(self.post("/graphql", encode::batch(&queries, isolation), None))
    }

    async fn begin(&self, options: TransactionOptions) -> Result<Self, Error> {
        let answer = self.post("/transaction/start", encode::start(&options), None).await?;
        let (id, endpoint) = started(&answer).ok_or_else(|| Error::unexpected_answer("the id of a transaction"))?;
        // The key goes to that address, too: a pool may name another host, but not an unprotected way to it.
        if self.pool.base.starts_with("https://") && !endpoint.starts_with("https://") {
            return Err(Error::new(
                ErrorKind::Transaction,
                "the pool keeps the transaction at an address without `https://`; check the address it was told to be at",
            ));
        }
        let session = Session { pool: self.pool.clone(), id, endpoint, ended: AtomicBool::new(false) };
        Ok(Engine { pool: self.pool.clone(), session: Some(Arc::new(session)) })
    }

    async fn commit(&self) -> Result<(), Error> {
        self.end("/commit").await
    }

    async fn rollback(&self) -> Result<(), Error> {
        self.end("/rollback").await
    }
}

/// `{"id":…,"data-proxy":{"endpoint":…}}`.
fn started(text: &str) -> Option<(String, String)> {
    let (mut id, mut endpoint) = (None, None);
    let mut scanner = Scanner::new(text);
    let mut depth = 0;
    loop {
        if scanner.take(b'{') {
            depth += 1;
        }
        if scanner.take(b'}') {
            depth -= 1;
            if depth == 0 {
                return Some((id?, endpoint?));
            }
            scanner.take(b',');
            continue;
        }
        let key = scanner.string()?;
        scanner.take(b':').then_some(())?;
        match (key.as_ref(), scanner.peek()?) {
            ("id", b'"') => id = Some(scanner.string()?.into_owned()),
            ("endpoint", b'"') => endpoint = Some(scanner.string()?.into_owned()),
            (_, b'{') => continue,
            _ => drop(scanner.skip()?),
        }
        scanner.take(b',');
    }
}
