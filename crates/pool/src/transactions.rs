//! Interactive transactions: each has an id, under which one client asks, request by request, until it ends.

use lenslet_core::{
    engine::{Engine as _, TransactionOptions},
    error::{Error, ErrorKind},
    value::Value,
};
use lenslet_native::Engine;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// The transactions of a pool.
#[derive(Debug)]
pub(crate) struct Transactions {
    /// What the ids of this pool begin with, until it ends: transactions of another one are none that it has forgotten.
    mark: String,
    state: Mutex<State>,
}

impl Default for Transactions {
    fn default() -> Self {
        Transactions { mark: format!("{:08x}", rand::random::<u32>()), state: Mutex::default() }
    }
}

#[derive(Debug, Default)]
struct State {
    all: HashMap<String, Arc<Transaction>>,
    swept: Option<Instant>,
}

/// A transaction or a savepoint in one, or what is remembered of it.
#[derive(Debug)]
struct Transaction {
    /// Who began it; nobody else may use it.
    owner: Option<u64>,
    /// What a savepoint is in.
    outer: Option<Arc<Transaction>>,
    /// How many savepoints deep.
    level: u32,
    /// Its time is that of the whole transaction.
    began: Instant,
    timeout: Duration,
    stage: Mutex<Stage>,
}

#[derive(Clone, Debug)]
enum Stage {
    Open(Engine),
    Committed,
    RolledBack,
}

/// How long an ended transaction is remembered, so that who asks for it is told what became of it.
const REMEMBERED: Duration = Duration::from_secs(60);
/// How often those that are not any more are looked for.
const SWEPT: Duration = Duration::from_secs(1);
/// Savepoints inside of each other.
const DEEPEST: u32 = 64;

impl Transactions {
    /// Begins a transaction, and answers its id.
    pub(crate) async fn begin(
        &self,
        engine: &Engine,
        options: TransactionOptions,
        owner: Option<u64>,
    ) -> Result<String, Error> {
        let timeout = options.timeout;
        let stage = Mutex::new(Stage::Open(engine.begin(options).await?));
        Ok(self.keep(Transaction { owner, outer: None, level: 0, began: Instant::now(), timeout, stage }))
    }

    /// Begins a savepoint in a transaction or in another savepoint, and answers its id. It is used and ended as a transaction
    /// is, and ends with what it is in.
    pub(crate) async fn save(&self, id: &str, owner: Option<u64>) -> Result<String, Error> {
        let outer = self.find(id, owner)?;
        let engine = outer.open("savepoint")?;
        let level = outer.level + 1;
        if level > DEEPEST {
            return Err(failed(format!("Savepoints are inside of each other {DEEPEST} deep at most.")));
        }
        let stage = Mutex::new(Stage::Open(engine.begin(TransactionOptions::default()).await?));
        let (began, timeout) = (outer.began, outer.timeout);
        Ok(self.keep(Transaction { owner, outer: Some(outer), level, began, timeout, stage }))
    }

    fn keep(&self, transaction: Transaction) -> String {
        // It is all that another client with the same key would have to know.
        let id = format!("{}{:032x}", self.mark, rand::random::<u128>());
        let mut state = self.state();
        state.sweep();
        state.all.insert(id.clone(), Arc::new(transaction));
        id
    }

    /// Whether the id can be one of this pool's.
    pub(crate) fn may_have(&self, id: &str) -> bool {
        id.starts_with(&self.mark)
    }

    /// The engine that works inside of a transaction.
    pub(crate) fn engine(&self, id: &str, owner: Option<u64>) -> Result<Engine, Error> {
        self.find(id, owner)?.open("query")
    }

    /// Ends a transaction, keeping what it did.
    pub(crate) async fn commit(&self, id: &str, owner: Option<u64>) -> Result<(), Error> {
        self.find(id, owner)?.close("commit", Stage::Committed)?.commit().await
    }

    /// Ends a transaction, undoing what it did.
    pub(crate) async fn rollback(&self, id: &str, owner: Option<u64>) -> Result<(), Error> {
        self.find(id, owner)?.close("rollback", Stage::RolledBack)?.rollback().await
    }

    /// How many are under way.
    pub(crate) fn open(&self) -> usize {
        self.state().all.values().filter(|it| it.is_open()).count()
    }

    fn find(&self, id: &str, owner: Option<u64>) -> Result<Arc<Transaction>, Error> {
        let found = self.state().all.get(id).filter(|it| it.owner == owner).cloned();
        found.ok_or_else(|| {
            failed(
                "Transaction not found. Transaction ID is invalid, or refers to an old closed transaction the pool doesn't \
                 have information about anymore."
                    .into(),
            )
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in here can be left half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Forgets what nobody is going to ask for any more.
    fn sweep(&mut self) {
        let now = Instant::now();
        if self.swept.is_some_and(|swept| now - swept < SWEPT) {
            return;
        }
        self.swept = Some(now);
        self.all.retain(|_, it| now - it.began < it.timeout.saturating_add(REMEMBERED));
    }
}

impl Transaction {
    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_open(&self) -> bool {
        let is_open = matches!(*self.stage(), Stage::Open(_)) && self.began.elapsed() < self.timeout;
        is_open && self.outer.as_ref().is_none_or(|outer| outer.is_open())
    }

    fn open(&self, what: &str) -> Result<Engine, Error> {
        match &*self.stage() {
            Stage::Open(engine) => self.in_time(what).map(|()| engine.clone()),
            ended => Err(ended.refused(what)),
        }
    }

    /// Takes the engine out, so that nothing else begins in this transaction.
    fn close(&self, what: &str, then: Stage) -> Result<Engine, Error> {
        let mut stage = self.stage();
        match &*stage {
            Stage::Open(_) => {}
            ended => return Err(ended.refused(what)),
        }
        self.in_time(what)?;
        match std::mem::replace(&mut *stage, then) {
            Stage::Open(engine) => Ok(engine),
            ended => Err(ended.refused(what)),
        }
    }

    fn in_time(&self, what: &str) -> Result<(), Error> {
        let passed = self.began.elapsed();
        if passed < self.timeout {
            return Ok(());
        }
        let (timeout, passed) = (self.timeout.as_millis(), passed.as_millis());
        Err(failed(format!(
            "Transaction already closed: A {what} cannot be executed on an expired transaction. The timeout for this \
             transaction was {timeout} ms, however {passed} ms passed since the start of the transaction. Consider \
             increasing the interactive transaction timeout or doing less work in the transaction."
        )))
    }
}

impl Stage {
    fn refused(&self, what: &str) -> Error {
        let how = match self {
            Stage::Open(_) => "busy",
            Stage::Committed => "committed",
            Stage::RolledBack => "rolled back",
        };
        failed(format!("Transaction already closed: A {what} cannot be executed on a {how} transaction."))
    }
}

/// An error of the transaction itself, in the words that Prisma's clients know.
fn failed(why: String) -> Error {
    Error::new(ErrorKind::Transaction, format!("Transaction API error: {why}")).with("error", Value::Text(why))
}
