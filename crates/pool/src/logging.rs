//! What a pool writes to standard error: a line an event, for people or as JSON.
//!
//! Every request has an id (the client's own `x-request-id`, or one that is made), which its answer carries as well. What is
//! refused or fails is an event of level `info` or `warn`, every other request one of level `debug`. Neither keys nor bodies
//! nor values are ever part of one.

use crate::config::{LogFormat, LogLevel, LogSettings};
use std::io;
use tracing::Level;

/// There is a subscriber already.
#[derive(Debug, thiserror::Error)]
#[error("this program writes its log already")]
pub struct LogTaken;

/// Begins to write down what happens, for the whole program.
///
/// # Errors
/// When the program has a subscriber of its own already.
pub fn start(settings: LogSettings) -> Result<(), LogTaken> {
    let level = match settings.level {
        LogLevel::Error => Level::ERROR,
        LogLevel::Warn => Level::WARN,
        LogLevel::Info => Level::INFO,
        LogLevel::Debug => Level::DEBUG,
    };
    let lines = tracing_subscriber::fmt().with_max_level(level).with_writer(io::stderr);
    let started = match settings.format {
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
        LogFormat::Text => lines.with_ansi(false).try_init(),
    };
    started.map_err(|_| LogTaken)
}
