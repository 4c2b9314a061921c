//! Statements: what reaches the database.

use super::{Observer, is_traced, microseconds};
use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};
use tracing::{Level, Span, debug_span};

/// A statement that has ended, whatever came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ran<'a> {
    /// Its text.
    pub sql: &'a str,
    /// Its parameters, as a list: `[1, Ada]`.
    pub parameters: &'a str,
    /// How long it took.
    pub elapsed: Duration,
}

/// Who is told that a statement has ended.
pub type Told = Box<dyn FnOnce(Ran<'_>) + Send + Sync>;

/// What somebody is told of a statement.
struct Telling {
    told: Told,
    sql: String,
    parameters: String,
}

impl fmt::Debug for Telling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Telling").field("sql", &self.sql).finish_non_exhaustive()
    }
}

/// A statement that runs, watched where somebody listens. Where it is dropped before it has finished, it failed.
#[derive(Debug)]
#[must_use]
pub(crate) struct Running(Option<Box<Started>>);

#[derive(Debug)]
struct Started {
    span: Span,
    at: Instant,
    observer: Arc<Observer>,
    telling: Option<Box<Telling>>,
}

impl Observer {
    /// Watches a statement. Its parameters are written only where they may be seen.
    pub(crate) fn statement(self: &Arc<Self>, sql: &str, parameters: impl Fn() -> String) -> Running {
        let watches = is_traced(Level::DEBUG) || self.metrics.are_kept() || self.options.listener.is_some();
        if watches { self.start(sql, parameters) } else { Running(None) }
    }

    #[cold]
    fn start(self: &Arc<Self>, sql: &str, parameters: impl Fn() -> String) -> Running {
        let told = self.options.listener.as_ref().and_then(|listener| listener());
        let telling = told.map(|told| Box::new(Telling { told, sql: sql.to_owned(), parameters: parameters() }));
        let span = if self.options.show_parameters {
            debug_span!(target: "lenslet::statement", "statement", sql, parameters = parameters())
        } else {
            debug_span!(target: "lenslet::statement", "statement", sql)
        };
        Running(Some(Box::new(Started { span, at: Instant::now(), observer: Arc::clone(self), telling })))
    }
}

impl Running {
    /// Tells that it has finished, and how many rows it gave back or changed.
    pub(crate) fn finish(mut self, rows: u64) {
        if let Some(mut started) = self.0.take() {
            let elapsed = started.end();
            tracing::debug!(
                target: "lenslet::statement", parent: &started.span, rows, elapsed_us = microseconds(elapsed), "statement finished"
            );
        }
    }
}

impl Started {
    fn end(&mut self) -> Duration {
        let elapsed = self.at.elapsed();
        self.observer.metrics.ran(elapsed);
        if let Some(telling) = self.telling.take() {
            let Telling { told, sql, parameters } = *telling;
            told(Ran { sql: &sql, parameters: &parameters, elapsed });
        }
        elapsed
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(mut started) = self.0.take() {
            let elapsed = started.end();
            tracing::debug!(
                target: "lenslet::statement", parent: &started.span, elapsed_us = microseconds(elapsed), "statement did not finish"
            );
        }
    }
}
