//! Relations by columns, complete or not, as the formatter needs them.

use super::resolved::{Field, FieldRef, FieldType, Model, Relation, RelationKind, Resolved};
use super::{config, report::Report, resolve};
use crate::syntax::tree::{Span, Tree};

/// A relation by columns, of which a part may be missing.
#[derive(Debug)]
pub(crate) struct InlineEnd {
    pub(crate) is_one_to_one: bool,
    /// The model that refers.
    pub(crate) from: String,
    pub(crate) from_block: Span,
    pub(crate) from_ignored: bool,
    /// The model that is referred to.
    pub(crate) to: String,
    pub(crate) to_block: Span,
    pub(crate) forward: Option<Forward>,
    pub(crate) has_back: bool,
    /// The columns that refer: those that are given, or those that would be.
    pub(crate) columns: Vec<InlineColumn>,
    /// The fields that are referred to: those that are given, or those that would be.
    pub(crate) references: Vec<String>,
}

/// The field that refers.
#[derive(Debug)]
pub(crate) struct Forward {
    pub(crate) span: Span,
    pub(crate) is_required: bool,
    pub(crate) has_fields: bool,
    pub(crate) has_references: bool,
}

/// A column that refers.
#[derive(Debug)]
pub(crate) struct InlineColumn {
    pub(crate) name: String,
    pub(crate) exists: bool,
    pub(crate) is_required: bool,
    pub(crate) ty: String,
    /// `@db.Uuid`, or nothing.
    pub(crate) native: String,
}

impl InlineEnd {
    /// Whether what refers is required: the field says so, or all of the columns that are there.
    pub(crate) fn is_required(&self) -> bool {
        match &self.forward {
            Some(forward) => forward.is_required,
            None => !self.columns.is_empty() && self.columns.iter().all(|column| column.exists && column.is_required),
        }
    }
}

/// The relations by columns, in the order in which their fields stand; none when the schema cannot be understood.
pub(crate) fn inline_relations(trees: &[Tree<'_>]) -> Vec<InlineEnd> {
    if trees.iter().any(|tree| !tree.problems.is_empty()) {
        return Vec::new();
    }
    let configuration = config::read(trees, &mut Report::default());
    let mut report = Report::default();
    let schema = resolve(trees, &configuration, &mut report);
    if report.has_errors() { Vec::new() } else { of_schema(&schema) }
}

fn of_schema(schema: &Resolved<'_>) -> Vec<InlineEnd> {
    let mut relations: Vec<&Relation<'_>> = schema
        .relations
        .iter()
        .filter(|it| matches!(it.kind, RelationKind::OneToOne | RelationKind::OneToMany))
        .filter(|it| !is_complete(schema, it))
        .collect();
    relations.sort_by_key(|relation| relation.forward.or(relation.back));
    relations.into_iter().map(|relation| inline_end(schema, relation)).collect()
}

fn is_complete(schema: &Resolved<'_>, relation: &Relation<'_>) -> bool {
    relation.back.is_some()
        && relation.forward.is_some_and(|at| {
            let attribute = &schema.field(at).relation;
            attribute.fields.is_some() && attribute.references.is_some()
        })
}

fn inline_end(schema: &Resolved<'_>, relation: &Relation<'_>) -> InlineEnd {
    let (from, to) = (&schema.models[relation.from], &schema.models[relation.to]);
    let forward = relation.forward.map(|at| schema.field(at));
    let references = referenced(to, relation.forward.map(|at| (schema, at)));
    let given = forward.and_then(|field| field.relation.fields.as_ref());
    let columns = match given {
        Some(fields) => fields.iter().map(|field| existing(&from.fields[*field])).collect(),
        None => {
            let prefix = lower_first(to.name);
            references.iter().map(|field| column(schema, from, &prefix, &to.fields[*field])).collect()
        }
    };
    InlineEnd {
        is_one_to_one: relation.kind == RelationKind::OneToOne,
        from: from.name.to_owned(),
        from_block: from.span(),
        from_ignored: from.ignored,
        to: to.name.to_owned(),
        to_block: to.span(),
        forward: forward.map(|field| Forward {
            span: field.span(),
            is_required: field.is_required(),
            has_fields: field.relation.fields.is_some(),
            has_references: field.relation.references.is_some(),
        }),
        has_back: relation.back.is_some(),
        columns,
        references: references.into_iter().map(|field| to.fields[field].name.to_owned()).collect(),
    }
}

/// The fields that are given, or the first key that can be referred to.
fn referenced(to: &Model<'_>, forward: Option<(&Resolved<'_>, FieldRef)>) -> Vec<usize> {
    if let Some((schema, at)) = forward
        && let Some(references) = &schema.field(at).relation.references
    {
        return references.clone();
    }
    let is_strict = |field: &Field<'_>| field.is_required() && !matches!(field.ty, FieldType::Unsupported(_));
    let key = to.uniques().find(|index| index.fields.iter().all(|it| is_strict(&to.fields[it.field])));
    key.map(|index| index.fields.iter().map(|it| it.field).collect()).unwrap_or_default()
}

fn existing(field: &Field<'_>) -> InlineColumn {
    InlineColumn {
        name: field.name.to_owned(),
        exists: true,
        is_required: field.is_required(),
        ty: String::new(),
        native: String::new(),
    }
}

/// The column that refers to a field: one of that name, or a new one of its type.
fn column(schema: &Resolved<'_>, from: &Model<'_>, prefix: &str, reference: &Field<'_>) -> InlineColumn {
    let name = format!("{prefix}{}", upper_first(reference.name));
    if let Some(field) = from.field_names.get(name.as_str()) {
        return existing(&from.fields[*field]);
    }
    let ty = match reference.ty {
        FieldType::Enum(id) => schema.enums[id].name.to_owned(),
        FieldType::Scalar(scalar) => scalar.name().to_owned(),
        _ => reference.tree.ty.as_ref().map_or("", |ty| ty.name.text).to_owned(),
    };
    let native = reference.native.as_ref().map(|native| {
        let arguments = native.arguments.join(", ");
        let arguments = if arguments.is_empty() { arguments } else { format!("({arguments})") };
        format!("@{}.{}{arguments}", native.prefix, native.name)
    });
    InlineColumn { name, exists: false, is_required: false, ty, native: native.unwrap_or_default() }
}

/// The name with its first letter in upper case.
pub(super) fn upper_first(name: &str) -> String {
    let mut characters = name.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}

fn lower_first(name: &str) -> String {
    let mut characters = name.chars();
    characters.next().map(|first| first.to_lowercase().chain(characters).collect()).unwrap_or_default()
}
