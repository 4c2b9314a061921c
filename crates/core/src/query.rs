//! The query document: everything that a client can ask, as plain data.
//!
//! Typed handles build it, an engine executes it, the wire carries it in Prisma's JSON form. What a row of its answer
//! holds follows from its selection alone, see [`Selected`].

use crate::value::Value;
use std::borrow::Cow;

pub use crate::catalog::Sort;

/// A model: its position in [`Catalog::models`](crate::catalog::Catalog::models) for engines that hold the catalog, and
/// its name for those that do not. Equality looks at the position alone.
#[derive(Clone, Copy, Debug)]
pub struct ModelId {
    /// Index into the catalog's models.
    pub index: u16,
    /// Its name in the schema; empty where the catalog gave the position.
    pub name: &'static str,
}

/// A field: its position in [`Model::fields`](crate::catalog::Model::fields), and its name for engines without a catalog.
/// Equality looks at the position alone.
#[derive(Clone, Copy, Debug)]
pub struct FieldId {
    /// Index into the model's fields.
    pub index: u16,
    /// Its name in the schema; empty where the catalog gave the position.
    pub name: &'static str,
}

macro_rules! ids {
    ($($id:ident)*) => {$(
        impl $id {
            /// Position and name, as generated code writes them.
            pub const fn new(index: u16, name: &'static str) -> Self {
                $id { index, name }
            }

            /// A position that was found in a catalog.
            pub const fn at(index: u16) -> Self {
                $id { index, name: "" }
            }
        }

        impl PartialEq for $id {
            fn eq(&self, other: &Self) -> bool {
                self.index == other.index
            }
        }

        impl Eq for $id {}
    )*};
}
ids! { ModelId FieldId }

/// One operation. It is moved from verb to verb until it is sent: what few operations have is in boxes.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// The model it is about. Raw queries are about none: [`Query::RAW`].
    pub model: ModelId,
    /// What to do, with what to write.
    pub action: Action,
    /// Which rows, in which order.
    pub arguments: Arguments,
    /// What comes back of each row.
    pub selection: Vec<Selected>,
    /// How a pool may cache the answer. Engines that talk to the database themselves do not cache.
    pub cache: Option<Box<Cache>>,
}

impl Query {
    /// The model of raw queries.
    pub const RAW: ModelId = ModelId::new(u16::MAX, "");

    /// An operation without arguments.
    pub fn new(model: ModelId, action: Action) -> Self {
        Query { model, action, arguments: Arguments::default(), selection: Vec::new(), cache: None }
    }
}

/// What an operation does. The names are those of Prisma's JSON protocol.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// The row of a unique selector, or none.
    FindUnique,
    /// The row of a unique selector.
    FindUniqueOrThrow,
    /// The first row, or none.
    FindFirst,
    /// The first row.
    FindFirstOrThrow,
    /// Every row.
    FindMany,
    /// Inserts a row with what is nested in it, and answers it.
    CreateOne(Write),
    /// Inserts rows, and answers their number.
    CreateMany(CreateMany),
    /// Inserts rows, and answers them.
    CreateManyAndReturn(CreateMany),
    /// Changes the row of a unique selector with what is nested in it, and answers it.
    UpdateOne(Write),
    /// Changes every row of the filter, at most [`Arguments::take`], and answers their number.
    UpdateMany(Write),
    /// Changes every row of the filter, and answers them.
    UpdateManyAndReturn(Write),
    /// Changes the row of a unique selector, or inserts one, and answers it.
    UpsertOne(Box<Upsert>),
    /// Deletes the row of a unique selector, and answers what it was.
    DeleteOne,
    /// Deletes every row of the filter, at most [`Arguments::take`], and answers their number.
    DeleteMany,
    /// One row of [`Selected::Aggregate`]s over the rows of the arguments.
    Aggregate,
    /// A row a group.
    GroupBy(Box<GroupBy>),
    /// SQL that answers rows.
    QueryRaw(Box<Raw>),
    /// SQL that answers the number of rows it changed.
    ExecuteRaw(Box<Raw>),
}

impl Action {
    /// Its name in Prisma's JSON protocol, `findUnique` for instance.
    pub const fn name(&self) -> &'static str {
        match self {
            Action::FindUnique => "findUnique",
            Action::FindUniqueOrThrow => "findUniqueOrThrow",
            Action::FindFirst => "findFirst",
            Action::FindFirstOrThrow => "findFirstOrThrow",
            Action::FindMany => "findMany",
            Action::CreateOne(_) => "createOne",
            Action::CreateMany(_) => "createMany",
            Action::CreateManyAndReturn(_) => "createManyAndReturn",
            Action::UpdateOne(_) => "updateOne",
            Action::UpdateMany(_) => "updateMany",
            Action::UpdateManyAndReturn(_) => "updateManyAndReturn",
            Action::UpsertOne(_) => "upsertOne",
            Action::DeleteOne => "deleteOne",
            Action::DeleteMany => "deleteMany",
            Action::Aggregate => "aggregate",
            Action::GroupBy(_) => "groupBy",
            Action::QueryRaw(_) => "queryRaw",
            Action::ExecuteRaw(_) => "executeRaw",
        }
    }
}

impl Action {
    /// Whether nothing can be changed by it, so that it may be executed twice. SQL that answers rows may well change some.
    pub fn only_reads(&self) -> bool {
        matches!(
            self,
            Action::FindUnique
                | Action::FindUniqueOrThrow
                | Action::FindFirst
                | Action::FindFirstOrThrow
                | Action::FindMany
                | Action::Aggregate
                | Action::GroupBy(_)
        )
    }
}

/// Rows to insert at once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CreateMany {
    /// The rows; nothing is nested in them.
    pub rows: Vec<Write>,
    /// Whether a row that violates a unique constraint is left out instead of failing.
    pub skip_duplicates: bool,
}

/// What to write, depending on whether the row exists.
#[derive(Clone, Debug, PartialEq)]
pub struct Upsert {
    /// The new row.
    pub create: Write,
    /// The change of an existing row.
    pub update: Write,
}

/// How rows are put into groups.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupBy {
    /// The columns whose values make a group.
    pub by: Vec<FieldId>,
    /// Which groups; its comparisons may carry [`Compare::aggregate`].
    pub having: Option<Condition>,
}

/// SQL with its parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Raw {
    /// The SQL text.
    pub text: Cow<'static, str>,
    /// Whether parameters stand as `{}` in the text ([`sql!`](crate::sql)); otherwise in the database's own way.
    pub braces: bool,
    /// The parameters, in order.
    pub parameters: Vec<Value>,
}

/// Which rows, in which order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Arguments {
    /// `where`.
    pub filter: Option<Condition>,
    /// `orderBy`, the most important first.
    pub order: Vec<Order>,
    /// `take` (or `limit` of the many-writes): how many rows; negative: from the end.
    pub take: Option<i64>,
    /// `skip`: how many rows to leave out first.
    pub skip: Option<i64>,
    /// `cursor`: a unique selector; the answer starts with its row.
    pub cursor: Option<Box<Condition>>,
    /// `distinct`: only the first row of each combination of these columns.
    pub distinct: Vec<FieldId>,
}

/// A condition on a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// A column compared with a value.
    Compare(Compare),
    /// Several columns compared at once, as a compound unique selector: its name (`a_b`), its columns and their values.
    Compound(Cow<'static, str>, Vec<(FieldId, Value)>),
    /// Something about the rows of a relation.
    Related(FieldId, Quantifier, Box<Condition>),
    /// All of them; an empty list is true.
    All(Vec<Condition>),
    /// At least one of them; an empty list is false.
    Any(Vec<Condition>),
    /// Not so.
    Not(Box<Condition>),
}

/// A column compared with a value.
#[derive(Clone, Debug, PartialEq)]
pub struct Compare {
    /// The column.
    pub field: FieldId,
    /// What is computed of the column first, in [`GroupBy::having`].
    pub aggregate: Option<Aggregate>,
    /// The place inside a JSON document.
    pub path: Option<Box<JsonPath>>,
    /// How.
    pub operator: Operator,
    /// With what. For `In`, `NotIn`, `HasEvery` and `HasSome` a list; for `IsEmpty` a boolean.
    pub value: Value,
    /// Whether letters are compared without their case.
    pub insensitive: bool,
}

impl Compare {
    /// The plain form.
    pub fn new(field: FieldId, operator: Operator, value: Value) -> Self {
        Compare { field, aggregate: None, path: None, operator, value, insensitive: false }
    }
}

/// A place inside a JSON document.
#[derive(Clone, Debug, PartialEq)]
pub enum JsonPath {
    /// Keys and positions, one a step: what PostgreSQL's clients write, and what typed handles make for any database.
    Steps(Vec<String>),
    /// `$.a.b`: what clients of MySQL and SQLite write.
    Expression(String),
}

/// How a column is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operator {
    /// Equal; with null: is null.
    Equals,
    /// Not equal; with null: is not null. As in SQL, a null is neither equal nor unequal to a value.
    Not,
    /// Equal to one of a list.
    In,
    /// Equal to none of a list.
    NotIn,
    /// Less.
    Lt,
    /// Less or equal.
    Lte,
    /// Greater.
    Gt,
    /// Greater or equal.
    Gte,
    /// The text holds this text.
    Contains,
    /// The text starts so.
    StartsWith,
    /// The text ends so.
    EndsWith,
    /// Full-text search.
    Search,
    /// The scalar list holds this value.
    Has,
    /// The scalar list holds all of these.
    HasEvery,
    /// The scalar list holds one of these.
    HasSome,
    /// The scalar list is empty, or is not.
    IsEmpty,
    /// The JSON text holds this text.
    StringContains,
    /// The JSON text starts so.
    StringStartsWith,
    /// The JSON text ends so.
    StringEndsWith,
    /// The JSON array holds these.
    ArrayContains,
    /// The JSON array starts with this.
    ArrayStartsWith,
    /// The JSON array ends with this.
    ArrayEndsWith,
}

impl Operator {
    /// Its name in the protocol.
    #[inline]
    pub const fn name(self) -> &'static str {
        match self {
            Operator::Equals => "equals",
            Operator::Not => "not",
            Operator::In => "in",
            Operator::NotIn => "notIn",
            Operator::Lt => "lt",
            Operator::Lte => "lte",
            Operator::Gt => "gt",
            Operator::Gte => "gte",
            Operator::Contains => "contains",
            Operator::StartsWith => "startsWith",
            Operator::EndsWith => "endsWith",
            Operator::Search => "search",
            Operator::Has => "has",
            Operator::HasEvery => "hasEvery",
            Operator::HasSome => "hasSome",
            Operator::IsEmpty => "isEmpty",
            Operator::StringContains => "string_contains",
            Operator::StringStartsWith => "string_starts_with",
            Operator::StringEndsWith => "string_ends_with",
            Operator::ArrayContains => "array_contains",
            Operator::ArrayStartsWith => "array_starts_with",
            Operator::ArrayEndsWith => "array_ends_with",
        }
    }
}

/// What must hold for the rows of a relation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Quantifier {
    /// At least one row fulfils the condition.
    Some,
    /// Every row fulfils the condition.
    Every,
    /// No row fulfils the condition.
    None,
    /// The one row exists and fulfils the condition.
    Is,
    /// The one row does not exist, or does not fulfil the condition.
    IsNot,
}

impl Quantifier {
    /// Its name in the protocol.
    #[inline]
    pub const fn name(self) -> &'static str {
        match self {
            Quantifier::Some => "some",
            Quantifier::Every => "every",
            Quantifier::None => "none",
            Quantifier::Is => "is",
            Quantifier::IsNot => "isNot",
        }
    }
}

/// One criterion of an order.
#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    /// By what.
    pub by: OrderBy,
    /// In which direction.
    pub sort: Sort,
    /// Where nulls go; the database's habit when absent.
    pub nulls: Option<Nulls>,
}

/// What rows are ordered by.
#[derive(Clone, Debug, PartialEq)]
pub enum OrderBy {
    /// A column.
    Column(FieldId),
    /// Something of the one row of a relation.
    Related(FieldId, Box<OrderBy>),
    /// How many rows a relation has.
    RelationCount(FieldId),
    /// An aggregate of the group, of a column or (a count) of all.
    Aggregate(Aggregate, Option<FieldId>),
    /// How well columns fit a full-text search.
    Relevance(Vec<FieldId>, Value),
}

/// Where nulls go in an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Nulls {
    /// Before every value.
    First,
    /// After every value.
    Last,
}

/// What is computed over many rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Aggregate {
    /// The number of rows, or of values that are not null.
    Count,
    /// The average.
    Avg,
    /// The sum.
    Sum,
    /// The smallest.
    Min,
    /// The largest.
    Max,
}

impl Aggregate {
    /// Its name in the protocol.
    #[inline]
    pub const fn name(self) -> &'static str {
        match self {
            Aggregate::Count => "_count",
            Aggregate::Avg => "_avg",
            Aggregate::Sum => "_sum",
            Aggregate::Min => "_min",
            Aggregate::Max => "_max",
        }
    }
}

/// A part of what comes back. A row of the answer holds, in the order of the selection, one cell for each column of
/// `Columns`, one list of rows for a `Relation` (of at most one row where the relation is to one), one integer for each
/// relation of `RelationCounts`, and one cell for each entry of an `Aggregate`.
#[derive(Clone, Debug, PartialEq)]
pub enum Selected {
    /// Columns.
    Columns(Cow<'static, [FieldId]>),
    /// Rows of a relation.
    Relation(Box<SelectedRelation>),
    /// The number of rows of relations, each with a filter of its own (`_count`).
    RelationCounts(Vec<(FieldId, Option<Condition>)>),
    /// An aggregate of columns; none stands for all rows (`_count: { _all }`). Only in `Aggregate` and `GroupBy`.
    Aggregate(Aggregate, Vec<Option<FieldId>>),
}

/// Rows of a relation, as part of a row.
#[derive(Clone, Debug, PartialEq)]
pub struct SelectedRelation {
    /// The relation field.
    pub field: FieldId,
    /// Which of its rows, in which order.
    pub arguments: Arguments,
    /// What of each.
    pub selection: Vec<Selected>,
}

/// What to write into one row, in the order in which it was said. A column said twice takes the later value.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Write {
    /// Column by column, relation by relation.
    pub assignments: Vec<Assignment>,
}

/// What to write into a column or a relation.
#[derive(Clone, Debug, PartialEq)]
pub enum Assignment {
    /// The column becomes the value.
    Set(FieldId, Value),
    /// The column changes, computed by the database.
    Change(FieldId, Change, Value),
    /// The rows of a relation.
    Nested(FieldId, Nested),
}

/// How a column changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Change {
    /// Plus the value.
    Increment,
    /// Minus the value.
    Decrement,
    /// Times the value.
    Multiply,
    /// Divided by the value.
    Divide,
    /// The value, or the values of a list, appended to a scalar list.
    Push,
}

impl Change {
    /// Its name in the protocol.
    #[inline]
    pub const fn name(self) -> &'static str {
        match self {
            Change::Increment => "increment",
            Change::Decrement => "decrement",
            Change::Multiply => "multiply",
            Change::Divide => "divide",
            Change::Push => "push",
        }
    }
}

/// What happens to the rows of a relation. Selectors are unique conditions on the related model; where the relation is
/// to one, an absent one means its only row.
#[derive(Clone, Debug, PartialEq)]
pub enum Nested {
    /// New rows.
    Create(Vec<Write>),
    /// New rows, in one statement.
    CreateMany(CreateMany),
    /// Existing rows.
    Connect(Vec<Condition>),
    /// Existing rows, or new ones.
    ConnectOrCreate(Vec<(Condition, Write)>),
    /// Exactly these rows.
    Set(Vec<Condition>),
    /// These rows no longer.
    Disconnect(Vec<Option<Condition>>),
    /// Changes of connected rows.
    Update(Vec<(Option<Condition>, Write)>),
    /// Changes of connected rows, or new ones.
    Upsert(Vec<(Option<Condition>, Upsert)>),
    /// Changes of every connected row of a condition.
    UpdateMany(Vec<(Condition, Write)>),
    /// Deletes connected rows.
    Delete(Vec<Option<Condition>>),
    /// Deletes every connected row of a condition.
    DeleteMany(Vec<Condition>),
}

/// How long a pool may answer from its cache, and under which tags.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cache {
    /// Seconds for which an answer is fresh.
    pub ttl: Option<u32>,
    /// Seconds after that for which a stale answer is given while a new one is fetched.
    pub swr: Option<u32>,
    /// Names by which answers can be invalidated.
    pub tags: Vec<Cow<'static, str>>,
}
