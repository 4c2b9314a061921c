//! The URL of a pool.

use lenslet_core::error::{Error, ErrorKind};

/// A pool's address and the key for it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct PoolUrl {
    /// Scheme, host, port and path, without a slash at the end.
    pub(crate) base: String,
    /// Sent with every request, shown to nobody.
    pub(crate) key: String,
}

impl PoolUrl {
    /// Reads `https://pool/?api_key=…` and the forms that Prisma's clients know. What is wrong is said without repeating
    /// the URL, since it holds the key.
    pub(crate) fn parse(url: &str) -> Result<Self, Error> {
        let (scheme, rest) = scheme(url).ok_or_else(|| invalid(NO_SCHEME))?;
        let (rest, _) = cut(rest, b'#');
        let (address, query) = cut(rest, b'?');
        let (authority, path) = cut(address, b'/');
        let scheme = match scheme {
            Scheme::Https => "https://",
            Scheme::Http | Scheme::Local if is_loopback(authority) => "http://",
            Scheme::Local => "https://",
            Scheme::Http => return Err(invalid("`http://` would show the key to the network")),
            Scheme::Database => return Err(invalid("it is the URL of a database, not of a `lenslet pool`")),
        };
        // Neither a user nor a password: a pool wants its key as `?api_key=…`.
        let is_part = |byte: u8| byte.is_ascii_graphic() && byte != b'@' && byte != b'\\';
        if authority.is_empty() || !address.bytes().all(is_part) {
            return Err(invalid("it has no valid host"));
        }
        let path = path.strip_suffix('/').unwrap_or(path);
        let slash = if path.is_empty() { "" } else { "/" };
        Ok(PoolUrl { base: joined(&[scheme, authority, slash, path]), key: key(query)? })
    }
}

/// What the beginning of a URL means.
#[derive(Clone, Copy)]
enum Scheme {
    Https,
    Http,
    /// Plain on this machine, otherwise not.
    Local,
    Database,
}

fn scheme(url: &str) -> Option<(Scheme, &str)> {
    [
        ("https://", Scheme::Https),
        ("prisma://", Scheme::Https),
        ("http://", Scheme::Http),
        ("prisma+postgres://", Scheme::Local),
        ("postgres://", Scheme::Database),
        ("postgresql://", Scheme::Database),
    ]
    .into_iter()
    .find_map(|(start, scheme)| Some((scheme, url.strip_prefix(start)?)))
}

/// What is before and after a byte. (As in all of this crate, without what can panic in words.)
fn cut(text: &str, at: u8) -> (&str, &str) {
    let parts = text.bytes().position(|byte| byte == at).and_then(|at| Some((text.get(..at)?, text.get(at + 1..)?)));
    parts.unwrap_or((text, ""))
}

/// One text of many.
pub(crate) fn joined(parts: &[&str]) -> String {
    parts.iter().copied().collect()
}

const NO_SCHEME: &str = "it must begin with `https://` (`http://` for a loopback host)";

fn invalid(what: &str) -> Error {
    Error::new(ErrorKind::InvalidPoolUrl, joined(&["the URL of the pool is not valid: ", what]))
}

/// This machine, by the names that nobody can give to another one.
fn is_loopback(authority: &str) -> bool {
    ["localhost", "127.0.0.1", "[::1]"]
        .into_iter()
        .filter_map(|host| authority.strip_prefix(host))
        .any(|port| port.is_empty() || port.starts_with(':'))
}

fn key(query: &str) -> Result<String, Error> {
    let mut rest = query;
    let mut given = "";
    while !rest.is_empty() {
        let (part, after) = cut(rest, b'&');
        given = part.strip_prefix("api_key=").unwrap_or(given);
        rest = after;
    }
    if given.is_empty() {
        return Err(invalid("add `?api_key=…` with a key of the pool"));
    };
    // Sent as it is: the keys of a pool have nothing that a URL would have to escape.
    match given.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'%') {
        true => Ok(given.into()),
        false => Err(invalid("no key looks like its `api_key`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, expected: Result<(&str, &str), &str>) {
        match (PoolUrl::parse(url), expected) {
            (Ok(url), Ok((base, key))) => assert_eq!((url.base.as_str(), url.key.as_str()), (base, key)),
            (Err(error), Err(part)) => {
                assert_eq!(error.kind(), ErrorKind::InvalidPoolUrl);
                assert!(error.message().contains(part), "{error}");
                assert!(!error.message().contains("s3cret"), "the key is shown: {error}");
            }
            (actual, _) => panic!("{url}: {:?}", actual.map(|url| url.base)),
        }
    }

    #[test]
    fn forms() {
        check("https://pool.example/?api_key=s3cret", Ok(("https://pool.example", "s3cret")));
        check("https://pool.example:8443/db/?a=b&api_key=s3cret#x", Ok(("https://pool.example:8443/db", "s3cret")));
        check("prisma://pool.example?api_key=s3cret", Ok(("https://pool.example", "s3cret")));
        check("prisma+postgres://localhost:4466/?api_key=s3cret", Ok(("http://localhost:4466", "s3cret")));
        check("prisma+postgres://pool.example/?api_key=s3cret", Ok(("https://pool.example", "s3cret")));
        for host in ["localhost", "127.0.0.1:4466", "[::1]:4466"] {
            let url = format!("http://{host}/?api_key=s3cret");
            check(&url, Ok((&format!("http://{host}"), "s3cret")));
        }
    }

    #[test]
    fn mistakes() {
        check("", Err("must begin with"));
        check("pool.example/?api_key=s3cret", Err("must begin with"));
        check("ftp://pool.example/?api_key=s3cret", Err("must begin with"));
        check("postgresql://u:s3cret@host/db", Err("URL of a database"));
        check("postgresql://host/db?password=s3cret", Err("URL of a database"));
        check("https://u:s3cret@pool.example/?api_key=x", Err("no valid host"));
        check("http://localhost:s3cret@evil.example/?api_key=x", Err("no valid host"));
        check("https:///?api_key=s3cret", Err("no valid host"));
        check("https://pool.example/", Err("add `?api_key=…`"));
        check("https://pool.example/?api_key=", Err("add `?api_key=…`"));
        check("https://pool.example/?api_key=s3cret%0d%0ax", Err("no key looks like"));
        check("https://pool.example/?api_key=s3cret%zz", Err("no key looks like"));
        for host in [
            "pool.example",
            "127.0.0.1.evil.example",
            "127.0.0.12",
            "localhost.evil.example",
            "[::2]",
            "127.0.0.1@evil",
        ] {
            check(&format!("http://{host}/?api_key=s3cret"), Err("would show the key"));
        }
    }
}
