//! The connections of an engine: opened when they are needed, kept for the next, replaced when they break.

use super::{connection::Connection, settings::Settings, tls};
use crate::{
    observe::{Observer, Share},
    timer::within,
};
use lenslet_core::error::{Error, ErrorKind};
use std::{
    ops::{Deref, DerefMut},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, atomic::AtomicBool},
    time::{Duration, Instant},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_postgres_rustls::MakeRustlsConnect;

/// The connections of an engine.
pub(crate) struct Pool {
    pub(crate) settings: Settings,
    tls: OnceLock<MakeRustlsConnect>,
    /// As many as there may be connections.
    permits: Arc<Semaphore>,
    /// The one that was used last is used next: the others may be given up by whatever lies between.
    idle: Mutex<Vec<Idle>>,
    unprepared: Arc<AtomicBool>,
    /// Whether something hands connections on, once that is known.
    bouncer: OnceLock<bool>,
    pub(crate) observer: Arc<Observer>,
}

/// A connection that nobody uses.
struct Idle {
    connection: Connection,
    since: Instant,
    _share: Share,
}

/// After how long a connection may have ended without the runtime having noticed.
const FRESH: Duration = Duration::from_millis(100);

/// A connection, lent out.
pub(crate) struct Lease {
    connection: Option<Connection>,
    pool: Arc<Pool>,
    permit: Option<OwnedSemaphorePermit>,
    _share: Share,
}

impl Pool {
    pub(crate) fn new(settings: Settings, observer: Arc<Observer>) -> Pool {
        Pool {
            permits: Arc::new(Semaphore::new(settings.connections.min(Semaphore::MAX_PERMITS))),
            settings,
            tls: OnceLock::new(),
            idle: Mutex::default(),
            unprepared: Arc::default(),
            bouncer: OnceLock::new(),
            observer,
        }
    }

    /// A connection, as soon as one is free.
    pub(crate) async fn lease(self: &Arc<Self>) -> Result<Lease, Error> {
        let timeout = self.settings.pool_timeout;
        match self.lease_within(timeout).await {
            Some(lease) => lease,
            None => Err(Error::new(
                ErrorKind::PoolTimeout,
                format!(
                    "no connection became free within {} s; raise `connection_limit` (now {}) or `pool_timeout` in the URL",
                    timeout.as_secs(),
                    self.settings.connections
                ),
            )),
        }
    }

    /// A connection, or nothing when none is free in time.
    pub(crate) async fn lease_within(self: &Arc<Self>, time: Duration) -> Option<Result<Lease, Error>> {
        let permit = match Arc::clone(&self.permits).try_acquire_owned() {
            Ok(permit) => {
                self.observer.metrics.waited(Duration::ZERO);
                permit
            }
            // It is never closed.
            Err(_) => {
                let _waiting = self.observer.waiting();
                within(time, Arc::clone(&self.permits).acquire_owned()).await?.ok()?
            }
        };
        Some(self.connection().await.map(|connection| Lease {
            connection: Some(connection),
            pool: Arc::clone(self),
            permit: Some(permit),
            _share: self.observer.metrics.busy(),
        }))
    }

    async fn connection(&self) -> Result<Connection, Error> {
        while let Some(mut idle) = self.take() {
            if idle.since.elapsed() > FRESH {
                // The runtime looks at the sockets.
                tokio::task::yield_now().await;
            }
            if idle.connection.is_usable() {
                return Ok(idle.connection);
            }
        }
        let tls = match self.tls.get() {
            Some(tls) => tls,
            None => {
                let made = tls::connector(&self.settings.tls)?;
                self.tls.get_or_init(|| made)
            }
        };
        let Pool { settings, unprepared, bouncer, observer, .. } = self;
        Connection::open(settings, tls, unprepared, bouncer, observer).await
    }

    fn take(&self) -> Option<Idle> {
        self.idle().pop()
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Idle>> {
        // Nothing in here can be left half done.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn give_back(&self, connection: Connection) {
        if !connection.is_broken() {
            let since = Instant::now();
            let _share = self.observer.metrics.idle();
            self.idle().push(Idle { connection, since, _share });
        }
    }
}

impl Deref for Lease {
    type Target = Connection;
    fn deref(&self) -> &Connection {
        match &self.connection {
            Some(connection) => connection,
            None => unreachable!("a connection is taken out when its lease is dropped"),
        }
    }
}

impl DerefMut for Lease {
    fn deref_mut(&mut self) -> &mut Connection {
        match &mut self.connection {
            Some(connection) => connection,
            None => unreachable!("a connection is taken out when its lease is dropped"),
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some(mut connection) = self.connection.take() else {
            return;
        };
        if connection.is_idle() || connection.is_broken() {
            return self.pool.give_back(connection);
        }
        // An operation was given up, or a transaction: the statement is stopped, what it did is undone. Without a runtime the
        // connection is closed instead, which has the same effect, later.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        let (pool, permit) = (Arc::clone(&self.pool), self.permit.take());
        runtime.spawn(async move {
            if connection.recover().await {
                pool.give_back(connection);
            }
            drop(permit);
        });
    }
}
