//! Operations: what a caller asks and waits for.

use super::{Asked, Observer, Share, is_traced, microseconds};
use lenslet_core::{catalog::Catalog, error::Error, query::Query};
use std::{sync::Arc, time::Instant};
use tracing::{Level, Span, debug_span};

/// An operation that somebody watches.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) span: Span,
    started: Instant,
    observer: Arc<Observer>,
    _active: Share,
}

impl Operation {
    /// Watches a query, where somebody listens.
    pub(crate) fn query(
        observer: &Arc<Observer>,
        within: Option<&Span>,
        query: &Query,
        catalog: &Catalog,
    ) -> Option<Self> {
        if !observer.listens() {
            return None;
        }
        Some(Operation::start(observer, span_of(within, query, catalog)))
    }

    /// Watches queries that are one transaction, where somebody listens.
    pub(crate) fn batch(observer: &Arc<Observer>, within: Option<&Span>, queries: &[Query]) -> Option<Self> {
        if !observer.listens() {
            return None;
        }
        let operations = queries.len();
        let span = match within {
            None => debug_span!(target: "lenslet::operation", "batch", operations),
            Some(parent) => debug_span!(target: "lenslet::operation", parent: parent, "batch", operations),
        };
        Some(Operation::start(observer, span))
    }

    fn start(observer: &Arc<Observer>, span: Span) -> Self {
        let _active = observer.metrics.active();
        Operation { span, started: Instant::now(), observer: Arc::clone(observer), _active }
    }

    /// Tells what came of it: how many rows, or which error.
    pub(crate) fn finish<T>(self, done: &Result<T, Error>, rows: impl FnOnce(&T) -> u64) {
        let elapsed = self.started.elapsed();
        self.observer.metrics.answered(elapsed);
        if !is_traced(Level::DEBUG) {
            return;
        }
        let _entered = self.span.enter();
        let elapsed_us = microseconds(elapsed);
        match done {
            Ok(answer) => {
                tracing::debug!(target: "lenslet::operation", rows = rows(answer), elapsed_us, "operation answered");
            }
            // Messages of databases quote values.
            Err(error) if self.observer.options.show_parameters => {
                tracing::debug!(target: "lenslet::operation", code = error.code(), error = error.message(), elapsed_us, "operation failed");
            }
            Err(error) => {
                tracing::debug!(target: "lenslet::operation", code = error.code(), elapsed_us, "operation failed");
            }
        }
    }
}

impl Observer {
    fn listens(&self) -> bool {
        is_traced(Level::DEBUG) || self.metrics.are_kept()
    }

    /// The span of one query of a batch.
    pub(crate) fn member(&self, query: &Query, catalog: &Catalog) -> Span {
        if is_traced(Level::DEBUG) { span_of(None, query, catalog) } else { Span::none() }
    }
}

fn span_of(within: Option<&Span>, query: &Query, catalog: &Catalog) -> Span {
    let Asked { model, action } = Asked::of(query, catalog);
    match within {
        None => debug_span!(target: "lenslet::operation", "operation", model, action),
        Some(parent) => debug_span!(target: "lenslet::operation", parent: parent, "operation", model, action),
    }
}
