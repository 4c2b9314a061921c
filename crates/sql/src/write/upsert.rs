//! A change of a row, or else a new one.

use super::{
    Step, Target, Test, WritePlanner,
    create::sets,
    is_flat,
    rows::{Row, Rows},
    sql::{Assign, Conflict},
};
use crate::plan::PlanError;
use lenslet_core::{
    query::{Condition, Operator, Upsert},
    value::Value,
};

impl<'p> WritePlanner<'p> {
    /// Plans an upsert whose row goes to `into`: one statement where the database can do it and the row that it would find
    /// is the row that it would insert, otherwise a look first.
    pub(super) fn upsert(
        &mut self,
        rows: &Rows<'p>,
        filter: Option<&'p Condition>,
        upsert: &'p Upsert,
        row: &Row<'p>,
        into: Target,
    ) -> Result<(), PlanError> {
        let Some(unique) = self.native(row, filter, upsert) else {
            return self.find_and_upsert(rows, upsert, row, into);
        };
        let pairs = unique
            .iter()
            .map(|(_, selected, created)| Ok((self.slot(selected)?, self.slot(created)?)))
            .collect::<Result<_, PlanError>>()?;
        let columns: Vec<u16> = unique.iter().map(|(field, ..)| *field).collect();
        let then = self.block(|planner| planner.upsert_at_once(upsert, row, &columns, into))?;
        let otherwise = self.block(|planner| planner.find_and_upsert(rows, upsert, row, into))?;
        self.steps.push(Step::Branch { test: Test::Equal(pairs), then, otherwise });
        Ok(())
    }

    /// The columns of the unique that a single statement can stand on, each with its value in the selector and in the new
    /// row: Prisma's conditions, but for the equality of the values, which only the query knows.
    fn native(
        &self,
        row: &Row<'p>,
        filter: Option<&'p Condition>,
        upsert: &'p Upsert,
    ) -> Option<Vec<(u16, &'p Value, &'p Value)>> {
        let emulated = self.planner.catalog.relation_mode == lenslet_core::catalog::RelationMode::Prisma;
        if emulated || !self.planner.dialect.returning || !is_flat(&upsert.create) || !is_flat(&upsert.update) {
            return None;
        }
        let selected = equalities(filter?)?;
        let is_index = row.model.uniques().any(|index| {
            index.fields.len() == selected.len()
                && index.fields.iter().all(|it| selected.iter().any(|(field, _)| *field == it.field))
        });
        if !is_index {
            return None;
        }
        let created = |field: u16| sets(&upsert.create).filter(|(it, _)| *it == field).last();
        selected.into_iter().map(|(field, value)| Some((field, value, created(field)?.1))).collect()
    }

    fn upsert_at_once(
        &mut self,
        upsert: &'p Upsert,
        row: &Row<'p>,
        unique: &[u16],
        into: Target,
    ) -> Result<(), PlanError> {
        let mut given = Vec::new();
        for (field, value) in sets(&upsert.create) {
            given.push((field, self.bind(row.model, field, value)?));
        }
        let columns = self.complete(row.model, given)?;
        let mut assigns = self.assigns(row.model, &upsert.update)?;
        if assigns.is_empty() {
            // A statement that changes nothing gives nothing back: the columns of the unique become what they are.
            let same = columns.iter().filter(|(field, _)| unique.contains(field));
            assigns = same.map(|(field, bind)| (*field, Assign::Value(bind.clone()))).collect();
        }
        let conflict = Conflict::Update(unique, &assigns);
        let statement = self.insert(row.model, &columns, &conflict, &row.columns)?;
        self.run_checked(statement, into, None);
        Ok(())
    }

    fn find_and_upsert(
        &mut self,
        rows: &Rows<'p>,
        upsert: &'p Upsert,
        row: &Row<'p>,
        into: Target,
    ) -> Result<(), PlanError> {
        let identity = crate::link::primary_key(row.model);
        let columns = self.needed(row.index, &[&upsert.create, &upsert.update], &identity)?;
        let found = self.row(row.index, columns)?;
        self.find(rows, &found, None)?;
        self.if_found(
            &found,
            |planner| planner.change_found(&found, &upsert.update, row, into),
            |planner| planner.create_into(row, &upsert.create, Vec::new(), into),
        )
    }

    /// Changes a row that a register holds, and gives it back with the columns of another register.
    fn change_found(
        &mut self,
        found: &Row<'p>,
        update: &'p lenslet_core::query::Write,
        row: &Row<'p>,
        into: Target,
    ) -> Result<(), PlanError> {
        let assigns = self.assigns(row.model, update)?;
        if is_flat(update) && !assigns.is_empty() {
            return self.change_into(found, update, into, &row.columns);
        }
        self.change(found, update)?;
        let statement = self.select(&found.rows()?, &row.columns)?;
        self.run_checked(statement, into, None);
        Ok(())
    }
}

/// The columns that a condition compares with values, where it does nothing else.
fn equalities(condition: &Condition) -> Option<Vec<(u16, &Value)>> {
    match condition {
        Condition::Compare(compare)
            if compare.operator == Operator::Equals
                && compare.path.is_none()
                && !compare.insensitive
                && !matches!(compare.value, Value::Null | Value::Column(_)) =>
        {
            Some(vec![(compare.field.index, &compare.value)])
        }
        Condition::Compound(_, columns) => Some(columns.iter().map(|(field, value)| (field.index, value)).collect()),
        Condition::All(list) => {
            let parts: Option<Vec<_>> = list.iter().map(equalities).collect();
            Some(parts?.into_iter().flatten().collect())
        }
        _ => None,
    }
}
