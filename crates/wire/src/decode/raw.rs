//! Raw SQL with its parameters.

use super::Decoder;
use crate::{
    json::{Bounds, Json},
    scalar::{base64, decimal, moment, uuid},
};
use lenslet_core::{
    error::{Error, ErrorKind},
    query::Raw,
    value::Value,
};

impl Decoder<'_> {
    /// `{ query, parameters }`; parameters are JSON text inside of a string, or a list.
    pub(crate) fn raw(&self, arguments: Option<&Json<'_>>) -> Result<Raw, Error> {
        let arguments = arguments.unwrap_or(&Json::Null);
        let Some(text) = arguments.get("query").and_then(Json::as_text) else {
            return Err(invalid("query", "expected the SQL text"));
        };
        let parameters = match arguments.get("parameters") {
            None => Vec::new(),
            Some(Json::List(items)) => parameters(items)?,
            Some(Json::Text(text)) => {
                let bounds = Bounds { depth: self.depth, values: text.len() + 1 };
                match Json::parse(text, bounds) {
                    Ok(Json::List(items)) => parameters(&items)?,
                    _ => return Err(invalid("parameters", "expected a JSON list as text")),
                }
            }
            Some(_) => return Err(invalid("parameters", "expected a JSON list as text")),
        };
        Ok(Raw {
            text: text.to_string().into(),
            braces: arguments.get("braces") == Some(&Json::Bool(true)),
            parameters,
        })
    }
}

fn invalid(argument: &str, why: &str) -> Error {
    let path = vec![Value::Text(argument.into())];
    Error::new(ErrorKind::QueryInvalid, format!("`queryRaw.{argument}`: {why}"))
        .with("kind", Value::Text("InvalidArgumentValue".into()))
        .with("argumentPath", Value::List(path))
}

fn parameters(items: &[Json<'_>]) -> Result<Vec<Value>, Error> {
    items.iter().map(parameter).collect()
}

fn parameter(json: &Json<'_>) -> Result<Value, Error> {
    Ok(match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Text(text) => Value::Text(text.to_string()),
        Json::Number(text) => number(text)?,
        Json::List(items) => Value::List(parameters(items)?),
        Json::Object(_) => match (json.get("prisma__type").and_then(Json::as_text), json.get("prisma__value")) {
            (Some(ty), Some(value)) => tagged(ty, value)?,
            _ => {
                let mut out = crate::json::Writer::default();
                json.write(&mut out);
                Value::Json(out.finish())
            }
        },
    })
}

fn number(text: &str) -> Result<Value, Error> {
    let float = || text.parse().ok().filter(|number: &f64| number.is_finite()).map(Value::Float);
    text.parse().ok().map(Value::Int).or_else(float).ok_or_else(|| invalid("parameters", "a number is out of range"))
}

fn tagged(ty: &str, json: &Json<'_>) -> Result<Value, Error> {
    let text = json.as_text().or(match json {
        Json::Number(text) => Some(text),
        _ => None,
    });
    let value = text.and_then(|text| match ty {
        "date" => moment::read(text).map(Value::DateTime),
        "bigint" => text.parse().ok().map(Value::Int),
        "decimal" => decimal::plain(text).map(Value::Decimal),
        "bytes" => base64::read(text).map(Value::Bytes),
        "float" => crate::scalar::float::named(text).map(Value::Float),
        "uuid" => uuid::read(text).map(Value::Uuid),
        "enum" => Some(Value::Enum(text.to_string().into())),
        "json" => Some(Value::Json(text.to_string())),
        _ => None,
    });
    value.ok_or_else(|| invalid("parameters", &format!("not a value of the tagged type `{ty}`")))
}
