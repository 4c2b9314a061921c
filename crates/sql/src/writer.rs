//! Writes the text of one statement, and keeps its parameters in the order of their placeholders.

use crate::{
    dialect::{Dialect, Json, Lists, Placeholder},
    plan::{PlanError, Planner},
    statement::{Bind, Encoding, Kind, Source, Statement, Type},
};
use lenslet_core::{
    catalog::{Column, Field, JoinTable, Model, ScalarType},
    query::FieldId,
};
use std::fmt::Write as _;

/// A statement in the making. Text goes in only as literals of this crate and as names of the catalog.
#[derive(Debug)]
pub struct Writer<'a> {
    /// What it is written from.
    pub planner: &'a Planner<'a>,
    sql: String,
    binds: Vec<Bind>,
    aliases: u16,
}

/// The name of a table within a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alias(u16);

/// A model's table within a statement.
#[derive(Clone, Copy, Debug)]
pub struct Table<'a> {
    /// Its name there.
    pub alias: Alias,
    /// Index into the catalog's models.
    pub index: u16,
    /// Its model.
    pub model: &'a Model,
}

impl<'a> Table<'a> {
    /// A field of the table, with its column and the type of that.
    ///
    /// # Errors
    /// When the model has no such column, or one that a client cannot hold.
    pub fn column(&self, field: FieldId) -> Result<(&'a Field, &'a Column, Type), PlanError> {
        column(self.model, field.index)
    }
}

/// A column of a model, with the type of its values.
///
/// # Errors
/// When the model has no such column, or one that a client cannot hold.
pub fn column(model: &Model, index: u16) -> Result<(&Field, &Column, Type), PlanError> {
    let field = field(model, index)?;
    match (field.column(), Type::of(field)) {
        (Some(column), Some(ty)) => Ok((field, column, ty)),
        _ => Err(PlanError::NotAColumn { model: model.name.clone(), field: field.name.clone() }),
    }
}

/// A field of a model.
///
/// # Errors
/// When the model has no such field.
pub fn field(model: &Model, index: u16) -> Result<&Field, PlanError> {
    model.fields.get(usize::from(index)).ok_or_else(|| PlanError::UnknownField { model: model.name.clone(), index })
}

impl<'a> Writer<'a> {
    /// An empty statement.
    pub fn new(planner: &'a Planner<'a>) -> Self {
        Writer { planner, sql: String::new(), binds: Vec::new(), aliases: 0 }
    }

    /// The dialect it is written in.
    pub fn dialect(&self) -> &'a Dialect {
        self.planner.dialect
    }

    /// Text of this crate.
    pub fn push(&mut self, text: &'static str) {
        self.sql.push_str(text);
    }

    /// A name of the catalog, quoted.
    pub fn name(&mut self, name: &str) {
        let quote = self.dialect().quote;
        self.sql.push(quote);
        for letter in name.chars() {
            if letter == quote {
                self.sql.push(quote);
            }
            self.sql.push(letter);
        }
        self.sql.push(quote);
    }

    fn qualified(&mut self, schema: Option<&str>, name: &str) {
        if let Some(schema) = schema.filter(|_| self.dialect().schemas) {
            self.name(schema);
            self.push(".");
        }
        self.name(name);
    }

    /// A model's table.
    pub fn table(&mut self, model: &Model) {
        self.qualified(model.schema.as_deref(), &model.db_name);
    }

    /// A model's table as a value, by which PostgreSQL's catalog knows it.
    pub(crate) fn table_as_value(&mut self, model: &Model) {
        let start = self.sql.len();
        self.table(model);
        let name = self.sql.split_off(start).replace('\'', "''");
        self.raw(&format!("'{name}'::pg_catalog.regclass"));
    }

    /// The table of a many-to-many relation.
    pub fn join_table(&mut self, table: &JoinTable) {
        self.qualified(table.schema.as_deref(), &table.db_name);
    }

    /// A name for a table that no other table of the statement has.
    pub fn alias(&mut self) -> Alias {
        let alias = Alias(self.aliases);
        self.aliases += 1;
        alias
    }

    /// A name for a model's table.
    ///
    /// # Errors
    /// When the catalog has no such model.
    pub fn named(&mut self, index: u16) -> Result<Table<'a>, PlanError> {
        let model = self.planner.model(index)?;
        Ok(Table { alias: self.alias(), index, model })
    }

    /// A model's table under its name: `"User" AS t0`.
    pub fn source(&mut self, table: Table<'_>) {
        self.table(table.model);
        self.push(" AS ");
        self.alias_name(table.alias);
    }

    /// `t0`
    pub fn alias_name(&mut self, alias: Alias) {
        self.sql.push('t');
        self.number(alias.0);
    }

    /// A number that the planner chose.
    pub fn number(&mut self, number: impl Into<i64>) {
        // Writing to a string cannot fail.
        let _ = write!(self.sql, "{}", number.into());
    }

    /// `t0."email"`
    pub fn column(&mut self, alias: Alias, column: &Column) {
        self.alias_name(alias);
        self.push(".");
        self.name(&column.db_name);
    }

    /// `t0."email"`, by the field.
    ///
    /// # Errors
    /// When the field has no column that a client can hold.
    pub fn field(&mut self, table: Table<'_>, field: FieldId) -> Result<Type, PlanError> {
        let (_, column, ty) = table.column(field)?;
        self.column(table.alias, column);
        Ok(ty)
    }

    /// A field in such a form that equal values are found to be equal: PostgreSQL cannot compare `json` and `xml`, and a list
    /// that is null counts as empty.
    ///
    /// # Errors
    /// When the field has no column that a client can hold.
    pub fn comparable(&mut self, table: Table<'_>, field: FieldId) -> Result<(), PlanError> {
        let (_, column, ty) = table.column(field)?;
        let native = column.native_type.as_ref().map_or("", |native| native.name.as_ref());
        let cast = match (self.dialect().json, native) {
            (Json::Postgresql, "Json") => "::jsonb",
            (Json::Postgresql, "Xml") => "::text",
            _ => "",
        };
        self.push(if ty.list { "COALESCE(" } else { "" });
        self.column(table.alias, column);
        self.push(cast);
        self.push(if ty.list && !cast.is_empty() { "[]" } else { "" });
        self.push(if ty.list { ", '{}')" } else { "" });
        Ok(())
    }

    /// The n-th name that the planner gave to an intermediate column: `c0`.
    pub fn intermediate(&mut self, at: usize) {
        let _ = write!(self.sql, "c{at}");
    }

    /// The place of a parameter.
    pub fn bind(&mut self, source: Source, encoding: Encoding) {
        self.binds.push(Bind { source, encoding });
        let count = self.binds.len();
        let _ = match self.dialect().placeholder {
            Placeholder::NumberedQuestion => write!(self.sql, "?{count}"),
            Placeholder::Dollar => write!(self.sql, "${count}"),
            Placeholder::Question => write!(self.sql, "?"),
        };
    }

    /// SQL of the user's own.
    pub(crate) fn raw(&mut self, text: &str) {
        self.sql.push_str(text);
    }

    /// A parameter whose place stands in SQL of the user's own.
    pub(crate) fn unwritten_bind(&mut self, source: Source, encoding: Encoding) {
        self.binds.push(Bind { source, encoding });
    }

    /// Whether what was just written equals one of a list that is bound as one parameter: ` IN rarray(?1)`.
    pub fn in_list(&mut self, source: Source, ty: Type, negated: bool) {
        let ty = ty.item();
        match self.dialect().lists {
            Lists::Rarray => {
                self.push(if negated { " NOT IN rarray(" } else { " IN rarray(" });
                self.bind(source, Encoding::List(ty));
                self.push(")");
            }
            Lists::Array => {
                self.push(if negated { " <> ALL(" } else { " = ANY(" });
                self.bind(source, Encoding::List(ty));
                self.push(")");
            }
            Lists::JsonTable => {
                self.push(if negated { " NOT IN (" } else { " IN (" });
                self.json_table(source, &[ty], Encoding::List(ty));
                self.push(")");
            }
        }
    }

    /// A list that is bound as one parameter, as a table with the column `value`.
    pub fn list_as_table(&mut self, source: Source, ty: Type, alias: Alias) {
        let ty = ty.item();
        match self.dialect().lists {
            Lists::Rarray => {
                self.push("rarray(");
                self.bind(source, Encoding::List(ty));
                self.push(") AS ");
                self.alias_name(alias);
            }
            Lists::Array => {
                self.push("UNNEST(");
                self.bind(source, Encoding::List(ty));
                self.push("::");
                self.cast(ty);
                self.push("[]) AS ");
                self.alias_name(alias);
                self.push("(value)");
            }
            Lists::JsonTable => {
                self.push("JSON_TABLE(");
                self.bind(source, Encoding::List(ty));
                self.push(", '$[*]' COLUMNS (value ");
                self.cast(ty);
                self.push(" PATH '$')) AS ");
                self.alias_name(alias);
            }
        }
    }

    /// The column of a [`list_as_table`](Self::list_as_table).
    pub fn list_value(&mut self, list: Alias) {
        self.alias_name(list);
        self.push(".value");
    }

    /// Whether the tuple just written equals one of a list of tuples that is bound as one parameter (as one a column, where
    /// the database has arrays). `part` is the source of a column's values, `whole` of the tuples.
    pub fn in_tuples(&mut self, whole: Source, part: impl Fn(u8) -> Source, types: &[Type]) {
        self.push(" IN (");
        match self.dialect().lists {
            Lists::Rarray => {
                self.push("SELECT ");
                for (at, ty) in types.iter().enumerate() {
                    self.comma(at);
                    let bytes = ty.kind == Kind::Scalar(ScalarType::Bytes);
                    self.push(if bytes { "unhex(value ->> " } else { "value ->> " });
                    self.number(at as i64);
                    self.push(if bytes { ")" } else { "" });
                }
                self.push(" FROM json_each(");
                self.bind(whole, Encoding::Tuples);
                self.push(")");
            }
            Lists::Array => {
                self.push("SELECT * FROM UNNEST(");
                for (at, ty) in (0..).zip(types) {
                    self.comma(usize::from(at));
                    self.bind(part(at), Encoding::List(*ty));
                    self.push("::");
                    self.cast(*ty);
                    self.push("[]");
                }
                self.push(")");
            }
            Lists::JsonTable => self.json_table(whole, types, Encoding::Tuples),
        }
        self.push(")");
    }

    fn json_table(&mut self, source: Source, types: &[Type], encoding: Encoding) {
        self.push("SELECT * FROM JSON_TABLE(");
        self.bind(source, encoding);
        self.push(", '$[*]' COLUMNS (");
        for (at, ty) in types.iter().enumerate() {
            self.comma(at);
            self.intermediate(at);
            self.push(" ");
            self.cast(*ty);
            self.push(" PATH '$");
            if types.len() > 1 {
                self.push("[");
                self.number(at as i64);
                self.push("]");
            }
            self.push("'");
        }
        self.push(")) AS j");
    }

    /// The database's name of a type: what a parameter is cast to where the database cannot infer it.
    pub fn cast(&mut self, ty: Type) {
        let scalar = match ty.kind {
            Kind::Enum(at) if self.dialect().schemas => {
                if let Some(it) = self.planner.catalog.enums.get(usize::from(at)) {
                    self.qualified(it.schema.as_deref(), &it.db_name);
                }
                return;
            }
            Kind::Uuid if self.dialect().schemas => return self.push("uuid"),
            Kind::Uuid | Kind::Enum(_) | Kind::Any => ScalarType::String,
            Kind::Scalar(scalar) => scalar,
        };
        let mysql = self.dialect().lists == Lists::JsonTable;
        self.push(match (scalar, mysql) {
            (ScalarType::String, false) => "text",
            (ScalarType::String, true) => "LONGTEXT",
            (ScalarType::Boolean, _) => "boolean",
            (ScalarType::Int, _) => "int",
            (ScalarType::BigInt, _) => "bigint",
            (ScalarType::Float, false) => "double precision",
            (ScalarType::Float, true) => "double",
            (ScalarType::Decimal, false) => "numeric",
            (ScalarType::Decimal, true) => "DECIMAL(65, 30)",
            (ScalarType::DateTime, false) => "timestamp",
            (ScalarType::DateTime, true) => "DATETIME(6)",
            (ScalarType::Json, false) => "jsonb",
            (ScalarType::Json, true) => "JSON",
            (ScalarType::Bytes, false) => "bytea",
            (ScalarType::Bytes, true) => "LONGBLOB",
        });
    }

    /// The type that a number is cast to; MySQL has a name of its own for it.
    pub(crate) fn cast_target(&mut self, ty: Type) {
        let integer = ty.kind == Kind::Scalar(ScalarType::BigInt);
        if integer && self.dialect().lists == Lists::JsonTable {
            self.push("SIGNED");
        } else {
            self.cast(ty);
        }
    }

    /// A comma before every element but the first.
    pub fn comma(&mut self, at: usize) {
        if at > 0 {
            self.push(", ");
        }
    }

    /// The finished statement.
    pub fn finish(self, columns: Vec<Type>) -> Statement {
        Statement { sql: self.sql, binds: self.binds, columns }
    }
}
