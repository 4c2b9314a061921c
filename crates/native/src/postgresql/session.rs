//! What an engine does on PostgreSQL: which connection an operation runs on, and when it is tried again.

use super::{
    batch::Single,
    connection::{Around, Connection, Undone},
    pool::{Lease, Pool},
    settings::Settings,
    transaction::Transaction,
    write::is_refused,
};
use crate::{
    forest::{Room, Rows},
    observe::{self, Observer},
    parts::Parts,
    plans::{Planned, Plans, Schema},
};
use lenslet_core::{
    catalog::Catalog,
    engine::{Isolation, TransactionOptions},
    error::{Error, ErrorKind},
    query::{Action, Query},
};
use lenslet_sql::{Dialect, Parameter, Plan, Shape};
use std::sync::Arc;
use tracing::Instrument;

/// A database, or a transaction on it.
#[derive(Clone)]
pub(crate) struct Session {
    database: Arc<Database>,
    transaction: Option<Arc<Scope>>,
}

struct Database {
    plans: Plans,
    pool: Arc<Pool>,
}

/// A transaction that is undone when the last session in it goes away.
struct Scope(Transaction, observe::Transaction);

impl Drop for Scope {
    fn drop(&mut self) {
        self.0.abandon();
    }
}

impl Session {
    pub(crate) fn new(url: &str, schema: Schema, observer: Arc<Observer>) -> Result<Session, Error> {
        let settings = Settings::parse(url)?;
        let schema = match &settings.schema {
            Some(name) => schema.qualified(name),
            None => schema,
        };
        Ok(Session {
            database: Arc::new(Database {
                pool: Arc::new(Pool::new(settings, observer)),
                plans: Plans::new(schema, &Dialect::POSTGRESQL),
            }),
            transaction: None,
        })
    }

    pub(crate) async fn connect(&self) -> Result<(), Error> {
        self.database.pool.lease().await.map(|_| ())
    }

    pub(crate) fn catalog(&self) -> &Catalog {
        &self.database.plans.schema
    }

    pub(crate) fn observer(&self) -> &Arc<Observer> {
        &self.database.pool.observer
    }

    /// The transaction that operations are in.
    pub(crate) fn transaction(&self) -> Option<&observe::Transaction> {
        self.transaction.as_ref().map(|scope| &scope.1)
    }

    /// Answers a query. Rows that come before others may be put among the parts; what is answered then are the last ones.
    pub(crate) async fn execute(self, query: Query, parts: Option<Parts>) -> Result<Rows, Error> {
        let shape = Shape::of(&query);
        let planned = self.database.plans.plan(&query, &shape)?;
        if let Some(scope) = &self.transaction {
            let mut held = scope.0.hold().await?;
            let done = self.run(held.connection()?, &query, &planned.plan, &shape, parts.as_ref()).await;
            return done.map_err(|error| scope.0.explain(error));
        }
        let mut lease = self.database.pool.lease().await?;
        match self.run(&mut lease, &query, &planned.plan, &shape, parts.as_ref()).await {
            // A connection that lay idle may have died unnoticed. What only reads can be asked again.
            Err(error) if error.kind() == ErrorKind::ConnectionClosed && matches!(planned.plan, Plan::Read(_)) => {
                drop(lease);
                let mut lease = self.database.pool.lease().await?;
                self.run(&mut lease, &query, &planned.plan, &shape, parts.as_ref()).await
            }
            done => done,
        }
    }

    /// Answers queries in one transaction.
    pub(crate) async fn batch(self, queries: Vec<Query>, isolation: Option<Isolation>) -> Result<Vec<Rows>, Error> {
        let plans = queries.iter().enumerate().map(|(at, query)| {
            let planned = self.database.plans.plan(query, &Shape::of(query));
            planned.map_err(|error| error.in_batch(at))
        });
        let plans = plans.collect::<Result<Vec<_>, _>>()?;
        if let Some(scope) = &self.transaction {
            let mut held = scope.0.hold().await?;
            let connection = held.connection()?;
            let done = self.batch_within(connection, &queries, &plans).await;
            return done.map_err(|error| scope.0.explain(error));
        }
        let mut lease = self.database.pool.lease().await?;
        let around = Around::Transaction(begin_command(isolation)?);
        if let Some(done) = self.batch_at_once(&mut lease, &queries, &plans, around).await {
            return done;
        }
        let mut lease = self.begin_on_lease(lease, isolation).await?;
        match self.each(&mut lease, &queries, &plans).await {
            Ok(answers) => {
                let done = lease.commit().await;
                done.map_err(|fault| fault.classify(self.catalog()))?;
                Ok(answers)
            }
            Err(error) => {
                // Where this fails the connection is closed, which undoes the transaction as well.
                let _ = lease.rollback().await;
                Err(error)
            }
        }
    }

    /// Answers queries whose statements are sent together; `None` where they have to follow each other.
    async fn batch_at_once(
        &self,
        connection: &mut Connection,
        queries: &[Query],
        plans: &[Arc<Planned>],
        around: Around,
    ) -> Option<Result<Vec<Rows>, Error>> {
        let shapes: Vec<Shape<'_>> = queries.iter().map(Shape::of).collect();
        let members = match self.members(queries, plans, &shapes, connection) {
            Ok(members) => members?,
            Err(error) => return Some(Err(error)),
        };
        // What is wrong with a read leaves nothing behind.
        let keep =
            members.iter().all(|it| it.is_certain()) || !members.iter().any(|it| it.writes() || it.has_relations());
        let given = match connection.run_batch(around, &members, keep).await {
            Ok(given) => given,
            Err(Undone::Again) => return None,
            // A connection that lay idle may have died unnoticed. What only reads can be asked again.
            Err(Undone::Failed(_, fault)) if fault.is_closed() && !members.iter().any(Single::writes) => return None,
            Err(Undone::Failed(at, fault)) => {
                return match at.and_then(|at| Some((at, members.get(at)?))) {
                    Some((at, member)) => match member.classify(fault) {
                        error if member.at_once && is_refused(&error) => None,
                        error => Some(Err(error.in_batch(at))),
                    },
                    None => Some(Err(fault.classify(self.catalog()))),
                };
            }
        };
        let mut answers = Vec::with_capacity(members.len());
        // What was kept already is answered.
        let is_kept = keep && members.iter().any(Single::writes);
        let mut room = Room::new(if is_kept { usize::MAX } else { connection.answer_room() });
        for (at, (member, given)) in members.iter().zip(given).enumerate() {
            let answer = member.answer(connection, given).instrument(member.span.clone()).await;
            match answer.and_then(|rows| if member.reads() { room.take(rows) } else { Ok(rows) }) {
                Ok(rows) => answers.push(rows),
                Err(error) => {
                    if !keep {
                        connection.undo(around).await;
                    }
                    return Some(Err(error.in_batch(at)));
                }
            }
        }
        if !keep && let Err(fault) = connection.keep_batch(around).await {
            return Some(Err(fault.classify(self.catalog())));
        }
        Some(Ok(answers))
    }

    /// The members of a batch whose statements can be sent together.
    fn members<'a>(
        &'a self,
        queries: &[Query],
        plans: &'a [Arc<Planned>],
        shapes: &'a [Shape<'a>],
        connection: &Connection,
    ) -> Result<Option<Vec<Single<'a>>>, Error> {
        let mut members: Vec<Single<'a>> = Vec::with_capacity(queries.len());
        for (at, ((query, planned), shape)) in queries.iter().zip(plans).zip(shapes).enumerate() {
            let single = Single::of(&planned.plan, shape.parameters(), self.catalog(), connection);
            let Some(mut single) = single.map_err(|error| error.in_batch(at))? else {
                return Ok(None);
            };
            // Relations are read when all members have run, which must not have changed them.
            if single.writes() && members.iter().any(Single::has_relations) {
                return Ok(None);
            }
            single.new = matches!(query.action, Action::CreateOne(_) | Action::CreateManyAndReturn(_));
            single.comment = self.observer().comment(query, self.catalog());
            single.span = self.observer().member(query, self.catalog());
            members.push(single);
        }
        Ok(Some(members))
    }

    async fn batch_within(
        &self,
        connection: &mut Connection,
        queries: &[Query],
        plans: &[Arc<Planned>],
    ) -> Result<Vec<Rows>, Error> {
        let around = Around::Savepoint("batch");
        if let Some(done) = self.batch_at_once(connection, queries, plans, around).await {
            return done;
        }
        let begun = connection.command("SAVEPOINT batch").await;
        begun.map_err(|fault| fault.classify(self.catalog()))?;
        match self.each(connection, queries, plans).await {
            Ok(answers) => {
                let done = connection.keep_batch(around).await;
                done.map_err(|fault| fault.classify(self.catalog()))?;
                Ok(answers)
            }
            Err(error) => {
                connection.undo(around).await;
                Err(error)
            }
        }
    }

    async fn each(
        &self,
        connection: &mut Connection,
        queries: &[Query],
        plans: &[Arc<Planned>],
    ) -> Result<Vec<Rows>, Error> {
        let mut answers = Vec::with_capacity(queries.len());
        let mut room = Room::new(connection.answer_room());
        for (at, (query, planned)) in queries.iter().zip(plans).enumerate() {
            let span = self.observer().member(query, self.catalog());
            let done = self.run(connection, query, &planned.plan, &Shape::of(query), None).instrument(span).await;
            let done = done.and_then(|rows| if planned.plan.reads() { room.take(rows) } else { Ok(rows) });
            answers.push(done.map_err(|error| error.in_batch(at))?);
        }
        Ok(answers)
    }

    async fn run(
        &self,
        connection: &mut Connection,
        query: &Query,
        plan: &Plan,
        shape: &Shape<'_>,
        parts: Option<&Parts>,
    ) -> Result<Rows, Error> {
        connection.set_comment(self.observer().comment(query, self.catalog()));
        run(connection, plan, shape.parameters(), self.catalog(), parts).await
    }

    pub(crate) async fn begin(&self, options: &TransactionOptions) -> Result<Session, Error> {
        let watched = observe::Transaction::begin(self.transaction().and_then(observe::Transaction::span), options);
        let beginning = async {
            match &self.transaction {
                Some(scope) => scope.0.begin(self.catalog()).await,
                None => self.begin_first(options).await,
            }
        };
        let transaction = watched.within(beginning).await?;
        Ok(Session { database: Arc::clone(&self.database), transaction: Some(Arc::new(Scope(transaction, watched))) })
    }

    async fn begin_first(&self, options: &TransactionOptions) -> Result<Transaction, Error> {
        let lease = self.database.pool.lease_within(options.max_wait).await;
        let lease = lease.unwrap_or_else(|| {
            Err(Error::new(
                ErrorKind::Transaction,
                format!(
                    "the transaction could not begin within {} ms: no connection became free; raise `connection_limit`, or \
                     give `max_wait`",
                    options.max_wait.as_millis()
                ),
            ))
        })?;
        let lease = self.begin_on_lease(lease, options.isolation).await?;
        Ok(Transaction::new(lease, options.timeout))
    }

    /// Begins a transaction, on another connection where this one turns out to be dead.
    async fn begin_on_lease(&self, mut lease: Lease, isolation: Option<Isolation>) -> Result<Lease, Error> {
        let command = begin_command(isolation)?;
        match lease.begin(command).await.map_err(|fault| fault.classify(self.catalog())) {
            Ok(()) => Ok(lease),
            Err(error) if error.kind() == ErrorKind::ConnectionClosed => {
                drop(lease);
                let mut lease = self.database.pool.lease().await?;
                let begun = lease.begin(command).await;
                begun.map_err(|fault| fault.classify(self.catalog()))?;
                Ok(lease)
            }
            Err(error) => Err(error),
        }
    }

    pub(crate) async fn commit(&self) -> Result<(), Error> {
        match &self.transaction {
            Some(scope) => scope.1.within(scope.0.commit(self.catalog())).await,
            None => Err(no_transaction()),
        }
    }

    pub(crate) async fn rollback(&self) -> Result<(), Error> {
        match &self.transaction {
            Some(scope) => scope.1.within(scope.0.rollback(self.catalog())).await,
            None => Err(no_transaction()),
        }
    }
}

fn no_transaction() -> Error {
    Error::new(ErrorKind::Transaction, "there is no transaction to end")
}

fn begin_command(isolation: Option<Isolation>) -> Result<&'static str, Error> {
    Ok(match isolation {
        None => "BEGIN",
        Some(Isolation::ReadUncommitted) => "BEGIN ISOLATION LEVEL READ UNCOMMITTED",
        Some(Isolation::ReadCommitted) => "BEGIN ISOLATION LEVEL READ COMMITTED",
        Some(Isolation::RepeatableRead) => "BEGIN ISOLATION LEVEL REPEATABLE READ",
        Some(Isolation::Serializable) => "BEGIN ISOLATION LEVEL SERIALIZABLE",
        Some(Isolation::Snapshot) => {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "PostgreSQL has no isolation level called snapshot; its repeatable read is one",
            ));
        }
    })
}

async fn run(
    connection: &mut Connection,
    plan: &Plan,
    parameters: &[Parameter<'_>],
    catalog: &Catalog,
    parts: Option<&Parts>,
) -> Result<Rows, Error> {
    match plan {
        Plan::Read(read) => connection.read(read, parameters, catalog, parts).await,
        Plan::Write(write) => connection.write(write, parameters, catalog).await,
        Plan::Raw(raw) if raw.rows => connection.read_raw(&raw.statement, parameters, catalog).await,
        Plan::Raw(raw) => {
            let changed = connection.execute_raw(&raw.statement, parameters, catalog).await?;
            Ok(Rows::number(i64::try_from(changed).unwrap_or(i64::MAX)))
        }
    }
}
