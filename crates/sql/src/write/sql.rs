//! The statements that plans of writes consist of.

use super::{
    WritePlanner,
    plan::{BATCH, Cell, Variant},
    rows::{Row, Rows},
};
use crate::{
    dialect::{Conflicts, Dialect, Lists, Placeholder},
    link::Join,
    plan::PlanError,
    statement::{Bind, Encoding, Source, Statement, Type},
    writer::{Alias, Writer, column},
};
use lenslet_core::{
    catalog::Model,
    query::{Change, FieldId},
};
use std::fmt::Write as _;

/// What a column becomes.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Assign {
    /// A value.
    Value(Bind),
    /// What it is, changed.
    Change(Change, Bind),
    /// Null.
    Null,
}

/// What happens to a row that violates a unique constraint.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Conflict<'c> {
    /// The statement fails.
    Fail,
    /// It is left out.
    Skip,
    /// Where these columns are taken: the row that has them changes.
    Update(&'c [u16], &'c [(u16, Assign)]),
}

/// New rows that give the same columns.
pub(super) struct Insertion<'p> {
    /// Their model.
    pub model: &'p Model,
    /// Which list of the query they are.
    pub list: u32,
    /// The columns, with what each row has there.
    pub cells: Vec<(u16, Cell)>,
    /// Whether those that violate a unique constraint are left out.
    pub skip_duplicates: bool,
}

impl Insertion<'_> {
    fn fields(&self) -> Vec<u16> {
        self.cells.iter().map(|(field, _)| *field).collect()
    }

    fn conflict(&self) -> Conflict<'static> {
        if self.skip_duplicates { Conflict::Skip } else { Conflict::Fail }
    }

    /// Whether the rows can be handed to the database as one list for each column. A list of lists would fall apart into
    /// the values of all of them.
    pub(super) fn is_listed(&self, dialect: &Dialect) -> Result<bool, PlanError> {
        let lists = self.cells.iter().filter(|(_, cell)| !cell.is_shared());
        let types: Vec<Type> = lists.map(|(field, _)| Ok(column(self.model, *field)?.2)).collect::<Result<_, _>>()?;
        Ok(dialect.lists == Lists::Array && !types.is_empty() && types.iter().all(|ty| !ty.list))
    }
}

impl Cell {
    /// Whether it is the same for all rows.
    fn is_shared(&self) -> bool {
        self.given.is_none() && !matches!(self.bind.source, Source::Generated(_))
    }
}

impl<'p> WritePlanner<'p> {
    /// `INSERT` of one row.
    pub(super) fn insert(
        &self,
        model: &'p Model,
        columns: &[(u16, Bind)],
        conflict: &Conflict<'_>,
        returning: &[u16],
    ) -> Result<Statement, PlanError> {
        let mut writer = Writer::new(self.planner);
        writer.insert(model, columns, conflict, returning)?;
        self.answering(writer, model, returning)
    }

    /// How rows are inserted that lack these columns.
    pub(super) fn variant(
        &self,
        lacks: Vec<u16>,
        insertion: Insertion<'p>,
        returning: &[u16],
    ) -> Result<Variant, PlanError> {
        let Insertion { model, .. } = insertion;
        let (fields, conflict) = (insertion.fields(), insertion.conflict());
        let mut head = Writer::new(self.planner);
        head.insert_head(model, &fields, &conflict)?;
        head.push(if fields.is_empty() { self.planner.dialect.default_values } else { " VALUES " });
        let mut tail = Writer::new(self.planner);
        tail.insert_tail(model, &conflict, returning)?;
        let lists = match insertion.is_listed(self.planner.dialect)? {
            false => None,
            true => {
                let mut writer = Writer::new(self.planner);
                writer.insert_lists(&insertion, None, returning)?;
                Some(self.answering(writer, model, returning)?)
            }
        };
        let [head, tail] = [head, tail].map(|text| text.finish(Vec::new()).sql);
        let cells = insertion.cells.into_iter().map(|(_, cell)| cell).collect();
        Ok(Variant { lists, ..Variant::new(self.planner.dialect, lacks, (head, tail), cells) })
    }

    /// `SELECT` of columns.
    pub(super) fn select(&self, rows: &Rows<'p>, fields: &[u16]) -> Result<Statement, PlanError> {
        let mut writer = Writer::new(self.planner);
        writer.select(rows, fields)?;
        self.answering(writer, rows.model, fields)
    }

    /// `UPDATE` of rows.
    pub(super) fn update(
        &self,
        rows: &Rows<'p>,
        assigns: &[(u16, Assign)],
        returning: &[u16],
    ) -> Result<Statement, PlanError> {
        let mut writer = Writer::new(self.planner);
        let table = writer.named(rows.index)?;
        writer.push("UPDATE ");
        writer.source(table);
        writer.push(" SET ");
        writer.assignments(rows.model, assigns, |writer, field| writer.field(table, FieldId::at(field)).map(|_| ()))?;
        writer.where_rows(table, rows)?;
        writer.returning(rows.model, returning)?;
        self.answering(writer, rows.model, returning)
    }

    /// `DELETE` of rows.
    pub(super) fn delete(&self, rows: &Rows<'p>, returning: &[u16]) -> Result<Statement, PlanError> {
        let mut writer = Writer::new(self.planner);
        let table = writer.named(rows.index)?;
        writer.push("DELETE FROM ");
        writer.source(table);
        writer.where_rows(table, rows)?;
        writer.returning(rows.model, returning)?;
        self.answering(writer, rows.model, returning)
    }

    /// `INSERT` of a pair, unless it is there.
    pub(super) fn pair(&self, join: Join<'p>, near: &Bind, far: &Bind) -> Statement {
        let mut writer = Writer::new(self.planner);
        writer.pair_head(join);
        writer.push(" VALUES (");
        writer.bind(near.source.clone(), near.encoding);
        writer.push(", ");
        writer.bind(far.source.clone(), far.encoding);
        writer.push(")");
        writer.skip_conflicts();
        writer.finish(Vec::new())
    }

    /// `INSERT` of the pairs of a row with many, unless they are there.
    pub(super) fn pair_all(
        &self,
        join: Join<'p>,
        near: &Bind,
        far: &Rows<'p>,
        far_key: &[u16],
    ) -> Result<Statement, PlanError> {
        let mut writer = Writer::new(self.planner);
        writer.pair_head(join);
        writer.push(" SELECT ");
        writer.bind(near.source.clone(), near.encoding);
        writer.push(", ");
        writer.select_rest(far, far_key)?;
        writer.skip_conflicts();
        Ok(writer.finish(Vec::new()))
    }

    /// `DELETE` of pairs: of a row's, or of all; those with the far rows, or those without.
    pub(super) fn unpair(
        &self,
        join: Join<'p>,
        near: &Bind,
        far: Option<(&Rows<'p>, bool)>,
        far_key: &[u16],
    ) -> Result<Statement, PlanError> {
        let mut writer = Writer::new(self.planner);
        writer.push("DELETE FROM ");
        writer.join_table(join.table);
        writer.push(" WHERE ");
        writer.name(join.near);
        writer.push(" = ");
        writer.bind(near.source.clone(), near.encoding);
        if let Some((rows, with)) = far {
            writer.push(" AND ");
            writer.name(join.far);
            writer.push(if with { " IN (" } else { " NOT IN (" });
            writer.select(rows, far_key)?;
            writer.push(")");
        }
        Ok(writer.finish(Vec::new()))
    }

    /// `DELETE` of every pair of the rows.
    pub(super) fn unpair_rows(
        &self,
        join: Join<'p>,
        near: &Rows<'p>,
        near_key: &[u16],
    ) -> Result<Statement, PlanError> {
        let mut writer = Writer::new(self.planner);
        writer.push("DELETE FROM ");
        writer.join_table(join.table);
        writer.push(" WHERE ");
        writer.name(join.near);
        writer.push(" IN (");
        writer.select(near, near_key)?;
        writer.push(")");
        Ok(writer.finish(Vec::new()))
    }

    /// What the columns hold.
    pub(super) fn types(&self, model: &Model, fields: &[u16]) -> Result<Vec<Type>, PlanError> {
        fields.iter().map(|field| Ok(column(model, *field)?.2)).collect()
    }

    fn answering(&self, writer: Writer<'_>, model: &Model, columns: &[u16]) -> Result<Statement, PlanError> {
        Ok(writer.finish(self.types(model, columns)?))
    }
}

impl Variant {
    /// What is inserted by these texts, with these values.
    pub(super) fn new(dialect: &Dialect, lacks: Vec<u16>, (head, tail): (String, String), cells: Vec<Cell>) -> Self {
        let mut variant = Variant { lacks, head, tail, one: String::new(), batch: String::new(), lists: None, cells };
        variant.one = variant.sql(dialect, 1);
        variant.batch = variant.sql(dialect, BATCH);
        variant
    }

    /// The SQL for so many rows. Rows of which nothing is bound come one by one, whatever their number.
    pub fn sql(&self, dialect: &Dialect, rows: usize) -> String {
        let rows = if self.cells.is_empty() { 0 } else { rows };
        // Every value is bound once, in its order: a database that can count them need not be told.
        let numbered = dialect.placeholder == Placeholder::Dollar;
        let mut sql = String::with_capacity(self.head.len() + rows * (4 + 3 * self.cells.len()) + self.tail.len());
        sql.push_str(&self.head);
        let mut count = 0;
        for row in 0..rows {
            sql.push_str(if row == 0 { "(" } else { ", (" });
            for at in 0..self.cells.len() {
                count += 1;
                sql.push_str(if at == 0 { "" } else { ", " });
                if numbered {
                    // Writing to a string cannot fail.
                    let _ = write!(sql, "${count}");
                } else {
                    sql.push('?');
                }
            }
            sql.push(')');
        }
        sql.push_str(&self.tail);
        sql
    }
}

impl<'a> Writer<'a> {
    /// `INSERT` of one row.
    pub(super) fn insert(
        &mut self,
        model: &Model,
        columns: &[(u16, Bind)],
        conflict: &Conflict<'_>,
        returning: &[u16],
    ) -> Result<(), PlanError> {
        let fields: Vec<u16> = columns.iter().map(|(field, _)| *field).collect();
        self.insert_head(model, &fields, conflict)?;
        self.push(if fields.is_empty() { self.dialect().default_values } else { " VALUES (" });
        for (at, (_, bind)) in columns.iter().enumerate() {
            self.comma(at);
            self.bind(bind.source.clone(), bind.encoding);
        }
        self.push(if fields.is_empty() { "" } else { ")" });
        self.insert_tail(model, conflict, returning)
    }

    /// `INSERT` of rows of which each column is one list. What is the same for all of them stands there once; what they have
    /// from the row that they are nested in comes from where the statement holds that row.
    pub(super) fn insert_lists(
        &mut self,
        insertion: &Insertion<'_>,
        parent: Option<(&Row<'_>, Alias)>,
        returning: &[u16],
    ) -> Result<(), PlanError> {
        let (model, lists) = (insertion.model, self.alias());
        self.insert_head(model, &insertion.fields(), &insertion.conflict())?;
        self.push(" SELECT ");
        for (at, (_, cell)) in insertion.cells.iter().enumerate() {
            self.comma(at);
            match (parent, &cell.bind.source) {
                _ if !cell.is_shared() => {
                    self.alias_name(lists);
                    self.push(".");
                    self.intermediate(at);
                }
                (Some((row, held)), Source::Register { step, column: at }) if *step == row.register => {
                    let field = row
                        .columns
                        .get(*at as usize)
                        .copied()
                        .ok_or(PlanError::Invalid("a column that is not held"))?;
                    self.held_name(held);
                    self.push(".");
                    self.name(&column(row.model, field)?.1.db_name);
                }
                (_, source) => self.bind(source.clone(), cell.bind.encoding),
            }
        }
        self.push(" FROM ");
        if let Some((_, held)) = parent {
            self.held_name(held);
            self.push(", ");
        }
        self.unnest(insertion, lists)?;
        self.insert_tail(model, &insertion.conflict(), returning)
    }

    /// `UNNEST(…) AS t0(c0, …)`: the columns of rows that are not the same for all of them.
    fn unnest(&mut self, insertion: &Insertion<'_>, alias: Alias) -> Result<(), PlanError> {
        let lists = || insertion.cells.iter().enumerate().filter(|(_, (_, cell))| !cell.is_shared());
        self.push("UNNEST(");
        for (count, (_, (field, cell))) in lists().enumerate() {
            self.comma(count);
            self.list_of_column(insertion, *field, cell)?;
        }
        self.push(") AS ");
        self.alias_name(alias);
        self.push("(");
        for (count, (at, _)) in lists().enumerate() {
            self.comma(count);
            self.intermediate(at);
        }
        self.push(")");
        Ok(())
    }

    /// A list of values for a column. The column itself says which type they have, whatever the schema calls it: they are
    /// taken for what a single value would be taken for. Nothing of what says so is executed.
    fn list_of_column(&mut self, insertion: &Insertion<'_>, field: u16, cell: &Cell) -> Result<(), PlanError> {
        let (_, of, ty) = column(insertion.model, field)?;
        self.push("CASE WHEN TRUE THEN ");
        self.bind(Source::Rows { list: insertion.list, cell: Box::new(cell.clone()) }, Encoding::List(ty));
        self.push(" ELSE ARRAY(SELECT ");
        self.name(&of.db_name);
        self.push(" FROM ");
        self.table(insertion.model);
        self.push(") END");
        Ok(())
    }

    /// A name for rows that a part of a statement gives back to its other parts. It hides tables of the same name.
    pub(super) fn held_name(&mut self, alias: Alias) {
        self.push("lenslet_");
        self.alias_name(alias);
    }

    /// `INSERT INTO table (columns)`
    fn insert_head(&mut self, model: &Model, fields: &[u16], conflict: &Conflict<'_>) -> Result<(), PlanError> {
        let ignore = *conflict == Conflict::Skip && self.dialect().conflicts == Conflicts::Ignore;
        self.push(if ignore { "INSERT IGNORE INTO " } else { "INSERT INTO " });
        self.table(model);
        if fields.is_empty() {
            return Ok(());
        }
        self.push(" (");
        self.names(model, fields)?;
        self.push(")");
        Ok(())
    }

    fn insert_tail(&mut self, model: &Model, conflict: &Conflict<'_>, returning: &[u16]) -> Result<(), PlanError> {
        match conflict {
            Conflict::Fail => {}
            Conflict::Skip => self.skip_conflicts(),
            Conflict::Update(unique, assigns) => {
                self.push(" ON CONFLICT (");
                self.names(model, unique)?;
                self.push(") DO UPDATE SET ");
                self.assignments(model, assigns, |writer, field| {
                    writer.table(model);
                    writer.push(".");
                    writer.name(&column(model, field)?.1.db_name);
                    Ok(())
                })?;
            }
        }
        self.returning(model, returning)
    }

    fn skip_conflicts(&mut self) {
        if self.dialect().conflicts == Conflicts::OnConflict {
            self.push(" ON CONFLICT DO NOTHING");
        }
    }

    fn pair_head(&mut self, join: Join<'_>) {
        let ignore = self.dialect().conflicts == Conflicts::Ignore;
        self.push(if ignore { "INSERT IGNORE INTO " } else { "INSERT INTO " });
        self.join_table(join.table);
        self.push(" (");
        self.name(join.near);
        self.push(", ");
        self.name(join.far);
        self.push(")");
    }

    fn returning(&mut self, model: &Model, fields: &[u16]) -> Result<(), PlanError> {
        if fields.is_empty() {
            return Ok(());
        }
        if !self.dialect().returning {
            return Err(self.unsupported("rows that a statement gives back"));
        }
        self.push(" RETURNING ");
        self.names(model, fields)
    }

    pub(super) fn names(&mut self, model: &Model, fields: &[u16]) -> Result<(), PlanError> {
        for (at, field) in fields.iter().enumerate() {
            self.comma(at);
            self.name(&column(model, *field)?.1.db_name);
        }
        Ok(())
    }

    fn assignments(
        &mut self,
        model: &Model,
        assigns: &[(u16, Assign)],
        old: impl Fn(&mut Self, u16) -> Result<(), PlanError>,
    ) -> Result<(), PlanError> {
        for (at, (field, assign)) in assigns.iter().enumerate() {
            self.comma(at);
            self.name(&column(model, *field)?.1.db_name);
            self.push(" = ");
            match assign {
                Assign::Null => self.push("NULL"),
                Assign::Value(bind) => self.bind(bind.source.clone(), bind.encoding),
                Assign::Change(change, bind) => {
                    self.push(if *change == Change::Push { "COALESCE(" } else { "" });
                    old(self, *field)?;
                    self.push(match change {
                        Change::Increment => " + ",
                        Change::Decrement => " - ",
                        Change::Multiply => " * ",
                        Change::Divide => " / ",
                        Change::Push => ", '{}') || ",
                    });
                    self.bind(bind.source.clone(), bind.encoding);
                }
            }
        }
        Ok(())
    }
}
