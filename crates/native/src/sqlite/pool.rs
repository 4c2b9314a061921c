//! The connections to one SQLite database: one that writes, and some that read.

use super::{
    connection::Connection,
    settings::{Location, Settings},
};
use crate::{
    observe::{Observer, Share},
    timer::within,
};
use lenslet_core::error::{Error, ErrorKind};
use std::{
    ops::Deref,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The connections to a database.
pub(crate) struct Pool {
    pub(crate) settings: Settings,
    pub(crate) observer: Arc<Observer>,
    writer: Arc<Lane>,
    /// The writer's again, where there can be but one connection.
    readers: Arc<Lane>,
}

/// Connections of one kind, handed out in the order in which they are asked for.
struct Lane {
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<(Connection, Share)>>,
    observer: Arc<Observer>,
}

/// A connection on loan. It goes back when this is dropped, without an open transaction.
pub(crate) struct Lease {
    connection: Option<Connection>,
    lane: Arc<Lane>,
    _permit: OwnedSemaphorePermit,
    _share: Share,
}

impl Lane {
    fn new(connections: usize, observer: &Arc<Observer>) -> Arc<Lane> {
        Arc::new(Lane {
            permits: Arc::new(Semaphore::new(connections.min(Semaphore::MAX_PERMITS))),
            idle: Mutex::default(),
            observer: Arc::clone(observer),
        })
    }

    fn lease(self: &Arc<Self>, permit: OwnedSemaphorePermit, settings: &Settings) -> Result<Lease, Error> {
        let idle = self.idle().pop();
        let connection = match idle {
            Some((connection, _)) => connection,
            None => Connection::open(settings, &self.observer)?,
        };
        let _share = self.observer.metrics.busy();
        Ok(Lease { connection: Some(connection), lane: Arc::clone(self), _permit: permit, _share })
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<(Connection, Share)>> {
        // Pushing and popping cannot leave it half done.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pool {
    pub(crate) fn new(settings: Settings, observer: Arc<Observer>) -> Pool {
        let writer = Lane::new(1, &observer);
        let readers = match settings.location {
            Location::Memory => Arc::clone(&writer),
            Location::File(_) => Lane::new(settings.readers, &observer),
        };
        Pool { settings, observer, writer, readers }
    }

    fn lane(&self, writes: bool) -> &Arc<Lane> {
        if writes { &self.writer } else { &self.readers }
    }

    /// A connection, when one is free and nobody waits for it.
    pub(crate) fn try_lease(&self, writes: bool) -> Option<Result<Lease, Error>> {
        let lane = self.lane(writes);
        let permit = Arc::clone(&lane.permits).try_acquire_owned().ok()?;
        self.observer.metrics.waited(Duration::ZERO);
        Some(lane.lease(permit, &self.settings))
    }

    /// A connection, once one is free; `None` when that takes too long.
    pub(crate) async fn lease_within(&self, writes: bool, time: Duration) -> Option<Result<Lease, Error>> {
        let lane = self.lane(writes);
        let waiting = self.observer.waiting();
        // The semaphore is never closed.
        let permit = within(time, Arc::clone(&lane.permits).acquire_owned()).await?.ok()?;
        drop(waiting);
        Some(lane.lease(permit, &self.settings))
    }

    /// A connection, once one is free.
    pub(crate) async fn lease(&self, writes: bool) -> Result<Lease, Error> {
        let timeout = self.settings.pool_timeout;
        self.lease_within(writes, timeout).await.unwrap_or_else(|| {
            Err(Error::new(
                ErrorKind::PoolTimeout,
                format!(
                    "no connection to the SQLite database became free within {} s; end transactions sooner, or raise \
                     `connection_limit` or `pool_timeout` in the URL",
                    timeout.as_secs()
                ),
            ))
        })
    }
}

impl Deref for Lease {
    type Target = Connection;
    fn deref(&self) -> &Connection {
        match &self.connection {
            Some(connection) => connection,
            None => unreachable!("a lease holds its connection until it is dropped"),
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            connection.abandon();
            let share = self.lane.observer.metrics.idle();
            self.lane.idle().push((connection, share));
        }
    }
}
