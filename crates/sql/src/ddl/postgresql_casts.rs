//! Which types of PostgreSQL can be turned into which.

use super::structure::{BaseType, ColumnType};

/// How values of one type become values of another: directly, or by way of a third type (for lists, of lists of it). None
/// where they cannot.
///
/// That a cast exists says nothing of a value: not every text is a number.
pub(super) fn path(from: &ColumnType, to: &ColumnType) -> Option<Option<&'static str>> {
    if from.list != to.list {
        // A list can be written as a text, but nothing else.
        return (from.list && family(&to.base) == Family::Text).then_some(None);
    }
    let (old, new) = (family(&from.base), family(&to.base));
    match (old, new) {
        (Family::Enum, Family::Enum) => Some(Some("TEXT")),
        (Family::Text, _) | (_, Family::Text) => Some(None),
        (Family::Number, Family::Number) => is_money_of(&from.base, &to.base).then_some(None),
        (Family::Boolean, Family::Number) => by_integer(&to.base),
        (Family::Number, Family::Boolean) => by_integer(&from.base),
        (Family::Moment, Family::Time) => is_time_of(&from.base, &to.base).then_some(None),
        (Family::Other, Family::Other) => (named(&from.base) == named(&to.base)).then_some(None),
        (old, new) if old == new => Some(None),
        _ => None,
    }
}

/// Whether values that are cast directly turn by themselves. Otherwise the cast has to be written down.
pub(super) fn is_implied(from: &ColumnType, to: &ColumnType) -> bool {
    match (family(&from.base), family(&to.base)) {
        (_, Family::Text) | (Family::Moment, Family::Time) => true,
        (Family::Enum, _) => false,
        (old, new) => old == new && from.list == to.list,
    }
}

/// Money is exact, and object identifiers are integers.
fn is_money_of(from: &BaseType, to: &BaseType) -> bool {
    match (named(from).as_str(), named(to).as_str()) {
        ("MONEY", "OID") | ("OID", "MONEY") => false,
        ("MONEY", to) => matches!(to, "MONEY" | "DECIMAL"),
        (from, "MONEY") => matches!(from, "INTEGER" | "BIGINT" | "DECIMAL"),
        ("OID", to) => matches!(to, "OID" | "INTEGER" | "BIGINT"),
        (from, "OID") => matches!(from, "SMALLINT" | "INTEGER" | "BIGINT"),
        _ => true,
    }
}

/// A time with an offset is a part of a moment with one only.
fn is_time_of(from: &BaseType, to: &BaseType) -> bool {
    match named(from).as_str() {
        "DATE" => false,
        "TIMESTAMP" => named(to) == "TIME",
        _ => true,
    }
}

/// Types that can be turned into each other.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Family {
    Text,
    Enum,
    Boolean,
    Number,
    Moment,
    Time,
    Document,
    Bits,
    /// Only into itself, and a text.
    Alone(&'static str),
    /// Of an extension, say: the same for the same name only.
    Other,
}

fn named(base: &BaseType) -> String {
    match base {
        BaseType::Database(name) => name.split('(').next().unwrap_or_default().to_uppercase(),
        BaseType::Enum(_) => String::new(),
    }
}

/// Between truth and numbers, PostgreSQL casts integers only.
fn by_integer(number: &BaseType) -> Option<Option<&'static str>> {
    match named(number).as_str() {
        "INTEGER" => Some(None),
        "MONEY" | "OID" => None,
        _ => Some(Some("INTEGER")),
    }
}

fn family(base: &BaseType) -> Family {
    if matches!(base, BaseType::Enum(_)) {
        return Family::Enum;
    }
    match named(base).as_str() {
        "TEXT" | "VARCHAR" | "CHAR" | "CITEXT" => Family::Text,
        "BOOLEAN" => Family::Boolean,
        "SMALLINT" | "INTEGER" | "BIGINT" | "DECIMAL" | "REAL" | "DOUBLE PRECISION" | "MONEY" | "OID" => Family::Number,
        "TIMESTAMP" | "TIMESTAMPTZ" | "DATE" => Family::Moment,
        "TIME" | "TIMETZ" => Family::Time,
        "JSON" | "JSONB" => Family::Document,
        "BIT" | "VARBIT" => Family::Bits,
        "BYTEA" => Family::Alone("BYTEA"),
        "UUID" => Family::Alone("UUID"),
        "INET" => Family::Alone("INET"),
        "XML" => Family::Alone("XML"),
        _ => Family::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_find_their_way() {
        let cases = [
            ("INTEGER", "BIGINT", Some(None)),
            ("TEXT", "UUID", Some(None)),
            ("BOOLEAN", "BIGINT", Some(Some("INTEGER"))),
            ("DOUBLE PRECISION", "BOOLEAN", Some(Some("INTEGER"))),
            ("BOOLEAN", "TIMESTAMP(3)", None),
            ("TIMESTAMP(3)", "TIME", Some(None)),
            ("DATE", "TIME", None),
            ("JSON", "JSONB", Some(None)),
            ("BYTEA", "UUID", None),
            ("BYTEA", "VARCHAR(20)", Some(None)),
            ("vector(3)", "vector(4)", Some(None)),
            ("vector(3)", "INTEGER", None),
            ("point", "interval", None),
            ("MONEY", "DECIMAL(10,2)", Some(None)),
            ("REAL", "MONEY", None),
            ("MONEY", "BOOLEAN", None),
            ("TIMESTAMP(3)", "TIMETZ", None),
        ];
        for (from, to, expected) in cases {
            assert_eq!(path(&ColumnType::database(from), &ColumnType::database(to)), expected, "{from} to {to}");
        }
        let list = ColumnType { list: true, ..ColumnType::database("INTEGER") };
        assert_eq!(path(&list, &ColumnType::database("TEXT")), Some(None));
        assert_eq!(path(&ColumnType::database("INTEGER"), &list), None);
    }
}
