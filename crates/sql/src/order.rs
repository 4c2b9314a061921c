//! Orders, and where a page of rows starts.

use crate::{
    dialect::{NullPosition, Search},
    plan::PlanError,
    statement::{Encoding, Type},
    writer::{Alias, Table, Writer, field},
};
use lenslet_core::{
    catalog::{Arity, Model, Sort},
    query::{Arguments, FieldId, Nulls, Order, OrderBy},
    value::Value,
};

/// One criterion of an order, as SQL will have it.
#[derive(Clone, Debug)]
pub struct Criterion<'q> {
    /// By what.
    pub by: By<'q>,
    /// In which direction.
    pub sort: Sort,
    /// Where nulls go, when it was said.
    pub nulls: Option<Nulls>,
}

/// What rows are ordered by.
#[derive(Clone, Copy, Debug)]
pub enum By<'q> {
    /// What the query says.
    Asked(&'q OrderBy),
    /// A column that makes the order total.
    Field(u16),
}

/// The order of the rows of some arguments: what was asked for, made total where a page depends on it, and turned round
/// where rows are taken from the end. `key` are the columns that make it total.
pub fn criteria<'q>(key: &[u16], arguments: &'q Arguments, total: bool) -> Vec<Criterion<'q>> {
    let reversed = arguments.take.is_some_and(|take| take < 0);
    let paged = arguments.take.is_some() || arguments.skip.is_some() || total;
    let mut criteria: Vec<_> = arguments.order.iter().map(asked).collect();
    let mut key: Vec<_> = key.iter().filter(|field| !asks_for(arguments, **field)).map(tie).collect();
    if criteria.is_empty() && paged {
        criteria.append(&mut key);
    }
    if reversed {
        criteria.iter_mut().for_each(Criterion::reverse);
    }
    // What breaks ties is never reversed: a database that is not told finds equal rows in the order of their keys, too.
    if total {
        criteria.append(&mut key);
    }
    criteria
}

fn asked(order: &Order) -> Criterion<'_> {
    Criterion { by: By::Asked(&order.by), sort: order.sort, nulls: order.nulls }
}

fn tie<'q>(field: &u16) -> Criterion<'q> {
    Criterion { by: By::Field(*field), sort: Sort::Asc, nulls: None }
}

fn asks_for(arguments: &Arguments, field: u16) -> bool {
    arguments.order.iter().any(|it| it.by == OrderBy::Column(FieldId::at(field)))
}

impl Criterion<'_> {
    fn reverse(&mut self) {
        self.sort = match self.sort {
            Sort::Asc => Sort::Desc,
            Sort::Desc => Sort::Asc,
        };
        self.nulls = self.nulls.map(|nulls| match nulls {
            Nulls::First => Nulls::Last,
            Nulls::Last => Nulls::First,
        });
    }

    /// Whether nulls come before values.
    fn nulls_first(&self, habit: NullPosition) -> bool {
        match self.nulls {
            Some(nulls) => nulls == Nulls::First,
            None => (habit == NullPosition::First) == (self.sort == Sort::Asc),
        }
    }

    /// A list can be null in the database, though it is read as an empty one.
    fn can_be_null(&self, model: &Model) -> Result<bool, PlanError> {
        Ok(match self.by {
            By::Field(at) => field(model, at)?.arity != Arity::Required,
            By::Asked(OrderBy::Column(at)) => field(model, at.index)?.arity != Arity::Required,
            By::Asked(OrderBy::RelationCount(_)) => false,
            By::Asked(_) => true,
        })
    }
}

impl<'a> Writer<'a> {
    /// ` ORDER BY …`, or nothing.
    ///
    /// # Errors
    /// When a criterion does not fit the catalog.
    pub fn order(&mut self, table: Table<'a>, criteria: &[Criterion<'_>]) -> Result<(), PlanError> {
        self.push(if criteria.is_empty() { "" } else { " " });
        self.ordering(table, criteria)
    }

    /// `ORDER BY …`, or nothing.
    ///
    /// # Errors
    /// When a criterion does not fit the catalog.
    pub fn ordering(&mut self, table: Table<'a>, criteria: &[Criterion<'_>]) -> Result<(), PlanError> {
        for (at, criterion) in criteria.iter().enumerate() {
            self.push(if at > 0 { ", " } else { "ORDER BY " });
            if let Some(nulls) = criterion.nulls.filter(|_| !self.dialect().nulls_order) {
                self.criterion(table, criterion.by)?;
                self.push(if nulls == Nulls::First { " IS NOT NULL, " } else { " IS NULL, " });
            }
            self.criterion(table, criterion.by)?;
            self.push(match criterion.sort {
                Sort::Asc => " ASC",
                Sort::Desc => " DESC",
            });
            if let Some(nulls) = criterion.nulls.filter(|_| self.dialect().nulls_order) {
                self.push(if nulls == Nulls::First { " NULLS FIRST" } else { " NULLS LAST" });
            }
        }
        Ok(())
    }

    fn criterion(&mut self, table: Table<'a>, by: By<'_>) -> Result<(), PlanError> {
        match by {
            By::Field(at) => self.field(table, FieldId::at(at)).map(|_| ()),
            By::Asked(by) => self.order_by(table, by),
        }
    }

    fn order_by(&mut self, table: Table<'a>, by: &OrderBy) -> Result<(), PlanError> {
        match by {
            OrderBy::Column(field) => self.field(table, *field).map(|_| ()),
            OrderBy::Related(field, by) => self.order_by_related(table, *field, by),
            OrderBy::RelationCount(field) => self.relation_count(table, *field, None),
            OrderBy::Aggregate(of, field) => self.aggregate(table, *of, *field),
            OrderBy::Relevance(fields, value) => self.relevance(table, fields, value),
        }
    }

    /// A sub-select of one value: the database looks it up by the key of the row.
    fn order_by_related(&mut self, table: Table<'a>, field: FieldId, by: &OrderBy) -> Result<(), PlanError> {
        let link = self.planner.link(table.model, field)?;
        if link.many {
            return Err(PlanError::Invalid("rows cannot be ordered by the rows of a list"));
        }
        let far = Table { alias: self.alias(), index: link.far_index, model: link.far };
        // Where there is no row, it has none.
        let counts = counts(by);
        self.push(if counts { "COALESCE((SELECT " } else { "(SELECT " });
        self.order_by(far, by)?;
        self.far_rows_as(table, &link, far)?;
        self.push(if counts { "), 0)" } else { ")" });
        Ok(())
    }

    /// `(SELECT COUNT(*) FROM …)`: how many rows of a relation fulfil a condition.
    ///
    /// # Errors
    /// When the field is no relation, or the condition does not fit.
    pub fn relation_count(
        &mut self,
        table: Table<'a>,
        field: FieldId,
        condition: Option<&lenslet_core::query::Condition>,
    ) -> Result<(), PlanError> {
        let link = self.planner.link(table.model, field)?;
        self.push("(SELECT COUNT(*)");
        let far = self.far_rows(table, &link)?;
        self.and_condition(far, condition)?;
        self.push(")");
        Ok(())
    }

    fn relevance(&mut self, table: Table<'a>, fields: &[FieldId], value: &Value) -> Result<(), PlanError> {
        let (start, middle, end) = match self.dialect().search {
            Search::None => return Err(self.unsupported("full-text search")),
            Search::Tsquery => ("ts_rank(to_tsvector(concat_ws(' ', ", ")), to_tsquery(", "))"),
            Search::Match => ("MATCH (", ") AGAINST (", " IN BOOLEAN MODE)"),
        };
        self.push(start);
        for (at, field) in fields.iter().enumerate() {
            self.comma(at);
            self.field(table, *field)?;
        }
        self.push(middle);
        self.value(value, Encoding::Value(Type::TEXT))?;
        self.push(end);
        Ok(())
    }

    /// The columns of a derived table that hold what the cursor's row is ordered by: `expression AS c0, …`.
    ///
    /// # Errors
    /// When a criterion does not fit the catalog.
    pub fn cursor_columns(&mut self, table: Table<'a>, criteria: &[Criterion<'_>]) -> Result<(), PlanError> {
        for (at, criterion) in criteria.iter().enumerate() {
            self.comma(at);
            self.criterion(table, criterion.by)?;
            self.push(" AS ");
            self.intermediate(at);
        }
        Ok(())
    }

    /// Whether a row is the cursor's or comes after it, by the columns of [`cursor_columns`](Self::cursor_columns).
    ///
    /// # Errors
    /// When a criterion does not fit the catalog.
    pub fn not_before_cursor(
        &mut self,
        table: Table<'a>,
        criteria: &[Criterion<'_>],
        cursor: Alias,
    ) -> Result<(), PlanError> {
        self.not_before(table, criteria, (cursor, 0))
    }

    /// The same by the criteria from a certain one on. A first comparison bounds the search in an index, where nulls do not
    /// get in the way.
    fn not_before(
        &mut self,
        table: Table<'a>,
        criteria: &[Criterion<'_>],
        (cursor, at): (Alias, usize),
    ) -> Result<(), PlanError> {
        let Some((criterion, rest)) = criteria.split_first() else {
            return Ok(());
        };
        let nulls = criterion.can_be_null(table.model)?;
        let (after, from) = match criterion.sort {
            Sort::Asc => (" > ", " >= "),
            Sort::Desc => (" < ", " <= "),
        };
        let here = (cursor, at);
        if nulls {
            self.push("(");
            self.compared(table, criterion, after, here)?;
            self.null_after(table, criterion, here)?;
            self.push(if rest.is_empty() { " OR " } else { " OR (" });
            self.compared(table, criterion, self.dialect().null_safe_equal, here)?;
            self.push(if rest.is_empty() { "" } else { " AND " });
            self.not_before(table, rest, (cursor, at + 1))?;
            self.push(if rest.is_empty() { ")" } else { "))" });
        } else if rest.is_empty() {
            self.compared(table, criterion, from, here)?;
        } else {
            self.push("(");
            self.compared(table, criterion, from, here)?;
            self.push(" AND (");
            self.compared(table, criterion, after, here)?;
            self.push(" OR ");
            self.not_before(table, rest, (cursor, at + 1))?;
            self.push("))");
        }
        Ok(())
    }

    fn compared(
        &mut self,
        table: Table<'a>,
        criterion: &Criterion<'_>,
        operator: &'static str,
        cursor: (Alias, usize),
    ) -> Result<(), PlanError> {
        self.criterion(table, criterion.by)?;
        self.push(operator);
        self.cursor_value(cursor);
        Ok(())
    }

    /// Whether null stands after the cursor's value.
    fn null_after(
        &mut self,
        table: Table<'a>,
        criterion: &Criterion<'_>,
        cursor: (Alias, usize),
    ) -> Result<(), PlanError> {
        let first = criterion.nulls_first(self.dialect().nulls);
        self.push(" OR (");
        self.criterion(table, criterion.by)?;
        self.push(if first { " IS NOT NULL AND " } else { " IS NULL AND " });
        self.cursor_value(cursor);
        self.push(if first { " IS NULL)" } else { " IS NOT NULL)" });
        Ok(())
    }

    fn cursor_value(&mut self, (cursor, at): (Alias, usize)) {
        self.alias_name(cursor);
        self.push(".");
        self.intermediate(at);
    }
}

/// Whether it is a number of rows, at the end of the relations that lead there.
fn counts(by: &OrderBy) -> bool {
    match by {
        OrderBy::Related(_, by) => counts(by),
        by => matches!(by, OrderBy::RelationCount(_)),
    }
}
