//! The rules of the language. Each says what it demands and shows a schema that breaks it; its code is stable.

pub(super) mod arguments;
pub(super) mod attributes;
pub(super) mod config;
pub(super) mod defaults;
pub(super) mod index_fields;
pub(super) mod names;
pub(super) mod relation_attribute;
pub(super) mod syntax;
pub(super) mod types;
mod views;

mod cascades;
mod constraint_names;
mod ids;
mod indexes;
mod native_types;
mod partial_indexes;
mod referential_actions;
mod relation_fields;
mod relations;
mod schemas;

use super::report::Report;
use super::resolved::{FieldRef, RelationKind, Resolved};
use crate::diagnostic::Rule;

/// Every rule.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    [
        syntax::RULES,
        config::RULES,
        names::RULES,
        types::RULES,
        arguments::RULES,
        attributes::RULES,
        defaults::RULES,
        index_fields::RULES,
        relation_attribute::RULES,
        native_types::RULES,
        ids::RULES,
        indexes::RULES,
        partial_indexes::RULES,
        constraint_names::RULES,
        relation_fields::RULES,
        relations::RULES,
        referential_actions::RULES,
        cascades::RULES,
        schemas::RULES,
        views::RULES,
    ]
    .into_iter()
    .flatten()
    .copied()
}

/// The rules that rely on names, types and attributes being sound.
pub(super) fn validate(schema: &Resolved<'_>, report: &mut Report) {
    let names = constraint_names::Names::collect(schema);
    names::countable(schema, report);
    types::composites(schema, report);
    types::enums(schema, report);
    schemas::tables_once(schema, report);
    schemas::enums(schema, report);
    validate_models(schema, &names, report);
    if relation_fields::ambiguous(schema, report) {
        return;
    }
    validate_relation_fields(schema, report);
    validate_relations(schema, report);
    cascades::Graph::of(schema).check(schema, report);
}

fn validate_models(schema: &Resolved<'_>, names: &constraint_names::Names<'_>, report: &mut Report) {
    for (id, model) in schema.models.iter().enumerate() {
        ids::some_unique(model, report);
        ids::has_fields(model, report);
        ids::name_is_free(model, report);
        ids::selectors_once(model, report);
        ids::options(schema, model, report);
        schemas::of_model(schema, model, report);
        views::feature(schema, model, report);
        views::nothing_physical(model, report);
        views::shard_key(schema, model, report);
        defaults::autoincrement(schema, model, report);
        for field in &model.fields {
            types::column(schema, field, report);
            types::decimal(schema, field, report);
            types::unsupported(schema, field, report);
            native_types::of_field(schema, field, report);
            defaults::readable(field, report);
            defaults::supported(schema, field, report);
            constraint_names::of_default(schema, field, report);
            defaults::cockroach_autoincrement(schema, field, report);
            relation_fields::ignored(model, field, report);
        }
        for index in model.all_indexes() {
            constraint_names::of_index(schema, index, report);
            native_types::in_index(schema, model, index, report);
            indexes::length(schema, model, index, report);
            indexes::sort(schema, index, report);
            indexes::clustering(schema, index, report);
        }
        for index in &model.indexes {
            indexes::has_fields(index, report);
            indexes::name_is_free(model, index, report);
            indexes::algorithm(schema, index, report);
            indexes::operator_classes(schema, model, index, report);
            indexes::fulltext(schema, index, report);
            partial_indexes::predicate(schema, model, index, report);
        }
        indexes::clustered_once(schema, model, report);
        names.of_model(schema, id, report);
    }
    for composite in &schema.composites {
        for field in &composite.fields {
            types::column(schema, field, report);
            native_types::of_field(schema, field, report);
            defaults::readable(field, report);
        }
    }
}

fn validate_relation_fields(schema: &Resolved<'_>, report: &mut Report) {
    for (model, it) in schema.models.iter().enumerate() {
        for (field, it) in it.fields.iter().enumerate().filter(|(_, field)| field.related_model().is_some()) {
            let at = FieldRef { model, field };
            relation_fields::ignored_model(schema, at, report);
            relation_fields::foreign_key_name(schema, it, report);
            relation_fields::missing_index(schema, at, report);
            referential_actions::supported(schema, it, report);
        }
    }
}

fn validate_relations(schema: &Resolved<'_>, report: &mut Report) {
    for relation in &schema.relations {
        match relation.kind {
            RelationKind::OneToOne | RelationKind::OneToMany => {
                relations::both_sides(schema, relation, report);
                relations::fields_and_references(schema, relation, report);
                relations::same_length(schema, relation, report);
                relations::same_types(schema, relation, report);
                relations::references_unique(schema, relation, report);
                relations::optionality(schema, relation, report);
                relations::unique_one_to_one(schema, relation, report);
                referential_actions::side(schema, relation, report);
                referential_actions::set_null(schema, relation, report);
            }
            RelationKind::ManyToMany => relations::implicit(schema, relation, report),
            RelationKind::EmbeddedManyToMany => relations::embedded(schema, relation, report),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{Sources, check};
    use std::collections::HashSet;

    #[test]
    fn every_rule_has_a_code_of_its_own_and_an_example_that_breaks_it() {
        let mut codes = HashSet::new();
        for rule in super::all() {
            assert!(codes.insert(rule.code), "two rules `{}`", rule.code);
            if rule.example.is_empty() {
                continue;
            }
            let checked = check(&Sources::single("schema.prisma", rule.example));
            let found: Vec<_> = checked.diagnostics.iter().map(|it| it.code).collect();
            assert!(found.contains(&rule.code), "`{}` is not found in its example but {found:?}", rule.code);
        }
    }
}
