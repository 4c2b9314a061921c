//! What a client consists of, decided and named, before any of it is a token.

use super::names::{Name, Prelude};
use lenslet_core::catalog::{Arity, ScalarType};
use std::collections::BTreeSet;

/// A client.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) models: Vec<Model>,
    pub(crate) enums: Vec<Enum>,
    pub(crate) enums_module: Name,
    pub(crate) catalog_module: Name,
    /// The environment variable that holds the database's URL.
    pub(crate) variable: String,
    /// What row structs derive, as paths.
    pub(crate) derives: Vec<String>,
    /// How rows serialize.
    pub(crate) serde: Serde,
    /// The feature of a native runtime that brings the driver of the schema's database; absent where there is none yet.
    pub(crate) connector: Option<&'static str>,
    /// Features of the runtime that the schema's types need.
    pub(crate) features: BTreeSet<&'static str>,
    pub(crate) root: Prelude,
    pub(crate) within_enums: Prelude,
    /// Whether every name is ASCII.
    pub(crate) is_ascii: bool,
}

/// How rows serialize.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Serde {
    /// With the feature `serde` of the generated crate.
    #[default]
    Feature,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// An enum.
#[derive(Debug)]
pub(crate) struct Enum {
    pub(crate) name: Name,
    pub(crate) documentation: Vec<String>,
    pub(crate) variants: Vec<Variant>,
}

/// A variant of an enum.
#[derive(Debug)]
pub(crate) struct Variant {
    pub(crate) name: Name,
    pub(crate) schema_name: String,
    pub(crate) documentation: Vec<String>,
}

/// A model or a view.
#[derive(Debug)]
pub(crate) struct Model {
    /// Its position in the catalog.
    pub(crate) index: u16,
    pub(crate) schema_name: String,
    pub(crate) documentation: Vec<String>,
    /// Rows cannot be written.
    pub(crate) read_only: bool,
    /// The struct of its rows.
    pub(crate) row: Name,
    /// Whether a type parameter hides the struct where it is called by its bare name.
    pub(crate) row_is_hidden: bool,
    pub(crate) module: Name,
    /// The client's method.
    pub(crate) accessor: Name,
    pub(crate) columns: Vec<Column>,
    pub(crate) relations: Vec<Relation>,
    pub(crate) compounds: Vec<Compound>,
    /// What a new row needs; absent where the client cannot make one.
    pub(crate) new: Option<New>,
    /// The struct's field of loaded relations.
    pub(crate) loaded: Name,
    /// The row's method for the number of rows of a relation.
    pub(crate) count: Name,
    /// Whether serde's `camelCase` gives most columns their names.
    pub(crate) camel_case: bool,
    pub(crate) prelude: Prelude,
}

/// A column that the client shows.
#[derive(Debug)]
pub(crate) struct Column {
    /// Its position in the catalog's fields.
    pub(crate) index: u16,
    pub(crate) schema_name: String,
    pub(crate) documentation: Vec<String>,
    pub(crate) name: Name,
    pub(crate) ty: Type,
    /// Whether one value of it means one row.
    pub(crate) unique: bool,
    /// Whether serde needs to be told its name.
    pub(crate) renamed: bool,
    /// What it is called where it was asked for; absent where rows hold it always.
    pub(crate) omitted: Option<Omitted>,
}

/// A column that rows hold only where it was asked for.
#[derive(Debug)]
pub(crate) struct Omitted {
    /// The type of its value in a row.
    pub(crate) loaded: Name,
    /// The type that stands for the column.
    pub(crate) marker: Name,
}

/// The Rust type of a column.
#[derive(Clone, Debug)]
pub(crate) struct Type {
    pub(crate) base: Base,
    pub(crate) arity: Arity,
}

/// The Rust type of a value.
#[derive(Clone, Debug)]
pub(crate) enum Base {
    /// What a scalar of the schema language is.
    Scalar(ScalarType),
    /// `rt::Uuid`.
    Uuid,
    /// A generated enum.
    Enum(Name),
}

/// A relation field.
#[derive(Debug)]
pub(crate) struct Relation {
    /// Its position in the catalog's fields.
    pub(crate) index: u16,
    pub(crate) schema_name: String,
    pub(crate) documentation: Vec<String>,
    /// The constant, and the row's method.
    pub(crate) name: Name,
    /// The type of a loaded relation.
    pub(crate) loaded: Name,
    /// The type that stands for the relation.
    pub(crate) marker: Name,
    pub(crate) arity: Arity,
    /// The row at the other end.
    pub(crate) target: Name,
    /// The relation as the other end has it: module and marker.
    pub(crate) opposite: (Name, Name),
    /// Whether the client shows it. One that is hidden is still the opposite of another.
    pub(crate) visible: bool,
}

/// A unique selector over several columns.
#[derive(Debug)]
pub(crate) struct Compound {
    pub(crate) name: Name,
    /// Its name in queries.
    pub(crate) selector: String,
    pub(crate) columns: Vec<ColumnUse>,
}

/// What a part of a model needs of a column.
#[derive(Clone, Debug)]
pub(crate) struct ColumnUse {
    pub(crate) name: Name,
    pub(crate) ty: Type,
}

/// What a new row needs.
#[derive(Debug)]
pub(crate) struct New {
    pub(crate) fields: Vec<NewField>,
}

/// A column that must be given.
#[derive(Debug)]
pub(crate) struct NewField {
    pub(crate) column: ColumnUse,
    /// Present where the column belongs to a foreign key.
    pub(crate) key: Option<Key>,
}

/// The type parameter of a column that belongs to a foreign key.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) parameter: Name,
    /// The type that stands for the relation.
    pub(crate) relation: Name,
}
