//! As the text of a request: what is said is written where it is said.
//!
//! Equality is written as the value alone and conditions that hold together as entries of one object, whichever way means the
//! same everywhere: `{"id":1,"AND":[{"views":{"gt":5}}]}` is a filter and a unique selector. What is said twice is written
//! twice, in order.
//!
//! Names are constants where they are used, so that a Worker carries those that it writes.

use super::Kind;
use crate::{
    cache::Headers,
    error::Error,
    query::{Aggregate, Cache, Change, FieldId, ModelId, Nulls, Operator, Quantifier, Raw, Sort},
    value::Value,
    written::{self, Writer},
};
use std::fmt;

/// A value as JSON.
pub type Datum = String;

/// Inlined: where the type of a value is known, nothing is compiled but what writes that type.
#[inline(always)]
pub(crate) fn datum(value: Value) -> Datum {
    let mut out = Writer::default();
    written::value(&value, false, &mut out);
    out.finish()
}
#[inline(always)]
pub(crate) fn text(text: impl AsRef<str>) -> Datum {
    quoted(text.as_ref())
}
fn quoted(text: &str) -> Datum {
    let mut out = Writer::default();
    out.text(text);
    out.finish()
}
pub(crate) fn list(items: impl Iterator<Item = Datum>) -> Datum {
    let mut out = Writer::default();
    out.open('[');
    items.for_each(|item| out.raw(&item));
    out.close(']');
    out.finish()
}

/// `"key":{…}`
fn object(out: &mut Writer, key: &str, entries: &str) {
    out.key(key);
    braced(out, entries);
}
/// `{…}`
fn braced(out: &mut Writer, entries: &str) {
    out.open('{');
    append(out, entries);
    out.close('}');
}
/// `"key":value`
fn entry(key: &str, value: &str) -> Writer {
    let mut out = Writer::default();
    out.key(key);
    out.raw(value);
    out
}
/// `"key":{"inner":value}`
fn nested_entry(key: &str, inner: &str, value: &str) -> Writer {
    let mut out = Writer::default();
    object(&mut out, key, entry(inner, value).as_str());
    out
}
/// Entries after entries, of which there may be none.
fn append(out: &mut Writer, entries: &str) {
    if !entries.is_empty() {
        out.raw(entries);
    }
}

/// A condition: the entries of an object.
#[derive(Clone, Debug, Default)]
pub struct Condition {
    entries: Writer,
    /// Whether it is alternatives, and nothing else.
    any: bool,
}

impl From<Writer> for Condition {
    fn from(entries: Writer) -> Self {
        Condition { entries, any: false }
    }
}

impl Condition {
    fn as_str(&self) -> &str {
        self.entries.as_str()
    }
}

#[inline(always)]
pub(crate) fn compare(field: FieldId, operator: Operator, value: Datum) -> Condition {
    match operator {
        Operator::Equals => entry(field.name, &value).into(),
        _ => nested_entry(field.name, operator.name(), &value).into(),
    }
}
const INSENSITIVE: &str = r#""mode":"insensitive""#;

#[inline(always)]
pub(crate) fn compare_insensitive(field: FieldId, operator: Operator, value: Datum) -> Condition {
    manner(field, operator.name(), &value, INSENSITIVE)
}
#[allow(dead_code, reason = "documents are a feature")]
#[inline(always)]
pub(crate) fn compare_at(
    field: FieldId,
    steps: Vec<String>,
    insensitive: bool,
    operator: Operator,
    value: Datum,
) -> Condition {
    let mut path = entry("path", &list(steps.into_iter().map(text)));
    if insensitive {
        path.raw(INSENSITIVE);
    }
    manner(field, operator.name(), &value, path.as_str())
}
fn manner(field: FieldId, operator: &str, value: &str, manner: &str) -> Condition {
    let mut inner = entry(operator, value);
    inner.raw(manner);
    let mut out = Writer::default();
    object(&mut out, field.name, inner.as_str());
    out.into()
}
#[inline(always)]
pub(crate) fn compare_computed(of: Aggregate, field: FieldId, operator: Operator, value: Datum) -> Condition {
    let mut out = Writer::default();
    object(&mut out, field.name, nested_entry(of.name(), operator.name(), &value).as_str());
    out.into()
}
pub(crate) fn compound(name: &'static str, parts: impl Iterator<Item = (FieldId, Datum)>) -> Condition {
    let mut inner = Writer::default();
    for (field, value) in parts {
        inner.key(field.name);
        inner.raw(&value);
    }
    let mut out = Writer::default();
    object(&mut out, name, inner.as_str());
    out.into()
}
#[inline(always)]
pub(crate) fn related(field: FieldId, quantifier: Quantifier, inner: Condition) -> Condition {
    let mut out = Writer::default();
    object(&mut out, quantifier.name(), inner.as_str());
    let mut outer = Writer::default();
    object(&mut outer, field.name, out.as_str());
    outer.into()
}
pub(crate) fn everything() -> Condition {
    Condition::default()
}
pub(crate) fn nothing() -> Condition {
    Condition { entries: entry("OR", "[]"), any: true }
}
pub(crate) fn both(mut first: Condition, second: Condition) -> Condition {
    list_of_one(&mut first.entries, "AND", second);
    first.any = false;
    first
}
/// Adds to alternatives in place, so that many of them are not one inside the other.
pub(crate) fn either(first: Condition, second: Condition) -> Condition {
    let mut out = Writer::default();
    if first.any {
        out.raw(first.as_str().strip_suffix(']').unwrap_or_default());
    } else {
        out.key("OR");
        out.open('[');
        braced(&mut out, first.as_str());
    }
    braced(&mut out, second.as_str());
    out.close(']');
    Condition { entries: out, any: true }
}
pub(crate) fn not(condition: Condition) -> Condition {
    let mut out = Writer::default();
    object(&mut out, "NOT", condition.as_str());
    out.into()
}
fn list_of_one(out: &mut Writer, key: &str, condition: Condition) {
    out.key(key);
    out.open('[');
    braced(out, condition.as_str());
    out.close(']');
}

/// A criterion: what surrounds the direction, and the direction.
#[derive(Clone, Debug)]
pub struct Order {
    open: Writer,
    depth: usize,
    sort: Sort,
    nulls: Option<Nulls>,
}

#[inline(always)]
pub(crate) fn order_by(field: FieldId, sort: Sort) -> Order {
    order_inside(field, Order { open: Writer::default(), depth: 0, sort, nulls: None })
}
#[inline(always)]
pub(crate) fn order_by_count(field: FieldId, sort: Sort) -> Order {
    order_inside(field, order_by(FieldId::new(0, "_count"), sort))
}
#[inline(always)]
pub(crate) fn order_by_computed(of: Aggregate, field: Option<FieldId>, sort: Sort) -> Order {
    order_inside(FieldId::new(0, of.name()), order_by(field.unwrap_or(ALL), sort))
}
pub(crate) fn order_by_related(field: FieldId, order: Order) -> Order {
    order_inside(field, order)
}
fn order_inside(field: FieldId, inner: Order) -> Order {
    let mut open = Writer::default();
    open.open('{');
    open.key(field.name);
    append(&mut open, inner.open.as_str());
    Order { open, depth: inner.depth + 1, ..inner }
}

impl Order {
    pub(crate) fn put_nulls(&mut self, nulls: Nulls) {
        self.nulls = Some(nulls);
    }
}

/// Criteria, the most important first.
#[derive(Clone, Debug, Default)]
pub struct Orders(Writer);

impl Orders {
    pub(crate) fn push(&mut self, order: Order) {
        let Orders(out) = self;
        let sort = match order.sort {
            Sort::Asc => r#""asc""#,
            Sort::Desc => r#""desc""#,
        };
        out.raw(order.open.as_str());
        match order.nulls {
            None => out.raw(sort),
            Some(nulls) => {
                let mut inner = entry("sort", sort);
                inner.key("nulls");
                inner.text(match nulls {
                    Nulls::First => "first",
                    Nulls::Last => "last",
                });
                braced(out, inner.as_str());
            }
        }
        for _ in 0..order.depth {
            out.close('}');
        }
    }
}

impl Extend<Order> for Orders {
    fn extend<I: IntoIterator<Item = Order>>(&mut self, orders: I) {
        orders.into_iter().for_each(|order| self.push(order));
    }
}

/// Which rows, in which order.
#[derive(Clone, Debug, Default)]
pub struct Arguments {
    filter: Option<Condition>,
    order: Orders,
    distinct: Writer,
    /// The others: the entries of an object. What is given again holds.
    rest: Writer,
}

impl Arguments {
    pub(crate) fn narrow(&mut self, more: Condition) {
        narrow(&mut self.filter, more);
    }
    pub(crate) fn into_filter(self) -> Option<Condition> {
        self.filter
    }
    pub(crate) fn orders(&mut self) -> &mut Orders {
        &mut self.order
    }
    fn number(&mut self, key: &str, count: i64) {
        self.rest.key(key);
        self.rest.integer(count);
    }
    pub(crate) fn take(&mut self, count: i64) {
        self.number("take", count);
    }
    pub(crate) fn limit(&mut self, count: i64) {
        self.number("limit", count);
    }
    pub(crate) fn skip(&mut self, count: i64) {
        self.number("skip", count);
    }
    pub(crate) fn start_at(&mut self, cursor: Condition) {
        object(&mut self.rest, "cursor", cursor.as_str());
    }
    pub(crate) fn distinct(&mut self, columns: impl IntoIterator<Item = FieldId>) {
        columns.into_iter().for_each(|column| self.distinct.text(column.name));
    }

    fn write(&self, out: &mut Writer) {
        if let Some(filter) = &self.filter {
            object(out, "where", filter.as_str());
        }
        for (key, items) in [("orderBy", &self.order.0), ("distinct", &self.distinct)] {
            if !items.as_str().is_empty() {
                out.key(key);
                out.open('[');
                out.raw(items.as_str());
                out.close(']');
            }
        }
        append(out, self.rest.as_str());
    }
}

fn narrow(slot: &mut Option<Condition>, more: Condition) {
    *slot = Some(match slot.take() {
        None => more,
        Some(first) => both(first, more),
    });
}

/// What of each row is asked for: the entries of an object.
pub type Selection = Writer;

pub(crate) fn select_columns(selection: &mut Selection, columns: &'static [FieldId]) {
    columns.iter().for_each(|column| select_column(selection, *column));
}
pub(crate) fn select_column(selection: &mut Selection, column: FieldId) {
    selection.key(column.name);
    selection.boolean(true);
}
pub(crate) fn select_alone(selection: &mut Selection, column: FieldId) {
    select_column(selection, column);
}
pub(crate) fn select_related(into: &mut Selection, field: FieldId, arguments: Arguments, selection: Selection) {
    select_below(into, field.name, &arguments, &selection);
}
fn select_below(into: &mut Selection, key: &str, arguments: &Arguments, selection: &Selection) {
    into.key(key);
    into.open('{');
    asked(into, arguments, Writer::default(), selection);
    into.close('}');
}
/// `"arguments":{…},"selection":{…}`
fn asked(out: &mut Writer, arguments: &Arguments, data: Writer, selection: &Selection) {
    let mut inner = data;
    arguments.write(&mut inner);
    object(out, "arguments", inner.as_str());
    object(out, "selection", selection.as_str());
}
pub(crate) fn with_columns(columns: &'static [FieldId], below: Selection) -> Selection {
    let mut selection = Selection::default();
    select_columns(&mut selection, columns);
    append(&mut selection, below.as_str());
    selection
}
pub(crate) fn select_count(selection: &mut Selection, field: FieldId, filter: Option<Condition>) {
    let mut counted = Writer::default();
    match filter {
        None => select_column(&mut counted, field),
        Some(filter) => {
            let mut of = Writer::default();
            object(&mut of, "where", filter.as_str());
            let mut arguments = Writer::default();
            object(&mut arguments, "arguments", of.as_str());
            object(&mut counted, field.name, arguments.as_str());
        }
    }
    select_below(selection, "_count", &Arguments::default(), &counted);
}
/// What stands for all rows where a column is named.
const ALL: FieldId = FieldId::new(0, "_all");

#[inline(always)]
pub(crate) fn select_computed(selection: &mut Selection, of: Aggregate, field: Option<FieldId>) {
    let mut computed = Writer::default();
    select_column(&mut computed, field.unwrap_or(ALL));
    select_below(selection, of.name(), &Arguments::default(), &computed);
}

/// Something written into a row: an entry.
pub type Assignment = Writer;

pub(crate) fn set(field: FieldId, value: Datum) -> Assignment {
    entry(field.name, &value)
}
#[inline(always)]
pub(crate) fn change(field: FieldId, change: Change, by: Datum) -> Assignment {
    nested_entry(field.name, change.name(), &by)
}
pub(crate) fn through(field: FieldId, nested: Nested) -> Assignment {
    let mut out = Writer::default();
    object(&mut out, field.name, nested.0.as_str());
    out
}

/// A row to write: the entries of an object.
#[derive(Clone, Debug, Default)]
pub struct Row(Writer);

impl Row {
    pub(crate) fn assign(&mut self, assignment: Assignment) {
        append(&mut self.0, assignment.as_str());
    }
    fn write(&self, out: &mut Writer) {
        braced(out, self.0.as_str());
    }
}

/// Something done through a relation: an entry.
#[derive(Clone, Debug)]
pub struct Nested(Writer);

impl Nested {
    /// One by itself, since a relation to one takes no list; others as a list.
    fn each<T>(key: &str, items: &[T], write: impl Fn(&T, &mut Writer)) -> Self {
        let mut out = Writer::default();
        out.key(key);
        match items {
            [only] => write(only, &mut out),
            items => listed(items, &mut out, write),
        }
        Nested(out)
    }
    fn one(key: &str, entries: Writer) -> Self {
        let mut out = Writer::default();
        object(&mut out, key, entries.as_str());
        Nested(out)
    }

    pub(crate) fn create(rows: Vec<Row>) -> Self {
        Nested::each("create", &rows, Row::write)
    }
    pub(crate) fn create_many(rows: Vec<Row>) -> Self {
        Nested::one("createMany", data_of(&rows))
    }
    /// Of many new rows: one more entry beside them.
    pub(crate) fn skip_duplicates(&mut self) {
        let mut out = Writer::default();
        out.raw(self.0.as_str().strip_suffix('}').unwrap_or_default());
        out.key("skipDuplicates");
        out.boolean(true);
        out.close('}');
        self.0 = out;
    }
    pub(crate) fn connect(rows: Vec<Condition>) -> Self {
        Nested::each("connect", &rows, selector)
    }
    pub(crate) fn connect_or_create(row: Condition, new: Row) -> Self {
        let mut out = Writer::default();
        object(&mut out, "where", row.as_str());
        object(&mut out, "create", new.0.as_str());
        Nested::one("connectOrCreate", out)
    }
    /// Always a list: an empty one has a meaning.
    pub(crate) fn set(rows: Vec<Condition>) -> Self {
        let mut out = Writer::default();
        out.key("set");
        listed(&rows, &mut out, selector);
        Nested(out)
    }
    pub(crate) fn disconnect(rows: Vec<Option<Condition>>) -> Self {
        Nested::each("disconnect", &rows, selector_or_all)
    }
    pub(crate) fn delete(rows: Vec<Option<Condition>>) -> Self {
        Nested::each("delete", &rows, selector_or_all)
    }
    pub(crate) fn delete_many(rows: Condition) -> Self {
        Nested::one("deleteMany", rows.entries)
    }
    /// With a `where` even where it says nothing: a key `data` alone could be a field of that name.
    pub(crate) fn update(row: Option<Condition>, change: Row) -> Self {
        Nested::update_of("update", row.unwrap_or_default(), change)
    }
    pub(crate) fn update_many(rows: Condition, change: Row) -> Self {
        Nested::update_of("updateMany", rows, change)
    }
    fn update_of(key: &str, rows: Condition, change: Row) -> Self {
        let mut out = Writer::default();
        object(&mut out, "where", rows.as_str());
        object(&mut out, "data", change.0.as_str());
        Nested::one(key, out)
    }
    pub(crate) fn upsert(row: Option<Condition>, create: Row, update: Row) -> Self {
        let mut out = Writer::default();
        if let Some(row) = row {
            object(&mut out, "where", row.as_str());
        }
        object(&mut out, "create", create.0.as_str());
        object(&mut out, "update", update.0.as_str());
        Nested::one("upsert", out)
    }
}

fn listed<T>(items: &[T], out: &mut Writer, write: impl Fn(&T, &mut Writer)) {
    out.open('[');
    items.iter().for_each(|item| write(item, out));
    out.close(']');
}
fn selector(row: &Condition, out: &mut Writer) {
    braced(out, row.as_str());
}
fn selector_or_all(row: &Option<Condition>, out: &mut Writer) {
    match row {
        Some(row) => selector(row, out),
        None => out.boolean(true),
    }
}
fn data_of(rows: &[Row]) -> Writer {
    let mut out = Writer::default();
    out.key("data");
    listed(rows, &mut out, Row::write);
    out
}

/// How a pool may cache an answer, by what is called of it: a Worker that caches nothing does not carry how to say it.
trait Kept: fmt::Debug {
    fn headers(&self) -> Result<Headers, Error>;
}

impl Kept for Cache {
    fn headers(&self) -> Result<Headers, Error> {
        self.headers()
    }
}

/// A query.
#[derive(Debug)]
pub struct Draft {
    model: &'static str,
    action: &'static str,
    only_reads: bool,
    pub(crate) arguments: Arguments,
    /// The key of what the operation itself is about, empty where there is none: `data`, `update`, `having`.
    key: &'static str,
    /// The entries of that object.
    data: Condition,
    pub(crate) selection: Selection,
    cache: Option<Box<dyn Kept>>,
}

impl Draft {
    #[inline(always)]
    pub(crate) fn begin(model: ModelId, kind: Kind) -> Self {
        let (action, only_reads, key) = match kind {
            Kind::FindUnique => ("findUnique", true, ""),
            Kind::FindUniqueOrThrow => ("findUniqueOrThrow", true, ""),
            Kind::FindFirst => ("findFirst", true, ""),
            Kind::FindFirstOrThrow => ("findFirstOrThrow", true, ""),
            Kind::FindMany => ("findMany", true, ""),
            Kind::CreateOne => ("createOne", false, "data"),
            Kind::CreateMany => ("createMany", false, ""),
            Kind::CreateManyAndReturn => ("createManyAndReturn", false, ""),
            Kind::UpdateOne => ("updateOne", false, "data"),
            Kind::UpdateMany => ("updateMany", false, "data"),
            Kind::UpdateManyAndReturn => ("updateManyAndReturn", false, "data"),
            Kind::UpsertOne => ("upsertOne", false, "update"),
            Kind::DeleteOne => ("deleteOne", false, ""),
            Kind::DeleteMany => ("deleteMany", false, ""),
            Kind::Aggregate => ("aggregate", true, ""),
            Kind::GroupBy => ("groupBy", true, ""),
        };
        Draft::of(model.name, action, only_reads, key)
    }
    fn of(model: &'static str, action: &'static str, only_reads: bool, key: &'static str) -> Self {
        let (arguments, data, selection) = (Arguments::default(), Condition::default(), Selection::default());
        Draft { model, action, only_reads, arguments, key, data, selection, cache: None }
    }
    pub(crate) fn raw_query(raw: Raw) -> Self {
        Draft::of("", "queryRaw", false, "").with_sql(raw)
    }
    pub(crate) fn raw_execution(raw: Raw) -> Self {
        Draft::of("", "executeRaw", false, "").with_sql(raw)
    }
    fn with_sql(mut self, raw: Raw) -> Self {
        let out = &mut self.arguments.rest;
        out.key("query");
        out.text(&raw.text);
        if raw.braces {
            out.key("braces");
            out.boolean(true);
        }
        out.key("parameters");
        written::quoted(&raw.parameters, out);
        self
    }

    /// One more column or relation of the row that is written.
    pub(crate) fn assign(&mut self, assignment: Assignment) {
        append(&mut self.data.entries, assignment.as_str());
    }
    /// The new row of `create` and `upsert`.
    pub(crate) fn put(&mut self, new: Row) {
        match self.key {
            "data" => self.data = new.0.into(),
            _ => object(&mut self.arguments.rest, "create", new.0.as_str()),
        }
    }
    /// What `upsert` changes of a row that is there.
    pub(crate) fn put_update(&mut self, change: Row) {
        self.data = change.0.into();
    }
    pub(crate) fn put_many(&mut self, new: Vec<Row>) {
        self.arguments.rest.raw(data_of(&new).as_str());
    }
    pub(crate) fn skip_duplicates(&mut self) {
        self.arguments.rest.key("skipDuplicates");
        self.arguments.rest.boolean(true);
    }
    pub(crate) fn group_by(&mut self, columns: Vec<FieldId>) {
        let out = &mut self.arguments.rest;
        out.key("by");
        listed(&columns, out, |column, out| out.text(column.name));
    }
    pub(crate) fn having(&mut self, condition: Condition) {
        self.data = match self.key {
            "" => condition,
            _ => both(std::mem::take(&mut self.data), condition),
        };
        self.key = "having";
    }

    /// Whether it changes nothing.
    pub fn only_reads(&self) -> bool {
        self.only_reads
    }

    pub(crate) fn keep(&mut self, cache: Cache) {
        self.cache = Some(Box::new(cache));
    }
    /// The headers that say how a pool may cache the answer.
    pub fn cache_headers(&self) -> Option<Result<Headers, Error>> {
        self.cache.as_ref().map(|cache| cache.headers())
    }

    /// Writes it as a part of a request.
    pub fn write(&self, out: &mut Writer) {
        out.open('{');
        if !self.model.is_empty() {
            out.key("modelName");
            out.text(self.model);
        }
        out.key("action");
        out.text(self.action);
        out.key("query");
        out.open('{');
        let mut data = Writer::default();
        if !self.key.is_empty() {
            object(&mut data, self.key, self.data.as_str());
        }
        asked(out, &self.arguments, data, &self.selection);
        out.close('}');
        out.close('}');
    }
}
