//! Referential actions that the engine carries out (`relationMode = "prisma"`): the tables have no foreign keys.

use crate::database::Database;
use serde_json::{Value, json};

const MODELS: &str = r#"
model Root {
  id     Int    @id
  code   String @unique
  nodes  Node[]
  notes  Note[]
  locks  Lock[]
  labels Label[]
}

model Node {
  id     Int    @id
  root   Root   @relation(fields: [rootId], references: [id], onDelete: Cascade, onUpdate: Cascade)
  rootId Int
  leaves Leaf[]
  @@index([rootId])
}

model Leaf {
  id     Int  @id
  node   Node @relation(fields: [nodeId], references: [id], onDelete: Cascade)
  nodeId Int
  @@index([nodeId])
}

model Note {
  id       Int     @id
  root     Root?   @relation(fields: [rootCode], references: [code], onDelete: SetNull, onUpdate: Cascade)
  rootCode String?
  @@index([rootCode])
}

model Lock {
  id     Int  @id
  root   Root @relation(fields: [rootId], references: [id], onDelete: Restrict, onUpdate: Restrict)
  rootId Int
  @@index([rootId])
}

model Label {
  id    Int    @id
  roots Root[]
}
"#;

fn database() -> Database {
    let database = Database::with("relationMode = \"prisma\"", MODELS);
    for id in [1, 2] {
        let leaves = json!({"create": [{"id": id * 10}, {"id": id * 10 + 1}]});
        let data = json!({
            "id": id,
            "code": format!("r{id}"),
            "nodes": {"create": [{"id": id, "leaves": leaves}]},
            "notes": {"create": {"id": id}},
            "labels": {"create": {"id": id}}
        });
        database.ask("Root.createOne", json!({"data": data}), Value::Null);
    }
    database
}

#[track_caller]
fn column(database: &Database, model: &str, key: &str) -> Value {
    let rows = database.ask(&format!("{model}.findMany"), json!({"orderBy": {"id": "asc"}}), json!({key: true}));
    rows.as_array().unwrap().iter().map(|row| row[key].clone()).collect()
}

#[test]
fn a_deletion_is_followed_at_any_depth() {
    let database = database();
    database.ask("Root.deleteOne", json!({"where": {"id": 1}}), Value::Null);
    assert_eq!(column(&database, "Node", "id"), json!([2]));
    assert_eq!(column(&database, "Leaf", "id"), json!([20, 21]));
    assert_eq!(column(&database, "Note", "rootCode"), json!([null, "r2"]));
    let labels =
        database.ask("Label.findMany", json!({}), json!({"_count": {"arguments": {}, "selection": {"roots": true}}}));
    assert_eq!(labels, json!([{"_count": {"roots": 0}}, {"_count": {"roots": 1}}]));
    assert_eq!(database.ask("Root.deleteMany", json!({}), Value::Null), json!({"count": 1}));
    assert_eq!(column(&database, "Leaf", "id"), json!([]));
}

#[test]
fn rows_that_are_referred_to_stay() {
    let database = database();
    database.ask("Lock.createOne", json!({"data": {"id": 1, "rootId": 2}}), Value::Null);
    assert_eq!(database.refuse("Root.deleteOne", json!({"where": {"id": 2}})).code(), "P2014");
    assert_eq!(database.refuse("Root.deleteMany", json!({})).code(), "P2014");
    let moved = json!({"where": {"id": 2}, "data": {"id": 3}});
    assert_eq!(database.refuse("Root.updateOne", moved).code(), "P2014");
    assert_eq!(column(&database, "Root", "id"), json!([1, 2]));
    assert_eq!(column(&database, "Leaf", "id"), json!([10, 11, 20, 21]), "nothing was done before it failed");
}

#[test]
fn a_changed_key_is_followed() {
    let database = database();
    database.ask("Root.updateOne", json!({"where": {"id": 1}, "data": {"id": 5, "code": "new"}}), Value::Null);
    assert_eq!(column(&database, "Node", "rootId"), json!([5, 2]));
    assert_eq!(column(&database, "Note", "rootCode"), json!(["new", "r2"]));
    database.ask("Root.updateMany", json!({"where": {"id": 5}, "data": {"id": {"increment": 2}}}), Value::Null);
    assert_eq!(column(&database, "Node", "rootId"), json!([7, 2]));
    let upsert = json!({"where": {"code": "r2"}, "create": {"id": 9, "code": "r2"}, "update": {"code": "r3"}});
    database.ask("Root.upsertOne", upsert, Value::Null);
    assert_eq!(column(&database, "Note", "rootCode"), json!(["new", "r3"]));
}

#[test]
fn nested_deletions_are_followed() {
    let database = database();
    let arguments = json!({"where": {"id": 1}, "data": {"nodes": {"delete": {"id": 1}}}});
    database.ask("Root.updateOne", arguments, Value::Null);
    assert_eq!(column(&database, "Leaf", "id"), json!([20, 21]));
    let arguments = json!({"where": {"id": 2}, "data": {"nodes": {"deleteMany": {}}}});
    database.ask("Root.updateOne", arguments, Value::Null);
    assert_eq!(column(&database, "Leaf", "id"), json!([]));
}

#[test]
fn what_follows_does_not_change_which_rows_are_meant() {
    let database = database();
    let with_nodes = json!({"where": {"nodes": {"some": {"id": 1}}}});
    assert_eq!(database.ask("Root.deleteMany", with_nodes, Value::Null), json!({"count": 1}));
    let with_leaves = json!({"where": {"id": 2, "nodes": {"some": {"leaves": {"some": {"id": 20}}}}}});
    assert_eq!(database.ask("Root.deleteOne", with_leaves, json!({"code": true})), json!({"code": "r2"}));
    assert_eq!(column(&database, "Root", "id"), json!([]));
    assert_eq!(column(&database, "Leaf", "id"), json!([]));
}
