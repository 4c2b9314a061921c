//! Planned writes on a SQLite connection.

use super::{
    bind::bind_row,
    connection::{Attempt, Connection, Parents, Reader},
    groups::Groups,
};
use crate::{
    forest::{Arena, Chain, Rows},
    inputs::Inputs,
    write::{Memory, Walk, Work, alike, answer_held, finish, verify, way},
};
use lenslet_core::{catalog::Catalog, query::Write, value::Value};
use lenslet_sql::{
    Dialect, Level, Parameter, Type,
    write::{Answer, BATCH, InsertRows, Run, Step, Target, Variant, WritePlan},
};
use rusqlite::CachedStatement;

/// A write in the making.
struct Writing<'a> {
    connection: &'a Connection,
    plan: &'a WritePlan,
    parameters: &'a [Parameter<'a>],
    catalog: &'a Catalog,
    memory: Memory,
    arena: Arena,
    roots: Chain,
    /// What waits for the rows of the answer's relations.
    groups: Vec<Groups>,
    count: usize,
}

impl Connection {
    /// Executes a planned write: all of it or, where it fails, nothing.
    pub(crate) fn write(&self, plan: &WritePlan, parameters: &[Parameter<'_>], catalog: &Catalog) -> Attempt<Rows> {
        let scope = Scope::of(self, plan, parameters);
        scope.begin(self, catalog)?;
        let written = Writing::new(self, plan, parameters, catalog).execute();
        match written {
            Ok(rows) => {
                scope.end(self, catalog)?;
                Ok(rows)
            }
            Err(failure) => {
                scope.undo(self);
                Err(failure)
            }
        }
    }
}

/// What keeps a write together.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// It is one statement.
    Statement,
    /// A transaction of its own.
    Transaction,
    /// A part of a transaction.
    Savepoint,
}

impl Scope {
    fn of(connection: &Connection, plan: &WritePlan, parameters: &[Parameter<'_>]) -> Scope {
        match connection.in_transaction() {
            _ if is_single(plan, parameters) => Scope::Statement,
            true => Scope::Savepoint,
            false => Scope::Transaction,
        }
    }

    fn begin(self, connection: &Connection, catalog: &Catalog) -> Attempt<()> {
        match self {
            Scope::Statement => Ok(()),
            // A transaction that begins by reading could find the database changed when it comes to write.
            Scope::Transaction => connection.command("BEGIN IMMEDIATE", catalog),
            Scope::Savepoint => connection.command("SAVEPOINT lenslet_write", catalog),
        }
    }

    fn end(self, connection: &Connection, catalog: &Catalog) -> Attempt<()> {
        match self {
            Scope::Statement => Ok(()),
            Scope::Transaction => {
                let committed = connection.command("COMMIT", catalog);
                if committed.is_err() {
                    connection.abandon();
                }
                committed
            }
            Scope::Savepoint => connection.command("RELEASE lenslet_write", catalog),
        }
    }

    fn undo(self, connection: &Connection) {
        match self {
            Scope::Statement => {}
            Scope::Transaction => connection.abandon(),
            Scope::Savepoint => connection.abandon_to("lenslet_write"),
        }
    }
}

fn is_single(plan: &WritePlan, parameters: &[Parameter<'_>]) -> bool {
    match way(&plan.steps, parameters) {
        [] => true,
        [Step::Insert(insert)] => !plan.reads() && is_one_chunk(insert, parameters),
        steps => plan.is_single(steps),
    }
}

/// Whether one statement inserts all rows of a list.
fn is_one_chunk(insert: &InsertRows, parameters: &[Parameter<'_>]) -> bool {
    let mut kinds = alike(insert, parameters);
    match (kinds.next(), kinds.next()) {
        (None, _) => true,
        (Some((variant, rows)), None) => rows.len() <= most_at_once(variant),
        (Some(_), Some(_)) => false,
    }
}

/// Rows of which nothing is bound are inserted one by one.
fn most_at_once(variant: &Variant) -> usize {
    if variant.cells.is_empty() { 1 } else { BATCH }
}

impl<'a> Writing<'a> {
    fn new(
        connection: &'a Connection,
        plan: &'a WritePlan,
        parameters: &'a [Parameter<'a>],
        catalog: &'a Catalog,
    ) -> Self {
        let groups = match &plan.answer {
            Answer::Returned(level) => level.children.iter().map(|_| Groups::default()).collect(),
            Answer::Count | Answer::Held(..) | Answer::After(_) | Answer::Before(_) => Vec::new(),
        };
        Writing {
            connection,
            plan,
            parameters,
            catalog,
            memory: Memory::new(plan.registers),
            arena: Arena::new(),
            roots: Chain::default(),
            groups,
            count: 0,
        }
    }

    fn execute(mut self) -> Attempt<Rows> {
        if let Answer::Before(level) = &self.plan.answer {
            self.read(level)?;
        }
        let mut walk = Walk::new(&self.plan.steps);
        while let Some(work) = walk.next(&self.memory, self.parameters)? {
            match work {
                Work::Run(run) => self.run(run)?,
                Work::Insert(insert) => self.insert(insert)?,
            }
        }
        match &self.plan.answer {
            Answer::Count => return Ok(Rows::number(i64::try_from(self.count).unwrap_or(i64::MAX))),
            Answer::Before(_) => {}
            Answer::Held(register, level) => {
                answer_held(&self.memory, (*register, level), &mut self.arena, &mut self.roots)?;
            }
            Answer::After(level) => self.read(level)?,
            Answer::Returned(level) => self.load(level)?,
        }
        Ok(finish(self.plan, self.arena, self.roots)?)
    }

    fn read(&mut self, level: &Level) -> Attempt<()> {
        self.arena.limit(self.connection.observer.room());
        let inputs = inputs(self.parameters, &self.memory);
        let reader = Reader { connection: self.connection, inputs: &inputs, catalog: self.catalog };
        reader.level(level, &mut self.arena, Parents::Answer(&mut self.roots))
    }

    /// The relations of the rows that were given back.
    fn load(&mut self, level: &Level) -> Attempt<()> {
        self.arena.limit(self.connection.observer.room());
        let inputs = inputs(self.parameters, &self.memory);
        let reader = Reader { connection: self.connection, inputs: &inputs, catalog: self.catalog };
        reader.children(level, std::mem::take(&mut self.groups), &mut self.arena)
    }

    fn run(&mut self, run: &Run) -> Attempt<()> {
        let Some(register) = run.each else {
            let found = self.run_once(run)?;
            return Ok(verify(run.check.as_ref(), found, self.parameters)?);
        };
        for row in 0..self.memory.len(register) {
            self.memory.point(register, row);
            self.run_once(run)?;
        }
        Ok(())
    }

    /// Runs a statement, and says how many rows it gave back or changed.
    fn run_once(&mut self, run: &Run) -> Attempt<usize> {
        let statement = &run.statement;
        let inputs = inputs(self.parameters, &self.memory);
        if statement.columns.is_empty() {
            let changed = self.connection.execute(statement, &inputs, self.catalog)?;
            if run.into == Target::Answer {
                self.count += changed;
            }
            return Ok(changed);
        }
        match run.into {
            Target::Answer if self.plan.answer == Answer::Count => {
                let found = self.connection.rows(statement, &inputs, self.catalog)?.len();
                self.count += found;
                Ok(found)
            }
            Target::Answer => {
                let mut prepared = self.connection.bound(statement, &inputs, None, self.catalog)?;
                self.answer(&statement.sql, &mut prepared, &statement.columns)
            }
            Target::Nothing => Ok(self.connection.rows(statement, &inputs, self.catalog)?.len()),
            Target::Register(register) => {
                let rows = self.connection.rows(statement, &inputs, self.catalog)?;
                let found = rows.len();
                self.memory.put(register, rows);
                Ok(found)
            }
        }
    }

    /// Puts the rows of a statement into the answer.
    fn answer(&mut self, sql: &str, prepared: &mut CachedStatement<'_>, columns: &[Type]) -> Attempt<usize> {
        let Answer::Returned(level) = &self.plan.answer else {
            return Ok(0);
        };
        let inputs = inputs(self.parameters, &self.memory);
        let reader = Reader { connection: self.connection, inputs: &inputs, catalog: self.catalog };
        let mut parents = Parents::Answer(&mut self.roots);
        let running = self.connection.watched(sql, prepared);
        let count = reader.rows(level, columns, prepared, &mut self.arena, &mut parents, &mut self.groups)?;
        running.finish(count as u64);
        Ok(count)
    }

    fn insert(&mut self, insert: &'a InsertRows) -> Attempt<()> {
        let mut kept = Vec::new();
        for (variant, rows) in alike(insert, self.parameters) {
            let batches = rows.chunks_exact(most_at_once(variant));
            let rest = batches.remainder();
            self.insert_each(insert, (variant, &variant.batch), batches, &mut kept)?;
            match rest.len() {
                0 => {}
                1 => self.insert_each(insert, (variant, &variant.one), rest.chunks(1), &mut kept)?,
                count => {
                    let sql = variant.sql(&Dialect::SQLITE, count);
                    self.insert_each(insert, (variant, &sql), rest.chunks(count), &mut kept)?;
                }
            }
        }
        if let Target::Register(register) = insert.into {
            self.memory.put(register, kept);
        }
        Ok(())
    }

    /// Inserts as many rows at once as the SQL takes.
    fn insert_each<'r>(
        &mut self,
        insert: &InsertRows,
        (variant, sql): (&Variant, &str),
        chunks: impl ExactSizeIterator<Item = &'r [Write]>,
        kept: &mut Vec<Vec<Value>>,
    ) -> Attempt<()> {
        if chunks.len() == 0 {
            return Ok(());
        }
        let mut statement = self.connection.prepared(sql, self.catalog)?;
        for chunk in chunks {
            for (position, row) in chunk.iter().enumerate() {
                let inputs = inputs(self.parameters, &self.memory);
                let bound = bind_row(&mut statement, position, &variant.cells, row, &inputs, self.catalog);
                bound.map_err(|error| self.connection.bind_failure(error, self.catalog))?;
            }
            match insert.into {
                _ if insert.columns.is_empty() => {
                    let changed = self.connection.finish(sql, &mut statement, self.catalog)?;
                    self.count += if insert.into == Target::Answer { changed } else { 0 };
                }
                Target::Answer => {
                    self.answer(sql, &mut statement, &insert.columns)?;
                }
                Target::Register(_) | Target::Nothing => {
                    kept.extend(self.connection.collect(sql, &mut statement, &insert.columns, self.catalog)?);
                }
            }
        }
        Ok(())
    }
}

fn inputs<'a>(parameters: &'a [Parameter<'a>], memory: &'a Memory) -> Inputs<'a> {
    Inputs { parameters, steps: memory }
}
