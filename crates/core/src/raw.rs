//! SQL of one's own, with bound parameters and typed rows.

use crate::{
    cursor::Cursor,
    draft::Draft,
    engine::Engine,
    error::Error,
    model::{Arity, Many, Maybe},
    operation::{Answer, Sendable, send},
    query::Raw,
    scalar::Scalar,
    value::Value,
};
use std::{borrow::Cow, fmt, future::IntoFuture, marker::PhantomData};

/// SQL with its parameters: what [`sql!`](crate::sql) makes.
#[derive(Clone, Debug)]
pub struct Sql(Raw);

impl Sql {
    /// SQL with parameters in the place of each `{}`; [`sql!`](crate::sql) counts them when it is compiled.
    pub fn new(text: &'static str, parameters: Vec<Value>) -> Self {
        Sql(Raw { text: Cow::Borrowed(text), braces: true, parameters })
    }

    /// SQL text that was made at run time, with parameters in the database's own way (`?`, `$1`).
    ///
    /// "Unsafe" as Prisma means it: whatever the text holds is executed. Never put a user's input into it.
    pub fn from_text_unsafe(text: impl Into<String>, parameters: Vec<Value>) -> Self {
        Sql(Raw { text: Cow::Owned(text.into()), braces: false, parameters })
    }
}

/// SQL whose `{}` are bound parameters: `sql!("select id from post where views > {}", min)`. `{{` and `}}` stand for
/// braces. The number of parameters is checked by the compiler.
#[macro_export]
macro_rules! sql {
    ($text:literal $(, $parameter:expr)* $(,)?) => {{
        const _: () = $crate::raw::check_placeholders($text, <[&str]>::len(&[$(stringify!($parameter)),*]));
        $crate::raw::Sql::new($text, vec![$($crate::raw::Parameter::into_parameter($parameter)),*])
    }};
}

/// A parameter of raw SQL: a scalar, or borrowed text.
#[diagnostic::on_unimplemented(message = "`{Self}` is no parameter of SQL", label = "expected a scalar or `&str`")]
pub trait Parameter {
    /// As it enters the query.
    fn into_parameter(self) -> Value;
}
impl<T: Scalar> Parameter for T {
    fn into_parameter(self) -> Value {
        self.into_value()
    }
}
impl Parameter for &str {
    fn into_parameter(self) -> Value {
        Value::Text(self.into())
    }
}

/// A piece of SQL text: literal text, or the place of the next parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'t> {
    /// Text, as it goes to the database.
    Text(&'t str),
    /// The next parameter.
    Parameter,
}

/// Splits the text of a [`Raw`] with braces.
pub fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if let Some(after) = rest.strip_prefix("{}") {
            rest = after;
            return Some(Piece::Parameter);
        }
        if let Some(after) = rest.strip_prefix("{{").or_else(|| rest.strip_prefix("}}")) {
            let brace = &rest[..1];
            rest = after;
            return Some(Piece::Text(brace));
        }
        if rest.is_empty() {
            return None;
        }
        // The first character is text even where it is a lone brace, so that nothing is ever lost.
        let end = rest.char_indices().skip(1).find(|(_, it)| matches!(it, '{' | '}')).map_or(rest.len(), |(at, _)| at);
        let (text, after) = rest.split_at(end);
        rest = after;
        Some(Piece::Text(text))
    })
}

/// Fails to compile where the number of `{}` is not that of the parameters.
pub const fn check_placeholders(text: &str, parameters: usize) {
    let bytes = text.as_bytes();
    let (mut at, mut found) = (0, 0);
    while at + 1 < bytes.len() {
        match (bytes[at], bytes[at + 1]) {
            (b'{', b'}') => {
                found += 1;
                at += 2;
            }
            (b'{', b'{') | (b'}', b'}') => at += 2,
            _ => at += 1,
        }
    }
    assert!(found == parameters, "the number of `{{}}` is not the number of parameters");
}

/// A row of raw SQL: a tuple of scalars.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no row of raw SQL",
    label = "a tuple of scalars, `(i64,)` for a single column"
)]
pub trait FromRow: Sized {
    /// Reads the row's cells.
    ///
    /// # Errors
    /// When they are not those of the tuple.
    fn from_row<C: Cursor>(cursor: &mut C) -> Result<Self, Error>;
}

macro_rules! tuples {
    ($(($($name:ident)+))*) => {$(
        impl<$($name: Scalar),+> FromRow for ($($name,)+) {
            fn from_row<Z: Cursor>(cursor: &mut Z) -> Result<Self, Error> { Ok(($($name::read(cursor)?,)+)) }
        }
    )*};
}
tuples! {
    (A)
    (A B)
    (A B C)
    (A B C D)
    (A B C D E)
    (A B C D E F)
    (A B C D E F G)
    (A B C D E F G H)
    (A B C D E F G H I)
    (A B C D E F G H I J)
    (A B C D E F G H I J K)
    (A B C D E F G H I J K L)
    (A B C D E F G H I J K L M)
    (A B C D E F G H I J K L M N)
    (A B C D E F G H I J K L M N O)
    (A B C D E F G H I J K L M N O P)
}

/// Raw SQL that has not been sent yet. `T` is [`Rows`] or [`Affected`].
#[must_use = "raw SQL does nothing until it is awaited or put into a batch"]
pub struct RawOperation<'c, E, T> {
    engine: &'c E,
    query: Draft,
    of: PhantomData<fn() -> T>,
}

impl<E, T> fmt::Debug for RawOperation<'_, E, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawOperation").finish_non_exhaustive()
    }
}

/// Answers rows that are read as `T`.
#[derive(Debug)]
pub struct Rows<T>(PhantomData<T>);
/// Answers the number of rows that were changed.
#[derive(Debug)]
pub enum Affected {}

/// SQL that answers rows; what the generated client's `query_raw` returns.
pub fn query_raw<E: Engine, T: FromRow>(engine: &E, sql: Sql) -> RawOperation<'_, E, Rows<T>> {
    RawOperation { engine, query: Draft::raw_query(sql.0), of: PhantomData }
}

/// SQL that answers how many rows it changed; what the generated client's `execute_raw` returns.
pub fn execute_raw<E: Engine>(engine: &E, sql: Sql) -> RawOperation<'_, E, Affected> {
    RawOperation { engine, query: Draft::raw_execution(sql.0), of: PhantomData }
}

impl<E, T: FromRow> Sendable for RawOperation<'_, E, Rows<T>> {
    type Out = Vec<T>;
    fn into_query(self) -> Draft {
        self.query
    }
    fn read<C: Cursor>(cursor: &mut C) -> Result<Vec<T>, Error> {
        Many::collect(cursor, |cursor| T::from_row(cursor))
    }
}
impl<E> Sendable for RawOperation<'_, E, Affected> {
    type Out = i64;
    fn into_query(self) -> Draft {
        self.query
    }
    fn read<C: Cursor>(cursor: &mut C) -> Result<i64, Error> {
        Maybe::collect(cursor, |cursor| cursor.integer()).map(|count| count.unwrap_or(0))
    }
}
impl<E: Engine, T: FromRow> IntoFuture for RawOperation<'_, E, Rows<T>> {
    type Output = Result<Vec<T>, Error>;
    type IntoFuture = Answer<E, Vec<T>>;
    fn into_future(self) -> Self::IntoFuture {
        let engine = self.engine;
        send(engine, self)
    }
}
impl<E: Engine> IntoFuture for RawOperation<'_, E, Affected> {
    type Output = Result<i64, Error>;
    type IntoFuture = Answer<E, i64>;
    fn into_future(self) -> Self::IntoFuture {
        let engine = self.engine;
        send(engine, self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[Piece<'_>]) {
        assert_eq!(pieces(text).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn braces_are_parameters() {
        use Piece::{Parameter, Text};
        check("", &[]);
        check("a = {} and b = {}", &[Text("a = "), Parameter, Text(" and b = "), Parameter]);
        check("'{{x}}' é{}", &[Text("'"), Text("{"), Text("x"), Text("}"), Text("' é"), Parameter]);
        check("é", &[Text("é")]);
        check("a { b", &[Text("a "), Text("{ b")]);
    }

    #[test]
    fn parameters_are_values() {
        let name = String::from("Ada");
        let Sql(raw) = sql!("select {}, {}, '{{}}'", 1_i32, name.as_str());
        assert_eq!(raw.parameters, [Value::Int(1), Value::Text("Ada".into())]);
        let Sql(none) = sql!("select 1");
        assert_eq!(none.parameters, []);
    }
}
