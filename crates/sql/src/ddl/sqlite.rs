//! SQLite's words. It can add a column; for anything else a table is built again.

use super::change::{Change, Redefinition, TableChange};
use super::structure::{BaseType, Column, ForeignKey, Index, IndexColumn, IndexKind, ObjectName, PrimaryKey, Table};
use super::{Dialect, text};

const SQLITE: Dialect = Dialect::Sqlite;

/// The statements of a change. Namespaces, extensions and enum types are no part of SQLite, foreign keys no statement of
/// their own, and nulls are filled while a table is built again; the differ makes no such change.
pub(super) fn statements(change: &Change) -> Vec<String> {
    match change {
        Change::CreateSchema(_)
        | Change::CreateExtension(_)
        | Change::CreateEnum(_)
        | Change::AlterEnum(_)
        | Change::DropEnum(_)
        | Change::RenameEnum { .. }
        | Change::FillNulls { .. }
        | Change::DropForeignKey { .. }
        | Change::AddForeignKey { .. }
        | Change::RenamePrimaryKey { .. }
        | Change::RenameForeignKey { .. }
        | Change::RenameIndex { .. } => Vec::new(),
        Change::RenameTable { from, to } => rename_table(from, to),
        Change::RenameColumn { table, from, to } => {
            vec![format!("ALTER TABLE {} RENAME COLUMN {} TO {}", quoted(&table.name), quoted(from), quoted(to))]
        }
        Change::RenameVariant { from, to, columns, .. } => {
            columns.iter().map(|(table, column)| replace_text(table, column, from, to)).collect()
        }
        Change::DropIndex { name, .. } => vec![format!("DROP INDEX {}", quoted(name))],
        Change::AlterTable { table, changes } => changes.iter().filter_map(|change| alter(table, change)).collect(),
        Change::DropTable(name) => drop_table(name),
        Change::CreateTable(table) => vec![create_table(table)],
        Change::RedefineTables(tables) => redefine(tables),
        Change::CreateIndex { table, index } => vec![create_index(table, index)],
    }
}

fn quoted(name: &str) -> String {
    text::quoted(SQLITE, name)
}

/// Rows of other tables that refer to the table must not be deleted along with it.
fn drop_table(name: &ObjectName) -> Vec<String> {
    vec![
        "PRAGMA foreign_keys=off".to_owned(),
        format!("DROP TABLE {}", quoted(&name.name)),
        "PRAGMA foreign_keys=on".to_owned(),
    ]
}

/// Keys of other tables that refer to it have to follow, which the old way of renaming leaves out.
fn rename_table(from: &ObjectName, to: &str) -> Vec<String> {
    let rename = format!("ALTER TABLE {} RENAME TO {}", quoted(&from.name), quoted(to));
    vec!["PRAGMA legacy_alter_table=off".to_owned(), rename]
}

fn replace_text(table: &ObjectName, column: &str, from: &str, to: &str) -> String {
    let (table, column) = (quoted(&table.name), quoted(column));
    let [from, to] = [from, to].map(|it| text::string(SQLITE, it));
    format!("UPDATE {table} SET {column} = {to} WHERE {column} = {from}")
}

fn alter(table: &ObjectName, change: &TableChange) -> Option<String> {
    match change {
        TableChange::AddColumn(it) => {
            Some(format!("ALTER TABLE {} ADD COLUMN {}", quoted(&table.name), column(it, None)))
        }
        TableChange::DropPrimaryKey { .. }
        | TableChange::DropColumn(_)
        | TableChange::AlterColumn { .. }
        | TableChange::AddPrimaryKey(_) => None,
    }
}

fn create_table(table: &Table) -> String {
    let inline = inline_key(table);
    let columns: Vec<_> = table.columns.iter().map(|it| column(it, inline)).collect();
    let key = match (&table.primary_key, inline) {
        (Some(key), None) => format!(",\n\n    PRIMARY KEY ({})", indexed(&key.columns)),
        _ => String::new(),
    };
    let keys: String = table.foreign_keys.iter().map(foreign_key).collect();
    text::create_table(SQLITE, table, &columns, &(key + &keys))
}

/// Only beside its column can a key count up.
fn inline_key(table: &Table) -> Option<&str> {
    match table.primary_key.as_ref() {
        Some(PrimaryKey { columns, .. }) => match columns.as_slice() {
            [only] if !only.descending => Some(&only.name),
            _ => None,
        },
        None => None,
    }
}

fn foreign_key(key: &ForeignKey) -> String {
    format!(",\n    {}", text::foreign_key(SQLITE, key, " "))
}

fn column(column: &Column, inline_key: Option<&str>) -> String {
    let ty = type_name(column);
    let null = if column.nullable { "" } else { " NOT NULL" };
    let key = match inline_key == Some(column.name.as_str()) {
        true if column.autoincrement => " PRIMARY KEY AUTOINCREMENT",
        true => " PRIMARY KEY",
        false => "",
    };
    let default = default(column).map(|it| format!(" DEFAULT {it}")).unwrap_or_default();
    let collation = column.collation.as_ref().map(|it| format!(" COLLATE {it}")).unwrap_or_default();
    format!("{} {ty}{null}{key}{default}{collation}", quoted(&column.name))
}

fn type_name(column: &Column) -> &str {
    match &column.ty.base {
        BaseType::Database(name) => name,
        BaseType::Enum(_) => "TEXT",
    }
}

fn default(column: &Column) -> Option<String> {
    text::default(SQLITE, column.default.as_ref()?, type_name(column))
}

fn indexed(columns: &[IndexColumn]) -> String {
    let columns: Vec<_> =
        columns.iter().map(|column| format!("{}{}", quoted(&column.name), text::order(column))).collect();
    columns.join(", ")
}

fn create_index(table: &ObjectName, index: &Index) -> String {
    let unique = if index.kind == IndexKind::Unique { "UNIQUE " } else { "" };
    let predicate = index.predicate.as_ref().map(|sql| format!(" WHERE {sql}")).unwrap_or_default();
    format!(
        "CREATE {unique}INDEX {} ON {}({}){predicate}",
        quoted(&index.name),
        quoted(&table.name),
        indexed(&index.columns)
    )
}

/// As <https://www.sqlite.org/lang_altertable.html> advises: a new table beside the old one, rows copied, the old one
/// dropped, the new one renamed, what hung on the old one made again.
fn redefine(tables: &[Redefinition]) -> Vec<String> {
    let before = ["PRAGMA defer_foreign_keys=ON", "PRAGMA foreign_keys=OFF"];
    let after = ["PRAGMA foreign_keys=ON", "PRAGMA defer_foreign_keys=OFF"];
    let mut statements: Vec<String> = before.map(str::to_owned).into();
    tables.iter().for_each(|table| rebuild(table, &mut statements));
    statements.extend(after.map(str::to_owned));
    statements
}

fn rebuild(tables: &Redefinition, statements: &mut Vec<String>) {
    let (from, to) = (&tables.from, &tables.to);
    let beside = ObjectName::plain(format!("new_{}", to.name.name));
    statements.push(create_table(&Table { name: beside.clone(), ..to.clone() }));
    statements.extend(copy_rows(from, to, &beside));
    statements.push(format!("DROP TABLE {}", quoted(&from.name.name)));
    statements.push(format!("ALTER TABLE {} RENAME TO {}", quoted(&beside.name), quoted(&to.name.name)));
    statements.extend(to.indexes.iter().map(|index| create_index(&to.name, index)));
    statements.extend(from.attachments.iter().map(|it| it.sql.clone()));
}

/// Prisma lists the columns by name; so do we.
fn copy_rows(from: &Table, to: &Table, beside: &ObjectName) -> Option<String> {
    let mut kept: Vec<_> = to.columns.iter().filter_map(|new| from.column(&new.name).map(|old| (old, new))).collect();
    kept.sort_by(|(_, a), (_, b)| a.name.cmp(&b.name));
    if kept.is_empty() {
        return None;
    }
    let names = text::list(SQLITE, kept.iter().map(|(_, new)| &new.name), ", ");
    let values: Vec<_> = kept.iter().map(|(old, new)| copied(old, new)).collect();
    Some(format!(
        "INSERT INTO {} ({names}) SELECT {} FROM {}",
        quoted(&beside.name),
        values.join(", "),
        quoted(&from.name.name)
    ))
}

/// Nulls of a column that becomes required turn into its default.
fn copied(old: &Column, new: &Column) -> String {
    let name = quoted(&new.name);
    match default(new) {
        Some(default) if old.nullable && !new.nullable => format!("coalesce({name}, {default}) AS {name}"),
        _ => name,
    }
}
