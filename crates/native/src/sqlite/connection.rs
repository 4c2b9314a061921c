//! One connection to a SQLite database.

use super::{
    bind::{BindError, Keys, bind},
    encode, error,
    groups::Groups,
    live::Live,
    settings::{Location, Settings},
};
use crate::{
    cache::Kept,
    cells::{Cells, Sink},
    forest::{Arena, Chain, Rows},
    inputs::Inputs,
    observe::{Observer, Opened, Running},
};
use lenslet_core::{
    catalog::Catalog,
    cursor::{RawColumn, RawType},
    error::{Error, ErrorKind},
    value::Value,
};
use lenslet_sql::{Cell, JoinedRelation, Level, Read, Statement, Type};
use rusqlite::CachedStatement;
use std::{
    cell::{Cell as Slot, RefCell},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::Duration,
};

/// How many steps SQLite's machine makes between two looks at the clock.
const STEPS: i32 = 1000;
/// After how many looks a statement on the caller's thread has taken too long: some milliseconds.
const LOOKS: u32 = 200;
/// How many prepared statements a connection keeps.
const STATEMENTS: usize = 256;

/// A connection. What runs on it is not `Sync`; the pool hands it to one user at a time.
pub(crate) struct Connection {
    raw: rusqlite::Connection,
    watch: Arc<Watch>,
    busy_timeout: Duration,
    patient: Slot<bool>,
    /// Whether no other connection can change the database.
    alone: bool,
    pub(super) observer: Arc<Observer>,
    pub(super) plans: RefCell<Kept>,
    _opened: Opened,
}

/// Interrupts statements, from within.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    /// How many looks are left; none are counted where it is `u32::MAX`.
    left: AtomicU32,
    /// The number of the work that runs.
    work: AtomicU64,
    /// The number of the work that nobody waits for any more.
    cancelled: AtomicU64,
}

impl Watch {
    /// Stops work, if it still runs.
    pub(crate) fn cancel(&self, work: u64) {
        self.cancelled.store(work, Ordering::Relaxed);
    }

    fn start(&self, looks: u32) -> u64 {
        self.left.store(looks, Ordering::Relaxed);
        // Work has numbers from 1 on: none is cancelled before it starts. Only the connection's user counts.
        let work = self.work.load(Ordering::Relaxed) + 1;
        self.work.store(work, Ordering::Relaxed);
        work
    }

    fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed) == self.work.load(Ordering::Relaxed)
    }

    fn must_stop(&self) -> bool {
        if self.is_cancelled() {
            return true;
        }
        match self.left.load(Ordering::Relaxed) {
            u32::MAX => false,
            0 => true,
            left => {
                self.left.store(left - 1, Ordering::Relaxed);
                false
            }
        }
    }
}

/// Why a statement did not finish.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It took longer than the caller's thread can spare, or the database is locked: it can be tried again on another
    /// thread.
    Busy,
    /// It failed.
    Failed(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Failed(error)
    }
}

impl Failure {
    /// As an error, where there is no other thread to try it on.
    pub(crate) fn into_error(self) -> Error {
        match self {
            Failure::Failed(error) => error,
            Failure::Busy => {
                Error::new(ErrorKind::OperationTimeout, "the SQLite database is locked by another process; try again")
            }
        }
    }
}

/// Result of what may be tried again on another thread.
pub(crate) type Attempt<T> = Result<T, Failure>;

impl Connection {
    pub(crate) fn open(settings: &Settings, observer: &Arc<Observer>) -> Result<Connection, Error> {
        let opening = observer.opening();
        let (raw, name) = match &settings.location {
            Location::Memory => (rusqlite::Connection::open_in_memory(), ":memory:".into()),
            Location::File(path) => (open_file(path), path.to_string_lossy().into_owned()),
        };
        let connection = raw.and_then(|mut raw| {
            raw.busy_timeout(Duration::ZERO)?;
            raw.set_prepared_statement_cache_capacity(STATEMENTS);
            rusqlite::vtab::array::load_module(&raw)?;
            raw.pragma_update(None, "foreign_keys", true)?;
            // A plan must not depend on values. Otherwise SQLite prepares a statement again whenever a limit is bound anew,
            // which costs ten times what reading a row does.
            raw.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
            if settings.location != Location::Memory {
                write_ahead(&raw)?;
            }
            let watch = Arc::new(Watch::default());
            let watched = Arc::clone(&watch);
            raw.progress_handler(STEPS, Some(move || watched.must_stop()))?;
            Ok(Connection {
                raw,
                watch,
                busy_timeout: settings.busy_timeout,
                patient: Slot::new(false),
                alone: settings.location == Location::Memory,
                observer: Arc::clone(observer),
                plans: RefCell::default(),
                _opened: opening.done_file(&name),
            })
        });
        connection.map_err(|error| error::opening(&error, &name))
    }

    /// On the caller's thread: what takes long is interrupted, a locked database is not waited for.
    pub(crate) fn hurry(&self) {
        self.watch.start(LOOKS);
        self.set_patience(false);
    }

    /// On a thread that may be blocked. Returns what stops the work, and its number.
    pub(crate) fn take_time(&self) -> (Arc<Watch>, u64) {
        let work = self.watch.start(u32::MAX);
        self.set_patience(true);
        (Arc::clone(&self.watch), work)
    }

    /// Nothing is interrupted from here on: what is begun must be finished.
    pub(crate) fn no_hurry(&self) {
        self.watch.left.store(u32::MAX, Ordering::Relaxed);
    }

    fn set_patience(&self, patient: bool) {
        if self.patient.replace(patient) != patient {
            let timeout = if patient { self.busy_timeout } else { Duration::ZERO };
            // It cannot fail on an open connection.
            let _ = self.raw.busy_timeout(timeout);
        }
    }

    /// Whether a transaction is open.
    pub(crate) fn in_transaction(&self) -> bool {
        !self.raw.is_autocommit()
    }

    /// A statement without parameters and rows: `BEGIN`, `COMMIT` and their like.
    pub(crate) fn command(&self, sql: &str, catalog: &Catalog) -> Attempt<()> {
        let running = self.observer.statement(sql, String::new);
        let run = || self.raw.prepare_cached(sql)?.raw_execute();
        run().map_err(|error| self.failure(&error, catalog))?;
        running.finish(0);
        Ok(())
    }

    /// Watches a statement whose parameters are bound.
    pub(super) fn watched(&self, sql: &str, prepared: &CachedStatement<'_>) -> Running {
        self.observer.statement(sql, || prepared.expanded_sql().unwrap_or_default())
    }

    /// Undoes an open transaction, whatever state it is in.
    pub(crate) fn abandon(&self) {
        if self.in_transaction() {
            self.watch.start(u32::MAX);
            // Where even this fails the connection is of no use, which the next statement will say.
            let _ = self.raw.execute_batch("ROLLBACK");
        }
    }

    /// Undoes what was done since a savepoint, and forgets the savepoint.
    pub(super) fn abandon_to(&self, savepoint: &'static str) {
        self.watch.start(u32::MAX);
        // Where the failure ended the transaction there is no savepoint any more, and nothing to undo.
        let _ = self.raw.execute_batch(&format!("ROLLBACK TO {savepoint}; RELEASE {savepoint}"));
    }

    /// Undoes a statement that is a transaction of its own and of which not all rows were taken: it would be kept when it is
    /// left, and is not when it is interrupted.
    fn undo_alone(&self, rows: &mut rusqlite::Rows<'_>) {
        if !self.in_transaction() {
            self.raw.get_interrupt_handle().interrupt();
            // It says that it was interrupted.
            let _ = rows.next();
        }
    }

    fn failure(&self, error: &rusqlite::Error, catalog: &Catalog) -> Failure {
        self.stopped(error).unwrap_or_else(|| Failure::Failed(error::classify(error, catalog)))
    }

    fn stopped(&self, error: &rusqlite::Error) -> Option<Failure> {
        use rusqlite::ErrorCode as Code;
        match error.sqlite_error_code()? {
            Code::OperationInterrupted if self.watch.is_cancelled() => {
                let error = Error::new(ErrorKind::OperationTimeout, "the operation was cancelled");
                Some(Failure::Failed(error))
            }
            Code::OperationInterrupted => Some(Failure::Busy),
            Code::DatabaseBusy | Code::DatabaseLocked if !self.patient.get() => Some(Failure::Busy),
            _ => None,
        }
    }

    pub(super) fn bind_failure(&self, error: BindError, catalog: &Catalog) -> Failure {
        match error {
            BindError::Driver(error) => self.failure(&error, catalog),
            BindError::Engine(error) => Failure::Failed(error),
        }
    }

    pub(super) fn bound(
        &self,
        statement: &Statement,
        inputs: &Inputs<'_>,
        keys: Option<&Keys>,
        catalog: &Catalog,
    ) -> Attempt<CachedStatement<'_>> {
        let prepared = self.raw.prepare_cached(&statement.sql);
        let mut prepared = prepared.map_err(|error| self.failure(&error, catalog))?;
        let bound = bind(&mut prepared, &statement.binds, inputs, keys, catalog);
        bound.map_err(|error| self.bind_failure(error, catalog))?;
        Ok(prepared)
    }

    /// Runs a statement that answers no rows, and says how many rows it changed.
    pub(crate) fn execute(&self, statement: &Statement, inputs: &Inputs<'_>, catalog: &Catalog) -> Attempt<usize> {
        let mut prepared = self.bound(statement, inputs, None, catalog)?;
        self.finish(&statement.sql, &mut prepared, catalog)
    }

    /// Runs a statement and answers its rows as values.
    pub(crate) fn rows(
        &self,
        statement: &Statement,
        inputs: &Inputs<'_>,
        catalog: &Catalog,
    ) -> Attempt<Vec<Vec<Value>>> {
        let mut prepared = self.bound(statement, inputs, None, catalog)?;
        self.collect(&statement.sql, &mut prepared, &statement.columns, catalog)
    }

    /// A statement whose parameters are yet to be bound.
    pub(super) fn prepared(&self, sql: &str, catalog: &Catalog) -> Attempt<CachedStatement<'_>> {
        self.raw.prepare_cached(sql).map_err(|error| self.failure(&error, catalog))
    }

    /// Runs a bound statement that answers no rows, and says how many rows it changed.
    pub(super) fn finish(&self, sql: &str, prepared: &mut CachedStatement<'_>, catalog: &Catalog) -> Attempt<usize> {
        let running = self.watched(sql, prepared);
        let changed = prepared.raw_execute().map_err(|error| self.failure(&error, catalog))?;
        running.finish(changed as u64);
        Ok(changed)
    }

    /// The rows of a bound statement, as values.
    pub(super) fn collect(
        &self,
        sql: &str,
        prepared: &mut CachedStatement<'_>,
        columns: &[Type],
        catalog: &Catalog,
    ) -> Attempt<Vec<Vec<Value>>> {
        let running = self.watched(sql, prepared);
        let mut values = Vec::new();
        let mut rows = prepared.raw_query();
        while let Some(row) = rows.next().map_err(|error| self.failure(&error, catalog))? {
            let cells = columns.iter().enumerate().map(|(at, ty)| {
                let cell = row.get_ref(at).map_err(|error| self.failure(&error, catalog))?;
                encode::value(cell, *ty, catalog).map_err(Failure::Failed)
            });
            values.push(cells.collect::<Attempt<_>>()?);
        }
        running.finish(values.len() as u64);
        Ok(values)
    }

    /// How many rows the last statement changed.
    pub(crate) fn changes(&self) -> u64 {
        self.raw.changes()
    }

    /// The rows of a read, with the rows of their relations.
    pub(crate) fn read(&self, read: &Read, inputs: &Inputs<'_>, catalog: &Catalog) -> Attempt<Rows> {
        let mut arena = Arena::within(self.observer.room());
        let mut roots = Chain::default();
        // All levels see the database at one moment.
        let snapshot = !self.alone && !read.level.children.is_empty() && !self.in_transaction();
        if snapshot {
            self.command("BEGIN", catalog)?;
        }
        let reader = Reader { connection: self, inputs, catalog };
        let done = reader.level(&read.level, &mut arena, Parents::Answer(&mut roots));
        if snapshot && (done.is_err() || self.command("COMMIT", catalog).is_err()) {
            self.abandon();
        }
        done?;
        let rows = arena.finish(roots);
        if read.required && rows.len() == 0 {
            return Err(Failure::Failed(no_record(read, catalog)));
        }
        Ok(rows)
    }

    /// Reads rows where they lie, and says how many there were.
    pub(crate) fn read_live(
        &self,
        read: &Read,
        (statement, cells, relations): (&Statement, &[Cell], &[JoinedRelation]),
        inputs: &Inputs<'_>,
        catalog: &Catalog,
        sink: &mut Sink<'_>,
    ) -> Attempt<u64> {
        let mut prepared = self.bound(statement, inputs, None, catalog)?;
        let running = self.watched(&statement.sql, &prepared);
        let rows = prepared.raw_query();
        let mut cells = Cells::Live(Live::new(rows, &statement.columns, (cells, relations), read.single, catalog));
        let done = sink(&mut cells);
        let count = cells.end().map_err(|error| self.failure(&error, catalog))?;
        running.finish(count);
        if read.required && count == 0 {
            return Err(Failure::Failed(no_record(read, catalog)));
        }
        done?;
        Ok(count)
    }

    /// Rows of SQL of the user's own: what its columns hold is what the cells say.
    pub(crate) fn read_raw(&self, statement: &Statement, inputs: &Inputs<'_>, catalog: &Catalog) -> Attempt<Rows> {
        let mut prepared = self.raw_bound(statement, inputs, catalog)?;
        let running = self.watched(&statement.sql, &prepared);
        let mut count = 0;
        let mut types = raw_types(&prepared);
        // These are lists in some releases of the driver and iterators in others.
        let mut names: Vec<String> = Vec::new();
        for name in prepared.column_names() {
            names.push(name.into());
        }
        // What is written is kept, whether it is answered or not.
        let room = if prepared.readonly() { self.observer.room() } else { usize::MAX };
        let mut arena = Arena::within(room);
        let mut chain = Chain::default();
        let mut rows = prepared.raw_query();
        while let Some(row) = rows.next().map_err(|error| self.raw_failure(&error))? {
            let offset = arena.begin_row()?;
            for (at, ty) in types.iter_mut().enumerate() {
                let cell = row.get_ref(at).map_err(|error| self.raw_failure(&error))?;
                encode::raw(&mut arena, cell, ty, catalog)?;
            }
            arena.end_row();
            arena.link(&mut chain, offset, false);
            count += 1;
        }
        running.finish(count);
        let columns = names.into_iter().zip(types).map(|(name, ty)| RawColumn {
            name,
            ty: ty.unwrap_or(RawType::Int),
            list: false,
        });
        Ok(arena.finish(chain).with_columns(columns.collect()))
    }

    /// Runs SQL of the user's own, and says how many rows it changed.
    pub(crate) fn execute_raw(&self, statement: &Statement, inputs: &Inputs<'_>, catalog: &Catalog) -> Attempt<usize> {
        let mut prepared = self.raw_bound(statement, inputs, catalog)?;
        let running = self.watched(&statement.sql, &prepared);
        let changed = if prepared.column_count() == 0 {
            prepared.raw_execute().map_err(|error| self.raw_failure(&error))?
        } else {
            let mut rows = prepared.raw_query();
            while rows.next().map_err(|error| self.raw_failure(&error))?.is_some() {}
            drop(rows);
            if prepared.readonly() { 0 } else { usize::try_from(self.changes()).unwrap_or(usize::MAX) }
        };
        running.finish(changed as u64);
        Ok(changed)
    }

    /// Whether SQL of the user's own only reads.
    pub(crate) fn only_reads(&self, statement: &Statement) -> bool {
        self.raw.prepare_cached(&statement.sql).is_ok_and(|prepared| prepared.readonly())
    }

    fn raw_bound(&self, statement: &Statement, inputs: &Inputs<'_>, catalog: &Catalog) -> Attempt<CachedStatement<'_>> {
        let prepared = self.raw.prepare_cached(&statement.sql);
        let mut prepared = prepared.map_err(|error| self.raw_failure(&error))?;
        match bind(&mut prepared, &statement.binds, inputs, None, catalog) {
            Ok(()) => Ok(prepared),
            Err(BindError::Driver(error)) => Err(self.raw_failure(&error)),
            Err(BindError::Engine(error)) => Err(Failure::Failed(error)),
        }
    }

    fn raw_failure(&self, error: &rusqlite::Error) -> Failure {
        self.stopped(error).unwrap_or_else(|| Failure::Failed(error::raw(error)))
    }
}

/// The levels of one read.
pub(super) struct Reader<'a> {
    pub(super) connection: &'a Connection,
    pub(super) inputs: &'a Inputs<'a>,
    pub(super) catalog: &'a Catalog,
}

/// What the rows of a level belong to.
pub(super) enum Parents<'a> {
    /// The answer itself.
    Answer(&'a mut Chain),
    /// Rows of the level above, by keys of so many columns.
    Groups(&'a mut Groups, usize),
}

impl Reader<'_> {
    pub(super) fn level(&self, level: &Level, arena: &mut Arena, mut parents: Parents<'_>) -> Attempt<()> {
        let keys = match &mut parents {
            Parents::Answer(_) => None,
            Parents::Groups(groups, _) => Some(groups.take_keys()),
        };
        let mut children: Vec<Groups> = level.children.iter().map(|_| Groups::default()).collect();
        let statement = &level.statement;
        let mut prepared = self.connection.bound(statement, self.inputs, keys.as_ref(), self.catalog)?;
        let columns = &statement.columns;
        let running = self.connection.watched(&statement.sql, &prepared);
        let count = self.rows(level, columns, &mut prepared, arena, &mut parents, &mut children)?;
        running.finish(count as u64);
        self.children(level, children, arena)
    }

    /// Runs the statement of a level, or one that answers the same columns. Its rows go to their parents, and what waits for
    /// rows of relations into a group a child. Returns how many rows there were.
    pub(super) fn rows(
        &self,
        level: &Level,
        columns: &[Type],
        prepared: &mut CachedStatement<'_>,
        arena: &mut Arena,
        parents: &mut Parents<'_>,
        children: &mut [Groups],
    ) -> Attempt<usize> {
        let mut rows = prepared.raw_query();
        let taken = self.take(level, columns, &mut rows, arena, parents, children);
        if taken.is_err() {
            self.connection.undo_alone(&mut rows);
        }
        taken
    }

    fn take(
        &self,
        level: &Level,
        columns: &[Type],
        rows: &mut rusqlite::Rows<'_>,
        arena: &mut Arena,
        parents: &mut Parents<'_>,
        children: &mut [Groups],
    ) -> Attempt<usize> {
        let fail = |error: rusqlite::Error| self.connection.failure(&error, self.catalog);
        let mut count = 0;
        while let Some(row) = rows.next().map_err(fail)? {
            let group = match parents {
                Parents::Answer(_) => 0,
                Parents::Groups(groups, columns) => match groups.find_for(row, *columns).map_err(fail)? {
                    Some(group) => group,
                    // Compared by the database's rules and not by ours: no parent to give it to.
                    None => continue,
                },
            };
            let offset = arena.begin_row()?;
            for cell in &level.cells {
                match *cell {
                    Cell::Column(at) => {
                        let ty = columns.get(at).copied().unwrap_or(Type::TEXT);
                        encode::encode(arena, row.get_ref(at).map_err(fail)?, ty, self.catalog)?;
                    }
                    Cell::Rows(at) => {
                        let rows = arena.rows();
                        if let (Some(child), Some(groups)) = (level.children.get(at), children.get_mut(at)) {
                            groups.wait_for(rows, row, &child.keys).map_err(fail)?;
                        }
                    }
                }
            }
            arena.end_row();
            count += 1;
            match parents {
                Parents::Answer(chain) => arena.link(chain, offset, level.reversed),
                Parents::Groups(groups, _) => groups.add(arena, group, offset, level.reversed),
            }
        }
        Ok(count)
    }

    /// Reads the relations of a level, a group a child.
    pub(super) fn children(&self, level: &Level, groups: Vec<Groups>, arena: &mut Arena) -> Attempt<()> {
        for (child, mut groups) in level.children.iter().zip(groups) {
            if !groups.is_empty() {
                self.level(&child.level, arena, Parents::Groups(&mut groups, child.keys.len()))?;
                groups.settle(arena);
            }
        }
        Ok(())
    }
}

fn open_file(path: &Path) -> rusqlite::Result<rusqlite::Connection> {
    // Without URI names: the path has been taken out of the URL already.
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE
        | rusqlite::OpenFlags::SQLITE_OPEN_CREATE
        | rusqlite::OpenFlags::SQLITE_OPEN_NO_MUTEX;
    rusqlite::Connection::open_with_flags(path, flags)
}

/// Readers and the writer do not wait for each other. A database that may only be read stays as it is, and so does one that
/// another process keeps locked just now: the next connection tries again.
fn write_ahead(raw: &rusqlite::Connection) -> rusqlite::Result<()> {
    use rusqlite::ErrorCode as Code;
    let set = raw.pragma_update(None, "journal_mode", "wal");
    match set.as_ref().err().and_then(rusqlite::Error::sqlite_error_code) {
        Some(Code::ReadOnly | Code::DatabaseBusy | Code::DatabaseLocked) => Ok(()),
        _ => set,
    }
}

#[cold]
fn no_record(read: &Read, catalog: &Catalog) -> Error {
    let model = catalog.models.get(usize::from(read.level.model)).map_or("?", |it| it.name.as_ref());
    Error::new(ErrorKind::RecordMissing, format!("no `{model}` was found; check the filter of the operation"))
        .with("modelName", Value::Text(model.into()))
        .with("cause", Value::Text("No record was found for a query.".into()))
}

/// What the declaration of a table says about a column of raw SQL; an expression has none.
fn raw_types(prepared: &CachedStatement<'_>) -> Vec<Option<RawType>> {
    let mut types = Vec::new();
    for column in prepared.columns() {
        types.push(column.decl_type().and_then(encode::declared));
    }
    types
}
