//! Batches: the statements of many operations, all of them sent before the first is answered.

use super::{
    connection::{Call, Connection, Fault},
    read::{Parents, Reader, no_record, raw_call, raw_rows, waiting},
    row::{Columns, Kept},
    write::{self, chunks},
};
use crate::{
    forest::{Arena, Chain, Rows},
    observe::Comment,
    write::{Memory, verify, way},
};
use lenslet_core::{catalog::Catalog, error::Error};
use lenslet_sql::{
    Kind, Level, Parameter, Plan, Read, Type,
    write::{Answer, Check, Failure, Step, Target, WritePlan},
};
use tracing::Span;

/// An operation that is one statement, but for the relations of its rows.
pub(crate) struct Single<'a> {
    pub(crate) call: Call<'a>,
    /// Whether it can be prepared before the statements in front of it have run.
    pub(crate) ahead: bool,
    /// Whether its rows are those that it creates.
    pub(crate) new: bool,
    /// Whether it stands for several, which may succeed where it fails.
    pub(crate) at_once: bool,
    pub(crate) comment: Option<Box<Comment>>,
    pub(crate) span: Span,
    reader: Reader<'a>,
    answer: Form<'a>,
    check: Option<&'a (Check, Failure)>,
    writes: bool,
}

/// What its rows become.
enum Form<'a> {
    /// Rows of a model.
    Rows { level: &'a Level, columns: &'a [Type], required: Option<&'a Read> },
    /// How many rows were given back.
    Found,
    /// How many rows were changed.
    Changed,
    /// Rows of SQL of the user's own.
    Raw,
}

/// What a statement of a batch gave.
pub(crate) struct Given {
    pub(crate) rows: Kept,
    pub(crate) columns: Columns,
    pub(crate) affected: u64,
}

impl<'a> Single<'a> {
    /// A plan as one statement; `None` where it takes several.
    pub(crate) fn of(
        plan: &'a Plan,
        parameters: &'a [Parameter<'a>],
        catalog: &'a Catalog,
        connection: &Connection,
    ) -> Result<Option<Self>, Error> {
        let reader = Reader { parameters, catalog };
        Ok(match plan {
            Plan::Read(read) => {
                let required = read.required.then_some(read);
                let columns = &read.level.statement.columns;
                let call = reader.call(&read.level.statement, None)?;
                let rows = Form::Rows { level: &read.level, columns, required };
                Some(Single { writes: false, ..Single::new(call, rows, reader) })
            }
            Plan::Raw(raw) => {
                let call = raw_call(&raw.statement, parameters, catalog)?;
                Some(if raw.rows {
                    Single::new(call, Form::Raw, reader)
                } else {
                    // It may make what the next one needs, or need what the one before makes.
                    Single { ahead: false, ..Single::new(call, Form::Changed, reader) }
                })
            }
            Plan::Write(plan) => match write::at_once(plan, parameters, connection) {
                Some(plan) => {
                    let single = Single::of_write(plan, parameters, catalog)?;
                    single.map(|single| Single { at_once: true, ..single })
                }
                None => Single::of_write(plan, parameters, catalog)?,
            },
        })
    }

    /// A planned write as one statement; `None` where it takes several.
    pub(crate) fn of_write(
        plan: &'a WritePlan,
        parameters: &'a [Parameter<'a>],
        catalog: &'a Catalog,
    ) -> Result<Option<Self>, Error> {
        let reader = Reader { parameters, catalog };
        let memory = Memory::new(plan.registers);
        Ok(match way(&plan.steps, parameters) {
            [Step::Run(run)] if run.each.is_none() && run.into == Target::Answer => {
                let Some(answer) = form(plan, &run.statement.columns) else { return Ok(None) };
                let call = write::call(&run.statement, None, &reader, &memory)?;
                Some(Single { check: run.check.as_ref(), ..Single::new(call, answer, reader) })
            }
            [Step::Insert(insert)] if insert.into == Target::Answer => {
                let mut chunks = chunks(insert, parameters);
                let (Some(chunk), true, Some(answer)) = (chunks.pop(), chunks.is_empty(), form(plan, &insert.columns))
                else {
                    return Ok(None);
                };
                let call = write::insertion(chunk, &reader, &memory)?;
                Some(Single::new(call, answer, reader))
            }
            _ => None,
        })
    }

    fn new(call: Call<'a>, answer: Form<'a>, reader: Reader<'a>) -> Self {
        Single {
            call,
            ahead: true,
            new: false,
            at_once: false,
            comment: None,
            span: Span::none(),
            reader,
            answer,
            check: None,
            writes: true,
        }
    }

    /// Whether nothing can be wrong with it once its statement has run. Rows that are older than the batch may hold a value of
    /// an enum that was added behind the schema's back, and those of SQL of the user's own whatever cannot be read.
    pub(crate) fn is_certain(&self) -> bool {
        let is_enum = |ty: &Type| matches!(ty.kind, Kind::Enum(_));
        let is_readable = match &self.answer {
            Form::Rows { columns, required, .. } => required.is_none() && (self.new || !columns.iter().any(is_enum)),
            Form::Found | Form::Changed => true,
            Form::Raw => false,
        };
        is_readable && self.check.is_none() && !self.has_relations()
    }

    /// Whether relations of its rows are read by further statements.
    pub(crate) fn has_relations(&self) -> bool {
        matches!(&self.answer, Form::Rows { level, .. } if !level.children.is_empty())
    }

    pub(crate) fn writes(&self) -> bool {
        self.writes
    }

    /// Whether its answer takes reading.
    pub(crate) fn reads(&self) -> bool {
        !self.writes || self.has_relations() || matches!(self.answer, Form::Raw)
    }

    /// The answer, once its statement has run.
    pub(crate) async fn answer(&self, connection: &mut Connection, given: Given) -> Result<Rows, Error> {
        let found = match self.answer {
            Form::Changed => usize::try_from(given.affected).unwrap_or(usize::MAX),
            _ => given.rows.len(),
        };
        verify(self.check, found, self.reader.parameters)?;
        match self.answer {
            Form::Found | Form::Changed => Ok(Rows::number(i64::try_from(found).unwrap_or(i64::MAX))),
            Form::Raw => raw_rows(&given.rows, &given.columns, self.reader.catalog),
            Form::Rows { level, columns, required } => {
                connection.set_comment(self.comment.clone());
                let rows = self.rows(connection, level, columns, &given).await?;
                match required {
                    Some(read) if rows.len() == 0 => Err(no_record(read, self.reader.catalog)),
                    _ => Ok(rows),
                }
            }
        }
    }

    async fn rows(
        &self,
        connection: &mut Connection,
        level: &'a Level,
        columns: &[Type],
        given: &Given,
    ) -> Result<Rows, Error> {
        let (mut arena, mut roots, mut groups) = (Arena::new(), Chain::default(), waiting(level));
        given.rows.each(&given.columns, |row| {
            self.reader.row(level, columns, row, &mut arena, &mut Parents::Answer(&mut roots), &mut groups)
        })?;
        arena.limit(connection.answer_room());
        self.reader.children(connection, level, groups, &mut arena).await?;
        Ok(arena.finish(roots))
    }

    pub(crate) fn classify(&self, fault: Fault) -> Error {
        match self.answer {
            Form::Raw => fault.raw(),
            Form::Changed if !self.ahead => fault.raw(),
            _ => fault.classify(self.reader.catalog),
        }
    }
}

/// What the rows of a write's only statement become; `None` where the answer takes more than them.
fn form<'a>(plan: &'a WritePlan, columns: &'a [Type]) -> Option<Form<'a>> {
    match &plan.answer {
        Answer::Count if columns.is_empty() => Some(Form::Changed),
        Answer::Count => Some(Form::Found),
        Answer::Returned(level) => Some(Form::Rows { level, columns, required: None }),
        Answer::Held(..) | Answer::After(_) | Answer::Before(_) => None,
    }
}
