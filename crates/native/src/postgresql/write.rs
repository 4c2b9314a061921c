//! Planned writes on a PostgreSQL connection.

use super::{
    batch::Single,
    bind::{self, Bound},
    connection::{Around, Call, Connection, Fault, Undone},
    decode,
    groups::Groups,
    read::{Parents, Reader, waiting},
    row::Row,
};
use crate::{
    forest::{Arena, Chain, Rows},
    inputs::Inputs,
    write::{Memory, Walk, Work, alike, answer_held, finish, given, list, verify, way},
};
use lenslet_core::{
    catalog::Catalog,
    error::{Error, ErrorKind},
    query::{Assignment, Write},
    value::Value,
};
use lenslet_sql::{
    Bind, Dialect, Level, Parameter, Source, Statement, Type,
    write::{Answer, Cell, InsertRows, Run, Step, Target, Variant, WritePlan},
};
use std::borrow::Cow;

/// How many parameters a statement gets at most: the protocol counts them in 16 bits.
const PARAMETERS: usize = 32_000;

/// How many bytes of rows a statement gets at most, but for one row alone. The server's limit is a gigabyte, bytes are more of
/// them as text, and both sides hold them several times.
const BYTES: usize = 64 << 20;

/// What a value takes beside what it says.
const OVERHEAD: usize = 16;

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
        let Some(statement) = at_once(plan, parameters, self) else {
            return self.write_by_steps(plan, parameters, catalog).await;
        };
        if let Some(rows) = self.write_at_once(statement, parameters, catalog).await? {
            return Ok(rows);
        }
        let written = self.write_by_steps(plan, parameters, catalog).await;
        if let (Ok(_), [Step::Run(run)]) = (&written, statement.steps.as_slice()) {
            // It would be refused again.
            self.refused.insert(run.statement.sql.as_str().into());
        }
        written
    }

    async fn write_by_steps(
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

    /// Executes a write as the one statement that stands for its steps; `None` where the steps have to be taken. In a
    /// transaction a savepoint goes along, so that nothing but the write fails.
    async fn write_at_once(
        &mut self,
        plan: &WritePlan,
        parameters: &[Parameter<'_>],
        catalog: &Catalog,
    ) -> Result<Option<Rows>, Error> {
        let within = if self.in_transaction() { Single::of_write(plan, parameters, catalog)? } else { None };
        let written = match within {
            None => Writing::new(plan, Reader { parameters, catalog }).execute(self).await,
            Some(mut single) => {
                single.comment = self.comment();
                let sent =
                    self.run_batch(Around::Savepoint("lenslet_write"), std::slice::from_ref(&single), true).await;
                match sent.map(|given| given.into_iter().next()) {
                    Ok(Some(given)) => single.answer(self, given).await,
                    Ok(None) | Err(Undone::Again) => return Ok(None),
                    Err(Undone::Failed(_, fault)) => Err(single.classify(fault)),
                }
            }
        };
        match written {
            Err(error) if is_refused(&error) => Ok(None),
            written => written.map(Some),
        }
    }
}

/// A plan as one statement, where it can be sent as one, and the connection has not seen that refused.
pub(crate) fn at_once<'p>(
    plan: &'p WritePlan,
    parameters: &[Parameter<'_>],
    connection: &Connection,
) -> Option<&'p WritePlan> {
    let fits = |step: &Step| match step {
        Step::Insert(insert) => chunks(insert, parameters).len() < 2,
        _ => true,
    };
    let is_refused = |plan: &WritePlan| match plan.steps.as_slice() {
        [Step::Run(run)] => connection.refused.contains(run.statement.sql.as_str()),
        _ => false,
    };
    plan.at_once.as_deref().filter(|at_once| plan.steps.iter().all(fits) && !is_refused(at_once))
}

/// Whether a statement that stands for several may have failed only because its parts do not see each other's rows: a policy
/// or a check looked for them, or there are triggers that might. Rules on a table refuse to be a part of another statement.
pub(crate) fn is_refused(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::AccessDenied | ErrorKind::Constraint | ErrorKind::DataValidation | ErrorKind::External
    )
}

fn is_single(plan: &WritePlan, parameters: &[Parameter<'_>]) -> bool {
    match way(&plan.steps, parameters) {
        [] => true,
        [Step::Insert(insert)] => !plan.reads() && chunks(insert, parameters).len() < 2,
        steps => plan.is_single(steps),
    }
}

/// Rows that are inserted together, and how.
pub(crate) type Chunk<'p> = (&'p Variant, &'p [Write]);

/// The rows of a list, in chunks of those that lack the same columns and follow each other.
pub(crate) fn chunks<'p>(insert: &'p InsertRows, parameters: &[Parameter<'p>]) -> Vec<Chunk<'p>> {
    let mut chunks = Vec::new();
    for (variant, mut rest) in alike(insert, parameters) {
        while !rest.is_empty() {
            let (chunk, others) = rest.split_at(together(variant, rest));
            chunks.push((variant, chunk));
            rest = others;
        }
    }
    chunks
}

/// How many of some rows are inserted together.
fn together(variant: &Variant, rows: &[Write]) -> usize {
    let most = match variant.lists {
        Some(_) => usize::MAX,
        // `DEFAULT VALUES` inserts one row.
        None => PARAMETERS.checked_div(variant.cells.len()).unwrap_or(1),
    };
    let mut bytes = 0;
    let fits = |row: &&Write| {
        bytes += OVERHEAD * variant.cells.len() + size(row);
        bytes <= BYTES
    };
    rows.iter().take(most).take_while(fits).count().max(1)
}

/// How many bytes the values of a row are about, where that is not a few.
fn size(row: &Write) -> usize {
    let of = |assignment: &Assignment| match assignment {
        Assignment::Set(_, value) | Assignment::Change(_, _, value) => length(value),
        Assignment::Nested(..) => 0,
    };
    row.assignments.iter().map(of).sum()
}

fn length(value: &Value) -> usize {
    match value {
        Value::Text(text) | Value::Decimal(text) | Value::Json(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        Value::List(items) => items.iter().map(|item| OVERHEAD + length(item)).sum(),
        _ => 0,
    }
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
        call(statement, None, &self.reader, &self.memory)
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
        for chunk in chunks(insert, self.reader.parameters) {
            let call = insertion(chunk, &self.reader, &self.memory)?;
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

/// A statement with its parameters, which are taken out of the registers now. `chunk`: the rows that it is for, where these are
/// not all of a list.
pub(crate) fn call<'a>(
    statement: &'a Statement,
    chunk: Option<&'a [Write]>,
    reader: &Reader<'a>,
    memory: &Memory,
) -> Result<Call<'a>, Error> {
    let inputs = Inputs { parameters: reader.parameters, steps: memory };
    let parameter = |bind: &'a Bind| match &bind.source {
        Source::Rows { list: at, cell } => {
            let rows = chunk.unwrap_or_else(|| list(reader.parameters, *at));
            let mut values = Vec::with_capacity(rows.len());
            for row in rows {
                values.push(value(cell, row, 0, &inputs, reader.catalog)?);
            }
            Ok(Bound::List(values))
        }
        _ => bind::resolve(bind, &inputs, None, reader.catalog).map(Bound::into_owned),
    };
    let parameters = statement.binds.iter().map(parameter).collect::<Result<_, Error>>()?;
    Ok(Call { sql: Cow::Borrowed(&statement.sql), parameters, types: Vec::new() })
}

/// The statement that inserts rows together. For one alone it is told its values, which is faster than lists of one.
pub(crate) fn insertion<'a>(
    (variant, rows): Chunk<'a>,
    reader: &Reader<'a>,
    memory: &Memory,
) -> Result<Call<'a>, Error> {
    let sql = match (rows, &variant.lists) {
        ([_], _) => Cow::Borrowed(variant.one.as_str()),
        (_, Some(statement)) => return call(statement, Some(rows), reader, memory),
        (_, None) => variant.sql(&Dialect::POSTGRESQL, rows.len()).into(),
    };
    let inputs = Inputs { parameters: reader.parameters, steps: memory };
    let mut parameters = Vec::with_capacity(rows.len() * variant.cells.len());
    for row in rows {
        for (at, cell) in variant.cells.iter().enumerate() {
            parameters.push(value(cell, row, at, &inputs, reader.catalog)?);
        }
    }
    Ok(Call { sql, parameters, types: Vec::new() })
}

/// What a row has in a column, which it mostly gives at that place.
fn value<'a>(
    cell: &'a Cell,
    row: &'a Write,
    guess: usize,
    inputs: &Inputs<'_>,
    catalog: &'a Catalog,
) -> Result<Bound<'a>, Error> {
    match cell.given.and_then(|field| given(row, field, guess)) {
        Some(value) => Ok(bind::encode(value, cell.bind.encoding, catalog)),
        None => Ok(bind::resolve(&cell.bind, inputs, None, catalog)?.into_owned()),
    }
}
