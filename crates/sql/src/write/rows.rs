//! Which rows a statement is about, as a conjunction of what is known of them.

use crate::{
    link::{Join, primary_key},
    plan::PlanError,
    statement::{Bind, Encoding, Source},
    writer::{Table, Writer, column},
};
use lenslet_core::{
    catalog::Model,
    query::{Condition, FieldId},
};

/// Rows of a model that fulfil all of the parts.
#[derive(Clone, Debug)]
pub(super) struct Rows<'p> {
    /// Index of the model.
    pub index: u16,
    /// The model.
    pub model: &'p Model,
    parts: Vec<Part<'p>>,
}

#[derive(Clone, Debug)]
enum Part<'p> {
    Given(&'p Condition),
    Among(Vec<&'p Condition>),
    Except(Vec<&'p Condition>),
    Are(Vec<(u16, Bind)>),
    AreNot(Vec<(u16, Bind)>),
    Paired(Join<'p>, Bind),
    Match(Vec<u16>, Box<Rows<'p>>, Vec<u16>),
    Limited(Box<Rows<'p>>, Source),
    Held(u32),
}

/// One row, or several, that a register holds.
#[derive(Clone, Debug)]
pub(super) struct Row<'p> {
    /// Index of the model.
    pub index: u16,
    /// The model.
    pub model: &'p Model,
    /// The register.
    pub register: u32,
    /// The columns that it holds: indexes into the model's fields.
    pub columns: Vec<u16>,
}

impl<'p> Row<'p> {
    /// A column of the row, as a parameter.
    pub(super) fn bind(&self, field: u16) -> Result<Bind, PlanError> {
        let (_, _, ty) = column(self.model, field)?;
        let held = self.columns.iter().zip(0..).find(|(it, _)| **it == field);
        let (_, at) = held.ok_or(PlanError::UnknownField { model: self.model.name.clone(), index: field })?;
        Ok(Bind { source: Source::Register { step: self.register, column: at }, encoding: Encoding::Value(ty) })
    }

    /// What identifies the row.
    pub(super) fn key(&self) -> Result<Vec<(u16, Bind)>, PlanError> {
        let fields = primary_key(self.model).into_iter();
        fields.map(|field| Ok((field, self.bind(field)?))).collect()
    }

    /// The row itself.
    pub(super) fn rows(&self) -> Result<Rows<'p>, PlanError> {
        Ok(Rows::of(self.index, self.model).are(self.key()?))
    }
}

impl<'p> Rows<'p> {
    /// Every row of a model.
    pub(super) fn of(index: u16, model: &'p Model) -> Self {
        Rows { index, model, parts: Vec::new() }
    }

    fn and(mut self, part: Part<'p>) -> Self {
        self.parts.push(part);
        self
    }

    /// Those that fulfil the condition; all, where there is none.
    pub(super) fn given(self, condition: Option<&'p Condition>) -> Self {
        match condition {
            Some(condition) => self.and(Part::Given(condition)),
            None => self,
        }
    }

    /// Those that fulfil one of the conditions.
    pub(super) fn among(self, conditions: Vec<&'p Condition>) -> Self {
        self.and(Part::Among(conditions))
    }

    /// Those that fulfil none of the conditions.
    pub(super) fn except(self, conditions: Vec<&'p Condition>) -> Self {
        self.and(Part::Except(conditions))
    }

    /// Those whose columns equal the parameters.
    pub(super) fn are(self, columns: Vec<(u16, Bind)>) -> Self {
        self.and(Part::Are(columns))
    }

    /// Those of whose columns one does not equal its parameter, or is null.
    pub(super) fn are_not(self, columns: Vec<(u16, Bind)>) -> Self {
        self.and(Part::AreNot(columns))
    }

    /// Those that a table of pairs binds to the row of this key.
    pub(super) fn paired(self, join: Join<'p>, near: Bind) -> Self {
        self.and(Part::Paired(join, near))
    }

    /// Those whose columns equal those of one of the other rows.
    pub(super) fn matching(self, fields: Vec<u16>, others: Rows<'p>, other_fields: Vec<u16>) -> Self {
        self.and(Part::Match(fields, Box::new(others), other_fields))
    }

    /// Those whose identifying columns, and nothing else before them, a register holds.
    pub(super) fn held(self, row: &Row<'p>) -> Self {
        self.and(Part::Held(row.register))
    }

    /// The first of these rows, at most so many.
    pub(super) fn limited(self, count: Source) -> Self {
        Rows::of(self.index, self.model).and(Part::Limited(Box::new(self), count))
    }
}

impl<'a> Writer<'a> {
    /// ` WHERE …`, or nothing where all rows are meant.
    pub(super) fn where_rows(&mut self, table: Table<'a>, rows: &Rows<'a>) -> Result<(), PlanError> {
        for (at, part) in rows.parts.iter().enumerate() {
            self.push(if at == 0 { " WHERE " } else { " AND " });
            self.part(table, part)?;
        }
        Ok(())
    }

    fn part(&mut self, table: Table<'a>, part: &Part<'a>) -> Result<(), PlanError> {
        match part {
            Part::Given(condition) => self.condition(table, condition),
            Part::Among(conditions) => self.any_of(table, conditions),
            Part::Except(conditions) => {
                self.any_of(table, conditions)?;
                // A comparison with null is neither true nor false, and such a row is no exception.
                self.push(" IS NOT TRUE");
                Ok(())
            }
            Part::Are(columns) => self.equal(table, columns),
            Part::AreNot(columns) => {
                self.push("(");
                self.equal(table, columns)?;
                self.push(") IS NOT TRUE");
                Ok(())
            }
            Part::Paired(join, near) => self.paired(table, *join, near),
            Part::Match(fields, others, other_fields) => {
                self.tuple(table, fields)?;
                self.push(" IN (");
                self.select(others, other_fields)?;
                self.push(")");
                Ok(())
            }
            Part::Limited(rows, count) => {
                let key = primary_key(rows.model);
                self.tuple(table, &key)?;
                self.push(" IN (");
                self.select(rows, &key)?;
                self.push(" LIMIT ");
                self.bind(count.clone(), Encoding::Magnitude);
                self.push(")");
                Ok(())
            }
            Part::Held(register) => self.held(table, *register),
        }
    }

    fn held(&mut self, table: Table<'a>, register: u32) -> Result<(), PlanError> {
        let key = primary_key(table.model);
        let whole = |column| Source::Registers { step: register, column };
        self.tuple(table, &key)?;
        let types = key.iter().map(|field| Ok(column(table.model, *field)?.2));
        match types.collect::<Result<Vec<_>, PlanError>>()?.as_slice() {
            [ty] => self.in_list(whole(Some(0)), *ty, false),
            types => self.in_tuples(whole(None), |at| whole(Some(at.into())), types),
        }
        Ok(())
    }

    fn any_of(&mut self, table: Table<'a>, conditions: &[&'a Condition]) -> Result<(), PlanError> {
        if conditions.is_empty() {
            self.push("(1 = 0)");
            return Ok(());
        }
        for (at, condition) in conditions.iter().enumerate() {
            self.push(if at == 0 { "(" } else { " OR " });
            self.condition(table, condition)?;
        }
        self.push(")");
        Ok(())
    }

    fn equal(&mut self, table: Table<'a>, columns: &[(u16, Bind)]) -> Result<(), PlanError> {
        for (at, (field, bind)) in columns.iter().enumerate() {
            self.push(if at == 0 { "" } else { " AND " });
            self.field(table, FieldId::at(*field))?;
            self.push(" = ");
            self.bind(bind.source.clone(), bind.encoding);
        }
        Ok(())
    }

    fn tuple(&mut self, table: Table<'a>, fields: &[u16]) -> Result<(), PlanError> {
        self.push(if fields.len() == 1 { "" } else { "(" });
        self.fields_of(table, fields)?;
        self.push(if fields.len() == 1 { "" } else { ")" });
        Ok(())
    }

    fn paired(&mut self, table: Table<'a>, join: Join<'a>, near: &Bind) -> Result<(), PlanError> {
        self.fields_of(table, &primary_key(table.model))?;
        self.push(" IN (SELECT ");
        self.name(join.far);
        self.push(" FROM ");
        self.join_table(join.table);
        self.push(" WHERE ");
        self.name(join.near);
        self.push(" = ");
        self.bind(near.source.clone(), near.encoding);
        self.push(")");
        Ok(())
    }

    /// `SELECT columns FROM table WHERE …`
    pub(super) fn select(&mut self, rows: &Rows<'a>, fields: &[u16]) -> Result<(), PlanError> {
        self.push("SELECT ");
        self.select_rest(rows, fields)
    }

    /// `columns FROM table WHERE …`
    pub(super) fn select_rest(&mut self, rows: &Rows<'a>, fields: &[u16]) -> Result<(), PlanError> {
        let table = self.named(rows.index)?;
        self.fields_of(table, fields)?;
        self.push(" FROM ");
        self.source(table);
        self.where_rows(table, rows)
    }
}
