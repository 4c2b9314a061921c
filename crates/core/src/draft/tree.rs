//! As a tree, for an engine in the same memory.

use super::Kind;
use crate::query::{
    Action, Aggregate, Cache, Change, Compare, CreateMany, FieldId, GroupBy, ModelId, Nulls, Operator, OrderBy,
    Quantifier, Raw, Selected, SelectedRelation, Sort, Upsert,
};
use crate::{cache::Headers, error::Error};
use std::borrow::Cow;

pub use crate::{
    query::{Arguments, Assignment, Condition, Nested, Order, Query as Draft, Write as Row},
    value::Value as Datum,
};

/// Criteria, the most important first.
pub type Orders = Vec<Order>;
/// What of each row is asked for.
pub type Selection = Vec<Selected>;

#[inline]
pub(crate) fn datum(value: Datum) -> Datum {
    value
}
#[inline]
pub(crate) fn text(text: impl Into<String>) -> Datum {
    Datum::Text(text.into())
}
#[inline]
pub(crate) fn list(items: impl Iterator<Item = Datum>) -> Datum {
    Datum::List(items.collect())
}

#[inline]
pub(crate) fn compare(field: FieldId, operator: Operator, value: Datum) -> Condition {
    Condition::Compare(Compare::new(field, operator, value))
}
#[inline]
pub(crate) fn compare_insensitive(field: FieldId, operator: Operator, value: Datum) -> Condition {
    Condition::Compare(Compare { insensitive: true, ..Compare::new(field, operator, value) })
}
#[cfg(feature = "json")]
#[inline]
pub(crate) fn compare_at(
    field: FieldId,
    steps: Vec<String>,
    insensitive: bool,
    operator: Operator,
    value: Datum,
) -> Condition {
    Condition::Compare(Compare {
        path: Some(Box::new(crate::query::JsonPath::Steps(steps))),
        insensitive,
        ..Compare::new(field, operator, value)
    })
}
#[inline]
pub(crate) fn compare_computed(of: Aggregate, field: FieldId, operator: Operator, value: Datum) -> Condition {
    Condition::Compare(Compare { aggregate: Some(of), ..Compare::new(field, operator, value) })
}
#[inline]
pub(crate) fn compound(name: &'static str, parts: impl Iterator<Item = (FieldId, Datum)>) -> Condition {
    Condition::Compound(name.into(), parts.collect())
}
#[inline]
pub(crate) fn related(field: FieldId, quantifier: Quantifier, inner: Condition) -> Condition {
    Condition::Related(field, quantifier, Box::new(inner))
}
#[inline]
pub(crate) fn everything() -> Condition {
    Condition::All(Vec::new())
}
#[inline]
pub(crate) fn nothing() -> Condition {
    Condition::Any(Vec::new())
}
#[inline]
pub(crate) fn both(first: Condition, second: Condition) -> Condition {
    match first {
        Condition::All(mut list) => {
            list.push(second);
            Condition::All(list)
        }
        first => Condition::All(vec![first, second]),
    }
}
#[inline]
pub(crate) fn either(first: Condition, second: Condition) -> Condition {
    match first {
        Condition::Any(mut list) => {
            list.push(second);
            Condition::Any(list)
        }
        first => Condition::Any(vec![first, second]),
    }
}
#[inline]
pub(crate) fn not(condition: Condition) -> Condition {
    Condition::Not(Box::new(condition))
}
fn narrow(slot: &mut Option<Condition>, more: Condition) {
    *slot = Some(match slot.take() {
        None => more,
        Some(first) => both(first, more),
    });
}

#[inline]
pub(crate) fn order_by(field: FieldId, sort: Sort) -> Order {
    Order { by: OrderBy::Column(field), sort, nulls: None }
}
#[inline]
pub(crate) fn order_by_count(field: FieldId, sort: Sort) -> Order {
    Order { by: OrderBy::RelationCount(field), sort, nulls: None }
}
#[inline]
pub(crate) fn order_by_computed(of: Aggregate, field: Option<FieldId>, sort: Sort) -> Order {
    Order { by: OrderBy::Aggregate(of, field), sort, nulls: None }
}
#[inline]
pub(crate) fn order_by_related(field: FieldId, order: Order) -> Order {
    Order { by: OrderBy::Related(field, Box::new(order.by)), ..order }
}
impl Order {
    #[inline]
    pub(crate) fn put_nulls(&mut self, nulls: Nulls) {
        self.nulls = Some(nulls);
    }
}

impl Arguments {
    #[inline]
    pub(crate) fn narrow(&mut self, more: Condition) {
        narrow(&mut self.filter, more);
    }
    #[inline]
    pub(crate) fn into_filter(self) -> Option<Condition> {
        self.filter
    }
    #[inline]
    pub(crate) fn orders(&mut self) -> &mut Orders {
        &mut self.order
    }
    #[inline]
    pub(crate) fn take(&mut self, count: i64) {
        self.take = Some(count);
    }
    #[inline]
    pub(crate) fn limit(&mut self, count: i64) {
        self.take = Some(count);
    }
    #[inline]
    pub(crate) fn skip(&mut self, count: i64) {
        self.skip = Some(count);
    }
    #[inline]
    pub(crate) fn start_at(&mut self, cursor: Condition) {
        self.cursor = Some(Box::new(cursor));
    }
    #[inline]
    pub(crate) fn distinct(&mut self, columns: impl IntoIterator<Item = FieldId>) {
        self.distinct.extend(columns);
    }
}

#[inline]
pub(crate) fn select_columns(selection: &mut Selection, columns: &'static [FieldId]) {
    selection.push(Selected::Columns(Cow::Borrowed(columns)));
}
/// One more of the columns that are asked for.
#[inline]
pub(crate) fn select_column(selection: &mut Selection, column: FieldId) {
    match selection.last_mut() {
        Some(Selected::Columns(columns)) => columns.to_mut().push(column),
        _ => select_alone(selection, column),
    }
}
/// A column that is read by itself.
#[inline]
pub(crate) fn select_alone(selection: &mut Selection, column: FieldId) {
    selection.push(Selected::Columns(Cow::Owned(vec![column])));
}
#[inline]
pub(crate) fn select_related(into: &mut Selection, field: FieldId, arguments: Arguments, selection: Selection) {
    into.push(Selected::Relation(Box::new(SelectedRelation { field, arguments, selection })));
}
/// The columns of related rows, and what else of them.
#[inline]
pub(crate) fn with_columns(columns: &'static [FieldId], below: Selection) -> Selection {
    let mut selection = Vec::with_capacity(1 + below.len());
    select_columns(&mut selection, columns);
    selection.extend(below);
    selection
}
#[inline]
pub(crate) fn select_count(selection: &mut Selection, field: FieldId, filter: Option<Condition>) {
    selection.push(Selected::RelationCounts(vec![(field, filter)]));
}
#[inline]
pub(crate) fn select_computed(selection: &mut Selection, of: Aggregate, field: Option<FieldId>) {
    selection.push(Selected::Aggregate(of, vec![field]));
}

#[inline]
pub(crate) fn set(field: FieldId, value: Datum) -> Assignment {
    Assignment::Set(field, value)
}
#[inline]
pub(crate) fn change(field: FieldId, change: Change, by: Datum) -> Assignment {
    Assignment::Change(field, change, by)
}
#[inline]
pub(crate) fn through(field: FieldId, nested: Nested) -> Assignment {
    Assignment::Nested(field, nested)
}
impl Row {
    #[inline]
    pub(crate) fn assign(&mut self, assignment: Assignment) {
        self.assignments.push(assignment);
    }
}

impl Nested {
    #[inline]
    pub(crate) fn create(rows: Vec<Row>) -> Self {
        Nested::Create(rows)
    }
    #[inline]
    pub(crate) fn create_many(rows: Vec<Row>) -> Self {
        Nested::CreateMany(CreateMany { rows, skip_duplicates: false })
    }
    /// Of many new rows.
    #[inline]
    pub(crate) fn skip_duplicates(&mut self) {
        if let Nested::CreateMany(many) = self {
            many.skip_duplicates = true;
        }
    }
    #[inline]
    pub(crate) fn connect(rows: Vec<Condition>) -> Self {
        Nested::Connect(rows)
    }
    #[inline]
    pub(crate) fn connect_or_create(row: Condition, new: Row) -> Self {
        Nested::ConnectOrCreate(vec![(row, new)])
    }
    #[inline]
    pub(crate) fn set(rows: Vec<Condition>) -> Self {
        Nested::Set(rows)
    }
    #[inline]
    pub(crate) fn disconnect(rows: Vec<Option<Condition>>) -> Self {
        Nested::Disconnect(rows)
    }
    #[inline]
    pub(crate) fn delete(rows: Vec<Option<Condition>>) -> Self {
        Nested::Delete(rows)
    }
    #[inline]
    pub(crate) fn delete_many(rows: Condition) -> Self {
        Nested::DeleteMany(vec![rows])
    }
    #[inline]
    pub(crate) fn update(row: Option<Condition>, change: Row) -> Self {
        Nested::Update(vec![(row, change)])
    }
    #[inline]
    pub(crate) fn update_many(rows: Condition, change: Row) -> Self {
        Nested::UpdateMany(vec![(rows, change)])
    }
    #[inline]
    pub(crate) fn upsert(row: Option<Condition>, create: Row, update: Row) -> Self {
        Nested::Upsert(vec![(row, Upsert { create, update })])
    }
}

impl Draft {
    #[inline]
    pub(crate) fn begin(model: ModelId, kind: Kind) -> Self {
        Draft::new(model, kind.into())
    }
    #[inline]
    pub(crate) fn raw_query(raw: Raw) -> Self {
        Draft::new(Draft::RAW, Action::QueryRaw(Box::new(raw)))
    }
    #[inline]
    pub(crate) fn raw_execution(raw: Raw) -> Self {
        Draft::new(Draft::RAW, Action::ExecuteRaw(Box::new(raw)))
    }

    /// Whether it changes nothing.
    pub fn only_reads(&self) -> bool {
        self.action.only_reads()
    }

    #[inline]
    pub(crate) fn keep(&mut self, cache: Cache) {
        self.cache = Some(Box::new(cache));
    }
    /// The headers that say how a pool may cache the answer.
    pub fn cache_headers(&self) -> Option<Result<Headers, Error>> {
        self.cache.as_ref().map(|cache| cache.headers())
    }

    /// One more column or relation of the row that is written.
    #[inline]
    pub(crate) fn assign(&mut self, assignment: Assignment) {
        if let Action::CreateOne(row)
        | Action::UpdateOne(row)
        | Action::UpdateMany(row)
        | Action::UpdateManyAndReturn(row) = &mut self.action
        {
            row.assign(assignment);
        }
    }
    /// The new row of `create` and `upsert`.
    #[inline]
    pub(crate) fn put(&mut self, new: Row) {
        match &mut self.action {
            Action::CreateOne(row) => *row = new,
            Action::UpsertOne(upsert) => upsert.create = new,
            _ => {}
        }
    }
    /// What `upsert` changes of a row that is there.
    #[inline]
    pub(crate) fn put_update(&mut self, change: Row) {
        if let Action::UpsertOne(upsert) = &mut self.action {
            upsert.update = change;
        }
    }
    #[inline]
    pub(crate) fn put_many(&mut self, new: Vec<Row>) {
        if let Action::CreateMany(many) | Action::CreateManyAndReturn(many) = &mut self.action {
            many.rows = new;
        }
    }
    #[inline]
    pub(crate) fn skip_duplicates(&mut self) {
        if let Action::CreateMany(many) | Action::CreateManyAndReturn(many) = &mut self.action {
            many.skip_duplicates = true;
        }
    }
    #[inline]
    pub(crate) fn group_by(&mut self, columns: Vec<FieldId>) {
        if let Action::GroupBy(group) = &mut self.action {
            group.by = columns;
        }
    }
    #[inline]
    pub(crate) fn having(&mut self, condition: Condition) {
        if let Action::GroupBy(group) = &mut self.action {
            narrow(&mut group.having, condition);
        }
    }
}

impl From<Kind> for Action {
    #[inline]
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::FindUnique => Action::FindUnique,
            Kind::FindUniqueOrThrow => Action::FindUniqueOrThrow,
            Kind::FindFirst => Action::FindFirst,
            Kind::FindFirstOrThrow => Action::FindFirstOrThrow,
            Kind::FindMany => Action::FindMany,
            Kind::CreateOne => Action::CreateOne(Row::default()),
            Kind::CreateMany => Action::CreateMany(CreateMany::default()),
            Kind::CreateManyAndReturn => Action::CreateManyAndReturn(CreateMany::default()),
            Kind::UpdateOne => Action::UpdateOne(Row::default()),
            Kind::UpdateMany => Action::UpdateMany(Row::default()),
            Kind::UpdateManyAndReturn => Action::UpdateManyAndReturn(Row::default()),
            Kind::UpsertOne => Action::UpsertOne(Box::new(Upsert { create: Row::default(), update: Row::default() })),
            Kind::DeleteOne => Action::DeleteOne,
            Kind::DeleteMany => Action::DeleteMany,
            Kind::Aggregate => Action::Aggregate,
            Kind::GroupBy => Action::GroupBy(Box::new(GroupBy { by: Vec::new(), having: None })),
        }
    }
}
