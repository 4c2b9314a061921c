//! What stands in the attributes of keys and indexes.

use crate::check::report::Report;
use crate::check::resolved::Model;
use crate::diagnostic::Rule;
use crate::syntax::tree::{Attribute, Span, Value, ValueKind};

pub(super) static RULES: &[&Rule] = &[
    &UNKNOWN_FIELDS,
    &RELATION_IN_INDEX,
    &FIELD_TWICE,
    &OPTIONAL_KEY,
    &CLIENT_NAME,
    &OLD_NAME,
    &UNKNOWN_WORD,
    &BAD_LENGTH,
];

static UNKNOWN_FIELDS: Rule = Rule::error(
    "unknown-index-fields",
    "A key or index is of fields of its model.",
    "model A {\n  id Int @id\n  @@index([nme])\n}\n",
);
static RELATION_IN_INDEX: Rule = Rule::error(
    "relation-in-index",
    "A key or index is of columns; a relation has its columns in `fields`.",
    "model A {\n  id Int @id\n  bId Int\n  b B @relation(fields: [bId], references: [id])\n  @@index([b])\n}\nmodel B {\n  id Int @id\n  as A[]\n}\n",
);
static FIELD_TWICE: Rule = Rule::error(
    "index-field-twice",
    "A key or index has a field once.",
    "model A {\n  id Int @id\n  @@index([id, id])\n}\n",
);
static OPTIONAL_KEY: Rule = Rule::error(
    "optional-key",
    "The columns of a primary key are required.",
    "model A {\n  a Int\n  b Int?\n  @@id([a, b])\n}\n",
);
static CLIENT_NAME: Rule = Rule::error(
    "selector-name",
    "The name of a selector is a name: letters, digits and `_`.",
    "model A {\n  a Int\n  b Int\n  @@id([a, b], name: \"a.b\")\n}\n",
);
static OLD_NAME: Rule = Rule::error(
    "index-name-twice",
    "`name` of an index is the old spelling of `map`.",
    "model A {\n  id Int @id\n  @@index([id], name: \"a\", map: \"b\")\n}\n",
);
static UNKNOWN_WORD: Rule = Rule::error(
    "unknown-word",
    "Some arguments are one of a few words.",
    "model A {\n  id Int @id\n  a Int\n  @@index([a(sort: Up)])\n}\n",
);
static BAD_LENGTH: Rule = Rule::error(
    "index-length-range",
    "The indexed length is at least one.",
    "model A {\n  id Int @id\n  a String\n  @@index([a(length: 0)])\n}\n",
);

pub(crate) fn unknown_fields(
    model: &Model<'_>,
    attribute: &Attribute<'_>,
    names: &[&str],
    at: Span,
    report: &mut Report,
) {
    let Some(first) = names.first() else { return };
    let list: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    let title =
        format!("`@@{}` is of fields that `{}` does not have: {}", attribute.name.text, model.name, list.join(", "));
    report.push(UNKNOWN_FIELDS.at(at, title).suggest(first, model.fields.iter().map(|field| field.name)));
}

pub(crate) fn relation_fields(model: &Model<'_>, attribute: &Attribute<'_>, fields: &[usize], report: &mut Report) {
    let Some(first) = fields.first() else { return };
    let title = format!("`@@{}` is of relations: {}", attribute.name.text, model.names(fields));
    let diagnostic = RELATION_IN_INDEX.at(attribute.span, title);
    let columns = super::attributes::relation_columns(&model.fields[*first]);
    report.push(if columns.is_empty() {
        diagnostic.help("use columns")
    } else {
        diagnostic.help(format!("use the columns of the relation: `{}`", columns.join("`, `")))
    });
}

pub(crate) fn field_twice(attribute: &Attribute<'_>, name: &str, report: &mut Report) {
    report.push(FIELD_TWICE.at(attribute.span, format!("`@@{}` has `{name}` twice", attribute.name.text)));
}

pub(crate) fn optional_key(model: &Model<'_>, attribute: &Attribute<'_>, fields: &[usize], report: &mut Report) {
    if !fields.is_empty() {
        let title = format!("the primary key of `{}` has optional fields: {}", model.name, model.names(fields));
        report.push(OPTIONAL_KEY.at(attribute.span, title).help("make them required, or use `@@unique`"));
    }
}

pub(crate) fn client_name(name: &str, what: &str, at: Span, report: &mut Report) {
    if name.is_empty() {
        super::arguments::empty(what, "name", at, report);
    } else if !name.chars().all(|it| it.is_ascii_alphanumeric() || it == '_') {
        let title = format!("`{name}` is no name");
        report.push(CLIENT_NAME.at(at, title).help("use letters, digits and `_`; `map` takes any text"));
    }
}

pub(crate) fn old_name(what: &str, has_map: bool, at: Span, report: &mut Report) {
    if has_map {
        report.push(OLD_NAME.at(at, format!("`{what}` has both `name` and `map`")).help("keep `map`"));
    }
}

pub(crate) fn unknown_word<'n, T>(
    argument: &str,
    value: &Value<'_>,
    words: impl IntoIterator<Item = &'n str>,
    report: &mut Report,
) -> Option<T> {
    let ValueKind::Constant(word) = value.kind else {
        return None;
    };
    report.push(UNKNOWN_WORD.at(value.span, format!("`{argument}` cannot be `{word}`")).suggest(word, words));
    None
}

pub(crate) fn bad_length<T>(at: Span, report: &mut Report) -> Option<T> {
    report.push(BAD_LENGTH.at(at, "a length is a positive number of 32 bits"));
    None
}
