//! Planned writes on a PostgreSQL connection.

use super::{
    bind::{self, Bound},
    connection::{Call, Connection, Fault},
    decode,
    groups::Groups,
    read::{Parents, Reader, waiting},
    row::Row,
};
use crate::{
    forest::{Arena, Chain, Rows},
    inputs::Inputs,
    write::{Memory, Walk, Work, answer_held, finish, given, rows, verify, way},
};
use lenslet_core::{catalog::Catalog, error::Error, query::Write, value::Value};
use lenslet_sql::{
    Dialect, Level, Parameter, Statement, Type,
    write::{Answer, InsertRows, Run, Step, Target, Variant, WritePlan},
};
use std::borrow::Cow;

/// How many parameters a statement gets at most: the protocol counts them in 16 bits.
const PARAMETERS: usize = 32_000;

/// A write in the making.
struct Writing<'a> {
    plan: &'a WritePlan,
    reader: Reader<'a>,
    memory: Memory,
    arena: Arena,
    roots: Chain,
    /// What waits for the rows of the answer's relations.
    groups: Vec<Groups>,
    count: u64,
    /// Whether it is several statements in a transaction, so that one can go along with the next.
    several: bool,
}

impl Connection {
    /// Executes a planned write: all of it or, where it fails, nothing.
    pub(crate) async fn write(
        &mut self,
        plan: &WritePlan,
        parameters: &[Parameter<'_>],
        catalog: &Catalog,
    ) -> Result<Rows, Error> {
        let mut writing = Writing::new(plan, Reader { parameters, catalog });
        writing.several = !is_single(plan, parameters);
        if !writing.several {
            return writing.execute(self).await;
        }
        let nested = self.in_transaction();
        let classify = |fault: Fault| fault.classify(catalog);
        if nested {
            self.save_ahead("lenslet_write");
        } else {
            self.begin_ahead("BEGIN");
        }
        let mut written = writing.execute(self).await;
        if nested && written.is_ok() {
            // What fails must fail before the savepoint is gone.
            written = self.flush().await.map_err(classify).and(written);
        }
        match written {
            Ok(rows) if nested => {
                self.command("RELEASE lenslet_write").await.map_err(classify)?;
                Ok(rows)
            }
            Ok(rows) => {
                self.commit().await.map_err(classify)?;
                Ok(rows)
            }
            Err(error) => {
                // Where it cannot be undone here the connection is broken, which undoes it as well.
                let _ = if nested { self.undo_to("lenslet_write").await } else { self.rollback().await };
                Err(error)
            }
        }
    }
}

fn is_single(plan: &WritePlan, parameters: &[Parameter<'_>]) -> bool {
    match way(&plan.steps, parameters) {
        [] => true,
        [Step::Insert(insert)] => !plan.reads() && chunks(insert, parameters).len() < 2,
        steps => plan.is_single(steps),
    }
}

/// Rows that are inserted together: those that lack the same columns and follow each other.
pub(crate) fn chunks<'p>(insert: &'p InsertRows, parameters: &[Parameter<'p>]) -> Vec<(&'p Variant, Vec<&'p Write>)> {
    let mut chunks: Vec<(&Variant, Vec<&Write>)> = Vec::new();
    for (variant, row) in rows(insert, parameters) {
        // `DEFAULT VALUES` inserts one row.
        let most = PARAMETERS.checked_div(variant.cells.len()).unwrap_or(1);
        match chunks.last_mut() {
            Some((last, rows)) if std::ptr::eq(*last, variant) && rows.len() < most => rows.push(row),
            _ => chunks.push((variant, vec![row])),
        }
    }
    chunks
}

impl<'a> Writing<'a> {
    fn new(plan: &'a WritePlan, reader: Reader<'a>) -> Self {
        let groups = match &plan.answer {
            Answer::Returned(level) => waiting(level),
            Answer::Count | Answer::Held(..) | Answer::After(_) | Answer::Before(_) => Vec::new(),
        };
        Writing {
            plan,
            reader,
            memory: Memory::new(plan.registers),
            arena: Arena::new(),
            roots: Chain::default(),
            groups,
            count: 0,
            several: false,
        }
    }

    async fn execute(mut self, connection: &mut Connection) -> Result<Rows, Error> {
        let plan = self.plan;
        if let Answer::Before(level) = &plan.answer {
            self.read(connection, level).await?;
        }
        let mut walk = Walk::new(&plan.steps);
        while let Some(work) = walk.next(&self.memory, self.reader.parameters)? {
            match work {
                Work::Run(run) => self.run(connection, run).await?,
                Work::Insert(insert) => self.insert(connection, insert).await?,
            }
        }
        match &plan.answer {
            Answer::Count => return Ok(Rows::number(i64::try_from(self.count).unwrap_or(i64::MAX))),
            Answer::Before(_) => {}
            Answer::Held(register, level) => {
                answer_held(&self.memory, (*register, level), &mut self.arena, &mut self.roots)?;
            }
            Answer::After(level) => self.read(connection, level).await?,
            Answer::Returned(level) => {
                let groups = std::mem::take(&mut self.groups);
                self.arena.limit(connection.answer_room());
                self.reader.children(connection, level, groups, &mut self.arena).await?;
            }
        }
        finish(self.plan, self.arena, self.roots)
    }

    fn call(&self, statement: &'a Statement) -> Result<Call<'a>, Error> {
        call(statement, &self.reader, &self.memory)
    }

    async fn read(&mut self, connection: &mut Connection, level: &'a Level) -> Result<(), Error> {
        let call = self.call(&level.statement)?;
        self.arena.limit(connection.answer_room());
        let Writing { reader, arena, roots, .. } = self;
        reader.level(connection, level, &call, arena, roots).await
    }

    async fn run(&mut self, connection: &mut Connection, run: &'a Run) -> Result<(), Error> {
        let Some(register) = run.each else {
            let found = self.run_once(connection, run).await?;
            return verify(run.check.as_ref(), found, self.reader.parameters);
        };
        for row in 0..self.memory.len(register) {
            self.memory.point(register, row);
            self.run_once(connection, run).await?;
        }
        Ok(())
    }

    /// Runs a statement, and says how many rows it gave back or changed.
    async fn run_once(&mut self, connection: &mut Connection, run: &'a Run) -> Result<usize, Error> {
        let call = self.call(&run.statement)?;
        if run.check.is_none() && run.statement.columns.is_empty() && self.is_unheard(run.into) {
            connection.run_ahead(call).await.map_err(|fault| fault.classify(self.reader.catalog))?;
            return Ok(0);
        }
        let mut kept = Vec::new();
        let found = self.perform(connection, &call, &run.statement.columns, run.into, &mut kept).await?;
        if let Target::Register(register) = run.into {
            self.memory.put(register, kept);
        }
        Ok(found)
    }

    /// Whether nobody asks what a statement answers, so that it can go along with the next one.
    fn is_unheard(&self, into: Target) -> bool {
        self.several && into == Target::Nothing
    }

    /// Runs a statement; its rows go into the answer or are kept, depending on its target.
    async fn perform(
        &mut self,
        connection: &mut Connection,
        call: &Call<'_>,
        columns: &[Type],
        into: Target,
        kept: &mut Vec<Vec<Value>>,
    ) -> Result<usize, Error> {
        let plan = self.plan;
        let catalog = self.reader.catalog;
        let Writing { reader, arena, roots, groups, .. } = self;
        let mut found = 0;
        let mut take = |row: &Row<'_>| {
            found += 1;
            match (into, &plan.answer) {
                (Target::Answer, Answer::Returned(level)) => {
                    reader.row(level, columns, row, arena, &mut Parents::Answer(roots), groups)
                }
                (Target::Register(_), _) => {
                    let cells = columns.iter().enumerate();
                    let cells = cells.map(|(at, ty)| decode::value(decode::cell(row, at)?, *ty, catalog));
                    kept.push(cells.collect::<Result<_, Error>>()?);
                    Ok(())
                }
                _ => Ok(()),
            }
        };
        let affected = connection.run(call, &mut take).await.map_err(|fault| fault.classify(catalog))?;
        let changed = if columns.is_empty() { usize::try_from(affected).unwrap_or(usize::MAX) } else { found };
        if into == Target::Answer {
            self.count += changed as u64;
        }
        Ok(changed)
    }

    async fn insert(&mut self, connection: &mut Connection, insert: &'a InsertRows) -> Result<(), Error> {
        let mut kept = Vec::new();
        for (variant, rows) in chunks(insert, self.reader.parameters) {
            let sql = variant.sql(&Dialect::POSTGRESQL, rows.len());
            let parameters = bind_rows(variant, &rows, &self.reader, &self.memory)?;
            let call = Call { sql: sql.into(), parameters, types: Vec::new() };
            if insert.columns.is_empty() && self.is_unheard(insert.into) {
                connection.run_ahead(call).await.map_err(|fault| fault.classify(self.reader.catalog))?;
                continue;
            }
            self.perform(connection, &call, &insert.columns, insert.into, &mut kept).await?;
        }
        if let Target::Register(register) = insert.into {
            self.memory.put(register, kept);
        }
        Ok(())
    }
}

/// A statement with its parameters, which are taken out of the registers now.
pub(crate) fn call<'a>(statement: &'a Statement, reader: &Reader<'_>, memory: &Memory) -> Result<Call<'a>, Error> {
    let inputs = Inputs { parameters: reader.parameters, steps: memory };
    let binds = bind::bind(&statement.binds, &inputs, None, reader.catalog)?;
    let parameters = binds.into_iter().map(Bound::into_owned).collect();
    Ok(Call { sql: Cow::Borrowed(&statement.sql), parameters, types: Vec::new() })
}

/// The parameters of rows that are inserted together.
pub(crate) fn bind_rows<'a>(
    variant: &'a Variant,
    rows: &[&'a Write],
    reader: &Reader<'a>,
    memory: &Memory,
) -> Result<Vec<Bound<'a>>, Error> {
    let inputs = Inputs { parameters: reader.parameters, steps: memory };
    let mut parameters = Vec::with_capacity(rows.len() * variant.cells.len());
    for row in rows {
        for (at, cell) in variant.cells.iter().enumerate() {
            let value = cell.given.and_then(|field| given(row, field, at));
            parameters.push(match value {
                Some(value) => bind::encode(value, cell.bind.encoding, reader.catalog),
                None => bind::resolve(&cell.bind, &inputs, None, reader.catalog)?.into_owned(),
            });
        }
    }
    Ok(parameters)
}
