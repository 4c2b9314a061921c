//! What a pool writes to standard error: a line an event, for people or as JSON.
//!
//! Every request has an id (the client's own `x-request-id`, or one that is made), which its answer carries as well. What is
//! refused or fails is an event of level `info` or `warn`, every other request one of level `debug`. Neither keys nor bodies
//! nor values are ever part of one.

use crate::config::{LogFormat, LogLevel, LogSettings};
use std::{io, sync::Arc};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::{Layer as _, fmt, layer::SubscriberExt as _, reload, util::SubscriberInitExt as _};

/// There is a subscriber already.
#[derive(Debug, thiserror::Error)]
#[error("this program writes its log already")]
pub struct LogTaken;

/// What is written down by [`start`]; how much of it can change.
#[derive(Clone)]
pub struct Log(Arc<dyn Fn(LevelFilter) + Send + Sync>);

impl std::fmt::Debug for Log {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Log")
    }
}

impl Log {
    /// Writes down that much from now on.
    pub fn set_level(&self, level: LogLevel) {
        (self.0)(filter(level));
    }
}

/// Begins to write down what happens, for the whole program.
///
/// # Errors
/// When the program has a subscriber of its own already.
pub fn start(settings: LogSettings) -> Result<Log, LogTaken> {
    let (level, handle) = reload::Layer::new(filter(settings.level));
    let lines = fmt::layer().with_writer(io::stderr);
    let lines = match settings.format {
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
        LogFormat::Text => lines.with_ansi(false).boxed(),
    };
    tracing_subscriber::registry().with(level).with(lines).try_init().map_err(|_| LogTaken)?;
    // It is there as long as the program.
    Ok(Log(Arc::new(move |level| drop(handle.reload(level)))))
}

fn filter(level: LogLevel) -> LevelFilter {
    match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
    }
}
