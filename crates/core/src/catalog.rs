//! The validated meaning of a schema: what the generator, the planner, the differ and the pool read instead of text.
//!
//! A catalog is plain data. `lenslet::check` and the pool build it at run time, a generated native client carries it as a
//! `static`; hence the [`Cow`]s. It holds no spans, and nothing in it must be resolved again: every name of the database
//! (tables, columns, constraints, join tables) and every default of a referential action is already decided.
//!
//! Things refer to each other by position: a `u16` is an index into [`Catalog::models`], [`Catalog::enums`],
//! [`Catalog::relations`] or the [`Model::fields`] of a model, as its documentation says.

use std::borrow::Cow;

/// A piece of text that is either written into the program or owned.
pub type Text = Cow<'static, str>;
/// A list that is either written into the program or owned.
pub type List<T> = Cow<'static, [T]>;

/// A whole schema.
#[derive(Clone, Debug, PartialEq)]
pub struct Catalog {
    /// The database it is written for.
    pub provider: Provider,
    /// Who keeps relations sound.
    pub relation_mode: RelationMode,
    /// The database schemas that the datasource lists (PostgreSQL, CockroachDB, SQL Server); empty when it lists none.
    pub schemas: List<Text>,
    /// PostgreSQL extensions of the datasource.
    pub extensions: List<Extension>,
    /// Models and views, in the order of the schema.
    pub models: List<Model>,
    /// Enums, in the order of the schema.
    pub enums: List<Enum>,
    /// Relations, in the order of their first field.
    pub relations: List<Relation>,
}

/// The database a schema is written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Provider {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgresql,
    /// MySQL and MariaDB.
    Mysql,
    /// CockroachDB: validated and generated, not executed.
    Cockroachdb,
    /// SQL Server: validated and generated, not executed.
    Sqlserver,
}

impl Provider {
    /// The name that a datasource block gives it.
    pub const fn name(self) -> &'static str {
        match self {
            Provider::Sqlite => "sqlite",
            Provider::Postgresql => "postgresql",
            Provider::Mysql => "mysql",
            Provider::Cockroachdb => "cockroachdb",
            Provider::Sqlserver => "sqlserver",
        }
    }
}

/// Who keeps relations sound: foreign keys of the database, or the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RelationMode {
    /// Foreign keys.
    ForeignKeys,
    /// The engine emulates referential actions (`relationMode = "prisma"`).
    Prisma,
}

/// A PostgreSQL extension of the datasource.
#[derive(Clone, Debug, PartialEq)]
pub struct Extension {
    /// The extension's name in the database.
    pub name: Text,
    /// The schema it is installed in.
    pub schema: Option<Text>,
    /// The version asked for.
    pub version: Option<Text>,
}

/// A model or a view.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// Its name in the schema.
    pub name: Text,
    /// The table's or view's name in the database.
    pub db_name: Text,
    /// The database schema of `@@schema`.
    pub schema: Option<Text>,
    /// Table or view.
    pub kind: ModelKind,
    /// `///` lines, without the slashes, joined by newlines.
    pub documentation: Option<Text>,
    /// `@@ignore`: left out of the client, kept by migrations.
    pub ignored: bool,
    /// Columns and relation fields, in the order of the schema.
    pub fields: List<Field>,
    /// `@id` or `@@id`. Views and ignored models may have none.
    pub primary_key: Option<Index>,
    /// Every other index: uniques first, then the rest, each in the order of the schema (field attributes before block
    /// attributes). A one-to-one relation has its unique here, written out in the schema.
    pub indexes: List<Index>,
}

/// Whether rows can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ModelKind {
    /// A table.
    Table,
    /// A view: read only, and left alone by migrations.
    View,
}

/// A field of a model.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Its name in the schema.
    pub name: Text,
    /// `///` lines, without the slashes, joined by newlines.
    pub documentation: Option<Text>,
    /// How many values it holds.
    pub arity: Arity,
    /// `@ignore`, or a relation to an ignored model: left out of the client.
    pub ignored: bool,
    /// What it holds.
    pub kind: FieldKind,
}

/// How many values a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Arity {
    /// Exactly one.
    Required,
    /// One or none (`?`).
    Optional,
    /// Any number (`[]`).
    List,
}

/// What a field holds.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldKind {
    /// Values in a column of the table.
    Column(Column),
    /// Rows of another model (or of this one).
    Relation(RelationEnd),
}

/// The column behind a field.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// The column's name in the database.
    pub db_name: Text,
    /// The type of its values.
    pub ty: ColumnType,
    /// `@db.…`; absent when the schema leaves the choice to the connector's default for the type.
    pub native_type: Option<NativeType>,
    /// `@default`.
    pub default: Option<Default>,
    /// `@updatedAt`.
    pub updated_at: bool,
}

/// The type of a column's values.
#[derive(Clone, Debug, PartialEq)]
pub enum ColumnType {
    /// A scalar of the schema language.
    Scalar(ScalarType),
    /// An enum: index into [`Catalog::enums`].
    Enum(u16),
    /// `Unsupported("…")`: the database's own type, kept by migrations, never read nor written by the client.
    Unsupported(Text),
}

/// A scalar type of the schema language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ScalarType {
    /// Text.
    String,
    /// True or false.
    Boolean,
    /// 32 bit integer.
    Int,
    /// 64 bit integer.
    BigInt,
    /// Double precision number.
    Float,
    /// Exact decimal number.
    Decimal,
    /// A moment in time.
    DateTime,
    /// A JSON document.
    Json,
    /// Bytes.
    Bytes,
}

impl ScalarType {
    /// The name in the schema language.
    pub const fn name(self) -> &'static str {
        match self {
            ScalarType::String => "String",
            ScalarType::Boolean => "Boolean",
            ScalarType::Int => "Int",
            ScalarType::BigInt => "BigInt",
            ScalarType::Float => "Float",
            ScalarType::Decimal => "Decimal",
            ScalarType::DateTime => "DateTime",
            ScalarType::Json => "Json",
            ScalarType::Bytes => "Bytes",
        }
    }
}

/// A native type, as `@db.VarChar(255)` is.
#[derive(Clone, Debug, PartialEq)]
pub struct NativeType {
    /// `VarChar`.
    pub name: Text,
    /// `255`.
    pub arguments: List<Text>,
}

/// The default of a column.
#[derive(Clone, Debug, PartialEq)]
pub enum Default {
    /// A constant, also kept by the database.
    Literal(Literal),
    /// The database counts up.
    Autoincrement,
    /// The moment of the insertion; by the database's clock when SQL inserts, by the engine's when the engine does.
    Now,
    /// A random UUID of version 4 or 7, made by the engine.
    Uuid(u8),
    /// A CUID of version 1 or 2, made by the engine.
    Cuid(u8),
    /// A ULID, made by the engine.
    Ulid,
    /// A Nano ID of that length, made by the engine.
    Nanoid(u8),
    /// An expression of the database, or (without one) something the schema does not say.
    DbGenerated(Option<Text>),
    /// CockroachDB's `sequence()`.
    Sequence(Sequence),
}

/// The arguments of CockroachDB's `sequence()`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sequence {
    /// `virtual`.
    pub is_virtual: bool,
    /// `cache`.
    pub cache: Option<i64>,
    /// `increment`.
    pub increment: Option<i64>,
    /// `minValue`.
    pub min_value: Option<i64>,
    /// `maxValue`.
    pub max_value: Option<i64>,
    /// `start`.
    pub start: Option<i64>,
}

/// A constant in a schema. Numbers that a Rust number might change keep their text.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// `true`.
    Boolean(bool),
    /// An `Int` or a `BigInt`.
    Int(i64),
    /// A `Float` or a `Decimal`, as written.
    Number(Text),
    /// A `String`; a `Json` document as text; a `DateTime` in RFC 3339; `Bytes` in base64. The column's type says which.
    String(Text),
    /// A variant: index into [`Enum::variants`] of the column's enum.
    Variant(u16),
    /// A list of constants.
    List(List<Literal>),
}

/// An index of a table: primary key, unique or plain.
#[derive(Clone, Debug, PartialEq)]
pub struct Index {
    /// What it guarantees.
    pub kind: IndexKind,
    /// The selector's name (`@@unique([a, b], name: "…")`, or `a_b`) where the index selects one row by several columns.
    pub name: Option<Text>,
    /// The constraint's or index's name in the database, given by `map` or formed as Prisma forms it. Primary keys of
    /// SQLite and MySQL have none.
    pub db_name: Option<Text>,
    /// Its columns, in order.
    pub fields: List<IndexField>,
    /// `type: …`; absent when the database's default is meant (a B-tree).
    pub algorithm: Option<IndexAlgorithm>,
    /// `clustered: …` (SQL Server).
    pub clustered: Option<bool>,
    /// `where: …` of a partial index, as SQL.
    pub predicate: Option<Text>,
}

/// What an index guarantees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IndexKind {
    /// `@id`, `@@id`.
    PrimaryKey,
    /// `@unique`, `@@unique`.
    Unique,
    /// `@@index`.
    Plain,
    /// `@@fulltext`.
    Fulltext,
}

/// A column in an index.
#[derive(Clone, Debug, PartialEq)]
pub struct IndexField {
    /// Index into [`Model::fields`].
    pub field: u16,
    /// `sort: …`, absent when not given.
    pub sort: Option<Sort>,
    /// `length: …`: the indexed prefix (MySQL).
    pub length: Option<u32>,
    /// `ops: …`: an operator class, as PostgreSQL spells it (`jsonb_path_ops`), or what `raw("…")` holds.
    pub operator_class: Option<Text>,
}

/// A direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sort {
    /// Small to large.
    Asc,
    /// Large to small.
    Desc,
}

/// The access method of an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IndexAlgorithm {
    /// A B-tree.
    BTree,
    /// A hash index.
    Hash,
    /// A GiST index.
    Gist,
    /// A GIN (or inverted) index.
    Gin,
    /// An SP-GiST index.
    SpGist,
    /// A BRIN index.
    Brin,
}

/// One end of a relation, as a field of a model shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelationEnd {
    /// Index into [`Catalog::relations`].
    pub relation: u16,
    /// The model at the other end: index into [`Catalog::models`].
    pub model: u16,
    /// The field at the other end: index into that model's fields.
    pub opposite: u16,
    /// Which end of the relation this is.
    pub side: Side,
}

/// An end of a relation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The end whose table holds the foreign key ([`Relation::from`]); column `A` of a join table.
    From,
    /// The end that is referred to ([`Relation::to`]); column `B` of a join table.
    To,
}

/// A relation between two models.
#[derive(Clone, Debug, PartialEq)]
pub struct Relation {
    /// Its name: of `@relation("…")`, or `AToB` with the models in alphabetical order.
    pub name: Text,
    /// The end that holds the foreign key; of a many-to-many relation the model that is `A` in the join table.
    pub from: RelationField,
    /// The end that is referred to, or `B`.
    pub to: RelationField,
    /// How the two are bound.
    pub kind: RelationKind,
}

/// A relation's field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RelationField {
    /// Index into [`Catalog::models`].
    pub model: u16,
    /// Index into that model's fields.
    pub field: u16,
}

/// How the two ends of a relation are bound.
#[derive(Clone, Debug, PartialEq)]
pub enum RelationKind {
    /// By columns of [`Relation::from`].
    ForeignKey(ForeignKey),
    /// By a table of pairs that the schema does not show.
    ManyToMany(JoinTable),
}

/// The columns that bind a relation.
#[derive(Clone, Debug, PartialEq)]
pub struct ForeignKey {
    /// Columns of the referring model: indexes into its fields.
    pub fields: List<u16>,
    /// Columns of the referred model, in the same order: indexes into its fields.
    pub references: List<u16>,
    /// Whether a row is referred to by one row at most.
    pub one_to_one: bool,
    /// What deleting a referred row does. The default is filled in (`SetNull` for an optional relation, `Restrict` for a
    /// required one, `NoAction` where the database lacks that).
    pub on_delete: ReferentialAction,
    /// What changing a referred key does. The default is filled in (`Cascade`).
    pub on_update: ReferentialAction,
    /// The constraint's name in the database.
    pub db_name: Text,
}

/// The hidden table of an implicit many-to-many relation.
#[derive(Clone, Debug, PartialEq)]
pub struct JoinTable {
    /// Its name in the database, `_` and the relation's name. Its columns are `A` and `B`, each referring to the single
    /// primary key of its model.
    pub db_name: Text,
    /// The database schema it lives in.
    pub schema: Option<Text>,
}

/// What happens to referring rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReferentialAction {
    /// They follow.
    Cascade,
    /// They prevent it.
    Restrict,
    /// The database decides, at the end of the statement.
    NoAction,
    /// Their columns become null.
    SetNull,
    /// Their columns get their defaults.
    SetDefault,
}

/// An enum.
#[derive(Clone, Debug, PartialEq)]
pub struct Enum {
    /// Its name in the schema.
    pub name: Text,
    /// Its name in the database.
    pub db_name: Text,
    /// The database schema of `@@schema`.
    pub schema: Option<Text>,
    /// `///` lines, without the slashes, joined by newlines.
    pub documentation: Option<Text>,
    /// Its values, in order.
    pub variants: List<Variant>,
}

/// A value of an enum.
#[derive(Clone, Debug, PartialEq)]
pub struct Variant {
    /// Its name in the schema: what queries, rows and the wire say.
    pub name: Text,
    /// Its name in the database.
    pub db_name: Text,
    /// `///` lines, without the slashes, joined by newlines.
    pub documentation: Option<Text>,
}

impl Catalog {
    /// The model of that name.
    pub fn model(&self, name: &str) -> Option<(u16, &Model)> {
        position(&self.models, |model| model.name == name)
    }

    /// The enum of that name.
    pub fn enumeration(&self, name: &str) -> Option<(u16, &Enum)> {
        position(&self.enums, |it| it.name == name)
    }
}

impl Model {
    /// The field of that name.
    pub fn field(&self, name: &str) -> Option<(u16, &Field)> {
        position(&self.fields, |field| field.name == name)
    }

    /// Every field with a column, in order, with its index into [`Model::fields`].
    pub fn columns(&self) -> impl Iterator<Item = (u16, &Field, &Column)> {
        self.fields.iter().zip(0..).filter_map(|(field, at)| match &field.kind {
            FieldKind::Column(column) => Some((at, field, column)),
            FieldKind::Relation(_) => None,
        })
    }

    /// Every relation field, in order, with its index into [`Model::fields`].
    pub fn relations(&self) -> impl Iterator<Item = (u16, &Field, &RelationEnd)> {
        self.fields.iter().zip(0..).filter_map(|(field, at)| match &field.kind {
            FieldKind::Column(_) => None,
            FieldKind::Relation(end) => Some((at, field, end)),
        })
    }

    /// Every index that holds a row's columns at most once, the primary key first. Partial indexes are no such thing.
    pub fn uniques(&self) -> impl Iterator<Item = &Index> {
        let rest = self.indexes.iter().filter(|index| index.kind == IndexKind::Unique);
        self.primary_key.iter().chain(rest).filter(|index| index.predicate.is_none())
    }
}

impl Field {
    /// Its column, when it has one.
    pub fn column(&self) -> Option<&Column> {
        match &self.kind {
            FieldKind::Column(column) => Some(column),
            FieldKind::Relation(_) => None,
        }
    }

    /// Its relation, when it is one.
    pub fn relation(&self) -> Option<&RelationEnd> {
        match &self.kind {
            FieldKind::Column(_) => None,
            FieldKind::Relation(end) => Some(end),
        }
    }

    /// Whether the client shows it: not ignored, and of a type that the client can hold.
    pub fn is_visible(&self) -> bool {
        !self.ignored && !matches!(&self.kind, FieldKind::Column(Column { ty: ColumnType::Unsupported(_), .. }))
    }
}

impl RelationEnd {
    /// Whether its model's table holds the foreign key. Never so for many-to-many relations.
    pub fn holds_key(&self, catalog: &Catalog) -> bool {
        self.side == Side::From
            && matches!(catalog.relations.get(usize::from(self.relation)), Some(it) if matches!(it.kind, RelationKind::ForeignKey(_)))
    }
}

fn position<T>(list: &[T], is: impl Fn(&T) -> bool) -> Option<(u16, &T)> {
    list.iter().zip(0..).find(|(it, _)| is(it)).map(|(it, at)| (at, it))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::borrow::Cow::Borrowed as B;

    /// What a generated client holds: no allocation, no start-up work.
    static WRITTEN: Catalog = Catalog {
        provider: Provider::Sqlite,
        relation_mode: RelationMode::ForeignKeys,
        schemas: B(&[]),
        extensions: B(&[]),
        models: B(&[Model {
            name: B("User"),
            db_name: B("User"),
            schema: None,
            kind: ModelKind::Table,
            documentation: None,
            ignored: false,
            fields: B(&[Field {
                name: B("id"),
                documentation: None,
                arity: Arity::Required,
                ignored: false,
                kind: FieldKind::Column(Column {
                    db_name: B("id"),
                    ty: ColumnType::Scalar(ScalarType::Int),
                    native_type: None,
                    default: Some(Default::Autoincrement),
                    updated_at: false,
                }),
            }]),
            primary_key: None,
            indexes: B(&[]),
        }]),
        enums: B(&[]),
        relations: B(&[]),
    };

    #[test]
    fn a_catalog_can_be_a_static() {
        let (at, model) = WRITTEN.model("User").expect("it is there");
        assert_eq!((at, model.columns().count(), model.relations().count()), (0, 1, 0));
        assert!(model.field("id").is_some_and(|(_, field)| field.is_visible()));
        assert!(WRITTEN.model("user").is_none());
    }
}
