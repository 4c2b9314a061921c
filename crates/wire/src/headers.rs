//! What is said in headers rather than in JSON: those of Prisma's client extension for caching.

use lenslet_core::{
    cache::{CacheInfo, CacheStatus},
    error::{Error, ErrorKind},
    query::Cache,
};
use std::borrow::Cow;

/// Of a request: how the answer may be cached.
pub const CACHE_CONTROL: &str = "cache-control";
/// Of a request: under which tags, with commas between them.
pub const CACHE_TAGS: &str = "accelerate-cache-tags";
/// Of an answer: where it comes from, `ttl`, `swr`, `miss` or `none`.
pub const CACHE_STATUS: &str = "accelerate-cache-status";
/// Of an answer: when the database was asked.
pub const LAST_MODIFIED: &str = "last-modified";
/// Of an answer: the pool's name for the request, with the region after the first hyphen.
pub const REQUEST_ID: &str = "cf-ray";

/// The value of [`CACHE_CONTROL`]; empty where the answer may not be kept.
pub fn cache_control(cache: &Cache) -> String {
    let mut control = String::new();
    for (name, seconds) in [("max-age=", cache.ttl), ("stale-while-revalidate=", cache.swr)] {
        if let Some(seconds) = seconds {
            if !control.is_empty() {
                control.push(',');
            }
            control.push_str(name);
            crate::scalar::integer::write(&mut control, seconds.into());
        }
    }
    control
}

/// The value of [`CACHE_TAGS`].
///
/// # Errors
/// When a tag is not made of visible ASCII characters without commas.
pub fn cache_tags(tags: &[Cow<'_, str>]) -> Result<String, Error> {
    let is_tag = |tag: &str| !tag.is_empty() && tag.bytes().all(|byte| byte.is_ascii_graphic() && byte != b',');
    let mut joined = String::new();
    for tag in tags {
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

/// Where an answer comes from, out of lines of a name in lower case, a colon and a value.
pub fn cache_info(headers: &str) -> CacheInfo {
    let mut info = CacheInfo::default();
    for line in headers.split('\n') {
        let Some((name, value)) = line.split_once(':') else { continue };
        let value = value.trim();
        match name {
            CACHE_STATUS => info.status = status(value),
            LAST_MODIFIED => info.last_modified = Some(value.into()),
            REQUEST_ID => {
                info.request_id = Some(value.into());
                info.region = value.split_once('-').map(|(_, region)| region.into());
            }
            _ => {}
        }
    }
    info
}

fn status(word: &str) -> CacheStatus {
    match word {
        "ttl" => CacheStatus::Fresh,
        "swr" => CacheStatus::Stale,
        "miss" => CacheStatus::Miss,
        _ => CacheStatus::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_answers_come_from() {
        assert_eq!(cache_info(""), CacheInfo::default());
        let info =
            cache_info("accelerate-cache-status: swr\nlast-modified:Sat, 21 Nov 2026 12:00:00 GMT\ncf-ray:8f-AMS");
        assert_eq!(info.status, CacheStatus::Stale);
        assert_eq!(info.last_modified.as_deref(), Some("Sat, 21 Nov 2026 12:00:00 GMT"));
        assert_eq!((info.request_id.as_deref(), info.region.as_deref()), (Some("8f-AMS"), Some("AMS")));
        for (word, expected) in [("ttl", CacheStatus::Fresh), ("miss", CacheStatus::Miss), ("none", CacheStatus::None)]
        {
            assert_eq!(cache_info(&["accelerate-cache-status:", word].concat()).status, expected);
        }
    }

    #[test]
    fn how_answers_may_be_cached() {
        let cache = |ttl, swr| cache_control(&Cache { ttl, swr, tags: Vec::new() });
        assert_eq!(cache(None, None), "");
        assert_eq!(cache(Some(60), None), "max-age=60");
        assert_eq!(cache(Some(30), Some(60)), "max-age=30,stale-while-revalidate=60");
        assert_eq!(cache(None, Some(60)), "stale-while-revalidate=60");
        assert_eq!(cache_tags(&["users".into(), "u1".into()]).as_deref(), Ok("users,u1"));
        assert!(cache_tags(&["a b".into()]).is_err());
    }
}
