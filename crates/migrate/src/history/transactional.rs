//! Whether a script can run inside a transaction of ours.

/// Whether a script neither begins nor ends transactions of its own, nor holds what must stand outside of one.
pub(super) fn is_transactional(script: &str) -> bool {
    let mut in_trigger = false;
    for statement in Statements(script) {
        let words: Vec<_> = statement.split_whitespace().take(4).map(str::to_ascii_uppercase).collect();
        let first = words.first().map(String::as_str).unwrap_or_default();
        match first {
            "END" if in_trigger => in_trigger = false,
            "CREATE" if words.iter().any(|word| word == "TRIGGER") => in_trigger = true,
            "BEGIN" | "COMMIT" | "END" | "ROLLBACK" | "SAVEPOINT" | "RELEASE" | "VACUUM" => return false,
            _ => {}
        }
    }
    true
}

/// What stands between semicolons, without leading comments.
struct Statements<'s>(&'s str);

impl<'s> Iterator for Statements<'s> {
    type Item = &'s str;

    fn next(&mut self) -> Option<&'s str> {
        let text = without_comments(self.0);
        let end = statement_end(text);
        let (statement, rest) = text.split_at_checked(end).unwrap_or((text, ""));
        self.0 = rest.strip_prefix(';').unwrap_or(rest);
        (!text.is_empty()).then_some(statement)
    }
}

fn without_comments(mut text: &str) -> &str {
    loop {
        text = text.trim_start();
        let end = if text.starts_with("--") {
            text.find('\n')
        } else if text.starts_with("/*") {
            text.find("*/").map(|at| at + 2)
        } else {
            return text;
        };
        text = end.and_then(|at| text.get(at..)).unwrap_or_default();
    }
}

/// Where the first semicolon is that stands neither in quotes nor in a comment.
fn statement_end(text: &str) -> usize {
    let mut rest = text;
    while let Some(it) = rest.chars().next() {
        let length = match it {
            ';' => return text.len() - rest.len(),
            '\'' | '"' | '`' => quoted_length(rest, it),
            '[' => quoted_length(rest, ']'),
            '-' if rest.starts_with("--") => rest.len() - without_comments(rest).len(),
            '/' if rest.starts_with("/*") => rest.len() - without_comments(rest).len(),
            it => it.len_utf8(),
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    text.len()
}

/// A doubled quote is read as the end of one text and the beginning of the next, which comes to the same.
fn quoted_length(text: &str, close: char) -> usize {
    let inside = text.get(1..).unwrap_or_default();
    inside.find(close).map_or(text.len(), |at| at + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transactions_are_found_where_they_are() {
        let plain = "-- begin;\nCREATE TABLE \"BEGIN\" (a); /* commit; */ INSERT INTO t VALUES ('; BEGIN; ''x''');";
        assert!(is_transactional(plain));
        let trigger = "CREATE TEMP TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM b; SELECT 1; END; SELECT 2";
        assert!(is_transactional(trigger));
        for script in ["BEGIN; SELECT 1; COMMIT;", "SELECT 1; -- x\n vacuum", "/* a */ SAVEPOINT s", "SELECT [;];\nEND"]
        {
            assert!(!is_transactional(script), "{script}");
        }
    }
}
