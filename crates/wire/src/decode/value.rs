//! Values of a known type.

use super::{Client, Decoder, Of, fault::At};
use crate::{
    json::{Bounds, Json, Writer},
    scalar::{base64, decimal, float, moment, sixteen, uuid},
};
use lenslet_core::{
    catalog::{Arity, Column, ColumnType, Field, ScalarType},
    error::Error,
    query::FieldId,
    value::Value,
};
use std::borrow::Cow;

/// The type of a value, as far as values differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    Scalar(ScalarType),
    /// A `String` column that is a UUID in the database.
    Uuid,
    /// Index into the catalog's enums.
    Enum(u16),
}

impl Type {
    pub(crate) fn of(column: &Column) -> Option<Type> {
        match &column.ty {
            ColumnType::Scalar(ScalarType::String) => match &column.native_type {
                Some(native) if native.name == "Uuid" => Some(Type::Uuid),
                _ => Some(Type::Scalar(ScalarType::String)),
            },
            ColumnType::Scalar(scalar) => Some(Type::Scalar(*scalar)),
            ColumnType::Enum(index) => Some(Type::Enum(*index)),
            ColumnType::Unsupported(_) => None,
        }
    }

    pub(crate) fn is(self, scalar: ScalarType) -> bool {
        self == Type::Scalar(scalar)
    }

    pub(crate) fn is_text(self) -> bool {
        matches!(self, Type::Uuid | Type::Scalar(ScalarType::String))
    }
}

/// A value with its tag, `{"$type": …, "value": …}`, or without one.
pub(crate) fn untag<'j, 't>(json: &'j Json<'t>) -> (Option<&'j str>, &'j Json<'t>) {
    if let Json::Object(entries) = json
        && entries.len() == 2
        && let (Some(Json::Text(tag)), Some(value)) = (json.get("$type"), json.get("value"))
    {
        return (Some(tag), value);
    }
    (None, json)
}

/// An object that is not a tagged value.
pub(crate) fn plain_object<'j, 't>(json: &'j Json<'t>) -> Option<&'j [(Cow<'t, str>, Json<'t>)]> {
    match json {
        Json::Object(entries) if untag(json).0.is_none() => Some(entries),
        _ => None,
    }
}

impl Decoder<'_> {
    pub(crate) fn type_name(&self, ty: Type) -> &str {
        match ty {
            Type::Scalar(scalar) => scalar.name(),
            Type::Uuid => "String",
            Type::Enum(index) => self.catalog.enums.get(usize::from(index)).map_or("enum", |it| it.name.as_ref()),
        }
    }

    /// A value of that type; null is none.
    pub(crate) fn value(&self, json: &Json<'_>, ty: Type, at: At<'_>) -> Result<Value, Error> {
        let (tag, inner) = untag(json);
        let wrong = || at.wrong_type(self.type_name(ty), json);
        match (ty, inner) {
            (Type::Scalar(ScalarType::Json), _) => self.document(json, at).map(Value::Json),
            (Type::Scalar(ScalarType::String), Json::Text(text)) => Ok(Value::Text(text.to_string())),
            (Type::Uuid, Json::Text(text)) => uuid::read(text)
                .map(Value::Uuid)
                .ok_or_else(|| at.wrong_value("UUID", "expected 32 hexadecimal digits")),
            (Type::Scalar(ScalarType::Boolean), Json::Bool(value)) => Ok(Value::Bool(*value)),
            (Type::Scalar(ScalarType::Int), Json::Number(text)) => integer(text, at),
            (Type::Scalar(ScalarType::BigInt), Json::Number(text)) => large(text, at),
            (Type::Scalar(ScalarType::BigInt), Json::Text(text)) => large(text, at),
            (Type::Scalar(ScalarType::Int), Json::Text(text)) if tag == Some("BigInt") => integer(text, at),
            (Type::Scalar(ScalarType::Float), Json::Number(text)) => self.finite(text, at),
            (Type::Scalar(ScalarType::Float), Json::Text(text)) => match float::named(text) {
                Some(value) => Ok(Value::Float(value)),
                None if tag.is_some() => self.finite(text, at),
                None => Err(wrong()),
            },
            (Type::Scalar(ScalarType::Decimal), Json::Number(text)) => exact(text, at),
            (Type::Scalar(ScalarType::Decimal), Json::Text(text)) => exact(text, at),
            (Type::Scalar(ScalarType::DateTime), Json::Text(text)) => moment::read(text)
                .map(Value::DateTime)
                .ok_or_else(|| at.wrong_value("DateTime", "expected ISO 8601 such as 2026-11-20T23:38:37.636Z")),
            (Type::Scalar(ScalarType::Bytes), Json::Text(text)) => {
                base64::read(text).map(Value::Bytes).ok_or_else(|| at.wrong_value("Bytes", "expected base64"))
            }
            (Type::Enum(index), Json::Text(text)) => self.variant(index, text, at),
            _ => Err(wrong()),
        }
    }

    fn finite(&self, text: &str, at: At<'_>) -> Result<Value, Error> {
        let value = text.parse::<f64>().ok().filter(|value| value.is_finite());
        let value =
            value.ok_or_else(|| at.wrong_value("Float", "expected a number in the range of double precision"))?;
        Ok(Value::Float(match self.client {
            Client::Prisma => sixteen::digits(value),
            Client::Lenslet => value,
        }))
    }

    fn variant(&self, index: u16, name: &str, at: At<'_>) -> Result<Value, Error> {
        let variants = self.catalog.enums.get(usize::from(index)).map(|it| it.variants.as_ref());
        match variants.unwrap_or_default().iter().find(|it| it.name == name) {
            Some(variant) => Ok(Value::Enum(variant.name.clone())),
            None => {
                let known: Vec<&str> = variants.unwrap_or_default().iter().map(|it| it.name.as_ref()).collect();
                let why = format!("`{name}` is none of {}", known.join(", "));
                Err(at.wrong_value(self.type_name(Type::Enum(index)), &why))
            }
        }
    }

    /// A list of values of that type; null is none.
    pub(crate) fn values(&self, items: &[Json<'_>], ty: Type, at: At<'_>) -> Result<Value, Error> {
        items.iter().map(|item| self.value(item, ty, at)).collect::<Result<_, _>>().map(Value::List)
    }

    /// The text of a JSON document, in which tagged values stand for what they hold.
    fn document(&self, json: &Json<'_>, at: At<'_>) -> Result<String, Error> {
        let mut out = Writer::default();
        self.write_document(json, at, &mut out)?;
        Ok(out.finish())
    }

    fn write_document(&self, json: &Json<'_>, at: At<'_>, out: &mut Writer) -> Result<(), Error> {
        match (untag(json), json) {
            ((Some("Raw"), value), _) => value.write(out),
            ((Some("Json"), Json::Text(text)), _) => {
                // Its size is that of the string it came in, which was counted once; its depth was not.
                let bounds = Bounds { depth: self.depth, values: text.len() + 1 };
                match Json::parse(text, bounds) {
                    Ok(document) => document.write(out),
                    Err(_) => return Err(at.wrong_value("Json", "the text of the tagged value is not JSON")),
                }
            }
            ((Some("BigInt"), Json::Text(number)), _) if number.parse::<i64>().is_ok() => out.raw(number),
            ((Some("DateTime" | "Decimal" | "Bytes" | "BigInt"), value), _) => value.write(out),
            ((Some("Enum"), Json::Text(name)), _) if name == "JsonNull" => out.null(),
            ((Some("Enum" | "FieldRef"), _), _) => return Err(at.wrong_type("Json", json)),
            (_, Json::Object(entries)) => {
                out.open('{');
                for (key, value) in entries {
                    out.key(key);
                    self.write_document(value, at, out)?;
                }
                out.close('}');
            }
            (_, Json::List(items)) => {
                out.open('[');
                for item in items {
                    self.write_document(item, at, out)?;
                }
                out.close(']');
            }
            (_, scalar) => scalar.write(out),
        }
        Ok(())
    }

    /// What a reference to another column refers to, where the value is one.
    pub(crate) fn reference(
        &self,
        json: &Json<'_>,
        of: Of<'_>,
        expected: (Type, bool),
        at: At<'_>,
    ) -> Result<Option<Value>, Error> {
        let (Some("FieldRef"), target) = untag(json) else {
            return Ok(None);
        };
        let (model, name) = (&of.model.name, target.get("_ref").and_then(Json::as_text));
        let name = name.ok_or_else(|| at.wrong_type("FieldRef", json))?;
        if let Some(container) = target.get("_container").and_then(Json::as_text)
            && container != model
        {
            let details =
                format!("Expected a referenced scalar field of model {model}, but found a field of model {container}.");
            return Err(at.input(details));
        }
        let Some((index, field)) = of.field(name) else {
            return Err(at.input(format!("The referenced scalar field {model}.{name} does not exist.")));
        };
        let Some(column) = field.column() else {
            return Err(
                at.input(format!("Expected a referenced scalar field {model}.{name} but found a relation field."))
            );
        };
        let (ty, list) = expected;
        if Type::of(column) != Some(ty) || list != (field.arity == Arity::List) {
            let wanted = self.type_name(ty);
            let dimension = if list { "[]" } else { "" };
            return Err(
                at.input(format!("Expected a referenced scalar field {model}.{name} of type {wanted}{dimension}."))
            );
        }
        Ok(Some(Value::Column(FieldId::at(index))))
    }
}

/// Which null of a JSON document a tag stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JsonNull {
    /// No document.
    Database,
    /// The document `null`.
    Document,
    /// Either.
    Any,
}

pub(crate) fn json_null(json: &Json<'_>) -> Option<JsonNull> {
    match untag(json) {
        (Some("Enum"), Json::Text(name)) => match name.as_ref() {
            "DbNull" => Some(JsonNull::Database),
            "JsonNull" => Some(JsonNull::Document),
            "AnyNull" => Some(JsonNull::Any),
            _ => None,
        },
        _ => None,
    }
}

/// Whether null can be given for a column.
pub(crate) fn takes_null(field: &Field) -> bool {
    field.arity == Arity::Optional
}

/// An integer, also where JavaScript wrote it with a fraction or with an exponent. What is behind the point is left out, as
/// Prisma does for every `Int`.
pub(crate) fn integer(text: &str, at: At<'_>) -> Result<Value, Error> {
    if let Ok(value) = text.parse() {
        return Ok(Value::Int(value));
    }
    let Some(number) = decimal::plain(text) else {
        return Err(at.wrong_value("Int", "expected an integer"));
    };
    let whole = number.split_once('.').map_or(number.as_str(), |(whole, _)| whole);
    match whole {
        "" | "-" | "-0" => Ok(Value::Int(0)),
        whole => whole.parse().map(Value::Int).map_err(|_| at.too_large(text)),
    }
}

/// An integer without a fraction.
fn large(text: &str, at: At<'_>) -> Result<Value, Error> {
    match decimal::plain(text) {
        Some(number) if decimal::normal(&number).contains('.') => Err(at.wrong_type("BigInt", &Json::Number(&number))),
        _ => integer(text, at),
    }
}

fn exact(text: &str, at: At<'_>) -> Result<Value, Error> {
    decimal::plain(text).map(Value::Decimal).ok_or_else(|| at.wrong_value("Decimal", "expected a decimal number"))
}
