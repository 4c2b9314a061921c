//! Several operations in one round trip and one transaction.

use crate::{
    cursor::Cursor,
    draft::Draft,
    engine::{Engine, Isolation},
    error::Error,
    operation::Sendable,
};
use std::{
    fmt,
    future::{Future, IntoFuture},
    pin::Pin,
    task::{Context, Poll, ready},
};

/// A tuple of operations, or a vector of operations of one type.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no batch",
    label = "a tuple of up to 12 operations, or a `Vec` of operations of one type"
)]
pub trait Operations {
    /// What the caller gets.
    type Out;
    /// As queries.
    fn into_queries(self) -> Vec<Draft>;
    /// Reads the answers, one a query.
    ///
    /// # Errors
    /// When an answer is not what was asked for, or one is missing.
    fn read<C: Cursor>(answers: Vec<C>) -> Result<Self::Out, Error>;
}

fn one<S: Sendable, C: Cursor>(answers: &mut impl Iterator<Item = C>) -> Result<S::Out, Error> {
    S::read(&mut answers.next().ok_or_else(|| Error::unexpected_answer("an answer for each operation"))?)
}

macro_rules! tuples {
    ($(($($name:ident $at:tt),+))*) => {$(
        impl<$($name: Sendable),+> Operations for ($($name,)+) {
            type Out = ($($name::Out,)+);
            fn into_queries(self) -> Vec<Draft> { vec![$( self.$at.into_query() ),+] }
            fn read<Z: Cursor>(answers: Vec<Z>) -> Result<Self::Out, Error> {
                let mut answers = answers.into_iter();
                Ok(($( one::<$name, Z>(&mut answers)?, )+))
            }
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
}

impl<S: Sendable> Operations for Vec<S> {
    type Out = Vec<S::Out>;
    fn into_queries(self) -> Vec<Draft> {
        self.into_iter().map(S::into_query).collect()
    }
    fn read<C: Cursor>(answers: Vec<C>) -> Result<Self::Out, Error> {
        answers.into_iter().map(|mut answer| S::read(&mut answer)).collect()
    }
}

/// A batch that has not been sent yet; `.await` sends it.
#[must_use = "a batch does nothing until it is awaited"]
pub struct Batch<'c, E, B> {
    engine: &'c E,
    operations: B,
    isolation: Option<Isolation>,
}

impl<E, B> fmt::Debug for Batch<'_, E, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch").field("isolation", &self.isolation).finish_non_exhaustive()
    }
}

impl<'c, E: Engine, B: Operations> Batch<'c, E, B> {
    /// A batch for an engine; what the generated client's `batch` returns.
    pub fn new(engine: &'c E, operations: B) -> Self {
        Batch { engine, operations, isolation: None }
    }
    /// How far the transaction is kept apart from others.
    pub fn isolation(mut self, isolation: Isolation) -> Self {
        self.isolation = Some(isolation);
        self
    }
}

impl<E: Engine, B: Operations> IntoFuture for Batch<'_, E, B> {
    type Output = Result<B::Out, Error>;
    type IntoFuture = Answers<E, B::Out>;
    fn into_future(self) -> Self::IntoFuture {
        Answers { answers: self.engine.batch(self.operations.into_queries(), self.isolation), read: B::read::<E::Rows> }
    }
}

/// The future of a batch.
#[must_use = "futures do nothing unless polled"]
pub struct Answers<E: Engine, O> {
    answers: E::Answers,
    read: fn(Vec<E::Rows>) -> Result<O, Error>,
}

impl<E: Engine, O> fmt::Debug for Answers<E, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answers").finish_non_exhaustive()
    }
}

impl<E: Engine, O> Future for Answers<E, O> {
    type Output = Result<O, Error>;
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let answers = ready!(Pin::new(&mut self.answers).poll(context))?;
        Poll::Ready((self.read)(answers))
    }
}
