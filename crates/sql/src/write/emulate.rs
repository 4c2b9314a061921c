//! Referential actions that the engine carries out itself (`relationMode = "prisma"`).
//!
//! Rows that refer are found by a condition on the rows that they refer to, so that any number of rows at any depth takes
//! one statement a relation. The check of a schema excludes cycles of such actions.

use super::{WritePlanner, refer::nulls, relation::Relation, rows::Rows, sql::Assign};
use crate::{
    link::{Link, primary_key},
    plan::PlanError,
};
use lenslet_core::{
    catalog::{ForeignKey, ReferentialAction, RelationKind, RelationMode},
    query::FieldId,
};

/// How deep actions follow from each other, so that a schema that was not checked cannot loop.
const DEPTH: usize = 32;

impl<'p> WritePlanner<'p> {
    /// What follows from the deletion of rows. Returns the rows, for their deletion.
    pub(super) fn follow_delete(&mut self, rows: &Rows<'p>) -> Result<Rows<'p>, PlanError> {
        if self.referring(rows, 0)?.is_empty() {
            return Ok(rows.clone());
        }
        let rows = self.settle(rows)?;
        self.follow_delete_from(&rows, 0)?;
        Ok(rows)
    }

    /// The same rows, whatever happens to what their condition looks at.
    fn settle(&mut self, rows: &Rows<'p>) -> Result<Rows<'p>, PlanError> {
        let held = self.row(rows.index, primary_key(rows.model))?;
        self.find(rows, &held, None)?;
        Ok(Rows::of(rows.index, rows.model).held(&held))
    }

    fn follow_delete_from(&mut self, rows: &Rows<'p>, depth: usize) -> Result<(), PlanError> {
        for (relation, key) in self.referring(rows, depth)? {
            let Some(key) = key else {
                if let Some(join) = relation.link.join {
                    let statement = self.unpair_rows(join, rows, &relation.link.near_fields)?;
                    self.run(statement);
                }
                continue;
            };
            let far = self.far(&relation.link, rows)?;
            match key.on_delete {
                ReferentialAction::Cascade => {
                    self.follow_delete_from(&far, depth + 1)?;
                    let statement = self.delete(&far, &[])?;
                    self.run(statement);
                }
                // There is nobody else to complain at the end of the transaction.
                ReferentialAction::Restrict | ReferentialAction::NoAction => self.forbid(&far, relation.violation())?,
                ReferentialAction::SetNull => self.set_null(&relation, &far, depth)?,
                ReferentialAction::SetDefault => {}
            }
        }
        Ok(())
    }

    /// What follows from a change of rows. Returns the rows, for their change.
    pub(super) fn follow_update(&mut self, rows: &Rows<'p>, assigns: &[(u16, Assign)]) -> Result<Rows<'p>, PlanError> {
        let changes = |relation: &Relation<'p>| {
            let mut columns = relation.link.near_fields.iter();
            columns.any(|near| assigns.iter().any(|(field, _)| field == near))
        };
        if !self.referring(rows, 0)?.iter().any(|(relation, _)| changes(relation)) {
            return Ok(rows.clone());
        }
        let rows = self.settle(rows)?;
        self.follow_update_from(&rows, assigns, 0)?;
        Ok(rows)
    }

    fn follow_update_from(
        &mut self,
        rows: &Rows<'p>,
        assigns: &[(u16, Assign)],
        depth: usize,
    ) -> Result<(), PlanError> {
        for (relation, key) in self.referring(rows, depth)? {
            let Some(key) = key else { continue };
            let columns = relation.link.far_fields.iter().zip(&relation.link.near_fields);
            let changed: Vec<(u16, Assign)> = columns
                .filter_map(|(far, near)| {
                    let (_, assign) = assigns.iter().find(|(field, _)| field == near)?;
                    Some((*far, assign.clone()))
                })
                .collect();
            if changed.is_empty() {
                continue;
            }
            let far = self.far(&relation.link, rows)?;
            match key.on_update {
                ReferentialAction::Cascade => {
                    self.follow_update_from(&far, &changed, depth + 1)?;
                    let statement = self.update(&far, &changed, &[])?;
                    self.run(statement);
                }
                ReferentialAction::Restrict | ReferentialAction::NoAction => self.forbid(&far, relation.violation())?,
                ReferentialAction::SetNull => self.set_null(&relation, &far, depth)?,
                ReferentialAction::SetDefault => {}
            }
        }
        Ok(())
    }

    fn set_null(&mut self, relation: &Relation<'p>, far: &Rows<'p>, depth: usize) -> Result<(), PlanError> {
        let assigns = nulls(far, &relation.link.far_fields)?;
        if assigns.is_empty() {
            return self.forbid(far, relation.violation());
        }
        self.follow_update_from(far, &assigns, depth + 1)?;
        let statement = self.update(far, &assigns, &[])?;
        self.run(statement);
        Ok(())
    }

    /// The relations by whose key (or pairs) other rows refer to rows of a model, as those rows see them.
    fn referring(
        &self,
        rows: &Rows<'p>,
        depth: usize,
    ) -> Result<Vec<(Relation<'p>, Option<&'p ForeignKey>)>, PlanError> {
        let catalog = self.planner.catalog;
        if catalog.relation_mode == RelationMode::ForeignKeys {
            return Ok(Vec::new());
        }
        if depth > DEPTH {
            return Err(PlanError::Invalid("its referential actions follow from each other without end"));
        }
        let mut found = Vec::new();
        for (at, _, end) in rows.model.relations() {
            let relation = Relation::of(self.planner, rows.model, FieldId::at(at))?;
            if relation.link.holds_key {
                continue;
            }
            let key = match catalog.relations.get(usize::from(end.relation)).map(|it| &it.kind) {
                Some(RelationKind::ForeignKey(key)) => Some(key),
                _ => None,
            };
            found.push((relation, key));
        }
        Ok(found)
    }

    fn far(&self, link: &Link<'p>, rows: &Rows<'p>) -> Result<Rows<'p>, PlanError> {
        let far = self.rows(link.far_index)?;
        Ok(far.matching(link.far_fields.clone(), rows.clone(), link.near_fields.clone()))
    }
}
