//! A new row with the rows that are nested in it as one statement, which takes one round trip and no transaction around it.

use super::{
    WritePlanner, is_flat,
    refer::inherited,
    relation::Relation,
    rows::Row,
    sql::{Conflict, Insertion},
};
use crate::{
    plan::PlanError,
    statement::Statement,
    writer::{Writer, column},
};
use lenslet_core::{
    catalog::Model,
    query::{Nested, Write},
};

impl<'p> WritePlanner<'p> {
    /// `WITH row AS (INSERT …), rows AS (INSERT …) SELECT wanted FROM row WHERE …`; `None` where that would not be the same as
    /// one insertion after the other.
    pub(super) fn create_at_once(
        &self,
        row: &Row<'p>,
        write: &'p Write,
        wanted: &[u16],
    ) -> Result<Option<Statement>, PlanError> {
        let Some(insertions) = self.nested_insertions(row, write)?.filter(|it| !it.is_empty()) else {
            return Ok(None);
        };
        let columns = self.complete(row.model, self.given(row.model, write)?)?;
        let mut writer = Writer::new(self.planner);
        let held = writer.alias();
        writer.push("WITH ");
        writer.held_name(held);
        writer.push(" AS (");
        writer.insert(row.model, &columns, &Conflict::Fail, &row.columns)?;
        for insertion in &insertions {
            let rows = writer.alias();
            writer.push("), ");
            writer.held_name(rows);
            writer.push(" AS (");
            writer.insert_lists(insertion, Some((row, held)), &[])?;
        }
        writer.push(") SELECT ");
        writer.names(row.model, wanted)?;
        writer.push(" FROM ");
        writer.held_name(held);
        let tables = std::iter::once(row.model).chain(insertions.iter().map(|it| it.model));
        writer.no_triggers(tables);
        Ok(Some(writer.finish(self.types(row.model, wanted)?)))
    }

    /// The rows that are nested in a new row, where nothing but its key is needed to insert them, and nobody needs theirs.
    fn nested_insertions(&self, row: &Row<'p>, write: &'p Write) -> Result<Option<Vec<Insertion<'p>>>, PlanError> {
        let mut insertions: Vec<Insertion<'_>> = Vec::new();
        for (relation, nested) in self.relations(row.model, write)? {
            let (rows, skip_duplicates) = match nested {
                Nested::Create(rows) => (rows, false),
                Nested::CreateMany(many) => (&many.rows, many.skip_duplicates),
                _ => return Ok(None),
            };
            let link = &relation.link;
            if rows.is_empty() {
                continue;
            }
            // In which order the parts of a statement insert into the same table, the database does not say.
            let again = insertions.iter().any(|it| std::ptr::eq(it.model, link.far));
            if link.holds_key || link.join.is_some() || again || !rows.iter().all(is_flat) || !has_same_key(&relation)?
            {
                return Ok(None);
            }
            let (_, mut kinds) = self.insertions(link.far, rows, skip_duplicates, &inherited(&relation, row)?)?;
            match (kinds.pop(), kinds.is_empty()) {
                (Some((_, insertion)), true) if insertion.is_listed(self.planner.dialect)? => {
                    insertions.push(insertion)
                }
                _ => return Ok(None),
            }
        }
        Ok(Some(insertions))
    }
}

impl Writer<'_> {
    /// ` WHERE 1 / … = 1`: fails where a trigger of the user's own runs when rows are inserted into one of the tables. It would not
    /// find the rows that the same statement inserts into another, or find them too early, and might do something else then
    /// without a word. Triggers that the database itself has, for foreign keys, look at the end.
    fn no_triggers<'m>(&mut self, tables: impl Iterator<Item = &'m Model>) {
        self.push(
            " WHERE 1 / (SELECT CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_trigger WHERE NOT tgisinternal \
             AND tgtype & 4 <> 0 AND tgrelid IN (",
        );
        for (at, table) in tables.enumerate() {
            self.comma(at);
            self.table_as_value(table);
        }
        self.push(")) THEN 0 ELSE 1 END) = 1");
    }
}

/// Whether the columns at both ends have the same types, so that one can be written into the other as it is.
fn has_same_key(relation: &Relation<'_>) -> Result<bool, PlanError> {
    let ty = |model: &Model, field: u16| {
        let (_, column, ty) = column(model, field)?;
        Ok::<_, PlanError>((ty, column.native_type.clone()))
    };
    for (near, far) in relation.link.near_fields.iter().zip(&relation.link.far_fields) {
        if ty(relation.near, *near)? != ty(relation.link.far, *far)? {
            return Ok(false);
        }
    }
    Ok(true)
}
