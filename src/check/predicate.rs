//! The condition of a partial index, as SQL.

use lenslet_core::catalog::Provider;

use super::connector::Connector;
use super::indexes::raw;
use super::resolved::Model;
use crate::syntax::tree::{Value, ValueKind};

/// The SQL of `where: raw("…")` or `where: { … }`; nothing for what the rules refuse.
pub(super) fn sql(connector: &Connector, model: &Model<'_>, value: &Value<'_>) -> Option<String> {
    if let Some((text, _)) = raw(value) {
        return Some(text.to_owned());
    }
    let ValueKind::Object(entries) = &value.kind else {
        return None;
    };
    let terms: Option<Vec<String>> = entries
        .iter()
        .map(|(name, value)| {
            let field = model.fields.get(*model.field_names.get(name.text)?)?;
            term(connector, &quoted(connector, field.db_name()), value)
        })
        .collect();
    Some(terms?.join(" AND "))
}

fn term(connector: &Connector, column: &str, value: &Value<'_>) -> Option<String> {
    match &value.kind {
        ValueKind::Object(entries) => match entries.as_slice() {
            [(name, value)] if name.text == "not" => Some(match constant(connector, value)?.as_str() {
                "NULL" => format!("{column} IS NOT NULL"),
                constant => format!("{column} <> {constant}"),
            }),
            _ => None,
        },
        _ => Some(match constant(connector, value)?.as_str() {
            "NULL" => format!("{column} IS NULL"),
            constant => format!("{column} = {constant}"),
        }),
    }
}

fn constant(connector: &Connector, value: &Value<'_>) -> Option<String> {
    let has_booleans = matches!(connector.provider, Some(Provider::Postgresql | Provider::Cockroachdb));
    Some(match &value.kind {
        ValueKind::Constant("null") => "NULL".to_owned(),
        ValueKind::Constant(word @ ("true" | "false")) if has_booleans => (*word).to_owned(),
        ValueKind::Constant("true") => "1".to_owned(),
        ValueKind::Constant("false") => "0".to_owned(),
        ValueKind::Number(text) => (*text).to_owned(),
        ValueKind::String(text) => format!("'{}'", text.replace('\'', "''")),
        _ => return None,
    })
}

fn quoted(connector: &Connector, name: &str) -> String {
    match connector.provider {
        Some(Provider::Sqlserver) => format!("[{}]", name.replace(']', "]]")),
        _ => format!("\"{}\"", name.replace('"', "\"\"")),
    }
}
