//! Tables, columns, enums and their values that get another name, while the rows keep what they hold.
//!
//! No comparison can tell a rename from a drop beside a creation; somebody has to say it. [`likely_renames`] finds what to
//! ask, [`renames`] reads what was said, and [`diff_renamed`] makes the change.

mod likely;
mod written;

pub use likely::{ask_renames, likely_renames};
pub use written::{RenameError, renames};

use super::{Difference, Risk, diff, turned::is_turned};
use lenslet_sql::ddl::{BaseType, Change, Column, DatabaseSchema, Default, Dialect, ObjectName, Table};
use std::fmt;

/// A table, a column, an enum or a value of one that gets another name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rename {
    /// A table, within its namespace.
    Table {
        /// Its present name.
        from: ObjectName,
        /// Its new name.
        to: String,
    },
    /// A column.
    Column {
        /// Its table, by the name that it has afterwards.
        table: ObjectName,
        /// Its present name.
        from: String,
        /// Its new name.
        to: String,
    },
    /// An enum type, within its namespace (PostgreSQL).
    Enum {
        /// Its present name.
        from: ObjectName,
        /// Its new name.
        to: String,
    },
    /// A value of an enum.
    Variant {
        /// The enum, by the name that it has afterwards.
        of: ObjectName,
        /// Its present name.
        from: String,
        /// Its new name.
        to: String,
        /// The columns that hold it as a text, by the names that they have afterwards, where the database has no enum types
        /// (SQLite).
        columns: Vec<(ObjectName, String)>,
    },
}

/// As it is said to a command: `User=Person`, `User.name=fullName`, `Role.ADMIN=BOSS`.
impl fmt::Display for Rename {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Rename::Table { from, to } | Rename::Enum { from, to } => write!(f, "{from}={to}"),
            Rename::Column { table: of, from, to } | Rename::Variant { of, from, to, .. } => {
                write!(f, "{of}.{from}={to}")
            }
        }
    }
}

impl Rename {
    /// For people: what becomes of what.
    pub fn sentence(&self) -> String {
        match self {
            Rename::Table { from, to } => format!("the table `{from}` becomes `{to}`"),
            Rename::Column { table, from, to } => format!("the column `{from}` of `{table}` becomes `{to}`"),
            Rename::Enum { from, to } => format!("the enum `{from}` becomes `{to}`"),
            Rename::Variant { of, from, to, .. } => format!("the value `{from}` of `{of}` becomes `{to}`"),
        }
    }

    /// The step that makes it.
    pub(crate) fn change(&self) -> Change {
        match self.clone() {
            Rename::Table { from, to } => Change::RenameTable { from, to },
            Rename::Column { table, from, to } => Change::RenameColumn { table, from, to },
            Rename::Enum { from, to } => Change::RenameEnum { from, to },
            Rename::Variant { of, from, to, columns } => Change::RenameVariant { of, from, to, columns },
        }
    }
}

/// The renames that take these back.
pub fn reversed(renames: &[Rename]) -> Vec<Rename> {
    let back = |from: &ObjectName, to: &String| (ObjectName { name: to.clone(), ..from.clone() }, from.name.clone());
    let back = |rename: &Rename| match rename {
        Rename::Table { from, to } => {
            let (from, to) = back(from, to);
            Rename::Table { from, to }
        }
        Rename::Enum { from, to } => {
            let (from, to) = back(from, to);
            Rename::Enum { from, to }
        }
        Rename::Column { table, from, to } => {
            Rename::Column { table: before(renames, table), from: to.clone(), to: from.clone() }
        }
        Rename::Variant { of, from, to, columns } => Rename::Variant {
            of: before(renames, of),
            from: to.clone(),
            to: from.clone(),
            columns: columns.iter().map(|(table, column)| column_before(renames, table, column)).collect(),
        },
    };
    // Columns and values are named by what they are part of, which is renamed first.
    let mut reversed: Vec<_> = renames.iter().rev().map(back).collect();
    reversed.sort_by_key(|rename| match rename {
        Rename::Table { .. } | Rename::Enum { .. } => 0,
        Rename::Column { .. } => 1,
        Rename::Variant { .. } => 2,
    });
    reversed
}

/// The name of a table or enum before the renames.
pub(super) fn before(renames: &[Rename], name: &ObjectName) -> ObjectName {
    let before = renames.iter().find_map(|it| match it {
        Rename::Table { from, to } | Rename::Enum { from, to } if from.schema == name.schema && *to == name.name => {
            Some(from.clone())
        }
        _ => None,
    });
    before.unwrap_or_else(|| name.clone())
}

/// The names of a table and a column of it before the renames.
fn column_before(renames: &[Rename], table: &ObjectName, column: &str) -> (ObjectName, String) {
    let renamed = renames.iter().find_map(|it| match it {
        Rename::Column { table: renamed, from, to } if renamed == table && to == column => Some(from.clone()),
        _ => None,
    });
    (before(renames, table), renamed.unwrap_or_else(|| column.to_owned()))
}

/// Compares two structures, of which some tables and columns only have another name. Risks are told by the names that the
/// database has now.
pub fn diff_renamed(dialect: Dialect, from: &DatabaseSchema, to: &DatabaseSchema, renames: &[Rename]) -> Difference {
    let Difference { changes, risks } = after_renames(renames, from, |after| diff(dialect, after, to));
    Difference { changes, risks: risks.into_iter().map(|risk| said_before(risk, renames)).collect() }
}

/// Renames, and then what else is different. Pairs of a join table that was turned round stay unique.
pub(super) fn after_renames(
    renames: &[Rename],
    from: &DatabaseSchema,
    compare: impl FnOnce(&DatabaseSchema) -> Difference,
) -> Difference {
    let difference = compare(&all_renamed(from, renames));
    let is_left = |risk: &Risk| !matches!(risk, Risk::AddUnique { table, .. } if is_turned(table, renames));
    Difference {
        changes: renames.iter().map(Rename::change).chain(difference.changes).collect(),
        risks: difference.risks.into_iter().filter(is_left).collect(),
    }
}

/// The structure after renames, one after the other.
pub(super) fn all_renamed(schema: &DatabaseSchema, renames: &[Rename]) -> DatabaseSchema {
    renames.iter().fold(schema.clone(), |schema, rename| renamed(&schema, rename))
}

/// The structure after a rename. Names of indexes and constraints stay.
pub(super) fn renamed(schema: &DatabaseSchema, rename: &Rename) -> DatabaseSchema {
    let mut schema = schema.clone();
    match rename {
        Rename::Table { from, to } => rename_table(&mut schema, from, &ObjectName { name: to.clone(), ..from.clone() }),
        Rename::Enum { from, to } => rename_enum(&mut schema, from, &ObjectName { name: to.clone(), ..from.clone() }),
        Rename::Variant { of, from, to, .. } => rename_variant(&mut schema, of, from, to),
        Rename::Column { table: name, from, to } => {
            let rename = |column: &mut String| {
                if column == from {
                    column.clone_from(to);
                }
            };
            for table in &mut schema.tables {
                let keys = table.foreign_keys.iter_mut().filter(|key| key.references == *name);
                keys.flat_map(|key| &mut key.referenced_columns).for_each(rename);
                if table.name == *name {
                    rename_column(table, rename);
                }
            }
        }
    }
    schema
}

fn rename_table(schema: &mut DatabaseSchema, from: &ObjectName, to: &ObjectName) {
    for table in &mut schema.tables {
        if table.name == *from {
            table.name = to.clone();
        }
        let keys = table.foreign_keys.iter_mut().filter(|key| key.references == *from);
        keys.for_each(|key| key.references = to.clone());
    }
}

fn rename_enum(schema: &mut DatabaseSchema, from: &ObjectName, to: &ObjectName) {
    schema.enums.iter_mut().filter(|it| it.name == *from).for_each(|it| it.name = to.clone());
    columns_of(schema, from).for_each(|column| column.ty.base = BaseType::Enum(to.clone()));
}

/// Defaults follow the value, as the database keeps them by what they are and not by their names.
fn rename_variant(schema: &mut DatabaseSchema, of: &ObjectName, from: &str, to: &str) {
    let rename = |value: &mut String| {
        if value == from {
            to.clone_into(value);
        }
    };
    schema.enums.iter_mut().filter(|it| it.name == *of).flat_map(|it| &mut it.variants).for_each(rename);
    columns_of(schema, of).filter_map(|column| column.default.as_mut()).for_each(|default| match default {
        Default::Text(value) => rename(value),
        Default::List(items) => items.iter_mut().for_each(|item| {
            if let Default::Text(value) = item {
                rename(value);
            }
        }),
        _ => {}
    });
}

fn columns_of<'s>(schema: &'s mut DatabaseSchema, name: &'s ObjectName) -> impl Iterator<Item = &'s mut Column> {
    let columns = schema.tables.iter_mut().flat_map(|table| &mut table.columns);
    columns.filter(move |column| matches!(&column.ty.base, BaseType::Enum(it) if it == name))
}

fn rename_column(table: &mut Table, rename: impl Fn(&mut String)) {
    table.columns.iter_mut().for_each(|column| rename(&mut column.name));
    let key = table.primary_key.iter_mut().flat_map(|key| &mut key.columns);
    let indexed = table.indexes.iter_mut().flat_map(|index| &mut index.columns);
    key.chain(indexed).for_each(|column| rename(&mut column.name));
    table.foreign_keys.iter_mut().flat_map(|key| &mut key.columns).for_each(rename);
}

/// A risk by the names before the renames.
pub(super) fn said_before(risk: Risk, renames: &[Rename]) -> Risk {
    let column_before = |table: &ObjectName, column: &str| column_before(renames, table, column);
    match risk {
        Risk::DropTable { table } => Risk::DropTable { table },
        Risk::AddRequiredColumn { table, column } => Risk::AddRequiredColumn { table: before(renames, &table), column },
        Risk::DropColumn { table, column } => {
            let (table, column) = column_before(&table, &column);
            Risk::DropColumn { table, column }
        }
        Risk::ChangeType { table, column, from, to } => {
            let (table, column) = column_before(&table, &column);
            Risk::ChangeType { table, column, from, to }
        }
        Risk::ForbidNull { table, column, has_default } => {
            let (table, column) = column_before(&table, &column);
            Risk::ForbidNull { table, column, has_default }
        }
        Risk::AddUnique { table, columns, present } => {
            let before = |list: Vec<String>| list.into_iter().map(|it| column_before(&table, &it).1).collect();
            let (columns, present) = (before(columns), before(present));
            Risk::AddUnique { table: self::before(renames, &table), columns, present }
        }
        Risk::DropVariants { name, variants, columns } => {
            let columns = columns.iter().map(|(table, column)| column_before(table, column)).collect();
            Risk::DropVariants { name: before(renames, &name), variants, columns }
        }
        Risk::UnknownVariants { name, variants, table, column } => {
            let (table, column) = column_before(&table, &column);
            Risk::UnknownVariants { name, variants, table, column }
        }
    }
}
