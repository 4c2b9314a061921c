//! Typed handles of relations: what to load of them, filters over them, writes through them.

use crate::{
    column::{Filter, KeyColumns, Order, Orders, Unique},
    draft::{self, Arguments, Condition, Nested, Selection},
    model::{Append, Arity, Counted, Loaded, Many, Maybe, OmittedColumn, One, Relation, Relations, ShownColumn, ToOne},
    query::{Quantifier, Sort},
    select::{Picked, RelationCount, Select},
    write::{Change, In, IntoData, ManyRows, Through},
};
use std::{fmt, marker::PhantomData};

/// A relation of a model, with what is wanted of it: `user::posts`, `user::posts.take(3)`. `L` is what is loaded below, `S`
/// which of its rows are meant: what cannot be asked of some of them does not exist where they were chosen.
pub struct Related<R, L = (), S = Bare> {
    arguments: Option<Box<Arguments>>,
    below: Selection,
    of: PhantomData<fn() -> (R, L, S)>,
}

/// All rows of a relation.
#[derive(Debug)]
pub enum Bare {}
/// The rows of a relation that fulfil a filter.
#[derive(Debug)]
pub enum Filtered {}
/// Some rows of a relation, in an order.
#[derive(Debug)]
pub enum Paged {}

/// Which rows of a relation are meant.
pub trait Choice {
    /// Those of them that fulfil a filter.
    type Filtered;
}
impl Choice for Bare {
    type Filtered = Filtered;
}
impl Choice for Filtered {
    type Filtered = Filtered;
}
impl Choice for Paged {
    type Filtered = Paged;
}

impl<R, L, S> Clone for Related<R, L, S> {
    fn clone(&self) -> Self {
        Related { arguments: self.arguments.clone(), below: self.below.clone(), of: PhantomData }
    }
}
impl<R: Relation, L, S> fmt::Debug for Related<R, L, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Related").field(&R::FIELD.name).finish()
    }
}

impl<R: Relation> Related<R> {
    /// The relation, all of it; written by the generator.
    #[allow(clippy::new_without_default, reason = "a generated constant, not something to default to")]
    pub const fn new() -> Self {
        Related { arguments: None, below: Selection::new(), of: PhantomData }
    }

    fn quantified(quantifier: Quantifier, condition: Condition) -> Filter<R::From> {
        Filter::new(draft::related(R::FIELD, quantifier, condition))
    }

    fn nested(nested: Nested) -> Through<R> {
        Through::new(nested)
    }
}

/// Filters over the rows of a relation to many.
impl<R: Relation<Arity = Many>> Related<R> {
    /// At least one row fulfils the filter.
    pub fn some<U>(self, filter: Filter<R::To, U>) -> Filter<R::From> {
        Self::quantified(Quantifier::Some, filter.into_condition())
    }
    /// Every row fulfils the filter.
    pub fn every<U>(self, filter: Filter<R::To, U>) -> Filter<R::From> {
        Self::quantified(Quantifier::Every, filter.into_condition())
    }
    /// No row fulfils the filter.
    pub fn none<U>(self, filter: Filter<R::To, U>) -> Filter<R::From> {
        Self::quantified(Quantifier::None, filter.into_condition())
    }
    /// Orders by how many rows there are, few to many.
    pub fn count_asc(self) -> Order<R::From> {
        Order::new(draft::order_by_count(R::FIELD, Sort::Asc))
    }
    /// Orders by how many rows there are, many to few.
    pub fn count_desc(self) -> Order<R::From> {
        Order::new(draft::order_by_count(R::FIELD, Sort::Desc))
    }
}

/// Filters over the row of a relation to one.
impl<R: Relation> Related<R>
where
    R::Arity: ToOne,
{
    /// The row exists and fulfils the filter.
    pub fn is<U>(self, filter: Filter<R::To, U>) -> Filter<R::From> {
        Self::quantified(Quantifier::Is, filter.into_condition())
    }
    /// The row does not exist or does not fulfil the filter.
    pub fn is_not<U>(self, filter: Filter<R::To, U>) -> Filter<R::From> {
        Self::quantified(Quantifier::IsNot, filter.into_condition())
    }
    /// Orders by something of the row.
    pub fn order(self, by: Order<R::To>) -> Order<R::From> {
        Order::new(draft::order_by_related(R::FIELD, by.into_order()))
    }
}

/// Filters over the row of an optional relation.
impl<R: Relation<Arity = Maybe>> Related<R> {
    /// There is no row.
    pub fn is_null(self) -> Filter<R::From> {
        Self::quantified(Quantifier::IsNot, draft::everything())
    }
    /// There is a row.
    pub fn is_not_null(self) -> Filter<R::From> {
        Self::quantified(Quantifier::Is, draft::everything())
    }
}

/// What is wanted of the rows.
impl<R: Relation, L, S> Related<R, L, S> {
    fn arguments(&mut self) -> &mut Arguments {
        self.arguments.get_or_insert_default()
    }
    pub(crate) fn into_arguments(self) -> Arguments {
        self.arguments.map_or_else(Arguments::default, |it| *it)
    }
    fn loading<K, T>(self) -> Related<R, K, T> {
        Related { arguments: self.arguments, below: self.below, of: PhantomData }
    }

    /// Only rows that fulfil the filter.
    #[must_use]
    pub fn filter<U>(mut self, filter: Filter<R::To, U>) -> Related<R, L, S::Filtered>
    where
        S: Choice,
    {
        self.arguments().narrow(filter.into_condition());
        self.loading()
    }

    /// Loads a relation of the rows, or counts its rows, too.
    pub fn include<I: Include<R::To>>(mut self, relation: I) -> Related<R, L::Out, S>
    where
        L: Append<I::Part>,
    {
        relation.select_into(&mut self.below);
        self.loading()
    }

    /// Reads a column of the rows, too, that the schema omits.
    pub fn include_column<C: ShownColumn<Column: OmittedColumn<From = R::To>>>(mut self) -> Related<R, L::Out, S>
    where
        L: Append<C>,
    {
        draft::select_alone(&mut self.below, C::Column::FIELD);
        self.loading()
    }
}

/// What is wanted of the rows of a relation to many.
impl<R: Relation<Arity = Many>, L, S> Related<R, L, S> {
    /// The order of the rows. Said again: less important criteria.
    #[must_use]
    pub fn order_by(mut self, orders: impl Orders<R::To>) -> Related<R, L, Paged> {
        orders.append_to(self.arguments().orders());
        self.loading()
    }
    /// At most so many rows of each parent; negative: from the end.
    #[must_use]
    pub fn take(mut self, count: i64) -> Related<R, L, Paged> {
        self.arguments().take(count);
        self.loading()
    }
    /// Leaves out the first rows of each parent.
    #[must_use]
    pub fn skip(mut self, count: i64) -> Related<R, L, Paged> {
        self.arguments().skip(count);
        self.loading()
    }
    /// Starts with that row.
    #[must_use]
    pub fn cursor(mut self, at: Filter<R::To, Unique>) -> Related<R, L, Paged> {
        self.arguments().start_at(at.into_condition());
        self.loading()
    }
    /// Only the first row of each parent with each combination of values.
    #[must_use]
    pub fn distinct(mut self, columns: impl KeyColumns<R::To>) -> Related<R, L, Paged> {
        self.arguments().distinct(columns.fields());
        self.loading()
    }
}

/// Instead of whole rows.
impl<R: Relation, S> Related<R, (), S> {
    /// Exactly these columns of its rows, in a `select`.
    pub fn select<C: Select<R::To>>(self, columns: C) -> Picked<R, C>
    where
        R::Arity: Loads<S>,
    {
        Picked { arguments: self.into_arguments(), columns, of: PhantomData }
    }
    /// The number of its rows, in an `include` or a `select`; of those that fulfil the filter, where one was given.
    pub fn count(self) -> RelationCount<R>
    where
        R: Relation<Arity = Many>,
        S: Counts,
    {
        RelationCount::new(self.into_arguments().into_filter())
    }
}

/// Choices of rows that can be counted.
#[diagnostic::on_unimplemented(
    message = "a relation's rows are counted all, or those of a filter",
    label = "not with an order, `take`, `skip`, `cursor` or `distinct`"
)]
pub trait Counts {}
impl Counts for Bare {}
impl Counts for Filtered {}

/// Arities of relations of which chosen rows can be loaded.
#[diagnostic::on_unimplemented(
    message = "the row of a required relation is always loaded",
    label = "a filter could leave nothing to load"
)]
pub trait Loads<S>: Arity {}
impl<S> Loads<S> for Many {}
impl<S> Loads<S> for Maybe {}
impl Loads<Bare> for One {}

/// What can be added to whole rows of `M`: a relation, or the number of its rows.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be included in rows of `{M}`",
    label = "not a relation of `{M}`, nor a count of one"
)]
pub trait Include<M> {
    /// What it is in the row.
    type Part;
    /// Adds it to a selection.
    fn select_into(self, selection: &mut Selection);
}
impl<R: Relation, L: Relations, S> Include<R::From> for Related<R, L, S>
where
    R::Arity: Loads<S>,
{
    type Part = Loaded<R, L>;
    fn select_into(self, selection: &mut Selection) {
        let columns = draft::with_columns(<R::To as crate::model::Model>::COLUMNS, self.below);
        let arguments = self.arguments.map_or_else(Arguments::default, |it| *it);
        draft::select_related(selection, R::FIELD, arguments, columns);
    }
}
impl<R: Relation> Include<R::From> for RelationCount<R> {
    type Part = Counted<R>;
    fn select_into(self, selection: &mut Selection) {
        draft::select_count(selection, R::FIELD, self.into_filter());
    }
}

type Context<R> = In<<R as Relation>::Opposite>;

/// Writes through a relation.
impl<R: Relation> Related<R> {
    /// New rows: one where the relation is to one, an array or another iterator where it is to many.
    pub fn create<N: IntoData<R::To, Context<R>>>(self, rows: impl OneOrMore<R::Arity, N>) -> Through<R> {
        Self::nested(Nested::create(rows.list(|row| row.into_data().into_write())))
    }
    /// Existing rows: one where the relation is to one, an array or another iterator where it is to many.
    pub fn connect(self, rows: impl OneOrMore<R::Arity, Filter<R::To, Unique>>) -> Through<R> {
        Self::nested(Nested::connect(rows.list(Filter::into_condition)))
    }
    /// The existing row, or a new one.
    pub fn connect_or_create(self, row: Filter<R::To, Unique>, new: impl IntoData<R::To, Context<R>>) -> Through<R> {
        Self::nested(Nested::connect_or_create(row.into_condition(), new.into_data().into_write()))
    }
}

/// What a relation of arity `A` takes: one `T`, or any number of them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not what this relation takes",
    label = "a relation to one takes one row, a relation to many takes an array or another iterator of rows"
)]
pub trait OneOrMore<A, T>: Sized {
    /// As a list, each made into something else.
    fn list<U>(self, make: impl FnMut(T) -> U) -> Vec<U>;
}
impl<T> OneOrMore<One, T> for T {
    fn list<U>(self, mut make: impl FnMut(T) -> U) -> Vec<U> {
        vec![make(self)]
    }
}
impl<T> OneOrMore<Maybe, T> for T {
    fn list<U>(self, mut make: impl FnMut(T) -> U) -> Vec<U> {
        vec![make(self)]
    }
}
impl<T, I: IntoIterator<Item = T>> OneOrMore<Many, T> for I {
    fn list<U>(self, make: impl FnMut(T) -> U) -> Vec<U> {
        self.into_iter().map(make).collect()
    }
}

/// Writes through a relation to many.
impl<R: Relation<Arity = Many>> Related<R> {
    /// New rows in one statement; nothing may be nested in them.
    pub fn create_many<N: IntoData<R::To, Context<R>>>(
        self,
        rows: impl IntoIterator<Item = N>,
    ) -> Through<R, ManyRows> {
        let rows = rows.into_iter().map(|row| row.into_data().into_write()).collect();
        Through::new(Nested::create_many(rows))
    }
    /// Exactly these rows and no others (in an update).
    pub fn set(self, rows: impl IntoIterator<Item = Filter<R::To, Unique>>) -> Through<R> {
        Self::nested(Nested::set(rows.into_iter().map(Filter::into_condition).collect()))
    }
    /// These rows no longer (in an update).
    pub fn disconnect(self, rows: impl IntoIterator<Item = Filter<R::To, Unique>>) -> Through<R> {
        Self::nested(Nested::disconnect(rows.into_iter().map(|row| Some(row.into_condition())).collect()))
    }
    /// Changes a connected row (in an update).
    pub fn update(self, row: Filter<R::To, Unique>, change: impl FnOnce(Change<R::To>) -> Change<R::To>) -> Through<R> {
        let change = change(Change::new()).into_write();
        Self::nested(Nested::update(Some(row.into_condition()), change))
    }
    /// Changes every connected row of a filter (in an update).
    pub fn update_many<U>(
        self,
        rows: Filter<R::To, U>,
        change: impl FnOnce(Change<R::To>) -> Change<R::To>,
    ) -> Through<R> {
        let change = change(Change::new()).into_write();
        Self::nested(Nested::update_many(rows.into_condition(), change))
    }
    /// Changes a connected row, or makes a new one (in an update).
    pub fn upsert(
        self,
        row: Filter<R::To, Unique>,
        new: impl IntoData<R::To, Context<R>>,
        change: impl FnOnce(Change<R::To>) -> Change<R::To>,
    ) -> Through<R> {
        let (create, update) = (new.into_data().into_write(), change(Change::new()).into_write());
        Self::nested(Nested::upsert(Some(row.into_condition()), create, update))
    }
    /// Deletes connected rows (in an update).
    pub fn delete(self, rows: impl IntoIterator<Item = Filter<R::To, Unique>>) -> Through<R> {
        Self::nested(Nested::delete(rows.into_iter().map(|row| Some(row.into_condition())).collect()))
    }
    /// Deletes every connected row of a filter (in an update).
    pub fn delete_many<U>(self, rows: Filter<R::To, U>) -> Through<R> {
        Self::nested(Nested::delete_many(rows.into_condition()))
    }
}

/// Writes through a relation to one, in an update. (The same methods of a relation to many ask which row.) Where a filter was
/// given, the row must fulfil it: `user::profile.filter(profile::bio.eq("")).delete_one()`.
impl<R: Relation, S> Related<R, (), S>
where
    R::Arity: ToOne,
{
    /// Changes the row (in an update).
    pub fn update_one(self, change: impl FnOnce(Change<R::To>) -> Change<R::To>) -> Through<R> {
        let change = change(Change::new()).into_write();
        Through::new(Nested::update(self.into_arguments().into_filter(), change))
    }
    /// Changes the row, or makes a new one (in an update).
    pub fn upsert_one(
        self,
        new: impl IntoData<R::To, Context<R>>,
        change: impl FnOnce(Change<R::To>) -> Change<R::To>,
    ) -> Through<R> {
        let (create, update) = (new.into_data().into_write(), change(Change::new()).into_write());
        Through::new(Nested::upsert(self.into_arguments().into_filter(), create, update))
    }
}

impl<R: Relation<Arity = Maybe>, S> Related<R, (), S> {
    /// No row any more (in an update).
    pub fn disconnect_one(self) -> Through<R> {
        Through::new(Nested::disconnect(vec![self.into_arguments().into_filter()]))
    }
    /// Deletes the row (in an update).
    pub fn delete_one(self) -> Through<R> {
        Through::new(Nested::delete(vec![self.into_arguments().into_filter()]))
    }
}
