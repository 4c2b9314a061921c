//! Numbers over rows, and over groups of rows.

use crate::{
    filter::{aggregated, function, is_true},
    order::criteria,
    plan::{PlanError, Planner},
    read::{Cell, Level, page_statement, write_limit},
    statement::{Kind, Type},
    writer::{Table, Writer},
};
use lenslet_core::{
    catalog::ScalarType,
    query::{Aggregate, Condition, FieldId, GroupBy, Query, Selected},
};

/// A column of the answer.
enum Entry {
    Column(FieldId),
    Aggregate(Aggregate, Option<FieldId>),
}

impl Entry {
    fn ty(&self, table: Table<'_>) -> Result<Type, PlanError> {
        match self {
            Entry::Column(field) => table.column(*field).map(|(_, _, ty)| ty),
            Entry::Aggregate(_, None) => Ok(Type::INTEGER),
            Entry::Aggregate(of, Some(field)) => table.column(*field).map(|(_, _, ty)| aggregated(ty, Some(*of))),
        }
    }
}

fn entries(selection: &[Selected]) -> Result<Vec<Entry>, PlanError> {
    let mut entries = Vec::new();
    for selected in selection {
        match selected {
            Selected::Columns(fields) => entries.extend(fields.iter().copied().map(Entry::Column)),
            Selected::Aggregate(of, fields) => entries.extend(fields.iter().map(|field| Entry::Aggregate(*of, *field))),
            Selected::Relation(_) | Selected::RelationCounts(_) => {
                return Err(PlanError::Invalid("a relation among aggregates"));
            }
        }
    }
    if entries.is_empty() {
        return Err(PlanError::Invalid("nothing was selected"));
    }
    Ok(entries)
}

fn level(query: &Query, writer: Writer<'_>, table: Table<'_>, entries: &[Entry]) -> Result<Level, PlanError> {
    let types = entries.iter().map(|entry| entry.ty(table));
    Ok(Level {
        model: query.model.index,
        statement: writer.finish(types.collect::<Result<_, _>>()?),
        cells: (0..entries.len()).map(Cell::Column).collect(),
        children: Vec::new(),
        reversed: query.arguments.take.is_some_and(|take| take < 0),
    })
}

impl<'a> Planner<'a> {
    pub(crate) fn aggregate(&'a self, query: &Query) -> Result<Level, PlanError> {
        let entries = entries(&query.selection)?;
        let arguments = &query.arguments;
        let mut writer = Writer::new(self);
        let table = writer.named(query.model.index)?;
        writer.push("SELECT ");
        let page = arguments.take.is_some()
            || arguments.skip.is_some()
            || arguments.cursor.is_some()
            || !arguments.distinct.is_empty();
        if page {
            writer = self.over_page(writer, table, &entries, query)?;
        } else {
            writer.entries(table, &entries)?;
            writer.rows_of(table, arguments.filter.as_ref())?;
        }
        level(query, writer, table, &entries)
    }

    /// Over some of the rows: those that a `find_many` of the same arguments would find.
    fn over_page(
        &'a self,
        mut writer: Writer<'a>,
        table: Table<'_>,
        entries: &[Entry],
        query: &Query,
    ) -> Result<Writer<'a>, PlanError> {
        let mut columns: Vec<FieldId> = Vec::new();
        for (at, entry) in entries.iter().enumerate() {
            writer.comma(at);
            let Entry::Aggregate(of, field) = entry else {
                return Err(PlanError::Invalid("a column among aggregates"));
            };
            let place = field.map(|field| {
                let known = columns.iter().position(|it| *it == field);
                known.unwrap_or_else(|| {
                    columns.push(field);
                    columns.len() - 1
                })
            });
            let ty = match field {
                None => Type::INTEGER,
                Some(field) => table.column(*field)?.2,
            };
            writer.aggregate_of(*of, ty, |writer| {
                match place {
                    None => writer.push("*"),
                    Some(place) => writer.intermediate(place),
                }
                Ok(())
            })?;
        }
        writer.push(" FROM (");
        let selection = [Selected::Columns(columns.into())];
        let projection = self.projection(query.model.index, &selection)?;
        writer = page_statement(writer, query.model.index, &projection, &query.arguments)?;
        writer.push(") AS page");
        Ok(writer)
    }

    pub(crate) fn groups(&'a self, query: &Query, group: &GroupBy) -> Result<Level, PlanError> {
        let entries = entries(&query.selection)?;
        let arguments = &query.arguments;
        let mut writer = Writer::new(self);
        let table = writer.named(query.model.index)?;
        if arguments.cursor.is_some() || !arguments.distinct.is_empty() {
            return Err(PlanError::Invalid("groups have no cursor and no distinct"));
        }
        writer.push("SELECT ");
        writer.entries(table, &entries)?;
        writer.rows_of(table, arguments.filter.as_ref())?;
        for (at, field) in group.by.iter().enumerate() {
            writer.push(if at > 0 { ", " } else { " GROUP BY " });
            writer.field(table, *field)?;
        }
        if let Some(having) = group.having.as_ref().filter(|it| !is_true(it)) {
            writer.push(" HAVING ");
            writer.condition(table, having)?;
        }
        let by: Vec<_> = group.by.iter().map(|field| field.index).collect();
        writer.order(table, &criteria(&by, arguments, false))?;
        write_limit(&mut writer, arguments, false)?;
        level(query, writer, table, &entries)
    }
}

impl<'a> Writer<'a> {
    fn entries(&mut self, table: Table<'a>, entries: &[Entry]) -> Result<(), PlanError> {
        for (at, entry) in entries.iter().enumerate() {
            self.comma(at);
            match entry {
                Entry::Column(field) => self.field(table, *field).map(|_| ())?,
                Entry::Aggregate(of, field) => self.aggregate(table, *of, *field)?,
            }
        }
        Ok(())
    }

    /// `COUNT(*)`, `AVG(t0."views")`
    pub(crate) fn aggregate(
        &mut self,
        table: Table<'a>,
        of: Aggregate,
        field: Option<FieldId>,
    ) -> Result<(), PlanError> {
        let ty = match field {
            None => Type::INTEGER,
            Some(field) => table.column(field)?.2,
        };
        self.aggregate_of(of, ty, |writer| match field {
            None => {
                writer.push("*");
                Ok(())
            }
            Some(field) => writer.field(table, field).map(|_| ()),
        })
    }

    /// An aggregate of an expression of that type, cast to what it is read as.
    pub(crate) fn aggregate_of(
        &mut self,
        of: Aggregate,
        ty: Type,
        expression: impl FnOnce(&mut Self) -> Result<(), PlanError>,
    ) -> Result<(), PlanError> {
        let out = aggregated(ty, Some(of));
        let computed = matches!(of, Aggregate::Avg | Aggregate::Sum) && out.kind != Kind::Scalar(ScalarType::Decimal);
        let cast = computed && self.dialect().decimal_aggregates;
        self.push(if cast { "CAST(" } else { "" });
        self.push(function(of));
        self.push("(");
        expression(self)?;
        self.push(")");
        if cast {
            self.push(" AS ");
            self.cast_target(out);
            self.push(")");
        }
        Ok(())
    }

    fn rows_of(&mut self, table: Table<'a>, filter: Option<&Condition>) -> Result<(), PlanError> {
        self.push(" FROM ");
        self.source(table);
        if let Some(filter) = filter.filter(|it| !is_true(it)) {
            self.push(" WHERE ");
            self.condition(table, filter)?;
        }
        Ok(())
    }
}
