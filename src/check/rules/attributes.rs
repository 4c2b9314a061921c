//! Attributes: which there are, and where they stand.

use std::collections::HashMap;

use lenslet_core::catalog::ScalarType;

use crate::check::report::Report;
use crate::check::resolved::{Enum, Field, FieldType, Index, Located, Model};
use crate::diagnostic::Rule;
use crate::syntax::tree::{Attribute, Block, Span};

pub(super) static RULES: &[&Rule] = &[
    &UNKNOWN_ATTRIBUTE,
    &ATTRIBUTE_TWICE,
    &NOT_IN_COMPOSITE,
    &ID_HERE,
    &SEVERAL_IDS,
    &UNIQUE_HERE,
    &NOT_A_RELATION,
    &RELATION_MAPPED,
    &UPDATED_AT,
    &IGNORE_HERE,
    &NATIVE_TYPE_HERE,
    &COLUMN_TWICE,
    &VARIANT_TWICE,
];

static UNKNOWN_ATTRIBUTE: Rule = Rule::error(
    "unknown-attribute",
    "The attributes are those of the language, and the native types of the datasource.",
    "model A {\n  id Int @id @big\n}\n",
);
static ATTRIBUTE_TWICE: Rule = Rule::error(
    "attribute-twice",
    "Only `@@unique`, `@@index` and `@@fulltext` stand more than once.",
    "model A {\n  id Int @id\n  @@map(\"a\")\n  @@map(\"b\")\n}\n",
);
static NOT_IN_COMPOSITE: Rule = Rule::error(
    "attribute-in-composite-type",
    "Fields of composite types have no keys and no relations.",
    "type T {\n  a Int @unique\n}\n",
);
static ID_HERE: Rule = Rule::error("id-here", "A primary key is a required column.", "model A {\n  id Int? @id\n}\n");
static SEVERAL_IDS: Rule = Rule::error(
    "several-ids",
    "A model has one primary key; of several columns it is written `@@id([a, b])`.",
    "model A {\n  a Int @id\n  b Int @id\n}\n",
);
static UNIQUE_HERE: Rule = Rule::error(
    "unique-here",
    "Columns are unique, relations are not.",
    "model A {\n  id Int @id\n  b B @unique\n}\nmodel B {\n  id Int @id\n}\n",
);
static NOT_A_RELATION: Rule = Rule::error(
    "not-a-relation",
    "`@relation` stands at a field whose type is a model.",
    "model A {\n  id Int @id\n  b Int @relation(\"x\")\n}\n",
);
static RELATION_MAPPED: Rule = Rule::error(
    "relation-mapped",
    "A relation has no column, and so no name in the database.",
    "model A {\n  id Int @id\n  b B @map(\"x\")\n}\nmodel B {\n  id Int @id\n}\n",
);
static UPDATED_AT: Rule =
    Rule::error("updated-at", "`@updatedAt` keeps a moment.", "model A {\n  id Int @id\n  at Int @updatedAt\n}\n");
static IGNORE_HERE: Rule = Rule::error(
    "ignore-here",
    "An unsupported type is left out of the client anyway.",
    "model A {\n  id Int @id\n  a Unsupported(\"x\") @ignore\n}\n",
);
static NATIVE_TYPE_HERE: Rule = Rule::error(
    "native-type-here",
    "A column has one native type; a relation has none.",
    "model A {\n  id Int @id\n  b B @db.Text\n}\nmodel B {\n  id Int @id\n}\n",
);
static COLUMN_TWICE: Rule = Rule::error(
    "column-twice",
    "Two fields of a model are two columns.",
    "model A {\n  id Int @id\n  a Int @map(\"x\")\n  b Int @map(\"x\")\n}\n",
);
static VARIANT_TWICE: Rule = Rule::error(
    "enum-value-twice",
    "Two values of an enum are two values in the database.",
    "enum E {\n  A @map(\"x\")\n  B @map(\"x\")\n}\n",
);

const FIELD_ATTRIBUTES: [&str; 7] = ["id", "unique", "default", "updatedAt", "map", "relation", "ignore"];
const BLOCK_ATTRIBUTES: [&str; 7] = ["id", "unique", "index", "fulltext", "map", "schema", "ignore"];

pub(crate) fn unknown_attribute(attribute: &Attribute<'_>, report: &mut Report) {
    let name = attribute.name.text;
    let title = format!("there is no attribute `@{name}`");
    report.push(UNKNOWN_ATTRIBUTE.at(attribute.span, title).suggest(name, FIELD_ATTRIBUTES));
}

pub(crate) fn unknown_block_attribute(attribute: &Attribute<'_>, keyword: &str, report: &mut Report) {
    let name = attribute.name.text;
    let title = format!("there is no attribute `@@{name}` for this {keyword}");
    report.push(UNKNOWN_ATTRIBUTE.at(attribute.span, title).suggest(name, BLOCK_ATTRIBUTES));
}

/// Attributes that may stand once do.
pub(crate) fn attributes_once(attributes: &[Attribute<'_>], marks: &str, report: &mut Report) {
    if attributes.len() > 1 {
        once(attributes.iter(), marks, report);
    }
}

/// Block attributes that may stand once do.
pub(crate) fn block_attributes_once(block: &Block<'_>, report: &mut Report) {
    let several = ["unique", "index", "fulltext", "shardKey", "id"];
    once(block.attributes().filter(|it| !several.contains(&it.name.text)), "@@", report);
}

fn once<'a, 't: 'a>(attributes: impl Iterator<Item = &'a Attribute<'t>>, marks: &str, report: &mut Report) {
    let mut by_name: Vec<(&str, Vec<Span>)> = Vec::new();
    for attribute in attributes {
        let name = attribute.name.text;
        match by_name.iter_mut().find(|(other, _)| *other == name) {
            Some((_, spans)) => spans.push(attribute.span),
            None => by_name.push((name, vec![attribute.span])),
        }
    }
    for (name, spans) in by_name.into_iter().filter(|(_, spans)| spans.len() > 1) {
        for span in spans {
            report.push(ATTRIBUTE_TWICE.at(span, format!("`{marks}{name}` stands here more than once")));
        }
    }
}

pub(crate) fn not_in_composite(attribute: &Attribute<'_>, report: &mut Report) {
    let title = format!("`@{}` does not stand in a composite type", attribute.name.text);
    report.push(NOT_IN_COMPOSITE.at(attribute.span, title));
}

pub(crate) fn no_block_attributes(block: &Block<'_>, report: &mut Report) {
    for attribute in block.attributes() {
        let title = format!("`@@{}` does not stand in a composite type", attribute.name.text);
        report.push(NOT_IN_COMPOSITE.at(attribute.span, title));
    }
}

pub(crate) fn id_here(field: &Field<'_>, attribute: &Attribute<'_>, report: &mut Report) {
    let reason = match field.ty {
        FieldType::Model(_) => "is a relation",
        FieldType::Composite(_) => "is of a composite type",
        _ if field.is_list() => "is a list",
        _ if field.is_optional() => "is optional",
        _ => return,
    };
    let diagnostic = ID_HERE.at(attribute.span, format!("`{}` {reason}, so it cannot be the primary key", field.name));
    report.push(match field.ty {
        FieldType::Model(_) => diagnostic.help("use the columns of the relation: `@@id([…])`"),
        _ => diagnostic.help("make it required"),
    });
}

pub(crate) fn second_id(model: &Model<'_>, index: &Index<'_>, report: &mut Report) {
    let title = format!("`{}` has more than one primary key", model.name);
    let diagnostic = SEVERAL_IDS.at(model.span(), title);
    report.push(match index.field {
        Some(_) => diagnostic.help("write one `@@id([…])` with all its fields"),
        None => diagnostic.help("keep `@id` or `@@id`"),
    });
}

pub(crate) fn unique_here(model: &Model<'_>, field: &Field<'_>, attribute: &Attribute<'_>, report: &mut Report) {
    let FieldType::Model(_) = field.ty else { return };
    let title = format!("`{}` is a relation, which cannot be unique", field.name);
    let diagnostic = UNIQUE_HERE.at(attribute.span, title);
    let columns = relation_columns(field);
    report.push(match columns.as_slice() {
        [] => diagnostic,
        [one] => diagnostic.help(format!("put `@unique` at `{one}`")),
        several => diagnostic.help(format!("add `@@unique([{}])` to `{}`", several.join(", "), model.name)),
    });
}

/// The names in `fields: [...]` of a relation that may not be read yet.
pub(super) fn relation_columns<'t>(field: &Field<'t>) -> Vec<&'t str> {
    use crate::syntax::tree::ValueKind;
    let relation = field.tree.attributes.iter().find(|it| it.name.text == "relation");
    let arguments = relation.and_then(|it| it.arguments.as_ref());
    let fields = arguments.and_then(|it| it.list.iter().find(|it| it.name.is_some_and(|name| name.text == "fields")));
    match fields.and_then(|it| it.value.as_ref()).map(|value| &value.kind) {
        Some(ValueKind::Array(list)) => list
            .iter()
            .filter_map(|it| if let ValueKind::Constant(name) = it.kind { Some(name) } else { None })
            .collect(),
        _ => Vec::new(),
    }
}

pub(crate) fn not_a_relation(field: &Field<'_>, attribute: &Attribute<'_>, report: &mut Report) {
    let title = format!("`{}` is no relation: its type is no model", field.name);
    report.push(NOT_A_RELATION.at(attribute.span, title));
}

pub(crate) fn relation_mapped(field: &Field<'_>, attribute: &Attribute<'_>, report: &mut Report) {
    let title = format!("`{}` is a relation, which has no name in the database", field.name);
    report.push(RELATION_MAPPED.at(attribute.span, title).help("put `@map` at its columns"));
}

pub(crate) fn updated_at_here(field: &Field<'_>, attribute: &Attribute<'_>, report: &mut Report) {
    if field.is_list() || field.scalar() != Some(ScalarType::DateTime) {
        let title = format!("`{}` is not a `DateTime`, so it cannot keep when its row changed", field.name);
        report.push(UPDATED_AT.at(attribute.span, title));
    }
}

pub(crate) fn ignore_here(field: &Field<'_>, attribute: &Attribute<'_>, report: &mut Report) {
    if let FieldType::Unsupported(_) = field.ty {
        let title = format!("`{}` is of an unsupported type and left out anyway", field.name);
        report.push(IGNORE_HERE.at(attribute.span, title).help("remove `@ignore`"));
    }
}

pub(crate) fn second_native_type(attribute: &Attribute<'_>, report: &mut Report) {
    report.push(NATIVE_TYPE_HERE.at(attribute.span, "a column has one native type"));
}

pub(crate) fn native_type_here(attribute: &Attribute<'_>, report: &mut Report) {
    report.push(NATIVE_TYPE_HERE.at(attribute.span, "this field has no column, and so no native type"));
}

pub(crate) fn shard_key_here(field: &Field<'_>, attribute: &Attribute<'_>, report: &mut Report) {
    if field.related_model().is_some() {
        let title = format!("`{}` is a relation, which cannot be a shard key", field.name);
        report.push(super::views::SHARD_KEY.at(attribute.span, title));
    }
}

pub(crate) fn second_shard_key(at: Span, report: &mut Report) {
    let title = "a model has one shard key";
    report.push(super::views::SHARD_KEY.at(at, title).help("of several columns it is written `@@shardKey([a, b])`"));
}

/// No two fields have the same column.
pub(crate) fn columns_once<'t>(
    model: &Model<'t>,
    mapped: impl Iterator<Item = Option<Located<'t>>>,
    report: &mut Report,
) {
    let mapped: Vec<_> = mapped.collect();
    if mapped.iter().all(Option::is_none) {
        return;
    }
    let mut columns: HashMap<&str, &str> = HashMap::with_capacity(mapped.len());
    for (field, mapped) in model.fields.iter().zip(&mapped) {
        if mapped.is_none() && field.related_model().is_none() {
            columns.insert(field.name, field.name);
        }
    }
    for (field, mapped) in model.fields.iter().zip(&mapped) {
        let Some(mapped) = mapped else { continue };
        if let Some(other) = columns.insert(mapped.text, field.name) {
            let title = format!("`{}` and `{other}` of `{}` have the same column", field.name, model.name);
            report.push(COLUMN_TWICE.at(field.span(), title).note(format!("the column is `{}`", mapped.text)));
        }
    }
}

/// No two values of an enum are the same in the database.
pub(crate) fn variants_once(it: &Enum<'_>, report: &mut Report) {
    if it.mapped_variants.iter().all(Option::is_none) {
        return;
    }
    let mut seen: HashMap<&str, &str> = HashMap::new();
    for (variant, mapped) in it.variants.iter().zip(&it.mapped_variants) {
        let name = mapped.map_or(variant.name.text, |mapped| mapped.text);
        if let Some(other) = seen.insert(name, variant.name.text) {
            let title = format!("`{}` and `{other}` of `{}` are the same value", variant.name.text, it.name);
            let span = mapped.map_or(variant.span, |mapped| mapped.attribute);
            report.push(VARIANT_TWICE.at(span, title).note(format!("the database knows both as `{name}`")));
        }
    }
}
