//! What the generator writes for a model and its relations, and how loaded rows are found in a type.

use crate::{
    cursor::Cursor,
    error::Error,
    query::{FieldId, ModelId},
    scalar::Scalar,
};
use std::{fmt, marker::PhantomData};

/// A model of the schema. The generated row struct is its marker, so that compiler messages name it.
pub trait Model: Sized + 'static {
    /// Its position and name.
    const MODEL: ModelId;
    /// The columns of a whole row, in the order in which [`read`](Model::read) reads them.
    const COLUMNS: &'static [FieldId];
    /// The generated struct with the loaded relations `L`.
    type Row<L>;
    /// Reads a whole row and then its relations.
    ///
    /// # Errors
    /// When the cells are not those of the row.
    fn read<L: Relations, C: Cursor>(cursor: &mut C) -> Result<Self::Row<L>, Error>;
}

/// A relation field; implemented by a generated marker type.
pub trait Relation: Sized + 'static {
    /// Its position and name in [`Relation::From`].
    const FIELD: FieldId;
    /// The model that has the field.
    type From: Model;
    /// The model at the other end.
    type To: Model;
    /// How many rows it leads to: [`Many`], [`Maybe`] or [`One`].
    type Arity: Arity;
    /// The field at the other end.
    type Opposite: Relation<From = Self::To, To = Self::From>;
}

/// How many rows a relation leads to.
pub trait Arity: 'static {
    /// What holds them.
    type Of<T>;
    /// Reads the list of rows at the cursor.
    ///
    /// # Errors
    /// Those of the rows, or their number is impossible.
    fn collect<T, C: Cursor>(
        cursor: &mut C,
        read: impl FnMut(&mut C) -> Result<T, Error>,
    ) -> Result<Self::Of<T>, Error>;
}

/// Any number of rows.
#[derive(Clone, Copy, Debug)]
pub enum Many {}
/// One row or none.
#[derive(Clone, Copy, Debug)]
pub enum Maybe {}
/// Exactly one row.
#[derive(Clone, Copy, Debug)]
pub enum One {}

impl Arity for Many {
    type Of<T> = Vec<T>;
    fn collect<T, C: Cursor>(
        cursor: &mut C,
        mut read: impl FnMut(&mut C) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        let mut rows = Vec::with_capacity(cursor.enter()?.min(MOST_RESERVED));
        while cursor.next_row()? {
            rows.push(read(cursor)?);
        }
        Ok(rows)
    }
}

impl Many {
    /// Reads the list of rows at the cursor; they come after those that are there.
    // Not what `collect` is made of: that is in every Worker, and each byte of it counts.
    pub(crate) fn collect_more<T, C: Cursor>(
        rows: &mut Vec<T>,
        cursor: &mut C,
        mut read: impl FnMut(&mut C) -> Result<T, Error>,
    ) -> Result<(), Error> {
        rows.reserve(cursor.enter()?.min(MOST_RESERVED));
        while cursor.next_row()? {
            rows.push(read(cursor)?);
        }
        Ok(())
    }
}

impl Arity for Maybe {
    type Of<T> = Option<T>;
    fn collect<T, C: Cursor>(
        cursor: &mut C,
        mut read: impl FnMut(&mut C) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        cursor.enter()?;
        if !cursor.next_row()? {
            return Ok(None);
        }
        let row = read(cursor)?;
        if cursor.next_row()? { Err(Error::unexpected_answer("one row at most")) } else { Ok(Some(row)) }
    }
}

impl Arity for One {
    type Of<T> = T;
    fn collect<T, C: Cursor>(cursor: &mut C, read: impl FnMut(&mut C) -> Result<T, Error>) -> Result<T, Error> {
        Maybe::collect(cursor, read)?.ok_or_else(|| Error::unexpected_answer("the row of a required relation"))
    }
}

/// The hint comes from outside: no more is reserved on its word alone.
const MOST_RESERVED: usize = 1 << 16;

/// Marks relations to one row at most.
pub trait ToOne: Arity {}
impl ToOne for Maybe {}
impl ToOne for One {}

/// The rows of a loaded relation: what `user::Posts` is. `L` is what was loaded below it.
pub struct Loaded<R: Relation, L = ()>(Rows<R, L>);

/// What holds the rows of a relation.
pub type Rows<R, L> = <<R as Relation>::Arity as Arity>::Of<<<R as Relation>::To as Model>::Row<L>>;

impl<R: Relation, L> Loaded<R, L> {
    /// The rows.
    pub fn rows(&self) -> &Rows<R, L> {
        &self.0
    }
    /// The rows, owned.
    pub fn into_rows(self) -> Rows<R, L> {
        self.0
    }
}
impl<R: Relation, L> Clone for Loaded<R, L>
where
    Rows<R, L>: Clone,
{
    fn clone(&self) -> Self {
        Loaded(self.0.clone())
    }
}
impl<R: Relation, L> PartialEq for Loaded<R, L>
where
    Rows<R, L>: PartialEq,
{
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<R: Relation, L> fmt::Debug for Loaded<R, L>
where
    Rows<R, L>: fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A column that rows do not hold unless they are asked to: the generator block lists it as `omit`. Implemented by a generated
/// marker type.
pub trait OmittedColumn: Sized + 'static {
    /// Its position and name in [`OmittedColumn::From`].
    const FIELD: FieldId;
    /// The model that has it.
    type From: Model;
    /// What it holds.
    type Value: Scalar;
}

/// The value of an omitted column that was asked for: what `user::Password` is.
pub struct Shown<F: OmittedColumn>(F::Value);

impl<F: OmittedColumn> Shown<F> {
    /// The value.
    pub fn value(&self) -> &F::Value {
        &self.0
    }
    /// The value, owned.
    pub fn into_value(self) -> F::Value {
        self.0
    }
}
impl<F: OmittedColumn> Clone for Shown<F>
where
    F::Value: Clone,
{
    fn clone(&self) -> Self {
        Shown(self.0.clone())
    }
}
impl<F: OmittedColumn> PartialEq for Shown<F>
where
    F::Value: PartialEq,
{
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<F: OmittedColumn> fmt::Debug for Shown<F>
where
    F::Value: fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<F: OmittedColumn> LoadedRelation for Shown<F> {
    const NAME: &'static str = F::FIELD.name;
    fn read<C: Cursor>(cursor: &mut C) -> Result<Self, Error> {
        F::Value::read(cursor).map(Shown)
    }
}

/// What an omitted column that was asked for is in a row: [`Shown`].
pub trait ShownColumn: LoadedRelation {
    /// The column.
    type Column: OmittedColumn;
}
impl<F: OmittedColumn> ShownColumn for Shown<F> {
    type Column = F;
}

/// Finds an omitted column that was asked for. `I` is its place, inferred by the compiler.
#[diagnostic::on_unimplemented(
    message = "this column is omitted: `{F}`",
    label = "not asked for",
    note = "add `.include_column::<…>()` for it to the query"
)]
pub trait Shows<F: OmittedColumn, I> {
    /// Its value.
    fn shown(&self) -> &F::Value;
}
#[diagnostic::do_not_recommend]
impl<F: OmittedColumn, I, L: Get<Shown<F>, I>> Shows<F, I> for L {
    fn shown(&self) -> &F::Value {
        self.get().value()
    }
}

/// The number of rows of a relation, as a part of a row.
pub struct Counted<R>(i64, PhantomData<fn() -> R>);

impl<R> Counted<R> {
    /// The number.
    pub fn number(&self) -> i64 {
        self.0
    }
}
impl<R> Clone for Counted<R> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<R> Copy for Counted<R> {}
impl<R> PartialEq for Counted<R> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<R> fmt::Debug for Counted<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<R: Relation> LoadedRelation for Counted<R> {
    const NAME: &'static str = R::FIELD.name;
    fn read<C: Cursor>(cursor: &mut C) -> Result<Self, Error> {
        Ok(Counted(cursor.integer()?, PhantomData))
    }
    fn counted(&self) -> Option<i64> {
        Some(self.0)
    }
}

/// Finds the number of rows of a relation that was counted. `I` is its place, inferred by the compiler.
#[diagnostic::on_unimplemented(
    message = "the rows of this relation were not counted",
    label = "not counted",
    note = "add `.include(….count())` for it to the query"
)]
pub trait CountOf<R, I> {
    /// The number.
    fn count_of(&self) -> i64;
}
#[diagnostic::do_not_recommend]
impl<R, I, L: Get<Counted<R>, I>> CountOf<R, I> for L {
    fn count_of(&self) -> i64 {
        self.get().number()
    }
}

/// A tuple of loaded relations (of counts of relations, of omitted columns that were asked for), in the order in which they
/// were included.
pub trait Relations: Sized {
    /// Reads one after the other.
    ///
    /// # Errors
    /// Those of their rows.
    fn read<C: Cursor>(cursor: &mut C) -> Result<Self, Error>;
}

/// One part of a tuple: a [`Loaded`] relation, one whose rows are [`Counted`], or a column that is [`Shown`].
pub trait LoadedRelation: Sized {
    /// The relation's name in the schema.
    const NAME: &'static str;
    /// Reads its rows.
    ///
    /// # Errors
    /// Those of the rows.
    fn read<C: Cursor>(cursor: &mut C) -> Result<Self, Error>;
    /// The number that it is, where it is [`Counted`].
    fn counted(&self) -> Option<i64> {
        None
    }
}

impl<R: Relation, L: Relations> LoadedRelation for Loaded<R, L> {
    const NAME: &'static str = R::FIELD.name;
    fn read<C: Cursor>(cursor: &mut C) -> Result<Self, Error> {
        R::Arity::collect(cursor, |cursor| R::To::read(cursor)).map(Loaded)
    }
}

/// A tuple with one more relation: `(A, B)` and `C` give `(A, B, C)`.
pub trait Append<T> {
    /// The longer tuple.
    type Out: Relations;
}

/// Finds a loaded relation in the tuple. `I` is its place, inferred by the compiler.
#[diagnostic::on_unimplemented(
    message = "this relation was not loaded: `{T}`",
    label = "not loaded",
    note = "add `.include(…)` for it to the query"
)]
pub trait Get<T, I> {
    /// The loaded relation.
    fn get(&self) -> &T;
}

/// A place in a tuple.
#[derive(Debug)]
pub enum At<const N: usize> {}

macro_rules! tuples {
    ($($name:ident $at:tt),* ; $next:ident) => {
        tuples!($($name $at),*);
        impl<$($name: LoadedRelation,)* $next: LoadedRelation> Append<$next> for ($($name,)*) {
            type Out = ($($name,)* $next,);
        }
    };
    ($($name:ident $at:tt),*) => {
        impl<$($name: LoadedRelation),*> Relations for ($($name,)*) {
            #[allow(unused_variables, reason = "the empty tuple reads nothing")]
            fn read<Z: Cursor>(cursor: &mut Z) -> Result<Self, Error> { Ok(($($name::read(cursor)?,)*)) }
        }
        #[cfg(feature = "serde")]
        impl<$($name: LoadedRelation + serde::Serialize),*> crate::json::Entries for ($($name,)*) {
            #[allow(unused_variables, reason = "the empty tuple has no entries")]
            fn entries<Z: serde::ser::SerializeMap>(&self, map: &mut Z) -> Result<(), Z::Error> {
                $( if self.$at.counted().is_none() { map.serialize_entry($name::NAME, &self.$at)?; } )*
                crate::json::serialize_counts(&[$( ($name::NAME, self.$at.counted()) ),*], map)
            }
        }
        tuples!(@get ($($name $at),*) $($name $at),*);
    };
    (@get $all:tt $($name:ident $at:tt),*) => { $( tuples!(@one $all $name $at); )* };
    (@one ($($all:ident $n:tt),*) $name:ident $at:tt) => {
        #[diagnostic::do_not_recommend]
        impl<$($all),*> Get<$name, At<$at>> for ($($all,)*) {
            fn get(&self) -> &$name { &self.$at }
        }
    };
}
tuples!(; A);
tuples!(A 0; B);
tuples!(A 0, B 1; C);
tuples!(A 0, B 1, C 2; D);
tuples!(A 0, B 1, C 2, D 3; E);
tuples!(A 0, B 1, C 2, D 3, E 4; F);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5; G);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6; H);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7; I);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8; J);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9; K);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10; M);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, M 11);
