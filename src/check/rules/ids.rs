//! Primary keys.

use std::collections::HashMap;

use lenslet_core::catalog::{IndexKind, ScalarType};

use crate::check::lower::joined_names;
use crate::check::report::Report;
use crate::check::resolved::{FieldType, Index, Model, Resolved};
use crate::diagnostic::Rule;

pub(super) static RULES: &[&Rule] = &[&NO_UNIQUE, &EMPTY_ID, &ID_NAME, &SELECTOR_TWICE, &ID_OPTIONS];

static NO_UNIQUE: Rule = Rule::error(
    "no-unique",
    "A row can be told from the others: by a primary key, or by a unique of required columns.",
    "model A {\n  name String\n}\n",
);
static EMPTY_ID: Rule =
    Rule::error("empty-id", "A primary key has a field.", "model A {\n  id Int @unique\n  @@id([])\n}\n");
static ID_NAME: Rule = Rule::error(
    "id-name",
    "The name of a compound key is not the name of a field.",
    "model A {\n  a Int\n  b Int\n  c Int\n  @@id([a, b], name: \"c\")\n}\n",
);
static SELECTOR_TWICE: Rule = Rule::error(
    "selector-twice",
    "Two compound keys of a model have two names.",
    "model A {\n  a Int\n  b Int\n  @@id([a, b], name: \"x\")\n  @@unique([b, a], name: \"x\")\n}\n",
);
static ID_OPTIONS: Rule = Rule::error(
    "id-options",
    "Primary keys have names, orders and types as their database allows.",
    "datasource d {\n  provider = \"mysql\"\n}\nmodel A {\n  id Int @id(map: \"x\")\n}\n",
);

/// A row can be told from the others.
pub(super) fn some_unique(model: &Model<'_>, report: &mut Report) {
    if model.ignored || model.is_view || model.uniques().any(|index| is_strict(model, index)) {
        return;
    }
    let title = format!("nothing tells one row of `{}` from another", model.name);
    let diagnostic = NO_UNIQUE.at(model.span(), title);
    report.push(if model.uniques().next().is_some() {
        diagnostic
            .note("its uniques have optional or unsupported columns")
            .help("add `@id`, or a unique of required columns")
    } else {
        diagnostic.help("add `id Int @id @default(autoincrement())`, or `@@ignore` to leave it out of the client")
    });
}

fn is_strict(model: &Model<'_>, index: &Index<'_>) -> bool {
    index
        .fields
        .iter()
        .map(|it| &model.fields[it.field])
        .all(|field| field.is_required() && !matches!(field.ty, FieldType::Unsupported(_)))
}

/// A primary key has a field.
pub(super) fn has_fields(model: &Model<'_>, report: &mut Report) {
    if let Some(key) = &model.primary_key
        && key.fields.is_empty()
    {
        report.push(EMPTY_ID.at(key.span(), format!("the primary key of `{}` has no fields", model.name)));
    }
}

/// The name of a compound key is free.
pub(super) fn name_is_free(model: &Model<'_>, report: &mut Report) {
    let Some(key) = &model.primary_key else { return };
    if key.fields.len() < 2 {
        return;
    }
    let name = key.name.map_or_else(|| joined_names(model, key), str::to_owned);
    if model.field_names.contains_key(name.as_str()) {
        let title = format!("the primary key of `{}` and a field are both called `{name}`", model.name);
        report.push(ID_NAME.at(model.span(), title).help("give the key a name: `@@id([…], name: \"…\")`"));
    }
}

/// No two compound keys have one name.
pub(super) fn selectors_once(model: &Model<'_>, report: &mut Report) {
    let mut named: HashMap<&str, Vec<&Index<'_>>> = HashMap::new();
    for index in model.uniques() {
        if let Some(name) = index.name {
            named.entry(name).or_default().push(index);
        }
    }
    for index in model.uniques() {
        let Some((name, group)) = index.name.and_then(|name| named.get_key_value(name)) else {
            continue;
        };
        if group.len() > 1 {
            let title = format!("`{}` has {} keys called `{name}`", model.name, group.len());
            report.push(SELECTOR_TWICE.at(index.span(), title).help("give each a name of its own"));
        }
    }
}

/// A primary key is as the database allows.
pub(super) fn options(schema: &Resolved<'_>, model: &Model<'_>, report: &mut Report) {
    let Some(key) = &model.primary_key else { return };
    let connector = schema.settings.connector;
    if key.map.is_some() && !connector.can.named_primary_keys {
        let title = format!("{} does not name primary keys", connector.name);
        report.push(ID_OPTIONS.at(model.span(), title).help("remove `map` of the primary key"));
    }
    for field in key.fields.iter().map(|it| &model.fields[it.field]) {
        let refused = match field.scalar() {
            Some(ScalarType::Json) => !connector.can.json_key,
            Some(ScalarType::Bytes) => connector.name == "sqlserver",
            _ => false,
        };
        if refused && key.kind == IndexKind::PrimaryKey {
            let scalar = field.scalar().map_or("", ScalarType::name);
            let title = format!("{} has no primary keys of type {scalar}", connector.name);
            report.push(ID_OPTIONS.at(key.span(), title));
        }
    }
}
