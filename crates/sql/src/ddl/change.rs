//! What has to happen to a database, as plain data.

use super::structure::{Column, Enum, Extension, ForeignKey, Index, ObjectName, PrimaryKey, Table};
use std::fmt;

/// One step of a migration.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// A namespace is made.
    CreateSchema(String),
    /// An extension is installed.
    CreateExtension(Extension),
    /// An enum type is made.
    CreateEnum(Enum),
    /// An enum type gets other values.
    AlterEnum(AlterEnum),
    /// A table gets another name within its namespace.
    RenameTable {
        /// Its present name.
        from: ObjectName,
        /// Its new name.
        to: String,
    },
    /// A column gets another name.
    RenameColumn {
        /// Its table.
        table: ObjectName,
        /// Its present name.
        from: String,
        /// Its new name.
        to: String,
    },
    /// An enum type gets another name within its namespace.
    RenameEnum {
        /// Its present name.
        from: ObjectName,
        /// Its new name.
        to: String,
    },
    /// A value of an enum gets another name.
    RenameVariant {
        /// The enum.
        of: ObjectName,
        /// The value's present name.
        from: String,
        /// Its new name.
        to: String,
        /// The columns that hold it as a text, table and name, where the database has no enum types (SQLite).
        columns: Vec<(ObjectName, String)>,
    },
    /// Nulls turn into the default of their column, which is about to become required.
    FillNulls {
        /// The table.
        table: ObjectName,
        /// The column as it is to be.
        column: Column,
    },
    /// A primary key gets another name.
    RenamePrimaryKey {
        /// The table it is of.
        table: ObjectName,
        /// Its present name.
        from: String,
        /// Its new name.
        to: String,
    },
    /// A foreign key gets another name.
    RenameForeignKey {
        /// The table that holds it.
        table: ObjectName,
        /// Its present name.
        from: String,
        /// Its new name.
        to: String,
    },
    /// A foreign key goes.
    DropForeignKey {
        /// The table that holds it.
        table: ObjectName,
        /// The constraint.
        name: String,
    },
    /// An index goes.
    DropIndex {
        /// The table it is on.
        table: ObjectName,
        /// The index.
        name: String,
        /// Whether it is kept for a unique constraint, with which it goes.
        constraint: bool,
    },
    /// A table is changed in place.
    AlterTable {
        /// The table.
        table: ObjectName,
        /// What happens to it, in order.
        changes: Vec<TableChange>,
    },
    /// A table goes, with its rows.
    DropTable(ObjectName),
    /// An enum type goes.
    DropEnum(ObjectName),
    /// A table is made, with its primary key. Foreign keys are a part of it where the dialect cannot add them later.
    CreateTable(Table),
    /// Tables are built again beside themselves and their rows copied (SQLite, which can alter next to nothing).
    RedefineTables(Vec<Redefinition>),
    /// An index is made.
    CreateIndex {
        /// The table it is on.
        table: ObjectName,
        /// The index.
        index: Index,
    },
    /// An index gets another name.
    RenameIndex {
        /// The table it is on.
        table: ObjectName,
        /// Its present name.
        from: String,
        /// Its new name.
        to: String,
    },
    /// A foreign key is made.
    AddForeignKey {
        /// The table that holds it.
        table: ObjectName,
        /// The foreign key.
        foreign_key: ForeignKey,
    },
}

/// New values of an enum type.
#[derive(Clone, Debug, PartialEq)]
pub struct AlterEnum {
    /// The type as it is to be.
    pub to: Enum,
    /// Values that are new.
    pub added: Vec<String>,
    /// Values that go.
    pub removed: Vec<String>,
    /// Columns that have the type before and after.
    pub columns: Vec<EnumColumn>,
    /// Columns that have it only before.
    pub left: Vec<(ObjectName, Column)>,
    /// Whether a default uses a new value. Values that were added by themselves cannot be used before the transaction ends.
    pub uses_added: bool,
}

/// A column of an enum type whose values change.
#[derive(Clone, Debug, PartialEq)]
pub struct EnumColumn {
    /// The table that it is in.
    pub table: ObjectName,
    /// As it is.
    pub from: Column,
    /// As it is to be.
    pub to: Column,
}

/// A change to a table that stays where it is.
#[derive(Clone, Debug, PartialEq)]
pub enum TableChange {
    /// The primary key goes.
    DropPrimaryKey {
        /// The constraint's name.
        name: Option<String>,
    },
    /// A column is added.
    AddColumn(Column),
    /// A column goes, with its values.
    DropColumn(String),
    /// A column changes and keeps its values.
    AlterColumn {
        /// As it is.
        from: Box<Column>,
        /// As it is to be.
        to: Box<Column>,
    },
    /// A primary key is added.
    AddPrimaryKey(PrimaryKey),
}

/// A table that is built again.
#[derive(Clone, Debug, PartialEq)]
pub struct Redefinition {
    /// As it is.
    pub from: Table,
    /// As it is to be.
    pub to: Table,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Change::CreateSchema(name) => write!(f, "create schema {name}"),
            Change::CreateExtension(extension) => write!(f, "create extension {}", extension.name),
            Change::CreateEnum(it) => write!(f, "create enum {}", it.name),
            Change::AlterEnum(it) => {
                write!(f, "alter enum {}", it.to.name)?;
                it.added.iter().try_for_each(|value| write!(f, "\n  add value {value}"))?;
                it.removed.iter().try_for_each(|value| write!(f, "\n  drop value {value}"))
            }
            Change::RenameTable { from, to } => write!(f, "rename table {from} to {to}"),
            Change::RenameColumn { table, from, to } => write!(f, "rename column {from} of {table} to {to}"),
            Change::RenameEnum { from, to } => write!(f, "rename enum {from} to {to}"),
            Change::RenameVariant { of, from, to, .. } => write!(f, "rename value {from} of {of} to {to}"),
            Change::FillNulls { table, column } => write!(f, "fill nulls in column {} of {table}", column.name),
            Change::RenamePrimaryKey { table, from, to } => write!(f, "rename primary key {from} of {table} to {to}"),
            Change::RenameForeignKey { table, from, to } => write!(f, "rename foreign key {from} of {table} to {to}"),
            Change::DropForeignKey { table, name } => write!(f, "drop foreign key {name} of {table}"),
            Change::DropIndex { table, name, .. } => write!(f, "drop index {name} of {table}"),
            Change::AlterTable { table, changes } => {
                write!(f, "alter table {table}")?;
                changes.iter().try_for_each(|change| write!(f, "\n  {change}"))
            }
            Change::DropTable(name) => write!(f, "drop table {name}"),
            Change::DropEnum(name) => write!(f, "drop enum {name}"),
            Change::CreateTable(table) => write!(f, "create table {}", table.name),
            Change::RedefineTables(tables) => {
                f.write_str("redefine tables")?;
                tables.iter().try_for_each(|it| write!(f, "\n  {}", it.to.name))
            }
            Change::CreateIndex { table, index } => write!(f, "create index {} of {table}", index.name),
            Change::RenameIndex { table, from, to } => write!(f, "rename index {from} of {table} to {to}"),
            Change::AddForeignKey { table, foreign_key } => {
                write!(f, "add foreign key {} of {table}", foreign_key.name.as_deref().unwrap_or("(unnamed)"))
            }
        }
    }
}

impl fmt::Display for TableChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TableChange::DropPrimaryKey { .. } => f.write_str("drop primary key"),
            TableChange::AddColumn(column) => write!(f, "add column {} {}", column.name, column.ty),
            TableChange::DropColumn(name) => write!(f, "drop column {name}"),
            TableChange::AlterColumn { to, .. } => write!(f, "alter column {} {}", to.name, to.ty),
            TableChange::AddPrimaryKey(_) => f.write_str("add primary key"),
        }
    }
}
