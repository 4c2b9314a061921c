//! Answers that are kept for a while, because their client said that they may be.
//!
//! An answer is found by what was asked (the bytes of the request), in which form, and by the scope of the key: keys that
//! may do the same share it, others never see it. How old an answer may be is said by who asks, as in HTTP. Requests for the
//! same answer that find none wait for one query; when all of them go away, so does the query.
//!
//! What is kept is bounded in bytes, and what was not asked for the longest goes first. The list, the tags and the queries on
//! their way change together, under one lock that is held for a few map operations; a concurrent map from elsewhere would
//! bring the first of the three only.

use crate::scope::Scope;
use bytes::Bytes;
use chrono::Utc;
use futures_util::{
    FutureExt as _,
    future::{BoxFuture, Shared, WeakShared},
};
use hyper::HeaderMap;
use lenslet_core::error::{Error, ErrorKind};
use lenslet_wire::json::{Bounds, Json};
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

/// How an answer may be kept, as its client says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Strategy {
    /// For so long it is fresh.
    ttl: Duration,
    /// For so long after that it is given while a new one is fetched.
    swr: Duration,
    /// Names by which it can be invalidated.
    tags: Vec<Arc<str>>,
}

/// The most tags of an answer, and the longest.
const TAGS: usize = 64;
const TAG: usize = 256;

impl Strategy {
    /// What the headers of a request say; nothing where the answer is not to be kept.
    ///
    /// # Errors
    /// P6005 when there are too many tags.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Option<Strategy>, Error> {
        let header = |name| headers.get(name).and_then(|it| it.to_str().ok());
        let (mut ttl, mut swr) = (None, None);
        for directive in header("cache-control").unwrap_or_default().split(',') {
            let seconds = |text: &str| text.trim().parse::<u32>().ok().map(|it| Duration::from_secs(it.into()));
            match directive.trim().split_once('=') {
                Some(("max-age", text)) => ttl = seconds(text),
                Some(("stale-while-revalidate", text)) => swr = seconds(text),
                _ => {}
            }
        }
        if ttl.is_none() && swr.is_none() {
            return Ok(None);
        }
        let tags = header("accelerate-cache-tags").unwrap_or_default().split(',');
        let tags: Vec<Arc<str>> = tags.map(str::trim).filter(|tag| !tag.is_empty()).map(Arc::from).collect();
        if tags.len() > TAGS || tags.iter().any(|tag| tag.len() > TAG) {
            let message = format!("an answer has at most {TAGS} cache tags of {TAG} bytes each");
            return Err(Error::new(ErrorKind::ParameterRefused, message));
        }
        Ok(Some(Strategy { ttl: ttl.unwrap_or_default(), swr: swr.unwrap_or_default(), tags }))
    }
}

/// What is to be forgotten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stale {
    Everything,
    Tagged(Vec<String>),
}

impl Stale {
    /// Reads `{"tags":["a","b"]}` or `{"tags":"all"}`.
    ///
    /// # Errors
    /// P5000 when it is something else.
    pub(crate) fn of(body: &str) -> Result<Stale, Error> {
        let wrong = || Error::new(ErrorKind::BadRequest, "expected `{\"tags\":[…]}` or `{\"tags\":\"all\"}`");
        let json = Json::parse(body, Bounds { depth: 4, values: 10_000 }).map_err(|_| wrong())?;
        match json.get("tags") {
            Some(Json::Text(all)) if all == "all" => Ok(Stale::Everything),
            Some(Json::List(tags)) => {
                let tags = tags.iter().map(|tag| match tag {
                    Json::Text(tag) => Ok(tag.to_string()),
                    _ => Err(wrong()),
                });
                Ok(Stale::Tagged(tags.collect::<Result<_, _>>()?))
            }
            _ => Err(wrong()),
        }
    }
}

/// What was asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Asked {
    pub(crate) scope: Arc<Scope>,
    /// Whether the answer is rows by position.
    pub(crate) rows: bool,
    pub(crate) body: Bytes,
}

/// An answer that is kept.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) body: Bytes,
    /// When it was fetched, as HTTP writes it.
    pub(crate) modified: String,
    fetched: Instant,
}

/// Where an answer comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// It was kept, and is fresh.
    Fresh,
    /// It was kept, and a new one is fetched.
    Stale,
    /// It was fetched.
    Miss,
    /// No cache had a part in it.
    None,
}

impl Status {
    /// As the extension of Prisma's client reads it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Status::Fresh => "ttl",
            Status::Stale => "swr",
            Status::Miss => "miss",
            Status::None => "none",
        }
    }
}

/// What is kept.
#[derive(Debug)]
pub(crate) struct Cache {
    state: Mutex<State>,
    /// Bytes; with none nothing is kept.
    most: AtomicUsize,
}

#[derive(Default)]
struct State {
    entries: HashMap<Arc<Asked>, Entry>,
    /// By when they were last asked for.
    order: BTreeMap<u64, Arc<Asked>>,
    tagged: HashMap<Arc<str>, HashSet<Arc<Asked>>>,
    flights: HashMap<Arc<Asked>, Flight>,
    count: u64,
    bytes: usize,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State")
            .field("entries", &self.entries.len())
            .field("bytes", &self.bytes)
            .finish_non_exhaustive()
    }
}

struct Entry {
    answer: Arc<Answer>,
    tags: Vec<Arc<str>>,
    bytes: usize,
    used: u64,
}

type Fetched = Result<Arc<Answer>, Error>;

/// A query on its way, which those who wait for it hold.
struct Flight {
    number: u64,
    tags: Vec<Arc<str>>,
    answer: WeakShared<BoxFuture<'static, Fetched>>,
}

/// What an entry costs beside its texts.
const ENTRY: usize = 512;

type Flying = Shared<BoxFuture<'static, Fetched>>;

/// What there is. It is dropped outside of the lock, which a query that nobody waits for any more needs when it ends.
enum Found {
    Fresh(Arc<Answer>),
    /// Somebody else fetches a new one.
    Stale(Arc<Answer>, #[expect(dead_code, reason = "only dropped, see above")] Flying),
    /// Nobody else does.
    Refreshed(Arc<Answer>, Flying),
    Awaited(Flying),
}

impl Cache {
    /// A cache of that many bytes.
    pub(crate) fn new(most: usize) -> Arc<Self> {
        Arc::new(Cache { state: Mutex::default(), most: AtomicUsize::new(most) })
    }

    /// Keeps that many bytes from now on.
    pub(crate) fn resize(&self, most: usize) {
        if self.most.swap(most, Ordering::Relaxed) > most {
            self.state().shrink(most);
        }
    }

    /// Whether anything is kept.
    pub(crate) fn is_on(&self) -> bool {
        self.most() > 0
    }

    fn most(&self) -> usize {
        self.most.load(Ordering::Relaxed)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in here can be left half done: no operation on it panics in the middle.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An answer that is fresh.
    pub(crate) fn fresh(&self, asked: &Asked, strategy: &Strategy) -> Option<Arc<Answer>> {
        let mut state = self.state();
        let answer = state.touch(asked)?;
        (answer.fetched.elapsed() <= strategy.ttl).then_some(answer)
    }

    /// The answer, kept or fetched.
    ///
    /// # Errors
    /// Those of the query. They are not kept, but given to everybody who waited for it.
    pub(crate) async fn get<F>(
        self: &Arc<Self>,
        asked: &Asked,
        strategy: &Strategy,
        fetch: impl FnOnce() -> F,
    ) -> Result<(Arc<Answer>, Status), Error>
    where
        F: Future<Output = Result<String, Error>> + Send + 'static,
    {
        let found = self.find(asked, strategy, fetch);
        match found {
            Found::Fresh(answer) => Ok((answer, Status::Fresh)),
            Found::Stale(answer, _) => Ok((answer, Status::Stale)),
            Found::Refreshed(answer, flight) => {
                // Who asked does not wait for it, so somebody else has to.
                tokio::spawn(flight);
                Ok((answer, Status::Stale))
            }
            Found::Awaited(flight) => Ok((flight.await?, Status::Miss)),
        }
    }

    fn find<F>(self: &Arc<Self>, asked: &Asked, strategy: &Strategy, fetch: impl FnOnce() -> F) -> Found
    where
        F: Future<Output = Result<String, Error>> + Send + 'static,
    {
        let mut state = self.state();
        let kept = state.touch(asked).map(|answer| (answer.fetched.elapsed(), answer));
        let stale = match kept {
            Some((age, answer)) if age <= strategy.ttl => return Found::Fresh(answer),
            Some((age, answer)) if age <= strategy.ttl.saturating_add(strategy.swr) => Some(answer),
            _ => None,
        };
        let flying = state.flights.get(asked).and_then(|flight| flight.answer.upgrade());
        match (stale, flying) {
            (Some(answer), Some(flight)) => Found::Stale(answer, flight),
            (Some(answer), None) => Found::Refreshed(answer, self.begin(&mut state, asked, strategy, fetch())),
            (None, Some(flight)) => Found::Awaited(flight),
            (None, None) => Found::Awaited(self.begin(&mut state, asked, strategy, fetch())),
        }
    }

    fn begin(
        self: &Arc<Self>,
        state: &mut State,
        asked: &Asked,
        strategy: &Strategy,
        fetch: impl Future<Output = Result<String, Error>> + Send + 'static,
    ) -> Flying {
        // The body may be a part of a connection's buffer, which would be kept with it.
        let asked = Arc::new(Asked { body: Bytes::copy_from_slice(&asked.body), ..asked.clone() });
        let number = state.next();
        let landing = Landing { cache: Arc::clone(self), asked: Arc::clone(&asked), number };
        let flight = async move {
            let answer = fetch.await?;
            Ok(landing.land(answer))
        };
        let flight = flight.boxed().shared();
        if let Some(answer) = flight.downgrade() {
            state.flights.insert(asked, Flight { number, tags: strategy.tags.clone(), answer });
        }
        flight
    }

    /// Forgets answers, also those that are on their way: they may be of before.
    pub(crate) fn invalidate(&self, stale: &Stale) {
        let mut state = self.state();
        match stale {
            Stale::Everything => {
                let count = state.count;
                *state = State { count, ..State::default() };
            }
            Stale::Tagged(tags) => {
                for tag in tags {
                    let asked = state.tagged.remove(tag.as_str()).unwrap_or_default();
                    asked.iter().for_each(|asked| state.remove(asked));
                    state.flights.retain(|_, flight| !flight.tags.iter().any(|it| **it == **tag));
                }
            }
        }
    }

    /// How many answers are kept, and how many bytes that is.
    pub(crate) fn size(&self) -> (usize, usize) {
        let state = self.state();
        (state.entries.len(), state.bytes)
    }
}

/// Where a query comes down. One that never does, because nobody waits any more, is taken off the list as well.
struct Landing {
    cache: Arc<Cache>,
    asked: Arc<Asked>,
    number: u64,
}

impl Landing {
    fn land(self, answer: String) -> Arc<Answer> {
        let body = Bytes::from(answer.into_bytes().into_boxed_slice());
        let modified = Utc::now().format("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let answer = Arc::new(Answer { body, modified, fetched: Instant::now() });
        let mut state = self.cache.state();
        // Whoever invalidated it meanwhile has taken it off the list.
        if let Some(flight) = state.take(&self.asked, self.number) {
            state.insert(&self.asked, Arc::clone(&answer), flight.tags, self.cache.most());
        }
        answer
    }
}

impl Drop for Landing {
    fn drop(&mut self) {
        self.cache.state().take(&self.asked, self.number);
    }
}

impl State {
    fn next(&mut self) -> u64 {
        self.count += 1;
        self.count
    }

    /// An answer, which was asked for just now.
    fn touch(&mut self, asked: &Asked) -> Option<Arc<Answer>> {
        let now = self.next();
        let entry = self.entries.get_mut(asked)?;
        if let Some(asked) = self.order.remove(&entry.used) {
            entry.used = now;
            self.order.insert(now, asked);
        }
        Some(Arc::clone(&entry.answer))
    }

    fn take(&mut self, asked: &Arc<Asked>, number: u64) -> Option<Flight> {
        self.flights.get(asked).filter(|flight| flight.number == number)?;
        self.flights.remove(asked)
    }

    fn insert(&mut self, asked: &Arc<Asked>, answer: Arc<Answer>, tags: Vec<Arc<str>>, most: usize) {
        self.remove(asked);
        let bytes = ENTRY + asked.body.len() + answer.body.len() + tags.iter().map(|tag| 2 * tag.len()).sum::<usize>();
        if bytes > most {
            return;
        }
        for tag in &tags {
            self.tagged.entry(Arc::clone(tag)).or_default().insert(Arc::clone(asked));
        }
        let used = self.next();
        self.order.insert(used, Arc::clone(asked));
        self.entries.insert(Arc::clone(asked), Entry { answer, tags, bytes, used });
        self.bytes += bytes;
        self.shrink(most);
    }

    /// Forgets what was not asked for the longest.
    fn shrink(&mut self, most: usize) {
        while self.bytes > most
            && let Some((_, oldest)) = self.order.pop_first()
        {
            self.remove(&oldest);
        }
    }

    fn remove(&mut self, asked: &Arc<Asked>) {
        let Some(entry) = self.entries.remove(asked) else {
            return;
        };
        self.bytes -= entry.bytes;
        self.order.remove(&entry.used);
        for tag in &entry.tags {
            if let Some(list) = self.tagged.get_mut(tag) {
                list.remove(asked);
                if list.is_empty() {
                    self.tagged.remove(tag);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::Notify;

    fn asked(body: &str) -> Asked {
        Asked { scope: Arc::default(), rows: false, body: Bytes::copy_from_slice(body.as_bytes()) }
    }

    fn strategy(ttl: u64, swr: u64, tags: &[&str]) -> Strategy {
        let (ttl, swr) = (Duration::from_secs(ttl), Duration::from_secs(swr));
        Strategy { ttl, swr, tags: tags.iter().copied().map(Arc::from).collect() }
    }

    /// What the cache says, where the database says `said`.
    async fn get(cache: &Arc<Cache>, body: &str, strategy: &Strategy, said: &str) -> (String, Status) {
        let said = said.to_owned();
        let got = cache.get(&asked(body), strategy, || async move { Ok(said) }).await;
        let (answer, status) = got.expect("the database answers");
        (String::from_utf8_lossy(&answer.body).into_owned(), status)
    }

    #[tokio::test]
    async fn a_fresh_answer_is_kept_and_a_stale_one_is_fetched_again() {
        let cache = Cache::new(1 << 20);
        let (minute, never) = (strategy(60, 0, &[]), strategy(0, 0, &[]));
        assert_eq!(get(&cache, "q", &minute, "1").await, ("1".into(), Status::Miss));
        assert_eq!(get(&cache, "q", &minute, "2").await, ("1".into(), Status::Fresh));
        tokio::time::sleep(Duration::from_millis(2)).await;
        // How old it may be is said by who asks.
        assert_eq!(get(&cache, "q", &never, "3").await, ("3".into(), Status::Miss));
        assert_eq!(get(&cache, "q", &minute, "4").await, ("3".into(), Status::Fresh));
        tokio::time::sleep(Duration::from_millis(2)).await;
        let meanwhile = strategy(0, 60, &[]);
        assert_eq!(get(&cache, "q", &meanwhile, "5").await, ("3".into(), Status::Stale));
        tokio::time::sleep(Duration::from_millis(2)).await;
        assert_eq!(get(&cache, "q", &minute, "6").await, ("5".into(), Status::Fresh));
    }

    #[tokio::test]
    async fn a_thousand_equal_misses_make_one_query() {
        let cache = Cache::new(1 << 20);
        let (queries, gate) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
        let waiting: Vec<_> = (0..1000)
            .map(|_| {
                let (cache, queries, gate) = (Arc::clone(&cache), Arc::clone(&queries), Arc::clone(&gate));
                tokio::spawn(async move {
                    let fetch = || async move {
                        queries.fetch_add(1, Ordering::Relaxed);
                        gate.notified().await;
                        Ok("answer".to_owned())
                    };
                    cache.get(&asked("q"), &strategy(60, 0, &[]), fetch).await.map(|(answer, _)| answer.body.clone())
                })
            })
            .collect();
        tokio::task::yield_now().await;
        // The one who asked first goes away; the others still get their answer.
        waiting[0].abort();
        tokio::task::yield_now().await;
        gate.notify_one();
        for (number, one) in waiting.into_iter().enumerate() {
            let answer = one.await;
            assert!(number == 0 || answer.is_ok_and(|it| it == Ok(Bytes::from_static(b"answer"))), "{number}");
        }
        assert_eq!(queries.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn a_query_nobody_waits_for_is_dropped() {
        struct Dropped(Arc<AtomicUsize>);
        impl Drop for Dropped {
            fn drop(&mut self) {
                self.0.fetch_add(1, Ordering::Relaxed);
            }
        }
        let (cache, dropped) = (Cache::new(1 << 20), Arc::new(AtomicUsize::new(0)));
        let held = Dropped(Arc::clone(&dropped));
        let minute = strategy(60, 0, &[]);
        let asked = asked("q");
        let waiting = cache.get(&asked, &minute, || async move {
            let _held = held;
            std::future::pending().await
        });
        assert!(tokio::time::timeout(Duration::from_millis(5), waiting).await.is_err());
        assert_eq!(dropped.load(Ordering::Relaxed), 1);
        assert!(cache.state().flights.is_empty());
        assert_eq!(get(&cache, "q", &minute, "1").await.1, Status::Miss);
    }

    #[tokio::test]
    async fn errors_are_given_to_all_and_not_kept() {
        let (cache, minute, asked) = (Cache::new(1 << 20), strategy(60, 0, &[]), asked("q"));
        let failing = || async { Err(Error::new(ErrorKind::Unreachable, "gone")) };
        let (first, second) = tokio::join!(cache.get(&asked, &minute, failing), cache.get(&asked, &minute, failing));
        assert!(first.is_err() && second.is_err());
        assert_eq!(get(&cache, "q", &minute, "1").await, ("1".into(), Status::Miss));
    }

    #[tokio::test]
    async fn tags_invalidate_also_what_is_on_its_way() {
        let cache = Cache::new(1 << 20);
        let users = strategy(60, 0, &["users", "all-users"]);
        get(&cache, "users", &users, "1").await;
        get(&cache, "posts", &strategy(60, 0, &["posts"]), "1").await;
        let go = Arc::new(Notify::new());
        let flying = tokio::spawn({
            let (cache, go, users) = (Arc::clone(&cache), Arc::clone(&go), users.clone());
            async move {
                let fetch = || async move {
                    go.notified().await;
                    Ok("old".to_owned())
                };
                cache.get(&asked("slow"), &users, fetch).await.map(drop)
            }
        });
        tokio::task::yield_now().await;
        cache.invalidate(&Stale::Tagged(vec!["users".into(), "unknown".into()]));
        go.notify_one();
        assert!(flying.await.is_ok_and(|it| it.is_ok()));
        assert_eq!(get(&cache, "users", &users, "2").await, ("2".into(), Status::Miss));
        assert_eq!(get(&cache, "slow", &users, "new").await, ("new".into(), Status::Miss));
        assert_eq!(get(&cache, "posts", &users, "2").await.1, Status::Fresh);
        cache.invalidate(&Stale::Everything);
        assert_eq!(cache.size(), (0, 0));
        assert!(cache.state().tagged.is_empty());
    }

    #[tokio::test]
    async fn memory_is_bounded_and_what_is_asked_for_stays() {
        let cache = Cache::new(100 * (ENTRY + 120));
        let minute = strategy(60, 0, &["t"]);
        let answer = "a".repeat(100);
        get(&cache, "often", &minute, &answer).await;
        for number in 0..1000 {
            get(&cache, &format!("q{number}"), &minute, &answer).await;
            assert_eq!(get(&cache, "often", &minute, "").await.1, Status::Fresh);
            assert!(cache.size().1 <= cache.most());
        }
        assert!(cache.size().0 >= 90);
        {
            let state = cache.state();
            assert_eq!((state.order.len(), state.tagged["t"].len()), (state.entries.len(), state.entries.len()));
            assert_eq!(state.bytes, state.entries.values().map(|it| it.bytes).sum::<usize>());
        }
        get(&cache, "large", &minute, &"a".repeat(cache.most())).await;
        assert_eq!(get(&cache, "large", &minute, "b").await.1, Status::Miss);
        get(&cache, "often", &minute, "").await;
        cache.resize(3 * (ENTRY + 120));
        assert!((1..=3).contains(&cache.size().0));
        assert_eq!(get(&cache, "often", &minute, "").await.1, Status::Fresh);
        cache.resize(0);
        assert_eq!((cache.size(), cache.is_on()), ((0, 0), false));
    }

    #[tokio::test]
    async fn scopes_do_not_share() {
        let (cache, minute) = (Cache::new(1 << 20), strategy(60, 0, &[]));
        get(&cache, "q", &minute, "1").await;
        let scope = Arc::new(Scope { read_only: true, ..Scope::default() });
        for other in [Asked { scope, ..asked("q") }, Asked { rows: true, ..asked("q") }] {
            let got = cache.get(&other, &minute, || async { Ok("2".into()) }).await;
            assert_eq!(got.map(|(_, status)| status), Ok(Status::Miss));
        }
    }

    #[track_caller]
    fn check(control: &str, tags: &str, expected: Option<Strategy>) {
        let mut headers = HeaderMap::new();
        headers.insert("cache-control", control.parse().expect("a header"));
        headers.insert("accelerate-cache-tags", tags.parse().expect("a header"));
        assert_eq!(Strategy::of(&headers), Ok(expected), "{control}");
    }

    #[test]
    fn strategies_are_headers() {
        check("no-cache", "a", None);
        check("max-age=soon", "", None);
        check("max-age=60", "users, u1,", Some(strategy(60, 0, &["users", "u1"])));
        check("max-age=30,stale-while-revalidate=60", "", Some(strategy(30, 60, &[])));
        check("stale-while-revalidate=60", "", Some(strategy(0, 60, &[])));
        let mut headers = HeaderMap::new();
        headers.insert("cache-control", "max-age=1".parse().expect("a header"));
        headers.insert("accelerate-cache-tags", "a,".repeat(65).parse().expect("a header"));
        assert!(Strategy::of(&headers).is_err());
    }

    #[test]
    fn what_is_stale_is_json() {
        assert_eq!(Stale::of(r#"{"tags":"all"}"#), Ok(Stale::Everything));
        assert_eq!(Stale::of(r#"{"tags":["a","b"]}"#), Ok(Stale::Tagged(vec!["a".into(), "b".into()])));
        for wrong in ["", "{}", "[]", r#"{"tags":"a"}"#, r#"{"tags":[1]}"#] {
            assert!(Stale::of(wrong).is_err(), "{wrong}");
        }
    }
}
