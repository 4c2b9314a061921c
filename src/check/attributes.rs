//! Fourth pass: what the attributes of fields, models and enums say.

use lenslet_core::catalog::{IndexKind, ReferentialAction};

use super::arguments::{self, Reader};
use super::defaults::{self, Target};
use super::indexes;
use super::report::Report;
use super::resolved::{
    Field, FieldDefault, FieldType, Index, Located, Model, ModelId, NativeType, RelationAttribute, Resolved, ShardKey,
};
use super::rules::attributes as rules;
use super::rules::relation_attribute as relation_rules;
use crate::syntax::tree::{Attribute, Span, Value, ValueKind};

/// Reads all attributes.
pub(super) fn read(schema: &mut Resolved<'_>, report: &mut Report) {
    for id in 0..schema.models.len() {
        let read = read_model(schema, id, report);
        read.store(&mut schema.models[id]);
    }
    for id in 0..schema.composites.len() {
        for field in 0..schema.composites[id].fields.len() {
            let read = read_composite_field(schema, &schema.composites[id].fields[field], report);
            read.store(&mut schema.composites[id].fields[field]);
        }
        rules::no_block_attributes(schema.composites[id].block, report);
    }
    for id in 0..schema.enums.len() {
        read_enum(schema, id, report);
    }
}

/// What the attributes of a model say.
#[derive(Default)]
struct ModelAttributes<'t> {
    fields: Vec<FieldAttributes<'t>>,
    mapped: Option<Located<'t>>,
    schema: Option<Located<'t>>,
    ignored: bool,
    primary_key: Option<Index<'t>>,
    indexes: Vec<Index<'t>>,
    shard_key: Option<ShardKey<'t>>,
}

impl<'t> ModelAttributes<'t> {
    fn store(self, model: &mut Model<'t>) {
        for (field, attributes) in model.fields.iter_mut().zip(self.fields) {
            attributes.store(field);
        }
        model.mapped = self.mapped;
        model.schema = self.schema;
        model.ignored = self.ignored;
        model.primary_key = self.primary_key;
        model.indexes = self.indexes;
        model.shard_key = self.shard_key;
    }
}

/// What the attributes of a field say.
#[derive(Default)]
struct FieldAttributes<'t> {
    mapped: Option<Located<'t>>,
    ignored: Option<Span>,
    updated_at: Option<Span>,
    default: Option<FieldDefault<'t>>,
    native: Option<NativeType<'t>>,
    relation: RelationAttribute<'t>,
}

impl<'t> FieldAttributes<'t> {
    fn store(self, field: &mut Field<'t>) {
        field.mapped = self.mapped;
        field.ignored = self.ignored;
        field.updated_at = self.updated_at;
        field.default = self.default;
        field.native = self.native;
        field.relation = self.relation;
    }
}

fn read_model<'t>(schema: &Resolved<'t>, id: ModelId, report: &mut Report) -> ModelAttributes<'t> {
    let model = &schema.models[id];
    let mut read = ModelAttributes::default();
    for at in 0..model.fields.len() {
        let field = read_field(schema, model, at, &mut read, report);
        read.fields.push(field);
    }
    rules::columns_once(model, read.fields.iter().map(|field| field.mapped), report);
    rules::block_attributes_once(model.block, report);
    for attribute in model.block.attributes() {
        read_block_attribute(model, attribute, &mut read, report);
    }
    read
}

fn read_block_attribute<'t>(
    model: &Model<'t>,
    attribute: &'t Attribute<'t>,
    read: &mut ModelAttributes<'t>,
    report: &mut Report,
) {
    match attribute.name.text {
        "id" => match indexes::of_block(IndexKind::PrimaryKey, model, attribute, report) {
            Some(index) if read.primary_key.is_some() => rules::second_id(model, &index, report),
            Some(index) => read.primary_key = Some(index),
            None => {}
        },
        "unique" => read.indexes.extend(indexes::of_block(IndexKind::Unique, model, attribute, report)),
        "index" => read.indexes.extend(indexes::of_block(IndexKind::Plain, model, attribute, report)),
        "fulltext" => read.indexes.extend(indexes::of_block(IndexKind::Fulltext, model, attribute, report)),
        "map" => read.mapped = name_attribute(attribute, "@@", "name", report),
        "schema" => read.schema = name_attribute(attribute, "@@", "map", report),
        "ignore" => {
            Reader::of_attribute(attribute, "@@", report).finish(&[], report);
            read.ignored = true;
        }
        "shardKey" => {
            let key = indexes::shard_key(model, attribute, report);
            if read.shard_key.is_some() {
                rules::second_shard_key(attribute.span, report);
            }
            read.shard_key = key.or(read.shard_key.take());
        }
        _ => rules::unknown_block_attribute(attribute, model.keyword(), report),
    }
}

fn read_field<'t>(
    schema: &Resolved<'t>,
    model: &Model<'t>,
    at: usize,
    of_model: &mut ModelAttributes<'t>,
    report: &mut Report,
) -> FieldAttributes<'t> {
    let field = &model.fields[at];
    let tree = field.tree;
    let mut read = FieldAttributes::default();
    if field.ty == FieldType::Unknown {
        return read;
    }
    rules::attributes_once(&tree.attributes, "@", report);
    for (position, attribute) in tree.attributes.iter().enumerate() {
        let repeats = |other: &Attribute<'_>| other.name.text == attribute.name.text;
        if tree.attributes[..position].iter().any(repeats) {
            continue;
        }
        let before = report.errors();
        match attribute.name.text {
            "id" => {
                rules::id_here(field, attribute, report);
                if report.errors() == before {
                    let index = indexes::of_field(IndexKind::PrimaryKey, at, attribute, report);
                    match &of_model.primary_key {
                        Some(_) => rules::second_id(model, &index, report),
                        None => of_model.primary_key = Some(index),
                    }
                }
            }
            "unique" => {
                rules::unique_here(model, field, attribute, report);
                if report.errors() == before {
                    of_model.indexes.push(indexes::of_field(IndexKind::Unique, at, attribute, report));
                }
            }
            "relation" if field.related_model().is_some() => {
                read.relation = relation(schema, model, field, attribute, report);
            }
            "relation" => rules::not_a_relation(field, attribute, report),
            "updatedAt" => {
                Reader::of_attribute(attribute, "@", report).finish(&[], report);
                rules::updated_at_here(field, attribute, report);
                read.updated_at = Some(attribute.span);
            }
            "ignore" => {
                Reader::of_attribute(attribute, "@", report).finish(&[], report);
                rules::ignore_here(field, attribute, report);
                read.ignored = Some(attribute.span);
            }
            "map" if field.related_model().is_some() => rules::relation_mapped(field, attribute, report),
            "shardKey" => {
                Reader::of_attribute(attribute, "@", report).finish(&[], report);
                rules::shard_key_here(field, attribute, report);
                if of_model.shard_key.is_some() {
                    rules::second_shard_key(attribute.span, report);
                }
                of_model.shard_key = Some(ShardKey { attribute, fields: vec![at] });
            }
            _ => read_column_attribute(schema, field, attribute, &mut read, report),
        }
    }
    read
}

fn read_composite_field<'t>(schema: &Resolved<'t>, field: &Field<'t>, report: &mut Report) -> FieldAttributes<'t> {
    let tree = field.tree;
    let mut read = FieldAttributes::default();
    if field.ty == FieldType::Unknown {
        return read;
    }
    rules::attributes_once(&tree.attributes, "@", report);
    for attribute in &tree.attributes {
        if ["id", "unique", "relation", "updatedAt", "ignore"].contains(&attribute.name.text) {
            rules::not_in_composite(attribute, report);
        } else {
            read_column_attribute(schema, field, attribute, &mut read, report);
        }
    }
    read
}

/// Attributes that fields of models and of composite types share.
fn read_column_attribute<'t>(
    schema: &Resolved<'t>,
    field: &Field<'t>,
    attribute: &'t Attribute<'t>,
    read: &mut FieldAttributes<'t>,
    report: &mut Report,
) {
    match attribute.name.text {
        "default" => {
            let target = Target { name: field.name, ty: field.ty, is_list: field.is_list() };
            read.default = defaults::read(schema, &target, attribute, report);
        }
        "map" => read.mapped = name_attribute(attribute, "@", "name", report),
        name => match name.split_once('.') {
            Some((prefix, name)) if field.is_scalar() => {
                if read.native.is_some() {
                    rules::second_native_type(attribute, report);
                }
                read.native = Some(native_type(attribute, prefix, name));
            }
            Some(_) => rules::native_type_here(attribute, report),
            None => rules::unknown_attribute(attribute, report),
        },
    }
}

fn native_type<'t>(attribute: &'t Attribute<'t>, prefix: &'t str, name: &'t str) -> NativeType<'t> {
    let list = attribute.arguments.iter().flat_map(|arguments| &arguments.list);
    let arguments = list.filter_map(|argument| argument.value.as_ref()).map(|value| match &value.kind {
        ValueKind::Number(text) | ValueKind::Constant(text) => (*text).to_owned(),
        ValueKind::String(text) => format!("\"{text}\""),
        _ => "…".to_owned(),
    });
    NativeType { attribute, prefix, name, arguments: arguments.collect() }
}

fn read_enum(schema: &mut Resolved<'_>, id: usize, report: &mut Report) {
    let block = schema.enums[id].block;
    rules::block_attributes_once(block, report);
    for attribute in block.attributes() {
        match attribute.name.text {
            "map" => schema.enums[id].mapped = name_attribute(attribute, "@@", "name", report),
            "schema" => schema.enums[id].schema = name_attribute(attribute, "@@", "map", report),
            _ => rules::unknown_block_attribute(attribute, "enum", report),
        }
    }
    for at in 0..schema.enums[id].variants.len() {
        let variant = schema.enums[id].variants[at];
        rules::attributes_once(&variant.attributes, "@", report);
        for attribute in &variant.attributes {
            match attribute.name.text {
                "map" => schema.enums[id].mapped_variants[at] = name_attribute(attribute, "@", "name", report),
                _ => rules::unknown_attribute(attribute, report),
            }
        }
    }
    rules::variants_once(&schema.enums[id], report);
}

/// `@map("x")`, `@@map("x")`, `@@schema("x")`.
fn name_attribute<'t>(
    attribute: &'t Attribute<'t>,
    marks: &'static str,
    argument: &str,
    report: &mut Report,
) -> Option<Located<'t>> {
    let mut reader = Reader::of_attribute(attribute, marks, report);
    let value = reader.required(argument, report);
    reader.finish(&[argument], report);
    let value = value?;
    let text = arguments::string(value, report)?;
    if text.is_empty() {
        super::rules::arguments::empty(&format!("{marks}{}", attribute.name.text), argument, attribute.span, report);
        return None;
    }
    Some(Located { text, span: value.span, attribute: attribute.span })
}

/// `map: "…"`, which is not empty.
pub(super) fn map_argument<'t>(
    reader: &mut Reader<'t>,
    what: &str,
    attribute: &'t Attribute<'t>,
    report: &mut Report,
) -> Option<(&'t str, Span)> {
    let value = reader.named("map")?;
    let text = arguments::string(value, report)?;
    if text.is_empty() {
        super::rules::arguments::empty(what, "map", attribute.span, report);
        return None;
    }
    Some((text, value.span))
}

fn relation<'t>(
    schema: &Resolved<'t>,
    model: &Model<'t>,
    field: &Field<'t>,
    attribute: &'t Attribute<'t>,
    report: &mut Report,
) -> RelationAttribute<'t> {
    let mut reader = Reader::of_attribute(attribute, "@", report);
    let name = reader.default("name", report).and_then(|value| arguments::string(value, report));
    let name = name.and_then(|name| relation_rules::name_not_empty(name, attribute.span, report));
    let fields =
        reader.named("fields").map(|value| field_list(model, value, "fields", value.span, report).unwrap_or_default());
    let related = field.related_model().map(|id| &schema.models[id]);
    let references = reader
        .named("references")
        .zip(related)
        .map(|(value, related)| field_list(related, value, "references", attribute.span, report).unwrap_or_default());
    let on_delete = reader.named("onDelete").and_then(|value| action(value, report).map(|it| (it, value.span)));
    let on_update = reader.named("onUpdate").and_then(|value| action(value, report).map(|it| (it, value.span)));
    let map = map_argument(&mut reader, "@relation", attribute, report);
    reader.finish(&["name", "fields", "references", "onDelete", "onUpdate", "map"], report);
    RelationAttribute {
        attribute: Some(attribute),
        name,
        fields,
        references,
        on_delete,
        on_update,
        map: map.map(|(text, span)| Located { text, span, attribute: attribute.span }),
    }
}

/// A list of fields with columns, of that model.
pub(super) fn field_list<'t>(
    model: &Model<'t>,
    value: &'t Value<'t>,
    argument: &str,
    at: Span,
    report: &mut Report,
) -> Option<Vec<usize>> {
    let before = report.errors();
    let mut fields = Vec::new();
    let mut unknown = Vec::new();
    let mut relations = Vec::new();
    for item in arguments::list(value) {
        let Some(name) = arguments::constant(item, report) else {
            continue;
        };
        match model.field_names.get(name) {
            None if model.block.has_unreadable(name) => {}
            None => unknown.push(name),
            Some(field) if model.fields[*field].related_model().is_some() => relations.push(*field),
            Some(field) if fields.contains(field) => relation_rules::field_twice(argument, name, at, report),
            Some(field) => fields.push(*field),
        }
    }
    relation_rules::unknown_fields(model, argument, &unknown, at, report);
    relation_rules::not_columns(model, argument, &relations, at, report);
    (report.errors() == before).then_some(fields)
}

fn action(value: &Value<'_>, report: &mut Report) -> Option<ReferentialAction> {
    Some(match arguments::constant(value, report)? {
        "Cascade" => ReferentialAction::Cascade,
        "Restrict" => ReferentialAction::Restrict,
        "NoAction" => ReferentialAction::NoAction,
        "SetNull" => ReferentialAction::SetNull,
        "SetDefault" => ReferentialAction::SetDefault,
        _ => return relation_rules::unknown_action(value, report),
    })
}
