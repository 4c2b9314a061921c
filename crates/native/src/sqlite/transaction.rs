//! Interactive transactions.

use super::{connection::Connection, pool::Lease};
use crate::timer::Deadline;
use lenslet_core::{
    catalog::Catalog,
    error::{Error, ErrorKind},
};
use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};
use tokio::sync::{Mutex, OwnedMutexGuard};

/// A transaction, or a savepoint in one. What was not committed when the last clone is dropped is undone.
pub(crate) struct Transaction {
    shared: Arc<Shared>,
    /// How many savepoints deep.
    level: u32,
    ended: AtomicBool,
}

/// The connection of a transaction; `None` once it has ended.
pub(crate) type Held = OwnedMutexGuard<Option<Lease>>;

struct Shared {
    lease: Arc<Mutex<Option<Lease>>>,
    timeout: Duration,
    timed_out: AtomicBool,
    deadline: OnceLock<Deadline>,
}

impl Transaction {
    /// A transaction that has begun on a connection.
    pub(crate) fn new(lease: Lease, timeout: Duration) -> Transaction {
        let shared = Arc::new(Shared {
            lease: Arc::new(Mutex::new(Some(lease))),
            timeout,
            timed_out: AtomicBool::new(false),
            deadline: OnceLock::new(),
        });
        let weak = Arc::downgrade(&shared);
        let deadline = Deadline::after(timeout, move || {
            if let Some(shared) = weak.upgrade() {
                shared.time_out();
            }
        });
        // It is empty: it was made just now.
        let _ = shared.deadline.set(deadline);
        Transaction { shared, level: 0, ended: AtomicBool::new(false) }
    }

    /// The connection, when no other operation of the transaction runs on it.
    pub(crate) fn try_hold(&self) -> Option<Result<Held, Error>> {
        let held = Arc::clone(&self.shared.lease).try_lock_owned().ok()?;
        Some(self.checked(held))
    }

    /// The connection, once no other operation of the transaction runs on it.
    pub(crate) async fn hold(&self) -> Result<Held, Error> {
        let held = Arc::clone(&self.shared.lease).lock_owned().await;
        self.checked(held)
    }

    fn checked(&self, held: Held) -> Result<Held, Error> {
        let ended = held.is_none() || self.ended.load(Ordering::Relaxed);
        if !ended && held.as_deref().is_some_and(Connection::in_transaction) {
            return Ok(held);
        }
        let why = if self.shared.timed_out.load(Ordering::Relaxed) {
            format!("it was rolled back after {} ms, its timeout", self.shared.timeout.as_millis())
        } else if ended {
            "it has ended already".into()
        } else {
            // What came next would be kept, each operation by itself.
            "SQL of your own ended it, or SQLite did when a statement failed".into()
        };
        Err(Error::new(ErrorKind::Transaction, format!("the transaction cannot be used any more: {why}")))
    }

    /// Begins a savepoint.
    pub(crate) async fn begin(&self, catalog: &Catalog) -> Result<Transaction, Error> {
        let held = self.hold().await?;
        let level = self.level + 1;
        command(&held, &format!("SAVEPOINT s{level}"), catalog)?;
        Ok(Transaction { shared: Arc::clone(&self.shared), level, ended: AtomicBool::new(false) })
    }

    pub(crate) async fn commit(&self, catalog: &Catalog) -> Result<(), Error> {
        let mut held = self.hold().await?;
        self.ended.store(true, Ordering::Relaxed);
        if self.level > 0 {
            return command(&held, &format!("RELEASE s{}", self.level), catalog);
        }
        let committed = command(&held, "COMMIT", catalog);
        held.take();
        committed
    }

    pub(crate) async fn rollback(&self, catalog: &Catalog) -> Result<(), Error> {
        let mut held = self.hold().await?;
        self.ended.store(true, Ordering::Relaxed);
        if self.level > 0 {
            return self.undo(&held, catalog);
        }
        held.take();
        Ok(())
    }

    fn undo(&self, held: &Held, catalog: &Catalog) -> Result<(), Error> {
        command(held, &format!("ROLLBACK TO s{}", self.level), catalog)?;
        command(held, &format!("RELEASE s{}", self.level), catalog)
    }

    /// Undoes a savepoint that was neither kept nor undone. A whole transaction undoes itself when its connection goes back.
    pub(crate) fn abandon(&self, catalog: &Catalog) {
        if self.level == 0 || self.ended.load(Ordering::Relaxed) {
            return;
        }
        match self.try_hold() {
            Some(Ok(held)) if self.undo(&held, catalog).is_ok() => {}
            Some(Err(_)) => {}
            // An operation of it still runs, or it cannot be undone alone: then nothing of the transaction is kept.
            _ => self.shared.close(),
        }
    }
}

impl Shared {
    fn time_out(&self) {
        self.timed_out.store(true, Ordering::Relaxed);
        self.close();
    }

    /// Ends the transaction, at the latest when the operation that runs on it is done.
    fn close(&self) {
        if let Ok(mut held) = self.lease.try_lock() {
            held.take();
            return;
        }
        let lease = Arc::clone(&self.lease);
        // Where no thread can be started, the transaction ends when it is dropped.
        let _ = thread::Builder::new().name("lenslet-timeout".into()).spawn(move || drop(lease.blocking_lock().take()));
    }
}

fn command(held: &Held, sql: &str, catalog: &Catalog) -> Result<(), Error> {
    let Some(connection) = held.as_deref() else {
        return Ok(());
    };
    connection.take_time();
    Connection::command(connection, sql, catalog).map_err(super::connection::Failure::into_error)
}
