//! Queries become requests.
//!
//! The names are those that generated code carries in its [`FieldId`](lenslet_core::query::FieldId)s and
//! [`ModelId`](lenslet_core::query::ModelId)s; no catalog is needed. What is said twice is written twice, in order: a key may
//! repeat.

#[cfg(not(target_family = "wasm"))]
mod tree;

use crate::{json::Writer, names};
use lenslet_core::{
    cache::Stale,
    draft::Draft,
    engine::{Isolation, TransactionOptions},
};

/// The body of a request for one query.
///
/// ```
/// use lenslet_core::query::{Action, Compare, Condition, FieldId, ModelId, Operator, Query, Selected};
/// use lenslet_core::value::Value;
/// let id = FieldId::new(0, "id");
/// let mut query = Query::new(ModelId::new(0, "User"), Action::FindUnique);
/// query.arguments.filter = Some(Condition::Compare(Compare::new(id, Operator::Equals, Value::Int(1))));
/// query.selection.push(Selected::Columns(vec![id].into()));
/// assert_eq!(
///     lenslet_wire::encode::query(&query),
///     r#"{"modelName":"User","action":"findUnique","query":{"arguments":{"where":{"id":1}},"selection":{"id":true}}}"#
/// );
/// ```
pub fn query(query: &Draft) -> String {
    let mut out = Writer::default();
    write(query, &mut out);
    out.finish()
}

/// The body of a request for several queries in one transaction.
pub fn batch(queries: &[Draft], isolation: Option<Isolation>) -> String {
    let mut out = Writer::default();
    out.open('{');
    out.key("batch");
    out.open('[');
    queries.iter().for_each(|query| write(query, &mut out));
    out.close(']');
    out.key("transaction");
    out.open('{');
    if let Some(isolation) = isolation {
        out.key("isolationLevel");
        out.text(names::isolation(isolation));
    }
    out.close('}');
    out.close('}');
    out.finish()
}

/// The body of a request that begins an interactive transaction.
pub fn start(options: &TransactionOptions) -> String {
    let milliseconds = |time: std::time::Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
    let mut out = Writer::default();
    out.open('{');
    out.key("max_wait");
    out.integer(milliseconds(options.max_wait));
    out.key("timeout");
    out.integer(milliseconds(options.timeout));
    if let Some(isolation) = options.isolation {
        out.key("isolation_level");
        out.text(names::isolation(isolation));
    }
    out.close('}');
    out.finish()
}

/// The body of a request that makes a pool forget answers.
pub fn stale(stale: &Stale) -> String {
    let mut out = Writer::default();
    out.open('{');
    out.key("tags");
    match stale {
        Stale::Everything => out.text("all"),
        Stale::Tagged(tags) => {
            out.open('[');
            tags.iter().for_each(|tag| out.text(tag));
            out.close(']');
        }
    }
    out.close('}');
    out.finish()
}

#[cfg(not(target_family = "wasm"))]
fn write(query: &Draft, out: &mut Writer) {
    tree::write(query, out);
}

/// Where there is no engine in the same memory, a query was written down when it was put together.
#[cfg(target_family = "wasm")]
fn write(query: &Draft, out: &mut Writer) {
    query.write(out);
}
