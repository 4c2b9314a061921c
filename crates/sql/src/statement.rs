//! A statement of a plan: its text, where its parameters come from, and what its columns hold.

use crate::write::{Cell, Generator};
use lenslet_core::{
    catalog::{Arity, Catalog, Column, ColumnType, Field, ScalarType},
    value::Value,
};
use std::fmt;

/// One SQL statement.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Statement {
    /// Its text.
    pub sql: String,
    /// Its parameters, in the order of its placeholders.
    pub binds: Vec<Bind>,
    /// What each column of its rows holds; empty where it answers no rows.
    pub columns: Vec<Type>,
}

/// A parameter of a statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Bind {
    /// Where its value comes from.
    pub source: Source,
    /// How the value is handed to the database.
    pub encoding: Encoding,
}

/// Where the value of a parameter comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// The query's n-th parameter, in document order; see [`Shape`](crate::Shape).
    Parameter(u32),
    /// The keys of the parent rows, as one list: each distinct key once. Where a key has several columns: only that column
    /// of each key, or (`None`) the whole tuples.
    Keys(Option<u8>),
    /// A column of the row that an earlier step of a write holds.
    Register {
        /// The step.
        step: u32,
        /// The column of its rows.
        column: u32,
    },
    /// A column of all rows that an earlier step of a write holds, as one list.
    Registers {
        /// The step.
        step: u32,
        /// The column of its rows; `None`: the whole tuples.
        column: Option<u32>,
    },
    /// A number that the planner chose.
    Number(i64),
    /// A value of the schema.
    Constant(Value),
    /// The moment of the operation, the same for all that it writes.
    Now,
    /// A new identifier.
    Generated(Generator),
    /// A column of the rows of a list of the query, as one list.
    Rows {
        /// Which list: a parameter of the query.
        list: u32,
        /// What each of its rows has there.
        cell: Box<Cell>,
    },
}

/// How a value is handed to the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// As a value of this type.
    Value(Type),
    /// Many values of this type, as one parameter.
    List(Type),
    /// Many tuples, as one parameter: a JSON array of arrays where the database has no better way.
    Tuples,
    /// A pattern of `LIKE` that finds text with this text in it.
    Contains,
    /// A pattern of `LIKE` that finds text that starts so.
    StartsWith,
    /// A pattern of `LIKE` that finds text that ends so.
    EndsWith,
    /// A number without its sign: `take`.
    Magnitude,
    /// `skip` and `take` together, the number of the last row wanted: this parameter's magnitude plus that of the
    /// parameter named here.
    Through(u32),
    /// A place inside a JSON document, as the database spells it.
    JsonPath,
}

/// What a parameter or a column of a result holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Type {
    /// The kind of its values.
    pub kind: Kind,
    /// Whether it is a list of them.
    pub list: bool,
}

/// A kind of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A scalar of the schema language.
    Scalar(ScalarType),
    /// A UUID in a column of the database's own type for it.
    Uuid,
    /// A variant of an enum: index into the catalog's enums.
    Enum(u16),
    /// Whatever the database says: raw SQL.
    Any,
}

impl Type {
    /// One 64 bit integer: counts.
    pub const INTEGER: Type = Type::one(Kind::Scalar(ScalarType::BigInt));
    /// Text.
    pub const TEXT: Type = Type::one(Kind::Scalar(ScalarType::String));

    /// One value.
    pub const fn one(kind: Kind) -> Type {
        Type { kind, list: false }
    }

    /// The type of a field's column; `None` for a relation and for what the client cannot hold.
    pub fn of(field: &Field) -> Option<Type> {
        let column = field.column()?;
        let kind = match &column.ty {
            ColumnType::Scalar(_) if is_uuid(column) => Kind::Uuid,
            ColumnType::Scalar(scalar) => Kind::Scalar(*scalar),
            ColumnType::Enum(at) => Kind::Enum(*at),
            ColumnType::Unsupported(_) => return None,
        };
        Some(Type { kind, list: field.arity == Arity::List })
    }

    /// The type of one of its values.
    #[must_use]
    pub const fn item(self) -> Type {
        Type::one(self.kind)
    }

    pub(crate) fn name(self, catalog: &Catalog) -> String {
        let name = match self.kind {
            Kind::Scalar(scalar) => scalar.name(),
            Kind::Uuid => "Uuid",
            Kind::Enum(at) => catalog.enums.get(usize::from(at)).map_or("?", |it| it.name.as_ref()),
            Kind::Any => "any",
        };
        let list = if self.list { "[]" } else { "" };
        format!("{name}{list}")
    }
}

fn is_uuid(column: &Column) -> bool {
    column.native_type.as_ref().is_some_and(|native| native.name == "Uuid")
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Parameter(at) => write!(f, "parameter {at}"),
            Source::Keys(None) => f.write_str("keys"),
            Source::Keys(Some(column)) => write!(f, "keys.{column}"),
            Source::Register { step, column } => write!(f, "step {step}.{column}"),
            Source::Registers { step, column: None } => write!(f, "every step {step}"),
            Source::Registers { step, column: Some(column) } => write!(f, "every step {step}.{column}"),
            Source::Number(number) => write!(f, "{number}"),
            Source::Constant(value) => write!(f, "{value:?}"),
            Source::Now => f.write_str("now"),
            Source::Generated(generator) => write!(f, "{generator:?}"),
            Source::Rows { list, cell } => match cell.given {
                Some(field) => write!(f, "every parameter {list}.{field}, or {}", cell.bind.source),
                None => write!(f, "every parameter {list}, {}", cell.bind.source),
            },
        }
    }
}

impl Bind {
    pub(crate) fn print(&self, catalog: &Catalog) -> String {
        let source = &self.source;
        match self.encoding {
            Encoding::Value(ty) => format!("{source}: {}", ty.name(catalog)),
            Encoding::List(ty) => format!("{source}: list of {}", ty.name(catalog)),
            Encoding::Tuples => format!("{source}: list of tuples"),
            Encoding::Contains => format!("{source}: %…%"),
            Encoding::StartsWith => format!("{source}: …%"),
            Encoding::EndsWith => format!("{source}: %…"),
            Encoding::Magnitude => format!("|{source}|"),
            Encoding::Through(at) => format!("|{source}| + |parameter {at}|"),
            Encoding::JsonPath => format!("{source}: path"),
        }
    }
}
