//! The edge without a network: a transport that decodes a request and executes it on the engine it is given.
//!
//! What a client over it can do is what it can do through a pool, except for keys, limits and the cache.

use lenslet_core::{
    catalog::Catalog,
    engine::Engine as Execute,
    error::{Error, ErrorKind},
};
use lenslet_edge::{Request, Response, Sent, Transport};
use lenslet_native::Engine;
use lenslet_wire::{
    answer::{self, Form},
    decode::{self, Client, Limits},
    error,
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

/// A pool in the same process.
#[derive(Clone, Debug)]
pub struct InProcess(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    catalog: Arc<Catalog>,
    engine: Engine,
    form: Form,
    sessions: Mutex<BTreeMap<String, Engine>>,
}

/// What of an address comes after the version and the hash of the schema.
const PREFIX: usize = 5;

impl InProcess {
    /// A pool that executes on this engine.
    pub fn new(catalog: Arc<Catalog>, engine: Engine) -> Self {
        InProcess(Arc::new(Inner { catalog, engine, form: Form::Rows, sessions: Mutex::default() }))
    }

    /// How many interactive transactions are open.
    pub fn open_transactions(&self) -> usize {
        self.sessions(|sessions| sessions.len())
    }

    fn sessions<T>(&self, with: impl FnOnce(&mut BTreeMap<String, Engine>) -> T) -> T {
        with(&mut self.0.sessions.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn answer(&self, request: Request) -> Result<String, Error> {
        let path: Vec<&str> = request.url.split('/').skip(PREFIX).collect();
        let (engine, id, rest) = match path.as_slice() {
            ["itx", id, rest @ ..] => {
                let engine = self.sessions(|sessions| sessions.get(*id).cloned());
                let expired = || Error::new(ErrorKind::Transaction, "Transaction not found: it has ended");
                (engine.ok_or_else(expired)?, Some(*id), rest)
            }
            rest => (self.0.engine.clone(), None, rest),
        };
        match (rest, id) {
            (["graphql"], _) => self.query(&engine, &request.body).await,
            (["transaction", "start"], _) => self.start(&engine, &request).await,
            (["commit"], Some(id)) => self.ended(id, engine.commit().await),
            (["rollback"], Some(id)) => self.ended(id, engine.rollback().await),
            _ => Err(Error::new(ErrorKind::NotFound, "no such path")),
        }
    }

    fn ended(&self, id: &str, result: Result<(), Error>) -> Result<String, Error> {
        self.sessions(|sessions| sessions.remove(id));
        result.map(|()| "{}".into())
    }

    async fn start(&self, engine: &Engine, request: &Request) -> Result<String, Error> {
        let options = decode::start(&request.body, &Limits::default())?;
        let begun = engine.begin(options).await?;
        let id = self.sessions(|sessions| {
            let last = sessions.keys().filter_map(|id| id.parse().ok()).max().unwrap_or(0_u64);
            let id = (last + 1).to_string();
            sessions.insert(id.clone(), begun);
            id
        });
        let base: Vec<&str> = request.url.split('/').take(PREFIX).collect();
        let endpoint = format!("{}/itx/{id}", base.join("/"));
        Ok(serde_json::json!({ "id": id, "data-proxy": { "endpoint": endpoint } }).to_string())
    }

    async fn query(&self, engine: &Engine, body: &str) -> Result<String, Error> {
        let Inner { catalog, form, .. } = &*self.0;
        let limits = Limits { client: Client::Lenslet, ..Limits::default() };
        Ok(match decode::request(body, catalog, &limits)? {
            decode::Request::One(query) => {
                let answered = engine.execute(query.clone()).await;
                answer::one(*form, &query, catalog, answered)
            }
            decode::Request::Transaction(queries, isolation) => {
                let rows = engine.batch(queries.clone(), isolation).await?;
                let answers = queries.into_iter().zip(rows).map(Ok);
                answer::batch(*form, catalog, answers, true)
            }
            decode::Request::Several(queries) => {
                let mut answers = Vec::new();
                for query in queries {
                    answers.push(match query {
                        Ok(query) => engine.execute(query.clone()).await.map(|rows| (query, rows)),
                        Err(error) => Err(error),
                    });
                }
                answer::batch(*form, catalog, answers, false)
            }
        })
    }
}

impl Transport for InProcess {
    fn send(&self, request: Request) -> Sent {
        let pool = self.clone();
        Box::pin(async move {
            let body = pool.answer(request).await.unwrap_or_else(|error| error::write(&error));
            Ok(Response::new(200, body))
        })
    }

    fn send_and_forget(&self, request: Request) {
        // The engine rolls back when its last clone is dropped, so forgetting it is enough.
        if let Some(id) = request.url.split('/').nth(PREFIX + 1) {
            self.sessions(|sessions| sessions.remove(id));
        }
    }
}
