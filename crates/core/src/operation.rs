//! The verbs: what can be asked of a model, as values that are sent by `.await` or as part of a batch.

use crate::{
    column::{Filter, KeyColumns, Orders, Unique},
    cursor::Cursor,
    draft::{self, Draft, Kind, Row},
    engine::Engine,
    error::{Error, ErrorKind},
    model::{Append, Arity, Many, Maybe, Model, OmittedColumn, Relation, ShownColumn},
    relation::Include,
    scalar::{Given, Written},
    select::{Columns, Number, ReadRow, Select, Whole, count_all},
    write::{Alone, Change, IntoData, Through},
};
use std::{
    fmt,
    future::{Future, IntoFuture},
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll},
};

/// The rows of a model: `db.user()`. `W` says whether they can be written.
pub struct Table<'c, E, M, W = Writable>(&'c E, PhantomData<fn() -> (M, W)>);
/// The rows of a view, which are read only.
pub type View<'c, E, M> = Table<'c, E, M, ReadOnly>;

/// A [`Table`] whose rows can be written.
#[derive(Clone, Copy, Debug)]
pub enum Writable {}
/// A [`Table`] whose rows can only be read.
#[derive(Clone, Copy, Debug)]
pub enum ReadOnly {}

/// An operation that has not been sent yet. `V` is its verb, `R` how a row of its answer is read. `.await` sends it.
#[must_use = "an operation does nothing until it is awaited or put into a batch"]
pub struct Operation<'c, E, M, V, R> {
    engine: &'c E,
    query: Draft,
    of: PhantomData<fn() -> (M, V, R)>,
}

impl<E, M: Model, V, R> fmt::Debug for Operation<'_, E, M, V, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Operation").field("query", &self.query).finish_non_exhaustive()
    }
}
impl<E, M: Model, W> fmt::Debug for Table<'_, E, M, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Table").field(&M::MODEL.name).finish()
    }
}

/// What an operation does, as far as types care: how many rows its answer has.
pub trait Verb {
    /// What the caller gets.
    type Out<T>;
    /// Reads the answer.
    ///
    /// # Errors
    /// Those of the rows, or the number of rows is not the verb's.
    fn collect<T, C: Cursor>(
        cursor: &mut C,
        read: impl FnMut(&mut C) -> Result<T, Error>,
    ) -> Result<Self::Out<T>, Error>;

    /// Whether the answer can be read in parts, by [`collect_more`](Verb::collect_more).
    const IN_PARTS: bool = false;
    /// Reads a part of the answer that comes after another.
    ///
    /// # Errors
    /// Those of the rows, or the answer has no parts.
    fn collect_more<T, C: Cursor>(
        out: &mut Self::Out<T>,
        cursor: &mut C,
        read: impl FnMut(&mut C) -> Result<T, Error>,
    ) -> Result<(), Error> {
        let _ = (out, cursor, read);
        Err(Error::unexpected_answer("a whole"))
    }
}

macro_rules! verbs {
    ($($verb:ident $out:ident $doc:literal $($can:ident)*;)*) => {$(
        #[doc = $doc]
        #[derive(Clone, Copy, Debug)]
        pub enum $verb {}
        verbs!(@out $verb $out);
        $( impl $can for $verb {} )*
    )*};
    (@out $verb:ident Rows) => {
        impl Verb for $verb {
            type Out<T> = Vec<T>;
            fn collect<T, C: Cursor>(cursor: &mut C, read: impl FnMut(&mut C) -> Result<T, Error>) -> Result<Vec<T>, Error> {
                Many::collect(cursor, read)
            }
            const IN_PARTS: bool = true;
            fn collect_more<T, C: Cursor>(
                out: &mut Vec<T>,
                cursor: &mut C,
                read: impl FnMut(&mut C) -> Result<T, Error>,
            ) -> Result<(), Error> {
                Many::collect_more(out, cursor, read)
            }
        }
    };
    (@out $verb:ident Perhaps) => {
        impl Verb for $verb {
            type Out<T> = Option<T>;
            fn collect<T, C: Cursor>(cursor: &mut C, read: impl FnMut(&mut C) -> Result<T, Error>) -> Result<Option<T>, Error> {
                Maybe::collect(cursor, read)
            }
        }
    };
    (@out $verb:ident Row) => {
        impl Verb for $verb {
            type Out<T> = T;
            fn collect<T, C: Cursor>(cursor: &mut C, read: impl FnMut(&mut C) -> Result<T, Error>) -> Result<T, Error> {
                Maybe::collect(cursor, read)?
                    .ok_or_else(|| Error::new(ErrorKind::RecordMissing, "no record was found; check the filter of the operation"))
            }
        }
    };
}

/// Verbs that take a filter.
#[diagnostic::on_unimplemented(message = "`{Self}` takes no filter", label = "no filter here")]
pub trait Filters {}
/// Verbs that take an order, a number of rows, a cursor.
#[diagnostic::on_unimplemented(
    message = "`{Self}` takes no order, `take`, `skip` or `cursor`",
    label = "not of this operation"
)]
pub trait Pages {}
/// Verbs that answer rows.
#[diagnostic::on_unimplemented(message = "`{Self}` answers no rows", label = "nothing to include or select")]
pub trait Returns {}
/// Verbs that set columns of one row or of many.
#[diagnostic::on_unimplemented(message = "`{Self}` sets no columns", label = "nothing to set")]
pub trait Sets {}
/// Verbs that write one row, with what is nested in it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` writes through no relation",
    label = "write one row at a time for that"
)]
pub trait Nests {}
/// Verbs that insert, and therefore set plain values only.
pub trait Inserts {}
/// Verbs that only read.
#[diagnostic::on_unimplemented(message = "`{Self}` is not a read and cannot be cached", label = "no cache here")]
pub trait Reads {}
/// Verbs that write many rows, up to a limit.
#[diagnostic::on_unimplemented(message = "`{Self}` takes no `limit`", label = "not of this operation")]
pub trait Limits {}
/// Verbs that insert many rows.
#[diagnostic::on_unimplemented(message = "`{Self}` does not skip duplicates", label = "not of this operation")]
pub trait InsertsMany {}

verbs! {
    FindUnique Perhaps "`find_unique`" Filters Returns Reads;
    FindUniqueOrThrow Row "`find_unique_or_throw`" Filters Returns Reads;
    FindFirst Perhaps "`find_first`" Filters Pages Returns Reads;
    FindFirstOrThrow Row "`find_first_or_throw`" Filters Pages Returns Reads;
    FindMany Rows "`find_many`" Filters Pages Returns Reads;
    Create Row "`create`" Returns Sets Nests Inserts;
    CreateManyRows Row "`create_many`" InsertsMany;
    CreateManyAndReturn Rows "`create_many_and_return`" Returns InsertsMany;
    Update Row "`update`" Filters Returns Sets Nests;
    UpdateMany Row "`update_many`" Filters Sets Limits;
    UpdateManyAndReturn Rows "`update_many_and_return`" Filters Returns Sets Limits;
    UpsertRow Row "`upsert`" Filters Returns;
    Delete Row "`delete`" Filters Returns;
    DeleteMany Row "`delete_many`" Filters Limits;
    Count Row "`count`" Filters Pages Reads;
}

/// An operation that answers whole rows.
type WholeRows<'c, E, M, V> = Operation<'c, E, M, V, Whole<()>>;
/// An operation that answers a number.
type Tally<'c, E, M, V> = Operation<'c, E, M, V, Number>;

impl<'c, E: Engine, M: Model, W> Table<'c, E, M, W> {
    /// The table of an engine; written by the generator.
    pub fn new(engine: &'c E) -> Self {
        Table(engine, PhantomData)
    }

    pub(crate) fn operation<V, R>(self, query: Draft) -> Operation<'c, E, M, V, R> {
        Operation { engine: self.0, query, of: PhantomData }
    }
    fn rows<V>(self, kind: Kind) -> WholeRows<'c, E, M, V> {
        let mut query = Draft::begin(M::MODEL, kind);
        draft::select_columns(&mut query.selection, M::COLUMNS);
        self.operation(query)
    }
    fn row_of<V>(self, kind: Kind, by: Filter<M, Unique>) -> WholeRows<'c, E, M, V> {
        let mut operation = self.rows(kind);
        operation.query.arguments.narrow(by.into_condition());
        operation
    }
    fn tally<V>(self, kind: Kind) -> Tally<'c, E, M, V> {
        self.operation(Draft::begin(M::MODEL, kind))
    }

    /// The row of a unique selector, or `None`.
    pub fn find_unique(self, by: Filter<M, Unique>) -> WholeRows<'c, E, M, FindUnique> {
        self.row_of(Kind::FindUnique, by)
    }
    /// The row of a unique selector; P2025 where there is none.
    pub fn find_unique_or_throw(self, by: Filter<M, Unique>) -> WholeRows<'c, E, M, FindUniqueOrThrow> {
        self.row_of(Kind::FindUniqueOrThrow, by)
    }
    /// The first row, or `None`.
    pub fn find_first(self) -> WholeRows<'c, E, M, FindFirst> {
        self.rows(Kind::FindFirst)
    }
    /// The first row; P2025 where there is none.
    pub fn find_first_or_throw(self) -> WholeRows<'c, E, M, FindFirstOrThrow> {
        self.rows(Kind::FindFirstOrThrow)
    }
    /// Every row.
    pub fn find_many(self) -> WholeRows<'c, E, M, FindMany> {
        self.rows(Kind::FindMany)
    }
    /// The number of rows.
    pub fn count(self) -> Tally<'c, E, M, Count> {
        let mut operation = self.tally(Kind::Aggregate);
        operation.query.selection = count_all();
        operation
    }
}

impl<'c, E: Engine, M: Model> Table<'c, E, M> {
    /// Inserts a row and answers it.
    pub fn create(self, new: impl IntoData<M, Alone>) -> WholeRows<'c, E, M, Create> {
        let mut operation = self.rows(Kind::CreateOne);
        operation.query.put(new.into_data().into_write());
        operation
    }
    /// Inserts rows and answers their number.
    pub fn create_many<N: IntoData<M, Alone>>(
        self,
        rows: impl IntoIterator<Item = N>,
    ) -> Tally<'c, E, M, CreateManyRows> {
        let mut operation = self.tally(Kind::CreateMany);
        operation.query.put_many(new_rows(rows));
        operation
    }
    /// Inserts rows and answers them.
    pub fn create_many_and_return<N: IntoData<M, Alone>>(
        self,
        rows: impl IntoIterator<Item = N>,
    ) -> WholeRows<'c, E, M, CreateManyAndReturn> {
        let mut operation = self.rows(Kind::CreateManyAndReturn);
        operation.query.put_many(new_rows(rows));
        operation
    }
    /// Changes the row of a unique selector and answers it; P2025 where there is none.
    pub fn update(self, by: Filter<M, Unique>) -> WholeRows<'c, E, M, Update> {
        self.row_of(Kind::UpdateOne, by)
    }
    /// Changes every row of the filter and answers their number.
    pub fn update_many(self) -> Tally<'c, E, M, UpdateMany> {
        self.tally(Kind::UpdateMany)
    }
    /// Changes every row of the filter and answers them.
    pub fn update_many_and_return(self) -> WholeRows<'c, E, M, UpdateManyAndReturn> {
        self.rows(Kind::UpdateManyAndReturn)
    }
    /// Changes the row of a unique selector, or inserts one, and answers it.
    pub fn upsert(self, by: Filter<M, Unique>, new: impl IntoData<M, Alone>) -> WholeRows<'c, E, M, UpsertRow> {
        let mut operation = self.row_of(Kind::UpsertOne, by);
        operation.query.put(new.into_data().into_write());
        operation
    }
    /// Deletes the row of a unique selector and answers what it was; P2025 where there is none.
    pub fn delete(self, by: Filter<M, Unique>) -> WholeRows<'c, E, M, Delete> {
        self.row_of(Kind::DeleteOne, by)
    }
    /// Deletes every row of the filter and answers their number.
    pub fn delete_many(self) -> Tally<'c, E, M, DeleteMany> {
        self.tally(Kind::DeleteMany)
    }
}

fn new_rows<M: Model, N: IntoData<M, Alone>>(rows: impl IntoIterator<Item = N>) -> Vec<Row> {
    rows.into_iter().map(|row| row.into_data().into_write()).collect()
}

impl<'c, E: Engine, M: Model, V, R> Operation<'c, E, M, V, R> {
    pub(crate) fn reads_as<S>(self) -> Operation<'c, E, M, V, S> {
        Operation { engine: self.engine, query: self.query, of: PhantomData }
    }
    pub(crate) fn engine(&self) -> &'c E {
        self.engine
    }
    pub(crate) fn query_mut(&mut self) -> &mut Draft {
        &mut self.query
    }

    /// Only rows that fulfil the filter. Said again: rows that fulfil both.
    pub fn filter<U>(mut self, filter: Filter<M, U>) -> Self
    where
        V: Filters,
    {
        self.query.arguments.narrow(filter.into_condition());
        self
    }
    /// The order of the rows. Said again: less important criteria.
    pub fn order_by(mut self, orders: impl Orders<M>) -> Self
    where
        V: Pages,
    {
        orders.append_to(self.query.arguments.orders());
        self
    }
    /// At most so many rows; negative: from the end.
    pub fn take(mut self, count: i64) -> Self
    where
        V: Pages,
    {
        self.query.arguments.take(count);
        self
    }
    /// Leaves out the first rows.
    pub fn skip(mut self, count: i64) -> Self
    where
        V: Pages,
    {
        self.query.arguments.skip(count);
        self
    }
    /// Starts with that row.
    pub fn cursor(mut self, at: Filter<M, Unique>) -> Self
    where
        V: Pages,
    {
        self.query.arguments.start_at(at.into_condition());
        self
    }
    /// Only the first row of each combination of values: `.distinct(user::name)`, `.distinct((post::title, post::views))`.
    pub fn distinct(mut self, columns: impl KeyColumns<M>) -> Self
    where
        V: Pages,
    {
        self.query.arguments.distinct(columns.fields());
        self
    }
    /// Writes at most so many rows.
    pub fn limit(mut self, count: i64) -> Self
    where
        V: Limits,
    {
        self.query.arguments.limit(count);
        self
    }
    /// Leaves out rows that violate a unique constraint instead of failing.
    pub fn skip_duplicates(mut self) -> Self
    where
        V: InsertsMany,
    {
        self.query.skip_duplicates();
        self
    }
    /// Gives a column a value, or changes it (`increment(1)`, in an update).
    pub fn set<T, U, H: Written>(mut self, column: crate::column::Column<M, T, U>, value: impl Given<T, H>) -> Self
    where
        V: Sets + Accepts<H>,
    {
        self.query.assign(value.assign(column.field()));
        self
    }
    /// Writes through a relation: `.with(user::posts.connect([…]))`.
    pub fn with<N: Relation<From = M>, K>(mut self, through: Through<N, K>) -> Self
    where
        V: Nests,
    {
        self.query.assign(through.into_assignment());
        self
    }
}

/// Verbs whose `set` takes values given in the way `H`: inserts take plain values only.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no row to change: give a plain value",
    label = "a new row has no value yet"
)]
pub trait Accepts<H> {}
impl<V: Inserts> Accepts<crate::scalar::Plainly> for V {}
macro_rules! accept_changes {
    ($($verb:ident)*) => {$( impl<H: Written> Accepts<H> for $verb {} )*};
}
accept_changes! { Update UpdateMany UpdateManyAndReturn }

impl<'c, E: Engine, M: Model, R> Operation<'c, E, M, UpsertRow, R> {
    /// What to change where the row exists: `.or_update(|user| user.set(user::name, "Ada"))`.
    pub fn or_update(mut self, change: impl FnOnce(Change<M>) -> Change<M>) -> Self {
        self.query.put_update(change(Change::new()).into_write());
        self
    }
}

impl<'c, E: Engine, M: Model, V: Returns, L> Operation<'c, E, M, V, Whole<L>> {
    /// Loads a relation, too, or counts its rows; the type of the row says so.
    pub fn include<I: Include<M>>(mut self, relation: I) -> Operation<'c, E, M, V, Whole<L::Out>>
    where
        L: Append<I::Part>,
    {
        relation.select_into(&mut self.query.selection);
        self.reads_as()
    }
    /// Reads a column, too, that the schema omits; the type of the row says so: `.include_column::<user::Password>()`.
    pub fn include_column<S: ShownColumn<Column: OmittedColumn<From = M>>>(
        mut self,
    ) -> Operation<'c, E, M, V, Whole<L::Out>>
    where
        L: Append<S>,
    {
        draft::select_alone(&mut self.query.selection, S::Column::FIELD);
        self.reads_as()
    }
}

impl<'c, E: Engine, M: Model, V: Returns> Operation<'c, E, M, V, Whole<()>> {
    /// Exactly these columns and relations instead of whole rows.
    pub fn select<S: Select<M>>(mut self, columns: S) -> Operation<'c, E, M, V, Columns<S>> {
        self.query.selection = draft::Selection::new();
        columns.select(&mut self.query.selection);
        self.reads_as()
    }
}

/// What can be sent: an [`Operation`], or raw SQL.
pub trait Sendable {
    /// What the caller gets.
    type Out;
    /// As a query.
    fn into_query(self) -> Draft;
    /// Reads the answer.
    ///
    /// # Errors
    /// When the answer is not what was asked for.
    fn read<C: Cursor>(cursor: &mut C) -> Result<Self::Out, Error>;

    /// Whether the answer can be read in parts, by [`read_more`](Sendable::read_more): an engine may then hand over rows while
    /// others are still on their way.
    const IN_PARTS: bool = false;
    /// Reads a part of the answer that comes after another.
    ///
    /// # Errors
    /// When the part is not what was asked for, or the answer has no parts.
    fn read_more<C: Cursor>(out: &mut Self::Out, cursor: &mut C) -> Result<(), Error> {
        let _ = (out, cursor);
        Err(Error::unexpected_answer("a whole"))
    }
}

impl<E, M: Model, V: Verb, R: ReadRow<M>> Sendable for Operation<'_, E, M, V, R> {
    type Out = V::Out<R::Out>;
    fn into_query(self) -> Draft {
        self.query
    }
    fn read<C: Cursor>(cursor: &mut C) -> Result<Self::Out, Error> {
        V::collect(cursor, |cursor| R::read(cursor))
    }
    const IN_PARTS: bool = V::IN_PARTS;
    fn read_more<C: Cursor>(out: &mut Self::Out, cursor: &mut C) -> Result<(), Error> {
        V::collect_more(out, cursor, |cursor| R::read(cursor))
    }
}

impl<E: Engine, M: Model, V: Verb, R: ReadRow<M>> IntoFuture for Operation<'_, E, M, V, R> {
    type Output = Result<V::Out<R::Out>, Error>;
    type IntoFuture = Answer<E, V::Out<R::Out>>;
    fn into_future(self) -> Self::IntoFuture {
        let engine = self.engine;
        send(engine, self)
    }
}

/// Sends one operation.
pub(crate) fn send<E: Engine, S: Sendable>(engine: &E, operation: S) -> Answer<E, S::Out> {
    Answer {
        answer: engine.execute(operation.into_query()),
        so_far: E::SoFar::default(),
        poll: |this, context| E::poll_read::<S>(&mut this.answer, &mut this.so_far, context),
    }
}

/// The future of an operation: waits for the engine, then reads. `Send` exactly when the engine's answer is.
#[must_use = "futures do nothing unless polled"]
pub struct Answer<E: Engine, O> {
    answer: E::Answer,
    so_far: E::SoFar<O>,
    poll: fn(&mut Self, &mut Context<'_>) -> Poll<Result<O, Error>>,
}

impl<E: Engine, O> fmt::Debug for Answer<E, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").finish_non_exhaustive()
    }
}

impl<E: Engine, O> Future for Answer<E, O> {
    type Output = Result<O, Error>;
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        (self.poll)(&mut self, context)
    }
}
