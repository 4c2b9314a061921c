//! New rows.

use super::{
    Target, WritePlanner, literal, nested,
    plan::{Cell, Generator, InsertRows, Run, Step},
    relation::Relation,
    rows::Row,
    sql::{Assign, Conflict, Insertion},
};
use crate::{
    plan::PlanError,
    statement::{Bind, Encoding, Kind, Source, Type},
    writer::column,
};
use lenslet_core::{
    catalog::{Column, Default, Field, Model},
    query::{Assignment, Write},
    value::Value,
};

impl<'p> WritePlanner<'p> {
    /// A new row with what is nested in it. `inherited` are columns that the row it is nested in gives.
    pub(super) fn create(
        &mut self,
        row: &Row<'p>,
        write: &'p Write,
        inherited: Vec<(u16, Bind)>,
    ) -> Result<(), PlanError> {
        let into = match row.columns.as_slice() {
            [] => Target::Nothing,
            _ => Target::Register(row.register),
        };
        self.create_into(row, write, inherited, into)
    }

    /// The same, with the row given back elsewhere.
    pub(super) fn create_into(
        &mut self,
        row: &Row<'p>,
        write: &'p Write,
        inherited: Vec<(u16, Bind)>,
        into: Target,
    ) -> Result<(), PlanError> {
        let mut given = inherited;
        given.extend(self.given(row.model, write)?);
        let relations = self.relations(row.model, write)?;
        for (relation, nested) in relations.iter().filter(|(relation, _)| relation.link.holds_key) {
            for (field, assign) in self.refer(None, relation, nested)? {
                if let Assign::Value(bind) = assign {
                    given.push((field, bind));
                }
            }
        }
        let columns = self.complete(row.model, given)?;
        let statement = self.insert(row.model, &columns, &Conflict::Fail, &row.columns)?;
        self.steps.push(Step::Run(Run { statement, each: None, into, check: None }));
        for (relation, nested) in relations.iter().filter(|(relation, _)| !relation.link.holds_key) {
            self.attach(row, relation, nested, true)?;
        }
        Ok(())
    }

    /// The columns that a new row gives itself.
    pub(super) fn given(&self, model: &Model, write: &Write) -> Result<Vec<(u16, Bind)>, PlanError> {
        sets(write).map(|(field, value)| Ok((field, self.bind(model, field, value)?))).collect()
    }

    /// What is nested in a row, with the relations it is said of.
    pub(super) fn relations(
        &self,
        model: &'p Model,
        write: &'p Write,
    ) -> Result<Vec<(Relation<'p>, &'p lenslet_core::query::Nested)>, PlanError> {
        nested(write).map(|(field, nested)| Ok((Relation::of(self.planner, model, field)?, nested))).collect()
    }

    /// Every column of a new row that the engine fills, in the order of the model.
    pub(super) fn complete(&self, model: &Model, mut given: Vec<(u16, Bind)>) -> Result<Vec<(u16, Bind)>, PlanError> {
        for (at, field, of) in model.columns() {
            if given.iter().all(|(it, _)| *it != at)
                && let Some(bind) = self.default(field, of)
            {
                given.push((at, bind));
            }
        }
        let mut columns: Vec<(u16, Bind)> = Vec::with_capacity(given.len());
        for (field, bind) in given {
            // What is said later, wins.
            match columns.iter_mut().find(|(it, _)| *it == field) {
                Some(column) => column.1 = bind,
                None => columns.push((field, bind)),
            }
        }
        columns.sort_by_key(|(field, _)| *field);
        Ok(columns)
    }

    /// New rows in which nothing is nested.
    pub(super) fn create_rows(
        &mut self,
        row: &Row<'p>,
        rows: &'p [Write],
        skip_duplicates: bool,
        inherited: &[(u16, Bind)],
        into: Target,
    ) -> Result<(), PlanError> {
        let (optional, insertions) = self.insertions(row.model, rows, skip_duplicates, inherited)?;
        let variants = insertions.into_iter();
        let variants = variants.map(|(lacks, insertion)| self.variant(lacks, insertion, &row.columns));
        self.steps.push(Step::Insert(InsertRows {
            list: self.list(rows)?,
            optional,
            variants: variants.collect::<Result<_, PlanError>>()?,
            columns: self.types(row.model, &row.columns)?,
            into,
        }));
        Ok(())
    }

    /// The columns that the database fills where a row does not give them, and for each combination of them that rows lack how
    /// such rows are inserted.
    pub(super) fn insertions(
        &self,
        model: &'p Model,
        rows: &[Write],
        skip_duplicates: bool,
        inherited: &[(u16, Bind)],
    ) -> Result<(Vec<u16>, Vec<(Vec<u16>, Insertion<'p>)>), PlanError> {
        let cells = self.cells(model, rows, inherited)?;
        let list = self.list(rows)?;
        let optional: Vec<u16> = cells.iter().filter(|cell| cell.is_optional).map(|cell| cell.field).collect();
        let mut insertions: Vec<(Vec<u16>, Insertion<'p>)> = Vec::new();
        for write in rows {
            let lacks: Vec<u16> = optional.iter().copied().filter(|field| !gives(write, *field)).collect();
            if insertions.iter().any(|(known, _)| *known == lacks) {
                continue;
            }
            let present = cells.iter().filter(|cell| !lacks.contains(&cell.field));
            let cells = present.map(|cell| (cell.field, cell.cell.clone())).collect();
            insertions.push((lacks, Insertion { model, list, cells, skip_duplicates }));
        }
        Ok((optional, insertions))
    }

    fn list(&self, rows: &[Write]) -> Result<u32, PlanError> {
        self.planner.slots.rows(rows).ok_or(PlanError::Invalid("rows from outside the query"))
    }

    /// The columns of rows, in the order of the model.
    fn cells(&self, model: &Model, rows: &[Write], inherited: &[(u16, Bind)]) -> Result<Vec<ListCell>, PlanError> {
        let mut cells = Vec::new();
        for (at, field, of) in model.columns() {
            let shared = inherited.iter().find(|(it, _)| *it == at).map(|(_, bind)| bind.clone());
            let fallback = shared.clone().or_else(|| self.default(field, of));
            let given = shared.is_none() && rows.iter().any(|row| gives(row, at));
            let Some(bind) = fallback.clone().or_else(|| given.then(|| constant(field, Value::Null)).flatten()) else {
                if given {
                    return Err(column(model, at).err().unwrap_or(PlanError::UnknownModel(at)));
                }
                continue;
            };
            cells.push(ListCell {
                field: at,
                is_optional: given && fallback.is_none() && of.default.is_some(),
                cell: Cell { given: given.then_some(at), bind },
            });
        }
        Ok(cells)
    }

    /// What the engine gives a column that a new row does not give; none where the database does.
    fn default(&self, field: &Field, column: &Column) -> Option<Bind> {
        let ty = Type::of(field)?;
        let source = match &column.default {
            None if column.updated_at => Source::Now,
            None => return None,
            Some(Default::Now) => Source::Now,
            Some(Default::Uuid(version)) if ty.kind == Kind::Uuid => Source::Generated(Generator::NativeUuid(*version)),
            Some(Default::Uuid(version)) => Source::Generated(Generator::Uuid(*version)),
            Some(Default::Cuid(version)) => Source::Generated(Generator::Cuid(*version)),
            Some(Default::Ulid) => Source::Generated(Generator::Ulid),
            Some(Default::Nanoid(length)) => Source::Generated(Generator::Nanoid(*length)),
            Some(Default::Literal(literal)) => Source::Constant(literal::value(self.planner.catalog, literal, ty)?),
            Some(Default::Autoincrement | Default::DbGenerated(_) | Default::Sequence(_)) => return None,
        };
        Some(Bind { source, encoding: Encoding::Value(ty) })
    }
}

struct ListCell {
    field: u16,
    is_optional: bool,
    cell: Cell,
}

/// The plain values of a new row.
pub(super) fn sets(write: &Write) -> impl Iterator<Item = (u16, &Value)> {
    write.assignments.iter().filter_map(|assignment| match assignment {
        Assignment::Set(field, value) | Assignment::Change(field, _, value) => Some((field.index, value)),
        Assignment::Nested(..) => None,
    })
}

fn gives(write: &Write, field: u16) -> bool {
    sets(write).any(|(it, _)| it == field)
}

fn constant(field: &Field, value: Value) -> Option<Bind> {
    Some(Bind { source: Source::Constant(value), encoding: Encoding::Value(Type::of(field)?) })
}
