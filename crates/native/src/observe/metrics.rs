//! Numbers about an engine's work, by the names that Prisma's clients gave them, so that dashboards stay as they are.
//!
//! A recorder must be installed before the engine is made. Durations are milliseconds.

#[cfg(feature = "metrics")]
pub(crate) use kept::{Metrics, Share};
#[cfg(not(feature = "metrics"))]
pub(crate) use not_kept::{Metrics, Share};

#[cfg(feature = "metrics")]
mod kept {
    use metrics::{
        Counter, Gauge, Histogram, Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge,
        histogram,
    };
    use std::{fmt, time::Duration};

    /// Where the numbers go.
    pub(crate) struct Metrics {
        queries: Counter,
        active: Gauge,
        waiting: Gauge,
        waited: Histogram,
        answered: Histogram,
        statements: Counter,
        ran: Histogram,
        opened: Counter,
        closed: Counter,
        open: Gauge,
        busy: Gauge,
        idle: Gauge,
    }

    impl fmt::Debug for Metrics {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.debug_struct("Metrics").finish_non_exhaustive()
        }
    }

    impl Default for Metrics {
        fn default() -> Self {
            Metrics::new()
        }
    }

    /// A part of a gauge, given back when this is dropped.
    #[must_use]
    pub(crate) struct Share {
        gauge: Gauge,
        closed: Option<Counter>,
    }

    impl fmt::Debug for Share {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.debug_struct("Share").finish_non_exhaustive()
        }
    }

    impl Share {
        fn of(gauge: &Gauge) -> Share {
            gauge.increment(1.0);
            Share { gauge: gauge.clone(), closed: None }
        }
    }

    impl Drop for Share {
        fn drop(&mut self) {
            self.gauge.decrement(1.0);
            if let Some(closed) = &self.closed {
                closed.increment(1);
            }
        }
    }

    impl Metrics {
        pub(crate) fn new() -> Metrics {
            describe();
            Metrics {
                queries: counter!("prisma_client_queries_total"),
                active: gauge!("prisma_client_queries_active"),
                waiting: gauge!("prisma_client_queries_wait"),
                waited: histogram!("prisma_client_queries_wait_histogram_ms"),
                answered: histogram!("prisma_client_queries_duration_histogram_ms"),
                statements: counter!("prisma_datasource_queries_total"),
                ran: histogram!("prisma_datasource_queries_duration_histogram_ms"),
                opened: counter!("prisma_pool_connections_opened_total"),
                closed: counter!("prisma_pool_connections_closed_total"),
                open: gauge!("prisma_pool_connections_open"),
                busy: gauge!("prisma_pool_connections_busy"),
                idle: gauge!("prisma_pool_connections_idle"),
            }
        }

        pub(crate) fn are_kept(&self) -> bool {
            true
        }

        /// An operation is in progress.
        pub(crate) fn active(&self) -> Share {
            Share::of(&self.active)
        }

        pub(crate) fn answered(&self, time: Duration) {
            self.queries.increment(1);
            self.answered.record(milliseconds(time));
        }

        pub(crate) fn ran(&self, time: Duration) {
            self.statements.increment(1);
            self.ran.record(milliseconds(time));
        }

        /// An operation waits for a connection.
        pub(crate) fn waiting(&self) -> Share {
            Share::of(&self.waiting)
        }

        pub(crate) fn waited(&self, time: Duration) {
            self.waited.record(milliseconds(time));
        }

        /// A connection was opened.
        pub(crate) fn open(&self) -> Share {
            self.opened.increment(1);
            let mut share = Share::of(&self.open);
            share.closed = Some(self.closed.clone());
            share
        }

        /// A connection is in use.
        pub(crate) fn busy(&self) -> Share {
            Share::of(&self.busy)
        }

        /// A connection lies ready.
        pub(crate) fn idle(&self) -> Share {
            Share::of(&self.idle)
        }
    }

    fn milliseconds(time: Duration) -> f64 {
        time.as_secs_f64() * 1e3
    }

    fn describe() {
        describe_counter!("prisma_client_queries_total", "Operations that were answered");
        describe_gauge!("prisma_client_queries_active", "Operations in progress");
        describe_gauge!("prisma_client_queries_wait", "Operations that wait for a connection");
        describe_histogram!("prisma_client_queries_wait_histogram_ms", Unit::Milliseconds, "Waiting for a connection");
        describe_histogram!(
            "prisma_client_queries_duration_histogram_ms",
            Unit::Milliseconds,
            "Answering an operation"
        );
        describe_counter!("prisma_datasource_queries_total", "Statements that were run");
        describe_histogram!(
            "prisma_datasource_queries_duration_histogram_ms",
            Unit::Milliseconds,
            "Running a statement"
        );
        describe_counter!("prisma_pool_connections_opened_total", "Connections that were opened");
        describe_counter!("prisma_pool_connections_closed_total", "Connections that were closed");
        describe_gauge!("prisma_pool_connections_open", "Connections that are open");
        describe_gauge!("prisma_pool_connections_busy", "Connections in use");
        describe_gauge!("prisma_pool_connections_idle", "Connections that lie ready");
    }
}

#[cfg(not(feature = "metrics"))]
mod not_kept {
    use std::time::Duration;

    /// No numbers are kept.
    #[derive(Debug, Default)]
    pub(crate) struct Metrics;

    /// A part of nothing.
    #[derive(Debug)]
    #[must_use]
    pub(crate) struct Share;

    impl Metrics {
        pub(crate) fn new() -> Metrics {
            Metrics
        }
        pub(crate) fn are_kept(&self) -> bool {
            false
        }
        pub(crate) fn active(&self) -> Share {
            Share
        }
        pub(crate) fn answered(&self, _: Duration) {}
        pub(crate) fn ran(&self, _: Duration) {}
        pub(crate) fn waiting(&self) -> Share {
            Share
        }
        pub(crate) fn waited(&self, _: Duration) {}
        pub(crate) fn open(&self) -> Share {
            Share
        }
        pub(crate) fn busy(&self) -> Share {
            Share
        }
        pub(crate) fn idle(&self) -> Share {
            Share
        }
    }
}
