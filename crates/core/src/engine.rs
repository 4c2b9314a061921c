//! The seam between what a user writes and what executes it.

use crate::{cache::Stale, cursor::Cursor, draft::Draft, error::Error, operation::Sendable};
use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

/// Executes queries. A native engine's answers are `Send`; an engine in a Worker has no threads and its answers are not:
/// the associated types say which, so no bound on `Send` appears anywhere else and every future inherits it.
///
/// Futures do nothing before they are polled. Dropping one that has not finished abandons the operation: it is cancelled
/// where the engine can, and nothing of it stays half-written.
pub trait Engine: Clone + 'static {
    /// The answer of one query.
    type Rows: Cursor;
    /// The answer of [`execute`](Engine::execute).
    type Answer: Future<Output = Result<Self::Rows, Error>> + Unpin;
    /// The answer of [`batch`](Engine::batch).
    type Answers: Future<Output = Result<Vec<Self::Rows>, Error>> + Unpin;

    /// Executes one query: in a transaction of its own, or in the one that this engine stands for.
    fn execute(&self, query: Draft) -> Self::Answer;

    /// What was read of an answer while the rest of it was on its way: `()` where answers come whole.
    type SoFar<O>: Default + Unpin;

    /// Polls an answer of [`execute`](Engine::execute) and reads it. An engine that can read rows where they lie, or while others are
    /// on their way, does that instead of writing them down first.
    fn poll_read<S: Sendable>(
        answer: &mut Self::Answer,
        so_far: &mut Self::SoFar<S::Out>,
        context: &mut Context<'_>,
    ) -> Poll<Result<S::Out, Error>> {
        let _ = so_far;
        Pin::new(answer).poll(context).map(|rows| S::read(&mut rows?))
    }

    /// Executes queries in one transaction and one round trip, and answers each. The first that fails undoes them all;
    /// its error carries its [`batch_index`](Error::batch_index).
    fn batch(&self, queries: Vec<Draft>, isolation: Option<Isolation>) -> Self::Answers;

    /// Begins an interactive transaction (a savepoint where this engine already stands for one). The returned engine works
    /// inside it; when the last clone of that engine is dropped without [`commit`](Engine::commit), it is rolled back.
    fn begin(&self, options: TransactionOptions) -> impl Future<Output = Result<Self, Error>>;

    /// Ends the transaction that this engine stands for, keeping what it did.
    fn commit(&self) -> impl Future<Output = Result<(), Error>>;

    /// Ends the transaction that this engine stands for, undoing what it did.
    fn rollback(&self) -> impl Future<Output = Result<(), Error>>;

    /// Forgets cached answers. An engine without a cache has nothing to do for that.
    fn invalidate(&self, stale: Stale) -> impl Future<Output = Result<(), Error>> {
        drop(stale);
        std::future::ready(Ok(()))
    }
}

/// How far transactions are kept apart; SQL's levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Isolation {
    /// Sees what others have not committed.
    ReadUncommitted,
    /// Sees what others have committed, statement by statement.
    ReadCommitted,
    /// Sees the same rows throughout.
    RepeatableRead,
    /// SQL Server's snapshots.
    Snapshot,
    /// As if transactions ran one after the other.
    Serializable,
}

/// How an interactive transaction runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransactionOptions {
    /// The database's own level when absent.
    pub isolation: Option<Isolation>,
    /// How long to wait for a connection; Prisma's default is 2 seconds.
    pub max_wait: Duration,
    /// How long it may last before it is rolled back; Prisma's default is 5 seconds.
    pub timeout: Duration,
}

impl Default for TransactionOptions {
    fn default() -> Self {
        TransactionOptions { isolation: None, max_wait: Duration::from_secs(2), timeout: Duration::from_secs(5) }
    }
}
