//! What is nested where the rows at the other end hold the foreign key, or a table of pairs does: it is done once the row
//! is there.

use super::{
    Check, Step, Target, WritePlanner, is_flat,
    refer::inherited,
    relation::Relation,
    rows::{Row, Rows},
    sql::Assign,
    update::touch,
};
use crate::{link::primary_key, plan::PlanError};
use lenslet_core::{
    query::{Condition, Nested, Upsert, Write},
    value::Value,
};

impl<'p> WritePlanner<'p> {
    /// Plans what is nested. A new row is bound to none yet.
    pub(super) fn attach(
        &mut self,
        row: &Row<'p>,
        relation: &Relation<'p>,
        nested: &'p Nested,
        is_new: bool,
    ) -> Result<(), PlanError> {
        let adds = matches!(nested, Nested::Create(list) if !list.is_empty());
        if adds && relation.one_to_one && !is_new {
            self.loosen(relation, &self.bound(row, relation)?)?;
        }
        match nested {
            Nested::Create(writes) => self.attach_new(row, relation, writes),
            Nested::CreateMany(many) => self.attach_rows(row, relation, &many.rows, many.skip_duplicates),
            Nested::Connect(selectors) if relation.one_to_one => {
                for selector in selectors {
                    self.attach_one(row, relation, selector, is_new)?;
                }
                Ok(())
            }
            Nested::Connect(selectors) => self.attach_found(row, relation, selectors),
            Nested::ConnectOrCreate(list) => {
                for (selector, write) in list {
                    self.attach_found_or_new(row, relation, selector, write, is_new)?;
                }
                Ok(())
            }
            Nested::Set(selectors) => self.set(row, relation, selectors),
            Nested::Disconnect(selectors) => self.detach(row, relation, selectors),
            Nested::Update(list) => {
                for (selector, write) in list {
                    self.update_far(row, relation, selector.as_ref(), write)?;
                }
                Ok(())
            }
            Nested::Upsert(list) => {
                for (selector, upsert) in list {
                    self.upsert_far(row, relation, selector.as_ref(), upsert)?;
                }
                Ok(())
            }
            Nested::UpdateMany(list) => {
                for (condition, write) in list {
                    let rows = self.bound(row, relation)?.given(Some(condition));
                    self.update_rows(&rows, write, Target::Nothing, &[])?;
                }
                Ok(())
            }
            Nested::Delete(selectors) => self.delete_far(row, relation, selectors),
            Nested::DeleteMany(conditions) => {
                for condition in conditions {
                    let rows = self.bound(row, relation)?.given(Some(condition));
                    self.delete_rows(&rows)?;
                }
                Ok(())
            }
        }
    }

    fn attach_new(&mut self, row: &Row<'p>, relation: &Relation<'p>, writes: &'p [Write]) -> Result<(), PlanError> {
        if writes.iter().all(is_flat) {
            return self.attach_rows(row, relation, writes, false);
        }
        for write in writes {
            let wanted = self.paired_key(relation);
            let columns = self.needed(relation.link.far_index, &[write], &wanted)?;
            let far = self.row(relation.link.far_index, columns)?;
            self.create_far(row, relation, &far, write)?;
        }
        Ok(())
    }

    /// What must be known of a row that is to be bound.
    fn paired_key(&self, relation: &Relation<'p>) -> Vec<u16> {
        match relation.link.join {
            Some(_) => relation.link.far_fields.clone(),
            None => Vec::new(),
        }
    }

    fn create_far(
        &mut self,
        row: &Row<'p>,
        relation: &Relation<'p>,
        far: &Row<'p>,
        write: &'p Write,
    ) -> Result<(), PlanError> {
        match relation.link.join {
            None => self.create(far, write, inherited(relation, row)?),
            Some(_) => {
                self.create(far, write, Vec::new())?;
                self.pair_each(row, relation, far)
            }
        }
    }

    fn attach_rows(
        &mut self,
        row: &Row<'p>,
        relation: &Relation<'p>,
        rows: &'p [Write],
        skip_duplicates: bool,
    ) -> Result<(), PlanError> {
        if rows.is_empty() {
            return Ok(());
        }
        let far = self.row(relation.link.far_index, self.paired_key(relation))?;
        match relation.link.join {
            None => {
                let key = inherited(relation, row)?;
                self.create_rows(&far, rows, skip_duplicates, &key, Target::Nothing)
            }
            Some(_) => {
                let into = Target::Register(far.register);
                self.create_rows(&far, rows, skip_duplicates, &[], into)?;
                self.pair_each(row, relation, &far)
            }
        }
    }

    /// Binds every row of a register by pairs.
    fn pair_each(&mut self, row: &Row<'p>, relation: &Relation<'p>, far: &Row<'p>) -> Result<(), PlanError> {
        let link = &relation.link;
        if let (Some(join), [near_key], [far_key]) =
            (link.join, link.near_fields.as_slice(), link.far_fields.as_slice())
        {
            let statement = self.pair(join, &row.bind(*near_key)?, &far.bind(*far_key)?);
            self.run_each(far, statement);
        }
        Ok(())
    }

    /// What binds a row of the far end that is there.
    fn key_of(&self, row: &Row<'p>, relation: &Relation<'p>) -> Result<Vec<(u16, Assign)>, PlanError> {
        let key = inherited(relation, row)?.into_iter();
        let mut assigns = key.map(|(field, bind)| (field, Assign::Value(bind))).collect();
        touch(relation.link.far, &mut assigns)?;
        Ok(assigns)
    }

    fn attach_one(
        &mut self,
        row: &Row<'p>,
        relation: &Relation<'p>,
        selector: &'p Condition,
        is_new: bool,
    ) -> Result<(), PlanError> {
        let far = self.row(relation.link.far_index, primary_key(relation.link.far))?;
        let rows = self.rows(relation.link.far_index)?.given(Some(selector));
        self.find(&rows, &far, Some((Check::Some, relation.missing_to_connect())))?;
        self.bind_found(row, relation, &far, is_new)
    }

    /// Binds the row of a register.
    fn bind_found(
        &mut self,
        row: &Row<'p>,
        relation: &Relation<'p>,
        far: &Row<'p>,
        is_new: bool,
    ) -> Result<(), PlanError> {
        if relation.link.join.is_some() {
            return self.pair_each(row, relation, far);
        }
        if relation.one_to_one && !is_new {
            let others = self.bound(row, relation)?.are_not(far.key()?);
            self.loosen(relation, &others)?;
        }
        let mut rows = far.rows()?;
        if relation.one_to_one {
            rows = rows.are_not(inherited(relation, row)?);
        }
        let statement = self.update(&rows, &self.key_of(row, relation)?, &[])?;
        self.run(statement);
        Ok(())
    }

    fn attach_found(
        &mut self,
        row: &Row<'p>,
        relation: &Relation<'p>,
        selectors: &'p [Condition],
    ) -> Result<(), PlanError> {
        if selectors.is_empty() {
            return Ok(());
        }
        let all = self.rows(relation.link.far_index)?.among(selectors.iter().collect());
        let check = Some((self.each_of(selectors.iter())?, relation.incomplete(selectors.len())));
        if relation.link.join.is_some() {
            let far = self.row(relation.link.far_index, relation.link.far_fields.clone())?;
            self.find(&all, &far, check)?;
            return self.pair_each(row, relation, &far);
        }
        let statement = self.update(&all, &self.key_of(row, relation)?, &[])?;
        self.run_checked(statement, Target::Nothing, check);
        Ok(())
    }

    fn each_of(&self, selectors: impl Iterator<Item = &'p Condition>) -> Result<Check, PlanError> {
        let selectors = selectors.map(|selector| {
            let columns = compared(selector).into_iter();
            columns.map(|(field, value)| Ok((field, self.slot(value)?))).collect()
        });
        Ok(Check::Selected(selectors.collect::<Result<_, PlanError>>()?))
    }

    fn attach_found_or_new(
        &mut self,
        row: &Row<'p>,
        relation: &Relation<'p>,
        selector: &'p Condition,
        write: &'p Write,
        is_new: bool,
    ) -> Result<(), PlanError> {
        let wanted = primary_key(relation.link.far);
        let columns = self.needed(relation.link.far_index, &[write], &wanted)?;
        let far = self.row(relation.link.far_index, columns)?;
        let rows = self.rows(relation.link.far_index)?.given(Some(selector));
        self.find(&rows, &far, None)?;
        self.if_found(
            &far,
            |planner| planner.bind_found(row, relation, &far, is_new),
            |planner| {
                if relation.one_to_one && !is_new {
                    planner.loosen(relation, &planner.bound(row, relation)?)?;
                }
                planner.create_far(row, relation, &far, write)
            },
        )
    }

    fn set(&mut self, row: &Row<'p>, relation: &Relation<'p>, selectors: &'p [Condition]) -> Result<(), PlanError> {
        let link = &relation.link;
        let conditions: Vec<&Condition> = selectors.iter().collect();
        let wanted = self.rows(link.far_index)?.among(conditions.clone());
        if let (Some(join), [near_key]) = (link.join, link.near_fields.as_slice()) {
            if !selectors.is_empty() {
                let check = Some((self.each_of(selectors.iter())?, relation.incomplete(selectors.len())));
                let far = self.row(link.far_index, link.far_fields.clone())?;
                self.find(&wanted, &far, check)?;
            }
            let near = row.bind(*near_key)?;
            let others = self.unpair(join, &near, Some((&wanted, false)), &link.far_fields)?;
            self.run(others);
            let all = self.pair_all(join, &near, &wanted, &link.far_fields)?;
            self.run(all);
            return Ok(());
        }
        let others = self.bound(row, relation)?.except(conditions);
        self.loosen(relation, &others)?;
        // Rows that are bound already do not change.
        let strangers = wanted.are_not(inherited(relation, row)?);
        let statement = self.update(&strangers, &self.key_of(row, relation)?, &[])?;
        self.run(statement);
        Ok(())
    }

    fn detach(
        &mut self,
        row: &Row<'p>,
        relation: &Relation<'p>,
        selectors: &'p [Option<Condition>],
    ) -> Result<(), PlanError> {
        let link = &relation.link;
        if relation.required {
            self.steps.push(Step::Fail(relation.violation()));
            return Ok(());
        }
        if let (Some(join), [near_key]) = (link.join, link.near_fields.as_slice()) {
            let near = row.bind(*near_key)?;
            let rows = among(self.rows(link.far_index)?, selectors);
            let statement = self.unpair(join, &near, Some((&rows, true)), &link.far_fields)?;
            self.run(statement);
            return Ok(());
        }
        let rows = among(self.bound(row, relation)?, selectors);
        self.loosen(relation, &rows)
    }

    /// Changes one row at the other end.
    pub(super) fn update_far(
        &mut self,
        row: &Row<'p>,
        relation: &Relation<'p>,
        selector: Option<&'p Condition>,
        write: &'p Write,
    ) -> Result<(), PlanError> {
        let rows = self.bound(row, relation)?.given(selector);
        let columns = self.needed(relation.link.far_index, &[write], &primary_key(relation.link.far))?;
        let far = self.row(relation.link.far_index, columns)?;
        self.update_one(&rows, &far, write, relation.missing("a nested update"))
    }

    fn upsert_far(
        &mut self,
        row: &Row<'p>,
        relation: &Relation<'p>,
        selector: Option<&'p Condition>,
        upsert: &'p Upsert,
    ) -> Result<(), PlanError> {
        let wanted = primary_key(relation.link.far);
        let columns = self.needed(relation.link.far_index, &[&upsert.create, &upsert.update], &wanted)?;
        let far = self.row(relation.link.far_index, columns)?;
        self.find(&self.bound(row, relation)?.given(selector), &far, None)?;
        self.if_found(
            &far,
            |planner| planner.change(&far, &upsert.update),
            |planner| {
                if relation.one_to_one {
                    planner.loosen(relation, &planner.bound(row, relation)?)?;
                }
                planner.create_far(row, relation, &far, &upsert.create)
            },
        )
    }

    fn delete_far(
        &mut self,
        row: &Row<'p>,
        relation: &Relation<'p>,
        selectors: &'p [Option<Condition>],
    ) -> Result<(), PlanError> {
        if selectors.is_empty() {
            return Ok(());
        }
        let rows = among(self.bound(row, relation)?, selectors);
        let check = match relation.link.many {
            false => Check::Some,
            true => self.each_of(selectors.iter().flatten())?,
        };
        let far = self.row(relation.link.far_index, primary_key(relation.link.far))?;
        self.find(&rows, &far, Some((check, relation.missing_to_delete())))?;
        self.delete_rows(&rows)
    }
}

/// Those rows that fulfil one of the conditions; all, where one is absent.
fn among<'p>(rows: Rows<'p>, selectors: &'p [Option<Condition>]) -> Rows<'p> {
    match selectors.iter().map(Option::as_ref).collect::<Option<Vec<_>>>() {
        Some(conditions) => rows.among(conditions),
        None => rows,
    }
}

/// The columns that a condition compares, with their values.
pub(super) fn compared(condition: &Condition) -> Vec<(u16, &Value)> {
    match condition {
        Condition::Compare(compare) => vec![(compare.field.index, &compare.value)],
        Condition::Compound(_, columns) => columns.iter().map(|(field, value)| (field.index, value)).collect(),
        Condition::Related(_, _, inner) | Condition::Not(inner) => compared(inner),
        Condition::All(list) | Condition::Any(list) => list.iter().flat_map(compared).collect(),
    }
}
