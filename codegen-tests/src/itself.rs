//! Operations by which a row deletes itself, through what is nested in them.

use serde_json::{Value, json};

/// Each operation with its arguments, on a `User` called `ada` who is her own `boss`.
pub fn deletions() -> Vec<(&'static str, Value)> {
    let nested = [
        json!({"staff": {"delete": [{"name": "ada"}]}}),
        json!({"staff": {"deleteMany": {}}}),
        json!({"boss": {"delete": true}}),
        json!({"name": "eve", "staff": {"create": {"name": "new"}, "deleteMany": {"name": "eve"}}}),
    ];
    let operations = nested.into_iter().flat_map(|data| {
        let update = json!({"where": {"name": "ada"}, "data": data});
        let upsert = json!({"where": {"name": "ada"}, "update": data, "create": {"name": "unused"}});
        [("updateOne", update), ("upsertOne", upsert)]
    });
    operations.collect()
}
