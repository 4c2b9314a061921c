//! Conditions as SQL. As in SQL, a comparison with null is neither true nor false; so it is in Prisma's filters.

use crate::{
    dialect::Search,
    link::Link,
    plan::PlanError,
    statement::{Encoding, Kind, Source, Type},
    writer::{Table, Writer},
};
use lenslet_core::{
    catalog::{Arity, Column, Model, ScalarType},
    query::{Aggregate, Compare, Condition, FieldId, Operator, Quantifier},
    value::Value,
};

/// Whether a condition holds for every row.
pub fn is_true(condition: &Condition) -> bool {
    match condition {
        Condition::All(list) => list.iter().all(is_true),
        _ => false,
    }
}

/// Whether there can be rows of which a condition is neither true nor false.
fn can_be_unknown(model: &Model, condition: &Condition) -> bool {
    let nullable =
        |field: &FieldId| model.fields.get(usize::from(field.index)).is_none_or(|field| field.arity != Arity::Required);
    match condition {
        Condition::Compare(compare) => !compare.value.is_null() && nullable(&compare.field),
        Condition::Compound(_, columns) => columns.iter().any(|(field, _)| nullable(field)),
        Condition::Related(..) => false,
        Condition::All(list) | Condition::Any(list) => list.iter().any(|part| can_be_unknown(model, part)),
        Condition::Not(inner) => can_be_unknown(model, inner),
    }
}

impl<'a> Writer<'a> {
    /// A condition on the rows of a table.
    ///
    /// # Errors
    /// When it does not fit the catalog, or the database cannot check it.
    pub fn condition(&mut self, table: Table<'a>, condition: &Condition) -> Result<(), PlanError> {
        match condition {
            Condition::Compare(compare) => self.compare(table, compare),
            Condition::Compound(_, columns) => self.compound(table, columns),
            Condition::Related(field, quantifier, condition) => self.related(table, *field, *quantifier, condition),
            Condition::All(list) | Condition::Any(list) if searches(list) => self.joined_searches(table, condition),
            Condition::All(list) => self.joined(table, list, " AND ", "1=1"),
            Condition::Any(list) => self.joined(table, list, " OR ", "1=0"),
            Condition::Not(condition) => self.not(table, condition),
        }
    }

    fn not(&mut self, table: Table<'a>, condition: &Condition) -> Result<(), PlanError> {
        match condition {
            Condition::Related(field, Quantifier::Is, inner) => self.related(table, *field, Quantifier::IsNot, inner),
            Condition::Related(field, Quantifier::IsNot, inner) => self.related(table, *field, Quantifier::Is, inner),
            condition => {
                self.push("(NOT ");
                self.condition(table, condition)?;
                self.push(")");
                Ok(())
            }
        }
    }

    /// A condition that may be absent, after others: ` AND …`.
    ///
    /// # Errors
    /// Those of the condition.
    pub fn and_condition(&mut self, table: Table<'a>, condition: Option<&Condition>) -> Result<(), PlanError> {
        match condition.filter(|it| !is_true(it)) {
            None => Ok(()),
            Some(condition) => {
                self.push(" AND ");
                self.condition(table, condition)
            }
        }
    }

    /// A value of the query, bound as a value of a type.
    ///
    /// # Errors
    /// When the value is not part of the query that is planned.
    pub fn value(&mut self, value: &Value, encoding: Encoding) -> Result<(), PlanError> {
        let source = self.planner.parameter(value)?;
        self.bind(source, encoding);
        Ok(())
    }

    fn joined(
        &mut self,
        table: Table<'a>,
        list: &[Condition],
        between: &'static str,
        empty: &'static str,
    ) -> Result<(), PlanError> {
        match list {
            [] => self.push(empty),
            [one] => self.condition(table, one)?,
            [first, rest @ ..] => {
                self.push("(");
                self.condition(table, first)?;
                for condition in rest {
                    self.push(between);
                    self.condition(table, condition)?;
                }
                self.push(")");
            }
        }
        Ok(())
    }

    /// Conditions some of which search: for the same text in one column or another, which is one search in all of them.
    fn joined_searches(&mut self, table: Table<'a>, condition: &Condition) -> Result<(), PlanError> {
        let all = matches!(condition, Condition::All(_));
        let mut flat = Vec::new();
        flatten(condition, all, &mut flat);
        let mut written = 0;
        for (at, condition) in flat.iter().enumerate() {
            if let Some(value) = searched(condition)
                && flat[..at].iter().any(|earlier| searched(earlier) == Some(value))
            {
                continue;
            }
            self.push(match (written, all) {
                (0, _) => "(",
                (_, true) => " AND ",
                (_, false) => " OR ",
            });
            written += 1;
            match searched(condition) {
                None => self.condition(table, condition)?,
                Some(value) => {
                    let alike = flat[at..].iter().filter(|it| searched(it) == Some(value));
                    let columns = alike.filter_map(|it| match it {
                        Condition::Compare(compare) => Some(compare.field),
                        _ => None,
                    });
                    self.search(table, &columns.collect::<Vec<_>>(), value)?;
                }
            }
        }
        self.push(")");
        Ok(())
    }

    fn compound(&mut self, table: Table<'a>, columns: &[(FieldId, Value)]) -> Result<(), PlanError> {
        self.push("(");
        for (at, (field, value)) in columns.iter().enumerate() {
            self.push(if at > 0 { " AND " } else { "" });
            self.compare_plainly(table, *field, Operator::Equals, value)?;
        }
        self.push(if columns.is_empty() { "1=1)" } else { ")" });
        Ok(())
    }

    fn compare_plainly(
        &mut self,
        table: Table<'a>,
        field: FieldId,
        operator: Operator,
        value: &Value,
    ) -> Result<(), PlanError> {
        let (_, column, ty) = table.column(field)?;
        self.comparison(&Left { table, column, of: ty, ty, aggregate: None, insensitive: false }, operator, value)
    }

    fn related(
        &mut self,
        table: Table<'a>,
        field: FieldId,
        quantifier: Quantifier,
        condition: &Condition,
    ) -> Result<(), PlanError> {
        let link = self.planner.link(table.model, field)?;
        let exists = matches!(quantifier, Quantifier::Some | Quantifier::Is);
        if matches!(quantifier, Quantifier::Is | Quantifier::IsNot) && link.holds_key && is_true(condition) {
            return self.key_is_null(table, &link, !exists);
        }
        self.push(if exists { "EXISTS (SELECT 1" } else { "NOT EXISTS (SELECT 1" });
        let far = self.far_rows(table, &link)?;
        if quantifier == Quantifier::Every {
            self.push(" AND NOT ");
            self.condition(far, condition)?;
        } else if quantifier == Quantifier::IsNot && can_be_unknown(far.model, condition) {
            // Of one row it is known whether it does not fulfil the condition.
            self.push(" AND (");
            self.condition(far, condition)?;
            self.push(") IS NOT FALSE");
        } else {
            self.and_condition(far, Some(condition))?;
        }
        self.push(")");
        Ok(())
    }

    /// Whether the row a foreign key refers to exists follows from the key.
    fn key_is_null(&mut self, table: Table<'a>, link: &Link<'a>, null: bool) -> Result<(), PlanError> {
        self.push("(");
        for (at, field) in link.near_fields.iter().enumerate() {
            if at > 0 {
                self.push(if null { " OR " } else { " AND " });
            }
            self.field(table, FieldId::at(*field))?;
            self.push(if null { " IS NULL" } else { " IS NOT NULL" });
        }
        self.push(")");
        Ok(())
    }

    fn compare(&mut self, table: Table<'a>, compare: &Compare) -> Result<(), PlanError> {
        let (_, column, ty) = table.column(compare.field)?;
        let json = ty == Type::one(Kind::Scalar(ScalarType::Json)) && compare.aggregate.is_none();
        if json && (compare.path.is_some() || !compare.value.is_null()) {
            return self.compare_json(table, column, compare);
        }
        if compare.operator == Operator::Search {
            return self.search(table, &[compare.field], &compare.value);
        }
        let left = Left {
            table,
            column,
            of: ty,
            ty: aggregated(ty, compare.aggregate),
            aggregate: compare.aggregate,
            insensitive: compare.insensitive && self.dialect().ilike,
        };
        self.comparison(&left, compare.operator, &compare.value)
    }

    fn comparison(&mut self, left: &Left<'a>, operator: Operator, value: &Value) -> Result<(), PlanError> {
        match operator {
            Operator::Equals if value.is_null() => self.is_null(left, " IS NULL"),
            Operator::Not if value.is_null() => self.is_null(left, " IS NOT NULL"),
            Operator::Equals if left.insensitive => self.binary(left, " ILIKE ", value),
            Operator::Not if left.insensitive => self.binary(left, " NOT ILIKE ", value),
            Operator::Equals => self.binary(left, " = ", value),
            Operator::Not => self.binary(left, " <> ", value),
            Operator::Lt => self.binary(left, " < ", value),
            Operator::Lte => self.binary(left, " <= ", value),
            Operator::Gt => self.binary(left, " > ", value),
            Operator::Gte => self.binary(left, " >= ", value),
            Operator::In => self.in_values(left, value, false),
            Operator::NotIn => self.in_values(left, value, true),
            Operator::Contains => self.like(left, Encoding::Contains, value),
            Operator::StartsWith => self.like(left, Encoding::StartsWith, value),
            Operator::EndsWith => self.like(left, Encoding::EndsWith, value),
            Operator::Search => Err(PlanError::Invalid("a search needs a text column")),
            Operator::Has | Operator::HasEvery | Operator::HasSome | Operator::IsEmpty => {
                self.scalar_list(left, operator, value)
            }
            Operator::StringContains
            | Operator::StringStartsWith
            | Operator::StringEndsWith
            | Operator::ArrayContains
            | Operator::ArrayStartsWith
            | Operator::ArrayEndsWith => Err(PlanError::Invalid("a JSON operator needs a Json column")),
        }
    }

    fn left(&mut self, left: &Left<'a>) -> Result<(), PlanError> {
        let column = |writer: &mut Self| {
            writer.column(left.table.alias, left.column);
            Ok(())
        };
        match left.aggregate {
            None => column(self),
            Some(aggregate) => self.aggregate_of(aggregate, left.of, column),
        }
    }

    fn is_null(&mut self, left: &Left<'a>, test: &'static str) -> Result<(), PlanError> {
        self.left(left)?;
        self.push(test);
        Ok(())
    }

    fn binary(&mut self, left: &Left<'a>, operator: &'static str, value: &Value) -> Result<(), PlanError> {
        let lower = left.insensitive && !operator.ends_with("ILIKE ");
        self.lowered(lower, |it| it.left(left))?;
        self.push(operator);
        self.lowered(lower, |it| it.operand(left, value, Encoding::Value(left.ty)))
    }

    /// A value, or another column of the same row.
    fn operand(&mut self, left: &Left<'a>, value: &Value, encoding: Encoding) -> Result<(), PlanError> {
        match value {
            Value::Column(field) => self.field(left.table, *field).map(|_| ()),
            _ => self.value(value, encoding),
        }
    }

    fn lowered(
        &mut self,
        lower: bool,
        write: impl FnOnce(&mut Self) -> Result<(), PlanError>,
    ) -> Result<(), PlanError> {
        self.push(if lower { "LOWER(" } else { "" });
        write(self)?;
        self.push(if lower { ")" } else { "" });
        Ok(())
    }

    fn in_values(&mut self, left: &Left<'a>, value: &Value, negated: bool) -> Result<(), PlanError> {
        if let Value::Column(field) = value {
            self.left(left)?;
            self.push(if negated { " <> ALL(" } else { " = ANY(" });
            self.field(left.table, *field)?;
            self.push(")");
            return Ok(());
        }
        let source = self.planner.parameter(value)?;
        if !left.insensitive {
            self.left(left)?;
            self.in_list(source, left.ty, negated);
            return Ok(());
        }
        self.push("LOWER(");
        self.left(left)?;
        self.push(if negated { ") <> ALL(" } else { ") = ANY(" });
        self.push("SELECT LOWER(v) FROM UNNEST(");
        self.bind(source, Encoding::List(left.ty));
        self.push("::text[]) AS v)");
        Ok(())
    }

    fn like(&mut self, left: &Left<'a>, pattern: Encoding, value: &Value) -> Result<(), PlanError> {
        self.left(left)?;
        // The blanks that fill up a column of a fixed width are no part of its text.
        let fixed = left.column.native_type.as_ref().is_some_and(|native| native.name == "Char");
        self.push(if fixed && self.dialect().ilike { "::text" } else { "" });
        self.push(if left.insensitive { " ILIKE " } else { " LIKE " });
        let Value::Column(field) = value else {
            return self.value(value, pattern);
        };
        self.push("CONCAT(");
        self.push(if pattern == Encoding::StartsWith { "" } else { "'%', " });
        self.field(left.table, *field)?;
        self.push(if pattern == Encoding::EndsWith { ")" } else { ", '%')" });
        Ok(())
    }

    fn search(&mut self, table: Table<'a>, columns: &[FieldId], value: &Value) -> Result<(), PlanError> {
        let (start, middle, end) = match self.dialect().search {
            Search::None => return Err(self.unsupported("full-text search")),
            Search::Tsquery => ("to_tsvector(concat_ws(' ', ", ")) @@ to_tsquery(", ")"),
            Search::Match => ("MATCH (", ") AGAINST (", " IN BOOLEAN MODE)"),
        };
        self.push(start);
        for (at, column) in columns.iter().enumerate() {
            self.push(if at > 0 { ", " } else { "" });
            self.field(table, *column)?;
        }
        self.push(middle);
        self.value(value, Encoding::Value(Type::TEXT))?;
        self.push(end);
        Ok(())
    }

    fn scalar_list(&mut self, left: &Left<'a>, operator: Operator, value: &Value) -> Result<(), PlanError> {
        if !self.dialect().scalar_lists || !left.ty.list {
            return Err(self.unsupported("scalar lists"));
        }
        let list = Encoding::Value(left.ty);
        match operator {
            Operator::Has => {
                self.operand(left, value, Encoding::Value(left.ty.item()))?;
                self.push(" = ANY(");
                self.left(left)?;
                self.push(")");
                Ok(())
            }
            Operator::HasSome => {
                self.left(left)?;
                self.push(" && ");
                self.operand(left, value, list)
            }
            Operator::IsEmpty => {
                self.left(left)?;
                self.push(if *value == Value::Bool(true) { " = '{}'" } else { " <> '{}'" });
                Ok(())
            }
            _ => {
                self.left(left)?;
                self.push(" @> ");
                self.operand(left, value, list)
            }
        }
    }

    pub(crate) fn unsupported(&self, what: &'static str) -> PlanError {
        PlanError::Unsupported { what, dialect: self.dialect().name }
    }
}

/// The text that a condition searches for.
fn searched(condition: &Condition) -> Option<&Value> {
    match condition {
        Condition::Compare(compare) if compare.operator == Operator::Search => Some(&compare.value),
        _ => None,
    }
}

fn searches(list: &[Condition]) -> bool {
    list.iter().any(|it| match it {
        Condition::All(list) | Condition::Any(list) => searches(list),
        other => searched(other).is_some(),
    })
}

/// The members of a list of conditions, with those of the same sort of list among them.
fn flatten<'c>(condition: &'c Condition, all: bool, flat: &mut Vec<&'c Condition>) {
    match condition {
        Condition::All(list) if all => list.iter().for_each(|it| flatten(it, all, flat)),
        Condition::Any(list) if !all => list.iter().for_each(|it| flatten(it, all, flat)),
        other => flat.push(other),
    }
}

/// The left side of a comparison.
struct Left<'a> {
    table: Table<'a>,
    column: &'a Column,
    /// What the column holds.
    of: Type,
    /// What is compared: the column, or the aggregate.
    ty: Type,
    aggregate: Option<Aggregate>,
    /// Compared without letters' case, where the database needs to be told.
    insensitive: bool,
}

/// The function that computes an aggregate.
pub(crate) const fn function(aggregate: Aggregate) -> &'static str {
    match aggregate {
        Aggregate::Count => "COUNT",
        Aggregate::Avg => "AVG",
        Aggregate::Sum => "SUM",
        Aggregate::Min => "MIN",
        Aggregate::Max => "MAX",
    }
}

/// What an aggregate of a column holds.
pub(crate) fn aggregated(ty: Type, aggregate: Option<Aggregate>) -> Type {
    let decimal = ty.kind == Kind::Scalar(ScalarType::Decimal);
    match aggregate {
        Some(Aggregate::Count) => Type::INTEGER,
        Some(Aggregate::Avg) if !decimal => Type::one(Kind::Scalar(ScalarType::Float)),
        Some(Aggregate::Sum) if ty.kind == Kind::Scalar(ScalarType::Int) => Type::INTEGER,
        _ => ty,
    }
}

impl crate::plan::Planner<'_> {
    /// Where a value of the query is found when the plan runs.
    ///
    /// # Errors
    /// When the value is not part of the query that is planned.
    pub fn parameter(&self, value: &Value) -> Result<Source, PlanError> {
        self.slots.value(value).map(Source::Parameter).ok_or(PlanError::Invalid("a value from outside the query"))
    }
}
