//! A pool that lives as long as a test: in this process, on loopback, on a port of its own.

use lenslet::{Sources, check};
use lenslet_core::catalog::Catalog;
use lenslet_pool::{Builder, Pool, Schema};
use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

/// A running pool. It is told to stop when this is dropped.
#[derive(Debug)]
pub struct RunningPool {
    /// Where it listens.
    pub address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    ended: JoinHandle<()>,
}

impl RunningPool {
    /// Starts a pool in front of a database.
    ///
    /// # Errors
    /// When the URL is not one of the schema's database, or there is no port to listen on.
    pub async fn start(pool: Builder, database_url: &str) -> io::Result<Self> {
        let pool = pool.build(database_url).map_err(io::Error::other)?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel();
        let ended = tokio::spawn(pool.serve(listener, async {
            // To be told to stop and to be forgotten is the same.
            let _ = stopped.await;
        }));
        Ok(RunningPool { address, stop: Some(stop), ended })
    }

    /// Tells it to stop, and waits until it has.
    pub async fn stop(mut self) {
        self.stop.take();
        let _ = (&mut self.ended).await;
    }
}

/// A pool that answers from a schema, with nothing else said.
///
/// # Errors
/// When the schema is refused.
pub fn pool_of(schema: &str) -> Result<Builder, String> {
    Ok(Pool::builder(Schema::new(catalog(schema)?, catalog)))
}

fn catalog(text: &str) -> Result<Catalog, String> {
    let checked = check(&Sources::single("schema.prisma", text));
    checked.schema.map(|schema| schema.catalog).ok_or_else(|| String::from("the schema is refused"))
}
