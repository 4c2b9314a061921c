//! What is nested where the row itself holds the foreign key: it gives the key's columns their values.

use super::{
    Check, Step, Target, WritePlanner, is_flat,
    relation::Relation,
    rows::{Row, Rows},
    single,
    sql::Assign,
    update::touch,
};
use crate::{link::primary_key, plan::PlanError, statement::Bind, writer::field};
use lenslet_core::{
    catalog::Arity,
    query::{Condition, Nested, Write},
};

/// What a row's columns become.
type Assigns = Vec<(u16, Assign)>;

impl<'p> WritePlanner<'p> {
    /// Plans what is nested, and answers what the columns of the key become; nothing where that is done already. `near` is
    /// the row, where it exists.
    pub(super) fn refer(
        &mut self,
        near: Option<&Row<'p>>,
        relation: &Relation<'p>,
        nested: &'p Nested,
    ) -> Result<Assigns, PlanError> {
        match (nested, near) {
            (Nested::Create(writes), _) => self.refer_to_new(relation, writes),
            (Nested::Connect(selectors), _) => self.refer_to_found(near, relation, single(selectors)?),
            (Nested::ConnectOrCreate(list), _) => {
                let (selector, write) = single(list)?;
                self.refer_to_found_or_new(near, relation, selector, write)
            }
            (Nested::Disconnect(selectors), Some(row)) => self.unrefer(row, relation, single(selectors)?.as_ref()),
            (Nested::Update(list), Some(row)) => {
                for (selector, write) in list {
                    self.update_far(row, relation, selector.as_ref(), write)?;
                }
                Ok(Vec::new())
            }
            (Nested::UpdateMany(list), Some(row)) => {
                for (condition, write) in list {
                    let rows = self.bound(row, relation)?.given(Some(condition));
                    self.update_rows(&rows, write, Target::Nothing, &[])?;
                }
                Ok(Vec::new())
            }
            (Nested::Upsert(list), Some(row)) => {
                for (selector, upsert) in list {
                    let wanted = [relation.link.far_fields.as_slice(), &primary_key(relation.link.far)].concat();
                    let columns = self.needed(relation.link.far_index, &[&upsert.create, &upsert.update], &wanted)?;
                    let far = self.row(relation.link.far_index, columns)?;
                    self.find(&self.bound(row, relation)?.given(selector.as_ref()), &far, None)?;
                    self.if_found(
                        &far,
                        |planner| planner.change(&far, &upsert.update),
                        |planner| {
                            planner.create(&far, &upsert.create, Vec::new())?;
                            planner.assign_key(row, keys(relation, &far)?)
                        },
                    )?;
                }
                Ok(Vec::new())
            }
            (Nested::Delete(selectors), Some(row)) => {
                self.delete_referred(row, relation, single(selectors)?.as_ref())?;
                Ok(Vec::new())
            }
            _ => Err(PlanError::Invalid("this cannot be done through a relation to one row")),
        }
    }

    fn refer_to_new(&mut self, relation: &Relation<'p>, writes: &'p [Write]) -> Result<Assigns, PlanError> {
        let write = single(writes)?;
        let columns = self.needed(relation.link.far_index, &[write], &relation.link.far_fields)?;
        let far = self.row(relation.link.far_index, columns)?;
        match is_flat(write) {
            true => self.create_rows(&far, writes, false, &[], Target::Register(far.register))?,
            false => self.create(&far, write, Vec::new())?,
        }
        keys(relation, &far)
    }

    fn refer_to_found(
        &mut self,
        near: Option<&Row<'p>>,
        relation: &Relation<'p>,
        selector: &'p Condition,
    ) -> Result<Assigns, PlanError> {
        let far = self.row(relation.link.far_index, relation.link.far_fields.clone())?;
        let rows = self.rows(relation.link.far_index)?.given(Some(selector));
        self.find(&rows, &far, Some((Check::Some, relation.missing_to_connect())))?;
        self.release_holder(near, relation, &far)?;
        keys(relation, &far)
    }

    fn refer_to_found_or_new(
        &mut self,
        near: Option<&Row<'p>>,
        relation: &Relation<'p>,
        selector: &'p Condition,
        write: &'p Write,
    ) -> Result<Assigns, PlanError> {
        let columns = self.needed(relation.link.far_index, &[write], &relation.link.far_fields)?;
        let far = self.row(relation.link.far_index, columns)?;
        let rows = self.rows(relation.link.far_index)?.given(Some(selector));
        self.find(&rows, &far, None)?;
        self.if_found(
            &far,
            |planner| planner.release_holder(near, relation, &far),
            |planner| planner.create(&far, write, Vec::new()),
        )?;
        keys(relation, &far)
    }

    /// Only one row may hold the key of a one-to-one relation: another one that does, loses it.
    fn release_holder(
        &mut self,
        near: Option<&Row<'p>>,
        relation: &Relation<'p>,
        far: &Row<'p>,
    ) -> Result<(), PlanError> {
        if !relation.one_to_one {
            return Ok(());
        }
        let columns = relation.link.near_fields.iter().zip(&relation.link.far_fields);
        let held = columns.map(|(near, far_field)| Ok((*near, far.bind(*far_field)?)));
        let index = self.near_index(relation)?;
        let mut holders = Rows::of(index, relation.near).are(held.collect::<Result<_, PlanError>>()?);
        if let Some(row) = near {
            holders = holders.are_not(row.key()?);
        }
        self.loosen(relation, &holders)
    }

    fn near_index(&self, relation: &Relation<'p>) -> Result<u16, PlanError> {
        // The near model is the far model of the far end; the catalog holds it by reference.
        let models = self.planner.catalog.models.iter().zip(0..);
        let mut found = models.filter(|(model, _)| std::ptr::eq(*model, relation.near)).map(|(_, at)| at);
        found.next().ok_or(PlanError::Invalid("a model from outside the catalog"))
    }

    /// Rows that hold a relation's key hold it no longer; an error where they must.
    pub(super) fn loosen(&mut self, relation: &Relation<'p>, holders: &Rows<'p>) -> Result<(), PlanError> {
        if relation.required {
            return self.forbid(holders, relation.violation());
        }
        let fields = match relation.link.holds_key {
            true => &relation.link.near_fields,
            false => &relation.link.far_fields,
        };
        let statement = self.update(holders, &nulls(holders, fields)?, &[])?;
        self.run(statement);
        Ok(())
    }

    fn unrefer(
        &mut self,
        row: &Row<'p>,
        relation: &Relation<'p>,
        selector: Option<&'p Condition>,
    ) -> Result<Assigns, PlanError> {
        if relation.required {
            self.steps.push(Step::Fail(relation.violation()));
            return Ok(Vec::new());
        }
        let nulls = nulls(&row.rows()?, &relation.link.near_fields)?;
        if selector.is_none() {
            return Ok(nulls);
        }
        let far = self.row(relation.link.far_index, primary_key(relation.link.far))?;
        self.find(&self.bound(row, relation)?.given(selector), &far, None)?;
        self.if_found(&far, |planner| planner.assign_key(row, nulls), |_| Ok(()))?;
        Ok(Vec::new())
    }

    fn delete_referred(
        &mut self,
        row: &Row<'p>,
        relation: &Relation<'p>,
        selector: Option<&'p Condition>,
    ) -> Result<(), PlanError> {
        let far = self.row(relation.link.far_index, primary_key(relation.link.far))?;
        let rows = self.bound(row, relation)?.given(selector);
        self.find(&rows, &far, Some((Check::Some, relation.missing_to_delete())))?;
        if relation.required {
            self.steps.push(Step::Fail(relation.violation()));
            return Ok(());
        }
        let nulls = nulls(&row.rows()?, &relation.link.near_fields)?;
        self.assign_key(row, nulls)?;
        self.delete_rows(&far.rows()?)
    }

    /// Changes the key of a row that exists, and what the register knows of the row.
    fn assign_key(&mut self, row: &Row<'p>, mut assigns: Assigns) -> Result<(), PlanError> {
        touch(row.model, &mut assigns)?;
        let statement = self.update(&row.rows()?, &assigns, &row.columns)?;
        self.run_checked(statement, Target::Register(row.register), None);
        Ok(())
    }

    /// The rows at the other end that a row is bound to.
    pub(super) fn bound(&self, row: &Row<'p>, relation: &Relation<'p>) -> Result<Rows<'p>, PlanError> {
        let link = &relation.link;
        let rows = self.rows(link.far_index)?;
        match (link.join, link.near_fields.as_slice()) {
            (Some(join), [key]) => Ok(rows.paired(join, row.bind(*key)?)),
            _ => {
                let columns = link.far_fields.iter().zip(&link.near_fields);
                let held = columns.map(|(far, near)| Ok((*far, row.bind(*near)?)));
                Ok(rows.are(held.collect::<Result<_, PlanError>>()?))
            }
        }
    }
}

/// The columns of the key, from the row that they refer to.
fn keys(relation: &Relation<'_>, far: &Row<'_>) -> Result<Assigns, PlanError> {
    let columns = relation.link.near_fields.iter().zip(&relation.link.far_fields);
    columns.map(|(near, far_field)| Ok((*near, Assign::Value(far.bind(*far_field)?)))).collect()
}

/// The columns of the key that may be null, as null.
pub(super) fn nulls(rows: &Rows<'_>, fields: &[u16]) -> Result<Assigns, PlanError> {
    let mut assigns = Vec::new();
    for at in fields {
        if field(rows.model, *at)?.arity == Arity::Optional {
            assigns.push((*at, Assign::Null));
        }
    }
    Ok(assigns)
}

/// Parameters of the far rows' key, from the row that they refer to.
pub(super) fn inherited(relation: &Relation<'_>, row: &Row<'_>) -> Result<Vec<(u16, Bind)>, PlanError> {
    let columns = relation.link.far_fields.iter().zip(&relation.link.near_fields);
    columns.map(|(far, near)| Ok((*far, row.bind(*near)?))).collect()
}
