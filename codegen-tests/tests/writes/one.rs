//! One row at a time.

use crate::database::Database;
use serde_json::{Value, json};

const MODELS: &str = r#"
model User {
  id    Int     @id @default(autoincrement())
  email String  @unique
  name  String?
  score Int?
  rate  Float   @default(1)
  big   BigInt  @default(1)
  posts Post[]
}

model Post {
  id       Int    @id @default(autoincrement())
  title    String
  author   User?  @relation(fields: [authorId], references: [id], onDelete: Cascade)
  authorId Int?
}

model Place {
  x     Int
  y     Int
  label String @default("")
  @@id([x, y])
  @@unique([label, x])
}
"#;

fn users() -> Database {
    let database = Database::new(MODELS);
    for (email, score) in [("a", json!(10)), ("b", Value::Null)] {
        let post = json!({"create": {"title": format!("of {email}")}});
        let data = json!({"email": email, "score": score, "posts": post});
        database.ask("User.createOne", json!({"data": data}), json!({"id": true}));
    }
    database
}

#[test]
fn a_new_row_is_answered_by_its_selection() {
    let database = users();
    let selection = json!({"email": true, "id": true, "posts": {"selection": {"title": true}}});
    let made = database.ask("User.createOne", json!({"data": {"email": "c"}}), selection);
    assert_eq!(made, json!({"email": "c", "id": 3, "posts": []}));
    let selection = json!({"_count": {"arguments": {}, "selection": {"posts": true}}, "name": true});
    let data = json!({"email": "d", "posts": {"create": [{"title": "x"}, {"title": "y"}]}});
    let made = database.ask("User.createOne", json!({"data": data}), selection);
    assert_eq!(made, json!({"_count": {"posts": 2}, "name": null}));
}

#[test]
fn columns_are_changed_by_the_database() {
    let database = users();
    let change = |key: &str, how: Value| {
        let arguments = json!({"where": {"email": "a"}, "data": {key: how}});
        database.ask("User.updateOne", arguments, json!({key: true}))[key].clone()
    };
    assert_eq!(change("score", json!({"increment": 5})), json!(15));
    assert_eq!(change("score", json!({"decrement": 1})), json!(14));
    assert_eq!(change("score", json!({"multiply": 3})), json!(42));
    assert_eq!(change("score", json!({"divide": 4})), json!(10));
    assert_eq!(change("rate", json!({"divide": 4})), json!(0.25));
    assert_eq!(change("big", json!({"multiply": 9_000_000_000_i64})), json!("9000000000"));
    assert_eq!(change("name", json!({"set": "Ada"})), json!("Ada"));
    assert_eq!(change("name", Value::Null), Value::Null);
    let of_null = json!({"where": {"email": "b"}, "data": {"score": {"increment": 5}}});
    assert_eq!(database.ask("User.updateOne", of_null, json!({"score": true})), json!({"score": null}));
}

#[test]
fn a_selector_may_have_more_conditions() {
    let database = users();
    let ok = json!({"where": {"email": "a", "score": {"gte": 10}}, "data": {"name": "x"}});
    assert_eq!(database.ask("User.updateOne", ok, json!({"name": true})), json!({"name": "x"}));
    let stale = json!({"where": {"email": "a", "score": 11}, "data": {"name": "y"}});
    assert_eq!(database.refuse("User.updateOne", stale.clone()).code(), "P2025");
    let related = json!({"where": {"id": 1, "posts": {"some": {"title": "of a"}}}, "data": {"name": "z"}});
    assert_eq!(database.ask("User.updateOne", related, json!({"name": true})), json!({"name": "z"}));
    assert_eq!(database.refuse("User.deleteOne", json!({"where": stale["where"]})).code(), "P2025");
}

#[test]
fn the_answer_follows_a_changed_key() {
    let database = users();
    let arguments = json!({"where": {"id": 1}, "data": {"id": 77, "name": "moved"}});
    let selection = json!({"id": true, "name": true, "posts": {"selection": {"authorId": true}}});
    let moved = database.ask("User.updateOne", arguments, selection);
    assert_eq!(moved, json!({"id": 77, "name": "moved", "posts": [{"authorId": 77}]}));
}

#[test]
fn a_deleted_row_is_answered_as_it_was() {
    let database = users();
    let selection = json!({"email": true, "posts": {"selection": {"title": true}}});
    let gone = database.ask("User.deleteOne", json!({"where": {"id": 1}}), selection);
    assert_eq!(gone, json!({"email": "a", "posts": [{"title": "of a"}]}));
    assert_eq!(database.ask("Post.findMany", json!({}), json!({"title": true})), json!([{"title": "of b"}]));
    let gone = database.ask("User.deleteOne", json!({"where": {"id": 2}}), json!({"email": true}));
    assert_eq!(gone, json!({"email": "b"}));
    assert_eq!(database.refuse("User.deleteOne", json!({"where": {"id": 2}})).code(), "P2025");
}

#[test]
fn an_upsert_inserts_or_changes() {
    let database = users();
    let upsert = |filter: Value, create: Value, update: Value| {
        let arguments = json!({"where": filter, "create": create, "update": update});
        database.ask("User.upsertOne", arguments, json!({"id": true, "email": true, "name": true}))
    };
    let new = |email: &str| json!({"email": email});
    // By the same value: one statement.
    let changed = upsert(json!({"email": "a"}), new("a"), json!({"name": "x"}));
    assert_eq!(changed, json!({"id": 1, "email": "a", "name": "x"}));
    let made = upsert(json!({"email": "c"}), new("c"), json!({"name": "x"}));
    assert_eq!(made["name"], Value::Null);
    assert_eq!(upsert(json!({"email": "c"}), new("c"), json!({}))["email"], json!("c"), "nothing to change");
    // By another value, or with more conditions: a look first.
    assert_eq!(upsert(json!({"email": "a"}), new("z"), json!({"email": "y"}))["email"], json!("y"));
    assert_eq!(upsert(json!({"email": "a"}), new("z"), json!({"email": "y"}))["email"], json!("z"));
    assert_eq!(upsert(json!({"email": "y", "name": "x"}), new("w"), json!({"name": "v"}))["name"], json!("v"));
    assert_eq!(upsert(json!({"id": 1000}), new("q"), json!({}))["email"], json!("q"));
    let nested = json!({"posts": {"create": {"title": "new"}}});
    assert_eq!(upsert(json!({"email": "q"}), new("q"), nested)["email"], json!("q"));
    let posts = database.ask("Post.findMany", json!({"where": {"title": "new"}}), json!({"authorId": true}));
    assert_eq!(posts.as_array().unwrap().len(), 1);
}

#[test]
fn rows_are_found_by_several_columns() {
    let database = Database::new(MODELS);
    let point = json!({"x": 1, "y": 2});
    let upsert = |label: &str| {
        let arguments = json!({"where": {"x_y": point}, "create": point, "update": {"label": label}});
        database.ask("Place.upsertOne", arguments, Value::Null)
    };
    assert_eq!(upsert("a"), json!({"x": 1, "y": 2, "label": ""}));
    assert_eq!(upsert("a"), json!({"x": 1, "y": 2, "label": "a"}));
    let by_other = json!({"where": {"label_x": {"label": "a", "x": 1}}, "data": {"x": {"increment": 4}}});
    assert_eq!(database.ask("Place.updateOne", by_other, json!({"x": true, "y": true})), json!({"x": 5, "y": 2}));
    let gone = database.ask("Place.deleteOne", json!({"where": {"x_y": {"x": 5, "y": 2}}}), json!({"label": true}));
    assert_eq!(gone, json!({"label": "a"}));
}
