//! What an engine tells about its work: `tracing` spans and events, numbers for a `metrics` recorder, comments in SQL.
//!
//! Where nobody listens nothing is looked at: no clock, no text. What is told never holds a URL, and no parameter of a query
//! unless [`Options::show_parameters`] asks for them.

#[cfg_attr(not(feature = "postgresql"), allow(dead_code, reason = "nobody would read comments in SQLite"))]
mod comment;
mod connection;
mod metrics;
mod operation;
mod statement;
mod transaction;

pub(crate) use self::{
    connection::Opened,
    metrics::{Metrics, Share},
    operation::Operation,
    statement::Running,
    transaction::Transaction,
};
#[cfg(feature = "postgresql")]
pub(crate) use comment::Comment;
pub use comment::{Asked, Tags};
pub use statement::{Ran, Told};

use std::{fmt, sync::Arc};
use tracing::{Level, level_filters::LevelFilter};

type Commenter = dyn Fn(&Asked<'_>, &mut Tags) + Send + Sync;
type Listener = dyn Fn() -> Option<Told> + Send + Sync;
type Room = dyn Fn() -> usize + Send + Sync;

/// What an engine tells beyond the usual.
///
/// ```
/// use lenslet_native::Options;
/// let options = Options::new().comment(|asked, tags| {
///     tags.tag("application", "shop");
///     tags.tag("action", asked.action);
/// });
/// ```
#[derive(Clone, Default)]
#[must_use = "options do nothing until an engine is made with them"]
pub struct Options {
    show_parameters: bool,
    commenter: Option<Arc<Commenter>>,
    listener: Option<Arc<Listener>>,
    room: Option<Arc<Room>>,
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("show_parameters", &self.show_parameters)
            .field("comments", &self.commenter.is_some())
            .field("listens", &self.listener.is_some())
            .field("limits_answers", &self.room.is_some())
            .finish()
    }
}

impl Options {
    /// The usual: parameters are hidden, SQL has no comments.
    pub fn new() -> Options {
        Options::default()
    }

    /// Shows the parameters of statements and the messages of errors, which may quote them, to `tracing`. They are what users
    /// of the program entrusted to it: for a developer's machine.
    pub fn show_parameters(mut self) -> Options {
        self.show_parameters = true;
        self
    }

    /// Ends each statement for a database server with a comment of tags, as [sqlcommenter](https://google.github.io/sqlcommenter/spec/) has it, so
    /// that the database's own tools can tell who asked. The function is called for each operation, on the task or thread
    /// that polls it, and may look at what is known there (the current trace, a task-local route). SQLite gets none: nobody
    /// else would read them.
    pub fn comment(mut self, tags: impl Fn(&Asked<'_>, &mut Tags) + Send + Sync + 'static) -> Options {
        self.commenter = Some(Arc::new(tags));
        self
    }

    /// Asks at the beginning of each statement who is to be told of it when it has ended, parameters included. The function is
    /// called on the task or thread that runs the statement, and may look at what is known there (a task-local of the request
    /// that is answered). A statement on SQLite that takes long runs on a thread of its own, where nothing is known.
    pub fn on_statement(mut self, listener: impl Fn() -> Option<Told> + Send + Sync + 'static) -> Options {
        self.listener = Some(Arc::new(listener));
        self
    }

    /// How many bytes the rows of a read may take while they are collected, with those of its relations; the function is asked
    /// at the beginning of each. What comes beyond is an error (P6009) as soon as it comes: a statement whose rows nobody
    /// expected does not use up the memory. What is read beside rows that are written, or by a batch, has that much room
    /// together; where it has not, nothing is written. What a statement alone writes is answered whatever its size. Without a
    /// limit it is 4 GiB.
    pub fn answer_limit(mut self, most: impl Fn() -> usize + Send + Sync + 'static) -> Options {
        self.room = Some(Arc::new(most));
        self
    }
}

/// What the connections of an engine share to tell of their work.
#[derive(Debug, Default)]
pub(crate) struct Observer {
    options: Options,
    pub(crate) metrics: Metrics,
}

impl Observer {
    pub(crate) fn new(options: Options) -> Arc<Observer> {
        Arc::new(Observer { options, metrics: Metrics::new() })
    }

    /// How many bytes the rows of an answer may take.
    pub(crate) fn room(&self) -> usize {
        self.options.room.as_ref().map_or(usize::MAX, |most| most())
    }
}

/// Whether some subscriber may want spans and events of that level: one atomic load.
fn is_traced(level: Level) -> bool {
    level <= tracing::level_filters::STATIC_MAX_LEVEL && level <= LevelFilter::current()
}

fn microseconds(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
