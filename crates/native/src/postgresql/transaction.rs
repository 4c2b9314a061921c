//! Interactive transactions.

use super::{
    connection::{Canceller, Connection},
    pool::Lease,
};
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
    time::Duration,
};
use tokio::{
    runtime::Handle,
    sync::{Mutex, OwnedMutexGuard},
};

/// A transaction, or a savepoint in one. What was not committed when the last clone is dropped is undone.
pub(crate) struct Transaction {
    shared: Arc<Shared>,
    /// How many savepoints deep.
    level: u32,
    ended: AtomicBool,
}

struct Shared {
    /// `None` once the transaction has ended.
    lease: Arc<Mutex<Option<Lease>>>,
    canceller: Canceller,
    runtime: Handle,
    timeout: Duration,
    timed_out: AtomicBool,
    deadline: OnceLock<Deadline>,
}

/// The connection of a transaction, for one operation. One that is given up takes the transaction with it: nobody knows how
/// far it came.
pub(crate) struct Held {
    lease: OwnedMutexGuard<Option<Lease>>,
    runtime: Handle,
}

impl Held {
    pub(crate) fn connection(&mut self) -> Result<&mut Connection, Error> {
        match self.lease.as_mut() {
            Some(lease) => Ok(lease),
            None => Err(Error::new(ErrorKind::Transaction, "the transaction has ended")),
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if self.lease.as_ref().is_some_and(|lease| lease.is_waiting() || lease.is_broken()) {
            let _entered = self.runtime.enter();
            self.lease.take();
        }
    }
}

impl Transaction {
    /// A transaction that has begun on a connection.
    pub(crate) fn new(lease: Lease, timeout: Duration) -> Transaction {
        let shared = Arc::new(Shared {
            canceller: lease.canceller(),
            lease: Arc::new(Mutex::new(Some(lease))),
            runtime: Handle::current(),
            timeout,
            timed_out: AtomicBool::new(false),
            deadline: OnceLock::new(),
        });
        let weak = Arc::downgrade(&shared);
        let deadline = Deadline::after(timeout, move || {
            if let Some(shared) = weak.upgrade() {
                shared.timed_out.store(true, Ordering::Relaxed);
                shared.close();
            }
        });
        // It is empty: it was made just now.
        let _ = shared.deadline.set(deadline);
        Transaction { shared, level: 0, ended: AtomicBool::new(false) }
    }
    /// The connection, once no other operation of the transaction runs on it.
    pub(crate) async fn hold(&self) -> Result<Held, Error> {
        let lease = Arc::clone(&self.shared.lease).lock_owned().await;
        self.checked(lease)
    }

    fn checked(&self, lease: OwnedMutexGuard<Option<Lease>>) -> Result<Held, Error> {
        let ended = lease.is_none() || self.ended.load(Ordering::Relaxed);
        if !ended && lease.as_ref().is_some_and(|lease| lease.in_transaction()) {
            return Ok(Held { lease, runtime: self.shared.runtime.clone() });
        }
        let why = if self.shared.timed_out.load(Ordering::Relaxed) {
            format!("it was rolled back after {} ms, its timeout", self.shared.timeout.as_millis())
        } else if ended {
            "it has ended already".into()
        } else {
            // What came next would be kept, each operation by itself.
            "SQL of your own ended it".into()
        };
        Err(Error::new(ErrorKind::Transaction, format!("the transaction cannot be used any more: {why}")))
    }

    /// What an operation that failed because the time was up should say.
    pub(crate) fn explain(&self, error: Error) -> Error {
        if !self.shared.timed_out.load(Ordering::Relaxed) {
            return error;
        }
        let timeout = self.shared.timeout.as_millis();
        Error::new(
            ErrorKind::Transaction,
            format!("the transaction was rolled back after {timeout} ms, its timeout, while a statement ran"),
        )
    }

    /// Begins a savepoint.
    pub(crate) async fn begin(&self, catalog: &Catalog) -> Result<Transaction, Error> {
        let level = self.level + 1;
        self.command(&format!("SAVEPOINT s{level}"), catalog).await?;
        Ok(Transaction { shared: Arc::clone(&self.shared), level, ended: AtomicBool::new(false) })
    }

    async fn command(&self, sql: &str, catalog: &Catalog) -> Result<(), Error> {
        let done = self.hold().await?.connection()?.command(sql).await;
        done.map_err(|fault| self.explain(fault.classify(catalog)))
    }

    pub(crate) async fn commit(&self, catalog: &Catalog) -> Result<(), Error> {
        let mut held = self.hold().await?;
        self.ended.store(true, Ordering::Relaxed);
        let connection = held.connection()?;
        let done = if self.level > 0 {
            connection.command(&format!("RELEASE s{}", self.level)).await
        } else {
            let done = connection.commit().await;
            held.lease.take();
            done
        };
        done.map_err(|fault| self.explain(fault.classify(catalog)))
    }

    pub(crate) async fn rollback(&self, catalog: &Catalog) -> Result<(), Error> {
        let mut held = self.hold().await?;
        self.ended.store(true, Ordering::Relaxed);
        let connection = held.connection()?;
        let done = if self.level > 0 {
            connection.undo_to(&format!("s{}", self.level)).await
        } else {
            let done = connection.rollback().await;
            held.lease.take();
            done
        };
        done.map_err(|fault| self.explain(fault.classify(catalog)))
    }

    /// Undoes what was neither kept nor undone.
    pub(crate) fn abandon(&self) {
        if self.ended.load(Ordering::Relaxed) {
            return;
        }
        let held = Arc::clone(&self.shared.lease).try_lock_owned().map(|lease| self.checked(lease));
        match held {
            // Before the next operation of the outer transaction, which waits for the connection.
            Ok(Ok(mut held)) if self.level > 0 => {
                let savepoint = format!("s{}", self.level);
                self.shared.runtime.spawn(async move {
                    let undone = match held.connection() {
                        Ok(connection) => connection.undo_to(&savepoint).await.is_ok(),
                        Err(_) => true,
                    };
                    if !undone {
                        held.lease.take();
                    }
                });
            }
            Ok(Ok(mut held)) => {
                let _entered = self.shared.runtime.enter();
                held.lease.take();
            }
            Ok(Err(_)) => {}
            // An operation of it still runs: then nothing of the transaction is kept.
            Err(_) => self.shared.close(),
        }
    }
}

impl Shared {
    /// Ends the transaction, stopping what runs in it.
    fn close(&self) {
        let _entered = self.runtime.enter();
        if let Ok(mut lease) = self.lease.try_lock() {
            lease.take();
            return;
        }
        let (lease, canceller) = (Arc::clone(&self.lease), self.canceller.clone());
        self.runtime.spawn(async move {
            canceller.cancel().await;
            lease.lock().await.take();
        });
    }
}
