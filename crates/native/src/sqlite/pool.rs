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
    collections::VecDeque,
    ops::Deref,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::oneshot;

/// The connections to a database.
pub(crate) struct Pool {
    pub(crate) settings: Settings,
    pub(crate) observer: Arc<Observer>,
    writer: Arc<Lane>,
    /// The writer's again, where there can be but one connection.
    readers: Arc<Lane>,
}

/// Connections of one kind, handed out in the order in which they are asked for.
///
/// Most operations find one free, and take less than a microsecond: so a lease and its return are one lock each.
pub(crate) struct Lane {
    shelf: Mutex<Shelf>,
    observer: Arc<Observer>,
}

/// What a lane has to give. Somebody waits only while no turn is free.
struct Shelf {
    /// How many leases can be given, with an idle connection or with one that is opened then.
    turns: usize,
    idle: Vec<(Box<Connection>, Share)>,
    waiting: VecDeque<Waiting>,
}

/// Who waits for a turn.
struct Waiting {
    answer: oneshot::Sender<Lease>,
    lane: Arc<Lane>,
}

/// A connection on loan. It goes back when this is dropped, without an open transaction.
pub(crate) struct Lease<L: Deref<Target = Lane> = Arc<Lane>> {
    /// In a box, since it is large and moves with every lease.
    connection: Option<Box<Connection>>,
    lane: L,
    _share: Share,
}

impl Shelf {
    /// A turn, with a connection where one is idle.
    fn take(&mut self) -> Option<Option<Box<Connection>>> {
        self.turns = self.turns.checked_sub(1)?;
        Some(self.idle.pop().map(|(connection, _)| connection))
    }

    /// Who waits and has not given up yet.
    fn next(&mut self) -> Option<Waiting> {
        while let Some(waiting) = self.waiting.pop_front() {
            if !waiting.answer.is_closed() {
                return Some(waiting);
            }
        }
        None
    }
}

impl Lane {
    fn new(connections: usize, observer: &Arc<Observer>) -> Arc<Lane> {
        let shelf = Shelf { turns: connections, idle: Vec::new(), waiting: VecDeque::new() };
        Arc::new(Lane { shelf: Mutex::new(shelf), observer: Arc::clone(observer) })
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        // Nothing in here can be left half done.
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn give_back(&self, connection: Option<Box<Connection>>) {
        let waiting = {
            let mut shelf = self.shelf();
            match shelf.next() {
                Some(waiting) => waiting,
                None => {
                    shelf.turns += 1;
                    shelf.idle.extend(connection.map(|it| (it, self.observer.metrics.idle())));
                    return;
                }
            }
        };
        // Who gives up at this moment drops the lease, which brings it here again.
        drop(waiting.answer.send(Lease::new(waiting.lane, connection)));
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
    pub(crate) fn try_lease(&self, writes: bool) -> Option<Result<Lease<&Lane>, Error>> {
        let lane: &Lane = self.lane(writes);
        let idle = lane.shelf().take()?;
        self.observer.metrics.waited(Duration::ZERO);
        Some(Lease::new(lane, idle).opened(&self.settings))
    }

    /// A connection, once one is free; `None` when that takes too long.
    pub(crate) async fn lease_within(&self, writes: bool, time: Duration) -> Option<Result<Lease, Error>> {
        let waiting = self.observer.waiting();
        let lease = match self.turn(self.lane(writes)) {
            Ok(lease) => lease,
            Err(turn) => within(time, turn).await?.ok()?,
        };
        drop(waiting);
        Some(lease.opened(&self.settings))
    }

    /// A turn, or what to wait for.
    fn turn(&self, lane: &Arc<Lane>) -> Result<Lease, oneshot::Receiver<Lease>> {
        let mut shelf = lane.shelf();
        match shelf.take() {
            Some(idle) => Ok(Lease::new(Arc::clone(lane), idle)),
            None => {
                let (answer, turn) = oneshot::channel();
                shelf.waiting.push_back(Waiting { answer, lane: Arc::clone(lane) });
                Err(turn)
            }
        }
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

impl<L: Deref<Target = Lane>> Lease<L> {
    fn new(lane: L, connection: Option<Box<Connection>>) -> Self {
        let _share = lane.observer.metrics.busy();
        Lease { connection, lane, _share }
    }

    /// With a connection, if it came without one.
    fn opened(mut self, settings: &Settings) -> Result<Self, Error> {
        if self.connection.is_none() {
            self.connection = Some(Box::new(Connection::open(settings, &self.lane.observer)?));
        }
        Ok(self)
    }
}

impl<L: Deref<Target = Lane>> Deref for Lease<L> {
    type Target = Connection;
    fn deref(&self) -> &Connection {
        match &self.connection {
            Some(connection) => connection,
            None => unreachable!("a lease that is handed out holds a connection"),
        }
    }
}

impl<L: Deref<Target = Lane>> Drop for Lease<L> {
    fn drop(&mut self) {
        let connection = self.connection.take();
        connection.iter().for_each(|it| it.abandon());
        self.lane.give_back(connection);
    }
}
