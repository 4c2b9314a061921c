//! What stands in `@relation`.

use crate::check::report::Report;
use crate::check::resolved::Model;
use crate::diagnostic::Rule;
use crate::syntax::tree::{Span, Value, ValueKind};

pub(super) static RULES: &[&Rule] = &[&EMPTY_NAME, &UNKNOWN_FIELDS, &NOT_COLUMNS, &FIELD_TWICE, &UNKNOWN_ACTION];

static EMPTY_NAME: Rule = Rule::error(
    "empty-relation-name",
    "The name of a relation is not empty.",
    "model A {\n  id Int @id\n  a A? @relation(\"\")\n}\n",
);
static UNKNOWN_FIELDS: Rule = Rule::error(
    "unknown-relation-fields",
    "`fields` are of the model itself, `references` of the related one.",
    "model A {\n  id Int @id\n  b B @relation(fields: [nope], references: [id])\n}\nmodel B {\n  id Int @id\n  as A[]\n}\n",
);
static NOT_COLUMNS: Rule = Rule::error(
    "relation-of-relations",
    "`fields` and `references` are columns.",
    "model A {\n  id Int @id\n  b B @relation(fields: [b], references: [id])\n}\nmodel B {\n  id Int @id\n  as A[]\n}\n",
);
static FIELD_TWICE: Rule = Rule::error(
    "relation-field-twice",
    "`fields` and `references` have a field once.",
    "model A {\n  id Int @id\n  x Int\n  b B @relation(fields: [x, x], references: [id, id])\n}\nmodel B {\n  id Int @id\n  as A[]\n}\n",
);
static UNKNOWN_ACTION: Rule = Rule::error(
    "unknown-action",
    "The referential actions are Cascade, Restrict, NoAction, SetNull and SetDefault.",
    "model A {\n  id Int @id\n  x Int\n  b B @relation(fields: [x], references: [id], onDelete: Explode)\n}\nmodel B {\n  id Int @id\n  as A[]\n}\n",
);

pub(crate) fn name_not_empty<'t>(name: &'t str, at: Span, report: &mut Report) -> Option<&'t str> {
    if name.is_empty() {
        report.push(EMPTY_NAME.at(at, "the name of a relation is not empty"));
        return None;
    }
    Some(name)
}

pub(crate) fn unknown_fields(model: &Model<'_>, argument: &str, names: &[&str], at: Span, report: &mut Report) {
    let Some(first) = names.first() else { return };
    let list: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    let title = format!("`{argument}` names fields that `{}` does not have: {}", model.name, list.join(", "));
    report.push(UNKNOWN_FIELDS.at(at, title).suggest(first, model.fields.iter().map(|field| field.name)));
}

pub(crate) fn not_columns(model: &Model<'_>, argument: &str, fields: &[usize], at: Span, report: &mut Report) {
    if !fields.is_empty() {
        let title = format!("`{argument}` names relations: {}", model.names(fields));
        report.push(NOT_COLUMNS.at(at, title).help("name columns"));
    }
}

pub(crate) fn field_twice(argument: &str, name: &str, at: Span, report: &mut Report) {
    report.push(FIELD_TWICE.at(at, format!("`{argument}` names `{name}` twice")));
}

pub(crate) fn unknown_action<T>(value: &Value<'_>, report: &mut Report) -> Option<T> {
    let ValueKind::Constant(word) = value.kind else {
        return None;
    };
    let actions = ["Cascade", "Restrict", "NoAction", "SetNull", "SetDefault"];
    report
        .push(UNKNOWN_ACTION.at(value.span, format!("there is no referential action `{word}`")).suggest(word, actions));
    None
}
