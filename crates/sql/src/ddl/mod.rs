//! Turn changes of a database's structure into SQL text.
//!
//! `migrate` finds out what has to change; here is how each database is told to.

mod change;
mod mysql;
mod postgresql;
mod postgresql_casts;
mod sqlite;
mod structure;
mod text;

pub use change::{AlterEnum, Change, EnumColumn, Redefinition, TableChange};
pub use structure::{
    Attachment, BaseType, Column, ColumnType, Counter, DatabaseSchema, Default, Enum, Extension, ForeignKey, Index,
    IndexColumn, IndexKind, ObjectName, OperatorClass, PrimaryKey, Table,
};
pub use text::{qualified, quoted, string};

use std::fmt;

/// A database whose structure can be written. (How queries are written for it is another matter: [`crate::Dialect`].)
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgresql,
    /// MySQL and MariaDB.
    Mysql,
}

/// How a database's structure can be told: what the differ has to know of a dialect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// Columns and keys can be changed where they are. Otherwise the table is built again.
    pub alters_columns: bool,
    /// Foreign keys stand in the table's own statement.
    pub foreign_keys_in_table: bool,
    /// Indexes of a new table stand in the table's own statement.
    pub indexes_in_table: bool,
    /// An index can get another name.
    pub renames_indexes: bool,
    /// A primary or foreign key can get another name.
    pub renames_constraints: bool,
    /// Primary keys have names.
    pub names_primary_keys: bool,
    /// Foreign keys have names.
    pub names_foreign_keys: bool,
}

impl Dialect {
    /// What the database can be told.
    pub const fn capabilities(self) -> Capabilities {
        match self {
            Dialect::Sqlite => Capabilities {
                alters_columns: false,
                foreign_keys_in_table: true,
                indexes_in_table: false,
                renames_indexes: false,
                renames_constraints: false,
                names_primary_keys: false,
                names_foreign_keys: false,
            },
            Dialect::Postgresql => Capabilities {
                alters_columns: true,
                foreign_keys_in_table: false,
                indexes_in_table: false,
                renames_indexes: true,
                renames_constraints: true,
                names_primary_keys: true,
                names_foreign_keys: true,
            },
            Dialect::Mysql => Capabilities {
                alters_columns: true,
                foreign_keys_in_table: false,
                indexes_in_table: true,
                renames_indexes: true,
                renames_constraints: false,
                names_primary_keys: false,
                names_foreign_keys: true,
            },
        }
    }
}

/// Whether a column can keep its values when its type changes. Otherwise it goes, and a new one comes.
pub fn keeps_values(dialect: Dialect, from: &ColumnType, to: &ColumnType) -> bool {
    match dialect {
        Dialect::Postgresql => postgresql_casts::path(from, to).is_some(),
        Dialect::Sqlite | Dialect::Mysql => true,
    }
}

/// SQL that changes a database's structure. Its `Display` is the text of a migration file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    /// Its steps, in order.
    pub steps: Vec<Step>,
}

/// Statements that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What the statements do, in a word.
    pub title: &'static str,
    /// The statements, without semicolons.
    pub statements: Vec<String>,
}

/// Writes changes as SQL.
pub fn script(dialect: Dialect, changes: &[Change]) -> Script {
    Script { steps: changes.iter().map(|change| step(dialect, change)).collect() }
}

fn step(dialect: Dialect, change: &Change) -> Step {
    let statements = match dialect {
        Dialect::Sqlite => sqlite::statements(change),
        Dialect::Postgresql => postgresql::statements(change),
        Dialect::Mysql => mysql::statements(change),
    };
    Step { title: title(change), statements }
}

/// Prisma's words, so that migrations read alike.
fn title(change: &Change) -> &'static str {
    match change {
        Change::CreateSchema(_) => "CreateSchema",
        Change::CreateExtension(_) => "CreateExtension",
        Change::CreateEnum(_) => "CreateEnum",
        Change::AlterEnum(_) => "AlterEnum",
        Change::RenameTable { .. } => "RenameTable",
        Change::RenameColumn { .. } => "RenameColumn",
        Change::RenameEnum { .. } => "RenameEnum",
        Change::RenameVariant { .. } => "RenameEnumValue",
        Change::FillNulls { .. } => "FillNulls",
        Change::RenamePrimaryKey { .. } => "AlterTable",
        Change::RenameForeignKey { .. } => "RenameForeignKey",
        Change::DropForeignKey { .. } => "DropForeignKey",
        Change::DropIndex { .. } => "DropIndex",
        Change::AlterTable { .. } => "AlterTable",
        Change::DropTable(_) => "DropTable",
        Change::DropEnum(_) => "DropEnum",
        Change::CreateTable(_) => "CreateTable",
        Change::RedefineTables(_) => "RedefineTables",
        Change::CreateIndex { .. } => "CreateIndex",
        Change::RenameIndex { .. } => "RenameIndex",
        Change::AddForeignKey { .. } => "AddForeignKey",
    }
}

impl Script {
    /// Every statement, in order.
    pub fn statements(&self) -> impl Iterator<Item = &str> {
        self.steps.iter().flat_map(|step| step.statements.iter().map(String::as_str))
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }
}

impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.steps.iter().enumerate() {
            let gap = if at == 0 { "" } else { "\n" };
            writeln!(f, "{gap}-- {}", step.title)?;
            step.statements.iter().try_for_each(|statement| writeln!(f, "{statement};"))?;
        }
        Ok(())
    }
}
