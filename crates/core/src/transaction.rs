//! Interactive transactions.

use crate::{
    engine::{Engine, Isolation, TransactionOptions},
    error::{Error, ErrorKind},
};
use std::{fmt, time::Duration};

/// An interactive transaction that has not begun; [`run`](Transaction::run) begins it.
#[must_use = "a transaction does nothing until it is run"]
pub struct Transaction<'c, C, E> {
    engine: &'c E,
    client: fn(E) -> C,
    options: TransactionOptions,
}

impl<C, E> fmt::Debug for Transaction<'_, C, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transaction").field("options", &self.options).finish_non_exhaustive()
    }
}

impl<'c, C, E: Engine> Transaction<'c, C, E> {
    /// A transaction of an engine, whose body is handed what `client` makes of the engine inside it.
    pub fn new(engine: &'c E, client: fn(E) -> C) -> Self {
        Transaction { engine, client, options: TransactionOptions::default() }
    }
    /// How far it is kept apart from others.
    pub fn isolation(mut self, isolation: Isolation) -> Self {
        self.options.isolation = Some(isolation);
        self
    }
    /// How long to wait for a connection; 2 seconds when not said.
    pub fn max_wait(mut self, wait: Duration) -> Self {
        self.options.max_wait = wait;
        self
    }
    /// How long it may last before it is rolled back; 5 seconds when not said.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.options.timeout = timeout;
        self
    }

    /// Like [`run`](Transaction::run), but runs the body again, in a new transaction, when it failed with a write conflict
    /// or a deadlock (P2034): up to so many times in all. The body must do nothing outside the database that may not be done
    /// twice.
    ///
    /// In a handler that has to be `Send` write `async move |tx: &Client| { … }`: what a closure only borrows is not `Send` for
    /// every lifetime, which the compiler then asks for.
    ///
    /// # Errors
    /// The last attempt's.
    pub async fn run_with_retry<T, X: From<Error> + Conflict>(
        self,
        attempts: u32,
        body: impl AsyncFn(&C) -> Result<T, X>,
    ) -> Result<T, X> {
        let mut left = attempts.max(1);
        loop {
            let attempt = Transaction { engine: self.engine, client: self.client, options: self.options.clone() };
            left -= 1;
            match attempt.run(&body).await {
                Err(error) if left > 0 && error.is_write_conflict() => {}
                result => return result,
            }
        }
    }

    /// Runs the body inside the transaction: commits when it returns `Ok`, rolls back when it returns `Err` or when the
    /// future is dropped.
    ///
    /// An `async fn` on a concrete type, so that `Send` follows from the closure and the engine: the bound on the future of
    /// an async closure, which a boxed `IntoFuture` would need, cannot be written.
    ///
    /// # Errors
    /// The body's own, or P2028 and its like when the transaction cannot begin or commit.
    pub async fn run<T, X: From<Error>>(self, body: impl AsyncFnOnce(&C) -> Result<T, X>) -> Result<T, X> {
        let engine = self.engine.begin(self.options).await?;
        let client = (self.client)(engine.clone());
        match body(&client).await {
            Ok(value) => {
                engine.commit().await?;
                Ok(value)
            }
            Err(error) => {
                // The body's own error is what the caller needs; where the rollback fails, too, the engine undoes the
                // transaction when its last clone is dropped, right below.
                let _ = engine.rollback().await;
                Err(error)
            }
        }
    }
}

/// An error that can be a write conflict. Implement it for an error type of your own to use
/// [`run_with_retry`](Transaction::run_with_retry) with it.
pub trait Conflict {
    /// Whether trying the transaction again may help.
    fn is_write_conflict(&self) -> bool;
}

impl Conflict for Error {
    fn is_write_conflict(&self) -> bool {
        self.kind() == ErrorKind::WriteConflict
    }
}

impl Conflict for Box<dyn std::error::Error> {
    fn is_write_conflict(&self) -> bool {
        self.downcast_ref::<Error>().is_some_and(Error::is_write_conflict)
    }
}

impl Conflict for Box<dyn std::error::Error + Send + Sync> {
    fn is_write_conflict(&self) -> bool {
        self.downcast_ref::<Error>().is_some_and(Error::is_write_conflict)
    }
}
