//! The shape of a query: what its plan depends on, apart from what its plan is handed.
//!
//! One walk over the query writes a key and collects the parameters in document order. Whatever changes SQL goes into the
//! key: the action, fields, operators, whether a value is null or another column, the sign of `take`, and its number where
//! that is one of a few. Values and the lengths of lists do not.

use lenslet_core::query::{
    Action, Aggregate, Arguments, Assignment, Compare, Condition, CreateMany, FieldId, GroupBy, JsonPath, Nested,
    Nulls, Operator, Order, OrderBy, Query, Raw, Selected, Sort, Upsert, Write,
};
use lenslet_core::value::Value;
use std::collections::HashMap;

/// A query's key and its parameters.
#[derive(Debug)]
pub struct Shape<'q> {
    key: Short<u8, 128>,
    parameters: Short<Parameter<'q>, 4>,
}

/// A parameter of a query, where it stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Parameter<'q> {
    /// A value.
    Value(&'q Value),
    /// `take` or `skip`.
    Number(&'q i64),
    /// A place inside a JSON document.
    Path(&'q JsonPath),
    /// New rows in which nothing is nested.
    Rows(&'q [Write]),
}

/// The sizes that most pages have, whose number the key may hold: a statement for each of them is prepared at most.
const PAGES: [u64; 12] = [1, 2, 3, 5, 10, 12, 15, 20, 25, 30, 50, 100];

/// The place of a usual size of a page among them.
fn usual(take: i64) -> Option<usize> {
    PAGES.iter().position(|size| *size == take.unsigned_abs())
}

/// Whether plans of `take` by this number are for this number only.
pub(crate) fn is_usual(take: i64) -> bool {
    usual(take).is_some()
}

/// The JSON type of a document, which decides how it is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JsonClass {
    /// `null`
    Null,
    /// `true`, `false`
    Boolean,
    /// A number.
    Number,
    /// A text.
    Text,
    /// An array.
    Array,
    /// An object.
    Object,
}

impl JsonClass {
    /// The type of a document; of text that is none, one that the database will refuse.
    pub fn of(text: &str) -> Self {
        match text.trim_start().as_bytes().first() {
            Some(b'n') => JsonClass::Null,
            Some(b't' | b'f') => JsonClass::Boolean,
            Some(b'"') => JsonClass::Text,
            Some(b'[') => JsonClass::Array,
            Some(b'{') => JsonClass::Object,
            _ => JsonClass::Number,
        }
    }
}

/// Finds the place of a parameter among the query's parameters by where it stands in memory.
#[derive(Debug)]
pub struct Slots(HashMap<usize, u32>);

/// A list whose first items lie in itself. Most keys are short and most parameters few, and a query should not allocate for
/// being looked at.
#[derive(Debug)]
struct Short<T, const N: usize> {
    first: [T; N],
    length: usize,
    /// All items of a list that is not short.
    all: Vec<T>,
}

impl<T: Copy, const N: usize> Short<T, N> {
    /// An empty list; its room is filled with something.
    fn new(filler: T) -> Self {
        Short { first: [filler; N], length: 0, all: Vec::new() }
    }

    #[inline]
    fn push(&mut self, item: T) {
        self.extend(&[item]);
    }

    #[inline]
    fn extend(&mut self, items: &[T]) {
        match self.first.get_mut(self.length..self.length + items.len()) {
            Some(rest) => {
                rest.copy_from_slice(items);
                self.length += items.len();
            }
            None => self.lengthen(items),
        }
    }

    #[cold]
    fn lengthen(&mut self, items: &[T]) {
        if self.all.is_empty() {
            self.all.extend(self.first.iter().take(self.length));
            // Nothing fits from here on.
            self.length = N + 1;
        }
        self.all.extend(items);
    }

    fn items(&self) -> &[T] {
        self.first.get(..self.length).unwrap_or(&self.all)
    }
}

impl<'q> Shape<'q> {
    /// Walks the query.
    pub fn of(query: &'q Query) -> Self {
        let mut shape = Shape { key: Short::new(0), parameters: Short::new(Parameter::Rows(&[])) };
        shape.query(query);
        shape
    }

    /// What queries with the same plan have in common.
    pub fn key(&self) -> &[u8] {
        self.key.items()
    }

    /// The key alone.
    pub fn into_key(self) -> Vec<u8> {
        self.key.items().to_vec()
    }

    /// The parameters, in document order.
    pub fn parameters(&self) -> &[Parameter<'q>] {
        self.parameters.items()
    }

    /// What the planner finds parameters with.
    pub fn slots(&self) -> Slots {
        Slots(self.parameters().iter().map(Parameter::address).zip(0..).collect())
    }
}

impl Parameter<'_> {
    fn address(&self) -> usize {
        match self {
            Parameter::Value(value) => std::ptr::from_ref(*value).addr(),
            Parameter::Number(number) => std::ptr::from_ref(*number).addr(),
            Parameter::Path(path) => std::ptr::from_ref(*path).addr(),
            Parameter::Rows(rows) => rows.as_ptr().addr(),
        }
    }
}

impl Slots {
    /// The place of a value of the query; `None` for a value from elsewhere.
    pub fn value(&self, value: &Value) -> Option<u32> {
        self.0.get(&Parameter::Value(value).address()).copied()
    }

    /// The place of `take` or `skip`.
    pub fn number(&self, number: &i64) -> Option<u32> {
        self.0.get(&Parameter::Number(number).address()).copied()
    }

    /// The place of a list of new rows.
    pub fn rows(&self, rows: &[Write]) -> Option<u32> {
        self.0.get(&Parameter::Rows(rows).address()).copied()
    }

    /// The place of a JSON path.
    pub fn path(&self, path: &JsonPath) -> Option<u32> {
        self.0.get(&Parameter::Path(path).address()).copied()
    }
}

impl<'q> Shape<'q> {
    fn byte(&mut self, byte: u8) {
        self.key.push(byte);
    }

    fn flag(&mut self, flag: bool) {
        self.byte(flag.into());
    }

    fn index(&mut self, index: u16) {
        self.key.extend(&index.to_le_bytes());
    }

    fn length(&mut self, length: usize) {
        match u8::try_from(length) {
            Ok(short) if short < u8::MAX => self.byte(short),
            _ => {
                self.byte(u8::MAX);
                self.key.extend(&(length as u64).to_le_bytes());
            }
        }
    }

    fn field(&mut self, field: FieldId) {
        self.index(field.index);
    }

    fn fields(&mut self, fields: &[FieldId]) {
        self.length(fields.len());
        for field in fields {
            self.field(*field);
        }
    }

    fn each<T>(&mut self, list: &'q [T], mut walk: impl FnMut(&mut Self, &'q T)) {
        self.length(list.len());
        list.iter().for_each(|it| walk(self, it));
    }

    fn option<T>(&mut self, option: Option<&'q T>, walk: impl FnOnce(&mut Self, &'q T)) {
        self.flag(option.is_some());
        if let Some(it) = option {
            walk(self, it);
        }
    }

    fn query(&mut self, query: &'q Query) {
        self.index(query.model.index);
        self.action(&query.action);
        self.arguments(&query.arguments);
        self.selection(&query.selection);
    }

    fn action(&mut self, action: &'q Action) {
        match action {
            Action::FindUnique => self.byte(0),
            Action::FindUniqueOrThrow => self.byte(1),
            Action::FindFirst => self.byte(2),
            Action::FindFirstOrThrow => self.byte(3),
            Action::FindMany => self.byte(4),
            Action::CreateOne(write) => self.tagged(5, write, Self::write),
            Action::CreateMany(many) => self.tagged(6, many, Self::create_many),
            Action::CreateManyAndReturn(many) => self.tagged(7, many, Self::create_many),
            Action::UpdateOne(write) => self.tagged(8, write, Self::write),
            Action::UpdateMany(write) => self.tagged(9, write, Self::write),
            Action::UpdateManyAndReturn(write) => self.tagged(10, write, Self::write),
            Action::UpsertOne(upsert) => self.tagged(11, upsert.as_ref(), Self::upsert),
            Action::DeleteOne => self.byte(12),
            Action::DeleteMany => self.byte(13),
            Action::Aggregate => self.byte(14),
            Action::GroupBy(group) => self.tagged(15, group.as_ref(), Self::group),
            // Raw SQL is its own plan: its text is the key.
            Action::QueryRaw(raw) => self.tagged(16, raw.as_ref(), Self::raw),
            Action::ExecuteRaw(raw) => self.tagged(17, raw.as_ref(), Self::raw),
        }
    }

    fn tagged<T: ?Sized>(&mut self, tag: u8, it: &'q T, walk: impl FnOnce(&mut Self, &'q T)) {
        self.byte(tag);
        walk(self, it);
    }

    fn raw(&mut self, raw: &'q Raw) {
        self.flag(raw.braces);
        self.length(raw.parameters.len());
        self.length(raw.text.len());
        self.key.extend(raw.text.as_bytes());
        raw.parameters.iter().for_each(|value| self.parameters.push(Parameter::Value(value)));
    }

    fn group(&mut self, group: &'q GroupBy) {
        self.fields(&group.by);
        self.option(group.having.as_ref(), Self::condition);
    }

    fn arguments(&mut self, arguments: &'q Arguments) {
        let Arguments { filter, order, take, skip, cursor, distinct } = arguments;
        let given = [
            filter.is_some(),
            !order.is_empty(),
            take.is_some(),
            skip.is_some(),
            cursor.is_some(),
            !distinct.is_empty(),
        ];
        // Most queries have few of them.
        self.byte(given.iter().fold(0, |bits, given| bits << 1 | u8::from(*given)));
        filter.iter().for_each(|it| self.condition(it));
        if !order.is_empty() {
            self.each(order, Self::order);
        }
        take.iter().for_each(|it| self.take(it));
        skip.iter().for_each(|it| self.number(it));
        cursor.iter().for_each(|it| self.condition(it));
        if !distinct.is_empty() {
            self.fields(distinct);
        }
    }

    fn take(&mut self, take: &'q i64) {
        self.byte(usual(*take).map_or(0, |at| at as u8 + 1));
        self.number(take);
    }

    fn number(&mut self, number: &'q i64) {
        self.flag(*number < 0);
        self.parameters.push(Parameter::Number(number));
    }

    fn condition(&mut self, condition: &'q Condition) {
        match condition {
            Condition::Compare(compare) => self.tagged(0, compare, Self::compare),
            Condition::Compound(_, columns) => {
                self.byte(1);
                self.each(columns, |shape, (field, value)| {
                    shape.field(*field);
                    shape.value(value);
                });
            }
            Condition::Related(field, quantifier, condition) => {
                self.byte(2);
                self.field(*field);
                self.byte(*quantifier as u8);
                self.condition(condition);
            }
            Condition::All(list) => self.tagged(3, list, |shape, list| shape.each(list, Self::condition)),
            Condition::Any(list) => self.tagged(4, list, |shape, list| shape.each(list, Self::condition)),
            Condition::Not(condition) => self.tagged(5, condition.as_ref(), Self::condition),
        }
    }

    fn compare(&mut self, compare: &'q Compare) {
        let path = match compare.path.as_deref() {
            None => 0,
            Some(JsonPath::Expression(_)) => 1,
            Some(JsonPath::Steps(_)) => 2,
        };
        let empty = compare.operator == Operator::IsEmpty && compare.value == Value::Bool(true);
        let flags = u8::from(compare.insensitive) << 1 | u8::from(empty);
        self.field(compare.field);
        self.key.extend(&[aggregate(compare.aggregate), path, compare.operator as u8, flags]);
        compare.path.iter().for_each(|path| self.parameters.push(Parameter::Path(path)));
        if compare.operator == Operator::Search {
            self.length(self.first_of(&compare.value));
        }
        self.value(&compare.value);
    }

    /// Searches for the same text are planned together, so that which are for the same makes a difference.
    fn first_of(&self, value: &Value) -> usize {
        let same = |it: &Parameter<'_>| matches!(it, Parameter::Value(earlier) if *earlier == value);
        let known = self.parameters.items();
        known.iter().position(same).unwrap_or(known.len())
    }

    /// A value of a condition: what it is decides how it is compared.
    fn value(&mut self, value: &'q Value) {
        match value {
            Value::Null => self.byte(0),
            Value::Bool(_) => self.byte(1),
            Value::Int(_) => self.byte(3),
            Value::Float(_) => self.byte(4),
            Value::Decimal(_) => self.byte(5),
            Value::Text(_) => self.byte(6),
            Value::Enum(_) => self.byte(7),
            Value::DateTime(_) => self.byte(8),
            Value::Json(text) => {
                self.byte(9);
                self.byte(JsonClass::of(text) as u8);
            }
            Value::Bytes(_) => self.byte(10),
            Value::Uuid(_) => self.byte(11),
            Value::List(_) => self.byte(12),
            Value::Column(field) => {
                self.byte(13);
                self.field(*field);
            }
        }
        self.parameters.push(Parameter::Value(value));
    }

    fn order(&mut self, order: &'q Order) {
        self.order_by(&order.by);
        self.flag(order.sort == Sort::Desc);
        self.byte(match order.nulls {
            None => 0,
            Some(Nulls::First) => 1,
            Some(Nulls::Last) => 2,
        });
    }

    fn order_by(&mut self, by: &'q OrderBy) {
        match by {
            OrderBy::Column(field) => {
                self.byte(0);
                self.field(*field);
            }
            OrderBy::Related(field, by) => {
                self.byte(1);
                self.field(*field);
                self.order_by(by);
            }
            OrderBy::RelationCount(field) => {
                self.byte(2);
                self.field(*field);
            }
            OrderBy::Aggregate(of, field) => {
                self.byte(3);
                self.byte(aggregate(Some(*of)));
                self.option(field.as_ref(), |shape, field| shape.field(*field));
            }
            OrderBy::Relevance(fields, value) => {
                self.byte(4);
                self.fields(fields);
                self.value(value);
            }
        }
    }

    fn selection(&mut self, selection: &'q [Selected]) {
        self.each(selection, |shape, selected| match selected {
            Selected::Columns(fields) => {
                shape.byte(0);
                shape.fields(fields);
            }
            Selected::Relation(relation) => {
                shape.byte(1);
                shape.field(relation.field);
                shape.arguments(&relation.arguments);
                shape.selection(&relation.selection);
            }
            Selected::RelationCounts(counts) => {
                shape.byte(2);
                shape.each(counts, |shape, (field, condition)| {
                    shape.field(*field);
                    shape.option(condition.as_ref(), Self::condition);
                });
            }
            Selected::Aggregate(of, fields) => {
                shape.byte(3);
                shape.byte(aggregate(Some(*of)));
                shape.each(fields, |shape, field| {
                    shape.option(field.as_ref(), |shape, field| shape.field(*field));
                });
            }
        });
    }

    fn create_many(&mut self, many: &'q CreateMany) {
        self.flag(many.skip_duplicates);
        self.rows(&many.rows);
    }

    /// New rows. Where nothing is nested in them they are one parameter, and only the combinations of columns that they give
    /// make a difference.
    fn rows(&mut self, rows: &'q [Write]) {
        let mut assignments = rows.iter().flat_map(|row| &row.assignments);
        let nests = assignments.any(|it| matches!(it, Assignment::Nested(..)));
        self.flag(nests);
        if nests {
            return self.each(rows, Self::write);
        }
        let mut kinds: Vec<&Write> = Vec::new();
        for row in rows {
            if !kinds.iter().any(|kind| gives_as(kind, row)) {
                kinds.push(row);
            }
        }
        self.length(kinds.len());
        for kind in kinds {
            self.length(kind.assignments.len());
            columns(kind).for_each(|field| self.index(field));
        }
        self.parameters.push(Parameter::Rows(rows));
    }

    fn upsert(&mut self, upsert: &'q Upsert) {
        self.write(&upsert.create);
        self.write(&upsert.update);
    }

    fn write(&mut self, write: &'q Write) {
        self.each(&write.assignments, |shape, assignment| match assignment {
            Assignment::Set(field, value) => {
                shape.byte(0);
                shape.field(*field);
                shape.value(value);
            }
            Assignment::Change(field, change, value) => {
                shape.byte(1);
                shape.field(*field);
                shape.byte(*change as u8);
                shape.value(value);
            }
            Assignment::Nested(field, nested) => {
                shape.byte(2);
                shape.field(*field);
                shape.nested(nested);
            }
        });
    }

    fn nested(&mut self, nested: &'q Nested) {
        match nested {
            Nested::Create(rows) => self.tagged(0, rows.as_slice(), Self::rows),
            Nested::CreateMany(many) => self.tagged(1, many, Self::create_many),
            Nested::Connect(selectors) => self.list(2, selectors, Self::condition),
            Nested::ConnectOrCreate(list) => self.list(3, list, |shape, (selector, write)| {
                shape.condition(selector);
                shape.write(write);
            }),
            Nested::Set(selectors) => self.list(4, selectors, Self::condition),
            Nested::Disconnect(selectors) => self.list(5, selectors, Self::selector),
            Nested::Update(list) => self.list(6, list, |shape, (selector, write)| {
                shape.selector(selector);
                shape.write(write);
            }),
            Nested::Upsert(list) => self.list(7, list, |shape, (selector, upsert)| {
                shape.selector(selector);
                shape.upsert(upsert);
            }),
            Nested::UpdateMany(list) => self.list(8, list, |shape, (condition, write)| {
                shape.condition(condition);
                shape.write(write);
            }),
            Nested::Delete(selectors) => self.list(9, selectors, Self::selector),
            Nested::DeleteMany(conditions) => self.list(10, conditions, Self::condition),
        }
    }

    fn selector(&mut self, selector: &'q Option<Condition>) {
        self.option(selector.as_ref(), Self::condition);
    }

    fn list<T>(&mut self, tag: u8, list: &'q [T], walk: impl FnMut(&mut Self, &'q T)) {
        self.byte(tag);
        self.each(list, walk);
    }
}

/// Whether two rows give the same columns in the same order.
fn gives_as(one: &Write, other: &Write) -> bool {
    one.assignments.len() == other.assignments.len()
        && columns(one).zip(columns(other)).all(|(one, other)| one == other)
}

fn columns(write: &Write) -> impl Iterator<Item = u16> {
    write.assignments.iter().map(|assignment| match assignment {
        Assignment::Set(field, _) | Assignment::Change(field, ..) | Assignment::Nested(field, _) => field.index,
    })
}

fn aggregate(of: Option<Aggregate>) -> u8 {
    match of {
        None => 0,
        Some(Aggregate::Count) => 1,
        Some(Aggregate::Avg) => 2,
        Some(Aggregate::Sum) => 3,
        Some(Aggregate::Min) => 4,
        Some(Aggregate::Max) => 5,
    }
}
