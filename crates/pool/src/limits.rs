//! How much of everything: what one request, one key and all of them together may take.

use bytes::Bytes;
use lenslet_core::{
    error::{Error, ErrorKind},
    value::Value,
};
use serde::Deserialize;
use std::{
    num::{NonZeroU32, NonZeroUsize},
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use crate::units::{Size, Time};

/// Limits of a pool. What goes beyond one is refused at once, with the code or status that is named.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Limits {
    /// Connections to the database; as many as its URL says (`connection_limit`) when absent, or else 10.
    pub connections: Option<NonZeroUsize>,
    /// Requests that wait for a connection; P2024.
    pub queue: usize,
    /// How long one waits; P2024.
    pub queue_wait: Time,
    /// How long a query or a batch may run before its statement is cancelled; P6004.
    pub query_time: Time,
    /// What a client may ask for as the time of an interactive transaction; P6005.
    pub transaction_time: Time,
    /// Connections of clients that are open; who comes beyond is answered 503 and may try again.
    pub http_connections: usize,
    /// Requests over one connection of HTTP/1.1, whose last answer ends it, so that long-lived clients are spread anew over
    /// several pools; any number when absent.
    pub connection_requests: Option<NonZeroU32>,
    /// Bytes of the head of a request, at least 8 KiB; 431.
    pub head_size: Size,
    /// Bytes of the body of a request; P5000 with 413.
    pub request_size: Size,
    /// Bytes of an answer; P6009.
    pub response_size: Size,
    /// Lists and objects inside each other in a request; P5000.
    pub depth: usize,
    /// JSON values in a request; P5000.
    pub values: usize,
    /// Queries of a batch; P5000.
    pub batch: usize,
    /// Bytes that large requests and answers may take together, as long as they are on their way; who comes when they do is
    /// refused before anything is executed; P5011.
    pub memory: Size,
    /// How long a client may take to send the head of a request, from the moment it connects or begins one; then the
    /// connection is closed.
    pub head_time: Time,
    /// How long a client may take to send the body of a request; P5000.
    pub request_time: Time,
    /// How long a connection may say nothing between requests, and not take what it is answered; then it is closed.
    pub idle_time: Time,
    /// Requests a second of each key that has no limit of its own; P5011.
    pub requests_per_second: Option<NonZeroU32>,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            connections: None,
            queue: 10_000,
            queue_wait: Time(Duration::from_secs(10)),
            query_time: Time(Duration::from_secs(30)),
            transaction_time: Time(Duration::from_secs(60)),
            http_connections: 10_000,
            connection_requests: None,
            head_size: Size(64 << 10),
            request_size: Size(4 << 20),
            response_size: Size(16 << 20),
            depth: 64,
            values: 500_000,
            batch: 1000,
            memory: Size(512 << 20),
            head_time: Time(Duration::from_secs(10)),
            request_time: Time(Duration::from_secs(15)),
            idle_time: Time(Duration::from_secs(60)),
            requests_per_second: None,
        }
    }
}

/// How many times as many bytes as its answer may have, the rows of a query may take while they are collected: a cell takes
/// nine where an answer may have a digit and a comma.
const ROOM: usize = 8;

/// Connections, where neither the limits nor the URL say how many.
const CONNECTIONS: usize = 10;

impl Limits {
    /// Bytes that the rows of a query may take before they are an answer.
    pub(crate) fn room(&self) -> usize {
        self.response_size.0.saturating_mul(ROOM)
    }

    /// The URL of the database with these limits, and how many connections that makes.
    pub(crate) fn on(&self, url: &str) -> (String, usize) {
        let (base, options) = url.split_once('?').unwrap_or((url, ""));
        let option = |name: &str| {
            let mut options = options.split('&').filter_map(|it| it.split_once('='));
            options.rfind(|(key, _)| *key == name).map(|(_, value)| value)
        };
        let said = self.connections.map(NonZeroUsize::get);
        let connections = said.or_else(|| option("connection_limit")?.parse().ok()).unwrap_or(CONNECTIONS);
        // What is said last counts. A fraction of a second is waited as a whole one: the URL knows seconds only.
        let wait = self.queue_wait.0.as_millis().div_ceil(1000).max(1);
        let options = if options.is_empty() { String::new() } else { format!("{options}&") };
        (format!("{base}?{options}connection_limit={connections}&pool_timeout={wait}"), connections)
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

/// The fact of an error that says when to try again.
pub(crate) const RETRY_AFTER_MS: &str = "retryAfterMs";

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
                .with(RETRY_AFTER_MS, Value::Int(i64::try_from(wait.as_millis()).unwrap_or(i64::MAX)))
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

/// What large requests and answers take together: those that are sent slowly, and those that are not taken, are many at once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory(Arc<AtomicUsize>);

/// A part of the memory.
#[derive(Debug)]
pub(crate) struct Share {
    of: Memory,
    bytes: usize,
}

impl Share {
    /// Takes more.
    pub(crate) fn grow(&mut self, bytes: usize) {
        self.bytes += bytes;
        self.of.0.fetch_add(bytes, Ordering::Relaxed);
    }

    /// The text that takes it, as long as there is some of it.
    pub(crate) fn hold(self, text: impl AsRef<[u8]> + Send + 'static) -> Bytes {
        Bytes::from_owner(Counted(text, self))
    }
}

/// Text that is counted until it is dropped.
struct Counted<T>(T, #[expect(dead_code, reason = "dropped with the text")] Share);

impl<T: AsRef<[u8]>> AsRef<[u8]> for Counted<T> {
    fn as_ref(&self) -> &[u8] {
        self.0.as_ref()
    }
}

/// Smaller texts are not counted: no number of connections makes much of them.
const LARGE: usize = 64 << 10;

impl Memory {
    /// Whether more can be taken.
    ///
    /// # Errors
    /// P5011 when it cannot.
    pub(crate) fn check(&self, most: Size) -> Result<(), Error> {
        if self.0.load(Ordering::Relaxed) <= most.0 {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::TooManyRequests,
            format!("requests and answers under way take more than {most}, the pool's limit `memory`; try again"),
        )
        .with(RETRY_AFTER_MS, Value::Int(1000)))
    }

    /// Text that is counted as long as there is some of it, where it is large.
    pub(crate) fn hold(&self, text: impl AsRef<[u8]> + Into<Bytes> + Send + 'static) -> Bytes {
        let bytes = text.as_ref().len();
        if bytes < LARGE {
            return text.into();
        }
        let mut share = self.share();
        share.grow(bytes);
        share.hold(text)
    }

    /// A part that takes nothing yet.
    pub(crate) fn share(&self) -> Share {
        Share { of: self.clone(), bytes: 0 }
    }

    /// How many bytes are taken.
    pub(crate) fn taken(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.of.0.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// A room with so many places, which those inside count.
#[derive(Debug, Default)]
pub(crate) struct Room(AtomicUsize);

/// A place in a room.
#[derive(Debug)]
pub(crate) struct Place<'a>(&'a AtomicUsize);

impl Room {
    /// A place, where fewer than that many are taken.
    pub(crate) fn enter(&self, most: usize) -> Option<Place<'_>> {
        let one_more = |inside| (inside < most).then_some(inside + 1);
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).ok().map(|_| Place(&self.0))
    }

    /// How many are taken.
    pub(crate) fn inside(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The requests that have a connection or wait for one. Those of an interactive transaction have theirs already and are not
/// counted.
#[derive(Debug)]
pub(crate) struct Crowd {
    room: Room,
    connections: usize,
}

impl Crowd {
    pub(crate) fn new(connections: usize) -> Self {
        Crowd { room: Room::default(), connections }
    }

    /// Lets a request in.
    ///
    /// # Errors
    /// P2024 when that many wait already.
    pub(crate) fn enter(&self, queue: usize) -> Result<Place<'_>, Error> {
        self.room.enter(self.connections.saturating_add(queue)).ok_or_else(|| self.full(queue))
    }

    #[cold]
    fn full(&self, queue: usize) -> Error {
        let connections = self.connections;
        let integer = |number: usize| Value::Int(i64::try_from(number).unwrap_or(i64::MAX));
        Error::new(
            ErrorKind::PoolTimeout,
            format!("{queue} requests wait for one of {connections} connections already; the limits `queue` and `connections` say how many may"),
        )
        .with("connection_limit", integer(connections))
        .with("timeout", Value::Int(0))
    }

    /// How many are in.
    pub(crate) fn inside(&self) -> usize {
        self.room.inside()
    }
}

/// P6004.
#[cold]
pub(crate) fn late(time: Duration) -> Error {
    let time = Time(time);
    Error::new(
        ErrorKind::QueryTimeout,
        format!(
            "the query took longer than {time}, the pool's `query-time`, and was cancelled; make it cheaper, or raise the limit"
        ),
    )
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

    #[test]
    fn limits_are_part_of_the_url() {
        let limits = |connections| Limits { connections: NonZeroUsize::new(connections), ..Limits::default() };
        let check = |limits: Limits, url: &str, expected: &str, connections| {
            assert_eq!(limits.on(url), (expected.into(), connections));
        };
        check(limits(0), "file:a.db", "file:a.db?connection_limit=10&pool_timeout=10", 10);
        check(limits(3), "file:a.db?b=c", "file:a.db?b=c&connection_limit=3&pool_timeout=10", 3);
        let own = "postgresql://h/d?connection_limit=7";
        check(limits(0), own, &format!("{own}&connection_limit=7&pool_timeout=10"), 7);
        check(limits(3), own, &format!("{own}&connection_limit=3&pool_timeout=10"), 3);
    }

    #[test]
    fn large_texts_are_counted_until_the_last_part_is_gone() {
        let (memory, most) = (Memory::default(), Size(3 * LARGE));
        let small = memory.hold("a".repeat(LARGE - 1));
        let large = memory.hold("a".repeat(2 * LARGE));
        assert_eq!((memory.taken(), memory.check(most)), (2 * LARGE, Ok(())));
        let part = large.slice(1..2);
        let other = memory.hold(Bytes::from("b".repeat(2 * LARGE)));
        drop((small, large));
        assert_eq!(memory.taken(), 4 * LARGE);
        assert_eq!(memory.check(most).map_err(|error| error.code()), Err("P5011"));
        drop(part);
        assert_eq!((memory.taken(), memory.check(most)), (2 * LARGE, Ok(())));
        drop(other);
        assert_eq!(memory.taken(), 0);
    }

    #[test]
    fn a_crowd_has_an_end() {
        let crowd = Crowd::new(1);
        let (first, second) = (crowd.enter(1), crowd.enter(1));
        assert!(first.is_ok() && second.is_ok());
        assert_eq!(crowd.enter(1).map(drop).map_err(|error| error.code()), Err("P2024"));
        assert!(crowd.enter(2).is_ok());
        drop(first);
        assert_eq!(crowd.inside(), 1);
        assert!(crowd.enter(1).is_ok());
    }
}
