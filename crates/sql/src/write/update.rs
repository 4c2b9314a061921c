//! Changes of rows, and their end.

use super::{
    Check, Failure, Target, WritePlanner, is_flat,
    rows::{Row, Rows},
    sql::Assign,
};
use crate::{
    plan::PlanError,
    statement::{Bind, Encoding, Source},
    writer::column,
};
use lenslet_core::{
    catalog::Model,
    query::{Assignment, Write},
};

impl<'p> WritePlanner<'p> {
    /// Changes one row with what is nested in it, and keeps it in a register. There must be one.
    pub(super) fn update_one(
        &mut self,
        rows: &Rows<'p>,
        row: &Row<'p>,
        write: &'p Write,
        missing: Failure,
    ) -> Result<(), PlanError> {
        let check = Some((Check::Some, missing));
        let assigns = self.assigns(row.model, write)?;
        if is_flat(write) && !assigns.is_empty() && self.planner.dialect.returning {
            let rows = self.follow_update(rows, &assigns)?;
            let statement = self.update(&rows, &assigns, &row.columns)?;
            self.run_checked(statement, Target::Register(row.register), check);
            return Ok(());
        }
        self.find(rows, row, check)?;
        self.change(row, write)
    }

    /// Changes a row that a register holds, with what is nested in it.
    pub(super) fn change(&mut self, row: &Row<'p>, write: &'p Write) -> Result<(), PlanError> {
        self.change_into(row, write, Target::Register(row.register), &row.columns)
    }

    /// The same, with the row given back elsewhere; what is given back is only so where a column changes.
    pub(super) fn change_into(
        &mut self,
        row: &Row<'p>,
        write: &'p Write,
        into: Target,
        returning: &[u16],
    ) -> Result<(), PlanError> {
        let mut assigns = self.assigns(row.model, write)?;
        let relations = self.relations(row.model, write)?;
        for (relation, nested) in relations.iter().filter(|(relation, _)| relation.link.holds_key) {
            for (field, assign) in self.refer(Some(row), relation, nested)? {
                put(&mut assigns, field, assign);
            }
        }
        touch(row.model, &mut assigns)?;
        if !assigns.is_empty() {
            let rows = self.follow_update(&row.rows()?, &assigns)?;
            let statement = self.update(&rows, &assigns, returning)?;
            self.run_checked(statement, into, None);
        }
        for (relation, nested) in relations.iter().filter(|(relation, _)| !relation.link.holds_key) {
            self.attach(row, relation, nested, false)?;
        }
        Ok(())
    }

    /// Changes every one of the rows.
    pub(super) fn update_rows(
        &mut self,
        rows: &Rows<'p>,
        write: &'p Write,
        into: Target,
        returning: &[u16],
    ) -> Result<(), PlanError> {
        let assigns = self.assigns(rows.model, write)?;
        if assigns.is_empty() {
            let columns = match returning {
                [] => crate::link::primary_key(rows.model),
                _ => returning.to_vec(),
            };
            let statement = self.select(rows, &columns)?;
            self.run_checked(statement, into, None);
            return Ok(());
        }
        let rows = self.follow_update(rows, &assigns)?;
        let statement = self.update(&rows, &assigns, returning)?;
        self.run_checked(statement, into, None);
        Ok(())
    }

    /// Deletes rows, and does first what the database does not do itself.
    pub(super) fn delete_rows(&mut self, rows: &Rows<'p>) -> Result<(), PlanError> {
        let rows = self.follow_delete(rows)?;
        let statement = self.delete(&rows, &[])?;
        self.run(statement);
        Ok(())
    }

    /// What the columns of changed rows become.
    pub(super) fn assigns(&self, model: &Model, write: &Write) -> Result<Vec<(u16, Assign)>, PlanError> {
        let mut assigns = Vec::new();
        for assignment in &write.assignments {
            match assignment {
                Assignment::Nested(..) => {}
                Assignment::Set(field, value) => {
                    let bind = self.bind(model, field.index, value)?;
                    put(&mut assigns, field.index, Assign::Value(bind));
                }
                Assignment::Change(field, change, value) => {
                    let bind = self.bind(model, field.index, value)?;
                    put(&mut assigns, field.index, Assign::Change(*change, bind));
                }
            }
        }
        touch(model, &mut assigns)?;
        Ok(assigns)
    }
}

/// A change of any column is one of `@updatedAt`, too; that a row is parted from another is none, as with Prisma.
pub(super) fn touch(model: &Model, assigns: &mut Vec<(u16, Assign)>) -> Result<(), PlanError> {
    if assigns.iter().all(|(_, assign)| matches!(assign, Assign::Null)) {
        return Ok(());
    }
    for (at, _, _) in model.columns().filter(|(_, _, of)| of.updated_at) {
        if assigns.iter().all(|(field, _)| *field != at) {
            assigns.push((at, Assign::Value(now(model, at)?)));
        }
    }
    Ok(())
}

fn now(model: &Model, field: u16) -> Result<Bind, PlanError> {
    Ok(Bind { source: Source::Now, encoding: Encoding::Value(column(model, field)?.2) })
}

/// What is said later, wins.
fn put(assigns: &mut Vec<(u16, Assign)>, field: u16, assign: Assign) {
    match assigns.iter_mut().find(|(it, _)| *it == field) {
        Some(known) => known.1 = assign,
        None => assigns.push((field, assign)),
    }
}
