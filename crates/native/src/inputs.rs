//! What a statement is handed when it runs.

use lenslet_core::{
    error::{Error, ErrorKind},
    value::Value,
};
use lenslet_sql::{Encoding, Parameter, Source};
use std::borrow::Cow;

/// Where a statement's binds find their values.
#[derive(Clone, Copy)]
pub(crate) struct Inputs<'a> {
    /// The query's parameters, in document order.
    pub(crate) parameters: &'a [Parameter<'a>],
    /// What else a write knows.
    pub(crate) steps: &'a dyn Steps,
}

/// What the steps of a write know: registers, the moment, new identifiers.
pub(crate) trait Steps {
    /// What a source means that is neither a parameter of the query nor a constant of the plan.
    fn input(&self, source: &Source) -> Option<Input<'_>>;
}

/// What a source means.
#[derive(Clone, Debug)]
pub(crate) enum Input<'a> {
    /// A value.
    Value(Cow<'a, Value>),
    /// A column of many rows.
    List(Vec<&'a Value>),
    /// Columns of many rows.
    #[cfg_attr(not(feature = "sqlite"), allow(dead_code, reason = "PostgreSQL is handed a list a column"))]
    Tuples(Vec<Vec<&'a Value>>),
}

/// A read has no steps.
struct NoSteps;

impl Steps for NoSteps {
    fn input(&self, _: &Source) -> Option<Input<'_>> {
        None
    }
}

impl<'a> Inputs<'a> {
    /// The inputs of a read.
    pub(crate) fn of(parameters: &'a [Parameter<'a>]) -> Self {
        Inputs { parameters, steps: &NoSteps }
    }
}

impl Inputs<'_> {
    /// How many rows `take` and `skip` mean, in the form that a statement asks for.
    pub(crate) fn number(&self, number: i64, encoding: Encoding) -> Result<i64, Error> {
        let magnitude = |number: i64| i64::try_from(number.unsigned_abs()).unwrap_or(i64::MAX);
        match encoding {
            Encoding::Through(other) => match self.parameters.get(other as usize) {
                Some(Parameter::Number(other)) => Ok(magnitude(number).saturating_add(magnitude(**other))),
                _ => Err(unknown(&Source::Parameter(other))),
            },
            _ => Ok(magnitude(number)),
        }
    }
}

/// A plan that does not fit its query.
#[cold]
pub(crate) fn unknown(source: &Source) -> Error {
    Error::new(
        ErrorKind::QueryInterpretation,
        format!("the plan asks for {source}, which the query does not have; this is a defect of Lenslet"),
    )
}
