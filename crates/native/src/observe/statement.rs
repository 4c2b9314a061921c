//! Statements: what reaches the database.

use super::{Observer, is_traced, microseconds};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tracing::{Level, Span, debug_span};

/// A statement that runs, watched where somebody listens. Where it is dropped before it has finished, it failed.
#[derive(Debug)]
#[must_use]
pub(crate) struct Running(Option<Box<Started>>);

#[derive(Debug)]
struct Started {
    span: Span,
    at: Instant,
    observer: Arc<Observer>,
}

impl Observer {
    /// Watches a statement. Its parameters are written only where they may be seen.
    pub(crate) fn statement(self: &Arc<Self>, sql: &str, parameters: impl FnOnce() -> String) -> Running {
        if is_traced(Level::DEBUG) || self.metrics.are_kept() { self.start(sql, parameters) } else { Running(None) }
    }

    #[cold]
    fn start(self: &Arc<Self>, sql: &str, parameters: impl FnOnce() -> String) -> Running {
        let span = if self.options.show_parameters {
            debug_span!(target: "lenslet::statement", "statement", sql, parameters = parameters())
        } else {
            debug_span!(target: "lenslet::statement", "statement", sql)
        };
        Running(Some(Box::new(Started { span, at: Instant::now(), observer: Arc::clone(self) })))
    }
}

impl Running {
    /// Tells that it has finished, and how many rows it gave back or changed.
    pub(crate) fn finish(mut self, rows: u64) {
        if let Some(started) = self.0.take() {
            let elapsed = started.end();
            tracing::debug!(
                target: "lenslet::statement", parent: &started.span, rows, elapsed_us = microseconds(elapsed), "statement finished"
            );
        }
    }
}

impl Started {
    fn end(&self) -> Duration {
        let elapsed = self.at.elapsed();
        self.observer.metrics.ran(elapsed);
        elapsed
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(started) = self.0.take() {
            let elapsed = started.end();
            tracing::debug!(
                target: "lenslet::statement", parent: &started.span, elapsed_us = microseconds(elapsed), "statement did not finish"
            );
        }
    }
}
