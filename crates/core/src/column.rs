//! Typed handles of columns, and the filters and orders that they make.

use crate::{
    draft::{self, Condition, Datum},
    query::{FieldId, Nulls, Operator, Sort},
    scalar::{Among, Given, Operand, Ordered, Plainly, Single},
    value::Value,
};
use std::{
    fmt,
    marker::PhantomData,
    ops::{BitAnd, BitOr, Not},
};

/// A column of the model `M` whose values are `T`. `U` says whether one value of it means one row ([`Unique`]).
pub struct Column<M, T, U = Plain>(FieldId, PhantomData<fn() -> (M, T, U)>);

/// A column or filter that may mean many rows.
#[derive(Clone, Copy, Debug)]
pub enum Plain {}
/// A column or filter that means one row at most.
#[derive(Clone, Copy, Debug)]
pub enum Unique {}

impl<M, T, U> Clone for Column<M, T, U> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<M, T, U> Copy for Column<M, T, U> {}
impl<M, T, U> fmt::Debug for Column<M, T, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Column").field(&self.0.name).finish()
    }
}

impl<M, T, U> Column<M, T, U> {
    /// The column of that position and name; written by the generator.
    pub const fn new(index: u16, name: &'static str) -> Self {
        Column(FieldId::new(index, name), PhantomData)
    }

    /// Position and name.
    pub const fn field(self) -> FieldId {
        self.0
    }

    /// Equal to a value, or to another column of the model. `eq(None)` on an optional column: is null.
    pub fn eq<H: Operand<M>>(self, value: impl Given<T, H>) -> Filter<M, U> {
        Filter::compare(self.0, Operator::Equals, value.given())
    }
    /// Not equal. As in SQL, a row whose column is null is neither equal nor unequal to a value.
    pub fn ne<H: Operand<M>>(self, value: impl Given<T, H>) -> Filter<M>
    where
        T: Single,
    {
        Filter::compare(self.0, Operator::Not, value.given())
    }
    /// Less than.
    pub fn lt<H: Operand<M>>(self, value: impl Given<T, H>) -> Filter<M>
    where
        T: Ordered,
    {
        Filter::compare(self.0, Operator::Lt, value.given())
    }
    /// Less than or equal to.
    pub fn lte<H: Operand<M>>(self, value: impl Given<T, H>) -> Filter<M>
    where
        T: Ordered,
    {
        Filter::compare(self.0, Operator::Lte, value.given())
    }
    /// Greater than.
    pub fn gt<H: Operand<M>>(self, value: impl Given<T, H>) -> Filter<M>
    where
        T: Ordered,
    {
        Filter::compare(self.0, Operator::Gt, value.given())
    }
    /// Greater than or equal to.
    pub fn gte<H: Operand<M>>(self, value: impl Given<T, H>) -> Filter<M>
    where
        T: Ordered,
    {
        Filter::compare(self.0, Operator::Gte, value.given())
    }
    /// Equal to one of these.
    pub fn one_of<V: Given<T>>(self, values: impl IntoIterator<Item = V>) -> Filter<M>
    where
        T: Among,
    {
        Filter::compare(self.0, Operator::In, list(values))
    }
    /// Equal to none of these.
    pub fn none_of<V: Given<T>>(self, values: impl IntoIterator<Item = V>) -> Filter<M>
    where
        T: Among,
    {
        Filter::compare(self.0, Operator::NotIn, list(values))
    }
    /// Small to large.
    pub fn asc(self) -> Order<M> {
        Order::new(draft::order_by(self.0, Sort::Asc))
    }
    /// Large to small.
    pub fn desc(self) -> Order<M> {
        Order::new(draft::order_by(self.0, Sort::Desc))
    }
}

/// Optional columns.
impl<M, T, U> Column<M, Option<T>, U> {
    /// The column is null.
    pub fn is_null(self) -> Filter<M> {
        Filter::compare(self.0, Operator::Equals, draft::datum(Value::Null))
    }
    /// The column is not null.
    pub fn is_not_null(self) -> Filter<M> {
        Filter::compare(self.0, Operator::Not, draft::datum(Value::Null))
    }
}

/// Text columns.
impl<M, T: Textual, U> Column<M, T, U> {
    /// The text holds this text, or that of another column of the model.
    pub fn contains<H: Operand<M>>(self, part: impl Given<String, H>) -> Filter<M> {
        Filter::compare(self.0, Operator::Contains, part.given())
    }
    /// The text starts with this text, or that of another column of the model.
    pub fn starts_with<H: Operand<M>>(self, start: impl Given<String, H>) -> Filter<M> {
        Filter::compare(self.0, Operator::StartsWith, start.given())
    }
    /// The text ends with this text, or that of another column of the model.
    pub fn ends_with<H: Operand<M>>(self, end: impl Given<String, H>) -> Filter<M> {
        Filter::compare(self.0, Operator::EndsWith, end.given())
    }
}

/// Scalar lists.
impl<M, T, U> Column<M, Vec<T>, U> {
    /// The list holds this value, or that of another column of the model.
    pub fn has<H: Operand<M>>(self, value: impl Given<T, H>) -> Filter<M> {
        Filter::compare(self.0, Operator::Has, value.given())
    }
    /// The list holds all of these.
    pub fn has_every<V: Given<T>>(self, values: impl IntoIterator<Item = V>) -> Filter<M> {
        Filter::compare(self.0, Operator::HasEvery, list(values))
    }
    /// The list holds one of these.
    pub fn has_some<V: Given<T>>(self, values: impl IntoIterator<Item = V>) -> Filter<M> {
        Filter::compare(self.0, Operator::HasSome, list(values))
    }
    /// The list holds all that another column's list holds.
    pub fn has_every_of<V>(self, other: Column<M, Vec<T>, V>) -> Filter<M> {
        Filter::compare(self.0, Operator::HasEvery, draft::datum(Value::Column(other.0)))
    }
    /// The list holds something that another column's list holds.
    pub fn has_some_of<V>(self, other: Column<M, Vec<T>, V>) -> Filter<M> {
        Filter::compare(self.0, Operator::HasSome, draft::datum(Value::Column(other.0)))
    }
    /// The list is empty.
    pub fn is_empty(self) -> Filter<M> {
        Filter::compare(self.0, Operator::IsEmpty, draft::datum(Value::Bool(true)))
    }
}

pub(crate) fn list<T, V: Given<T>>(values: impl IntoIterator<Item = V>) -> Datum {
    draft::list(values.into_iter().map(V::given))
}

/// Types with text operators.
#[diagnostic::on_unimplemented(message = "text operators exist on `String` columns only, this one holds `{Self}`")]
pub trait Textual {}
impl Textual for String {}
impl Textual for Option<String> {}

/// Several columns that together mean one row; `T` is a tuple of their types.
pub struct Compound<M, T, const N: usize> {
    name: &'static str,
    fields: [FieldId; N],
    of: PhantomData<fn() -> (M, T)>,
}

impl<M, T, const N: usize> Clone for Compound<M, T, N> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<M, T, const N: usize> Copy for Compound<M, T, N> {}
impl<M, T, const N: usize> fmt::Debug for Compound<M, T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Compound").field(&self.name).finish()
    }
}

impl<M, T, const N: usize> Compound<M, T, N> {
    /// The selector of that name over these columns; written by the generator.
    pub const fn new(name: &'static str, fields: [FieldId; N]) -> Self {
        Compound { name, fields, of: PhantomData }
    }

    /// The row with these values, given as a tuple in the order of the columns.
    pub fn eq(self, values: impl GivenTuple<T, N>) -> Filter<M, Unique> {
        Filter(draft::compound(self.name, self.fields.into_iter().zip(values.given())), PhantomData)
    }
}

/// A tuple of what may be written for a tuple of types.
#[diagnostic::on_unimplemented(message = "these columns hold `{T}`, not `{Self}`", label = "expected `{T}`")]
pub trait GivenTuple<T, const N: usize> {
    /// As they enter a query.
    fn given(self) -> [Datum; N];
}

macro_rules! given_tuples {
    ($($count:literal: $($given:ident $ty:ident $at:tt),+;)*) => {$(
        impl<$($ty, $given: Given<$ty, Plainly>),+> GivenTuple<($($ty,)+), $count> for ($($given,)+) {
            fn given(self) -> [Datum; $count] { [$(self.$at.given()),+] }
        }
    )*};
}
given_tuples! {
    1: A0 T0 0;
    2: A0 T0 0, A1 T1 1;
    3: A0 T0 0, A1 T1 1, A2 T2 2;
    4: A0 T0 0, A1 T1 1, A2 T2 2, A3 T3 3;
    5: A0 T0 0, A1 T1 1, A2 T2 2, A3 T3 3, A4 T4 4;
    6: A0 T0 0, A1 T1 1, A2 T2 2, A3 T3 3, A4 T4 4, A5 T5 5;
    7: A0 T0 0, A1 T1 1, A2 T2 2, A3 T3 3, A4 T4 4, A5 T5 5, A6 T6 6;
    8: A0 T0 0, A1 T1 1, A2 T2 2, A3 T3 3, A4 T4 4, A5 T5 5, A6 T6 6, A7 T7 7;
}

/// A condition on rows of `M`. `Filter<M, Unique>` means one row at most.
pub struct Filter<M, U = Plain>(Condition, PhantomData<fn() -> (M, U)>);

impl<M, U> Clone for Filter<M, U> {
    fn clone(&self) -> Self {
        Filter(self.0.clone(), PhantomData)
    }
}
impl<M, U> fmt::Debug for Filter<M, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<M, U> Filter<M, U> {
    pub(crate) fn new(condition: Condition) -> Self {
        Filter(condition, PhantomData)
    }
    fn compare(field: FieldId, operator: Operator, value: Datum) -> Self {
        Filter::new(draft::compare(field, operator, value))
    }
    /// The condition as data.
    pub fn into_condition(self) -> Condition {
        self.0
    }
}

impl<M> Filter<M> {
    /// True for every row: where a filter is built step by step.
    pub fn all() -> Self {
        Filter::new(draft::everything())
    }
    /// True for no row: where alternatives are added step by step.
    pub fn none() -> Self {
        Filter::new(draft::nothing())
    }
}

impl<M, U, V> BitAnd<Filter<M, V>> for Filter<M, U> {
    /// A unique selector stays one when more is asked of its row.
    type Output = Filter<M, U>;
    fn bitand(self, other: Filter<M, V>) -> Self::Output {
        Filter::new(draft::both(self.0, other.0))
    }
}

impl<M, U, V> BitOr<Filter<M, V>> for Filter<M, U> {
    type Output = Filter<M>;
    fn bitor(self, other: Filter<M, V>) -> Self::Output {
        Filter::new(draft::either(self.0, other.0))
    }
}

impl<M, U> Not for Filter<M, U> {
    type Output = Filter<M>;
    fn not(self) -> Self::Output {
        Filter::new(draft::not(self.0))
    }
}

/// One criterion of the order of rows of `M`.
pub struct Order<M>(draft::Order, PhantomData<fn() -> M>);

impl<M> Clone for Order<M> {
    fn clone(&self) -> Self {
        Order(self.0.clone(), PhantomData)
    }
}
impl<M> fmt::Debug for Order<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<M> Order<M> {
    pub(crate) fn new(order: draft::Order) -> Self {
        Order(order, PhantomData)
    }
    /// Nulls before every value.
    #[must_use]
    pub fn nulls_first(mut self) -> Self {
        self.0.put_nulls(Nulls::First);
        self
    }
    /// Nulls after every value.
    #[must_use]
    pub fn nulls_last(mut self) -> Self {
        self.0.put_nulls(Nulls::Last);
        self
    }
    /// The criterion as data.
    pub fn into_order(self) -> draft::Order {
        self.0
    }
}

/// One criterion or several: an [`Order`], an array or a vector of them.
pub trait Orders<M> {
    /// Appends them, the most important first.
    fn append_to(self, orders: &mut draft::Orders);
}
impl<M> Orders<M> for Order<M> {
    fn append_to(self, orders: &mut draft::Orders) {
        orders.push(self.0);
    }
}
impl<M, const N: usize> Orders<M> for [Order<M>; N] {
    fn append_to(self, orders: &mut draft::Orders) {
        orders.extend(self.into_iter().map(Order::into_order));
    }
}
impl<M> Orders<M> for Vec<Order<M>> {
    fn append_to(self, orders: &mut draft::Orders) {
        orders.extend(self.into_iter().map(Order::into_order));
    }
}

/// Columns whose values tell which rows belong together: a column, or a tuple of columns.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no column of `{M}`",
    label = "not a column of `{M}`, nor a tuple of up to 12 of them"
)]
pub trait KeyColumns<M> {
    /// Their fields.
    fn fields(self) -> Vec<FieldId>;
}
impl<M, T, U> KeyColumns<M> for Column<M, T, U> {
    fn fields(self) -> Vec<FieldId> {
        vec![self.field()]
    }
}
macro_rules! key_columns {
    ($(($($ty:ident $unique:ident $at:tt),+))*) => {$(
        impl<M, $($ty, $unique),+> KeyColumns<M> for ($(Column<M, $ty, $unique>,)+) {
            fn fields(self) -> Vec<FieldId> { vec![$( self.$at.field() ),+] }
        }
    )*};
}
key_columns! {
    (A A1 0)
    (A A1 0, B B1 1)
    (A A1 0, B B1 1, C C1 2)
    (A A1 0, B B1 1, C C1 2, D D1 3)
    (A A1 0, B B1 1, C C1 2, D D1 3, E E1 4)
    (A A1 0, B B1 1, C C1 2, D D1 3, E E1 4, F F1 5)
    (A A1 0, B B1 1, C C1 2, D D1 3, E E1 4, F F1 5, G G1 6)
    (A A1 0, B B1 1, C C1 2, D D1 3, E E1 4, F F1 5, G G1 6, H H1 7)
    (A A1 0, B B1 1, C C1 2, D D1 3, E E1 4, F F1 5, G G1 6, H H1 7, I I1 8)
    (A A1 0, B B1 1, C C1 2, D D1 3, E E1 4, F F1 5, G G1 6, H H1 7, I I1 8, J J1 9)
    (A A1 0, B B1 1, C C1 2, D D1 3, E E1 4, F F1 5, G G1 6, H H1 7, I I1 8, J J1 9, K K1 10)
    (A A1 0, B B1 1, C C1 2, D D1 3, E E1 4, F F1 5, G G1 6, H H1 7, I I1 8, J J1 9, K K1 10, L L1 11)
}
