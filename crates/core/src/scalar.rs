//! Rust types that a column can have, and what may be written where one is meant.

use crate::{
    column::Column,
    cursor::Cursor,
    draft::{self, Assignment, Datum},
    error::Error,
    query::{Change, FieldId},
    value::Value,
};

/// A Rust type that a column can have.
pub trait Scalar: Sized {
    /// As it enters a query.
    fn into_value(self) -> Value;
    /// The value as a part of a query that is put together.
    #[doc(hidden)]
    #[inline]
    fn into_datum(self) -> Datum {
        draft::datum(self.into_value())
    }
    /// Reads the cell at the cursor.
    ///
    /// # Errors
    /// When the cell holds something else, or a number that is out of the type's range.
    fn read<C: Cursor>(cursor: &mut C) -> Result<Self, Error>;
    /// Reads the cell at the cursor, which may be null.
    ///
    /// # Errors
    /// Those of [`read`](Scalar::read).
    fn read_optional<C: Cursor>(cursor: &mut C) -> Result<Option<Self>, Error> {
        if cursor.null()? { Ok(None) } else { Self::read(cursor).map(Some) }
    }
}

impl Scalar for bool {
    fn into_value(self) -> Value {
        Value::Bool(self)
    }
    fn read<C: Cursor>(cursor: &mut C) -> Result<Self, Error> {
        cursor.boolean()
    }
}

impl Scalar for i32 {
    fn into_value(self) -> Value {
        Value::Int(self.into())
    }
    fn read<C: Cursor>(cursor: &mut C) -> Result<Self, Error> {
        cursor.integer_32()
    }
}

impl Scalar for i64 {
    fn into_value(self) -> Value {
        Value::Int(self)
    }
    fn read<C: Cursor>(cursor: &mut C) -> Result<Self, Error> {
        cursor.integer()
    }
}

impl Scalar for f64 {
    fn into_value(self) -> Value {
        Value::Float(self)
    }
    fn read<C: Cursor>(cursor: &mut C) -> Result<Self, Error> {
        cursor.float()
    }
}

impl Scalar for String {
    fn into_value(self) -> Value {
        Value::Text(self)
    }
    fn read<C: Cursor>(cursor: &mut C) -> Result<Self, Error> {
        cursor.text().map(Into::into)
    }
    fn read_optional<C: Cursor>(cursor: &mut C) -> Result<Option<Self>, Error> {
        cursor.text_or_null().map(|text| text.map(Into::into))
    }
}

impl Scalar for Vec<u8> {
    fn into_value(self) -> Value {
        Value::Bytes(self)
    }
    fn read<C: Cursor>(cursor: &mut C) -> Result<Self, Error> {
        cursor.bytes()
    }
}

impl<T: Scalar> Scalar for Option<T> {
    fn into_value(self) -> Value {
        self.map_or(Value::Null, T::into_value)
    }
    fn into_datum(self) -> Datum {
        self.map_or_else(|| draft::datum(Value::Null), T::into_datum)
    }
    fn read<C: Cursor>(cursor: &mut C) -> Result<Self, Error> {
        T::read_optional(cursor)
    }
}

impl<T: Scalar> Scalar for Vec<T> {
    fn into_value(self) -> Value {
        Value::List(self.into_iter().map(T::into_value).collect())
    }
    fn into_datum(self) -> Datum {
        draft::list(self.into_iter().map(T::into_datum))
    }
    fn read<C: Cursor>(cursor: &mut C) -> Result<Self, Error> {
        // PostgreSQL stores a list that was never given as null; a client sees an empty one, as Prisma's does.
        if cursor.null()? {
            return Ok(Vec::new());
        }
        let mut items = Vec::with_capacity(cursor.enter_list()?);
        while cursor.next_item()? {
            items.push(T::read(cursor)?);
        }
        Ok(items)
    }
}

#[cfg(feature = "chrono")]
impl Scalar for chrono::DateTime<chrono::Utc> {
    fn into_value(self) -> Value {
        Value::DateTime(self.timestamp_micros())
    }
    fn read<C: Cursor>(cursor: &mut C) -> Result<Self, Error> {
        Self::from_timestamp_micros(cursor.date_time()?)
            .ok_or_else(|| Error::unexpected_answer("a moment in chrono's range"))
    }
}

#[cfg(feature = "decimal")]
impl Scalar for bigdecimal::BigDecimal {
    fn into_value(self) -> Value {
        Value::Decimal(self.to_plain_string())
    }
    fn read<C: Cursor>(cursor: &mut C) -> Result<Self, Error> {
        cursor.text()?.parse().map_err(|_| Error::unexpected_answer("a decimal number"))
    }
}

#[cfg(feature = "json")]
impl Scalar for serde_json::Value {
    fn into_value(self) -> Value {
        Value::Json(self.to_string())
    }
    fn read<C: Cursor>(cursor: &mut C) -> Result<Self, Error> {
        serde_json::from_str(&cursor.text()?).map_err(|_| Error::unexpected_answer("a JSON document"))
    }
}

#[cfg(feature = "uuid")]
impl Scalar for uuid::Uuid {
    fn into_value(self) -> Value {
        Value::Uuid(self.into_bytes())
    }
    fn read<C: Cursor>(cursor: &mut C) -> Result<Self, Error> {
        cursor.uuid().map(uuid::Uuid::from_bytes)
    }
}

/// A generated enum: its variants beside their names in the schema.
pub trait Enumeration: Copy + PartialEq + 'static {
    /// Every variant, in the order of the schema.
    const VARIANTS: &'static [(Self, &'static str)];

    /// The variant's name in the schema.
    fn name(self) -> &'static str {
        Self::VARIANTS.iter().find(|(variant, _)| *variant == self).map_or("", |(_, name)| name)
    }

    /// The variant of that name.
    fn from_name(name: &str) -> Option<Self> {
        Self::VARIANTS.iter().find(|(_, it)| *it == name).map(|(variant, _)| *variant)
    }
}

/// Reads a variant: what a generated enum's [`Scalar::read`] calls.
///
/// # Errors
/// When the answer names a variant that the client was not generated with.
pub fn read_variant<T: Enumeration, C: Cursor>(cursor: &mut C) -> Result<T, Error> {
    T::from_name(&cursor.text()?).ok_or_else(|| Error::unexpected_answer("a variant of the enum"))
}

/// What a user may write where a `T` is meant: `"Ada"` for a `String`; `"Ada"`, `Some(name)` or `None` for an
/// `Option<String>`; a reference to what can be cloned. `How` is inferred: a plain value, another column (in a filter), or
/// an atomic change (in an update).
#[diagnostic::on_unimplemented(message = "this column holds `{T}`, not `{Self}`", label = "expected `{T}`")]
pub trait Given<T, How = Plainly>: Sized {
    /// As it enters a query.
    fn given(self) -> Datum;
    /// As it is written into a column.
    fn assign(self, field: FieldId) -> Assignment {
        draft::set(field, self.given())
    }
}

/// A [`Given`] that is a value.
#[derive(Debug)]
pub enum Plainly {}
/// A [`Given`] that is another column of the model `M`.
#[derive(Debug)]
pub struct Elsewhere<M>(std::marker::PhantomData<M>);
/// A [`Given`] that is an atomic change.
#[derive(Debug)]
pub enum Atomically {}

/// The ways in which a filter on `M` takes an operand.
#[diagnostic::on_unimplemented(
    message = "a filter compares with a value or with a column of `{M}`",
    label = "not an operand of a filter"
)]
pub trait Operand<M> {}
impl<M> Operand<M> for Plainly {}
impl<M> Operand<M> for Elsewhere<M> {}

/// The ways in which a column is written.
#[diagnostic::on_unimplemented(
    message = "a column is set to a value or changed by `increment(…)` and its like",
    label = "cannot be written"
)]
pub trait Written {}
impl Written for Plainly {}
impl Written for Atomically {}

impl<T: Scalar> Given<T> for T {
    fn given(self) -> Datum {
        self.into_datum()
    }
}
impl<T: Scalar> Given<Option<T>> for T {
    fn given(self) -> Datum {
        self.into_datum()
    }
}
impl<T: Scalar + Clone> Given<T> for &T {
    fn given(self) -> Datum {
        self.clone().into_datum()
    }
}
impl<T: Scalar + Clone> Given<Option<T>> for &T {
    fn given(self) -> Datum {
        self.clone().into_datum()
    }
}
impl Given<String> for &str {
    fn given(self) -> Datum {
        draft::text(self)
    }
}
impl Given<Option<String>> for &str {
    fn given(self) -> Datum {
        draft::text(self)
    }
}
impl Given<Vec<u8>> for &[u8] {
    fn given(self) -> Datum {
        draft::datum(Value::Bytes(self.into()))
    }
}
impl Given<Option<Vec<u8>>> for &[u8] {
    fn given(self) -> Datum {
        draft::datum(Value::Bytes(self.into()))
    }
}
impl<T, V: Given<T>, const N: usize> Given<Vec<T>> for [V; N] {
    fn given(self) -> Datum {
        draft::list(self.into_iter().map(V::given))
    }
}
impl<M, T, U> Given<T, Elsewhere<M>> for Column<M, T, U> {
    fn given(self) -> Datum {
        draft::datum(Value::Column(self.field()))
    }
}
impl<M, T, U> Given<Option<T>, Elsewhere<M>> for Column<M, T, U> {
    fn given(self) -> Datum {
        draft::datum(Value::Column(self.field()))
    }
}
impl<M, T, U> Given<T, Elsewhere<M>> for Column<M, Option<T>, U> {
    fn given(self) -> Datum {
        draft::datum(Value::Column(self.field()))
    }
}

/// Types whose values have an order.
#[diagnostic::on_unimplemented(message = "values of `{Self}` have no order", label = "neither less nor greater")]
pub trait Ordered {}
/// Types of which one value can be looked for among several.
#[diagnostic::on_unimplemented(
    message = "a value of `{Self}` is not looked for among others",
    label = "compare with one value at a time"
)]
pub trait Among {}
/// Types of columns that hold one value.
#[diagnostic::on_unimplemented(
    message = "a list is not compared so: `{Self}`",
    label = "use `eq`, `has`, `has_every`, `has_some` or `is_empty`, and `!`"
)]
pub trait Single {}

macro_rules! kinds {
    ($($kind:ident: $($of:ty)*;)*) => {$( $( impl $kind for $of {} )* impl<T: $kind> $kind for Option<T> {} )*};
}
kinds! {
    Ordered: i32 i64 f64 String;
    Among: bool i32 i64 f64 String Vec<u8>;
    Single: bool i32 i64 f64 String Vec<u8>;
}
#[cfg(any(feature = "chrono", feature = "decimal", feature = "uuid"))]
macro_rules! ordered {
    ($of:ty) => {
        impl Ordered for $of {}
        impl Among for $of {}
        impl Single for $of {}
    };
}
#[cfg(feature = "chrono")]
ordered! { chrono::DateTime<chrono::Utc> }
#[cfg(feature = "decimal")]
ordered! { bigdecimal::BigDecimal }
#[cfg(feature = "uuid")]
ordered! { uuid::Uuid }
#[cfg(feature = "json")]
impl Single for serde_json::Value {}
impl<T: Enumeration> Among for T {}
impl<T: Enumeration> Single for T {}

/// A type that the database can calculate with.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a number",
    label = "the database calculates with numbers only"
)]
pub trait Number {}
impl Number for i32 {}
impl Number for i64 {}
impl Number for f64 {}
#[cfg(feature = "decimal")]
impl Number for bigdecimal::BigDecimal {}
impl<T: Number> Number for Option<T> {}

/// An atomic change of a number; see [`increment`] and its like.
#[derive(Clone, Debug)]
pub struct Calculation<V>(Change, V);
/// A value appended to a scalar list; see [`push`].
#[derive(Clone, Debug)]
pub struct Pushed<V>(V);
/// Values appended to a scalar list; see [`push_all`].
#[derive(Clone, Debug)]
pub struct AllPushed<V>(V);

impl<T: Number, V: Given<T>> Given<T, Atomically> for Calculation<V> {
    fn given(self) -> Datum {
        self.1.given()
    }
    fn assign(self, field: FieldId) -> Assignment {
        draft::change(field, self.0, self.1.given())
    }
}
impl<T, V: Given<T>> Given<Vec<T>, Atomically> for Pushed<V> {
    fn given(self) -> Datum {
        self.0.given()
    }
    fn assign(self, field: FieldId) -> Assignment {
        draft::change(field, Change::Push, self.0.given())
    }
}
impl<T, V: Given<T>, I: IntoIterator<Item = V>> Given<Vec<T>, Atomically> for AllPushed<I> {
    fn given(self) -> Datum {
        crate::column::list(self.0)
    }
    fn assign(self, field: FieldId) -> Assignment {
        draft::change(field, Change::Push, self.given())
    }
}

/// Adds to the column, in the database.
pub fn increment<V>(by: V) -> Calculation<V> {
    Calculation(Change::Increment, by)
}
/// Subtracts from the column, in the database.
pub fn decrement<V>(by: V) -> Calculation<V> {
    Calculation(Change::Decrement, by)
}
/// Multiplies the column, in the database.
pub fn multiply<V>(by: V) -> Calculation<V> {
    Calculation(Change::Multiply, by)
}
/// Divides the column, in the database.
pub fn divide<V>(by: V) -> Calculation<V> {
    Calculation(Change::Divide, by)
}
/// Appends a value to a scalar list, in the database.
pub fn push<V>(value: V) -> Pushed<V> {
    Pushed(value)
}
/// Appends values to a scalar list, in the database and in their order.
pub fn push_all<V: IntoIterator>(values: V) -> AllPushed<V> {
    AllPushed(values)
}
