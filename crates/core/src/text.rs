//! Text operators that need more than a plain comparison.

use crate::{
    column::{Column, Filter, Textual, list},
    draft::{self, Datum},
    query::{FieldId, Operator},
    scalar::Given,
};
use std::{fmt, marker::PhantomData};

/// Text columns without regard to case: `user::email.insensitive().contains("ADA")`.
pub struct Insensitive<M>(FieldId, PhantomData<fn() -> M>);

impl<M> Clone for Insensitive<M> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<M> Copy for Insensitive<M> {}
impl<M> fmt::Debug for Insensitive<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Insensitive").field(&self.0.name).finish()
    }
}
impl<M, T: Textual, U> Column<M, T, U> {
    /// Compares letters without their case, where the database can (PostgreSQL; MySQL and SQLite decide by collation).
    pub fn insensitive(self) -> Insensitive<M> {
        Insensitive(self.field(), PhantomData)
    }
    /// Full-text search in the database's own syntax, where the database has it.
    pub fn search(self, query: impl Into<String>) -> Filter<M> {
        Filter::new(draft::compare(self.field(), Operator::Search, draft::text(query.into())))
    }
}
impl<M> Insensitive<M> {
    fn compare(self, operator: Operator, value: Datum) -> Filter<M> {
        Filter::new(draft::compare_insensitive(self.0, operator, value))
    }
    /// Equal.
    pub fn eq(self, text: impl Into<String>) -> Filter<M> {
        self.compare(Operator::Equals, draft::text(text.into()))
    }
    /// Not equal.
    pub fn ne(self, text: impl Into<String>) -> Filter<M> {
        self.compare(Operator::Not, draft::text(text.into()))
    }
    /// Less than.
    pub fn lt(self, text: impl Into<String>) -> Filter<M> {
        self.compare(Operator::Lt, draft::text(text.into()))
    }
    /// Less than or equal to.
    pub fn lte(self, text: impl Into<String>) -> Filter<M> {
        self.compare(Operator::Lte, draft::text(text.into()))
    }
    /// Greater than.
    pub fn gt(self, text: impl Into<String>) -> Filter<M> {
        self.compare(Operator::Gt, draft::text(text.into()))
    }
    /// Greater than or equal to.
    pub fn gte(self, text: impl Into<String>) -> Filter<M> {
        self.compare(Operator::Gte, draft::text(text.into()))
    }
    /// Equal to one of these.
    pub fn one_of<V: Given<String>>(self, texts: impl IntoIterator<Item = V>) -> Filter<M> {
        self.compare(Operator::In, list(texts))
    }
    /// Equal to none of these.
    pub fn none_of<V: Given<String>>(self, texts: impl IntoIterator<Item = V>) -> Filter<M> {
        self.compare(Operator::NotIn, list(texts))
    }
    /// The text holds this text.
    pub fn contains(self, part: impl Into<String>) -> Filter<M> {
        self.compare(Operator::Contains, draft::text(part.into()))
    }
    /// The text starts with this text.
    pub fn starts_with(self, start: impl Into<String>) -> Filter<M> {
        self.compare(Operator::StartsWith, draft::text(start.into()))
    }
    /// The text ends with this text.
    pub fn ends_with(self, end: impl Into<String>) -> Filter<M> {
        self.compare(Operator::EndsWith, draft::text(end.into()))
    }
}
