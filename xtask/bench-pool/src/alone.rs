//! The engine in this process, without HTTP: what a native client has.

use std::time::{Duration, Instant};

use lenslet_core::{catalog::Catalog, engine::Engine as _};
use lenslet_native::Engine;
use lenslet_wire::{
    answer::{self, Form},
    decode::{Client, Limits, Request, request},
};
use std::sync::Arc;
use tokio::task::JoinSet;

use crate::{
    Result, SCHEMA,
    work::{Measured, Query},
};

/// An engine with the schema that it answers from.
#[derive(Clone)]
pub(crate) struct Alone {
    engine: Engine,
    catalog: Arc<Catalog>,
}

pub(crate) fn engine(url: &str) -> Result<Alone> {
    let checked = lenslet::check(&lenslet::Sources::single("schema.prisma", SCHEMA));
    let catalog = Arc::new(checked.schema.ok_or("the schema is valid")?.catalog);
    Ok(Alone { engine: Engine::with_catalog(url, Arc::clone(&catalog))?, catalog })
}

impl Alone {
    /// The text is read and written here as well, as it is in the pool: the difference is HTTP, keys, limits.
    async fn ask(&self, query: &Query) -> Result {
        let limits = Limits { client: Client::Lenslet, ..Limits::default() };
        let Request::One(query) = request(&query.body(), &self.catalog, &limits)? else {
            return Err("one query".into());
        };
        let rows = self.engine.execute(query.clone()).await?;
        std::hint::black_box(answer::found(Form::Rows, &query, &self.catalog, rows)?);
        Ok(())
    }
}

pub(crate) async fn measure(alone: &Alone, query: &'static Query, clients: usize, round: Duration) -> Result<Measured> {
    let end = Instant::now() + round;
    let mut asking = JoinSet::new();
    for _ in 0..clients {
        let alone = alone.clone();
        asking.spawn(async move {
            let mut times = Vec::new();
            while Instant::now() < end {
                let began = Instant::now();
                alone.ask(query).await?;
                times.push(began.elapsed());
            }
            Ok::<_, crate::Failed>(times)
        });
    }
    let mut times = Vec::new();
    while let Some(done) = asking.join_next().await {
        times.extend(done??);
    }
    Ok(Measured::of(times, round))
}
