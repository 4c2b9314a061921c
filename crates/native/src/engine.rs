//! The engine that a native client is generated for.

#[cfg(feature = "postgresql")]
use crate::postgresql;
#[cfg(feature = "sqlite")]
use crate::sqlite;
use crate::{
    cells::{Cells, Sink},
    environment::Environment,
    forest::Rows,
    observe::{Observer, Operation, Options, Transaction},
    parts::Parts,
    plans::Schema,
};
use lenslet_core::{
    catalog::{Catalog, Provider},
    engine::{Engine as Execute, Isolation, TransactionOptions},
    error::{Error, ErrorKind},
    operation::Sendable,
    query::Query,
};
use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};
use tracing::Instrument;

/// Talks to the database of a schema. Cheap to clone: clones share connections and plans.
#[derive(Clone)]
pub struct Engine(Connector);

/// The databases that an engine talks to, each with what is open there.
#[derive(Clone)]
enum Connector {
    #[cfg(feature = "sqlite")]
    Sqlite(sqlite::Session),
    #[cfg(feature = "postgresql")]
    Postgresql(postgresql::Session),
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match &self.0 {
            #[cfg(feature = "sqlite")]
            Connector::Sqlite(_) => "sqlite",
            #[cfg(feature = "postgresql")]
            Connector::Postgresql(_) => "postgresql",
        };
        f.debug_tuple("Engine").field(&name).finish()
    }
}

impl Engine {
    /// An engine for the database at a URL. Nothing is opened before the first query.
    ///
    /// # Errors
    /// P1013 when the URL is not one of the schema's database.
    pub fn new(url: &str, catalog: &'static Catalog) -> Result<Engine, Error> {
        Engine::with_options(url, catalog, Options::new())
    }

    /// An engine for a catalog that was made at run time.
    ///
    /// # Errors
    /// Those of [`Engine::new`].
    pub fn with_catalog(url: &str, catalog: impl Into<Arc<Catalog>>) -> Result<Engine, Error> {
        Engine::with_options(url, catalog.into(), Options::new())
    }

    /// An engine that tells more than usual about its work.
    ///
    /// # Errors
    /// Those of [`Engine::new`].
    pub fn with_options(url: &str, schema: impl Into<Schema>, options: Options) -> Result<Engine, Error> {
        let (schema, observer) = (schema.into(), Observer::new(options));
        match schema.provider {
            #[cfg(feature = "sqlite")]
            Provider::Sqlite => sqlite::Session::new(url, schema, observer).map(|it| Engine(Connector::Sqlite(it))),
            #[cfg(feature = "postgresql")]
            Provider::Postgresql => {
                postgresql::Session::new(url, schema, observer).map(|it| Engine(Connector::Postgresql(it)))
            }
            other => Err(Error::new(
                ErrorKind::Unsupported,
                format!("this release does not execute queries on {}", other.name()),
            )),
        }
    }

    /// An engine for the database whose URL a variable holds.
    ///
    /// # Errors
    /// P1012 when the variable is not set; those of [`Engine::new`].
    pub fn from_env(
        environment: &impl Environment,
        variable: &str,
        catalog: &'static Catalog,
    ) -> Result<Engine, Error> {
        match environment.variable(variable) {
            Some(url) => Engine::new(&url, catalog),
            None => Err(Error::new(
                ErrorKind::SchemaInvalid,
                format!("the environment variable `{variable}` is not set; it must hold the URL of the database"),
            )),
        }
    }

    /// Opens a connection now, so that a wrong URL shows before the first query.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn connect(&self) -> Result<(), Error> {
        match &self.0 {
            #[cfg(feature = "sqlite")]
            Connector::Sqlite(session) => session.connect().await,
            #[cfg(feature = "postgresql")]
            Connector::Postgresql(session) => session.connect().await,
        }
    }
}

/// Makes a client whose engine has a connection already; what a generated `Client::connect` calls.
///
/// # Errors
/// P1013 when the URL is not valid, and when the database cannot be reached.
pub async fn connect<C>(
    url: impl Into<String>,
    catalog: &'static Catalog,
    client: fn(Engine) -> C,
) -> Result<C, Error> {
    let engine = Engine::new(&url.into(), catalog)?;
    engine.connect().await?;
    Ok(client(engine))
}

impl Execute for Engine {
    type Rows = Rows;
    type Answer = Answer<Query, Rows>;
    type Answers = Answer<Batch, Vec<Rows>>;

    fn execute(&self, query: Query) -> Self::Answer {
        Answer::new(self, query)
    }

    type SoFar<O> = Option<Box<O>>;

    fn poll_read<S: Sendable>(
        answer: &mut Self::Answer,
        so_far: &mut Self::SoFar<S::Out>,
        context: &mut Context<'_>,
    ) -> Poll<Result<S::Out, Error>> {
        let mut out = so_far.take().map(|it| *it);
        let polled = answer.poll_into(context, S::IN_PARTS, &mut |cells| {
            if cells.are_more() {
                return S::read_more(out.as_mut().ok_or_else(not_taken)?, cells);
            }
            out = Some(S::read(cells)?);
            Ok(())
        });
        if polled.is_pending() {
            *so_far = out.map(Box::new);
            return Poll::Pending;
        }
        polled.map(|done| done.and_then(|()| out.ok_or_else(not_taken)))
    }

    fn batch(&self, queries: Vec<Query>, isolation: Option<Isolation>) -> Self::Answers {
        Answer::new(self, Batch { queries, isolation })
    }

    async fn begin(&self, options: TransactionOptions) -> Result<Self, Error> {
        match &self.0 {
            #[cfg(feature = "sqlite")]
            Connector::Sqlite(session) => session.begin(&options).await.map(|it| Engine(Connector::Sqlite(it))),
            #[cfg(feature = "postgresql")]
            Connector::Postgresql(session) => session.begin(&options).await.map(|it| Engine(Connector::Postgresql(it))),
        }
    }

    async fn commit(&self) -> Result<(), Error> {
        let done = match &self.0 {
            #[cfg(feature = "sqlite")]
            Connector::Sqlite(session) => session.commit().await,
            #[cfg(feature = "postgresql")]
            Connector::Postgresql(session) => session.commit().await,
        };
        self.0.tell_end("committed", &done);
        done
    }

    async fn rollback(&self) -> Result<(), Error> {
        let done = match &self.0 {
            #[cfg(feature = "sqlite")]
            Connector::Sqlite(session) => session.rollback().await,
            #[cfg(feature = "postgresql")]
            Connector::Postgresql(session) => session.rollback().await,
        };
        self.0.tell_end("rolled back", &done);
        done
    }
}

impl Connector {
    fn observer(&self) -> &Arc<Observer> {
        match self {
            #[cfg(feature = "sqlite")]
            Connector::Sqlite(session) => session.observer(),
            #[cfg(feature = "postgresql")]
            Connector::Postgresql(session) => session.observer(),
        }
    }

    fn catalog(&self) -> &Catalog {
        match self {
            #[cfg(feature = "sqlite")]
            Connector::Sqlite(session) => session.catalog(),
            #[cfg(feature = "postgresql")]
            Connector::Postgresql(session) => session.catalog(),
        }
    }

    /// The transaction that operations are in.
    fn transaction(&self) -> Option<&Transaction> {
        match self {
            #[cfg(feature = "sqlite")]
            Connector::Sqlite(session) => session.transaction(),
            #[cfg(feature = "postgresql")]
            Connector::Postgresql(session) => session.transaction(),
        }
    }

    fn tell_end(&self, how: &'static str, done: &Result<(), Error>) {
        if let Some(transaction) = self.transaction() {
            transaction.end(how, done);
        }
    }
}

/// Several queries in one transaction.
#[derive(Debug)]
pub struct Batch {
    queries: Vec<Query>,
    // SQLite knows one level only, which is the highest.
    #[cfg_attr(not(feature = "postgresql"), allow(dead_code))]
    isolation: Option<Isolation>,
}

/// What an engine can be asked.
pub trait Request: private::Ask + Send + Unpin + 'static {}
impl<T: private::Ask + Send + Unpin + 'static> Request for T {}

mod private {
    use super::{Connector, Error, Operation, Parts, Pending};

    /// How a connector answers a request: at once where it can, or later.
    pub trait Ask: Sized {
        /// What it is answered with.
        type Out;
        /// Answers at once, or says what to wait for.
        fn ask(self, connector: ConnectorRef<'_>) -> Result<Result<Self::Out, Error>, Pending<Self::Out>>;
        /// Watches it, where somebody listens.
        fn watch(&self, connector: ConnectorRef<'_>) -> Option<Watched>;
        /// How many rows it was answered with.
        fn rows(out: &Self::Out) -> u64;
    }

    /// Hides the connector from those who see the trait, and where rows may be put that come before others.
    pub struct ConnectorRef<'a>(
        pub(super) &'a Connector,
        #[cfg_attr(not(feature = "postgresql"), allow(dead_code))] pub(super) Option<&'a Parts>,
    );

    /// Hides what an operation is watched with.
    pub struct Watched(pub(super) Operation);
}

type Pending<T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send>>;

impl private::Ask for Query {
    type Out = Rows;
    fn ask(self, connector: private::ConnectorRef<'_>) -> Result<Result<Rows, Error>, Pending<Rows>> {
        match connector.0 {
            #[cfg(feature = "sqlite")]
            Connector::Sqlite(session) => match session.now(&self) {
                sqlite::Now::Done(result) => Ok(result),
                sqlite::Now::Later(how) => Err(Box::pin(session.clone().later(self, how))),
            },
            #[cfg(feature = "postgresql")]
            Connector::Postgresql(session) => Err(Box::pin(session.clone().execute(self, connector.1.cloned()))),
        }
    }
    fn watch(&self, connector: private::ConnectorRef<'_>) -> Option<private::Watched> {
        let connector = connector.0;
        let within = connector.transaction().and_then(Transaction::span);
        Operation::query(connector.observer(), within, self, connector.catalog()).map(private::Watched)
    }
    fn rows(rows: &Rows) -> u64 {
        rows.total()
    }
}

impl private::Ask for Batch {
    type Out = Vec<Rows>;
    fn ask(self, connector: private::ConnectorRef<'_>) -> Result<Result<Vec<Rows>, Error>, Pending<Vec<Rows>>> {
        match connector.0 {
            #[cfg(feature = "sqlite")]
            Connector::Sqlite(session) => match session.batch_now(&self.queries) {
                sqlite::Now::Done(result) => Ok(result),
                sqlite::Now::Later(how) => Err(Box::pin(session.clone().batch_later(self.queries, how))),
            },
            #[cfg(feature = "postgresql")]
            Connector::Postgresql(session) => Err(Box::pin(session.clone().batch(self.queries, self.isolation))),
        }
    }
    fn watch(&self, connector: private::ConnectorRef<'_>) -> Option<private::Watched> {
        let connector = connector.0;
        let within = connector.transaction().and_then(Transaction::span);
        Operation::batch(connector.observer(), within, &self.queries).map(private::Watched)
    }
    fn rows(answers: &Vec<Rows>) -> u64 {
        answers.iter().map(|rows| u64::from(rows.len())).sum()
    }
}

/// The answer of an engine. Most are there when they are first asked for, so nothing is boxed before one has to wait.
pub struct Answer<Q, T> {
    state: State<Q, T>,
    /// Where rows are put that have come before the others.
    parts: Option<Parts>,
}

enum State<Q, T> {
    Asked(Connector, Q),
    Waiting(Pending<T>),
    Answered,
}

impl<Q, T> Answer<Q, T> {
    fn new(engine: &Engine, request: Q) -> Self {
        Answer { state: State::Asked(engine.0.clone(), request), parts: None }
    }
}

impl<Q, T> fmt::Debug for Answer<Q, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").finish_non_exhaustive()
    }
}

#[cold]
fn not_taken() -> Error {
    Error::unexpected_answer("an answer that was not taken yet")
}

impl Answer<Query, Rows> {
    /// Polls the answer and has it read.
    fn poll_into(&mut self, context: &mut Context<'_>, in_parts: bool, sink: &mut Sink<'_>) -> Poll<Result<(), Error>> {
        #[cfg(feature = "sqlite")]
        if let Some(done) = self.read_now(sink) {
            return Poll::Ready(done);
        }
        if let State::Asked(_, query) = &self.state
            && in_parts
        {
            self.parts = Parts::of(query);
        }
        loop {
            let polled = Pin::new(&mut *self).poll(context);
            let parts = self.parts.as_ref().map(Parts::take).unwrap_or_default();
            let waits = parts.is_empty();
            for mut part in parts {
                sink(&mut Cells::Whole(&mut part))?;
            }
            match polled {
                Poll::Ready(rows) => return Poll::Ready(sink(&mut Cells::Whole(&mut rows?))),
                Poll::Pending if waits => return Poll::Pending,
                // More may have come meanwhile; and whoever stopped for a part to be taken waits for nothing else.
                Poll::Pending => {}
            }
        }
    }

    /// Has the answer read where it lies, if it can be had at once.
    #[cfg(feature = "sqlite")]
    fn read_now(&mut self, sink: &mut Sink<'_>) -> Option<Result<(), Error>> {
        let State::Asked(connector @ Connector::Sqlite(session), query) = &self.state else {
            return None;
        };
        let operation = private::Ask::watch(query, private::ConnectorRef(connector, None)).map(|it| it.0);
        let now = match &operation {
            None => session.read_now(query, sink),
            Some(operation) => operation.span.in_scope(|| session.read_now(query, sink)),
        };
        let how = match now {
            sqlite::Now::Later(how) => how,
            sqlite::Now::Done(done) => {
                if let Some(operation) = operation {
                    operation.finish(&done, |rows| *rows);
                }
                self.state = State::Answered;
                return Some(done.map(drop));
            }
        };
        let session = session.clone();
        if let State::Asked(_, query) = std::mem::replace(&mut self.state, State::Answered) {
            let pending: Pending<Rows> = Box::pin(session.later(query, how));
            self.state = State::Waiting(match operation {
                None => pending,
                Some(operation) => watched(pending, operation, |rows| rows.len().into()),
            });
        }
        None
    }
}

/// Waits, and tells what came of it.
fn watched<T: 'static>(pending: Pending<T>, operation: Operation, rows: fn(&T) -> u64) -> Pending<T> {
    Box::pin(async move {
        let done = pending.instrument(operation.span.clone()).await;
        operation.finish(&done, rows);
        done
    })
}

/// Asks, and tells what came of it where somebody listens.
fn ask<Q: Request + private::Ask>(
    connector: &Connector,
    request: Q,
    parts: Option<&Parts>,
) -> Result<Result<Q::Out, Error>, Pending<Q::Out>>
where
    Q::Out: 'static,
{
    let connector = || private::ConnectorRef(connector, parts);
    let Some(private::Watched(operation)) = request.watch(connector()) else {
        return request.ask(connector());
    };
    match operation.span.in_scope(|| request.ask(connector())) {
        Ok(done) => {
            operation.finish(&done, Q::rows);
            Ok(done)
        }
        Err(pending) => Err(watched(pending, operation, Q::rows)),
    }
}

impl<T: 'static, Q: Request + private::Ask<Out = T>> Future for Answer<Q, T> {
    type Output = Result<T, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut pending = match std::mem::replace(&mut self.state, State::Answered) {
            State::Asked(connector, request) => match ask(&connector, request, self.parts.as_ref()) {
                Ok(result) => return Poll::Ready(result),
                Err(pending) => pending,
            },
            State::Waiting(pending) => pending,
            State::Answered => return Poll::Ready(Err(not_taken())),
        };
        let polled = pending.as_mut().poll(context);
        if polled.is_pending() {
            self.state = State::Waiting(pending);
        }
        polled
    }
}
