//! From a request to its reply: who asks, what is asked, what the engine answers.

use crate::{
    body,
    cache::{Asked, Cache, Stale, Status, Strategy},
    gate::{Gate, Rules},
    health::Health,
    keys::Admitted,
    limits::Room,
    metrics::Exporter,
    query_log,
    reply::{Reply, status_of},
    route::{Client, Route, Step},
    schema::Admission,
    scope::only_reads,
    seen::Seen,
    transactions::Transactions,
};
use bytes::Bytes;
use hyper::{
    Request, StatusCode,
    body::Incoming,
    header::{ACCEPT, HOST, HeaderMap},
    http::request::Parts,
};
use lenslet_core::{
    catalog::Catalog,
    engine::{Engine as _, TransactionOptions},
    error::{Error, ErrorKind},
    query::Query,
};
use lenslet_native::{Engine, forest::Rows};
use lenslet_wire::{
    answer::{self, Form, ROWS},
    decode, error,
    json::Writer,
    words,
};
use std::sync::Arc;
use tokio::sync::Mutex;
use tracing::Instrument as _;

/// What all connections share.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) admission: Admission,
    pub(crate) gate: Gate,
    /// Connections of clients.
    pub(crate) door: Room,
    /// Those who are told that there are too many.
    pub(crate) turned_away: Room,
    pub(crate) cache: Arc<Cache>,
    pub(crate) engine: Engine,
    pub(crate) health: Health,
    /// Where numbers are kept, if the pool is to tell them.
    pub(crate) exporter: Option<Exporter>,
    /// What answers name as the place that they come from.
    pub(crate) region: String,
    pub(crate) transactions: Transactions,
    /// Schemas of clients are read one after the other.
    pub(crate) uploads: Mutex<()>,
    /// Where clients reach the pool, where that is not what they call it.
    pub(crate) public_url: Option<String>,
}

/// Who asks, and how it is answered.
#[derive(Clone, Copy, Debug)]
struct Caller<'r> {
    client: Client<'r>,
    form: Form,
    key: &'r Admitted,
    rules: &'r Arc<Rules>,
    /// Whether it is told the statements of its queries.
    told: bool,
}

/// Where a query runs.
#[derive(Clone, Copy, Debug)]
enum Place<'r> {
    /// On a connection of its own.
    Alone(&'r Engine),
    /// On that of an interactive transaction.
    Inside(&'r Engine),
}

/// The version of Lenslet's own part of the protocol.
const PROTOCOL: &str = "1";
const PROTOCOL_HEADER: &str = "lenslet-protocol";

impl Service {
    /// Answers a request that came over a connection that is secure, or not.
    pub(crate) async fn answer(self: &Arc<Self>, request: Request<Incoming>, secure: bool) -> Reply {
        let (head, body) = request.into_parts();
        let route = Route::of(&head.method, head.uri.path());
        let seen = Seen::begin(&head.headers, route.name());
        let form = form(&head.headers);
        let span = tracing::debug_span!("request", id = seen.id());
        // It is moved several times before it is first asked, and has room for whatever can be asked.
        let routed = Box::pin(self.routed(route, &head, form, body, secure, &seen));
        let answered = routed.instrument(span).await;
        let reply = answered.unwrap_or_else(|refused| Reply::refused(form, &refused));
        seen.end(reply, &self.region)
    }

    /// Answers a request over one connection too many.
    pub(crate) fn turn_away(&self, request: &Request<Incoming>) -> Reply {
        let most = self.gate.rules().limits.http_connections;
        let seen = Seen::begin(request.headers(), Route::of(request.method(), request.uri().path()).name());
        seen.end(Reply::crowded(form(request.headers()), most), &self.region)
    }

    async fn routed(
        self: &Arc<Self>,
        route: Route<'_>,
        head: &Parts,
        form: Form,
        body: Incoming,
        secure: bool,
        seen: &Seen,
    ) -> Result<Reply, Error> {
        match route {
            Route::Health => return Ok(Reply::text(StatusCode::OK, "ok\n")),
            Route::Ready => return Ok(Box::pin(self.health.ready(&self.engine)).await),
            Route::Query(_) | Route::Begin(_) | Route::Schema(_) if self.health.is_draining() => {
                return Ok(Reply::draining(form));
            }
            Route::OtherMethod => return Ok(Reply::json(StatusCode::METHOD_NOT_ALLOWED, "{}")),
            Route::Unknown => return Err(Error::new(ErrorKind::NotFound, "the pool has nothing at this address")),
            _ => {}
        }
        let rules = &self.gate.rules();
        let key = &*self.gate.admit(rules, &head.headers)?;
        let _ = seen.key.set(Arc::clone(&key.name));
        let told = rules.query_log && form == Form::Objects && query_log::is_wanted(&head.headers);
        let caller = |client| checked(Caller { client, form, key, rules, told }, &head.headers);
        match route {
            Route::Query(client) => {
                let caller = caller(client)?;
                if !self.admits(caller) {
                    return Ok(Reply::schema_missing());
                }
                let body = self.read(body, rules).await?;
                Ok(match Strategy::of(&head.headers) {
                    Ok(None) => self.query(Place::Alone(&self.engine), caller, &body).await.whence(Status::None, None),
                    Ok(Some(strategy)) => Box::pin(self.cached(caller, strategy, body)).await,
                    Err(refused) => failed(form, &refused),
                })
            }
            Route::Within(client, id, step) => {
                // Who ends a transaction is not asked for a release: what it did must not be lost for that.
                let caller = match step {
                    Step::Commit | Step::Rollback => Caller { client, form, key, rules, told },
                    Step::Query | Step::Save => caller(client)?,
                };
                if !self.transactions.may_have(id) {
                    return Ok(Reply::misrouted(form));
                }
                match step {
                    Step::Save => Ok(self.begun(head, caller, secure, self.saved(caller, id, body).await?)),
                    _ => Box::pin(self.within(caller, id, step, body)).await,
                }
            }
            Route::Begin(client) => {
                let caller = caller(client)?;
                if !self.admits(caller) {
                    return Ok(Reply::schema_missing());
                }
                Ok(self.begun(head, caller, secure, Box::pin(self.begin(caller, body)).await?))
            }
            Route::Schema(client) => {
                caller(client)?;
                let schema = self.read(body, rules).await?;
                Box::pin(self.gate.in_time(rules, self.uploaded(client.hash, schema))).await?;
                Ok(Reply::json(StatusCode::OK, quoted(client.hash)))
            }
            Route::Invalidate => {
                let stale = Stale::of(text(&self.read(body, rules).await?)?)?;
                self.cache.invalidate(&stale);
                Ok(Reply::json(StatusCode::OK, "{}"))
            }
            Route::Metrics => match &self.exporter {
                Some(exporter) => Ok(Reply::text(StatusCode::OK, exporter.render(self))),
                None => Err(Error::new(ErrorKind::NotFound, "the program keeps the pool's numbers elsewhere")),
            },
            Route::Health | Route::Ready | Route::OtherMethod | Route::Unknown => {
                Err(Error::new(ErrorKind::NotFound, "the pool has nothing at this address"))
            }
        }
    }

    /// Takes in the schema of a client. Reading one may take long, so that it happens beside what is answered, one at a time.
    async fn uploaded(self: &Arc<Self>, hash: &str, schema: Bytes) -> Result<(), Error> {
        let _alone = self.uploads.lock().await;
        let (service, hash) = (Arc::clone(self), hash.to_owned());
        let uploaded = tokio::task::spawn_blocking(move || service.admission.upload(&hash, &schema)).await;
        let uploaded = uploaded.map_err(|_| Error::new(ErrorKind::PoolFailed, "the schema could not be read"))?;
        uploaded.map_err(|refused| Error::new(ErrorKind::BadRequest, refused.to_string()))
    }

    /// A step of an interactive transaction.
    async fn within(&self, caller: Caller<'_>, id: &str, step: Step, body: Incoming) -> Result<Reply, Error> {
        let (form, owner) = (caller.form, Some(caller.key.number));
        Ok(match step {
            Step::Query | Step::Save => {
                let body = self.read(body, caller.rules).await?;
                match self.transactions.engine(id, owner) {
                    Ok(engine) => self.query(Place::Inside(&engine), caller, &body).await,
                    Err(ended) => failed(form, &ended),
                }
            }
            Step::Commit => ended(form, self.transactions.commit(id, owner).await),
            Step::Rollback => ended(form, self.transactions.rollback(id, owner).await),
        })
    }

    /// What a transaction or savepoint is to be.
    async fn options(&self, rules: &Rules, body: Incoming) -> Result<TransactionOptions, Error> {
        let body = self.read(body, rules).await?;
        decode::start(text(&body)?, &rules.decoding(decode::Client::Prisma))
    }

    async fn read(&self, body: Incoming, rules: &Rules) -> Result<Bytes, Error> {
        body::read(body, &rules.limits, &self.gate.memory).await
    }

    /// Begins an interactive transaction; its id, or why it could not begin.
    async fn begin(&self, caller: Caller<'_>, body: Incoming) -> Result<Result<String, Error>, Error> {
        let options = self.options(caller.rules, body).await?;
        let begun = async {
            let options = caller.rules.options(options)?;
            let _place = self.gate.enter(caller.rules)?;
            self.transactions.begin(&self.engine, options, Some(caller.key.number)).await
        };
        Ok(begun.await)
    }

    /// Begins a savepoint in a transaction, which has as much time as there is left of that.
    async fn saved(&self, caller: Caller<'_>, id: &str, body: Incoming) -> Result<Result<String, Error>, Error> {
        self.options(caller.rules, body).await?;
        let saving = self.transactions.save(id, Some(caller.key.number));
        Ok(self.gate.in_time(caller.rules, saving).await)
    }

    /// Lenslet's own clients name every column they want: whether one is there shows when it is asked for.
    fn admits(&self, caller: Caller<'_>) -> bool {
        caller.form == Form::Rows || self.admission.admits(caller.client.hash)
    }

    fn catalog(&self) -> &Catalog {
        self.admission.catalog()
    }

    /// Answers what stands in a body, with a kept answer where there is one.
    async fn cached(self: &Arc<Self>, caller: Caller<'_>, strategy: Strategy, body: Bytes) -> Reply {
        let form = caller.form;
        let cache = &self.cache;
        if !cache.is_on() {
            return self.query(Place::Alone(&self.engine), caller, &body).await.whence(Status::None, None);
        }
        let asked = Asked { scope: Arc::clone(&caller.key.scope), rows: form == Form::Rows, body };
        // What was kept for this scope was permitted to it.
        if let Some(answer) = cache.fresh(&asked, &strategy) {
            return Reply::answered(form, answer.body.clone()).whence(Status::Fresh, Some(&answer.modified));
        }
        let query = match self.decoded(caller, &asked.body) {
            Ok(decode::Request::One(query)) if only_reads(&query) => query,
            Ok(request) => {
                let answer = self.executed(Place::Alone(&self.engine), form, caller.rules, request).await;
                return self.replied(form, answer).whence(Status::None, None);
            }
            Err(error) => return failed(form, &error),
        };
        let (service, rules) = (Arc::clone(self), Arc::clone(caller.rules));
        let fetch = move || async move {
            let place = Place::Alone(&service.engine);
            service.executed(place, form, &rules, decode::Request::One(query)).await
        };
        match cache.get(&asked, &strategy, fetch).await {
            Ok((answer, status)) => Reply::answered(form, answer.body.clone()).whence(status, Some(&answer.modified)),
            Err(error) => failed(form, &error).whence(Status::None, None),
        }
    }

    /// Answers what stands in a body, with the statements that took where they are to be told.
    async fn query(&self, place: Place<'_>, caller: Caller<'_>, body: &Bytes) -> Reply {
        if !caller.told {
            return self.asked(place, caller, body).await;
        }
        let (mut reply, log) = Box::pin(query_log::recorded(self.asked(place, caller, body))).await;
        if let Some(body) = log.within(&reply.body) {
            reply.body = self.gate.memory.hold(body);
        }
        reply
    }

    async fn asked(&self, place: Place<'_>, caller: Caller<'_>, body: &Bytes) -> Reply {
        let answer = match self.decoded(caller, body) {
            Ok(request) => self.executed(place, caller.form, caller.rules, request).await,
            Err(error) => Err(error),
        };
        self.replied(caller.form, answer)
    }

    fn replied(&self, form: Form, answer: Result<String, Error>) -> Reply {
        match answer {
            Ok(answer) => Reply::answered(form, self.gate.memory.hold(answer)),
            Err(error) => failed(form, &error),
        }
    }

    /// What is asked for, where the key may.
    fn decoded(&self, caller: Caller<'_>, body: &Bytes) -> Result<decode::Request, Error> {
        let client = match caller.form {
            Form::Rows => decode::Client::Lenslet,
            Form::Objects => decode::Client::Prisma,
        };
        let request = decode::request(text(body)?, self.catalog(), &caller.rules.decoding(client))?;
        self.permitted(caller.key, &request)?;
        Ok(request)
    }

    fn permitted(&self, key: &Admitted, request: &decode::Request) -> Result<(), Error> {
        let permits = |query| key.scope.permits(query, self.catalog());
        match request {
            decode::Request::One(query) => permits(query),
            decode::Request::Several(queries) => queries.iter().flatten().try_for_each(permits),
            decode::Request::Transaction(queries, _) => queries.iter().try_for_each(permits),
        }
    }

    async fn executed(
        &self,
        place: Place<'_>,
        form: Form,
        rules: &Rules,
        request: decode::Request,
    ) -> Result<String, Error> {
        self.gate.memory.check(rules.limits.memory)?;
        let (engine, _place) = match place {
            Place::Alone(engine) => (engine, Some(self.gate.enter(rules)?)),
            Place::Inside(engine) => (engine, None),
        };
        // Boxed, since each of those who wait for it would have room for all of it.
        let answer = self.gate.in_time(rules, Box::pin(self.written(engine, form, request))).await?;
        rules.answer(answer)
    }

    async fn written(&self, engine: &Engine, form: Form, request: decode::Request) -> Result<String, Error> {
        match request {
            decode::Request::One(query) => {
                let rows = engine.execute(query.clone()).await?;
                answer::found(form, &query, self.catalog(), rows)
            }
            decode::Request::Several(queries) => Box::pin(self.several(engine, form, queries)).await,
            decode::Request::Transaction(queries, isolation) => {
                let rows = engine.batch(queries.clone(), isolation).await?;
                let answers = queries.into_iter().zip(rows).map(Ok::<(Query, Rows), Error>);
                Ok(answer::batch(form, self.catalog(), answers, true))
            }
        }
    }

    /// Each has an answer of its own, or an error.
    async fn several(&self, engine: &Engine, form: Form, queries: Vec<Result<Query, Error>>) -> Result<String, Error> {
        if let Some(answer) = self.read_together(engine, form, &queries).await? {
            return Ok(answer);
        }
        let mut answers = Vec::with_capacity(queries.len());
        for query in queries {
            answers.push(match query {
                Ok(query) => engine.execute(query.clone()).await.map(|rows| (query, rows)),
                Err(error) => Err(error),
            });
        }
        Ok(answer::batch(form, self.catalog(), answers, false))
    }

    /// What only reads is asked in one round trip. Nothing when a query fails: the others are then asked again, alone.
    async fn read_together(
        &self,
        engine: &Engine,
        form: Form,
        queries: &[Result<Query, Error>],
    ) -> Result<Option<String>, Error> {
        let reads: Vec<&Query> = queries.iter().flatten().filter(|query| only_reads(query)).collect();
        if reads.len() != queries.len() || reads.len() < 2 {
            return Ok(None);
        }
        match engine.batch(reads.iter().map(|query| (*query).clone()).collect(), None).await {
            Ok(rows) => {
                let answers = reads.into_iter().cloned().zip(rows).map(Ok::<(Query, Rows), Error>);
                Ok(Some(answer::batch(form, self.catalog(), answers, false)))
            }
            Err(error) if status_of(error.kind()) == StatusCode::OK => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// `{"id":…,"data-proxy":{"endpoint":…}}`: where the transaction goes on.
    fn begun(&self, head: &Parts, caller: Caller<'_>, secure: bool, begun: Result<String, Error>) -> Reply {
        let id = match begun {
            Ok(id) => id,
            Err(failed) => return Reply::transaction_failed(caller.form, &failed),
        };
        let base = match &self.public_url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => address(head, secure),
        };
        let mut out = Writer::default();
        out.open('{');
        out.key("id");
        out.text(&id);
        out.key("data-proxy");
        out.open('{');
        out.key("endpoint");
        out.text(&format!("{base}/{}/{}/itx/{id}", caller.client.version, caller.client.hash));
        out.close('}');
        out.close('}');
        Reply::json(StatusCode::OK, out.finish())
    }
}

/// The caller, if its release is one that can be answered.
fn checked<'r>(caller: Caller<'r>, headers: &HeaderMap) -> Result<Caller<'r>, Error> {
    let version = caller.client.version;
    let spoken = match headers.get(PROTOCOL_HEADER) {
        Some(protocol) if protocol == PROTOCOL => return Ok(caller),
        Some(protocol) => format!("version {protocol:?} of Lenslet's protocol"),
        None if matches!(version.split('.').next(), Some("5" | "6")) => return Ok(caller),
        None => format!("the protocol of release {version}"),
    };
    Err(Error::new(ErrorKind::VersionUnsupported, format!("the pool does not speak {spoken}")))
}

/// What the client calls the pool. Who tells something else than the truth misleads only itself.
fn address(head: &Parts, secure: bool) -> String {
    let header = |name| head.headers.get(name).and_then(|it| it.to_str().ok());
    let host = header("x-forwarded-host").or_else(|| header(HOST.as_str()));
    let host = host.or_else(|| head.uri.authority().map(|it| it.as_str())).unwrap_or_default();
    let scheme = match header("x-forwarded-proto") {
        Some(scheme @ ("http" | "https")) => scheme,
        _ if secure => "https",
        _ => "http",
    };
    format!("{scheme}://{host}")
}

fn form(headers: &HeaderMap) -> Form {
    let wants_rows = headers.get(ACCEPT).is_some_and(|accept| accept == ROWS);
    if wants_rows { Form::Rows } else { Form::Objects }
}

/// An error in place of an answer: of the query, or of what is around it.
fn failed(form: Form, error: &Error) -> Reply {
    match status_of(error.kind()) {
        StatusCode::OK => Reply::answered(form, error::write(&words::of(form, error))).telling(error),
        _ => Reply::refused(form, error),
    }
}

fn ended(form: Form, ended: Result<(), Error>) -> Reply {
    match ended {
        Ok(()) => Reply::json(StatusCode::OK, "{}"),
        Err(failed) => Reply::transaction_failed(form, &failed),
    }
}

fn text(body: &Bytes) -> Result<&str, Error> {
    str::from_utf8(body).map_err(|_| Error::new(ErrorKind::BadRequest, "the request is not UTF-8 text"))
}

fn quoted(text: &str) -> String {
    let mut out = Writer::default();
    out.text(text);
    out.finish()
}
