//! Tables and enums in the schemas of a database.

use std::collections::HashMap;

use crate::check::report::Report;
use crate::check::resolved::{Located, Model, Resolved};
use crate::diagnostic::Rule;
use crate::syntax::tree::Span;

pub(super) static RULES: &[&Rule] = &[&TABLE_TWICE, &UNKNOWN_SCHEMA, &MISSING_SCHEMA];

static TABLE_TWICE: Rule = Rule::error(
    "table-twice",
    "Two models of a schema are two tables, and two enums two types.",
    "model A {\n  id Int @id\n  @@map(\"x\")\n}\nmodel B {\n  id Int @id\n  @@map(\"x\")\n}\n",
);
static UNKNOWN_SCHEMA: Rule = Rule::error(
    "unknown-schema",
    "`@@schema` names a schema that the datasource lists.",
    "datasource d {\n  provider = \"postgresql\"\n  schemas = [\"a\"]\n}\nmodel A {\n  id Int @id\n  @@schema(\"b\")\n}\n",
);
static MISSING_SCHEMA: Rule = Rule::error(
    "missing-schema",
    "When the datasource lists schemas, every model and enum says which it is in.",
    "datasource d {\n  provider = \"postgresql\"\n  schemas = [\"a\"]\n}\nmodel A {\n  id Int @id\n}\n",
);

/// No two tables of a schema have one name, and no two enums.
pub(super) fn tables_once(schema: &Resolved<'_>, report: &mut Report) {
    let mut tables: HashMap<(&str, &str), &str> = HashMap::new();
    for model in &schema.models {
        if let Some(other) = tables.insert((model.schema_name(), model.db_name()), model.name) {
            let title = format!("`{}` and `{other}` are the same table `{}`", model.name, model.db_name());
            report.push(TABLE_TWICE.at(name_span(model.mapped, model.block.name.span), title));
        }
    }
    let mut types: HashMap<(&str, &str), &str> = HashMap::new();
    for it in &schema.enums {
        let name = it.mapped.map_or(it.name, |mapped| mapped.text);
        if let Some(other) = types.insert((it.schema.map_or("", |schema| schema.text), name), it.name) {
            let title = format!("`{}` and `{other}` are the same enum `{name}`", it.name);
            report.push(TABLE_TWICE.at(name_span(it.mapped, it.block.name.span), title));
        }
    }
}

fn name_span(mapped: Option<Located<'_>>, name: Span) -> Span {
    mapped.map_or(name, |mapped| mapped.attribute)
}

/// A model is in a schema that is listed.
pub(super) fn of_model(schema: &Resolved<'_>, model: &Model<'_>, report: &mut Report) {
    check(schema, model.schema, (model.keyword(), model.name, model.span()), report);
}

/// Enums are in schemas that are listed.
pub(super) fn enums(schema: &Resolved<'_>, report: &mut Report) {
    for it in &schema.enums {
        check(schema, it.schema, ("enum", it.name, it.block.span), report);
    }
}

fn check(schema: &Resolved<'_>, given: Option<Located<'_>>, thing: (&str, &str, Span), report: &mut Report) {
    let (keyword, name, span) = thing;
    let connector = schema.settings.connector;
    match (given, &schema.settings.schemas) {
        (Some(given), _) if !connector.can.schemas => {
            report.push(UNKNOWN_SCHEMA.at(given.span, format!("{} has no schemas to choose", connector.name)));
        }
        (Some(given), Some(listed)) if listed.iter().all(|(listed, _)| *listed != given.text) => {
            let title = format!("the datasource does not list the schema `{}`", given.text);
            report.push(UNKNOWN_SCHEMA.at(given.span, title).suggest(given.text, listed.iter().map(|(name, _)| *name)));
        }
        (Some(given), None) if schema.settings.datasource.is_some() => {
            let title = "the datasource lists no schemas";
            let help = format!("add `schemas = [\"{}\"]` to the datasource", given.text);
            report.push(UNKNOWN_SCHEMA.at(given.span, title).help(help));
        }
        (None, Some(listed)) => {
            let title = format!("the {keyword} `{name}` is in no schema");
            let first = listed.first().map_or("", |(name, _)| name);
            report.push(MISSING_SCHEMA.at(span, title).help(format!("add `@@schema(\"{first}\")`")));
        }
        _ => {}
    }
}
