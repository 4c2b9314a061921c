//! Relations: how many round trips they take, and that rows and what belongs to them are of one state of the database.

use super::{Database, options, wire::Wire};
use lenslet_core::engine::Engine as _;
use lenslet_native::Engine;
use serde_json::{Value, json};

/// Users of an age, with their posts and tags, and the users of the posts.
fn users(arguments: Value, posts: Value) -> Value {
    let user = json!({"selection": {"email": true}});
    let posts = json!({"arguments": posts, "selection": {"title": true, "user": user}});
    let tags = json!({"selection": {"b": true}});
    json!({"arguments": arguments, "selection": {"email": true, "posts": posts, "tags": tags}})
}

async fn create(database: &Database, engine: &Engine, email: &str) {
    let posts = json!({"create": [{"title": format!("{email} 1")}, {"title": format!("{email} 2")}]});
    let data = json!({"email": email, "age": 7, "posts": posts, "tags": {"create": [{"a": 1, "b": email}]}});
    let query = json!({"arguments": {"data": data}, "selection": {"id": true}});
    database.ask(engine, "User", "createOne", query).await.unwrap();
}

#[tokio::test]
async fn relations_are_read_along() {
    let Some(database) = Database::users() else { return };
    let wire = Wire::to(database.server.port());
    for options in ["", "statement_cache_size=0", "pgbouncer=true"] {
        let engine = Engine::with_catalog(&wire.url(options), database.catalog.clone()).unwrap();
        database.server.execute("postgres", "TRUNCATE \"User\", \"Post\", \"Tag\"").unwrap();
        for email in ["ada", "bob", "eve"] {
            create(&database, &engine, email).await;
        }
        let ask = async |query: Value| {
            let mut answer = Value::Null;
            let mut trips = 0;
            // The first time everything is prepared.
            for _ in 0..2 {
                wire.trips();
                answer = database.ask(&engine, "User", "findMany", query.clone()).await.unwrap();
                trips = wire.trips();
            }
            (answer, trips)
        };
        let tree = |email: &str| {
            let post = |number: u32| json!({"title": format!("{email} {number}"), "user": {"email": email}});
            json!({"email": email, "posts": [post(1), post(2)], "tags": [{"b": email}]})
        };
        let (answer, trips) = ask(users(json!({"where": {"age": 7}}), json!({}))).await;
        assert_eq!((&answer, trips), (&json!([tree("ada"), tree("bob"), tree("eve")]), 1), "{options}");
        let paged = json!({"orderBy": [{"email": "desc"}, {"id": "asc"}], "take": 2});
        let (answer, trips) = ask(users(paged, json!({}))).await;
        assert_eq!((&answer, trips), (&json!([tree("eve"), tree("bob")]), 1), "{options}");
        // Where the order leaves open which rows come first, the same rows would not be found again.
        let (answer, trips) = ask(users(json!({"orderBy": [{"age": "desc"}], "take": 3}), json!({}))).await;
        assert_eq!(
            (answer.as_array().unwrap().len(), trips),
            (3, 3),
            "{options}: rows, what belongs to them, and to that"
        );
        let first = json!({"orderBy": [{"id": "asc"}], "take": 1});
        let (answer, trips) = ask(users(json!({"where": {"email": "ada"}}), first)).await;
        assert_eq!((&answer[0]["posts"][0]["title"], trips), (&json!("ada 1"), 3), "{options}: a page is by keys");
        let nobody = users(json!({"where": {"email": "nobody"}}), json!({}));
        assert_eq!(ask(nobody).await, (json!([]), 1), "{options}");
    }
}

#[tokio::test]
async fn in_a_transaction_keys_say_what_belongs_together() {
    let Some(database) = Database::users() else { return };
    let engine = database.engine("connection_limit=2");
    create(&database, &engine, "ada").await;
    let transaction = engine.begin(options(None, 2_000, 5_000)).await.unwrap();
    create(&database, &transaction, "bob").await;
    let query = users(json!({"where": {"age": 7}}), json!({}));
    let within = database.ask(&transaction, "User", "findMany", query.clone()).await.unwrap();
    assert_eq!(within[1]["posts"].as_array().unwrap().len(), 2, "it sees what it did");
    let outside = database.ask(&engine, "User", "findMany", query).await.unwrap();
    assert_eq!(outside.as_array().unwrap().len(), 1);
    transaction.commit().await.unwrap();
}

#[tokio::test]
async fn rows_and_what_belongs_to_them_are_of_one_state() {
    let Some(database) = Database::users() else { return };
    let engine = database.engine("connection_limit=3");
    create(&database, &engine, "ada").await;
    let change = async |age: i32| {
        let arguments = json!({"where": {"email": "ada"}, "data": {"age": age}});
        let query = json!({"arguments": arguments, "selection": {"id": true}});
        database.ask(&engine, "User", "updateOne", query).await.unwrap();
    };
    let changing = async {
        for round in 0..200 {
            change(round % 2).await;
        }
    };
    let reading = async {
        let mut found = 0;
        for _ in 0..200 {
            let query = users(json!({"where": {"age": 1}}), json!({}));
            let answer = database.ask(&engine, "User", "findMany", query).await.unwrap();
            for user in answer.as_array().unwrap() {
                assert_eq!(user["posts"].as_array().unwrap().len(), 2, "a user who was found has its posts");
                found += 1;
            }
        }
        found
    };
    let ((), found) = tokio::join!(changing, reading);
    assert!(found > 0, "there was something to find");
}

#[tokio::test]
async fn tables_may_change_between_two_reads() {
    let Some(database) = Database::users() else { return };
    let engine = database.engine("connection_limit=1");
    create(&database, &engine, "ada").await;
    let query = || users(json!({"where": {"age": 7}}), json!({}));
    let before = database.ask(&engine, "User", "findMany", query()).await.unwrap();
    for table in ["\"Post\" ALTER title", "\"User\" ALTER email", "\"Tag\" ALTER b"] {
        database.server.execute("postgres", &format!("ALTER TABLE {table} TYPE varchar(50)")).unwrap();
        assert_eq!(database.ask(&engine, "User", "findMany", query()).await.unwrap(), before, "{table}");
    }
}
