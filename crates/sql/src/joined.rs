//! Reads in one statement: relations joined to the rows that they belong to.
//!
//! Such a statement is read while it runs. A row that belongs to several rows of a relation is repeated with each; it must
//! not be wider than they are, and nothing may tear its repetitions apart.

use crate::{
    link::{Link, primary_key},
    order::criteria,
    plan::{PlanError, Planner},
    read::{Cell, Projected, Projection, has_index, write_limit},
    statement::{Statement, Type},
    writer::{Table, Writer},
};
use lenslet_core::{
    catalog::Catalog,
    query::{Action, Arguments, FieldId, Query, SelectedRelation},
};
use std::fmt;

/// How rows are read together with those of their relations.
#[derive(Clone, Debug, PartialEq)]
pub struct Joined {
    /// What yields the rows.
    pub statement: Statement,
    /// The cells of a row, in the order of the selection. `Rows` is an index into the relations.
    pub cells: Vec<Cell>,
    /// The relations.
    pub relations: Vec<JoinedRelation>,
}

/// A relation of joined rows.
#[derive(Clone, Debug, PartialEq)]
pub struct JoinedRelation {
    /// The cells of its rows.
    pub cells: Vec<Cell>,
    /// The column that is null where there is no row.
    pub key: usize,
    /// Where there can be many rows: the column that tells the rows apart to which they belong.
    pub parent: Option<usize>,
}

/// A relation that is to be joined.
struct Join<'a, 'q> {
    relation: &'q SelectedRelation,
    link: Link<'a>,
    projection: Projection<'q>,
    /// The column with the key of the near row.
    parent: usize,
}

impl<'a> Planner<'a> {
    /// One statement for a read with relations, where one can do it.
    pub(crate) fn joined(&'a self, query: &Query) -> Result<Option<Joined>, PlanError> {
        let near = self.projection(query.model.index, &query.selection)?;
        if !self.dialect.joins || near.relations.is_empty() || !is_in_order(&query.arguments) || !is_of_fields(&near) {
            return Ok(None);
        }
        let mut joins = Vec::new();
        for (relation, keys) in &near.relations {
            match self.join(query.model.index, relation, keys)? {
                Some(join) => joins.push(join),
                None => return Ok(None),
            }
        }
        if !joins.iter().all(|join| !join.link.many || is_torn_by_nothing(query, &near, join)) {
            return Ok(None);
        }
        self.join_all(query, near, &joins).map(Some)
    }

    fn join<'q>(
        &'a self,
        model: u16,
        relation: &'q SelectedRelation,
        keys: &[usize],
    ) -> Result<Option<Join<'a, 'q>>, PlanError> {
        let link = self.link(self.model(model)?, relation.field)?;
        let projection = self.projection_after(&link.far_fields, link.far_index, &relation.selection)?;
        let plain = is_unordered(&relation.arguments) && projection.relations.is_empty() && is_of_fields(&projection);
        let [parent] = keys else { return Ok(None) };
        let fits = plain && link.join.is_none() && has_index(&link);
        Ok(fits.then_some(Join { relation, link, projection, parent: *parent }))
    }

    fn join_all(&'a self, query: &Query, near: Projection<'_>, joins: &[Join<'a, '_>]) -> Result<Joined, PlanError> {
        let mut writer = Writer::new(self);
        let table = writer.named(query.model.index)?;
        let far = joins.iter().map(|join| writer.named(join.link.far_index)).collect::<Result<Vec<_>, _>>()?;
        let mut types = Vec::new();
        let mut relations = Vec::new();
        writer.push("SELECT ");
        select(&mut writer, table, fields(&near), &mut types)?;
        for (join, far) in joins.iter().zip(&far) {
            let key = types.len();
            select(&mut writer, *far, fields(&join.projection), &mut types)?;
            relations.push(JoinedRelation {
                cells: join.projection.cells.iter().map(|cell| cell.after(key)).collect(),
                key,
                parent: join.link.many.then_some(join.parent),
            });
        }
        writer.push(" FROM ");
        writer.source(table);
        for (join, far) in joins.iter().zip(&far) {
            writer.push(" LEFT JOIN ");
            writer.source(*far);
            writer.push(" ON ");
            writer.equal_fields(*far, &join.link.far_fields, table, &join.link.near_fields)?;
            if let Some(condition) = &join.relation.arguments.filter {
                writer.push(" AND ");
                writer.condition(*far, condition)?;
            }
        }
        if let Some(condition) = query.arguments.filter.as_ref().filter(|it| !crate::filter::is_true(it)) {
            writer.push(" WHERE ");
            writer.condition(table, condition)?;
        }
        let (key, first) = (primary_key(table.model), is_first(&query.action));
        let order = criteria(&key, &query.arguments, first && query.arguments.order.is_empty());
        writer.order(table, &order)?;
        write_limit(&mut writer, &query.arguments, first)?;
        Ok(Joined { statement: writer.finish(types), cells: near.cells, relations })
    }
}

/// Selects columns after those that are selected already.
fn select<'a>(
    writer: &mut Writer<'a>,
    table: Table<'a>,
    fields: impl Iterator<Item = u16>,
    types: &mut Vec<Type>,
) -> Result<(), PlanError> {
    for field in fields {
        writer.comma(types.len());
        types.push(writer.field(table, FieldId::at(field))?);
    }
    Ok(())
}

fn fields(projection: &Projection<'_>) -> impl Iterator<Item = u16> {
    projection.columns.iter().filter_map(|column| match column {
        Projected::Field(field) => Some(*field),
        Projected::Count(..) => None,
    })
}

fn is_of_fields(projection: &Projection<'_>) -> bool {
    projection.columns.iter().all(|column| matches!(column, Projected::Field(_)))
}

fn is_first(action: &Action) -> bool {
    matches!(action, Action::FindFirst | Action::FindFirstOrThrow)
}

/// Whether rows arrive as they are asked for, each once.
fn is_in_order(arguments: &Arguments) -> bool {
    arguments.distinct.is_empty() && arguments.cursor.is_none() && arguments.take.is_none_or(|take| take >= 0)
}

fn is_unordered(arguments: &Arguments) -> bool {
    is_in_order(arguments) && arguments.order.is_empty() && arguments.take.is_none() && arguments.skip.is_none()
}

/// Whether a row can be repeated with each row of a relation: the repetitions follow each other, are not counted by a limit,
/// and are read last of the row.
fn is_torn_by_nothing(query: &Query, near: &Projection<'_>, join: &Join<'_, '_>) -> bool {
    is_unordered(&query.arguments)
        && !is_first(&query.action)
        && near.columns.len() <= join.projection.columns.len()
        && matches!(near.cells.last(), Some(Cell::Rows(at)) if at + 1 == near.relations.len())
        && near.relations.last().is_some_and(|(last, _)| std::ptr::eq(*last, join.relation))
}

impl Joined {
    pub(crate) fn print(&self, catalog: &Catalog, sink: &mut impl fmt::Write) -> fmt::Result {
        writeln!(sink, "or in one statement")?;
        self.statement.print(catalog, 1, sink)?;
        let cells = |cells: &[Cell]| cells.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        writeln!(sink, "  cells {}", cells(&self.cells))?;
        for (at, relation) in self.relations.iter().enumerate() {
            let many = relation.parent.map_or_else(|| String::from("one"), |parent| format!("many for key {parent}"));
            writeln!(sink, "  rows {at}: {many}, unless {} is null: cells {}", relation.key, cells(&relation.cells))?;
        }
        Ok(())
    }
}
