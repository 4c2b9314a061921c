//! How errors name models and fields, whichever driver reported them.

use lenslet_core::{catalog::Model, error::Error, value::Value};

/// Names the model that an error is about, where it is known.
pub(crate) fn with_model(error: Error, model: Option<&Model>) -> Error {
    match model {
        Some(model) => error.with("modelName", Value::Text(model.name.to_string())),
        None => error,
    }
}

/// Fields, as a fact of an error.
pub(crate) fn list(fields: Vec<String>) -> Value {
    Value::List(fields.into_iter().map(Value::Text).collect())
}

/// Fields, as a message names them.
pub(crate) fn quoted(fields: &[String]) -> String {
    let fields: Vec<_> = fields.iter().map(|field| format!("`{field}`")).collect();
    fields.join(", ")
}
