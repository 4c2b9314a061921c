//! URLs as they may be shown: without their secrets.

/// A URL without its password and its parameters, since one of them may be a key. What is no URL is not shown at all.
pub(super) fn redacted(url: &str) -> String {
    if url.starts_with("file:") {
        return before_parameters(url).to_owned();
    }
    let Some((scheme, rest)) = url.split_once("://") else {
        return "***".to_owned();
    };
    let place = before_parameters(rest);
    if rest[place.len()..].contains('@') {
        // Where the password ends is not certain.
        return format!("{scheme}://***");
    }
    // A password may hold an unescaped `@` or `/`.
    match place.rsplit_once('@') {
        Some((credentials, host)) => {
            let user = credentials.split(':').next().unwrap_or_default();
            format!("{scheme}://{user}:***@{host}")
        }
        None => format!("{scheme}://{place}"),
    }
}

fn before_parameters(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::redacted;

    #[track_caller]
    fn check(url: &str, shown: &str) {
        assert_eq!(redacted(url), shown);
    }

    #[test]
    fn secrets_are_not_shown() {
        check("file:dev.db", "file:dev.db");
        check("file:dev.db?connection_limit=1", "file:dev.db");
        check(
            "postgresql://ada:secret@db.example:5432/shop?schema=public",
            "postgresql://ada:***@db.example:5432/shop",
        );
        check("postgresql://ada:a@b/c:d@db.example/shop", "postgresql://ada:***@db.example/shop");
        check("postgresql://db.example/shop", "postgresql://db.example/shop");
        check("https://pool.example/?api_key=secret", "https://pool.example/");
        check("https://pool.example/?api_key=a@b", "https://***");
        check("postgresql://ada:what?@db.example/shop", "postgresql://***");
        check("secret-without-scheme", "***");
        check("", "***");
    }
}
