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
        let (scheme, rest) = url.trim().split_once("://").ok_or_else(|| invalid(NO_SCHEME))?;
        let (address, query) = rest.split_once('?').unwrap_or((rest, ""));
        let query = query.split_once('#').map_or(query, |(query, _)| query);
        let (authority, path) = address.split_once('/').unwrap_or((address, ""));
        if authority.contains('@') {
            return Err(invalid(
                "it has a user or a password; a pool wants its key as `?api_key=…`",
            ));
        }
        if authority.is_empty() || address.contains([' ', '#', '\\']) || !address.is_ascii() {
            return Err(invalid("it has no valid host; write `https://HOST/?api_key=…`"));
        }
        let scheme = match scheme {
            "https" | "prisma" => "https",
            "http" if is_loopback(authority) => "http",
            "http" => {
                return Err(invalid(
                    "`http://` would show the key to the network; use `https://`, or a loopback host",
                ));
            }
            "prisma+postgres" if is_loopback(authority) => "http",
            "prisma+postgres" => "https",
            "postgres" | "postgresql" | "mysql" | "file" => {
                return Err(invalid(
                    "it is the URL of a database; this client talks to a `lenslet pool`",
                ));
            }
            _ => return Err(invalid(NO_SCHEME)),
        };
        let path = path.trim_end_matches('/');
        let slash = if path.is_empty() { "" } else { "/" };
        Ok(PoolUrl {
            base: [scheme, "://", authority, slash, path].concat(),
            key: key(query)?,
        })
    }
}

const NO_SCHEME: &str =
    "it must begin with `https://`, `prisma://` or `prisma+postgres://` (or `http://` for a loopback host)";

fn invalid(what: &str) -> Error {
    Error::new(
        ErrorKind::InvalidPoolUrl,
        ["the URL of the pool is not valid: ", what].concat(),
    )
}

fn is_loopback(authority: &str) -> bool {
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split_once(']').map_or(rest, |(host, _)| host),
        None => authority.split_once(':').map_or(authority, |(host, _)| host),
    };
    let octets = || host.split('.').all(|it| it.parse::<u8>().is_ok());
    matches!(host, "localhost" | "::1") || (host.starts_with("127.") && host.split('.').count() == 4 && octets())
}

fn key(query: &str) -> Result<String, Error> {
    let given = query.split('&').find_map(|part| part.strip_prefix("api_key="));
    let Some(given) = given.filter(|given| !given.is_empty()) else {
        return Err(invalid(
            "it has no key; add `?api_key=…` with a key of `lenslet pool key create`",
        ));
    };
    decoded(given)
        .filter(|key| key.bytes().all(|byte| byte.is_ascii_graphic()))
        .ok_or_else(|| invalid("its `api_key` has characters that no key has"))
}

/// Without percent signs.
fn decoded(text: &str) -> Option<String> {
    let mut parts = text.split('%');
    let mut out = String::from(parts.next()?);
    for part in parts {
        let (digits, rest) = part.split_at_checked(2)?;
        out.push(char::from(u8::from_str_radix(digits, 16).ok()?));
        out.push_str(rest);
    }
    Some(out)
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
        check(
            "https://pool.example/?api_key=s3cret",
            Ok(("https://pool.example", "s3cret")),
        );
        check(
            "https://pool.example:8443/db/?a=b&api_key=s%33cret#x",
            Ok(("https://pool.example:8443/db", "s3cret")),
        );
        check(
            "prisma://pool.example?api_key=s3cret",
            Ok(("https://pool.example", "s3cret")),
        );
        check(
            "prisma+postgres://localhost:4466/?api_key=s3cret",
            Ok(("http://localhost:4466", "s3cret")),
        );
        check(
            "prisma+postgres://pool.example/?api_key=s3cret",
            Ok(("https://pool.example", "s3cret")),
        );
        for host in ["localhost", "127.0.0.1:4466", "127.1.2.3", "[::1]:4466"] {
            let url = format!("http://{host}/?api_key=s3cret");
            check(&url, Ok((&format!("http://{host}"), "s3cret")));
        }
    }

    #[test]
    fn mistakes() {
        check("", Err("must begin with"));
        check("pool.example/?api_key=s3cret", Err("must begin with"));
        check("ftp://pool.example/?api_key=s3cret", Err("must begin with"));
        check("postgresql://u:s3cret@host/db", Err("a user or a password"));
        check("postgresql://host/db?password=s3cret", Err("URL of a database"));
        check("https://u:s3cret@pool.example/?api_key=x", Err("a user or a password"));
        check("https:///?api_key=s3cret", Err("no valid host"));
        check("https://pool.example/", Err("no key"));
        check("https://pool.example/?api_key=", Err("no key"));
        check(
            "https://pool.example/?api_key=s3cret%0d%0ax",
            Err("characters that no key has"),
        );
        check(
            "https://pool.example/?api_key=s3cret%zz",
            Err("characters that no key has"),
        );
        for host in [
            "pool.example",
            "127.0.0.1.evil.example",
            "127.evil.example.org",
            "localhost.evil.example",
            "[::2]",
        ] {
            check(&format!("http://{host}/?api_key=s3cret"), Err("would show the key"));
        }
    }
}
