//! The smallest pieces of SQL text: names and constants.

use super::structure::{Default, ForeignKey, IndexColumn, ObjectName};
use super::{Dialect, Table};
use lenslet_core::catalog::ReferentialAction;

/// A name as the dialect quotes it.
pub fn quoted(dialect: Dialect, name: &str) -> String {
    match dialect {
        Dialect::Sqlite | Dialect::Postgresql => format!("\"{}\"", name.replace('"', "\"\"")),
        Dialect::Mysql => format!("`{}`", name.replace('`', "``")),
    }
}

/// The name of a table or type, with its namespace.
pub fn qualified(dialect: Dialect, name: &ObjectName) -> String {
    match &name.schema {
        Some(schema) => format!("{}.{}", quoted(dialect, schema), quoted(dialect, &name.name)),
        None => quoted(dialect, &name.name),
    }
}

/// Quoted names with a separator between them.
pub(super) fn list<'a>(dialect: Dialect, names: impl IntoIterator<Item = &'a String>, separator: &str) -> String {
    let names: Vec<_> = names.into_iter().map(|name| quoted(dialect, name)).collect();
    names.join(separator)
}

/// A text constant.
pub fn string(dialect: Dialect, text: &str) -> String {
    let text = text.replace('\'', "''");
    match dialect {
        Dialect::Sqlite | Dialect::Postgresql => format!("'{text}'"),
        Dialect::Mysql => format!("'{}'", text.replace('\\', "\\\\")),
    }
}

/// The text behind `DEFAULT`, when the database is to know the default.
pub(super) fn default(dialect: Dialect, default: &Default, ty: &str) -> Option<String> {
    Some(match default {
        Default::Text(text) => string(dialect, text),
        Default::Number(number) => number.clone(),
        Default::Boolean(value) => value.to_string(),
        Default::Bytes(bytes) => match dialect {
            Dialect::Sqlite | Dialect::Mysql => format!("X'{}'", hex(bytes)),
            Dialect::Postgresql => format!("'\\x{}'", hex(bytes)),
        },
        Default::Now => now(dialect, ty),
        Default::List(items) => {
            let items: Option<Vec<_>> = items.iter().map(|item| self::default(dialect, item, ty)).collect();
            format!("ARRAY[{}]::{ty}", items?.join(", "))
        }
        Default::Expression(sql) => match dialect {
            Dialect::Sqlite => format!("({sql})"),
            Dialect::Postgresql | Dialect::Mysql => sql.clone(),
        },
        Default::Unknown => return None,
    })
}

/// MySQL wants the precision of the column repeated.
fn now(dialect: Dialect, ty: &str) -> String {
    let precision = match dialect {
        Dialect::Mysql => ty.find('(').and_then(|at| ty.get(at..)).unwrap_or(""),
        Dialect::Sqlite | Dialect::Postgresql => "",
    };
    format!("CURRENT_TIMESTAMP{precision}")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn action(action: ReferentialAction) -> &'static str {
    match action {
        ReferentialAction::Cascade => "CASCADE",
        ReferentialAction::Restrict => "RESTRICT",
        ReferentialAction::NoAction => "NO ACTION",
        ReferentialAction::SetNull => "SET NULL",
        ReferentialAction::SetDefault => "SET DEFAULT",
    }
}

/// `CONSTRAINT … FOREIGN KEY … REFERENCES …`, with `gap` between the table referred to and its columns.
pub(super) fn foreign_key(dialect: Dialect, key: &ForeignKey, gap: &str) -> String {
    let name = key.name.as_ref().map(|name| format!("CONSTRAINT {} ", quoted(dialect, name))).unwrap_or_default();
    format!(
        "{name}FOREIGN KEY ({}) REFERENCES {}{gap}({}) ON DELETE {} ON UPDATE {}",
        list(dialect, &key.columns, ", "),
        qualified(dialect, &key.references),
        list(dialect, &key.referenced_columns, ", "),
        action(key.on_delete),
        action(key.on_update),
    )
}

/// Which way an index orders a column, as far as the schema says it.
pub(super) fn order(column: &IndexColumn) -> &'static str {
    match (column.descending, column.says_ascending) {
        (true, _) => " DESC",
        (false, true) => " ASC",
        (false, false) => "",
    }
}

/// The statement that turns the nulls of a column into something else.
pub(super) fn fill_nulls(dialect: Dialect, table: &ObjectName, column: &str, value: &str) -> String {
    let (table, column) = (qualified(dialect, table), quoted(dialect, column));
    format!("UPDATE {table} SET {column} = {value} WHERE {column} IS NULL")
}

/// The statement that makes a table out of lines: columns first, then, after an empty line, what `rest` holds.
pub(super) fn create_table(dialect: Dialect, table: &Table, columns: &[String], rest: &str) -> String {
    let columns: Vec<_> = columns.iter().map(|column| format!("    {column}")).collect();
    format!("CREATE TABLE {} (\n{}{rest}\n)", qualified(dialect, &table.name), columns.join(",\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_texts_end_where_they_should() {
        let name = ObjectName { schema: Some("a\"b".into()), name: "c`d".into() };
        assert_eq!(qualified(Dialect::Postgresql, &name), "\"a\"\"b\".\"c`d\"");
        assert_eq!(quoted(Dialect::Mysql, &name.name), "`c``d`");
        assert_eq!(string(Dialect::Sqlite, r"it's \"), r"'it''s \'");
        assert_eq!(string(Dialect::Mysql, r"it's \"), r"'it''s \\'");
    }

    #[test]
    fn defaults_are_written_for_their_type() {
        let list = Default::List(vec![Default::Text("a".into()), Default::Text("b'".into())]);
        let cases = [
            (Dialect::Postgresql, &list, "TEXT[]", "ARRAY['a', 'b''']::TEXT[]"),
            (Dialect::Mysql, &Default::Now, "DATETIME(3)", "CURRENT_TIMESTAMP(3)"),
            (Dialect::Mysql, &Default::Now, "DATETIME", "CURRENT_TIMESTAMP"),
            (Dialect::Sqlite, &Default::Expression("1 + 1".into()), "INTEGER", "(1 + 1)"),
            (Dialect::Sqlite, &Default::Bytes(vec![0, 255]), "BLOB", "X'00ff'"),
            (Dialect::Postgresql, &Default::Bytes(vec![0, 255]), "BYTEA", r"'\x00ff'"),
        ];
        for (dialect, value, ty, expected) in cases {
            assert_eq!(default(dialect, value, ty).as_deref(), Some(expected));
        }
        assert_eq!(default(Dialect::Sqlite, &Default::Unknown, "TEXT"), None);
    }
}
