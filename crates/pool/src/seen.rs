//! What is told of a request: an event of the log, and its part of the numbers.

use crate::{metrics, reply::Reply};
use hyper::{
    HeaderMap, StatusCode,
    header::{HeaderName, HeaderValue},
};
use std::{
    sync::{
        Arc, LazyLock, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

/// A request that is being answered. One whose client goes away is told of, too.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) id: HeaderValue,
    route: &'static str,
    began: Instant,
    /// What people call the key.
    pub(crate) key: OnceLock<Arc<str>>,
    ended: bool,
}

const ID: HeaderName = HeaderName::from_static("x-request-id");
/// Where the extension of Prisma's client looks for the id, followed by the region.
const RAY: HeaderName = HeaderName::from_static("cf-ray");
/// The longest id of a client's own.
const LONGEST: usize = 64;

static FIRST: LazyLock<u64> = LazyLock::new(rand::random);
static COUNT: AtomicU64 = AtomicU64::new(0);

impl Seen {
    pub(crate) fn begin(headers: &HeaderMap, route: &'static str) -> Self {
        let own = headers.get(&ID).filter(|id| is_plain(id.as_bytes()));
        let id = own.cloned().unwrap_or_else(made);
        Seen { id, route, began: Instant::now(), key: OnceLock::new(), ended: false }
    }

    /// The id as text.
    pub(crate) fn id(&self) -> &str {
        self.id.to_str().unwrap_or_default()
    }

    /// The reply, which says which request it answers.
    pub(crate) fn end(mut self, mut reply: Reply, region: &str) -> Reply {
        self.ended = true;
        self.tell(reply.status, reply.code, reply.body.len());
        if let Ok(ray) = HeaderValue::from_str(&format!("{}-{region}", self.id())) {
            reply.headers.insert(RAY, ray);
        }
        reply.headers.insert(ID, self.id.clone());
        reply
    }

    fn tell(&self, status: StatusCode, code: Option<&'static str>, bytes: usize) {
        metrics::answered(self.route, status, code, self.began);
        let (id, route, status) = (self.id(), self.route, status.as_u16());
        let key = self.key.get().map_or("", |key| key);
        let microseconds = u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX);
        match code {
            None if status < 400 => tracing::debug!(id, route, key, status, bytes, microseconds, "answered"),
            None => tracing::info!(id, route, key, status, microseconds, "refused"),
            Some(code) if status < 500 => tracing::info!(id, route, key, status, code, microseconds, "refused"),
            Some(code) => tracing::warn!(id, route, key, status, code, microseconds, "failed"),
        }
    }
}

/// Its client has gone away.
impl Drop for Seen {
    fn drop(&mut self) {
        if !self.ended {
            self.tell(GONE, Some("gone"), 0);
        }
    }
}

/// What other servers write down for the same; nobody is answered with it.
const GONE: StatusCode = match StatusCode::from_u16(499) {
    Ok(status) => status,
    Err(_) => StatusCode::REQUEST_TIMEOUT,
};

fn is_plain(id: &[u8]) -> bool {
    !id.is_empty() && id.len() <= LONGEST && id.iter().all(|byte| byte.is_ascii_alphanumeric() || b"._:".contains(byte))
}

fn made() -> HeaderValue {
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    // An odd factor: no id comes twice, and neighbours do not look alike.
    let id = FIRST.wrapping_add(count.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    HeaderValue::from_str(&format!("{id:016x}")).unwrap_or(HeaderValue::from_static("none"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id_of(given: &str) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(ID, given.parse().expect("a header"));
        Seen::begin(&headers, "test").id().to_owned()
    }

    #[test]
    fn an_id_of_the_clients_own_is_kept_when_it_is_plain() {
        assert_eq!(id_of("abc.1:2_3"), "abc.1:2_3");
        // The region begins after the first hyphen.
        for strange in ["a-b", "a b", "a\"b", "", &"a".repeat(65)] {
            assert_eq!(id_of(strange).len(), 16, "{strange}");
        }
        assert_ne!(id_of(""), id_of(""));
    }
}
