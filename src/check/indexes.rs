//! Read the attributes that make keys and indexes: `@id`, `@unique`, `@@id`, `@@unique`, `@@index`, `@@fulltext`,
//! `@@shardKey`.

use lenslet_core::catalog::{IndexAlgorithm, IndexKind, Sort};

use super::arguments::{self, Reader};
use super::operator_class;
use super::report::Report;
use super::resolved::{Index, IndexField, Located, Model, OperatorClass, ShardKey};
use super::rules::index_fields as rules;
use crate::syntax::tree::{Attribute, Span, Value, ValueKind};

/// Reads `@id` or `@unique` of a field.
pub(super) fn of_field<'t>(
    kind: IndexKind,
    field: usize,
    attribute: &'t Attribute<'t>,
    report: &mut Report,
) -> Index<'t> {
    let mut reader = Reader::of_attribute(attribute, "@", report);
    let map = super::attributes::map_argument(&mut reader, &format!("@{}", attribute.name.text), attribute, report);
    let sort = reader.named("sort").and_then(|value| sort(value, report));
    let length = reader.named("length").and_then(|value| length(value, report));
    let clustered = reader.named("clustered").and_then(|value| arguments::boolean(value, report));
    let mut known = vec!["map", "sort", "length", "clustered"];
    let predicate = if kind == IndexKind::Unique { reader.named("where") } else { None };
    if kind == IndexKind::Unique {
        known.push("where");
    }
    reader.finish(&known, report);
    Index {
        kind,
        attribute,
        field: Some(field),
        fields: vec![IndexField { field, sort, length, operator_class: None }],
        name: None,
        map: map.map(|(text, span)| Located { text, span, attribute: attribute.span }),
        algorithm: None,
        clustered,
        predicate,
    }
}

/// Reads `@@id`, `@@unique`, `@@index` or `@@fulltext`; nothing when its fields are not there.
pub(super) fn of_block<'t>(
    kind: IndexKind,
    model: &Model<'t>,
    attribute: &'t Attribute<'t>,
    report: &mut Report,
) -> Option<Index<'t>> {
    let what = format!("@@{}", attribute.name.text);
    let mut reader = Reader::of_attribute(attribute, "@@", report);
    let mut known = vec!["fields", "map"];
    let fields = reader.required("fields", report).and_then(|value| fields(kind, model, attribute, value, report));
    let map = super::attributes::map_argument(&mut reader, &what, attribute, report);
    let mut map = map.map(|(text, span)| Located { text, span, attribute: attribute.span });

    let mut name = None;
    if matches!(kind, IndexKind::PrimaryKey | IndexKind::Unique) {
        known.push("name");
        name = reader.named("name").and_then(|value| arguments::string(value, report));
        if let Some(name) = name {
            rules::client_name(name, &what, attribute.span, report);
        }
    } else if kind == IndexKind::Plain {
        known.push("name");
        if let Some(value) = reader.named("name") {
            rules::old_name(&what, map.is_some(), attribute.span, report);
            let old = arguments::string(value, report);
            if old == Some("") {
                super::rules::arguments::empty(&what, "name", attribute.span, report);
            }
            map = map.or(old.map(|text| Located { text, span: value.span, attribute: attribute.span }));
        }
    }
    let mut clustered = None;
    if kind != IndexKind::Fulltext {
        known.push("clustered");
        clustered = reader.named("clustered").and_then(|value| arguments::boolean(value, report));
    }
    let mut algorithm = None;
    if kind == IndexKind::Plain {
        known.push("type");
        algorithm = reader.named("type").and_then(|value| algorithm_of(value, report).map(|it| (it, value.span)));
    }
    let mut predicate = None;
    if matches!(kind, IndexKind::Plain | IndexKind::Unique) {
        known.push("where");
        predicate = reader.named("where");
    }
    reader.finish(&known, report);
    Some(Index { kind, attribute, field: None, fields: fields?, name, map, algorithm, clustered, predicate })
}

/// Reads `@@shardKey`.
pub(super) fn shard_key<'t>(
    model: &Model<'t>,
    attribute: &'t Attribute<'t>,
    report: &mut Report,
) -> Option<ShardKey<'t>> {
    let mut reader = Reader::of_attribute(attribute, "@@", report);
    let value = reader.required("fields", report);
    reader.finish(&["fields"], report);
    let value = value?;
    let fields = super::attributes::field_list(model, value, "fields", value.span, report)?;
    Some(ShardKey { attribute, fields })
}

/// The fields of a block attribute.
fn fields<'t>(
    kind: IndexKind,
    model: &Model<'t>,
    attribute: &'t Attribute<'t>,
    value: &'t Value<'t>,
    report: &mut Report,
) -> Option<Vec<IndexField<'t>>> {
    let before = report.errors();
    let at = if kind == IndexKind::PrimaryKey { value.span } else { attribute.span };
    let mut fields: Vec<IndexField<'t>> = Vec::new();
    let mut unknown = Vec::new();
    let mut relations = Vec::new();
    for item in arguments::list(value) {
        let (name, found) = match &item.kind {
            ValueKind::Constant(name) => {
                (*name, IndexField { field: 0, sort: None, length: None, operator_class: None })
            }
            ValueKind::Call(name, _) => (name.text, field_arguments(kind, item, report)?),
            _ => {
                arguments::constant(item, report);
                continue;
            }
        };
        match model.field_names.get(name) {
            None if model.block.has_unreadable(name) => {}
            None => unknown.push(name),
            Some(field) if model.fields[*field].related_model().is_some() => relations.push(*field),
            Some(field) if fields.iter().any(|other| other.field == *field) => {
                rules::field_twice(attribute, name, report);
            }
            Some(field) => fields.push(IndexField { field: *field, ..found }),
        }
    }
    rules::unknown_fields(model, attribute, &unknown, at, report);
    rules::relation_fields(model, attribute, &relations, report);
    if kind == IndexKind::PrimaryKey {
        let optional = fields.iter().map(|it| it.field).filter(|field| !model.fields[*field].is_required());
        rules::optional_key(model, attribute, &optional.collect::<Vec<_>>(), report);
    }
    (report.errors() == before).then_some(fields)
}

/// `name(sort: Desc, length: 10, ops: InetOps)`.
fn field_arguments<'t>(kind: IndexKind, value: &'t Value<'t>, report: &mut Report) -> Option<IndexField<'t>> {
    let ValueKind::Call(name, list) = &value.kind else {
        return None;
    };
    let mut reader = Reader::of_function(*name, list, report);
    let sort = reader.named("sort").and_then(|value| sort(value, report));
    let length = reader.named("length").and_then(|value| length(value, report));
    let operator_class = match kind {
        IndexKind::Plain => reader.named("ops").and_then(|value| operator_class_of(value, report)),
        _ => None,
    };
    Some(IndexField { field: 0, sort, length, operator_class })
}

fn sort(value: &Value<'_>, report: &mut Report) -> Option<Sort> {
    match arguments::constant(value, report)? {
        "Asc" => Some(Sort::Asc),
        "Desc" => Some(Sort::Desc),
        _ => rules::unknown_word("sort", value, ["Asc", "Desc"], report),
    }
}

fn length(value: &Value<'_>, report: &mut Report) -> Option<u32> {
    let number = arguments::integer(value, report)?;
    match u32::try_from(number) {
        Ok(length @ 1..) => Some(length),
        _ => rules::bad_length(value.span, report),
    }
}

fn algorithm_of(value: &Value<'_>, report: &mut Report) -> Option<IndexAlgorithm> {
    Some(match arguments::constant(value, report)? {
        "BTree" => IndexAlgorithm::BTree,
        "Hash" => IndexAlgorithm::Hash,
        "Gist" => IndexAlgorithm::Gist,
        "Gin" => IndexAlgorithm::Gin,
        "SpGist" => IndexAlgorithm::SpGist,
        "Brin" => IndexAlgorithm::Brin,
        _ => {
            return rules::unknown_word("type", value, ["BTree", "Hash", "Gist", "Gin", "SpGist", "Brin"], report);
        }
    })
}

fn operator_class_of<'t>(value: &'t Value<'t>, report: &mut Report) -> Option<OperatorClass<'t>> {
    if let Some((text, _)) = raw(value) {
        return Some(OperatorClass::Raw(text));
    }
    let name = arguments::constant(value, report)?;
    match operator_class::find(name) {
        Some(class) => Some(OperatorClass::Known(class)),
        None => rules::unknown_word("ops", value, operator_class::names(), report),
    }
}

/// The text of `raw("…")`.
pub(super) fn raw<'t>(value: &'t Value<'t>) -> Option<(&'t str, Span)> {
    let ValueKind::Call(name, arguments) = &value.kind else {
        return None;
    };
    match arguments.list.as_slice() {
        [argument] if name.text == "raw" => match argument.value.as_ref() {
            Some(Value { kind: ValueKind::String(text), span }) => Some((text, *span)),
            _ => None,
        },
        _ => None,
    }
}
