//! Work that takes longer than the caller's thread can spare.
//!
//! Each such piece of work holds a connection, so there are never more threads than connections; next to the milliseconds
//! that it takes, starting a thread costs nothing.

use super::connection::{Connection, Watch};
use lenslet_core::error::{Error, ErrorKind};
use std::{ops::Deref, sync::Arc, thread};
use tokio::sync::oneshot;
use tracing::Span;

/// Interrupts the work when whoever waits for it goes away.
struct Guard {
    watch: Arc<Watch>,
    work: u64,
}

impl Drop for Guard {
    fn drop(&mut self) {
        // Work that is done is not there any more to be interrupted.
        self.watch.cancel(self.work);
    }
}

/// Runs work on a thread of its own with what holds a connection.
pub(crate) async fn on_thread<H, T>(holder: H, work: impl FnOnce(H) -> T + Send + 'static) -> Result<T, Error>
where
    H: Deref<Target: AsConnection> + Send + 'static,
    T: Send + 'static,
{
    let (watch, number) = holder.connection().map(Connection::take_time).ok_or_else(lost)?;
    let guard = Guard { watch, work: number };
    let (answer, result) = oneshot::channel();
    let span = Span::current();
    let started = thread::Builder::new().name("lenslet-sqlite".into()).spawn(move || {
        // Where nobody waits any more the answer is of no use.
        let _ = answer.send(span.in_scope(|| work(holder)));
    });
    started.map_err(|error| Error::new(ErrorKind::External, format!("no thread could be started: {error}")))?;
    let result = result.await.map_err(|_| lost());
    drop(guard);
    result
}

fn lost() -> Error {
    Error::new(ErrorKind::ConnectionClosed, "the connection was lost while a statement ran")
}

/// What may hold a connection.
pub(crate) trait AsConnection {
    fn connection(&self) -> Option<&Connection>;
}

impl AsConnection for Connection {
    fn connection(&self) -> Option<&Connection> {
        Some(self)
    }
}

impl AsConnection for Option<super::pool::Lease> {
    fn connection(&self) -> Option<&Connection> {
        self.as_deref()
    }
}
