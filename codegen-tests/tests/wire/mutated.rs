//! Requests in which something was replaced: decoded or refused, never a panic, and what is decoded survives its encoding.

use crate::check;
use codegen_tests::generated::golden_schemas;
use lenslet_core::{catalog::Catalog, error::ErrorKind};
use lenslet_wire::decode::{Limits, request};
use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::{Value, json};
use std::sync::LazyLock;

static BLOG: LazyLock<Catalog> = LazyLock::new(|| {
    let blog = golden_schemas().into_iter().find(|example| example.name.ends_with("blog"));
    blog.unwrap().schema.catalog
});

fn requests() -> Vec<Value> {
    let one = |model: &str, action: &str, arguments: Value, selection: Value| json!({ "modelName": model, "action": action, "query": { "arguments": arguments, "selection": selection } });
    let scalars = json!({ "$scalars": true, "$composites": true });
    vec![
        one(
            "User",
            "findMany",
            json!({
                "where": { "AND": [{ "email": { "contains": "x", "mode": "insensitive", "not": { "in": ["a"], "gt": "b" } } },
                    { "OR": [{ "name": null }, { "posts": { "some": { "views": { "gte": 1 }, "author": { "is": { "id": 1 } } } } }] }],
                    "NOT": { "profile": null }, "role": { "in": ["ADMIN"] },
                    "createdAt": { "lt": { "$type": "DateTime", "value": "2026-11-20T23:38:37.636Z" } },
                    "name": { "equals": { "$type": "FieldRef", "value": { "_ref": "email", "_container": "User" } } } },
                "orderBy": [{ "name": { "sort": "asc", "nulls": "last" } }, { "posts": { "_count": "desc" } }, { "profile": { "bio": "asc" } }],
                "take": -3, "skip": 1, "cursor": { "email": "a" }, "distinct": ["name", "role"],
            }),
            json!({ "$scalars": true, "email": false, "_count": { "arguments": {}, "selection": { "posts": { "arguments": { "where": { "views": 1 } } } } },
                "posts": { "arguments": { "take": 1, "orderBy": { "id": "asc" } }, "selection": { "id": true, "tags": { "arguments": {}, "selection": { "name": true } } } } }),
        ),
        one(
            "Post",
            "createOne",
            json!({ "data": { "title": "t", "rating": 1.5, "views": 3, "author": { "connectOrCreate": { "where": { "id": 1 }, "create": { "email": "e" } } },
                "tags": { "create": [{ "name": "a" }, { "name": "b" }], "connect": { "name": "c" } },
                "comments": { "createMany": { "data": [{ "text": "x" }], "skipDuplicates": true } } } }),
            scalars.clone(),
        ),
        one(
            "Post",
            "updateOne",
            json!({ "where": { "authorId_title": { "authorId": 1, "title": "t" }, "published": true },
                "data": { "title": { "set": "u" }, "views": { "increment": 2 }, "rating": null, "author": { "update": { "name": "n" } },
                    "tags": { "set": [{ "id": 1 }], "disconnect": [{ "name": "x" }], "deleteMany": [{ "name": { "contains": "y" } }] },
                    "comments": { "upsert": { "where": { "id": "1" }, "create": { "text": "c" }, "update": { "text": "d" } },
                        "updateMany": { "where": { "text": "q" }, "data": { "text": "r" } } } } }),
            scalars.clone(),
        ),
        one(
            "Profile",
            "upsertOne",
            json!({ "where": { "userId": 1 }, "create": { "bio": "b", "userId": 1, "links": { "a": [1, null, { "$type": "Raw", "value": 1 }] } },
                "update": { "links": { "$type": "Enum", "value": "JsonNull" }, "user": { "update": { "where": { "id": 2 }, "data": { "role": "MEMBER" } } } } }),
            scalars,
        ),
        one(
            "Post",
            "groupBy",
            json!({ "by": ["published"], "having": { "views": { "_avg": { "gt": 1 } }, "OR": [{ "published": true }] },
                "orderBy": [{ "_sum": { "views": "desc" } }, { "published": "asc" }], "take": 3 }),
            json!({ "published": true, "_count": { "arguments": {}, "selection": { "_all": true, "rating": true } }, "_max": { "arguments": {}, "selection": { "createdAt": true } } }),
        ),
        json!({ "action": "queryRaw", "query": { "arguments": { "query": "SELECT $1", "parameters": "[1,1.5,{\"prisma__type\":\"date\",\"prisma__value\":\"2026-11-20T23:38:37Z\"},[null,\"a\"]]" }, "selection": {} } }),
        json!({ "batch": [one("Tag", "deleteMany", json!({ "where": { "id": { "in": [1, 2] } }, "limit": 1 }), json!({ "count": true }))], "transaction": { "isolationLevel": "Serializable" } }),
    ]
}

/// What takes the place of a part.
fn replacements() -> impl Strategy<Value = Value> {
    select(vec![
        json!(null),
        json!(true),
        json!(0),
        json!(-1.5),
        json!(1e300),
        json!(99_999_999_999_999_999_999.0),
        json!(""),
        json!("id"),
        json!("2026-11-20T23:38:37.636Z"),
        json!([]),
        json!([[]]),
        json!([null]),
        json!({}),
        json!({ "id": 1 }),
        json!({ "is": {} }),
        json!({ "set": [] }),
        json!({ "where": {}, "data": {} }),
        json!({ "create": { "email": "e" } }),
        json!({ "arguments": {}, "selection": {} }),
        json!({ "$scalars": true }),
        json!({ "$type": "Json", "value": "[" }),
        json!({ "$type": "BigInt", "value": "5" }),
        json!({ "$type": "Decimal", "value": "1e99999999" }),
        json!({ "$type": "FieldRef", "value": { "_ref": "views" } }),
        json!({ "$type": "Enum", "value": "AnyNull" }),
        json!({ "AND": { "NOT": [{}] } }),
    ])
}

/// The part of that number, counted from the root through all that it holds.
fn part<'j>(json: &'j mut Value, number: &mut usize) -> Option<&'j mut Value> {
    if *number == 0 {
        return Some(json);
    }
    *number -= 1;
    match json {
        Value::Array(items) => items.iter_mut().find_map(|item| part(item, number)),
        Value::Object(entries) => entries.values_mut().find_map(|value| part(value, number)),
        _ => None,
    }
}

#[test]
fn unchanged_requests_decode() {
    for body in requests() {
        assert_eq!(check(&body.to_string(), &BLOG), Ok(()), "{body}");
    }
}

#[test]
fn depth_is_limited_and_harmless() {
    let body = |depth: usize| {
        let filter = "{\"NOT\":".repeat(depth) + "{}" + &"}".repeat(depth);
        format!(
            r#"{{"modelName":"User","action":"findMany","query":{{"arguments":{{"where":{filter}}},"selection":{{"id":true}}}}}}"#
        )
    };
    assert!(request(&body(100), &BLOG, &Limits::default()).is_ok());
    let refused = request(&body(10_000), &BLOG, &Limits::default());
    assert_eq!(refused.map_err(|error| error.kind()), Err(ErrorKind::BadRequest));
    let small = Limits { size: 50, ..Limits::default() };
    assert!(request(&body(1), &BLOG, &small).is_err());
}

proptest! {
    #[test]
    fn a_part_was_replaced(
        which in 0_usize..7,
        changes in vec((0_usize..200, replacements()), 1..3),
    ) {
        let mut body = requests().swap_remove(which);
        for (mut number, replacement) in changes {
            if let Some(part) = part(&mut body, &mut number) {
                *part = replacement;
            }
        }
        // Whether it is decoded or refused: what must hold is inside of `check`.
        let _ = check(&body.to_string(), &BLOG);
    }
}
