//! PostgreSQL's words.

use super::change::{AlterEnum, Change, EnumColumn, TableChange};
use super::postgresql_casts as casts;
use super::structure::{
    BaseType, Column, Counter, Default, Enum, Extension, Index, IndexColumn, IndexKind, ObjectName, PrimaryKey, Table,
};
use super::{Dialect, text};
use lenslet_core::catalog::IndexAlgorithm;

const POSTGRESQL: Dialect = Dialect::Postgresql;

/// The statements of a change. Tables are never built again; the differ makes no such change.
pub(super) fn statements(change: &Change) -> Vec<String> {
    let statement = match change {
        Change::RedefineTables(_) => return Vec::new(),
        Change::AlterEnum(it) => return alter_enum(it),
        Change::CreateSchema(name) => format!("CREATE SCHEMA IF NOT EXISTS {}", quoted(name)),
        Change::CreateExtension(extension) => create_extension(extension),
        Change::CreateEnum(it) => create_enum(it),
        Change::RenameTable { from, to } => format!("ALTER TABLE {} RENAME TO {}", qualified(from), quoted(to)),
        Change::RenameColumn { table, from, to } => {
            format!("ALTER TABLE {} RENAME COLUMN {} TO {}", qualified(table), quoted(from), quoted(to))
        }
        Change::RenameEnum { from, to } => format!("ALTER TYPE {} RENAME TO {}", qualified(from), quoted(to)),
        Change::RenameVariant { of, from, to, .. } => {
            let [from, to] = [from, to].map(|it| text::string(POSTGRESQL, it));
            format!("ALTER TYPE {} RENAME VALUE {from} TO {to}", qualified(of))
        }
        Change::FillNulls { table, column } => {
            let fill = |value: String| text::fill_nulls(POSTGRESQL, table, &column.name, &value);
            return default(column).map(fill).into_iter().collect();
        }
        Change::RenamePrimaryKey { table, from, to } | Change::RenameForeignKey { table, from, to } => {
            format!("ALTER TABLE {} RENAME CONSTRAINT {} TO {}", qualified(table), quoted(from), quoted(to))
        }
        Change::DropForeignKey { table, name } => {
            format!("ALTER TABLE {} DROP CONSTRAINT {}", qualified(table), quoted(name))
        }
        Change::DropIndex { table, name, constraint: true } => {
            format!("ALTER TABLE {} DROP CONSTRAINT {}", qualified(table), quoted(name))
        }
        Change::DropIndex { table, name, constraint: false } => format!("DROP INDEX {}", beside(table, name)),
        Change::AlterTable { table, changes } => return alter_table(table, changes),
        Change::DropTable(name) => format!("DROP TABLE {}", qualified(name)),
        Change::DropEnum(name) => format!("DROP TYPE {}", qualified(name)),
        Change::CreateTable(table) => create_table(table),
        Change::CreateIndex { table, index } => create_index(table, index),
        Change::RenameIndex { table, from, to } => {
            format!("ALTER INDEX {} RENAME TO {}", beside(table, from), quoted(to))
        }
        Change::AddForeignKey { table, foreign_key } => {
            format!("ALTER TABLE {} ADD {}", qualified(table), text::foreign_key(POSTGRESQL, foreign_key, ""))
        }
    };
    vec![statement]
}

fn quoted(name: &str) -> String {
    text::quoted(POSTGRESQL, name)
}

fn qualified(name: &ObjectName) -> String {
    text::qualified(POSTGRESQL, name)
}

/// An index lives in its table's namespace.
fn beside(table: &ObjectName, index: &str) -> String {
    qualified(&ObjectName { schema: table.schema.clone(), name: index.to_owned() })
}

fn create_extension(extension: &Extension) -> String {
    let schema = extension.schema.as_ref().map(|it| format!(" WITH SCHEMA {}", quoted(it))).unwrap_or_default();
    let version = extension.version.as_ref().map(|it| format!(" VERSION {}", quoted(it))).unwrap_or_default();
    format!("CREATE EXTENSION IF NOT EXISTS {}{schema}{version}", quoted(&extension.name))
}

fn create_enum(it: &Enum) -> String {
    let variants: Vec<_> = it.variants.iter().map(|variant| text::string(POSTGRESQL, variant)).collect();
    format!("CREATE TYPE {} AS ENUM ({})", qualified(&it.name), variants.join(", "))
}

/// A value can be added to a type, but not taken away, nor used before the transaction ends that added it: then a new type
/// takes the old one's place.
fn alter_enum(change: &AlterEnum) -> Vec<String> {
    let name = qualified(&change.to.name);
    if change.removed.is_empty() && !change.uses_added {
        let added = change.added.iter();
        return added.map(|value| format!("ALTER TYPE {name} ADD VALUE {}", text::string(POSTGRESQL, value))).collect();
    }
    replace_enum(change, &name)
}

fn replace_enum(change: &AlterEnum, name: &str) -> Vec<String> {
    let renamed = |suffix| ObjectName { name: format!("{}_{suffix}", change.to.name.name), ..change.to.name.clone() };
    let (new, old) = (renamed("new"), renamed("old"));
    let mut statements = vec![create_enum(&Enum { name: new.clone(), ..change.to.clone() })];
    statements.extend(change.columns.iter().filter_map(drop_default));
    statements.extend(change.columns.iter().map(|column| change_enum(column, &new)));
    statements.extend(change.left.iter().flat_map(|(table, column)| leave_enum(table, column)));
    statements.push(format!("ALTER TYPE {name} RENAME TO {}", quoted(&old.name)));
    statements.push(format!("ALTER TYPE {} RENAME TO {}", qualified(&new), quoted(&change.to.name.name)));
    statements.push(format!("DROP TYPE {}", qualified(&old)));
    statements.extend(change.columns.iter().filter_map(set_default));
    statements
}

/// A column that is dropped or changed later holds texts until then, so that the old type can go.
fn leave_enum(table: &ObjectName, column: &Column) -> Vec<String> {
    let (table, name) = (qualified(table), quoted(&column.name));
    let list = if column.ty.list { "[]" } else { "" };
    let default = column.default.as_ref().map(|_| format!("ALTER TABLE {table} ALTER COLUMN {name} DROP DEFAULT"));
    let ty = format!("ALTER TABLE {table} ALTER COLUMN {name} TYPE TEXT{list} USING ({name}::text{list})");
    default.into_iter().chain([ty]).collect()
}

fn alter_one(column: &EnumColumn) -> String {
    format!("ALTER TABLE {} ALTER COLUMN {}", qualified(&column.table), quoted(&column.to.name))
}

fn change_enum(column: &EnumColumn, to: &ObjectName) -> String {
    let list = if column.to.ty.list { "[]" } else { "" };
    let (name, to) = (quoted(&column.to.name), qualified(to));
    format!("{} TYPE {to}{list} USING ({name}::text::{to}{list})", alter_one(column))
}

/// The default is a value of the old type, and would not be cast.
fn drop_default(column: &EnumColumn) -> Option<String> {
    column.from.default.as_ref().map(|_| format!("{} DROP DEFAULT", alter_one(column)))
}

fn set_default(column: &EnumColumn) -> Option<String> {
    Some(format!("{} SET DEFAULT {}", alter_one(column), default(&column.to)?))
}

fn create_table(table: &Table) -> String {
    let columns: Vec<_> = table.columns.iter().map(column).collect();
    let key = table.primary_key.as_ref().map(|key| format!(",\n\n    {}", primary_key(key, ","))).unwrap_or_default();
    text::create_table(POSTGRESQL, table, &columns, &key)
}

fn primary_key(key: &PrimaryKey, separator: &str) -> String {
    let name = key.name.as_ref().map(|name| format!("CONSTRAINT {} ", quoted(name))).unwrap_or_default();
    format!("{name}PRIMARY KEY ({})", text::list(POSTGRESQL, key.columns.iter().map(|column| &column.name), separator))
}

fn column(column: &Column) -> String {
    let ty = match column.autoincrement {
        true => serial(column),
        false => type_name(column),
    };
    let null = if column.nullable { "" } else { " NOT NULL" };
    let default = default(column).map(|it| format!(" DEFAULT {it}")).unwrap_or_default();
    format!("{} {ty}{null}{default}", quoted(&column.name))
}

fn type_name(column: &Column) -> String {
    let base = match &column.ty.base {
        BaseType::Database(name) => name.clone(),
        BaseType::Enum(name) => qualified(name),
    };
    base + if column.ty.list { "[]" } else { "" }
}

/// A column that counts up owns a sequence, which these names make along with it.
fn serial(column: &Column) -> String {
    let name = match &column.ty.base {
        BaseType::Database(name) => name.as_str(),
        BaseType::Enum(_) => "",
    };
    match name {
        "SMALLINT" => "SMALLSERIAL".to_owned(),
        "BIGINT" => "BIGSERIAL".to_owned(),
        _ => "SERIAL".to_owned(),
    }
}

fn default(column: &Column) -> Option<String> {
    text::default(POSTGRESQL, column.default.as_ref()?, &type_name(column))
}

fn alter_table(table: &ObjectName, changes: &[TableChange]) -> Vec<String> {
    let parts: Vec<_> = changes.iter().flat_map(|change| alter(table, change)).collect();
    let altered: Vec<_> = changes.iter().filter_map(altered).collect();
    let mut statements: Vec<_> = altered.iter().filter_map(|(from, to)| before(table, from, to)).collect();
    statements.push(format!("ALTER TABLE {} {}", qualified(table), parts.join(",\n")));
    statements.extend(altered.iter().flat_map(|(from, to)| after(table, from, to)));
    statements
}

/// A column that begins to count needs a sequence.
fn before(table: &ObjectName, from: &Column, to: &Column) -> Option<String> {
    let begins = !from.autoincrement && to.autoincrement;
    begins.then(|| format!("CREATE SEQUENCE {}", qualified(&sequence(table, to))))
}

/// What becomes of the sequence: it belongs to the column and goes on after the largest number, grows with its column, or
/// goes when the column no longer counts.
fn after(table: &ObjectName, from: &Column, to: &Column) -> Vec<String> {
    match (from.autoincrement, to.autoincrement) {
        (false, true) => {
            let (name, table_name, column) = (qualified(&sequence(table, to)), qualified(table), quoted(&to.name));
            let text = text::string(POSTGRESQL, &name);
            vec![
                format!("ALTER SEQUENCE {name} OWNED BY {table_name}.{column}"),
                format!("SELECT setval({text}, coalesce(max({column}), 0) + 1, false) FROM {table_name}"),
            ]
        }
        (true, false) if from.counter != Some(Counter::Identity) => {
            vec![format!("DROP SEQUENCE {}", qualified(&sequence(table, from)))]
        }
        (true, true) if from.ty != to.ty && from.counter != Some(Counter::Identity) => {
            vec![format!("ALTER SEQUENCE {} AS {}", qualified(&sequence(table, from)), type_name(to))]
        }
        _ => Vec::new(),
    }
}

fn altered(change: &TableChange) -> Option<(&Column, &Column)> {
    match change {
        TableChange::AlterColumn { from, to } => Some((from, to)),
        _ => None,
    }
}

/// The sequence of a column that counts up: the one it has, or named as `SERIAL` names it.
fn sequence(table: &ObjectName, column: &Column) -> ObjectName {
    if let Some(Counter::Sequence(name)) = &column.counter {
        return name.clone();
    }
    ObjectName { schema: table.schema.clone(), name: format!("{}_{}_seq", table.name, column.name) }
}

/// The column with what `SERIAL` stands for written out, where it begins or ends to count.
fn written_out(table: &ObjectName, column: &Column, other: &Column) -> Column {
    let counts = column.autoincrement && !other.autoincrement && column.counter != Some(Counter::Identity);
    let next = || format!("nextval({})", text::string(POSTGRESQL, &qualified(&sequence(table, column))));
    Column {
        default: if counts { Some(Default::Expression(next())) } else { column.default.clone() },
        ..column.clone()
    }
}

fn alter(table: &ObjectName, change: &TableChange) -> Vec<String> {
    match change {
        TableChange::DropPrimaryKey { name } => {
            let usual = || format!("{}_pkey", table.name);
            vec![format!("DROP CONSTRAINT {}", quoted(&name.clone().unwrap_or_else(usual)))]
        }
        TableChange::AddColumn(it) => vec![format!("ADD COLUMN     {}", column(it))],
        TableChange::DropColumn(name) => vec![format!("DROP COLUMN {}", quoted(name))],
        TableChange::AlterColumn { from, to } => {
            alter_column(&written_out(table, from, to), &written_out(table, to, from))
        }
        TableChange::AddPrimaryKey(key) => vec![format!("ADD {}", primary_key(key, ", "))],
    }
}

/// A default of the old type may not fit the new one: it goes before the type changes and comes back after.
fn alter_column(from: &Column, to: &Column) -> Vec<String> {
    let name = quoted(&to.name);
    let (retyped, redefault) = (from.ty != to.ty, from.default != to.default);
    let mut parts = Vec::new();
    if from.counter == Some(Counter::Identity) && !to.autoincrement {
        parts.push("DROP IDENTITY".to_owned());
    }
    if from.default.is_some() && (retyped || (redefault && to.default.is_none())) {
        parts.push("DROP DEFAULT".to_owned());
    }
    match (from.nullable, to.nullable) {
        (true, false) => parts.push("SET NOT NULL".to_owned()),
        (false, true) => parts.push("DROP NOT NULL".to_owned()),
        _ => {}
    }
    if retyped {
        let ty = type_name(to);
        let using = match casts::path(&from.ty, &to.ty).flatten() {
            Some(via) => format!(" USING {name}::{via}{}::{ty}", if from.ty.list { "[]" } else { "" }),
            None if casts::is_implied(&from.ty, &to.ty) => String::new(),
            None => format!(" USING {name}::{ty}"),
        };
        parts.push(format!("SET DATA TYPE {ty}{using}"));
    }
    if retyped || redefault {
        parts.extend(default(to).map(|value| format!("SET DEFAULT {value}")));
    }
    parts.into_iter().map(|part| format!("ALTER COLUMN {name} {part}")).collect()
}

fn create_index(table: &ObjectName, index: &Index) -> String {
    let unique = if index.kind == IndexKind::Unique { "UNIQUE " } else { "" };
    let using = index.algorithm.and_then(method).map(|method| format!(" USING {method} ")).unwrap_or_default();
    let columns: Vec<_> = index.columns.iter().map(index_column).collect();
    let predicate = index.predicate.as_ref().map(|sql| format!(" WHERE {sql}")).unwrap_or_default();
    format!(
        "CREATE {unique}INDEX {} ON {}{using}({}){predicate}",
        quoted(&index.name),
        qualified(table),
        columns.join(", ")
    )
}

fn index_column(column: &IndexColumn) -> String {
    let class = column.operator_class.as_ref().map(|class| format!(" {}", class.name)).unwrap_or_default();
    format!("{}{class}{}", quoted(&column.name), text::order(column))
}

/// A B-tree is what PostgreSQL takes anyway.
fn method(algorithm: IndexAlgorithm) -> Option<&'static str> {
    match algorithm {
        IndexAlgorithm::BTree => None,
        IndexAlgorithm::Hash => Some("HASH"),
        IndexAlgorithm::Gist => Some("GIST"),
        IndexAlgorithm::Gin => Some("GIN"),
        IndexAlgorithm::SpGist => Some("SPGIST"),
        IndexAlgorithm::Brin => Some("BRIN"),
    }
}
