//! Interactive transactions.

use super::{is_traced, microseconds};
use lenslet_core::{engine::TransactionOptions, error::Error};
use std::{future::Future, time::Instant};
use tracing::{Instrument, Level, Span, debug_span, instrument::Instrumented};

/// The span of a transaction, or of a savepoint in one: its operations are inside.
#[derive(Debug)]
pub(crate) struct Transaction(Option<Box<Begun>>);

#[derive(Debug)]
struct Begun {
    span: Span,
    at: Instant,
}

impl Transaction {
    /// Watches a transaction that begins, where somebody listens.
    pub(crate) fn begin(within: Option<&Span>, options: &TransactionOptions) -> Transaction {
        if !is_traced(Level::DEBUG) {
            return Transaction(None);
        }
        let span = match within {
            None => {
                let isolation = options.isolation.map(tracing::field::debug);
                debug_span!(target: "lenslet::transaction", "transaction", isolation)
            }
            Some(parent) => debug_span!(target: "lenslet::transaction", parent: parent, "savepoint"),
        };
        Transaction(Some(Box::new(Begun { span, at: Instant::now() })))
    }

    /// Its span; none where nobody listens.
    pub(crate) fn span(&self) -> Option<&Span> {
        self.0.as_ref().map(|begun| &begun.span)
    }

    /// Runs something inside of it.
    pub(crate) fn within<F: Future>(&self, future: F) -> Instrumented<F> {
        future.instrument(self.span().cloned().unwrap_or_else(Span::none))
    }

    /// Tells how it ended.
    pub(crate) fn end(&self, how: &'static str, done: &Result<(), Error>) {
        let Some(begun) = &self.0 else { return };
        let elapsed_us = microseconds(begun.at.elapsed());
        let code = done.as_ref().err().map(Error::code);
        tracing::debug!(target: "lenslet::transaction", parent: &begun.span, code, elapsed_us, "{how}");
    }
}
