//! Writes through relations.

use crate::database::Database;
use serde_json::{Value, json};

const MODELS: &str = r#"
model User {
  id      Int      @id @default(autoincrement())
  email   String   @unique
  posts   Post[]
  profile Profile?
  desk    Desk?    @relation(fields: [deskId], references: [id])
  deskId  Int?     @unique
  boss    User?    @relation("Boss", fields: [bossId], references: [id])
  bossId  Int?
  staff   User[]   @relation("Boss")
  friends User[]   @relation("Friends")
  liked   User[]   @relation("Friends")
}

model Profile {
  id     Int    @id @default(autoincrement())
  bio    String @default("")
  user   User   @relation(fields: [userId], references: [id])
  userId Int    @unique
}

model Desk {
  id   Int    @id @default(autoincrement())
  name String @unique
  user User?
}

model Post {
  id       Int       @id @default(autoincrement())
  title    String    @unique
  author   User?     @relation(fields: [authorId], references: [id])
  authorId Int?
  tags     Tag[]
  comments Comment[]
}

model Tag {
  name  String @id
  posts Post[]
}

model Comment {
  post   Post   @relation(fields: [postId], references: [id], onDelete: Cascade)
  postId Int
  number Int
  text   String @default("")
  marks  Mark[]
  @@id([postId, number])
}

model Mark {
  id      Int      @id @default(autoincrement())
  kind    String
  comment Comment? @relation(fields: [a, b], references: [postId, number])
  a       Int?
  b       Int?
}
"#;

fn database() -> Database {
    let database = Database::new(MODELS);
    let posts = json!({"create": [{"title": "one"}, {"title": "two"}]});
    for data in [
        json!({"email": "ada", "posts": posts, "profile": {"create": {"bio": "first"}}, "desk": {"create": {"name": "left"}}}),
        json!({"email": "bob"}),
    ] {
        database.ask("User.createOne", json!({"data": data}), Value::Null);
    }
    for title in ["free", "idle"] {
        database.ask("Post.createOne", json!({"data": {"title": title}}), Value::Null);
    }
    database
}

/// Updates a user, and answers a relation of that user by one column.
#[track_caller]
fn update(database: &Database, email: &str, relation: &str, write: Value, column: &str) -> Value {
    let arguments = json!({"where": {"email": email}, "data": {relation: write}});
    let related = database.ask("User.updateOne", arguments, json!({relation: {"selection": {column: true}}}));
    match &related[relation] {
        Value::Array(rows) => rows.iter().map(|row| row[column].clone()).collect(),
        Value::Null => Value::Null,
        row => row[column].clone(),
    }
}

#[test]
fn a_tree_is_created_at_any_depth() {
    let database = Database::new(MODELS);
    let marks = json!({"create": [{"kind": "x"}, {"kind": "y"}]});
    let comments = json!({"create": [{"number": 1, "marks": marks}, {"number": 2, "text": "t"}]});
    // Keys of an object come in alphabetical order here: first what exists or is made, then what is made.
    let tags = json!({
        "connectOrCreate": [
            {"where": {"name": "sql"}, "create": {"name": "sql"}},
            {"where": {"name": "sql"}, "create": {"name": "unused"}}
        ],
        "create": {"name": "rust"}
    });
    let posts = json!({"create": [{"title": "deep", "comments": comments, "tags": tags}], "createMany": {"data": [{"title": "flat"}]}});
    let boss = json!({"create": {"email": "boss", "desk": {"create": {"name": "corner"}}}});
    let selection = json!({
        "boss": {"selection": {"email": true, "desk": {"selection": {"name": true}}}},
        "posts": {"selection": {
            "title": true,
            "tags": {"selection": {"name": true}},
            "comments": {"selection": {"number": true, "text": true, "marks": {"selection": {"kind": true}}}}
        }}
    });
    let made =
        database.ask("User.createOne", json!({"data": {"email": "ada", "boss": boss, "posts": posts}}), selection);
    assert_eq!(
        made,
        json!({
            "boss": {"email": "boss", "desk": {"name": "corner"}},
            "posts": [
                {"title": "deep", "tags": [{"name": "rust"}, {"name": "sql"}], "comments": [
                    {"number": 1, "text": "", "marks": [{"kind": "x"}, {"kind": "y"}]},
                    {"number": 2, "text": "t", "marks": []}
                ]},
                {"title": "flat", "tags": [], "comments": []}
            ]
        })
    );
}

#[test]
fn rows_to_many_are_connected_and_disconnected() {
    let database = database();
    let posts = |write: Value| update(&database, "bob", "posts", write, "title");
    assert_eq!(posts(json!({"connect": [{"title": "free"}, {"title": "one"}]})), json!(["one", "free"]));
    assert_eq!(
        posts(json!({"connect": [{"title": "idle"}, {"title": "idle"}]})),
        json!(["one", "free", "idle"]),
        "twice"
    );
    assert_eq!(posts(json!({"disconnect": [{"title": "one"}, {"title": "two"}]})), json!(["free", "idle"]));
    assert_eq!(posts(json!({"set": [{"title": "one"}, {"title": "idle"}]})), json!(["one", "idle"]));
    assert_eq!(posts(json!({"set": []})), json!([]));
    assert_eq!(update(&database, "ada", "posts", json!({"set": []}), "title"), json!([]));
    assert_eq!(
        posts(json!({"connectOrCreate": [
            {"where": {"title": "two"}, "create": {"title": "unused"}},
            {"where": {"title": "new"}, "create": {"title": "new"}}
        ]})),
        json!(["two", "new"])
    );
}

#[test]
fn rows_to_many_are_changed_and_deleted() {
    let database = database();
    let posts = |write: Value| update(&database, "ada", "posts", write, "title");
    assert_eq!(posts(json!({"update": {"where": {"title": "one"}, "data": {"title": "1"}}})), json!(["1", "two"]));
    assert_eq!(
        posts(json!({"upsert": [
            {"where": {"title": "two"}, "create": {"title": "unused"}, "update": {"title": "2"}},
            {"where": {"title": "free"}, "create": {"title": "3"}, "update": {"title": "unused"}}
        ]})),
        json!(["1", "2", "3"]),
        "a row that is not connected is not found"
    );
    assert_eq!(posts(json!({"delete": [{"title": "1"}]})), json!(["2", "3"]));
    assert_eq!(posts(json!({"deleteMany": {"title": "free"}})), json!(["2", "3"]));
    assert_eq!(posts(json!({"deleteMany": [{"title": "3"}, {"title": "4"}]})), json!(["2"]));
    assert_eq!(posts(json!({"updateMany": {"where": {}, "data": {"title": "x"}}})), json!(["x"]));
    let left = database.ask("Post.findMany", json!({"orderBy": {"id": "asc"}}), json!({"title": true}));
    assert_eq!(left, json!([{"title": "x"}, {"title": "free"}, {"title": "idle"}]));
}

#[test]
fn what_is_said_later_happens_later() {
    let database = database();
    let write = json!({"create": {"title": "new"}, "update": {"where": {"title": "new"}, "data": {"title": "newer"}}, "deleteMany": {"title": "one"}});
    assert_eq!(update(&database, "ada", "posts", write, "title"), json!(["two", "newer"]));
}

#[test]
fn pairs_are_made_and_broken() {
    let database = database();
    let tags = |write: Value| {
        let arguments = json!({"where": {"title": "one"}, "data": {"tags": write}});
        let post = database.ask(
            "Post.updateOne",
            arguments,
            json!({"tags": {"arguments": {"orderBy": {"name": "asc"}}, "selection": {"name": true}}}),
        );
        post["tags"].as_array().unwrap().iter().map(|tag| tag["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(tags(json!({"create": [{"name": "a"}, {"name": "b"}]})), ["a", "b"]);
    assert_eq!(tags(json!({"connect": [{"name": "a"}]})), ["a", "b"], "a pair is not made twice");
    assert_eq!(tags(json!({"disconnect": [{"name": "a"}, {"name": "none"}]})), ["b"]);
    assert_eq!(tags(json!({"set": [{"name": "a"}]})), ["a"]);
    assert_eq!(tags(json!({"update": {"where": {"name": "a"}, "data": {"name": "c"}}})), ["c"]);
    assert_eq!(
        tags(json!({"upsert": {"where": {"name": "d"}, "create": {"name": "d"}, "update": {"name": "e"}}})),
        ["c", "d"]
    );
    assert_eq!(tags(json!({"delete": [{"name": "c"}]})), ["d"]);
    assert_eq!(tags(json!({"deleteMany": {"name": {"in": ["b", "d"]}}})), [""; 0]);
    assert_eq!(
        database.ask("Tag.findMany", json!({}), json!({"name": true})),
        json!([{"name": "b"}]),
        "only connected tags were deleted"
    );
}

#[test]
fn a_row_of_ones_own_key_is_replaced() {
    let database = database();
    let desk = |email: &str, write: Value| update(&database, email, "desk", write, "name");
    assert_eq!(desk("bob", json!({"create": {"name": "right"}})), json!("right"));
    assert_eq!(desk("bob", json!({"connect": {"name": "left"}})), json!("left"), "taken from who had it");
    assert_eq!(desk("ada", json!({})), Value::Null);
    assert_eq!(
        desk("ada", json!({"connectOrCreate": {"where": {"name": "right"}, "create": {"name": "unused"}}})),
        json!("right")
    );
    assert_eq!(desk("ada", json!({"update": {"name": "east"}})), json!("east"));
    assert_eq!(desk("ada", json!({"update": {"where": {"name": "east"}, "data": {"name": "west"}}})), json!("west"));
    assert_eq!(desk("ada", json!({"disconnect": {"name": "east"}})), json!("west"));
    assert_eq!(desk("ada", json!({"disconnect": true})), Value::Null);
    assert_eq!(desk("ada", json!({"upsert": {"create": {"name": "new"}, "update": {"name": "unused"}}})), json!("new"));
    assert_eq!(
        desk("ada", json!({"upsert": {"create": {"name": "unused"}, "update": {"name": "newer"}}})),
        json!("newer")
    );
    assert_eq!(desk("ada", json!({"delete": true})), Value::Null);
    let left = database.ask("Desk.findMany", json!({"orderBy": {"name": "asc"}}), json!({"name": true}));
    assert_eq!(left, json!([{"name": "left"}, {"name": "west"}]));
}

#[test]
fn a_row_that_holds_the_key_is_replaced() {
    let database = database();
    let profile = |email: &str, write: Value| update(&database, email, "profile", write, "bio");
    assert_eq!(profile("bob", json!({"connect": {"id": 1}})), json!("first"), "taken from who had it");
    assert_eq!(profile("bob", json!({"connect": {"id": 1}})), json!("first"), "it is there already");
    assert_eq!(profile("bob", json!({"update": {"bio": "second"}})), json!("second"));
    assert_eq!(
        profile("ada", json!({"upsert": {"create": {"bio": "third"}, "update": {"bio": "unused"}}})),
        json!("third")
    );
    assert_eq!(profile("ada", json!({"delete": {"bio": "third"}})), Value::Null);
    assert_eq!(
        profile("ada", json!({"connectOrCreate": {"where": {"id": 77}, "create": {"bio": "fourth"}}})),
        json!("fourth")
    );
}

#[test]
fn rows_refer_to_rows_of_their_own_model() {
    let database = database();
    let staff = |write: Value| update(&database, "ada", "staff", write, "email");
    assert_eq!(staff(json!({"connect": {"email": "bob"}, "create": {"email": "cy"}})), json!(["bob", "cy"]));
    assert_eq!(update(&database, "ada", "boss", json!({"connect": {"email": "bob"}}), "email"), json!("bob"));
    assert_eq!(staff(json!({"disconnect": {"email": "bob"}})), json!(["cy"]));
    assert_eq!(
        update(&database, "ada", "friends", json!({"connect": [{"email": "bob"}, {"email": "cy"}]}), "email"),
        json!(["bob", "cy"])
    );
    assert_eq!(update(&database, "bob", "liked", json!({}), "email"), json!(["ada"]));
    assert_eq!(update(&database, "bob", "friends", json!({}), "email"), json!([]));
}

#[test]
fn keys_may_have_several_columns() {
    let database = database();
    let comment = json!({"postId_number": {"postId": 1, "number": 1}});
    let create = json!({"number": 1, "marks": {"create": [{"kind": "x"}, {"kind": "y"}]}});
    let arguments = json!({"where": {"title": "one"}, "data": {"comments": {"create": create}}});
    database.ask("Post.updateOne", arguments, Value::Null);
    let marks = |write: Value| {
        let arguments = json!({"where": comment, "data": {"marks": write}});
        let selection = json!({"marks": {"arguments": {"orderBy": {"id": "asc"}}, "selection": {"kind": true}}});
        database.ask("Comment.updateOne", arguments, selection)["marks"].clone()
    };
    assert_eq!(
        marks(json!({"update": {"where": {"id": 1}, "data": {"kind": "z"}}})),
        json!([{"kind": "z"}, {"kind": "y"}])
    );
    assert_eq!(marks(json!({"set": [{"id": 2}]})), json!([{"kind": "y"}]));
    assert_eq!(marks(json!({"connect": {"id": 1}, "disconnect": {"id": 2}})), json!([{"kind": "z"}]));
    let arguments = json!({"where": {"id": 2}, "data": {"comment": {"connect": comment}}});
    let mark = database.ask("Mark.updateOne", arguments, json!({"a": true, "b": true}));
    assert_eq!(mark, json!({"a": 1, "b": 1}));
    let moved = json!({"where": comment, "data": {"number": 5}});
    let selection = json!({"number": true, "marks": {"selection": {"b": true}}});
    assert_eq!(
        database.ask("Comment.updateOne", moved, selection),
        json!({"number": 5, "marks": [{"b": 5}, {"b": 5}]})
    );
}

#[test]
fn the_branch_of_an_upsert_is_the_one_that_is_taken() {
    let database = database();
    let upsert = |email: &str| {
        let arguments = json!({
            "where": {"email": email},
            "create": {"email": email, "posts": {"create": {"title": format!("created with {email}")}}},
            "update": {"posts": {"create": {"title": format!("added to {email}")}}}
        });
        let selection =
            json!({"posts": {"arguments": {"orderBy": {"id": "desc"}, "take": 1}, "selection": {"title": true}}});
        database.ask("User.upsertOne", arguments, selection)["posts"][0]["title"].clone()
    };
    assert_eq!(upsert("cy"), json!("created with cy"));
    assert_eq!(upsert("cy"), json!("added to cy"));
}
