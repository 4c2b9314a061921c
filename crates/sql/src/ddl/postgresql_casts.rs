//! Which types of PostgreSQL can be turned into which.

use super::structure::{BaseType, ColumnType};

/// How values of one type become values of another: directly, or by way of a third type. None where they cannot.
///
/// That a cast exists says nothing of a value: not every text is a number.
pub(super) fn path(from: &ColumnType, to: &ColumnType) -> Option<Option<&'static str>> {
    if from.list != to.list {
        // A list can be written as a text, but nothing else.
        return (from.list && family(&to.base) == Family::Text).then_some(None);
    }
    let (old, new) = (family(&from.base), family(&to.base));
    match (old, new) {
        (Family::Enum, Family::Enum) => Some(Some(if from.list { "TEXT[]" } else { "TEXT" })),
        (Family::Text, _) | (_, Family::Text) | (Family::Other, _) | (_, Family::Other) => Some(None),
        (Family::Boolean, Family::Number) if !is_integer(&to.base) => Some(Some("INTEGER")),
        (Family::Number, Family::Boolean) if !is_integer(&from.base) => Some(Some("INTEGER")),
        (Family::Boolean, Family::Number) | (Family::Number, Family::Boolean) => Some(None),
        (Family::Moment, Family::Time) if named(&from.base) != "DATE" => Some(None),
        (old, new) if old == new => Some(None),
        _ => None,
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
    /// The database knows.
    Other,
}

fn named(base: &BaseType) -> &str {
    match base {
        BaseType::Database(name) => name.split('(').next().unwrap_or_default(),
        BaseType::Enum(_) => "",
    }
}

/// Between truth and numbers, PostgreSQL casts these only.
fn is_integer(base: &BaseType) -> bool {
    named(base) == "INTEGER"
}

fn family(base: &BaseType) -> Family {
    if matches!(base, BaseType::Enum(_)) {
        return Family::Enum;
    }
    match named(base) {
        "TEXT" | "VARCHAR" | "CHAR" | "CITEXT" => Family::Text,
        "BOOLEAN" => Family::Boolean,
        "SMALLINT" | "INTEGER" | "BIGINT" | "DECIMAL" | "REAL" | "DOUBLE PRECISION" => Family::Number,
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
            ("vector(3)", "INTEGER", Some(None)),
        ];
        for (from, to, expected) in cases {
            assert_eq!(path(&ColumnType::database(from), &ColumnType::database(to)), expected, "{from} to {to}");
        }
        let list = ColumnType { list: true, ..ColumnType::database("INTEGER") };
        assert_eq!(path(&list, &ColumnType::database("TEXT")), Some(None));
        assert_eq!(path(&ColumnType::database("INTEGER"), &list), None);
    }
}
