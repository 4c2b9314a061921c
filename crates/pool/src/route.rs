//! Where a request goes: the paths that the clients of Prisma 5.22 to 6.19 use, which are Lenslet's own as well.

use hyper::Method;

/// What a request is about. The names of a path are borrowed from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route<'p> {
    /// `POST /VERSION/HASH/graphql`: one query, or several.
    Query(Client<'p>),
    /// `PUT /VERSION/HASH/schema`: what the client was generated from.
    Schema(Client<'p>),
    /// `POST /VERSION/HASH/transaction/start`.
    Begin(Client<'p>),
    /// `POST /VERSION/HASH/itx/ID/graphql`, `…/commit`, `…/rollback`; and Lenslet's own `…/transaction/start`, a savepoint.
    Within(Client<'p>, &'p str, Step),
    /// `POST /invalidate`.
    Invalidate,
    /// `GET /health`: whether the pool runs.
    Health,
    /// `GET /ready`: whether it can answer queries.
    Ready,
    /// `GET /metrics`: numbers.
    Metrics,
    /// There is such a path, but not for this method.
    OtherMethod,
    /// There is nothing there.
    Unknown,
}

/// What the path says about who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Client<'p> {
    /// The release of the client.
    pub(crate) version: &'p str,
    /// The schema that it was generated from.
    pub(crate) hash: &'p str,
}

/// What happens in a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Query,
    Save,
    Commit,
    Rollback,
}

impl<'p> Route<'p> {
    /// The route of a request.
    pub(crate) fn of(method: &Method, path: &'p str) -> Self {
        let mut parts = path.strip_prefix('/').unwrap_or(path).split('/');
        let mut next = || parts.next();
        let parts = [next(), next(), next(), next(), next(), next(), next()];
        let (route, wanted) = match parts {
            [Some("health"), None, ..] => (Route::Health, Method::GET),
            [Some("ready"), None, ..] => (Route::Ready, Method::GET),
            [Some("metrics"), None, ..] => (Route::Metrics, Method::GET),
            [Some("invalidate"), None, ..] => (Route::Invalidate, Method::POST),
            [Some(version), Some(hash), Some(place), rest @ ..] => {
                let client = Client { version, hash };
                match (place, rest) {
                    ("graphql", [None, ..]) => (Route::Query(client), Method::POST),
                    ("schema", [None, ..]) => (Route::Schema(client), Method::PUT),
                    ("transaction", [Some("start"), None, ..]) => (Route::Begin(client), Method::POST),
                    ("itx", [Some(id), Some("graphql"), None, _]) => {
                        (Route::Within(client, id, Step::Query), Method::POST)
                    }
                    ("itx", [Some(id), Some("transaction"), Some("start"), None]) => {
                        (Route::Within(client, id, Step::Save), Method::POST)
                    }
                    ("itx", [Some(id), Some("commit"), None, _]) => {
                        (Route::Within(client, id, Step::Commit), Method::POST)
                    }
                    ("itx", [Some(id), Some("rollback"), None, _]) => {
                        (Route::Within(client, id, Step::Rollback), Method::POST)
                    }
                    _ => return Route::Unknown,
                }
            }
            _ => return Route::Unknown,
        };
        if *method == wanted || (*method == Method::HEAD && wanted == Method::GET) { route } else { Route::OtherMethod }
    }
}

impl Route<'_> {
    /// What numbers and logs call it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Route::Query(_) => "query",
            Route::Schema(_) => "schema",
            Route::Begin(_) => "begin",
            Route::Within(_, _, Step::Query) => "query in transaction",
            Route::Within(_, _, Step::Save) => "savepoint",
            Route::Within(_, _, Step::Commit) => "commit",
            Route::Within(_, _, Step::Rollback) => "rollback",
            Route::Invalidate => "invalidate",
            Route::Health => "health",
            Route::Ready => "ready",
            Route::Metrics => "metrics",
            Route::OtherMethod | Route::Unknown => "unknown",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(method: Method, path: &str, route: Route<'_>) {
        assert_eq!(Route::of(&method, path), route, "{method} {path}");
    }

    #[test]
    fn paths_of_the_protocol() {
        let client = Client { version: "6.19.3", hash: "abc" };
        check(Method::POST, "/6.19.3/abc/graphql", Route::Query(client));
        check(Method::PUT, "/6.19.3/abc/schema", Route::Schema(client));
        check(Method::POST, "/6.19.3/abc/transaction/start", Route::Begin(client));
        check(Method::POST, "/6.19.3/abc/itx/1/graphql", Route::Within(client, "1", Step::Query));
        check(Method::POST, "/6.19.3/abc/itx/1/transaction/start", Route::Within(client, "1", Step::Save));
        check(Method::POST, "/6.19.3/abc/itx/1/commit", Route::Within(client, "1", Step::Commit));
        check(Method::POST, "/6.19.3/abc/itx/1/rollback", Route::Within(client, "1", Step::Rollback));
        check(Method::POST, "/invalidate", Route::Invalidate);
        check(Method::GET, "/health", Route::Health);
        check(Method::HEAD, "/ready", Route::Ready);
        check(Method::GET, "/metrics", Route::Metrics);
    }

    #[test]
    fn other_paths() {
        for path in [
            "",
            "/",
            "//",
            "/graphql",
            "/a/b",
            "/a/b/c",
            "/a/b/graphql/",
            "/a/b/itx/1",
            "/a/b/itx/1/commit/x/y/z",
            "/a/b/itx/1/transaction/start/x",
            "/a/b/transaction/start/x/y/z/",
        ] {
            check(Method::POST, path, Route::Unknown);
        }
        check(Method::GET, "/a/b/graphql", Route::OtherMethod);
        check(Method::POST, "/a/b/schema", Route::OtherMethod);
    }
}
