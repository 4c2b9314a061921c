//! Execution of planned writes: which step comes next, what the registers hold, whether a check holds. How a statement is
//! run is the driver's business.

use crate::{
    defaults,
    forest::{Arena, Chain, Rows},
    inputs::{Input, Steps},
};
use lenslet_core::{
    error::Error,
    query::{Assignment, Write},
    value::Value,
};
use lenslet_sql::{
    Cell, Level, Parameter, Source,
    write::{Check, Failure, InsertRows, Run, Step, Test, Variant, WritePlan},
};
use std::{borrow::Cow, cell::OnceCell, iter, ptr, slice};

/// What the steps of a write know: the rows that statements gave back, by register, and the moment of the operation.
#[derive(Debug)]
pub(crate) struct Memory {
    registers: Vec<Kept>,
    now: OnceCell<Value>,
}

#[derive(Debug, Default)]
struct Kept {
    rows: Vec<Vec<Value>>,
    /// The row that is meant where one row is.
    current: usize,
}

impl Memory {
    pub(crate) fn new(registers: u32) -> Self {
        Memory { registers: (0..registers).map(|_| Kept::default()).collect(), now: OnceCell::new() }
    }

    /// How many rows a register holds.
    pub(crate) fn len(&self, register: u32) -> usize {
        self.kept(register).map_or(0, |kept| kept.rows.len())
    }

    /// Replaces the rows of a register.
    pub(crate) fn put(&mut self, register: u32, rows: Vec<Vec<Value>>) {
        if let Some(kept) = self.registers.get_mut(register as usize) {
            *kept = Kept { rows, current: 0 };
        }
    }

    /// Says which row of a register is meant.
    pub(crate) fn point(&mut self, register: u32, row: usize) {
        if let Some(kept) = self.registers.get_mut(register as usize) {
            kept.current = row;
        }
    }

    fn kept(&self, register: u32) -> Option<&Kept> {
        self.registers.get(register as usize)
    }
}

impl Steps for Memory {
    fn input(&self, source: &Source) -> Option<Input<'_>> {
        match source {
            Source::Now => Some(Input::Value(Cow::Borrowed(self.now.get_or_init(defaults::now)))),
            Source::Generated(generator) => Some(Input::Value(Cow::Owned(defaults::generate(*generator)))),
            Source::Register { step, column } => {
                let kept = self.kept(*step)?;
                let value = kept.rows.get(kept.current)?.get(*column as usize)?;
                Some(Input::Value(Cow::Borrowed(value)))
            }
            Source::Registers { step, column: None } => {
                let rows = self.kept(*step)?.rows.iter();
                Some(Input::Tuples(rows.map(|row| row.iter().collect()).collect()))
            }
            Source::Registers { step, column: Some(column) } => {
                let rows = self.kept(*step)?.rows.iter();
                Some(Input::List(rows.filter_map(|row| row.get(*column as usize)).collect()))
            }
            Source::Parameter(_) | Source::Keys(_) | Source::Number(_) | Source::Constant(_) | Source::Rows { .. } => {
                None
            }
        }
    }
}

/// Puts the rows of a register into an answer.
pub(crate) fn answer_held(
    memory: &Memory,
    (register, level): (u32, &Level),
    arena: &mut Arena,
    roots: &mut Chain,
) -> Result<(), Error> {
    for row in memory.kept(register).map_or(&[][..], |kept| &kept.rows) {
        let offset = arena.begin_row()?;
        for cell in &level.cells {
            let value = match cell {
                Cell::Column(at) => row.get(*at),
                Cell::Rows(_) => None,
            };
            arena.value(value.ok_or_else(|| Error::unexpected_answer("a column"))?)?;
        }
        arena.end_row();
        arena.link(roots, offset, false);
    }
    Ok(())
}

/// The finished answer of a plan.
///
/// # Errors
/// P2025 where a row is required and there is none: what is nested in its write can delete it.
pub(crate) fn finish(plan: &WritePlan, arena: Arena, roots: Chain) -> Result<Rows, Error> {
    let rows = arena.finish(roots);
    if plan.required && rows.len() == 0 {
        return Err(Failure::Missing { operation: "a query" }.error(0));
    }
    Ok(rows)
}

/// What a driver has to do next.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Work<'p> {
    /// Run a statement.
    Run(&'p Run),
    /// Insert rows.
    Insert(&'p InsertRows),
}

/// Walks through the steps of a plan.
#[derive(Debug)]
pub(crate) struct Walk<'p> {
    /// The steps that are left, the innermost block last.
    blocks: Vec<slice::Iter<'p, Step>>,
}

impl<'p> Walk<'p> {
    pub(crate) fn new(steps: &'p [Step]) -> Self {
        Walk { blocks: vec![steps.iter()] }
    }

    /// What comes next, given what is in the registers now.
    ///
    /// # Errors
    /// When the plan gives up here.
    pub(crate) fn next(&mut self, memory: &Memory, parameters: &[Parameter<'_>]) -> Result<Option<Work<'p>>, Error> {
        while let Some(block) = self.blocks.last_mut() {
            match block.next() {
                None => {
                    self.blocks.pop();
                }
                Some(Step::Run(run)) => return Ok(Some(Work::Run(run))),
                Some(Step::Insert(insert)) => return Ok(Some(Work::Insert(insert))),
                Some(Step::Fail(failure)) => return Err(failure.error(0)),
                Some(Step::Branch { test, then, otherwise }) => {
                    let holds = match test {
                        Test::Found(register) => memory.len(*register) > 0,
                        Test::Equal(pairs) => pairs.iter().all(|(one, other)| is_equal(parameters, *one, *other)),
                    };
                    self.blocks.push(if holds { then.iter() } else { otherwise.iter() });
                }
            }
        }
        Ok(None)
    }
}

/// The steps that will be taken, where a plan begins with a choice that only the query decides.
pub(crate) fn way<'p>(steps: &'p [Step], parameters: &[Parameter<'_>]) -> &'p [Step] {
    match steps {
        [Step::Branch { test: Test::Equal(pairs), then, otherwise }] => {
            match pairs.iter().all(|(one, other)| is_equal(parameters, *one, *other)) {
                true => then,
                false => otherwise,
            }
        }
        steps => steps,
    }
}

fn is_equal(parameters: &[Parameter<'_>], one: u32, other: u32) -> bool {
    let at = |slot: u32| parameters.get(slot as usize);
    matches!((at(one), at(other)), (Some(Parameter::Value(one)), Some(Parameter::Value(other))) if one == other)
}

/// Checks how many rows a statement gave back or changed.
///
/// # Errors
/// What the plan says where there were too few, or too many.
pub(crate) fn verify(
    check: Option<&(Check, Failure)>,
    found: usize,
    parameters: &[Parameter<'_>],
) -> Result<(), Error> {
    let Some((check, failure)) = check else {
        return Ok(());
    };
    let holds = match check {
        Check::Some => found > 0,
        Check::None => found == 0,
        // Counting the different selectors is work for the unlikely case only.
        Check::Selected(selectors) => found == selectors.len() || found == different(selectors, parameters),
    };
    if holds { Ok(()) } else { Err(failure.error(found)) }
}

fn different(selectors: &[Vec<(u16, u32)>], parameters: &[Parameter<'_>]) -> usize {
    let same = |one: &[(u16, u32)], other: &[(u16, u32)]| {
        let mut pairs = one.iter().zip(other);
        one.len() == other.len() && pairs.all(|(one, other)| one.0 == other.0 && is_equal(parameters, one.1, other.1))
    };
    let is_first = |at: usize| !selectors[..at].iter().any(|earlier| same(earlier, &selectors[at]));
    (0..selectors.len()).filter(|at| is_first(*at)).count()
}

/// The rows of a list of the query.
pub(crate) fn list<'p>(parameters: &[Parameter<'p>], at: u32) -> &'p [Write] {
    match parameters.get(at as usize) {
        Some(Parameter::Rows(rows)) => rows,
        _ => &[],
    }
}

/// The rows of a list in their order, those together that are inserted in the same way.
pub(crate) fn alike<'p>(
    insert: &'p InsertRows,
    parameters: &[Parameter<'p>],
) -> impl Iterator<Item = (&'p Variant, &'p [Write])> {
    let mut rest = list(parameters, insert.list);
    iter::from_fn(move || {
        let first = variant(insert, rest.first()?)?;
        let others = rest.iter().position(|row| !variant(insert, row).is_some_and(|it| ptr::eq(it, first)));
        let (rows, others) = rest.split_at(others.unwrap_or(rest.len()));
        rest = others;
        Some((first, rows))
    })
}

/// How a row of a list is inserted.
fn variant<'p>(insert: &'p InsertRows, row: &Write) -> Option<&'p Variant> {
    let [first, ..] = insert.variants.as_slice() else {
        return None;
    };
    if insert.optional.is_empty() {
        return Some(first);
    }
    let lacks = |field: &&u16| given(row, **field, 0).is_none();
    insert.variants.iter().find(|variant| insert.optional.iter().filter(lacks).eq(&variant.lacks))
}

/// What a row gives for a column. Rows mostly give their columns in the same order, so the place is guessed first.
pub(crate) fn given(row: &Write, field: u16, guess: usize) -> Option<&Value> {
    let of = |assignment| given_by(assignment, field);
    match row.assignments.get(guess).and_then(of) {
        Some(value) if row.assignments.len() <= guess + 1 => Some(value),
        _ => row.assignments.iter().rev().find_map(of),
    }
}

fn given_by(assignment: &Assignment, field: u16) -> Option<&Value> {
    match assignment {
        Assignment::Set(it, value) | Assignment::Change(it, _, value) if it.index == field => Some(value),
        Assignment::Set(..) | Assignment::Change(..) | Assignment::Nested(..) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lenslet_core::query::FieldId;

    fn row(values: &[(u16, i64)]) -> Write {
        let set = |(field, value): &(u16, i64)| Assignment::Set(FieldId::at(*field), Value::Int(*value));
        Write { assignments: values.iter().map(set).collect() }
    }

    #[test]
    fn what_is_said_later_wins() {
        let row = row(&[(1, 10), (2, 20), (1, 30)]);
        assert_eq!(given(&row, 1, 0), Some(&Value::Int(30)));
        assert_eq!(given(&row, 1, 2), Some(&Value::Int(30)));
        assert_eq!(given(&row, 2, 0), Some(&Value::Int(20)));
        assert_eq!(given(&row, 3, 0), None);
    }

    #[test]
    fn rows_go_the_way_of_what_they_lack() {
        let lacking = |lacks: &[u16]| Variant {
            lacks: lacks.to_vec(),
            head: String::new(),
            tail: String::new(),
            one: String::new(),
            batch: String::new(),
            lists: None,
            cells: Vec::new(),
        };
        let insert = InsertRows {
            list: 0,
            optional: vec![1, 2],
            variants: vec![lacking(&[]), lacking(&[2])],
            columns: Vec::new(),
            into: lenslet_sql::write::Target::Nothing,
        };
        let rows = [row(&[(1, 1), (2, 2)]), row(&[(1, 1)])];
        let parameters = [Parameter::Rows(&rows)];
        let lacks = list(&parameters, 0).iter().map(|row| variant(&insert, row).map(|it| it.lacks.len()));
        assert_eq!(lacks.collect::<Vec<_>>(), [Some(0), Some(1)]);
    }

    #[test]
    fn selectors_that_are_equal_count_once() {
        let values = [Value::Int(1), Value::Int(2), Value::Int(1)];
        let parameters: Vec<Parameter<'_>> = values.iter().map(Parameter::Value).collect();
        let failure = Failure::IncompleteInput { expected: 3 };
        let check = |selectors: &[&[(u16, u32)]], found| {
            let selectors = selectors.iter().map(|it| it.to_vec()).collect();
            verify(Some(&(Check::Selected(selectors), failure.clone())), found, &parameters).is_ok()
        };
        let all: [&[(u16, u32)]; 3] = [&[(0, 0)], &[(0, 1)], &[(0, 2)]];
        assert!(check(&all, 3) && check(&all, 2) && !check(&all, 1));
        let other_column: [&[(u16, u32)]; 2] = [&[(0, 0)], &[(1, 2)]];
        assert!(check(&other_column, 2) && !check(&other_column, 1));
    }
}
