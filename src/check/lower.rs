//! Last pass: from the resolved schema, which has no errors now, to the catalog.

use std::collections::HashMap;

use lenslet_core::catalog::{
    Arity, Catalog, Column, ColumnType, Enum, Extension, Field, FieldKind, ForeignKey, Index, IndexField, IndexKind,
    JoinTable, List, Model, ModelKind, NativeType, Relation, RelationEnd, RelationField, RelationKind, Side, Text,
    Variant,
};

use super::connector::Connector;
use super::constraint_name;
use super::predicate;
use super::resolved::{self, FieldId, FieldRef, FieldType, Meaning, OperatorClass, Resolved};
use crate::syntax::tree::Modifier;

/// The catalog; absent when the schema is for no database that Lenslet knows.
pub(super) fn catalog(schema: &Resolved<'_>, extensions: &[Extension]) -> Option<Catalog> {
    let provider = schema.settings.connector.provider?;
    let ends = relation_ends(schema);
    let schemas = schema.settings.schemas.iter().flatten().map(|(name, _)| text(name));
    Some(Catalog {
        provider,
        relation_mode: schema.settings.relation_mode,
        schemas: schemas.collect(),
        extensions: extensions.to_vec().into(),
        models: schema
            .models
            .iter()
            .enumerate()
            .map(|(id, it)| model(schema, id, it, &ends))
            .collect(),
        enums: schema.enums.iter().map(enumeration).collect(),
        relations: schema
            .relations
            .iter()
            .map(|relation| lower_relation(schema, relation))
            .collect(),
    })
}

fn text(text: &str) -> Text {
    Text::Owned(text.to_owned())
}

/// A position in the catalog. The rules refuse schemas with more things than fit.
fn index(at: usize) -> u16 {
    u16::try_from(at).unwrap_or(u16::MAX)
}

fn indexes(fields: &[FieldId]) -> List<u16> {
    fields.iter().map(|field| index(*field)).collect()
}

/// Which relation each relation field is an end of.
fn relation_ends(schema: &Resolved<'_>) -> HashMap<FieldRef, RelationEnd> {
    let mut ends = HashMap::new();
    for (at, relation) in schema.relations.iter().enumerate() {
        let (Some(forward), Some(back)) = (relation.forward, relation.back) else {
            continue;
        };
        let mut add = |from: FieldRef, to: FieldRef, side| {
            let end = RelationEnd {
                relation: index(at),
                model: index(to.model),
                opposite: index(to.field),
                side,
            };
            ends.insert(from, end);
        };
        add(forward, back, Side::From);
        add(back, forward, Side::To);
    }
    ends
}

fn model(
    schema: &Resolved<'_>,
    id: usize,
    model: &resolved::Model<'_>,
    ends: &HashMap<FieldRef, RelationEnd>,
) -> Model {
    let connector = schema.settings.connector;
    let fields = model.fields.iter().enumerate();
    let fields = fields
        .filter_map(|(at, it)| field(schema, FieldRef { model: id, field: at }, it, ends))
        .collect();
    let lower = |it: &resolved::Index<'_>| lower_index(connector, model, it);
    let (uniques, rest): (Vec<_>, Vec<_>) = model.indexes.iter().partition(|it| it.kind == IndexKind::Unique);
    Model {
        name: text(model.name),
        db_name: text(model.db_name()),
        schema: model.schema.map(|schema| text(schema.text)),
        kind: if model.is_view {
            ModelKind::View
        } else {
            ModelKind::Table
        },
        documentation: model.block.documentation.as_deref().map(text),
        ignored: model.ignored,
        fields,
        primary_key: model.primary_key.as_ref().map(lower),
        indexes: uniques.into_iter().chain(rest).map(lower).collect(),
    }
}

fn field(
    schema: &Resolved<'_>,
    at: FieldRef,
    field: &resolved::Field<'_>,
    ends: &HashMap<FieldRef, RelationEnd>,
) -> Option<Field> {
    let ty = match field.ty {
        FieldType::Scalar(scalar) => Some(ColumnType::Scalar(scalar)),
        FieldType::Enum(id) => Some(ColumnType::Enum(index(id))),
        FieldType::Unsupported(name) => Some(ColumnType::Unsupported(text(name))),
        FieldType::Model(_) | FieldType::Composite(_) | FieldType::Unknown => None,
    };
    let kind = match ty {
        Some(ty) => FieldKind::Column(column(field, ty)),
        None => FieldKind::Relation(ends.get(&at)?.clone()),
    };
    let points_to_ignored = field.related_model().is_some_and(|id| schema.models[id].ignored);
    Some(Field {
        name: text(field.name),
        documentation: field.tree.documentation.as_deref().map(text),
        arity: match field.modifier {
            Modifier::None => Arity::Required,
            Modifier::Optional => Arity::Optional,
            Modifier::List => Arity::List,
        },
        ignored: field.ignored.is_some() || points_to_ignored,
        kind,
    })
}

fn column(field: &resolved::Field<'_>, ty: ColumnType) -> Column {
    let native_type = field.native.as_ref().map(|native| NativeType {
        name: text(native.name),
        arguments: native.arguments.iter().map(|argument| text(argument)).collect(),
    });
    let default = field.default.as_ref().and_then(|default| match &default.meaning {
        Meaning::Default(default) => Some(default.clone()),
        Meaning::Auto | Meaning::Wrong => None,
    });
    Column {
        db_name: text(field.db_name()),
        ty,
        native_type,
        default,
        updated_at: field.updated_at.is_some(),
    }
}

fn lower_index(connector: &Connector, model: &resolved::Model<'_>, it: &resolved::Index<'_>) -> Index {
    let is_compound = it.fields.len() > 1;
    let selects = matches!(it.kind, IndexKind::PrimaryKey | IndexKind::Unique);
    let name = it
        .name
        .map(str::to_owned)
        .or_else(|| (selects && is_compound).then(|| joined_names(model, it)));
    Index {
        kind: it.kind,
        name: name.map(Text::Owned),
        db_name: constraint_name::of_index(connector, model, it).map(|name| Text::Owned(name.into_owned())),
        fields: it.fields.iter().map(index_field).collect(),
        algorithm: it.algorithm.map(|(algorithm, _)| algorithm),
        clustered: it.clustered,
        predicate: it
            .predicate
            .and_then(|value| predicate::sql(connector, model, value))
            .map(Text::Owned),
    }
}

/// `a_b`, the selector's name when none is given.
pub(super) fn joined_names(model: &resolved::Model<'_>, it: &resolved::Index<'_>) -> String {
    let names: Vec<&str> = it.fields.iter().map(|field| model.fields[field.field].name).collect();
    names.join("_")
}

fn index_field(it: &resolved::IndexField<'_>) -> IndexField {
    IndexField {
        field: index(it.field),
        sort: it.sort,
        length: it.length,
        operator_class: it.operator_class.map(|class| match class {
            OperatorClass::Known(class) => text(class.sql),
            OperatorClass::Raw(raw) => text(raw),
        }),
    }
}

fn enumeration(it: &resolved::Enum<'_>) -> Enum {
    let variants = it
        .variants
        .iter()
        .zip(&it.mapped_variants)
        .map(|(variant, mapped)| Variant {
            name: text(variant.name.text),
            db_name: text(mapped.map_or(variant.name.text, |mapped| mapped.text)),
            documentation: variant.documentation.as_deref().map(text),
        });
    Enum {
        name: text(it.name),
        db_name: text(it.mapped.map_or(it.name, |mapped| mapped.text)),
        schema: it.schema.map(|schema| text(schema.text)),
        documentation: it.block.documentation.as_deref().map(text),
        variants: variants.collect(),
    }
}

fn lower_relation(schema: &Resolved<'_>, relation: &resolved::Relation<'_>) -> Relation {
    let end = |at: Option<FieldRef>, model: usize| RelationField {
        model: index(model),
        field: index(at.map_or(usize::MAX, |at| at.field)),
    };
    let name = schema.relation_name(relation);
    let kind = match relation.kind {
        resolved::RelationKind::OneToOne | resolved::RelationKind::OneToMany => {
            RelationKind::ForeignKey(foreign_key(schema, relation))
        }
        resolved::RelationKind::ManyToMany | resolved::RelationKind::EmbeddedManyToMany => {
            RelationKind::ManyToMany(JoinTable {
                db_name: Text::Owned(format!("_{name}")),
                schema: schema.models[relation.from].schema.map(|schema| text(schema.text)),
            })
        }
    };
    Relation {
        name: Text::Owned(name),
        from: end(relation.forward, relation.from),
        to: end(relation.back, relation.to),
        kind,
    }
}

fn foreign_key(schema: &Resolved<'_>, relation: &resolved::Relation<'_>) -> ForeignKey {
    let field = relation.forward.map(|at| schema.field(at));
    let attribute = field.map(|field| &field.relation);
    let list = |list: Option<&Vec<FieldId>>| list.map(|list| indexes(list)).unwrap_or_default();
    let actions = super::actions::of(schema, relation);
    ForeignKey {
        fields: list(attribute.and_then(|it| it.fields.as_ref())),
        references: list(attribute.and_then(|it| it.references.as_ref())),
        one_to_one: relation.kind == resolved::RelationKind::OneToOne,
        on_delete: actions.on_delete,
        on_update: actions.on_update,
        db_name: Text::Owned(constraint_name::of_foreign_key(schema, relation).into_owned()),
    }
}
