//! When two descriptions mean the same, though they may not read the same.

use crate::sqlite::default_text;
use lenslet_sql::ddl::{Column, Default, Dialect, ForeignKey, Index, PrimaryKey};

pub(super) fn column(old: &Column, new: &Column) -> bool {
    old.ty == new.ty
        && old.nullable == new.nullable
        && old.autoincrement == new.autoincrement
        && default(old.default.as_ref(), new.default.as_ref())
}

/// What the schema does not say, or cannot say of what the database has, may be anything.
fn default(old: Option<&Default>, new: Option<&Default>) -> bool {
    match (old, new) {
        (_, Some(Default::Unknown)) | (Some(Default::Unknown), _) | (None, None) => true,
        (Some(old), Some(new)) => constant(old, new),
        _ => false,
    }
}

fn constant(old: &Default, new: &Default) -> bool {
    match (old, new) {
        (Default::Number(old), Default::Number(new)) => number(old) == number(new),
        // Prisma 6 writes bytes as the text of their digits.
        (Default::Text(digits), Default::Bytes(bytes)) => default_text::bytes(digits).as_ref() == Some(bytes),
        (Default::Expression(old), Default::Expression(new)) => words(old).eq(words(new)),
        (old, new) => old == new,
    }
}

/// A number's text without what does not change it: `1.50` and `1.5`, `+2` and `2`.
fn number(text: &str) -> &str {
    let text = text.strip_prefix('+').unwrap_or(text);
    match text.contains('.') && !text.contains(['e', 'E']) {
        true => text.trim_end_matches('0').trim_end_matches('.'),
        false => text,
    }
}

fn words(sql: &str) -> impl Iterator<Item = &str> {
    sql.split_whitespace()
}

pub(super) fn primary_key(dialect: Dialect, old: Option<&PrimaryKey>, new: Option<&PrimaryKey>) -> bool {
    match (old, new) {
        (Some(old), Some(new)) => {
            let named = dialect.capabilities().names_primary_keys;
            // SQLite does not tell which way a column of a primary key is ordered.
            let names = |key: &PrimaryKey| key.columns.iter().map(|it| it.name.clone()).collect::<Vec<_>>();
            names(old) == names(new) && (!named || old.name == new.name)
        }
        (old, new) => old.is_none() && new.is_none(),
    }
}

/// The same index under any name.
pub(super) fn index(old: &Index, new: &Index) -> bool {
    old.kind == new.kind
        && old.columns == new.columns
        && old.algorithm == new.algorithm
        && match (&old.predicate, &new.predicate) {
            (Some(old), Some(new)) => predicate(old) == predicate(new),
            (old, new) => old == new,
        }
}

/// A condition without what databases add to it: parentheses around it, spaces, letters' case outside of quotes.
fn predicate(sql: &str) -> String {
    let (mut text, mut quote) = (String::new(), None);
    for it in default_text::without_parentheses(sql).chars() {
        match (quote, it) {
            (Some(open), _) if open == it => quote = None,
            (None, '\'' | '"') => quote = Some(it),
            _ => {}
        }
        match quote {
            None if it.is_whitespace() => {}
            None => text.extend(it.to_lowercase()),
            Some(_) => text.push(it),
        }
    }
    text
}

pub(super) fn foreign_key(dialect: Dialect, old: &ForeignKey, new: &ForeignKey) -> bool {
    let named = dialect.capabilities().names_foreign_keys;
    old.columns == new.columns
        && old.references == new.references
        && old.referenced_columns == new.referenced_columns
        && old.on_delete == new.on_delete
        && old.on_update == new.on_update
        && (!named || old.name == new.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_constants() {
        let number = |text: &str| Default::Number(text.to_owned());
        assert!(constant(&number("1.50"), &number("1.5")));
        assert!(constant(&number("1.0"), &number("1")));
        assert!(!constant(&number("10"), &number("1")));
        assert!(constant(&Default::Text("74657374".into()), &Default::Bytes(b"test".to_vec())));
        assert!(!constant(&Default::Text("7".into()), &Default::Number("7".into())));
    }

    #[test]
    fn equal_conditions() {
        assert_eq!(predicate("(\"a\" IS NOT NULL)"), predicate("\"a\" is  not null"));
        assert_ne!(predicate("a = 'X'"), predicate("a = 'x'"));
    }
}
