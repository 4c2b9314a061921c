//! Connections: opened, waited for, closed. Neither users nor passwords are told.

use super::{Observer, Share, is_traced, microseconds};
use std::{sync::Arc, time::Instant};
use tracing::Level;

/// A connection that is being opened.
#[derive(Debug)]
pub(crate) struct Opening {
    at: Instant,
    observer: Arc<Observer>,
}

/// A connection that is open.
#[derive(Debug)]
pub(crate) struct Opened {
    _share: Share,
}

impl Observer {
    /// A connection is being opened, which takes long enough to look at the clock.
    pub(crate) fn opening(self: &Arc<Self>) -> Opening {
        Opening { at: Instant::now(), observer: Arc::clone(self) }
    }

    /// An operation waits for a connection, as long as the guard is there.
    pub(crate) fn waiting(self: &Arc<Self>) -> Waiting {
        Waiting { at: Instant::now(), _share: self.metrics.waiting(), observer: Arc::clone(self) }
    }
}

impl Opening {
    /// It is open.
    #[cfg_attr(not(feature = "postgresql"), allow(dead_code, reason = "a file has neither host nor port"))]
    pub(crate) fn done(self, host: &str, port: u16, database: &str) -> Opened {
        tracing::debug!(
            target: "lenslet::connection", host, port, database, elapsed_us = microseconds(self.at.elapsed()), "connection opened"
        );
        Opened { _share: self.observer.metrics.open() }
    }

    /// The file is open.
    #[cfg_attr(not(feature = "sqlite"), allow(dead_code, reason = "a server is not a file"))]
    pub(crate) fn done_file(self, file: &str) -> Opened {
        tracing::debug!(
            target: "lenslet::connection", file, elapsed_us = microseconds(self.at.elapsed()), "connection opened"
        );
        Opened { _share: self.observer.metrics.open() }
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        tracing::debug!(target: "lenslet::connection", "connection closed");
    }
}

/// An operation that waits for a connection.
#[derive(Debug)]
pub(crate) struct Waiting {
    at: Instant,
    _share: Share,
    observer: Arc<Observer>,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let waited = self.at.elapsed();
        self.observer.metrics.waited(waited);
        if is_traced(Level::DEBUG) {
            tracing::debug!(target: "lenslet::connection", waited_us = microseconds(waited), "waited for a connection");
        }
    }
}
