//! Fifth pass: which relations the fields show.

use std::collections::HashMap;

use super::resolved::{FieldRef, ModelId, Relation, RelationKind, Resolved};

/// Finds the relations, in the order of their first field.
pub(super) fn infer(schema: &mut Resolved<'_>) {
    let relations = find(schema);
    schema.relations = relations;
}

/// The fields from one model to another that say the same name.
type Ends<'t> = HashMap<(ModelId, ModelId, Option<&'t str>), Vec<FieldRef>>;

fn find<'t>(schema: &Resolved<'t>) -> Vec<Relation<'t>> {
    let mut ends: Ends<'t> = HashMap::new();
    let mut fields = Vec::new();
    for (model, it) in schema.models.iter().enumerate() {
        for (field, it) in it.fields.iter().enumerate() {
            if let Some(related) = it.related_model() {
                let at = FieldRef { model, field };
                ends.entry((model, related, it.relation.name)).or_default().push(at);
                fields.push((at, related));
            }
        }
    }
    let mut relations: Vec<(FieldRef, Relation<'t>)> = Vec::new();
    for (at, related) in fields {
        let name = schema.field(at).relation.name;
        let opposite = ends.get(&(related, at.model, name)).and_then(|list| list.iter().find(|it| **it != at)).copied();
        if let Some(relation) = relation(schema, at, related, opposite) {
            let first = opposite.map_or(at, |opposite| opposite.min(at));
            relations.push((first, relation));
        }
    }
    relations.sort_by_key(|(first, _)| *first);
    relations.into_iter().map(|(_, relation)| relation).collect()
}

/// The relation that a field shows, unless it is the other end that shows it.
fn relation<'t>(
    schema: &Resolved<'t>,
    at: FieldRef,
    related: ModelId,
    opposite: Option<FieldRef>,
) -> Option<Relation<'t>> {
    let field = schema.field(at);
    let name = field.relation.name;
    let forward = |kind| Relation { name, kind, from: at.model, to: related, forward: Some(at), back: opposite };
    let Some(opposite_at) = opposite else {
        let lone = if field.is_list() {
            let kind = RelationKind::OneToMany;
            Relation { name, kind, from: related, to: at.model, forward: None, back: Some(at) }
        } else if has_unique_fields(schema, at) {
            forward(RelationKind::OneToOne)
        } else {
            forward(RelationKind::OneToMany)
        };
        return Some(lone);
    };
    let other = schema.field(opposite_at);
    match (field.is_list(), other.is_list()) {
        (true, true) => {
            let is_embedded = [field, other].iter().any(|it| it.relation.fields.is_some());
            let kind = if is_embedded { RelationKind::EmbeddedManyToMany } else { RelationKind::ManyToMany };
            comes_first(schema, at, opposite_at).then(|| forward(kind))
        }
        (true, false) => None,
        (false, true) => Some(forward(RelationKind::OneToMany)),
        (false, false) => refers(schema, at, opposite_at).then(|| forward(RelationKind::OneToOne)),
    }
}

/// Whether the fields of a relation hold each value once.
fn has_unique_fields(schema: &Resolved<'_>, at: FieldRef) -> bool {
    let Some(fields) = &schema.field(at).relation.fields else {
        return false;
    };
    schema.models[at.model].uniques().any(|index| index.is_of(fields))
}

/// Which end of a one-to-one relation refers to the other: the one that says so, else the required one, else the first.
fn refers(schema: &Resolved<'_>, at: FieldRef, opposite: FieldRef) -> bool {
    let (field, other) = (schema.field(at), schema.field(opposite));
    let says =
        |field: &super::resolved::Field<'_>| field.relation.fields.is_some() || field.relation.references.is_some();
    match (says(field), says(other)) {
        (true, false) => return true,
        (false, true) => return false,
        _ => {}
    }
    match (field.is_required(), other.is_required()) {
        (true, false) => true,
        (false, true) => false,
        _ => comes_first(schema, at, opposite),
    }
}

/// Whether an end comes first by its model's name, and in relations of a model to itself by its own.
fn comes_first(schema: &Resolved<'_>, at: FieldRef, opposite: FieldRef) -> bool {
    let key = |at: FieldRef| (schema.models[at.model].name, schema.field(at).name);
    key(at) < key(opposite)
}
