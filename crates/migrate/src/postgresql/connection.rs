//! A connection that waits for its answers.
//!
//! What changes a structure is a sequence of steps, and those who ask for it have nothing else to do meanwhile. The driver
//! runs on a thread of its own, so that this works within other runtimes as well.

use crate::failure::Failure;
use crate::session::Row;
use lenslet_core::error::{Error, ErrorKind};
use lenslet_native::postgresql;
use std::future::Future;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::{Client, SimpleQueryMessage};

/// How long a farewell may take.
const FAREWELL: Duration = Duration::from_secs(1);

pub(super) struct Connection {
    /// Absent only while it is dropped.
    driver: Option<Driver>,
}

struct Driver {
    runtime: Runtime,
    client: Arc<Client>,
    ended: Receiver<()>,
}

impl Connection {
    /// Connects to the database of a URL, or to another one on its server.
    pub(super) fn open(url: &str, database: Option<&str>) -> Result<Connection, Error> {
        let runtime = Builder::new_multi_thread().worker_threads(1).thread_name("lenslet-migrate").enable_all().build();
        let runtime = runtime.map_err(|error| Error::new(ErrorKind::External, format!("no thread: {error}")))?;
        let (url, database) = (url.to_owned(), database.map(str::to_owned));
        let (farewell, ended) = mpsc::channel();
        let connected = wait(&runtime, async move {
            let (client, wire) = postgresql::connect(&url, database.as_deref()).await?;
            tokio::spawn(async move {
                wire.await;
                let _ = farewell.send(());
            });
            Ok(client)
        });
        let stopped = || Err(Error::new(ErrorKind::External, "the thread of the connection has ended"));
        let client = Arc::new(connected.unwrap_or_else(stopped)?);
        Ok(Connection { driver: Some(Driver { runtime, client, ended }) })
    }

    /// Runs statements, all in one message: without transactions of their own they are one.
    pub(super) fn run(&self, sql: &str) -> Result<(), Failure> {
        let driver = self.driver.as_ref().ok_or(Failure::Closed)?;
        let (client, sql) = (Arc::clone(&driver.client), sql.to_owned());
        Ok(wait(&driver.runtime, async move { client.batch_execute(&sql).await }).ok_or(Failure::Closed)??)
    }

    /// The rows of a query.
    pub(super) fn rows(&self, sql: &str) -> Result<Vec<Row>, Failure> {
        let driver = self.driver.as_ref().ok_or(Failure::Closed)?;
        let (client, sql) = (Arc::clone(&driver.client), sql.to_owned());
        let messages =
            wait(&driver.runtime, async move { client.simple_query(&sql).await }).ok_or(Failure::Closed)??;
        let row = |message: &SimpleQueryMessage| match message {
            SimpleQueryMessage::Row(row) => {
                Some((0..row.len()).map(|at| row.try_get(at).ok().flatten().map(str::to_owned)).collect())
            }
            _ => None,
        };
        Ok(messages.iter().filter_map(row).collect())
    }

    /// The first column of every row.
    pub(super) fn texts(&self, sql: &str) -> Result<Vec<String>, Failure> {
        Ok(self.rows(sql)?.into_iter().filter_map(|row| row.into_iter().next().flatten()).collect())
    }

    /// The first column of the first row.
    pub(super) fn text(&self, sql: &str) -> Result<Option<String>, Failure> {
        Ok(self.texts(sql)?.into_iter().next())
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.close();
    }
}

impl Connection {
    /// Says farewell, so that the server lets go of locks at once.
    pub(super) fn close(&mut self) {
        if let Some(Driver { runtime, client, ended }) = self.driver.take() {
            drop(client);
            let _ = ended.recv_timeout(FAREWELL);
            runtime.shutdown_background();
        }
    }
}

/// Waits for a future that runs on the runtime's own thread. Absent when that thread has ended.
fn wait<T: Send + 'static>(runtime: &Runtime, future: impl Future<Output = T> + Send + 'static) -> Option<T> {
    let (sender, receiver) = mpsc::channel();
    runtime.spawn(async move {
        let _ = sender.send(future.await);
    });
    receiver.recv().ok()
}
