//! What an engine does on SQLite: where an operation runs, and on which connection.
//!
//! SQLite answers in less than a microsecond, and a hop to another thread costs many. So an operation runs on the thread
//! that asks for it. When it takes longer than that thread can spare, or the database is locked by another process, it is
//! interrupted, which undoes it, and runs again on a thread of its own.

use super::{
    connection::{Attempt, Connection, Failure},
    pool::{Lease, Pool},
    settings::Settings,
    thread::on_thread,
    transaction::{Held, Transaction},
};
use crate::{
    cells::{Cells, Sink},
    forest::{Room, Rows},
    inputs::Inputs,
    observe::{self, Observer},
    plans::{Planned, Plans, Schema},
};
use lenslet_core::{
    catalog::Catalog,
    engine::TransactionOptions,
    error::{Error, ErrorKind},
    query::{Action, Query},
};
use lenslet_sql::{Dialect, Parameter, Plan, Shape};
use std::sync::Arc;

/// A database, or a transaction on it.
#[derive(Clone)]
pub(crate) struct Session {
    database: Arc<Database>,
    transaction: Option<Arc<Scope>>,
}

struct Database {
    plans: Plans,
    pool: Pool,
}

/// A transaction that is undone when the last session in it goes away.
struct Scope {
    transaction: Transaction,
    watched: observe::Transaction,
    database: Arc<Database>,
}

impl Drop for Scope {
    fn drop(&mut self) {
        self.transaction.abandon(&self.database.plans.schema);
    }
}

/// What an operation that should run at once did.
pub(crate) enum Now<T> {
    /// It is done.
    Done(Result<T, Error>),
    /// It has to wait.
    Later(Later),
}

/// What an operation has to wait for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Later {
    /// A connection.
    Connection,
    /// A thread that can be blocked.
    Thread,
}

/// The plans of one operation or of many that belong together.
#[derive(Clone)]
struct Work {
    plans: Vec<Arc<Planned>>,
    writes: bool,
}

impl<T> Now<T> {
    fn of(attempt: Attempt<T>) -> Self {
        match attempt {
            Ok(out) => Now::Done(Ok(out)),
            Err(Failure::Failed(error)) => Now::Done(Err(error)),
            Err(Failure::Busy) => Now::Later(Later::Thread),
        }
    }
}

impl Session {
    pub(crate) fn new(url: &str, schema: Schema, observer: Arc<Observer>) -> Result<Session, Error> {
        let settings = Settings::parse(url)?;
        Ok(Session {
            database: Arc::new(Database {
                plans: Plans::new(schema, &Dialect::SQLITE),
                pool: Pool::new(settings, observer),
            }),
            transaction: None,
        })
    }

    pub(crate) async fn connect(&self) -> Result<(), Error> {
        self.database.pool.lease(false).await.map(|_| ())
    }

    pub(crate) fn catalog(&self) -> &Catalog {
        &self.database.plans.schema
    }

    pub(crate) fn observer(&self) -> &Arc<Observer> {
        &self.database.pool.observer
    }

    /// The transaction that operations are in.
    pub(crate) fn transaction(&self) -> Option<&observe::Transaction> {
        self.transaction.as_ref().map(|scope| &scope.watched)
    }

    /// Answers a query on this thread, if that is possible.
    pub(crate) fn now(&self, query: &Query) -> Now<Rows> {
        self.planned_now(query, |connection, plan, parameters| run(connection, plan, parameters, self.catalog()))
    }

    /// Answers a query on this thread, if that is possible, and has it read. Says how many rows there were.
    pub(crate) fn read_now(&self, query: &Query, sink: &mut Sink<'_>) -> Now<u64> {
        self.planned_now(query, |connection, plan, parameters| {
            if let Plan::Read(read) = plan
                && let Some(live) = read.in_order()
            {
                return connection.read_live(read, live, &Inputs::of(parameters), self.catalog(), sink);
            }
            let mut rows = run(connection, plan, parameters, self.catalog())?;
            sink(&mut Cells::Whole(&mut rows))?;
            Ok(rows.len().into())
        })
    }

    /// Works with the plan of a query on this thread, if that is possible.
    fn planned_now<T>(
        &self,
        query: &Query,
        work: impl FnOnce(&Connection, &Plan, &[Parameter<'_>]) -> Attempt<T>,
    ) -> Now<T> {
        let (shape, plans) = (Shape::of(query), &self.database.plans);
        if let Action::QueryRaw(_) | Action::ExecuteRaw(_) = query.action {
            // Only its plan can tell which connection it needs.
            return match plans.plan(query, &shape) {
                Ok(raw) => {
                    self.try_now(self.writes(&raw), |connection| work(connection, &raw.plan, shape.parameters()))
                }
                Err(error) => Now::Done(Err(error)),
            };
        }
        self.try_now(!query.action.only_reads(), |connection| {
            plans.with_plan(&connection.plans, (query, &shape), |plan| work(connection, plan, shape.parameters()))
        })
    }

    /// Answers a query that had to wait.
    pub(crate) async fn later(self, query: Query, wait: Later) -> Result<Rows, Error> {
        let plan = self.database.plans.plan(&query, &Shape::of(&query))?;
        let writes = self.writes(&plan);
        let database = Arc::clone(&self.database);
        let work = Arc::new((query, plan));
        self.run_later(writes, wait, move |connection| {
            let (query, plan) = &*work;
            run(connection, &plan.plan, Shape::of(query).parameters(), &database.plans.schema)
        })
        .await
    }

    /// Answers queries of one transaction on this thread, if that is possible.
    pub(crate) fn batch_now(&self, queries: &[Query]) -> Now<Vec<Rows>> {
        let work = match self.work(queries) {
            Ok(work) => work,
            Err(error) => return Now::Done(Err(error)),
        };
        self.try_now(work.writes, |connection| work.run(connection, queries, self.catalog()))
    }

    /// Answers queries of one transaction that had to wait.
    pub(crate) async fn batch_later(self, queries: Vec<Query>, wait: Later) -> Result<Vec<Rows>, Error> {
        let work = self.work(&queries)?;
        let writes = work.writes;
        let database = Arc::clone(&self.database);
        let work = Arc::new((queries, work));
        self.run_later(writes, wait, move |connection| {
            let (queries, work) = &*work;
            work.run(connection, queries, &database.plans.schema)
        })
        .await
    }

    fn work(&self, queries: &[Query]) -> Result<Work, Error> {
        let plans = queries.iter().enumerate().map(|(at, query)| {
            let plan = self.database.plans.plan(query, &Shape::of(query));
            plan.map_err(|error| error.in_batch(at))
        });
        let plans = plans.collect::<Result<Vec<_>, _>>()?;
        let writes = plans.iter().any(|plan| self.writes(plan));
        Ok(Work { plans, writes })
    }

    /// Whether a plan needs the connection that writes.
    fn writes(&self, planned: &Planned) -> bool {
        match &planned.plan {
            Plan::Read(_) => false,
            Plan::Write(_) => true,
            Plan::Raw(raw) if raw.rows && self.transaction.is_none() => match planned.only_reads.get() {
                Some(reads) => !reads,
                None => match self.database.pool.try_lease(false) {
                    Some(Ok(lease)) => !planned.only_reads.get_or_init(|| lease.only_reads(&raw.statement)),
                    _ => true,
                },
            },
            Plan::Raw(_) => true,
        }
    }

    fn try_now<T>(&self, writes: bool, work: impl FnOnce(&Connection) -> Attempt<T>) -> Now<T> {
        match &self.transaction {
            None => match self.database.pool.try_lease(writes) {
                None => Now::Later(Later::Connection),
                Some(Err(error)) => Now::Done(Err(error)),
                Some(Ok(lease)) => {
                    lease.hurry();
                    Now::of(work(&lease))
                }
            },
            Some(scope) => match scope.transaction.try_hold() {
                None => Now::Later(Later::Connection),
                Some(Err(error)) => Now::Done(Err(error)),
                Some(Ok(held)) => in_transaction(&held, writes, work),
            },
        }
    }

    async fn run_later<T, W>(&self, writes: bool, wait: Later, work: W) -> Result<T, Error>
    where
        T: Send + 'static,
        W: Fn(&Connection) -> Attempt<T> + Send + 'static,
    {
        let tried = wait == Later::Thread;
        match &self.transaction {
            None => {
                let lease = self.database.pool.lease(writes).await?;
                if !tried {
                    lease.hurry();
                    if let Now::Done(result) = Now::of(work(&lease)) {
                        return result;
                    }
                }
                on_thread(lease, move |lease: Lease| work(&lease)).await?
            }
            Some(scope) => {
                let held = scope.transaction.hold().await?;
                if !tried && let Now::Done(result) = in_transaction(&held, writes, &work) {
                    return result;
                }
                on_thread(held, move |held: Held| match held.as_deref() {
                    Some(connection) => work(connection),
                    None => Err(Failure::Failed(no_transaction())),
                })
                .await?
            }
        }
        .map_err(Failure::into_error)
    }

    pub(crate) async fn begin(&self, options: &TransactionOptions) -> Result<Session, Error> {
        let watched = observe::Transaction::begin(self.transaction().and_then(observe::Transaction::span), options);
        let beginning = async {
            match &self.transaction {
                Some(scope) => scope.transaction.begin(self.catalog()).await,
                None => self.begin_first(options).await,
            }
        };
        let transaction = watched.within(beginning).await?;
        Ok(Session {
            database: Arc::clone(&self.database),
            transaction: Some(Arc::new(Scope { transaction, watched, database: Arc::clone(&self.database) })),
        })
    }

    async fn begin_first(&self, options: &TransactionOptions) -> Result<Transaction, Error> {
        let lease = self.database.pool.lease_within(true, options.max_wait).await;
        let lease = lease.unwrap_or_else(|| {
            Err(Error::new(
                ErrorKind::Transaction,
                format!(
                    "the transaction could not begin within {} ms: another one is writing; end it sooner, or give `max_wait`",
                    options.max_wait.as_millis()
                ),
            ))
        })?;
        lease.hurry();
        // Locked for writing from the start: a lock that is taken later can fail half way.
        let lease = match lease.command("BEGIN IMMEDIATE", self.catalog()) {
            Ok(()) => lease,
            Err(Failure::Failed(error)) => return Err(error),
            Err(Failure::Busy) => {
                let database = Arc::clone(&self.database);
                let begin = move |lease: Lease| {
                    lease.command("BEGIN IMMEDIATE", &database.plans.schema)?;
                    Ok::<Lease, Failure>(lease)
                };
                on_thread(lease, begin).await?.map_err(Failure::into_error)?
            }
        };
        Ok(Transaction::new(lease, options.timeout))
    }

    pub(crate) async fn commit(&self) -> Result<(), Error> {
        match &self.transaction {
            Some(scope) => scope.watched.within(scope.transaction.commit(self.catalog())).await,
            None => Err(no_transaction()),
        }
    }

    pub(crate) async fn rollback(&self) -> Result<(), Error> {
        match &self.transaction {
            Some(scope) => scope.watched.within(scope.transaction.rollback(self.catalog())).await,
            None => Err(no_transaction()),
        }
    }
}

fn no_transaction() -> Error {
    Error::new(ErrorKind::Transaction, "there is no transaction to end")
}

/// Interrupting a write would undo the whole transaction, so only reads are.
fn in_transaction<T>(held: &Held, writes: bool, work: impl FnOnce(&Connection) -> Attempt<T>) -> Now<T> {
    let Some(connection) = held.as_deref() else {
        return Now::Done(Err(no_transaction()));
    };
    connection.hurry();
    if writes {
        connection.no_hurry();
    }
    Now::of(work(connection))
}

fn run(connection: &Connection, plan: &Plan, parameters: &[Parameter<'_>], catalog: &Catalog) -> Attempt<Rows> {
    let inputs = Inputs::of(parameters);
    match plan {
        Plan::Read(read) => connection.read(read, &inputs, catalog),
        Plan::Write(write) => connection.write(write, parameters, catalog),
        Plan::Raw(raw) if raw.rows => connection.read_raw(&raw.statement, &inputs, catalog),
        Plan::Raw(raw) => {
            let changed = connection.execute_raw(&raw.statement, &inputs, catalog)?;
            Ok(Rows::number(i64::try_from(changed).unwrap_or(i64::MAX)))
        }
    }
}

impl Work {
    fn run(&self, connection: &Connection, queries: &[Query], catalog: &Catalog) -> Attempt<Vec<Rows>> {
        let nested = connection.in_transaction();
        connection.command(
            match (nested, self.writes) {
                (true, _) => "SAVEPOINT batch",
                (false, true) => "BEGIN IMMEDIATE",
                (false, false) => "BEGIN",
            },
            catalog,
        )?;
        let done = self.run_each(connection, queries, catalog).and_then(|rows| {
            connection.command(if nested { "RELEASE batch" } else { "COMMIT" }, catalog)?;
            Ok(rows)
        });
        if done.is_err() {
            if nested {
                connection.abandon_to("batch");
            } else {
                connection.abandon();
            }
        }
        done
    }

    fn run_each(&self, connection: &Connection, queries: &[Query], catalog: &Catalog) -> Attempt<Vec<Rows>> {
        let mut room = Room::new(connection.observer.room());
        let each = self.plans.iter().zip(queries).enumerate().map(|(at, (plan, query))| {
            let span = connection.observer.member(query, catalog);
            let done = span.in_scope(|| run(connection, &plan.plan, Shape::of(query).parameters(), catalog));
            let done = done.and_then(|rows| Ok(if plan.plan.reads() { room.take(rows)? } else { rows }));
            done.map_err(|failure| match failure {
                Failure::Failed(error) => Failure::Failed(error.in_batch(at)),
                Failure::Busy => Failure::Busy,
            })
        });
        each.collect()
    }
}
