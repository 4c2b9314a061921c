//! How a script can be run: within a transaction of ours, as it is, or one statement at a time.

use crate::postgresql::statements;
use lenslet_sql::ddl::Dialect;

/// How a script is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// In one transaction with its record: whatever happens, either both are there or neither.
    Whole,
    /// As it is: it has transactions of its own.
    AsItIs,
    /// One statement at a time, because one of them must stand outside of any transaction.
    Apart,
}

/// How a script has to be run.
pub(super) fn way(dialect: Dialect, script: &str) -> Way {
    match dialect {
        Dialect::Postgresql => postgresql(script),
        Dialect::Sqlite | Dialect::Mysql if is_transactional(script) => Way::Whole,
        Dialect::Sqlite | Dialect::Mysql => Way::AsItIs,
    }
}

fn postgresql(script: &str) -> Way {
    let mut way = Way::Whole;
    for (_, statement) in statements::statements(script) {
        let statement = statements::without_comments(statement);
        let words: Vec<_> = statement.split_whitespace().take(8).map(str::to_ascii_uppercase).collect();
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["CREATE" | "DROP" | "REINDEX" | "ALTER", rest @ ..] if rest.contains(&"CONCURRENTLY") => {
                return Way::Apart;
            }
            ["VACUUM", ..] | ["CREATE" | "DROP", "DATABASE" | "TABLESPACE" | "SUBSCRIPTION", ..] => return Way::Apart,
            ["ALTER", "SYSTEM", ..] | ["REINDEX", "DATABASE" | "SYSTEM" | "SCHEMA", ..] => return Way::Apart,
            ["BEGIN" | "START" | "COMMIT" | "END" | "ROLLBACK" | "ABORT", ..] => way = Way::AsItIs,
            _ => {}
        }
    }
    way
}

/// The statements of a script, without comments before them.
pub(super) fn statements(dialect: Dialect, script: &str) -> Vec<&str> {
    match dialect {
        Dialect::Postgresql => {
            statements::statements(script).into_iter().map(|(_, it)| statements::without_comments(it)).collect()
        }
        Dialect::Sqlite | Dialect::Mysql => Statements(script).collect(),
    }
}

/// Whether a script neither begins nor ends transactions of its own, nor holds what must stand outside of one.
fn is_transactional(script: &str) -> bool {
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
    fn scripts_for_postgresql_say_how_they_run() {
        let cases = [
            ("CREATE TABLE a (b int); DO $$ BEGIN COMMIT; END $$;", Way::Whole),
            ("-- x\nBEGIN; SELECT 1; COMMIT", Way::AsItIs),
            ("CREATE UNIQUE INDEX CONCURRENTLY i ON a (b)", Way::Apart),
            ("BEGIN; SELECT 1; COMMIT; drop index concurrently i;", Way::Apart),
            ("ALTER TYPE a ADD VALUE 'BEGIN'", Way::Whole),
            ("SELECT 'VACUUM'; VACUUM", Way::Apart),
            ("", Way::Whole),
        ];
        for (script, expected) in cases {
            assert_eq!(way(Dialect::Postgresql, script), expected, "{script}");
        }
    }

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
