//! How much of everything: what one request, one key and all of them together may take.

use lenslet_core::{
    error::{Error, ErrorKind},
    value::Value,
};
use serde::Deserialize;
use std::{
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::units::{Size, Time};

/// Limits of a pool. What goes beyond one is refused at once, with the code that is named.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Connections to the database.
    pub connections: usize,
    /// Requests that wait for a connection; P2024.
    pub queue: usize,
    /// How long one waits; P2024.
    pub queue_wait: Time,
    /// How long a query or a batch may run before its statement is cancelled; P6004.
    pub query_time: Time,
    /// What a client may ask for as the time of an interactive transaction; P6005.
    pub transaction_time: Time,
    /// Bytes of a request; P5000.
    pub request_size: Size,
    /// Bytes of an answer; P6009.
    pub response_size: Size,
    /// Lists and objects inside each other in a request; P5000.
    pub depth: usize,
    /// JSON values in a request; P5000.
    pub values: usize,
    /// Queries of a batch; P5000.
    pub batch: usize,
    /// How long a client may take to send the head of a request, and its body; the connection is closed, P5000.
    pub request_time: Time,
    /// Requests a second of each key that has no limit of its own; P5011.
    pub requests_per_second: Option<NonZeroU32>,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            connections: 10,
            queue: 10_000,
            queue_wait: Time(Duration::from_secs(10)),
            query_time: Time(Duration::from_secs(30)),
            transaction_time: Time(Duration::from_secs(60)),
            request_size: Size(4 << 20),
            response_size: Size(16 << 20),
            depth: 64,
            values: 500_000,
            batch: 1000,
            request_time: Time(Duration::from_secs(15)),
            requests_per_second: None,
        }
    }
}

/// Requests a second, with as many at once as a second allows: one number that says when the last of those that came so
/// far would have come, had they kept their distance.
#[derive(Debug)]
pub(crate) struct Rate {
    limit: NonZeroU32,
    began: Instant,
    /// Nanoseconds since the beginning.
    due: AtomicU64,
}

const SECOND: u64 = 1_000_000_000;

impl Rate {
    pub(crate) fn new(limit: NonZeroU32) -> Self {
        Rate { limit, began: Instant::now(), due: AtomicU64::new(0) }
    }

    pub(crate) fn limit(&self) -> NonZeroU32 {
        self.limit
    }

    /// Counts a request, or says why not.
    pub(crate) fn spend(&self) -> Result<(), Error> {
        let now = u64::try_from(self.began.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.spend_at(now).map_err(|wait| {
            let limit = self.limit;
            let message = format!("the key may make {limit} requests a second; try again in {} ms", wait.as_millis());
            Error::new(ErrorKind::TooManyRequests, message)
                .with("retryAfterMs", Value::Int(i64::try_from(wait.as_millis()).unwrap_or(i64::MAX)))
        })
    }

    fn spend_at(&self, now: u64) -> Result<(), Duration> {
        let distance = SECOND / u64::from(self.limit.get());
        let spend = |due: u64| {
            let due = due.max(now) + distance;
            (due - now <= SECOND.max(distance)).then_some(due)
        };
        match self.due.fetch_update(Ordering::Relaxed, Ordering::Relaxed, spend) {
            Ok(_) => Ok(()),
            Err(due) => Err(Duration::from_nanos((due.max(now) + distance - now).saturating_sub(SECOND.max(distance)))),
        }
    }
}

/// The requests that want a connection. Those that have to wait do so in their order.
#[derive(Debug)]
pub(crate) struct Queue {
    connections: Arc<Semaphore>,
    size: usize,
    waiting: AtomicUsize,
    most: usize,
    patience: Duration,
}

/// The right to use a connection.
#[derive(Debug)]
pub(crate) struct Turn(#[expect(dead_code, reason = "held, and given back when it is dropped")] OwnedSemaphorePermit);

impl Queue {
    pub(crate) fn new(limits: &Limits) -> Self {
        let size = limits.connections.clamp(1, Semaphore::MAX_PERMITS);
        Queue {
            connections: Arc::new(Semaphore::new(size)),
            size,
            waiting: AtomicUsize::new(0),
            most: limits.queue,
            patience: limits.queue_wait.0,
        }
    }

    /// Waits for a connection.
    ///
    /// # Errors
    /// P2024 when too many wait already, or it takes too long.
    pub(crate) async fn turn(&self) -> Result<Turn, Error> {
        self.turn_within(self.patience).await
    }

    /// Waits no longer than that.
    pub(crate) async fn turn_within(&self, patience: Duration) -> Result<Turn, Error> {
        if let Ok(permit) = Arc::clone(&self.connections).try_acquire_owned() {
            return Ok(Turn(permit));
        }
        let _waiting = Waiting::begin(&self.waiting, self.most).ok_or_else(|| {
            self.full(format!("{} requests wait for a connection already, the most that may (`queue`)", self.most))
        })?;
        match tokio::time::timeout(patience, Arc::clone(&self.connections).acquire_owned()).await {
            Ok(Ok(permit)) => Ok(Turn(permit)),
            // It is never closed.
            Ok(Err(_)) | Err(_) => {
                Err(self.full(format!("no connection became free within {} ms", patience.as_millis())))
            }
        }
    }

    #[cold]
    fn full(&self, why: String) -> Error {
        let integer = |number: u128| Value::Int(i64::try_from(number).unwrap_or(i64::MAX));
        Error::new(
            ErrorKind::PoolTimeout,
            format!(
                "Timed out fetching a new connection from the connection pool: {why}; raise `connections` (now {})",
                self.size
            ),
        )
        .with("connection_limit", integer(self.size as u128))
        .with("timeout", integer(self.patience.as_secs().into()))
    }

    /// How many connections are in use, by requests and by transactions.
    pub(crate) fn in_use(&self) -> usize {
        self.size - self.connections.available_permits().min(self.size)
    }

    /// How many requests wait.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }
}

/// Counts one that waits.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn begin(count: &'a AtomicUsize, most: usize) -> Option<Self> {
        let one_more = |waiting| (waiting < most).then_some(waiting + 1);
        count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).ok().map(|_| Waiting(count))
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(limit: u32) -> Rate {
        Rate::new(NonZeroU32::new(limit).expect("it is not zero"))
    }

    #[test]
    fn a_second_allows_as_many_at_once_and_no_more() {
        let ten = rate(10);
        assert_eq!((0..20).filter(|_| ten.spend_at(0).is_ok()).count(), 10);
        assert_eq!(ten.spend_at(0), Err(Duration::from_millis(100)));
        assert_eq!((0..20).filter(|_| ten.spend_at(SECOND / 2).is_ok()).count(), 5);
        assert_eq!((0..20).filter(|_| ten.spend_at(60 * SECOND).is_ok()).count(), 10);
        let one = rate(1);
        assert_eq!(
            (one.spend_at(0).is_ok(), one.spend_at(0).is_ok(), one.spend_at(SECOND).is_ok()),
            (true, false, true)
        );
        assert_eq!(rate(1).spend().and_then(|()| rate(1).spend()), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_queue_has_an_end() {
        let limits = Limits { connections: 1, queue: 1, queue_wait: Time(Duration::from_secs(2)), ..Limits::default() };
        let queue = Arc::new(Queue::new(&limits));
        let first = queue.turn().await.expect("a connection is free");
        let second = tokio::spawn({
            let queue = Arc::clone(&queue);
            async move { queue.turn().await.map(drop) }
        });
        tokio::task::yield_now().await;
        assert_eq!((queue.in_use(), queue.waiting()), (1, 1));
        let began = tokio::time::Instant::now();
        let third = queue.turn().await.map(drop).map_err(|error| error.code());
        assert_eq!((third, began.elapsed()), (Err("P2024"), Duration::ZERO));
        let second = second.await.expect("it does not panic").map_err(|error| error.code());
        assert_eq!((second, began.elapsed()), (Err("P2024"), Duration::from_secs(2)));
        drop(first);
        assert!(queue.turn().await.is_ok());
        assert_eq!(queue.waiting(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn who_goes_away_does_not_wait_any_more() {
        let queue = Queue::new(&Limits { connections: 1, queue: 1, ..Limits::default() });
        let turn = queue.turn().await;
        for _ in 0..3 {
            assert!(tokio::time::timeout(Duration::from_millis(1), queue.turn()).await.is_err());
            assert_eq!(queue.waiting(), 0);
        }
        drop(turn);
        assert_eq!(queue.in_use(), 0);
    }
}
