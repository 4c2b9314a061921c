//! What an answer says in headers rather than in JSON: those of Prisma's client extension for caching. Those of a request
//! are [`Cache::headers`](lenslet_core::query::Cache::headers).

use lenslet_core::cache::{CacheInfo, CacheStatus};

/// Of an answer: where it comes from, `ttl`, `swr`, `miss` or `none`.
pub const CACHE_STATUS: &str = "accelerate-cache-status";
/// Of an answer: when the database was asked.
pub const LAST_MODIFIED: &str = "last-modified";
/// Of an answer: the pool's name for the request, with the region after the first hyphen.
pub const REQUEST_ID: &str = "cf-ray";

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
}
