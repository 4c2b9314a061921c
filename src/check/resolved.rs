//! The schema with names resolved and attributes read, still with spans: what the passes fill and the rules read.

use std::collections::HashMap;

use lenslet_core::catalog::{Default, IndexAlgorithm, IndexKind, ReferentialAction, RelationMode, ScalarType, Sort};

use super::connector::Connector;
use crate::syntax::tree::{self, Attribute, Block, Modifier, Span, Value};

pub(crate) type ModelId = usize;
pub(crate) type CompositeId = usize;
pub(crate) type EnumId = usize;
pub(crate) type FieldId = usize;

/// What the datasource and the generators decide for the rest.
#[derive(Debug)]
pub(crate) struct Settings<'t> {
    /// The datasource's name, which native types start with.
    pub(crate) datasource: Option<&'t str>,
    pub(crate) connector: &'static Connector,
    pub(crate) relation_mode: RelationMode,
    /// The schemas that the datasource lists, with the span of the list.
    pub(crate) schemas: Option<Vec<(&'t str, Span)>>,
    pub(crate) features: Vec<&'static str>,
}

impl Settings<'_> {
    pub(crate) fn has_feature(&self, name: &str) -> bool {
        self.features.contains(&name)
    }

    pub(crate) fn uses_foreign_keys(&self) -> bool {
        self.relation_mode == RelationMode::ForeignKeys
    }

    /// The referential actions that the database, or the engine in its stead, can carry out.
    pub(crate) fn actions(&self) -> &'static [ReferentialAction] {
        if self.uses_foreign_keys() { self.connector.foreign_key_actions } else { self.connector.emulated_actions }
    }
}

/// A schema with its names resolved.
#[derive(Debug)]
pub(crate) struct Resolved<'t> {
    pub(crate) settings: Settings<'t>,
    /// Models and views, in the order of the schema.
    pub(crate) models: Vec<Model<'t>>,
    pub(crate) composites: Vec<Composite<'t>>,
    pub(crate) enums: Vec<Enum<'t>>,
    pub(crate) relations: Vec<Relation<'t>>,
}

/// A model or view.
#[derive(Debug)]
pub(crate) struct Model<'t> {
    pub(crate) block: &'t Block<'t>,
    pub(crate) name: &'t str,
    pub(crate) is_view: bool,
    pub(crate) fields: Vec<Field<'t>>,
    pub(crate) field_names: HashMap<&'t str, FieldId>,
    pub(crate) mapped: Option<Located<'t>>,
    pub(crate) schema: Option<Located<'t>>,
    pub(crate) ignored: bool,
    pub(crate) primary_key: Option<Index<'t>>,
    /// Of field attributes first, then of block attributes, each in the order of the schema.
    pub(crate) indexes: Vec<Index<'t>>,
    pub(crate) shard_key: Option<ShardKey<'t>>,
}

/// A composite type.
#[derive(Debug)]
pub(crate) struct Composite<'t> {
    pub(crate) block: &'t Block<'t>,
    pub(crate) fields: Vec<Field<'t>>,
}

/// A piece of text given by an attribute.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Located<'t> {
    pub(crate) text: &'t str,
    /// Where the text stands.
    pub(crate) span: Span,
    /// The attribute around it.
    pub(crate) attribute: Span,
}

/// A field of a model, view or composite type.
#[derive(Debug)]
pub(crate) struct Field<'t> {
    pub(crate) tree: &'t tree::Field<'t>,
    pub(crate) name: &'t str,
    pub(crate) modifier: Modifier,
    pub(crate) ty: FieldType<'t>,
    pub(crate) mapped: Option<Located<'t>>,
    pub(crate) ignored: Option<Span>,
    pub(crate) updated_at: Option<Span>,
    pub(crate) default: Option<FieldDefault<'t>>,
    pub(crate) native: Option<NativeType<'t>>,
    pub(crate) relation: RelationAttribute<'t>,
}

/// The type of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FieldType<'t> {
    Scalar(ScalarType),
    Enum(EnumId),
    Model(ModelId),
    Composite(CompositeId),
    Unsupported(&'t str),
    /// Reported where it stands; nothing more can be said of the field.
    Unknown,
}

/// `@default`.
#[derive(Debug)]
pub(crate) struct FieldDefault<'t> {
    pub(crate) attribute: &'t Attribute<'t>,
    pub(crate) value: &'t Value<'t>,
    pub(crate) meaning: Meaning,
    pub(crate) map: Option<Located<'t>>,
}

/// What a default says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Meaning {
    Default(Default),
    /// `auto()`, which only MongoDB has.
    Auto,
    /// Reported where it stands.
    Wrong,
}

/// `@db.VarChar(255)`.
#[derive(Debug)]
pub(crate) struct NativeType<'t> {
    pub(crate) attribute: &'t Attribute<'t>,
    pub(crate) prefix: &'t str,
    pub(crate) name: &'t str,
    pub(crate) arguments: Vec<String>,
}

/// `@relation`, empty when there is none.
#[derive(Debug, Default)]
pub(crate) struct RelationAttribute<'t> {
    pub(crate) attribute: Option<&'t Attribute<'t>>,
    pub(crate) name: Option<&'t str>,
    pub(crate) fields: Option<Vec<FieldId>>,
    pub(crate) references: Option<Vec<FieldId>>,
    pub(crate) on_delete: Option<(ReferentialAction, Span)>,
    pub(crate) on_update: Option<(ReferentialAction, Span)>,
    pub(crate) map: Option<Located<'t>>,
}

/// An index, unique or primary key.
#[derive(Debug)]
pub(crate) struct Index<'t> {
    pub(crate) kind: IndexKind,
    pub(crate) attribute: &'t Attribute<'t>,
    /// The field whose attribute it is.
    pub(crate) field: Option<FieldId>,
    pub(crate) fields: Vec<IndexField<'t>>,
    /// The name that the client uses.
    pub(crate) name: Option<&'t str>,
    pub(crate) map: Option<Located<'t>>,
    pub(crate) algorithm: Option<(IndexAlgorithm, Span)>,
    pub(crate) clustered: Option<bool>,
    pub(crate) predicate: Option<&'t Value<'t>>,
}

/// A field in an index.
#[derive(Clone, Debug)]
pub(crate) struct IndexField<'t> {
    pub(crate) field: FieldId,
    pub(crate) sort: Option<Sort>,
    pub(crate) length: Option<u32>,
    pub(crate) operator_class: Option<OperatorClass<'t>>,
}

/// `ops: …`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OperatorClass<'t> {
    /// One that the language knows.
    Known(&'static super::operator_class::OperatorClass),
    /// `raw("…")`.
    Raw(&'t str),
}

/// `@shardKey` or `@@shardKey`.
#[derive(Debug)]
pub(crate) struct ShardKey<'t> {
    pub(crate) attribute: &'t Attribute<'t>,
    pub(crate) fields: Vec<FieldId>,
}

/// An enum.
#[derive(Debug)]
pub(crate) struct Enum<'t> {
    pub(crate) block: &'t Block<'t>,
    pub(crate) name: &'t str,
    pub(crate) mapped: Option<Located<'t>>,
    pub(crate) schema: Option<Located<'t>>,
    /// The values' names in the database, in order.
    pub(crate) variants: Vec<&'t tree::Field<'t>>,
    pub(crate) mapped_variants: Vec<Option<Located<'t>>>,
    pub(crate) variant_names: HashMap<&'t str, usize>,
}

/// A field, by model and position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct FieldRef {
    pub(crate) model: ModelId,
    pub(crate) field: FieldId,
}

/// A relation, as the fields show it.
#[derive(Debug)]
pub(crate) struct Relation<'t> {
    pub(crate) name: Option<&'t str>,
    pub(crate) kind: RelationKind,
    /// The model that refers; `A` of a many-to-many relation.
    pub(crate) from: ModelId,
    /// The model that is referred to; `B`.
    pub(crate) to: ModelId,
    /// The field of `from`, when there is one.
    pub(crate) forward: Option<FieldRef>,
    /// The field of `to`, when there is one.
    pub(crate) back: Option<FieldRef>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RelationKind {
    OneToOne,
    OneToMany,
    ManyToMany,
    /// Lists on both sides, with `fields` or `references`: MongoDB has these.
    EmbeddedManyToMany,
}

impl<'t> Resolved<'t> {
    pub(crate) fn field(&self, at: FieldRef) -> &Field<'t> {
        &self.models[at.model].fields[at.field]
    }

    /// The name of a relation: given, or formed of the models' names.
    pub(crate) fn relation_name(&self, relation: &Relation<'t>) -> String {
        match relation.name {
            Some(name) => name.to_owned(),
            None => default_relation_name(self.models[relation.from].name, self.models[relation.to].name),
        }
    }
}

/// The name of a relation without one.
pub(crate) fn default_relation_name(one: &str, other: &str) -> String {
    if one < other { format!("{one}To{other}") } else { format!("{other}To{one}") }
}

impl<'t> Model<'t> {
    pub(crate) fn db_name(&self) -> &'t str {
        self.mapped.map_or(self.name, |mapped| mapped.text)
    }

    /// The schema's name, empty when there is none.
    pub(crate) fn schema_name(&self) -> &'t str {
        self.schema.map_or("", |schema| schema.text)
    }

    /// `model` or `view`, for messages.
    pub(crate) fn keyword(&self) -> &'static str {
        if self.is_view { "view" } else { "model" }
    }

    pub(crate) fn span(&self) -> Span {
        self.block.span
    }

    /// The primary key and every index.
    pub(crate) fn all_indexes(&self) -> impl Iterator<Item = &Index<'t>> {
        self.primary_key.iter().chain(&self.indexes)
    }

    /// Indexes that one row at most answers to, the primary key first.
    pub(crate) fn uniques(&self) -> impl Iterator<Item = &Index<'t>> {
        self.all_indexes().filter(|index| matches!(index.kind, IndexKind::PrimaryKey | IndexKind::Unique))
    }

    /// The names of some fields, between commas.
    pub(crate) fn names(&self, fields: &[FieldId]) -> String {
        let names: Vec<String> = fields.iter().map(|field| format!("`{}`", self.fields[*field].name)).collect();
        names.join(", ")
    }
}

impl<'t> Field<'t> {
    pub(crate) fn span(&self) -> Span {
        self.tree.span
    }

    pub(crate) fn db_name(&self) -> &'t str {
        self.mapped.map_or(self.name, |mapped| mapped.text)
    }

    pub(crate) fn is_required(&self) -> bool {
        self.modifier == Modifier::None
    }

    pub(crate) fn is_optional(&self) -> bool {
        self.modifier == Modifier::Optional
    }

    pub(crate) fn is_list(&self) -> bool {
        self.modifier == Modifier::List
    }

    pub(crate) fn related_model(&self) -> Option<ModelId> {
        if let FieldType::Model(id) = self.ty { Some(id) } else { None }
    }

    /// Whether it has a column.
    pub(crate) fn is_scalar(&self) -> bool {
        matches!(self.ty, FieldType::Scalar(_) | FieldType::Enum(_) | FieldType::Unsupported(_))
    }

    pub(crate) fn scalar(&self) -> Option<ScalarType> {
        if let FieldType::Scalar(scalar) = self.ty { Some(scalar) } else { None }
    }
}

impl Index<'_> {
    pub(crate) fn span(&self) -> Span {
        self.attribute.span
    }

    /// `@@unique`, `@id`.
    pub(crate) fn attribute_name(&self) -> String {
        let marks = if self.field.is_some() { "@" } else { "@@" };
        format!("{marks}{}", self.attribute.name.text)
    }

    /// Whether these fields are the index's, in the same order.
    pub(crate) fn is_of(&self, fields: &[FieldId]) -> bool {
        self.fields.iter().map(|it| it.field).eq(fields.iter().copied())
    }
}
