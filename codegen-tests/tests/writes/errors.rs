//! What cannot be done, and that nothing of it stays.

use crate::database::Database;
use lenslet_core::{error::Error, value::Value as Meta};
use serde_json::{Value, json};

const MODELS: &str = r#"
model User {
  id      Int      @id @default(autoincrement())
  email   String   @unique @map("e_mail")
  posts   Post[]
  profile Profile?
  groups  Group[]
}

model Profile {
  id     Int  @id @default(autoincrement())
  user   User @relation(fields: [userId], references: [id])
  userId Int  @unique
}

model Post {
  id       Int    @id @default(autoincrement())
  title    String
  slug     String
  author   User   @relation(fields: [authorId], references: [id])
  authorId Int
  editor   Group? @relation(fields: [editorId], references: [id])
  editorId Int?
  @@unique([authorId, slug])
}

model Group {
  id    Int    @id
  users User[]
  posts Post[]
}
"#;

fn database() -> Database {
    let database = Database::new(MODELS);
    for email in ["a", "b"] {
        let posts = json!({"create": [{"title": "t", "slug": "s"}]});
        let data = json!({"email": email, "posts": posts, "profile": {"create": {}}});
        database.ask("User.createOne", json!({"data": data}), Value::Null);
    }
    database
}

fn text(error: &Error, key: &str) -> String {
    match error.get(key) {
        Some(Meta::Text(text)) => text.clone(),
        Some(Meta::List(items)) => {
            let items = items.iter().map(|item| match item {
                Meta::Text(text) => text.clone(),
                other => format!("{other:?}"),
            });
            items.collect::<Vec<_>>().join(",")
        }
        other => format!("{other:?}"),
    }
}

#[track_caller]
fn update(database: &Database, data: Value) -> Error {
    database.refuse("User.updateOne", json!({"where": {"email": "a"}, "data": data}))
}

#[test]
fn uniques_name_their_fields() {
    let database = database();
    let error = database.refuse("User.createOne", json!({"data": {"email": "a"}}));
    assert_eq!(
        (error.code(), text(&error, "target"), text(&error, "modelName")),
        ("P2002", "email".into(), "User".into())
    );
    let twice = json!({"posts": {"create": [{"title": "u", "slug": "s"}]}});
    let error = update(&database, twice);
    assert_eq!((error.code(), text(&error, "target")), ("P2002", "authorId,slug".into()));
}

#[test]
fn keys_must_lead_somewhere() {
    let database = database();
    let error = database.refuse("Post.createOne", json!({"data": {"title": "t", "slug": "x", "authorId": 77}}));
    assert_eq!(error.code(), "P2003");
    let error = database.refuse("User.deleteOne", json!({"where": {"email": "a"}}));
    assert_eq!(error.code(), "P2003");
    assert_eq!(database.refuse("User.deleteMany", json!({})).code(), "P2003");
}

#[test]
fn missing_records_say_what_they_were_needed_for() {
    let database = database();
    let cause = |error: Error| {
        assert_eq!(error.code(), "P2025");
        text(&error, "cause")
    };
    let nobody = json!({"where": {"email": "nobody"}, "data": {"email": "x"}});
    assert_eq!(cause(database.refuse("User.updateOne", nobody.clone())), "No record was found for an update.");
    assert_eq!(
        cause(database.refuse("User.deleteOne", json!({"where": {"email": "nobody"}}))),
        "No record was found for a delete."
    );
    let connect = json!({"data": {"title": "t", "slug": "x", "author": {"connect": {"email": "nobody"}}}});
    assert_eq!(
        cause(database.refuse("Post.createOne", connect)),
        "No 'User' record (needed to create or connect inlined relation for 'Post' record(s)) was found for a nested \
         connect on one-to-many relation 'PostToUser'."
    );
    assert_eq!(
        cause(update(&database, json!({"posts": {"update": {"where": {"id": 2}, "data": {"title": "x"}}}}))),
        "No 'Post' record was found for a nested update on one-to-many relation 'PostToUser'."
    );
    assert_eq!(
        cause(update(&database, json!({"groups": {"connect": [{"id": 1}, {"id": 2}]}}))),
        "Expected 2 records to be connected, found only 0."
    );
    database.ask("Profile.deleteMany", json!({}), Value::Null);
    assert_eq!(
        cause(update(&database, json!({"profile": {"delete": true}}))),
        "No 'Profile' record was found for a nested delete on one-to-one relation 'ProfileToUser'."
    );
}

#[test]
fn connected_and_deleted_rows_must_exist() {
    let database = database();
    let error = update(&database, json!({"posts": {"connect": [{"id": 1}, {"id": 77}]}}));
    let details =
        "Expected 2 records to be connected after connect operation on one-to-many relation 'PostToUser', found 1.";
    assert_eq!((error.code(), text(&error, "details")), ("P2018", details.into()));
    let error = update(&database, json!({"posts": {"delete": [{"id": 2}]}}));
    assert_eq!((error.code(), text(&error, "relation_name")), ("P2017", "PostToUser".into()));
}

#[test]
fn required_relations_are_not_broken() {
    let database = database();
    for data in [
        json!({"posts": {"disconnect": {"id": 1}}}),
        json!({"posts": {"set": []}}),
        json!({"profile": {"disconnect": true}}),
        json!({"profile": {"create": {}}}),
        json!({"profile": {"connect": {"id": 2}}}),
    ] {
        let error = update(&database, data.clone());
        assert_eq!((error.code(), text(&error, "model_b_name")), ("P2014", "User".into()), "{data}");
    }
    let posts = database.ask("Post.findMany", json!({"orderBy": {"id": "asc"}}), json!({"authorId": true}));
    assert_eq!(posts, json!([{"authorId": 1}, {"authorId": 2}]));
}

#[test]
fn nothing_of_a_failed_write_stays() {
    let database = database();
    let posts = json!({"create": [{"title": "x", "slug": "y"}, {"title": "x", "slug": "y"}]});
    let data = json!({"email": "c", "posts": posts});
    assert_eq!(database.refuse("User.createOne", json!({"data": data})).code(), "P2002");
    let count = database.ask("User.findMany", json!({}), json!({"id": true}));
    assert_eq!(count.as_array().unwrap().len(), 2);
    let changed = update(&database, json!({"email": "new", "posts": {"delete": {"id": 2}}}));
    assert_eq!(changed.code(), "P2017");
    let emails = database.ask("User.findMany", json!({"where": {"email": "new"}}), json!({"id": true}));
    assert_eq!(emails, json!([]));
}

#[test]
fn nothing_of_a_failed_write_stays_in_a_transaction() {
    let database = database();
    let posts = json!({"create": [{"title": "x", "slug": "y"}, {"title": "x", "slug": "y"}]});
    let questions = [
        ("User.createOne", json!({"data": {"email": "c"}})),
        ("User.createOne", json!({"data": {"email": "d", "posts": posts}})),
    ];
    let users = database.in_transaction(&questions, ("User.findMany", json!({"orderBy": {"id": "asc"}})));
    let emails: Vec<_> = users.as_array().unwrap().iter().map(|user| user["email"].as_str().unwrap()).collect();
    assert_eq!(emails, ["a", "b", "c"]);
}
