//! Whether a pool can answer: for those who decide where requests go.

use crate::{limits::late, reply::Reply};
use hyper::StatusCode;
use lenslet_core::{
    engine::Engine as _,
    error::Error,
    query::{Action, Query, Raw},
};
use lenslet_native::Engine;
use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};
use tokio::sync::Mutex;

/// What a pool says of itself.
#[derive(Debug, Default)]
pub(crate) struct Health {
    draining: AtomicBool,
    /// When the database was asked, and what came of it.
    asked: Mutex<Option<(Instant, Result<(), Error>)>>,
}

/// How long the database may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long what it said holds: anybody may ask whether the pool is ready, which must not become a way to keep it busy.
const HOLDS: Duration = Duration::from_secs(1);

impl Health {
    /// From now on the pool only finishes what it has begun.
    pub(crate) fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// Whether queries can be answered, which the database is asked.
    pub(crate) async fn ready(&self, engine: &Engine) -> Reply {
        if self.is_draining() {
            return Reply::text(StatusCode::SERVICE_UNAVAILABLE, "draining\n");
        }
        let mut asked = self.asked.lock().await;
        let held = asked.take().filter(|(at, _)| at.elapsed() < HOLDS);
        let (at, said) = match held {
            Some(held) => held,
            None => (Instant::now(), ask(engine).await),
        };
        let reply = match &said {
            Ok(()) => Reply::text(StatusCode::OK, "ready\n"),
            Err(error) => Reply::text(StatusCode::SERVICE_UNAVAILABLE, format!("{}\n", error.code())).telling(error),
        };
        *asked = Some((at, said));
        reply
    }
}

async fn ask(engine: &Engine) -> Result<(), Error> {
    let raw = Raw { text: "SELECT 1".into(), braces: false, parameters: Vec::new() };
    let query = Query::new(Query::RAW, Action::QueryRaw(Box::new(raw)));
    let answered = tokio::time::timeout(PATIENCE, engine.execute(query)).await;
    answered.unwrap_or_else(|_| Err(late(PATIENCE))).map(drop)
}
