//! Rows to write: required columns as a struct literal, the rest by column.
//!
//! A generated `New` has one field for each column that must be given. Columns of a foreign key are generic there: they
//! take a value, something done through the relation ([`Through`]), or [`Inherit`] where the row is created inside its
//! parent. The context `C` carries that inside: [`Alone`], or [`In`] the relation that leads to the parent.

use crate::{
    column::Column,
    draft::{self, Assignment, Nested, Row},
    model::{Model, Relation},
    query::FieldId,
    scalar::{Given, Scalar, Written},
};
use std::{fmt, marker::PhantomData};

/// A new row of `M` in the context `C`.
pub struct Data<M, C = Alone>(Row, PhantomData<fn() -> (M, C)>);

/// The context of a row that is created by itself.
#[derive(Clone, Copy, Debug)]
pub enum Alone {}
/// The context of a row that is created inside its parent; `R` is the row's relation that leads there.
pub struct In<R>(PhantomData<R>);

impl<M, C> Clone for Data<M, C> {
    fn clone(&self) -> Self {
        Data(self.0.clone(), PhantomData)
    }
}
impl<M, C> fmt::Debug for Data<M, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<M: Model, C> Data<M, C> {
    /// A row of which nothing is given yet; for generated code, which knows what is required.
    pub fn empty() -> Self {
        Data(Row::default(), PhantomData)
    }
    /// Gives a column a value.
    #[must_use]
    pub fn set<T, U>(mut self, column: Column<M, T, U>, value: impl Given<T>) -> Self {
        self.0.assign(value.assign(column.field()));
        self
    }
    /// Writes through a relation.
    #[must_use]
    pub fn with<R: Relation<From = M>, K>(mut self, through: Through<R, K>) -> Self {
        self.0.assign(through.into_assignment());
        self
    }
    /// Gives a column of a foreign key; for generated code.
    #[must_use]
    pub fn key<R: Relation<From = M>, T, U, K: ForeignKey<R, T, C>>(mut self, column: Column<M, T, U>, key: K) -> Self {
        if let Some(assignment) = key.assignment(column.field()) {
            self.0.assign(assignment);
        }
        self
    }
    /// The row as data.
    pub fn into_write(self) -> Row {
        self.0
    }
}

/// What makes a new row of `M` in the context `C`: a generated `New`, or what its `set` and `with` return.
#[diagnostic::on_unimplemented(
    message = "this is no new row of `{M}` here: `{Self}`",
    label = "not a new `{M}`",
    note = "`Inherit` stands for a key only where the row is created inside the row that it refers to"
)]
pub trait IntoData<M, C> {
    /// The row.
    fn into_data(self) -> Data<M, C>;
}
impl<M, C> IntoData<M, C> for Data<M, C> {
    fn into_data(self) -> Data<M, C> {
        self
    }
}

/// What may be given for a column of type `T` that belongs to the foreign key of `R`, in the context `C`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot stand for this foreign key",
    label = "expected a `{T}`, something like `post::author.connect(…)`, or `Inherit` inside the parent"
)]
pub trait ForeignKey<R, T, C> {
    /// What is to be written; nothing where the parent gives it.
    fn assignment(self, field: FieldId) -> Option<Assignment>;
}
impl<R, T: Scalar, C> ForeignKey<R, T, C> for T {
    fn assignment(self, field: FieldId) -> Option<Assignment> {
        Some(draft::set(field, self.into_datum()))
    }
}
impl<R, T: Scalar + Clone, C> ForeignKey<R, T, C> for &T {
    fn assignment(self, field: FieldId) -> Option<Assignment> {
        Some(draft::set(field, self.clone().into_datum()))
    }
}
impl<R, C> ForeignKey<R, String, C> for &str {
    fn assignment(self, field: FieldId) -> Option<Assignment> {
        Some(draft::set(field, draft::text(self)))
    }
}
impl<R: Relation, T, C, K> ForeignKey<R, T, C> for Through<R, K> {
    fn assignment(self, _: FieldId) -> Option<Assignment> {
        Some(self.into_assignment())
    }
}
impl<R, T> ForeignKey<R, T, In<R>> for Inherit {
    fn assignment(self, _: FieldId) -> Option<Assignment> {
        None
    }
}

/// Stands for the key of the parent in a row that is created inside it:
/// `user::posts.create([post::New { title, author_id: Inherit }])`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inherit;

/// Something done through the relation `R`: `post::author.connect(user::id.eq(1))`. `K` is [`ManyRows`] for many new rows.
pub struct Through<R, K = Step>(Nested, PhantomData<fn() -> (R, K)>);

/// What is done through a relation.
#[derive(Debug)]
pub enum Step {}
/// Many new rows through a relation, which can leave out some.
#[derive(Debug)]
pub enum ManyRows {}

impl<R, K> Clone for Through<R, K> {
    fn clone(&self) -> Self {
        Through(self.0.clone(), PhantomData)
    }
}
impl<R, K> fmt::Debug for Through<R, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
impl<R: Relation, K> Through<R, K> {
    pub(crate) fn new(nested: Nested) -> Self {
        Through(nested, PhantomData)
    }
    pub(crate) fn into_assignment(self) -> Assignment {
        draft::through(R::FIELD, self.0)
    }
}
impl<R> Through<R, ManyRows> {
    /// Leaves out rows that violate a unique constraint instead of failing.
    #[must_use]
    pub fn skip_duplicates(mut self) -> Self {
        self.0.skip_duplicates();
        self
    }
}

/// A change of an existing row of `M`.
pub struct Change<M>(Row, PhantomData<fn() -> M>);

impl<M: Model> Change<M> {
    pub(crate) fn new() -> Self {
        Change(Row::default(), PhantomData)
    }
    /// Gives a column a value, or changes it (`increment(1)`).
    #[must_use]
    pub fn set<T, U, H: Written>(mut self, column: Column<M, T, U>, value: impl Given<T, H>) -> Self {
        self.0.assign(value.assign(column.field()));
        self
    }
    /// Writes through a relation.
    #[must_use]
    pub fn with<R: Relation<From = M>, K>(mut self, through: Through<R, K>) -> Self {
        self.0.assign(through.into_assignment());
        self
    }
    pub(crate) fn into_write(self) -> Row {
        self.0
    }
}
