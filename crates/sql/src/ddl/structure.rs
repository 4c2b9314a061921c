//! What a database holds: tables, columns, indexes, foreign keys, enums, in the database's own words.
//!
//! One form for what a schema asks for and for what a live database has, so that the two can be compared.

use lenslet_core::catalog::{IndexAlgorithm, ReferentialAction};
use std::fmt;

/// Everything a migration can create, change or drop.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DatabaseSchema {
    /// Namespaces that have to exist (PostgreSQL).
    pub schemas: Vec<String>,
    /// Extensions that have to exist (PostgreSQL).
    pub extensions: Vec<Extension>,
    /// Named enum types (PostgreSQL; MySQL spells the variants in the column's type).
    pub enums: Vec<Enum>,
    /// Tables.
    pub tables: Vec<Table>,
    /// Views: known by name, never changed.
    pub views: Vec<ObjectName>,
}

/// The name of a table or type, with its namespace where the schema names one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectName {
    /// The namespace.
    pub schema: Option<String>,
    /// The name within the namespace.
    pub name: String,
}

/// An extension of PostgreSQL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    /// Its name.
    pub name: String,
    /// The namespace it is installed in.
    pub schema: Option<String>,
    /// Its version.
    pub version: Option<String>,
}

/// A named enum type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enum {
    /// Its name.
    pub name: ObjectName,
    /// Its values, in order.
    pub variants: Vec<String>,
}

/// A table.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Its name.
    pub name: ObjectName,
    /// Its columns, in order.
    pub columns: Vec<Column>,
    /// Its primary key.
    pub primary_key: Option<PrimaryKey>,
    /// Its other indexes, in order.
    pub indexes: Vec<Index>,
    /// What it refers to, in order.
    pub foreign_keys: Vec<ForeignKey>,
    /// Triggers and indexes that the schema language cannot say. Never compared, only carried over.
    pub attachments: Vec<Attachment>,
    /// What a live database says that it is for (PostgreSQL). Never compared.
    pub comment: Option<String>,
}

/// A column.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type.
    pub ty: ColumnType,
    /// Whether it takes nulls.
    pub nullable: bool,
    /// What it holds when an insert does not say.
    pub default: Option<Default>,
    /// Whether the database counts it up.
    pub autoincrement: bool,
    /// How it counts, where a live database tells (PostgreSQL). Never compared.
    pub counter: Option<Counter>,
    /// How its texts are compared, where that was said by hand (SQLite). Never compared, only carried over.
    pub collation: Option<String>,
    /// What a live database says that it is for (PostgreSQL). Never compared.
    pub comment: Option<String>,
}

/// How PostgreSQL counts a column up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Counter {
    /// By a sequence.
    Sequence(ObjectName),
    /// By itself (`GENERATED … AS IDENTITY`).
    Identity,
}

/// The type of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnType {
    /// The type of one value.
    pub base: BaseType,
    /// Whether a column holds a list of them (PostgreSQL).
    pub list: bool,
}

/// The type of one value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BaseType {
    /// A type of the database, spelled as Prisma spells it: `DECIMAL(65,30)`.
    Database(String),
    /// One of [`DatabaseSchema::enums`].
    Enum(ObjectName),
}

/// What a column holds when an insert does not say.
#[derive(Clone, Debug, PartialEq)]
pub enum Default {
    /// Text, without quotes: also dates, documents and enum variants.
    Text(String),
    /// A number, as written.
    Number(String),
    /// True or false.
    Boolean(bool),
    /// Bytes.
    Bytes(Vec<u8>),
    /// The moment of the insertion.
    Now,
    /// A list of constants.
    List(Vec<Default>),
    /// An expression of the database, without enclosing parentheses where SQLite gives it so.
    Expression(String),
    /// Something that the schema does not say (`dbgenerated()`): as good as any default.
    Unknown,
}

/// A primary key.
#[derive(Clone, Debug, PartialEq)]
pub struct PrimaryKey {
    /// The constraint's name, where the database has names for it.
    pub name: Option<String>,
    /// Its columns, in order.
    pub columns: Vec<IndexColumn>,
}

/// An index.
#[derive(Clone, Debug, PartialEq)]
pub struct Index {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub kind: IndexKind,
    /// Its columns, in order.
    pub columns: Vec<IndexColumn>,
    /// How it is kept, when not as a B-tree.
    pub algorithm: Option<IndexAlgorithm>,
    /// The condition of a partial index.
    pub predicate: Option<String>,
    /// Columns that are only stored in it (PostgreSQL's `INCLUDE`). No schema says so; an index that has some is left alone.
    pub included: Vec<String>,
    /// Whether a live database keeps it as a constraint of the table (PostgreSQL). Never compared.
    pub constraint: bool,
}

/// What an index is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IndexKind {
    /// No two rows alike.
    Unique,
    /// Speed.
    Plain,
    /// Full-text search (MySQL).
    Fulltext,
}

/// A column in an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexColumn {
    /// Its name.
    pub name: String,
    /// Large to small.
    pub descending: bool,
    /// Whether a schema says that it goes from small to large, as it does anyway. Written, and never compared.
    pub says_ascending: bool,
    /// How much of it is indexed (MySQL).
    pub length: Option<u32>,
    /// The operator class (PostgreSQL).
    pub operator_class: Option<OperatorClass>,
}

/// How an index compares a column (PostgreSQL).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperatorClass {
    /// Its name.
    pub name: String,
    /// Whether a live database takes it anyway.
    pub is_default: bool,
}

/// A foreign key.
#[derive(Clone, Debug, PartialEq)]
pub struct ForeignKey {
    /// The constraint's name. SQLite keeps none that can be asked for.
    pub name: Option<String>,
    /// The referring columns.
    pub columns: Vec<String>,
    /// The table referred to.
    pub references: ObjectName,
    /// The columns referred to, in the same order.
    pub referenced_columns: Vec<String>,
    /// What deleting a referred row does.
    pub on_delete: ReferentialAction,
    /// What changing a referred key does.
    pub on_update: ReferentialAction,
    /// The key or index of the table referred to that it relies on, where a live database tells (PostgreSQL). Never compared.
    pub relies_on: Option<String>,
}

/// Something on a table that was made by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// Its name.
    pub name: String,
    /// The statement that makes it.
    pub sql: String,
}

impl ObjectName {
    /// A name without a namespace.
    pub fn plain(name: impl Into<String>) -> Self {
        ObjectName { schema: None, name: name.into() }
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(schema) = &self.schema {
            write!(f, "{schema}.")?;
        }
        f.write_str(&self.name)
    }
}

impl ColumnType {
    /// A type of the database that is no list.
    pub fn database(name: impl Into<String>) -> Self {
        ColumnType { base: BaseType::Database(name.into()), list: false }
    }
}

impl fmt::Display for ColumnType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.base {
            BaseType::Database(name) => f.write_str(name)?,
            BaseType::Enum(name) => write!(f, "{name}")?,
        }
        if self.list { f.write_str("[]") } else { Ok(()) }
    }
}

impl IndexColumn {
    /// A whole column, small to large.
    pub fn plain(name: impl Into<String>) -> Self {
        IndexColumn { name: name.into(), descending: false, says_ascending: false, length: None, operator_class: None }
    }
}

impl Table {
    /// A table that holds nothing yet.
    pub fn named(name: ObjectName) -> Self {
        Table {
            name,
            columns: Vec::new(),
            primary_key: None,
            indexes: Vec::new(),
            foreign_keys: Vec::new(),
            attachments: Vec::new(),
            comment: None,
        }
    }

    /// The column of that name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }
}

impl DatabaseSchema {
    /// The table of that name.
    pub fn table(&self, name: &ObjectName) -> Option<&Table> {
        self.tables.iter().find(|table| table.name == *name)
    }
}
