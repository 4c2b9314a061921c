//! Planning of writes: an action becomes an ordered list of steps, printable and free of the query's values.
//!
//! Whatever a step needs of an earlier one it takes from a register: the rows that a statement gave back. A plan depends
//! on the structure of the write (which columns are given, what is nested where), never on values, nor on the number of
//! rows in a list in which nothing is nested.
//!
//! A row whose table holds a foreign key is written after the row that the key refers to: [`refer`] prepares the key,
//! [`attach`] does the rest once the row is there.

mod answer;
mod at_once;
mod attach;
mod create;
mod emulate;
mod failure;
mod literal;
mod plan;
mod print;
mod refer;
mod relation;
mod rows;
mod sql;
mod update;
mod upsert;

pub use failure::Failure;
pub use plan::{Answer, BATCH, Cell, Check, Generator, InsertRows, Run, Step, Target, Test, Variant, WritePlan};

use crate::{
    link::primary_key,
    plan::{PlanError, Planner},
    statement::{Bind, Encoding, Statement},
    writer::column,
};
use lenslet_core::{
    catalog::Model,
    query::{Assignment, FieldId, Nested, Write},
    value::Value,
};
use relation::Relation;
use rows::{Row, Rows};

/// A plan in the making.
struct WritePlanner<'p> {
    planner: &'p Planner<'p>,
    steps: Vec<Step>,
    registers: u32,
}

impl<'p> WritePlanner<'p> {
    fn new(planner: &'p Planner<'p>) -> Self {
        WritePlanner { planner, steps: Vec::new(), registers: 0 }
    }

    /// A register for rows of a model.
    fn row(&mut self, index: u16, columns: Vec<u16>) -> Result<Row<'p>, PlanError> {
        let register = self.registers;
        self.registers += 1;
        Ok(Row { index, model: self.planner.model(index)?, register, columns })
    }

    fn rows(&self, index: u16) -> Result<Rows<'p>, PlanError> {
        Ok(Rows::of(index, self.planner.model(index)?))
    }

    /// A value of the query, for a column.
    fn bind(&self, model: &Model, field: u16, value: &Value) -> Result<Bind, PlanError> {
        Ok(Bind { source: self.planner.parameter(value)?, encoding: Encoding::Value(column(model, field)?.2) })
    }

    fn slot(&self, value: &Value) -> Result<u32, PlanError> {
        let slot = self.planner.slots.value(value);
        slot.ok_or(PlanError::Invalid("a value from outside the query"))
    }

    /// A statement of which nothing is kept.
    fn run(&mut self, statement: Statement) {
        self.run_checked(statement, Target::Nothing, None);
    }

    fn run_checked(&mut self, statement: Statement, into: Target, check: Option<(Check, Failure)>) {
        self.steps.push(Step::Run(Run { statement, each: None, into, check }));
    }

    /// A statement for each row of a register.
    fn run_each(&mut self, row: &Row<'_>, statement: Statement) {
        self.steps.push(Step::Run(Run { statement, each: Some(row.register), into: Target::Nothing, check: None }));
    }

    /// Looks rows up.
    fn find(&mut self, rows: &Rows<'p>, into: &Row<'p>, check: Option<(Check, Failure)>) -> Result<(), PlanError> {
        let statement = self.select(rows, &into.columns)?;
        self.run_checked(statement, Target::Register(into.register), check);
        Ok(())
    }

    /// Fails where there are such rows.
    fn forbid(&mut self, rows: &Rows<'p>, failure: Failure) -> Result<(), PlanError> {
        let statement = self.select(rows, &primary_key(rows.model))?;
        self.run_checked(statement, Target::Nothing, Some((Check::None, failure)));
        Ok(())
    }

    /// Plans one way of a branch.
    fn block(&mut self, plan: impl FnOnce(&mut Self) -> Result<(), PlanError>) -> Result<Vec<Step>, PlanError> {
        let outer = std::mem::take(&mut self.steps);
        let planned = plan(self);
        let inner = std::mem::replace(&mut self.steps, outer);
        planned.map(|()| inner)
    }

    /// Goes one of two ways, depending on whether the register holds a row.
    fn if_found(
        &mut self,
        row: &Row<'p>,
        then: impl FnOnce(&mut Self) -> Result<(), PlanError>,
        otherwise: impl FnOnce(&mut Self) -> Result<(), PlanError>,
    ) -> Result<(), PlanError> {
        let then = self.block(then)?;
        let otherwise = self.block(otherwise)?;
        self.steps.push(Step::Branch { test: Test::Found(row.register), then, otherwise });
        Ok(())
    }

    /// The columns that must be known of a row: those asked for, those that find it again, and those that bind what is
    /// nested in the writes.
    fn needed(&self, index: u16, writes: &[&'p Write], wanted: &[u16]) -> Result<Vec<u16>, PlanError> {
        let model = self.planner.model(index)?;
        let mut columns = wanted.to_vec();
        let mut add = |fields: Vec<u16>| {
            for field in fields {
                if !columns.contains(&field) {
                    columns.push(field);
                }
            }
        };
        for (field, _) in writes.iter().flat_map(|write| nested(write)) {
            add(primary_key(model));
            add(Relation::of(self.planner, model, field)?.link.near_fields);
        }
        Ok(columns)
    }
}

/// What is nested in a row.
fn nested(write: &Write) -> impl Iterator<Item = (FieldId, &Nested)> {
    write.assignments.iter().filter_map(|assignment| match assignment {
        Assignment::Nested(field, nested) => Some((*field, nested)),
        Assignment::Set(..) | Assignment::Change(..) => None,
    })
}

/// Whether nothing is nested in a row.
fn is_flat(write: &Write) -> bool {
    nested(write).next().is_none()
}

/// The one element of what is said about a relation to one row.
fn single<T>(list: &[T]) -> Result<&T, PlanError> {
    match list {
        [one] => Ok(one),
        _ => Err(PlanError::Invalid("a relation to one row takes exactly one of what it is given")),
    }
}
