//! Numbers about a pool, for Prometheus.
//!
//! | name | |
//! | --- | --- |
//! | `lenslet_pool_requests_total` | requests by `route`, `status` and `code` (of the error, or empty) |
//! | `lenslet_pool_request_seconds` | how long they took, by `route` |
//! | `lenslet_pool_cache_total` | answers by where they came from: `ttl`, `swr`, `miss`, `none` |
//! | `lenslet_pool_cache_entries`, `lenslet_pool_cache_bytes` | what is kept |
//! | `lenslet_pool_memory_bytes` | what large requests and answers take that are on their way |
//! | `lenslet_pool_http_connections` | connections of clients |
//! | `lenslet_pool_requests_inside` | requests that have a connection to the database or wait for one |
//! | `lenslet_pool_transactions_open` | interactive transactions |
//! | `prisma_…` | what the engine tells: connections open, busy and idle, queries, how long they waited |

use crate::{cache::Status, service::Service};
use ::metrics::{counter, gauge, histogram};
use hyper::StatusCode;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::{
    fmt,
    time::{Duration, Instant},
};

/// Where numbers are kept until they are asked for.
#[derive(Clone)]
pub struct Exporter(PrometheusHandle);

/// The program keeps its numbers elsewhere.
#[derive(Debug, thiserror::Error)]
#[error("this program has a recorder of metrics already")]
pub struct RecorderTaken;

impl fmt::Debug for Exporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Exporter")
    }
}

/// From a request that is answered from memory to one that runs into its limit.
const SECONDS: [f64; 16] =
    [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0];
/// What the engine tells is in milliseconds, as Prisma's engine had it.
const MILLISECONDS: [f64; 12] = [0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 50.0, 100.0, 500.0, 1000.0, 10_000.0];

/// How often samples are put into their buckets when nobody asks for them.
pub(crate) const UPKEEP: Duration = Duration::from_secs(5);

impl Exporter {
    /// Begins to keep the numbers of the whole program. To be called before the pool is built, whose engine has numbers, too.
    ///
    /// # Errors
    /// When the program has a recorder of its own already.
    pub fn install() -> Result<Exporter, RecorderTaken> {
        let builder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &SECONDS)
            .and_then(|it| it.set_buckets_for_metric(Matcher::Prefix("prisma_".into()), &MILLISECONDS));
        let recorder = builder.map_err(|_| RecorderTaken)?.build_recorder();
        let handle = recorder.handle();
        ::metrics::set_global_recorder(recorder).map_err(|_| RecorderTaken)?;
        Ok(Exporter(handle))
    }

    /// Puts samples into their buckets.
    pub(crate) fn upkeep(&self) {
        self.0.run_upkeep();
    }

    /// The text that Prometheus reads.
    pub(crate) fn render(&self, service: &Service) -> String {
        let (entries, bytes) = service.cache.size();
        gauge!("lenslet_pool_cache_entries").set(number(entries));
        gauge!("lenslet_pool_cache_bytes").set(number(bytes));
        gauge!("lenslet_pool_memory_bytes").set(number(service.gate.memory.taken()));
        gauge!("lenslet_pool_http_connections").set(number(service.door.inside()));
        gauge!("lenslet_pool_requests_inside").set(number(service.gate.inside()));
        gauge!("lenslet_pool_transactions_open").set(number(service.transactions.open()));
        self.0.render()
    }
}

#[expect(clippy::cast_precision_loss, reason = "a gauge is a float, and counts of this size fit")]
fn number(count: usize) -> f64 {
    count as f64
}

/// Counts an answered request.
pub(crate) fn answered(route: &'static str, status: StatusCode, code: Option<&'static str>, began: Instant) {
    let status = status.as_str().to_owned();
    counter!("lenslet_pool_requests_total", "route" => route, "status" => status, "code" => code.unwrap_or(""))
        .increment(1);
    histogram!("lenslet_pool_request_seconds", "route" => route).record(began.elapsed().as_secs_f64());
}

/// Counts an answer by where it came from.
pub(crate) fn cached(status: Status) {
    counter!("lenslet_pool_cache_total", "status" => status.name()).increment(1);
}
