//! Numbers over many rows: `aggregate` and `group_by`.

use crate::{
    column::{Column, Filter, KeyColumns, Order, list},
    cursor::Cursor,
    draft::{self, Condition, Datum, Draft, Kind, Selection},
    engine::Engine,
    error::Error,
    model::Model,
    operation::{Filters, Operation, Pages, Reads, Table, Verb},
    query::{Aggregate, FieldId, Operator, Sort},
    scalar::{Enumeration, Given, Scalar},
    select::ReadRow,
};
use std::{
    fmt,
    marker::PhantomData,
    ops::{BitAnd, BitOr, Not},
};

/// A number computed of a column over many rows: `post::views.sum()`. `T` is what it is read as.
pub struct Computed<M, T>(Aggregate, FieldId, PhantomData<fn() -> (M, T)>);

/// The number of all rows: [`count`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CountAll;

/// The number of all rows, in an `aggregate` or `group_by`.
#[must_use]
pub fn count() -> CountAll {
    CountAll
}

impl CountAll {
    /// Small groups first.
    pub fn asc<M>(self) -> Order<M> {
        Order::new(draft::order_by_computed(Aggregate::Count, None, Sort::Asc))
    }
    /// Large groups first.
    pub fn desc<M>(self) -> Order<M> {
        Order::new(draft::order_by_computed(Aggregate::Count, None, Sort::Desc))
    }
}

impl<M, T> Clone for Computed<M, T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<M, T> Copy for Computed<M, T> {}
impl<M, T> fmt::Debug for Computed<M, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Computed").field(&self.0).field(&self.1.name).finish()
    }
}

/// A type that the database can add up.
#[diagnostic::on_unimplemented(message = "`{Self}` is not a number", label = "the database adds up numbers only")]
pub trait Sums {
    /// What a sum is read as. Sums of 32 bit integers need more bits.
    type Sum: Scalar;
    /// What an average is read as.
    type Average: Scalar;
}
macro_rules! sums {
    ($($of:ty: $sum:ty, $average:ty;)*) => {$(
        impl Sums for $of { type Sum = $sum; type Average = $average; }
        impl Sums for Option<$of> { type Sum = $sum; type Average = $average; }
    )*};
}
sums! { i32: i64, f64; i64: i64, f64; f64: f64, f64; }
#[cfg(feature = "decimal")]
sums! { bigdecimal::BigDecimal: bigdecimal::BigDecimal, bigdecimal::BigDecimal; }

/// What `min` and `max` of a column are read as: nothing where there is no row.
pub trait Extreme: Scalar {
    /// The value, or nothing.
    type Out: Scalar;
}
macro_rules! extremes {
    ($($of:ty)*) => {$(
        impl Extreme for $of { type Out = Option<$of>; }
        impl Extreme for Option<$of> { type Out = Option<$of>; }
    )*};
}
extremes! { bool i32 i64 f64 String }
#[cfg(feature = "chrono")]
extremes! { chrono::DateTime<chrono::Utc> }
#[cfg(feature = "decimal")]
extremes! { bigdecimal::BigDecimal }
#[cfg(feature = "uuid")]
extremes! { uuid::Uuid }

impl<T: Enumeration + Scalar> Extreme for T {
    type Out = Option<T>;
}
impl<T: Enumeration + Scalar> Extreme for Option<T> {
    type Out = Option<T>;
}

impl<M, T, U> Column<M, T, U> {
    fn compute<O>(self, aggregate: Aggregate) -> Computed<M, O> {
        Computed(aggregate, self.field(), PhantomData)
    }
    /// The number of rows in which it is not null.
    pub fn count(self) -> Computed<M, i64> {
        self.compute(Aggregate::Count)
    }
    /// The sum; nothing where there is no row.
    pub fn sum(self) -> Computed<M, Option<T::Sum>>
    where
        T: Sums,
    {
        self.compute(Aggregate::Sum)
    }
    /// The average; nothing where there is no row.
    pub fn avg(self) -> Computed<M, Option<T::Average>>
    where
        T: Sums,
    {
        self.compute(Aggregate::Avg)
    }
    /// The smallest value; nothing where there is no row.
    pub fn min(self) -> Computed<M, T::Out>
    where
        T: Extreme,
    {
        self.compute(Aggregate::Min)
    }
    /// The largest value; nothing where there is no row.
    pub fn max(self) -> Computed<M, T::Out>
    where
        T: Extreme,
    {
        self.compute(Aggregate::Max)
    }
}

impl<M, T> Computed<M, T> {
    fn compare(self, operator: Operator, value: Datum) -> Having<M> {
        Having(draft::compare_computed(self.0, self.1, operator, value), PhantomData)
    }
    fn having<V: Given<T>>(self, operator: Operator, value: V) -> Having<M> {
        self.compare(operator, value.given())
    }
    /// Only groups where it is equal.
    pub fn eq(self, value: impl Given<T>) -> Having<M> {
        self.having(Operator::Equals, value)
    }
    /// Only groups where it is not equal.
    pub fn ne(self, value: impl Given<T>) -> Having<M> {
        self.having(Operator::Not, value)
    }
    /// Only groups where it is less.
    pub fn lt(self, value: impl Given<T>) -> Having<M> {
        self.having(Operator::Lt, value)
    }
    /// Only groups where it is less or equal.
    pub fn lte(self, value: impl Given<T>) -> Having<M> {
        self.having(Operator::Lte, value)
    }
    /// Only groups where it is greater.
    pub fn gt(self, value: impl Given<T>) -> Having<M> {
        self.having(Operator::Gt, value)
    }
    /// Only groups where it is greater or equal.
    pub fn gte(self, value: impl Given<T>) -> Having<M> {
        self.having(Operator::Gte, value)
    }
    /// Only groups where it is one of these.
    pub fn one_of<V: Given<T>>(self, values: impl IntoIterator<Item = V>) -> Having<M> {
        self.compare(Operator::In, list(values))
    }
    /// Only groups where it is none of these.
    pub fn none_of<V: Given<T>>(self, values: impl IntoIterator<Item = V>) -> Having<M> {
        self.compare(Operator::NotIn, list(values))
    }
    /// Groups in its order, small to large.
    pub fn asc(self) -> Order<M> {
        Order::new(draft::order_by_computed(self.0, Some(self.1), Sort::Asc))
    }
    /// Groups in its order, large to small.
    pub fn desc(self) -> Order<M> {
        Order::new(draft::order_by_computed(self.0, Some(self.1), Sort::Desc))
    }
}

impl<M> Computed<M, Option<String>> {
    /// Only groups where the text holds this text.
    pub fn contains(self, part: impl Given<String>) -> Having<M> {
        self.compare(Operator::Contains, part.given())
    }
    /// Only groups where the text starts with this text.
    pub fn starts_with(self, start: impl Given<String>) -> Having<M> {
        self.compare(Operator::StartsWith, start.given())
    }
    /// Only groups where the text ends with this text.
    pub fn ends_with(self, end: impl Given<String>) -> Having<M> {
        self.compare(Operator::EndsWith, end.given())
    }
}

/// A condition on groups of rows of `M`.
pub struct Having<M>(Condition, PhantomData<fn() -> M>);

impl<M> fmt::Debug for Having<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
impl<M, U> From<Filter<M, U>> for Having<M> {
    /// A condition on a column by which rows are grouped.
    fn from(filter: Filter<M, U>) -> Self {
        Having(filter.into_condition(), PhantomData)
    }
}
impl<M> BitAnd for Having<M> {
    type Output = Self;
    fn bitand(self, other: Self) -> Self {
        Having(draft::both(self.0, other.0), PhantomData)
    }
}
impl<M> BitOr for Having<M> {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Having(draft::either(self.0, other.0), PhantomData)
    }
}
impl<M> Not for Having<M> {
    type Output = Self;
    fn not(self) -> Self {
        Having(draft::not(self.0), PhantomData)
    }
}

/// What can stand in the selection of an `aggregate` (`G` is [`AllRows`]) or a `group_by` (`G` is [`ByGroup`], where the
/// columns of the group can stand, too).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no number over rows of `{M}`",
    label = "not `count()`, `post::views.sum()` or its like, nor a tuple of up to 12 of them"
)]
pub trait Summary<M, G> {
    /// What it is read as.
    type Out;
    /// Adds itself to a selection.
    fn select(self, selection: &mut Selection);
    /// Reads its cells.
    ///
    /// # Errors
    /// When the cells are not those that were selected.
    fn read<C: Cursor>(cursor: &mut C) -> Result<Self::Out, Error>;
}

/// All rows are one group.
#[derive(Debug)]
pub enum AllRows {}
/// Rows are grouped by columns.
#[derive(Debug)]
pub enum ByGroup {}

impl<M, G> Summary<M, G> for CountAll {
    type Out = i64;
    fn select(self, selection: &mut Selection) {
        draft::select_computed(selection, Aggregate::Count, None);
    }
    fn read<C: Cursor>(cursor: &mut C) -> Result<i64, Error> {
        cursor.integer()
    }
}
impl<M, G, T: Scalar> Summary<M, G> for Computed<M, T> {
    type Out = T;
    fn select(self, selection: &mut Selection) {
        draft::select_computed(selection, self.0, Some(self.1));
    }
    fn read<C: Cursor>(cursor: &mut C) -> Result<T, Error> {
        T::read(cursor)
    }
}
impl<M, T: Scalar, U> Summary<M, ByGroup> for Column<M, T, U> {
    type Out = T;
    fn select(self, selection: &mut Selection) {
        draft::select_alone(selection, self.field());
    }
    fn read<C: Cursor>(cursor: &mut C) -> Result<T, Error> {
        T::read(cursor)
    }
}

macro_rules! tuples {
    ($(($($name:ident $at:tt),+))*) => {$(
        impl<M, G, $($name: Summary<M, G>),+> Summary<M, G> for ($($name,)+) {
            type Out = ($($name::Out,)+);
            fn select(self, selection: &mut Selection) { $( self.$at.select(selection); )+ }
            fn read<Z: Cursor>(cursor: &mut Z) -> Result<Self::Out, Error> { Ok(($($name::read(cursor)?,)+)) }
        }
    )*};
}
tuples! {
    (A 0)
    (A 0, B 1)
    (A 0, B 1, C 2)
    (A 0, B 1, C 2, D 3)
    (A 0, B 1, C 2, D 3, E 4)
    (A 0, B 1, C 2, D 3, E 4, F 5)
    (A 0, B 1, C 2, D 3, E 4, F 5, H 6)
    (A 0, B 1, C 2, D 3, E 4, F 5, H 6, I 7)
    (A 0, B 1, C 2, D 3, E 4, F 5, H 6, I 7, J 8)
    (A 0, B 1, C 2, D 3, E 4, F 5, H 6, I 7, J 8, K 9)
    (A 0, B 1, C 2, D 3, E 4, F 5, H 6, I 7, J 8, K 9, L 10)
    (A 0, B 1, C 2, D 3, E 4, F 5, H 6, I 7, J 8, K 9, L 10, N 11)
}

/// `aggregate`
#[derive(Clone, Copy, Debug)]
pub enum AggregateRows {}
/// `group_by`
#[derive(Clone, Copy, Debug)]
pub enum GroupRows {}
/// How a summary is read.
pub struct Summarized<S, G>(PhantomData<(S, G)>);
/// A `group_by` of which nothing was selected yet.
#[derive(Debug)]
pub enum NothingYet {}

impl Filters for AggregateRows {}
impl Pages for AggregateRows {}
impl Reads for AggregateRows {}
impl Filters for GroupRows {}
impl Pages for GroupRows {}
impl Reads for GroupRows {}

impl Verb for AggregateRows {
    type Out<T> = T;
    fn collect<T, C: Cursor>(cursor: &mut C, read: impl FnMut(&mut C) -> Result<T, Error>) -> Result<T, Error> {
        crate::operation::Count::collect(cursor, read)
    }
}
impl Verb for GroupRows {
    type Out<T> = Vec<T>;
    fn collect<T, C: Cursor>(cursor: &mut C, read: impl FnMut(&mut C) -> Result<T, Error>) -> Result<Vec<T>, Error> {
        crate::operation::FindMany::collect(cursor, read)
    }
}
impl<M, G, S: Summary<M, G>> ReadRow<M> for Summarized<S, G> {
    type Out = S::Out;
    fn read<C: Cursor>(cursor: &mut C) -> Result<Self::Out, Error> {
        S::read(cursor)
    }
}

impl<'c, E: Engine, M: Model, W> Table<'c, E, M, W> {
    /// Numbers over rows: `.aggregate((count(), post::views.sum()))`.
    pub fn aggregate<S: Summary<M, AllRows>>(
        self,
        summary: S,
    ) -> Operation<'c, E, M, AggregateRows, Summarized<S, AllRows>> {
        let mut query = Draft::begin(M::MODEL, Kind::Aggregate);
        summary.select(&mut query.selection);
        self.operation(query)
    }
    /// Numbers over groups of rows: `.group_by(post::author_id).select((post::author_id, count()))`.
    pub fn group_by(self, columns: impl KeyColumns<M>) -> Operation<'c, E, M, GroupRows, NothingYet> {
        let mut query = Draft::begin(M::MODEL, Kind::GroupBy);
        query.group_by(columns.fields());
        self.operation(query)
    }
}

impl<'c, E: Engine, M: Model> Operation<'c, E, M, GroupRows, NothingYet> {
    /// Only these groups: `.having(post::views.avg().gt(10.0))`. Said again: groups that fulfil both.
    pub fn having(mut self, condition: impl Into<Having<M>>) -> Self {
        self.query_mut().having(condition.into().0);
        self
    }
    /// What comes back of each group.
    pub fn select<S: Summary<M, ByGroup>>(
        mut self,
        summary: S,
    ) -> Operation<'c, E, M, GroupRows, Summarized<S, ByGroup>> {
        summary.select(&mut self.query_mut().selection);
        self.reads_as()
    }
}
