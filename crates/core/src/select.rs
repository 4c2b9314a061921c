//! Exactly these columns: a column, a relation's selection, or a tuple of them.

use crate::{
    column::Column,
    cursor::Cursor,
    draft::{self, Arguments, Condition, Selection},
    error::Error,
    model::{Arity, Model, Relation, Relations},
    query::Aggregate,
    scalar::Scalar,
};
use std::{fmt, marker::PhantomData};

/// What can stand in a `select` on `M`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be selected of `{M}`",
    label = "not a column or relation of `{M}`, nor a tuple of up to 16 of them"
)]
pub trait Select<M> {
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

impl<M, T: Scalar, U> Select<M> for Column<M, T, U> {
    type Out = T;
    fn select(self, selection: &mut Selection) {
        draft::select_column(selection, self.field());
    }
    fn read<C: Cursor>(cursor: &mut C) -> Result<T, Error> {
        T::read(cursor)
    }
}

/// Columns of the rows of a relation; see [`Related::select`](crate::relation::Related::select).
pub struct Picked<R, S> {
    pub(crate) arguments: Arguments,
    pub(crate) columns: S,
    pub(crate) of: PhantomData<fn() -> R>,
}
impl<R: Relation, S> fmt::Debug for Picked<R, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Picked").field(&R::FIELD.name).finish()
    }
}
/// Columns of the rows of a relation of chosen rows: `user::posts.take(3).select(post::title)`.
impl<R: Relation, S: Select<R::To>> Select<R::From> for Picked<R, S> {
    type Out = <R::Arity as Arity>::Of<S::Out>;
    fn select(self, into: &mut Selection) {
        let mut selection = Selection::new();
        self.columns.select(&mut selection);
        draft::select_related(into, R::FIELD, self.arguments, selection);
    }
    fn read<C: Cursor>(cursor: &mut C) -> Result<Self::Out, Error> {
        R::Arity::collect(cursor, |cursor| S::read(cursor))
    }
}

/// The number of rows of a relation: `user::posts.count()`.
pub struct RelationCount<R>(Option<Condition>, PhantomData<fn() -> R>);
impl<R: Relation> fmt::Debug for RelationCount<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RelationCount").field(&R::FIELD.name).finish()
    }
}
impl<R> RelationCount<R> {
    pub(crate) fn new(filter: Option<Condition>) -> Self {
        RelationCount(filter, PhantomData)
    }
    pub(crate) fn into_filter(self) -> Option<Condition> {
        self.0
    }
}
impl<R: Relation> Select<R::From> for RelationCount<R> {
    type Out = i64;
    fn select(self, selection: &mut Selection) {
        draft::select_count(selection, R::FIELD, self.0);
    }
    fn read<C: Cursor>(cursor: &mut C) -> Result<i64, Error> {
        cursor.integer()
    }
}

macro_rules! tuples {
    ($(($($name:ident $at:tt),+))*) => {$(
        impl<M, $($name: Select<M>),+> Select<M> for ($($name,)+) {
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
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11, N 12)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11, N 12, O 13)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11, N 12, O 13, P 14)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11, N 12, O 13, P 14, Q 15)
}

/// How the rows of an answer become what the caller gets.
pub trait ReadRow<M> {
    /// One row.
    type Out;
    /// Reads it.
    ///
    /// # Errors
    /// When the cells are not those that were asked for.
    fn read<C: Cursor>(cursor: &mut C) -> Result<Self::Out, Error>;
}

/// Whole rows with the relations `L`.
#[derive(Debug)]
pub struct Whole<L>(PhantomData<L>);
/// Selected columns.
#[derive(Debug)]
pub struct Columns<S>(PhantomData<S>);
/// A number.
#[derive(Debug)]
pub enum Number {}

impl<M: Model, L: Relations> ReadRow<M> for Whole<L> {
    type Out = M::Row<L>;
    fn read<C: Cursor>(cursor: &mut C) -> Result<Self::Out, Error> {
        M::read(cursor)
    }
}
impl<M, S: Select<M>> ReadRow<M> for Columns<S> {
    type Out = S::Out;
    fn read<C: Cursor>(cursor: &mut C) -> Result<Self::Out, Error> {
        S::read(cursor)
    }
}
impl<M> ReadRow<M> for Number {
    type Out = i64;
    fn read<C: Cursor>(cursor: &mut C) -> Result<i64, Error> {
        cursor.integer()
    }
}

/// The selection of `count()`.
pub(crate) fn count_all() -> Selection {
    let mut selection = Selection::new();
    draft::select_computed(&mut selection, Aggregate::Count, None);
    selection
}
