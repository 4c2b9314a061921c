//! The engine that posts queries.

use crate::{
    Catalog, Environment,
    transport::{self, Request, Response, Sent, Transport},
    url::{PoolUrl, joined},
};
use lenslet_core::{
    cache::{Headers, Stale},
    draft::Draft,
    engine::{Engine as Execute, Isolation, TransactionOptions},
    error::{Error, ErrorKind},
    value::Value,
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
        f.debug_struct("Engine").field("url", &self.pool.root).finish_non_exhaustive()
    }
}

struct Pool {
    root: String,
    /// The hash of the schema.
    schema: &'static str,
    key: String,
    transport: Box<dyn Transport>,
}

/// An interactive transaction, or a savepoint in one.
struct Session {
    pool: Arc<Pool>,
    /// What a savepoint is in.
    outer: Option<Arc<Session>>,
    id: String,
    endpoint: String,
    ended: AtomicBool,
    /// Named by `begin` only, so that a Worker without transactions does not carry it.
    roll_back: fn(&Session),
}

impl Engine {
    /// An engine for the pool at this URL: `https://pool/?api_key=…`, `http://` for a loopback host, `prisma://…` or
    /// `prisma+postgres://…`.
    ///
    /// It sends its requests as the features of this crate say: `worker` or `fetch` with the host's `fetch`, `http` over
    /// connections of its own. Without one of them its first use fails with P5010 and says so; give it a transport with
    /// [`over`](Engine::over).
    ///
    /// # Errors
    /// P6001 when the URL is not one of a pool; the message does not repeat it.
    pub fn new(url: &str, catalog: &'static Catalog) -> Result<Self, Error> {
        Engine::make(url, catalog, transport::of_features())
    }

    /// An engine that sends its requests so.
    ///
    /// # Errors
    /// P6001 when the URL is not one of a pool.
    pub fn with_transport(url: &str, catalog: &'static Catalog, transport: impl Transport) -> Result<Self, Error> {
        Engine::make(url, catalog, Box::new(transport))
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
                joined(&["`", variable, "` is not set or empty; it holds the URL of the pool"]),
            )),
        }
    }

    /// The same engine, outside of any transaction, sending its requests so. With a generated client:
    /// `Client::from_engine(Client::new(url)?.engine().over(transport))`.
    #[must_use]
    pub fn over(&self, transport: impl Transport) -> Self {
        let Pool { root, schema, key, .. } = &*self.pool;
        let pool = Pool { root: root.clone(), schema, key: key.clone(), transport: Box::new(transport) };
        Engine { pool: Arc::new(pool), session: None }
    }

    fn make(url: &str, catalog: &'static Catalog, transport: Box<dyn Transport>) -> Result<Self, Error> {
        let PoolUrl { base, key } = PoolUrl::parse(url)?;
        let pool = Pool { root: base, schema: catalog.hash, key, transport };
        Ok(Engine { pool: Arc::new(pool), session: None })
    }

    /// An address of the pool, or of where it keeps the transaction.
    fn url(&self, path: &str) -> String {
        match &self.session {
            Some(session) => joined(&[&session.endpoint, path]),
            None => joined(&[&self.pool.root, "/", env!("CARGO_PKG_VERSION"), "/", self.pool.schema, path]),
        }
    }

    fn ask(&self, body: String, more: Headers, repeatable: bool) -> Pending {
        let mut request = self.pool.request(self.url("/graphql"), body);
        request.headers.extend(more);
        self.send(Request { repeatable, ..request })
    }

    fn tell(&self, path: &str, body: String) -> Pending {
        self.send(self.pool.request(self.url(path), body))
    }

    fn send(&self, mut request: Request) -> Pending {
        if let Some(session) = &self.session {
            request.headers.push(("x-transaction-id", session.id.clone()));
        }
        Pending::Sent(self.pool.transport.send(request), self.clone())
    }

    async fn end(&self, path: &str) -> Result<(), Error> {
        let Some(session) = &self.session else {
            return Err(Error::new(ErrorKind::Transaction, "there is no transaction to end here"));
        };
        // From here on its end has been asked for, and is not asked for again when the engine is dropped.
        session.ended.store(true, Ordering::Relaxed);
        self.tell(path, String::new()).await.map(drop)
    }
}

impl Pool {
    fn request(&self, url: String, body: String) -> Request {
        let headers = vec![
            ("authorization", joined(&["Bearer ", &self.key])),
            ("accept", answer::ROWS.into()),
            ("content-type", "application/json".into()),
            ("lenslet-protocol", PROTOCOL.into()),
        ];
        Request { url, headers, body, repeatable: false }
    }
}

impl Session {
    /// Asks for its end without waiting for it. Requests overtake each other: what is asked next in the outer transaction could
    /// be undone with a savepoint that is given up, so the whole of it is.
    fn roll_back(&self) {
        if let Some(outer) = &self.outer {
            outer.ended.store(true, Ordering::Relaxed);
            return outer.roll_back();
        }
        let mut request = self.pool.request(joined(&[self.endpoint.as_str(), "/rollback"]), String::new());
        request.headers.push(("x-transaction-id", self.id.clone()));
        self.pool.transport.send_and_forget(request);
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if !self.ended.load(Ordering::Relaxed) {
            (self.roll_back)(self);
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
    type Output = Result<Response, Error>;
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut *self {
            Pending::Sent(sent, _) => Poll::Ready(accepted(ready!(sent.as_mut().poll(context))?)),
            // Nobody polls what is done; whoever does learns that the pool was not asked.
            Pending::Failed(error) => Poll::Ready(Err(error.take().unwrap_or_else(|| refused(0)))),
        }
    }
}

/// An answer that is no error.
fn accepted(response: Response) -> Result<Response, Error> {
    match error::read(&response.body) {
        Some(error) => Err(error),
        None if (200..300).contains(&response.status) => Ok(response),
        None => Err(refused(response.status)),
    }
}

/// What a status means where the body does not say it.
#[cold]
fn refused(status: u16) -> Error {
    let kind = match status {
        400 => ErrorKind::BadRequest,
        401 | 403 => ErrorKind::Unauthorized,
        404 => ErrorKind::NotFound,
        429 => ErrorKind::TooManyRequests,
        504 => ErrorKind::PoolTimedOut,
        _ => ErrorKind::PoolFailed,
    };
    let message = match kind {
        ErrorKind::Unauthorized => "the pool refused the key; see `lenslet pool key list`",
        ErrorKind::NotFound => "there is no `lenslet pool` at this address",
        _ => "the pool refused or failed; its log says why",
    };
    Error::new(kind, message).with("status", Value::Int(status.into()))
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
        Pin::new(&mut self.0).poll(context).map_ok(|answer| Rows::new(answer.body).with_headers(answer.headers))
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
        let answer = ready!(Pin::new(&mut self.0).poll(context))?;
        Poll::Ready(Rows::batch(&answer.body))
    }
}

impl Execute for Engine {
    type Rows = Rows;
    type Answer = Answer;
    type Answers = Answers;
    type SoFar<O> = ();

    fn execute(&self, query: Draft) -> Answer {
        match query.cache_headers().unwrap_or_else(|| Ok(Headers::new())) {
            Ok(more) => Answer(self.ask(encode::query(&query), more, query.only_reads())),
            Err(error) => Answer(Pending::Failed(Some(error))),
        }
    }

    fn batch(&self, queries: Vec<Draft>, isolation: Option<Isolation>) -> Answers {
        let only_reads = queries.iter().all(|query| query.only_reads());
        Answers(self.ask(encode::batch(&queries, isolation), Headers::new(), only_reads))
    }

    async fn begin(&self, options: TransactionOptions) -> Result<Self, Error> {
        let answer = self.tell("/transaction/start", encode::start(&options)).await?;
        let (id, endpoint) =
            started(&answer.body).ok_or_else(|| Error::unexpected_answer("the id of a transaction"))?;
        // The key goes to that address, too: a pool may name another host, but not an unprotected way to it.
        if self.pool.root.starts_with("https://") && !endpoint.starts_with("https://") {
            return Err(Error::new(
                ErrorKind::Transaction,
                "the pool keeps the transaction at an address without `https://`; check the address it was told to be at",
            ));
        }
        let (pool, outer, ended) = (self.pool.clone(), self.session.clone(), AtomicBool::new(false));
        let session = Session { pool, outer, id, endpoint, ended, roll_back: Session::roll_back };
        Ok(Engine { pool: self.pool.clone(), session: Some(Arc::new(session)) })
    }

    async fn commit(&self) -> Result<(), Error> {
        self.end("/commit").await
    }

    async fn rollback(&self) -> Result<(), Error> {
        self.end("/rollback").await
    }

    async fn invalidate(&self, stale: Stale) -> Result<(), Error> {
        let request = self.pool.request(joined(&[&self.pool.root, "/invalidate"]), encode::stale(&stale));
        // Forgetting twice is forgetting.
        self.send(Request { repeatable: true, ..request }).await.map(drop)
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
