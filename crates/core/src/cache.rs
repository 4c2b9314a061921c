//! A pool's cache: how long answers may be kept, where an answer came from, what is to be forgotten.

use crate::{
    cursor::Cursor,
    draft::Draft,
    engine::Engine,
    error::{Error, ErrorKind},
    model::Model,
    operation::{Answer, Operation, Reads, Sendable, Verb, send},
    query::Cache,
    select::ReadRow,
    written::integer,
};
use std::{
    borrow::Cow,
    fmt,
    future::{Future, IntoFuture},
};

/// How a pool may cache an answer: for so many seconds it is fresh.
#[must_use]
pub fn ttl(seconds: u32) -> Cache {
    Cache { ttl: Some(seconds), ..Cache::default() }
}

/// How a pool may cache an answer: always stale, but given for so long while a new one is fetched.
#[must_use]
pub fn swr(seconds: u32) -> Cache {
    Cache { swr: Some(seconds), ..Cache::default() }
}

impl Cache {
    /// For so many seconds more, a stale answer is given while a new one is fetched.
    #[must_use]
    pub fn swr(mut self, seconds: u32) -> Self {
        self.swr = Some(seconds);
        self
    }
    /// A name by which the answer can be invalidated.
    #[must_use]
    pub fn tag(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.tags.push(name.into());
        self
    }

    /// The headers that Prisma's clients send for the same.
    ///
    /// # Errors
    /// When a tag is not made of visible ASCII characters without commas.
    pub fn headers(&self) -> Result<Headers, Error> {
        let headers = [("cache-control", self.control()), ("accelerate-cache-tags", self.joined_tags()?)];
        Ok(headers.into_iter().filter(|(_, value)| !value.is_empty()).collect())
    }

    fn control(&self) -> String {
        let mut control = String::new();
        for (name, seconds) in [("max-age=", self.ttl), ("stale-while-revalidate=", self.swr)] {
            if let Some(seconds) = seconds {
                if !control.is_empty() {
                    control.push(',');
                }
                control.push_str(name);
                integer::write(&mut control, seconds.into());
            }
        }
        control
    }

    fn joined_tags(&self) -> Result<String, Error> {
        let is_tag = |tag: &str| !tag.is_empty() && tag.bytes().all(|byte| byte.is_ascii_graphic() && byte != b',');
        let mut joined = String::new();
        for tag in &self.tags {
            if !is_tag(tag) {
                let message = "a cache tag is made of visible ASCII characters without commas";
                return Err(Error::new(ErrorKind::Input, message));
            }
            if !joined.is_empty() {
                joined.push(',');
            }
            joined.push_str(tag);
        }
        Ok(joined)
    }
}

/// Headers of a request: names in lower case, and values.
pub type Headers = Vec<(&'static str, String)>;

/// Where an answer comes from, as the pool says it. A native client asks the database every time: the default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CacheInfo {
    /// Whether it was kept.
    pub status: CacheStatus,
    /// When the pool asked the database for it, as an HTTP date.
    pub last_modified: Option<String>,
    /// The pool's name for the request.
    pub request_id: Option<String>,
    /// The region that answered, where the pool has regions.
    pub region: Option<String>,
}

/// Whether an answer was kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum CacheStatus {
    /// No cache had a part in it.
    #[default]
    None,
    /// It came from the database, and is kept from now on.
    Miss,
    /// It was kept, and is fresh.
    Fresh,
    /// It was kept, and a new one is fetched for who asks next.
    Stale,
}

/// What a pool shall forget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stale {
    /// Answers with one of these tags.
    Tagged(Vec<Cow<'static, str>>),
    /// Every answer.
    Everything,
}

impl<T: Into<Cow<'static, str>>, I: IntoIterator<Item = T>> From<I> for Stale {
    fn from(tags: I) -> Self {
        Stale::Tagged(tags.into_iter().map(Into::into).collect())
    }
}

/// Forgets cached answers; what the generated client's `invalidate` calls.
///
/// # Errors
/// Those of the pool. A native client keeps nothing and always succeeds.
pub fn invalidate<E: Engine>(engine: &E, stale: impl Into<Stale>) -> impl Future<Output = Result<(), Error>> {
    engine.invalidate(stale.into())
}

/// An operation that answers its rows and where they come from.
#[must_use = "an operation does nothing until it is awaited or put into a batch"]
pub struct Informed<'c, E, M, V, R>(Operation<'c, E, M, V, R>);

impl<E, M: Model, V, R> fmt::Debug for Informed<'_, E, M, V, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

// The bounds are those of the methods: the message then is that of `Reads`.
impl<'c, E: Engine, M: Model, V, R> Operation<'c, E, M, V, R> {
    /// How a pool may cache the answer: `.cache(ttl(60).swr(30).tag("posts"))`. A native client always asks the database.
    pub fn cache(mut self, cache: impl Into<Cache>) -> Self
    where
        V: Reads,
    {
        self.query_mut().keep(cache.into());
        self
    }

    /// Answers where the rows come from, too: `let (posts, info) = ….with_cache_info().await?`. Last of all.
    pub fn with_cache_info(self) -> Informed<'c, E, M, V, R>
    where
        V: Reads,
    {
        Informed(self)
    }
}

impl<E, M: Model, V: Verb, R: ReadRow<M>> Sendable for Informed<'_, E, M, V, R> {
    type Out = (V::Out<R::Out>, CacheInfo);
    fn into_query(self) -> Draft {
        self.0.into_query()
    }
    fn read<C: Cursor>(cursor: &mut C) -> Result<Self::Out, Error> {
        let info = cursor.cache_info();
        Ok((V::collect(cursor, |cursor| R::read(cursor))?, info))
    }
}

impl<'c, E: Engine, M: Model, V: Verb, R: ReadRow<M>> IntoFuture for Informed<'c, E, M, V, R> {
    type Output = Result<(V::Out<R::Out>, CacheInfo), Error>;
    type IntoFuture = Answer<E, (V::Out<R::Out>, CacheInfo)>;
    fn into_future(self) -> Self::IntoFuture {
        let engine = self.0.engine();
        send(engine, self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_answers_may_be_cached() {
        let headers = |cache: Cache| cache.headers().expect("the tags are tags");
        assert_eq!(headers(Cache::default()), []);
        assert_eq!(headers(ttl(60)), [("cache-control", "max-age=60".into())]);
        assert_eq!(headers(swr(60)), [("cache-control", "stale-while-revalidate=60".into())]);
        assert_eq!(
            headers(ttl(30).swr(60).tag("users").tag("u1")),
            [
                ("cache-control", "max-age=30,stale-while-revalidate=60".into()),
                ("accelerate-cache-tags", "users,u1".into())
            ]
        );
        assert!(ttl(1).tag("a b").headers().is_err());
    }
}
