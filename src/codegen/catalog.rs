//! `catalog.rs`: the meaning of the schema as a `static`, printed as text because a table needs no parsing.
//!
//! Documentation is left out: no engine reads it, and a program should not carry it.

use super::files::{FORMATTED, MARKER};
use lenslet_core::catalog::{
    Arity, Catalog, Column, ColumnType, Default, Enum, Extension, Field, FieldKind, ForeignKey, Index, IndexField,
    JoinTable, Literal, Model, NativeType, Relation, RelationEnd, RelationField, RelationKind, Sequence, Text, Variant,
};
use std::fmt::{Debug, Write};

/// The file of a client that carries its engine.
pub(crate) fn whole(catalog: &Catalog) -> String {
    let Catalog { provider, relation_mode, schemas, extensions, models, enums, relations } = catalog;
    format!(
        "// {MARKER}
//! The meaning of the schema, for the engine.
{FORMATTED}

use super::rt::catalog::*;
use std::borrow::Cow::Borrowed as B;

pub static CATALOG: Catalog = Catalog {{
    provider: Provider::{provider:?}, relation_mode: RelationMode::{relation_mode:?},
    schemas: {schemas}, extensions: {extensions},
    models: {models},
    enums: {enums},
    relations: {relations},
}};
",
        schemas = list(schemas, text),
        extensions = list(extensions, extension),
        models = lines(models, 2, model),
        enums = lines(enums, 2, enumeration),
        relations = lines(relations, 2, relation),
    )
}

/// The file of a client without an engine: enough to say which schema it was made from.
pub(crate) fn stub(catalog: &Catalog) -> String {
    let provider = catalog.provider;
    format!(
        "// {MARKER}
//! Which schema the client was generated from.
{FORMATTED}

use super::rt::{{Catalog, catalog::Provider}};

pub static CATALOG: Catalog = Catalog {{
    hash: \"{hash:016x}\",
    provider: Provider::{provider:?},
}};
",
        hash = fingerprint(&whole(catalog)),
    )
}

/// FNV-1a: the same on every machine and in every release of Rust.
fn fingerprint(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

fn list<T>(items: &[T], print: impl Fn(&T) -> String) -> String {
    format!("B(&[{}])", items.iter().map(print).collect::<Vec<_>>().join(", "))
}

/// A list with an item a line.
fn lines<T>(items: &[T], depth: usize, print: impl Fn(&T) -> String) -> String {
    if items.is_empty() {
        return "B(&[])".into();
    }
    let mut text = String::from("B(&[\n");
    for item in items {
        let _ = writeln!(text, "{:indent$}{},", "", print(item), indent = depth * 4);
    }
    let _ = write!(text, "{:indent$}])", "", indent = (depth - 1) * 4);
    text
}

fn text(text: &Text) -> String {
    format!("B({text:?})")
}

fn option<T>(value: Option<&T>, print: impl Fn(&T) -> String) -> String {
    value.map_or_else(|| "None".into(), |it| format!("Some({})", print(it)))
}

fn plain<T: Debug>(value: &T) -> String {
    format!("{value:?}")
}

/// A value of an enum without contents.
fn variant<T: Debug>(of: &'static str) -> impl Fn(&T) -> String {
    move |value| format!("{of}::{value:?}")
}

fn extension(Extension { name, schema, version }: &Extension) -> String {
    format!(
        "Extension {{ name: {}, schema: {}, version: {} }}",
        text(name),
        option(schema.as_ref(), text),
        option(version.as_ref(), text)
    )
}

fn model(model: &Model) -> String {
    let Model { name, db_name, schema, kind, documentation: _, ignored, fields, primary_key, indexes } = model;
    format!(
        "Model {{
            name: {name}, db_name: {db_name}, schema: {schema}, kind: ModelKind::{kind:?}, documentation: None, ignored: {ignored},
            fields: {fields},
            primary_key: {primary_key},
            indexes: {indexes},
        }}",
        name = text(name),
        db_name = text(db_name),
        schema = option(schema.as_ref(), text),
        fields = lines(fields, 4, field),
        primary_key = option(primary_key.as_ref(), index),
        indexes = lines(indexes, 4, index),
    )
}

fn field(Field { name, documentation: _, arity, ignored, kind }: &Field) -> String {
    let kind = match kind {
        FieldKind::Column(it) => format!("FieldKind::Column({})", column(it)),
        FieldKind::Relation(RelationEnd { relation, model, opposite, side }) => format!(
            "FieldKind::Relation(RelationEnd {{ relation: {relation}, model: {model}, opposite: {opposite}, side: Side::{side:?} }})"
        ),
    };
    let arity = variant::<Arity>("Arity")(arity);
    format!("Field {{ name: {}, documentation: None, arity: {arity}, ignored: {ignored}, kind: {kind} }}", text(name))
}

fn column(Column { db_name, ty, native_type: native, default, updated_at }: &Column) -> String {
    let ty = match ty {
        ColumnType::Scalar(scalar) => format!("ColumnType::Scalar(ScalarType::{scalar:?})"),
        ColumnType::Enum(at) => format!("ColumnType::Enum({at})"),
        ColumnType::Unsupported(it) => format!("ColumnType::Unsupported({})", text(it)),
    };
    format!(
        "Column {{ db_name: {}, ty: {ty}, native_type: {}, default: {}, updated_at: {updated_at} }}",
        text(db_name),
        option(native.as_ref(), native_type),
        option(default.as_ref(), default_value),
    )
}

fn native_type(NativeType { name, arguments }: &NativeType) -> String {
    format!("NativeType {{ name: {}, arguments: {} }}", text(name), list(arguments, text))
}

fn default_value(default: &Default) -> String {
    match default {
        Default::Literal(it) => format!("Default::Literal({})", literal(it)),
        Default::DbGenerated(it) => format!("Default::DbGenerated({})", option(it.as_ref(), text)),
        Default::Sequence(Sequence { is_virtual, cache, increment, min_value, max_value, start }) => format!(
            "Default::Sequence(Sequence {{ is_virtual: {is_virtual}, cache: {cache:?}, increment: {increment:?}, \
             min_value: {min_value:?}, max_value: {max_value:?}, start: {start:?} }})"
        ),
        Default::Autoincrement
        | Default::Now
        | Default::Uuid(_)
        | Default::Cuid(_)
        | Default::Ulid
        | Default::Nanoid(_) => format!("Default::{default:?}"),
    }
}

fn literal(value: &Literal) -> String {
    match value {
        Literal::Boolean(it) => format!("Literal::Boolean({it})"),
        Literal::Int(it) => format!("Literal::Int({it})"),
        Literal::Number(it) => format!("Literal::Number({})", text(it)),
        Literal::String(it) => format!("Literal::String({})", text(it)),
        Literal::Variant(it) => format!("Literal::Variant({it})"),
        Literal::List(it) => format!("Literal::List({})", list(it, literal)),
    }
}

fn index(Index { kind, name, db_name, fields, algorithm, clustered, predicate }: &Index) -> String {
    format!(
        "Index {{ kind: IndexKind::{kind:?}, name: {}, db_name: {}, fields: {}, algorithm: {}, clustered: {clustered:?}, \
         predicate: {} }}",
        option(name.as_ref(), text),
        option(db_name.as_ref(), text),
        list(fields, index_field),
        option(algorithm.as_ref(), variant("IndexAlgorithm")),
        option(predicate.as_ref(), text),
    )
}

fn index_field(IndexField { field, sort, length, operator_class }: &IndexField) -> String {
    format!(
        "IndexField {{ field: {field}, sort: {}, length: {length:?}, operator_class: {} }}",
        option(sort.as_ref(), variant("Sort")),
        option(operator_class.as_ref(), text),
    )
}

fn enumeration(Enum { name, db_name, schema, documentation: _, variants }: &Enum) -> String {
    let variants = list(variants, |Variant { name, db_name, documentation: _ }| {
        format!("Variant {{ name: {}, db_name: {}, documentation: None }}", text(name), text(db_name))
    });
    format!(
        "Enum {{ name: {}, db_name: {}, schema: {}, documentation: None, variants: {variants} }}",
        text(name),
        text(db_name),
        option(schema.as_ref(), text),
    )
}

fn relation(Relation { name, from, to, kind }: &Relation) -> String {
    let end =
        |RelationField { model, field }: &RelationField| format!("RelationField {{ model: {model}, field: {field} }}");
    let kind = match kind {
        RelationKind::ForeignKey(it) => format!("RelationKind::ForeignKey({})", foreign_key(it)),
        RelationKind::ManyToMany(JoinTable { db_name, schema }) => format!(
            "RelationKind::ManyToMany(JoinTable {{ db_name: {}, schema: {} }})",
            text(db_name),
            option(schema.as_ref(), text)
        ),
    };
    format!("Relation {{ name: {}, from: {}, to: {}, kind: {kind} }}", text(name), end(from), end(to))
}

fn foreign_key(ForeignKey { fields, references, one_to_one, on_delete, on_update, db_name }: &ForeignKey) -> String {
    format!(
        "ForeignKey {{ fields: {}, references: {}, one_to_one: {one_to_one}, on_delete: ReferentialAction::{on_delete:?}, \
         on_update: ReferentialAction::{on_update:?}, db_name: {} }}",
        list(fields, plain),
        list(references, plain),
        text(db_name),
    )
}
