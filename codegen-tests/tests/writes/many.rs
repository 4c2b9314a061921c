//! Many rows at once.

use crate::database::Database;
use serde_json::{Value, json};

const MODELS: &str = r#"
model Item {
  id    Int     @id @default(autoincrement())
  name  String  @unique
  size  Int     @default(1)
  note  String?
  group Group?  @relation(fields: [groupId], references: [id])
  groupId Int?
}

model Group {
  id    Int    @id
  items Item[]
}

model Tick {
  id Int @id @default(autoincrement())
}
"#;

fn items() -> Database {
    let database = Database::new(MODELS);
    let rows = json!([{"name": "a"}, {"size": 2, "name": "b"}, {"name": "c", "size": 3, "note": "x"}, {"name": "d", "size": 4}]);
    assert_eq!(database.ask("Item.createMany", json!({"data": rows}), Value::Null), json!({"count": 4}));
    database
}

fn sizes(database: &Database) -> Vec<i64> {
    let all = database.ask("Item.findMany", json!({"orderBy": {"id": "asc"}}), json!({"size": true}));
    all.as_array().unwrap().iter().map(|item| item["size"].as_i64().unwrap()).collect()
}

#[test]
fn rows_may_give_different_columns() {
    let database = items();
    assert_eq!(sizes(&database), [1, 2, 3, 4]);
    let rows = json!([{"name": "e", "id": 100}, {"name": "f"}]);
    let made = database.ask("Item.createManyAndReturn", json!({"data": rows}), json!({"id": true, "note": true}));
    assert_eq!(made, json!([{"id": 100, "note": null}, {"id": 101, "note": null}]));
    assert_eq!(database.ask("Item.createMany", json!({"data": []}), Value::Null), json!({"count": 0}));
}

#[test]
fn rows_of_which_nothing_is_given() {
    let database = Database::new(MODELS);
    assert_eq!(database.ask("Tick.createMany", json!({"data": [{}, {}, {}]}), Value::Null), json!({"count": 3}));
    assert_eq!(database.ask("Tick.createOne", json!({}), json!({"id": true})), json!({"id": 4}));
}

#[test]
fn more_rows_than_a_statement_takes_parameters() {
    let database = Database::new(MODELS);
    let rows: Vec<Value> = (0..20_000).map(|at| json!({"name": at.to_string(), "size": at})).collect();
    assert_eq!(database.ask("Item.createMany", json!({"data": rows}), Value::Null), json!({"count": 20_000}));
}

#[test]
fn all_rows_are_created_or_none() {
    let database = items();
    let rows = json!([{"name": "new"}, {"name": "a"}]);
    assert_eq!(database.refuse("Item.createMany", json!({"data": rows})).code(), "P2002");
    assert_eq!(sizes(&database).len(), 4);
    assert_eq!(database.refuse("Item.createManyAndReturn", json!({"data": rows})).code(), "P2002");
    assert_eq!(sizes(&database).len(), 4);
}

#[test]
fn created_rows_are_answered_with_the_row_they_refer_to() {
    let database = items();
    database.ask("Group.createOne", json!({"data": {"id": 9}}), Value::Null);
    let rows = json!([{"name": "e", "groupId": 9}, {"name": "f"}]);
    let selection = json!({"name": true, "group": {"selection": {"id": true}}});
    let made = database.ask("Item.createManyAndReturn", json!({"data": rows}), selection.clone());
    assert_eq!(made, json!([{"name": "e", "group": {"id": 9}}, {"name": "f", "group": null}]));
    let arguments = json!({"where": {"groupId": 9}, "data": {"name": "g"}});
    let changed = database.ask("Item.updateManyAndReturn", arguments, selection);
    assert_eq!(changed, json!([{"name": "g", "group": {"id": 9}}]));
}

#[test]
fn rows_of_a_filter_are_changed() {
    let database = items();
    let change = |arguments: Value| database.ask("Item.updateMany", arguments, Value::Null)["count"].clone();
    assert_eq!(change(json!({"where": {"size": {"gt": 2}}, "data": {"size": {"increment": 10}}})), json!(2));
    assert_eq!(sizes(&database), [1, 2, 13, 14]);
    assert_eq!(change(json!({"data": {"size": 0}, "limit": 3})), json!(3));
    assert_eq!(sizes(&database), [0, 0, 0, 14]);
    assert_eq!(change(json!({"data": {}})), json!(0), "rows that nothing is done to are not counted");
    assert_eq!(change(json!({"data": {"size": 7}, "limit": 0})), json!(0));
    assert_eq!(change(json!({"where": {"name": "none"}, "data": {"size": 7}})), json!(0));
    let changed =
        database.ask("Item.updateManyAndReturn", json!({"data": {"size": 5}, "limit": 1}), json!({"size": true}));
    assert_eq!(changed, json!([{"size": 5}]));
}

#[test]
fn rows_of_a_filter_are_deleted() {
    let database = items();
    let delete = |arguments: Value| database.ask("Item.deleteMany", arguments, Value::Null)["count"].clone();
    assert_eq!(delete(json!({"where": {"size": 2}})), json!(1));
    assert_eq!(delete(json!({"limit": 1})), json!(1));
    assert_eq!(delete(json!({})), json!(2));
    assert_eq!(delete(json!({})), json!(0));
}
