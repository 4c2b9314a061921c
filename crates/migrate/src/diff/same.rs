//! When two descriptions mean the same, though they may not read the same.

use super::condition;
use crate::postgresql;
use crate::sqlite::default_text;
use lenslet_sql::ddl::{BaseType, Column, ColumnType, Default, Dialect, ForeignKey, Index, IndexColumn, PrimaryKey};

pub(super) fn column(dialect: Dialect, old: &Column, new: &Column) -> bool {
    ty(dialect, &old.ty, &new.ty) && nulls(old, new) && counts_up(old, new) && default(dialect, old, new)
}

/// A list that holds nothing and no list are the same to a client, and what counts up holds a number in every row.
fn nulls(old: &Column, new: &Column) -> bool {
    old.nullable == new.nullable || (old.ty.list && new.ty.list) || (old.autoincrement && new.autoincrement)
}

/// PostgreSQL knows most of its types by several names.
pub(super) fn ty(dialect: Dialect, old: &ColumnType, new: &ColumnType) -> bool {
    match (dialect, &old.base, &new.base) {
        (Dialect::Postgresql, BaseType::Database(a), BaseType::Database(b)) => {
            old.list == new.list && postgresql::type_name::canonical(a) == postgresql::type_name::canonical(b)
        }
        _ => old == new,
    }
}

/// The next number of a sequence may also be said as an expression.
fn counts_up(old: &Column, new: &Column) -> bool {
    old.autoincrement == new.autoincrement || (old.autoincrement && is_next_number(new.default.as_ref()))
}

fn is_next_number(default: Option<&Default>) -> bool {
    match default {
        Some(Default::Expression(sql)) => sql.trim_start_matches('(').starts_with("nextval("),
        Some(Default::Unknown) => true,
        _ => false,
    }
}

fn default(dialect: Dialect, old: &Column, new: &Column) -> bool {
    if old.autoincrement && !new.autoincrement && is_next_number(new.default.as_ref()) {
        return true;
    }
    // PostgreSQL gives a constant back with its type, and schemas may say it so.
    let read = |default: &Option<Default>| match (dialect, default) {
        (Dialect::Postgresql, Some(Default::Expression(sql))) => postgresql::default_text::parse(sql, &old.ty),
        (_, default) => default.clone(),
    };
    defaults(dialect, &old.ty, read(&old.default).as_ref(), read(&new.default).as_ref())
}

/// What the schema does not say, or cannot say of what the database has, may be anything.
fn defaults(dialect: Dialect, ty: &ColumnType, old: Option<&Default>, new: Option<&Default>) -> bool {
    match (old, new) {
        (_, Some(Default::Unknown)) | (Some(Default::Unknown), _) | (None, None) => true,
        (Some(old), Some(new)) if dialect == Dialect::Postgresql => as_postgresql_has_it(ty, old, new),
        (Some(old), Some(new)) => constant(old, new),
        _ => false,
    }
}

/// PostgreSQL brings constants to a form of its own.
fn as_postgresql_has_it(ty: &ColumnType, old: &Default, new: &Default) -> bool {
    let name = match &ty.base {
        BaseType::Database(name) => name.split('(').next().unwrap_or_default(),
        BaseType::Enum(_) => "",
    };
    match (old, new) {
        (Default::List(old), Default::List(new)) => {
            old.len() == new.len() && old.iter().zip(new).all(|(old, new)| as_postgresql_has_it(ty, old, new))
        }
        (Default::Text(old), Default::Text(new)) => match name {
            "JSON" | "JSONB" => document(old) == document(new),
            "DATE" => moment(old).0 == moment(new).0,
            "TIME" | "TIMETZ" => moment(old).1 == moment(new).1,
            "TIMESTAMP" | "TIMESTAMPTZ" => moment(old) == moment(new),
            _ => old == new,
        },
        (Default::Number(old), Default::Number(new)) => number(old) == number(new) || value(old) == value(new),
        (Default::Expression(old), Default::Expression(new)) => expression(old) == expression(new),
        // Money comes back as a number that is cast.
        (Default::Text(old), Default::Number(new)) if name == "MONEY" => number(old) == number(new),
        (old, new) => constant(old, new),
    }
}

fn document(text: &str) -> Result<serde_json::Value, &str> {
    serde_json::from_str(text).map_err(|_| text)
}

/// Day and time, without what does not matter: the offset of UTC, zeros at the end of a fraction.
fn moment(text: &str) -> (&str, String) {
    let text = text.trim().trim_end_matches('Z');
    let (day, rest) = match text.split_once([' ', 'T']) {
        Some(parts) => parts,
        None if text.contains(':') => ("", text),
        None => (text, ""),
    };
    let (time, offset) = rest.split_at(rest.find(['+', '-']).unwrap_or(rest.len()));
    let offset = if matches!(offset, "+00" | "+00:00" | "-00" | "-00:00") { "" } else { offset };
    let (whole, fraction) = time.trim().split_once('.').unwrap_or((time.trim(), ""));
    (day, format!("{whole}.{}{offset}", fraction.trim_end_matches('0')))
}

/// Only for numbers that a text can say in several ways; exact ones are compared as text before.
fn value(text: &str) -> Option<f64> {
    let is_exact = !text.contains(['e', 'E', '.']);
    text.parse().ok().filter(|_| !is_exact)
}

fn expression(sql: &str) -> String {
    condition::normal(postgresql::default_text::without_casts(sql))
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
            unnamed_primary_key(old, new) && (!named || old.name == new.name)
        }
        (old, new) => old.is_none() && new.is_none(),
    }
}

/// The same key under any name.
pub(super) fn unnamed_primary_key(old: &PrimaryKey, new: &PrimaryKey) -> bool {
    // SQLite does not tell which way a column of a primary key is ordered.
    old.columns.iter().map(|it| &it.name).eq(new.columns.iter().map(|it| &it.name))
}

/// The same index under any name.
pub(super) fn index(old: &Index, new: &Index) -> bool {
    old.kind == new.kind
        && old.columns.len() == new.columns.len()
        && old.columns.iter().zip(&new.columns).all(|(old, new)| index_column(old, new))
        && old.algorithm == new.algorithm
        && match (&old.predicate, &new.predicate) {
            (Some(old), Some(new)) => condition::normal(old) == condition::normal(new),
            (old, new) => old == new,
        }
}

fn index_column(old: &IndexColumn, new: &IndexColumn) -> bool {
    let same_class = match (&old.operator_class, &new.operator_class) {
        (Some(old), Some(new)) => old.name == new.name,
        (Some(one), None) | (None, Some(one)) => one.is_default,
        (None, None) => true,
    };
    same_class && old.name == new.name && old.descending == new.descending && old.length == new.length
}

pub(super) fn foreign_key(dialect: Dialect, old: &ForeignKey, new: &ForeignKey) -> bool {
    let named = dialect.capabilities().names_foreign_keys;
    unnamed_foreign_key(old, new) && (!named || old.name == new.name)
}

/// The same key under any name.
pub(super) fn unnamed_foreign_key(old: &ForeignKey, new: &ForeignKey) -> bool {
    old.columns == new.columns
        && old.references == new.references
        && old.referenced_columns == new.referenced_columns
        && old.on_delete == new.on_delete
        && old.on_update == new.on_update
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
    fn equal_moments() {
        let same = [
            ("2024-02-29 00:00:00 +00:00", "2024-02-29 00:00:00"),
            ("2018-01-27 08:00:00.500 +00:00", "2018-01-27 08:00:00.5+00"),
            ("10:00:00", "10:00:00+00"),
        ];
        for (a, b) in same {
            assert_eq!(moment(a), moment(b));
        }
        assert_ne!(moment("2024-02-29 10:00:00 +02:00"), moment("2024-02-29 10:00:00"));
        assert_eq!(moment("2024-02-29").0, moment("2024-02-29 00:00:00 +00:00").0);
    }
}
