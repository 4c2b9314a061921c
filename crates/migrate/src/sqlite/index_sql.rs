//! What of an index only its own statement tells.

/// The condition of a partial index: what follows its `WHERE`.
pub(crate) fn predicate(sql: &str) -> Option<String> {
    let after_columns = columns_end(sql)?;
    let rest = sql.get(after_columns..)?.trim();
    let word = rest.get(..5)?;
    word.eq_ignore_ascii_case("where").then(|| rest.get(5..).unwrap_or_default().trim().to_owned())
}

/// Where the parenthesis after the last column is closed.
fn columns_end(sql: &str) -> Option<usize> {
    let (mut depth, mut quote) = (0_usize, None);
    for (at, it) in sql.char_indices() {
        match (quote, it) {
            (Some(open), _) if open == it => quote = None,
            (Some(_), _) => {}
            (None, '[') => quote = Some(']'),
            (None, '\'' | '"' | '`') => quote = Some(it),
            (None, '(') => depth += 1,
            (None, ')') if depth <= 1 => return Some(at + 1),
            (None, ')') => depth -= 1,
            (None, _) => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::predicate;

    #[test]
    fn a_condition_follows_the_columns() {
        assert_eq!(predicate(r#"CREATE INDEX "a where" ON t("b") WHERE b > (1)"#).as_deref(), Some("b > (1)"));
        assert_eq!(predicate("create index i on t(lower(b), [c)]) where\n c is null").as_deref(), Some("c is null"));
        assert_eq!(predicate("CREATE INDEX i ON t(a)"), None);
    }
}
