//! Relation fields, one at a time.

use std::collections::HashMap;

use crate::check::report::Report;
use crate::check::resolved::{Field, FieldRef, Model, ModelId, Resolved};
use crate::diagnostic::Rule;

pub(super) static RULES: &[&Rule] =
    &[&AMBIGUOUS, &IGNORED_TWICE, &IGNORED_MODEL, &FOREIGN_KEY_NAME, &FOREIGN_KEY_NAME_LENGTH, &MISSING_INDEX];

static AMBIGUOUS: Rule = Rule::error(
    "ambiguous-relation",
    "Several relations between two models have names, so that each field finds its opposite.",
    "model A {\n  id Int @id\n  x B[]\n  y B[]\n}\nmodel B {\n  id Int @id\n}\n",
);
static IGNORED_TWICE: Rule = Rule::error(
    "ignored-twice",
    "Everything of an ignored model is ignored.",
    "model A {\n  id Int @id\n  a Int @ignore\n  @@ignore\n}\n",
);
static IGNORED_MODEL: Rule = Rule::error(
    "ignored-model",
    "A relation to an ignored model is ignored.",
    "model A {\n  id Int @id\n  bId Int\n  b B @relation(fields: [bId], references: [id])\n}\nmodel B {\n  id Int @id\n  as A[]\n  @@ignore\n}\n",
);
static FOREIGN_KEY_NAME: Rule = Rule::error(
    "foreign-key-name",
    "SQLite does not name foreign keys.",
    "datasource d {\n  provider = \"sqlite\"\n}\nmodel A {\n  id Int @id\n  bId Int\n  b B @relation(fields: [bId], references: [id], map: \"x\")\n}\nmodel B {\n  id Int @id\n  as A[]\n}\n",
);
static FOREIGN_KEY_NAME_LENGTH: Rule = Rule::error(
    "foreign-key-name-length",
    "Names of foreign keys are as long as the database allows.",
    "datasource d {\n  provider = \"postgresql\"\n}\nmodel A {\n  id Int @id\n  bId Int\n  b B @relation(fields: [bId], references: [id], map: \"a_name_that_is_longer_than_the_sixty_three_bytes_that_postgresql_keeps\")\n}\nmodel B {\n  id Int @id\n  as A[]\n}\n",
);
static MISSING_INDEX: Rule = Rule::warning(
    "missing-index",
    "Without foreign keys the columns of a relation have an index only if the schema gives them one.",
    "datasource d {\n  provider = \"mysql\"\n  relationMode = \"prisma\"\n}\nmodel A {\n  id Int @id\n  bId Int\n  b B @relation(fields: [bId], references: [id])\n}\nmodel B {\n  id Int @id\n  as A[]\n}\n",
);

/// Whether some relations cannot be told apart. Only the first is reported: the others follow from it.
pub(super) fn ambiguous(schema: &Resolved<'_>, report: &mut Report) -> bool {
    let mut groups: HashMap<(ModelId, ModelId, Option<&str>), Vec<&Field<'_>>> = HashMap::new();
    for (id, model) in schema.models.iter().enumerate() {
        for field in &model.fields {
            if let Some(related) = field.related_model() {
                groups.entry((id, related, field.relation.name)).or_default().push(field);
            }
        }
    }
    for (id, model) in schema.models.iter().enumerate() {
        for field in &model.fields {
            let Some(related) = field.related_model() else { continue };
            let Some(group) = groups.get(&(id, related, field.relation.name)) else {
                continue;
            };
            let allowed = if id == related && field.relation.name.is_some() { 2 } else { 1 };
            if group.len() > allowed {
                report_ambiguous(model, field, group, id == related, report);
                return true;
            }
        }
    }
    false
}

fn report_ambiguous(model: &Model<'_>, field: &Field<'_>, group: &[&Field<'_>], to_itself: bool, report: &mut Report) {
    let names: Vec<String> = group.iter().map(|field| format!("`{}`", field.name)).collect();
    let names = names.join(", ");
    let ty = field.tree.ty.as_ref().map_or("", |ty| ty.name.text);
    let (title, help) = match (field.relation.name, to_itself) {
        (Some(name), true) => (
            format!("{names} of `{}` are all of the relation `{name}`", model.name),
            "two fields at most are of one relation; give the others another name",
        ),
        (Some(name), false) => (
            format!("{names} of `{}` all refer to `{ty}` by the relation `{name}`", model.name),
            "give each relation a name of its own: `@relation(\"…\")`",
        ),
        (None, true) => (
            format!("{names} of `{}` all refer to `{ty}` itself", model.name),
            "give the two ends of a relation the same name: `@relation(\"…\")`",
        ),
        (None, false) => (
            format!("{names} of `{}` all refer to `{ty}`", model.name),
            "give each relation a name: `@relation(\"…\")`, here and at its opposite field",
        ),
    };
    report.push(AMBIGUOUS.at(field.span(), title).help(help));
}

/// Nothing of an ignored model is ignored again.
pub(super) fn ignored(model: &Model<'_>, field: &Field<'_>, report: &mut Report) {
    if model.ignored && field.ignored.is_some() {
        let title = format!("`{}` is ignored, and `{}` with it", model.name, field.name);
        report.push(IGNORED_TWICE.at(field.span(), title).help("remove `@ignore`"));
    }
}

/// A relation to an ignored model is ignored.
pub(super) fn ignored_model(schema: &Resolved<'_>, at: FieldRef, report: &mut Report) {
    let (model, field) = (&schema.models[at.model], schema.field(at));
    let Some(related) = field.related_model().map(|id| &schema.models[id]) else {
        return;
    };
    if related.ignored && !model.ignored && field.ignored.is_none() {
        let title = format!("`{}` refers to `{}`, which is ignored", field.name, related.name);
        report.push(IGNORED_MODEL.at(field.span(), title).help("add `@ignore`"));
    }
}

/// The name of a foreign key fits the database.
pub(super) fn foreign_key_name(schema: &Resolved<'_>, field: &Field<'_>, report: &mut Report) {
    let Some(map) = field.relation.map else { return };
    let connector = schema.settings.connector;
    if !connector.can.named_foreign_keys {
        let title = format!("{} does not name foreign keys", connector.name);
        report.push(FOREIGN_KEY_NAME.at(map.attribute, title).help("remove `map`"));
    } else if map.text.len() > connector.max_identifier {
        let title = format!("this name is {} bytes long", map.text.len());
        let note = format!("names of {} have {} bytes at most", connector.name, connector.max_identifier);
        report.push(FOREIGN_KEY_NAME_LENGTH.at(map.attribute, title).note(note));
    }
}

/// Without foreign keys, the columns of a relation need an index.
pub(super) fn missing_index(schema: &Resolved<'_>, at: FieldRef, report: &mut Report) {
    let (model, field) = (&schema.models[at.model], schema.field(at));
    let (Some(fields), Some(attribute)) = (&field.relation.fields, field.relation.attribute) else {
        return;
    };
    if schema.settings.uses_foreign_keys() || fields.is_empty() || model.is_view {
        return;
    }
    let leads = |index: &crate::check::resolved::Index<'_>| {
        index.fields.len() >= fields.len() && index.fields.iter().zip(fields).all(|(it, field)| it.field == *field)
    };
    if !model.all_indexes().any(leads) {
        let names: Vec<&str> = fields.iter().map(|field| model.fields[*field].name).collect();
        let title = format!("the columns of the relation `{}` have no index", field.name);
        let note = "with `relationMode = \"prisma\"` there is no foreign key that would bring one";
        let help = format!("add `@@index([{}])` to `{}`", names.join(", "), model.name);
        report.push(MISSING_INDEX.at(attribute.span, title).note(note).help(help));
    }
}
