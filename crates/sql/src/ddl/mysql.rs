//! MySQL's and MariaDB's words.

use super::change::{Change, TableChange};
use super::structure::{BaseType, Column, Default, Index, IndexColumn, IndexKind, ObjectName, PrimaryKey, Table};
use super::{Dialect, text};

const MYSQL: Dialect = Dialect::Mysql;

/// Prisma's character set and collation, so that every character fits and comparisons agree between tables.
const TABLE_OPTIONS: &str = " DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci";

/// The statements of a change. Namespaces, extensions and named enums are no part of MySQL, and tables are never built
/// again; the differ makes no such change.
pub(super) fn statements(change: &Change) -> Vec<String> {
    let statement = match change {
        Change::CreateSchema(_)
        | Change::CreateExtension(_)
        | Change::CreateEnum(_)
        | Change::AlterEnum(_)
        | Change::DropEnum(_)
        | Change::RenameEnum { .. }
        | Change::RenameVariant { .. }
        | Change::RenamePrimaryKey { .. }
        | Change::RenameForeignKey { .. }
        | Change::RedefineTables(_) => return Vec::new(),
        Change::FillNulls { table, column } => {
            let fill = |value: String| text::fill_nulls(MYSQL, table, &column.name, &value);
            return default(column).map(fill).into_iter().collect();
        }
        Change::RenameTable { from, to } => {
            let to = ObjectName { name: to.clone(), ..from.clone() };
            format!("ALTER TABLE {} RENAME TO {}", qualified(from), qualified(&to))
        }
        Change::RenameColumn { table, from, to } => {
            format!("ALTER TABLE {} RENAME COLUMN {} TO {}", qualified(table), quoted(from), quoted(to))
        }
        Change::DropForeignKey { table, name } => {
            format!("ALTER TABLE {} DROP FOREIGN KEY {}", qualified(table), quoted(name))
        }
        Change::DropIndex { table, name, .. } => format!("DROP INDEX {} ON {}", quoted(name), qualified(table)),
        Change::AlterTable { table, changes } => alter_table(table, changes),
        Change::DropTable(name) => format!("DROP TABLE {}", qualified(name)),
        Change::CreateTable(table) => create_table(table),
        Change::CreateIndex { table, index } => create_index(table, index),
        Change::RenameIndex { table, from, to } => {
            format!("ALTER TABLE {} RENAME INDEX {} TO {}", qualified(table), quoted(from), quoted(to))
        }
        Change::AddForeignKey { table, foreign_key } => {
            format!("ALTER TABLE {} ADD {}", qualified(table), text::foreign_key(MYSQL, foreign_key, ""))
        }
    };
    vec![statement]
}

fn quoted(name: &str) -> String {
    text::quoted(MYSQL, name)
}

fn qualified(name: &ObjectName) -> String {
    text::qualified(MYSQL, name)
}

fn create_table(table: &Table) -> String {
    let columns: Vec<_> = table.columns.iter().map(column).collect();
    let key = table.primary_key.as_ref().map(primary_key);
    let rest: Vec<_> = table.indexes.iter().map(index_in_table).chain(key).map(|line| format!("    {line}")).collect();
    let rest = if rest.is_empty() { String::new() } else { format!(",\n\n{}", rest.join(",\n")) };
    text::create_table(MYSQL, table, &columns, &rest) + TABLE_OPTIONS
}

fn primary_key(key: &PrimaryKey) -> String {
    format!("PRIMARY KEY ({})", indexed(&key.columns))
}

fn column(column: &Column) -> String {
    let null = if column.nullable { "NULL" } else { "NOT NULL" };
    let default = default(column).map(|it| format!(" DEFAULT {it}")).unwrap_or_default();
    let counting = if column.autoincrement { " AUTO_INCREMENT" } else { "" };
    format!("{} {} {null}{default}{counting}", quoted(&column.name), type_name(column))
}

fn type_name(column: &Column) -> &str {
    match &column.ty.base {
        BaseType::Database(name) => name,
        BaseType::Enum(name) => &name.name,
    }
}

/// Expressions, and the defaults of types without a size, stand in parentheses.
fn default(column: &Column) -> Option<String> {
    let (default, ty) = (column.default.as_ref()?, type_name(column));
    let sql = text::default(MYSQL, default, ty)?;
    let bare = !matches!(default, Default::Expression(_)) && !needs_parentheses(ty);
    Some(if bare { sql } else { format!("({sql})") })
}

fn needs_parentheses(ty: &str) -> bool {
    ty == "JSON" || ty.ends_with("TEXT") || ty.ends_with("BLOB")
}

fn indexed(columns: &[IndexColumn]) -> String {
    let columns: Vec<_> = columns.iter().map(index_column).collect();
    columns.join(", ")
}

fn index_column(column: &IndexColumn) -> String {
    let length = column.length.map(|length| format!("({length})")).unwrap_or_default();
    let order = text::order(column);
    format!("{}{length}{order}", quoted(&column.name))
}

fn index_kind(index: &Index) -> &'static str {
    match index.kind {
        IndexKind::Unique => "UNIQUE INDEX",
        IndexKind::Plain => "INDEX",
        IndexKind::Fulltext => "FULLTEXT INDEX",
    }
}

fn index_in_table(index: &Index) -> String {
    format!("{} {}({})", index_kind(index), quoted(&index.name), indexed(&index.columns))
}

fn create_index(table: &ObjectName, index: &Index) -> String {
    let (kind, name) = (index_kind(index), quoted(&index.name));
    format!("CREATE {kind} {name} ON {}({})", qualified(table), indexed(&index.columns))
}

fn alter_table(table: &ObjectName, changes: &[TableChange]) -> String {
    let changes: Vec<_> = changes.iter().map(alter).collect();
    format!("ALTER TABLE {} {}", qualified(table), changes.join(",\n    "))
}

fn alter(change: &TableChange) -> String {
    match change {
        TableChange::DropPrimaryKey { .. } => "DROP PRIMARY KEY".to_owned(),
        TableChange::AddColumn(it) => format!("ADD COLUMN {}", column(it)),
        TableChange::DropColumn(name) => format!("DROP COLUMN {}", quoted(name)),
        TableChange::AlterColumn { to, .. } => format!("MODIFY {}", column(to)),
        TableChange::AddPrimaryKey(key) => format!("ADD {}", primary_key(key)),
    }
}
