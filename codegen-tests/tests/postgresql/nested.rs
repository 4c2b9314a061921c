//! Nested writes: how many round trips they take, and that nothing of one stays that fails.

use super::{Database, kind, options, wire::Wire};
use lenslet_core::{engine::Engine as _, error::ErrorKind};
use lenslet_native::Engine;
use serde_json::{Value, json};

/// A user with posts and a tag; two tags of one key cannot be.
fn user(email: &str, tags: usize) -> Value {
    let tags = vec![json!({"a": 1, "b": email}); tags];
    let posts = json!({"create": [{"title": "one"}, {"title": "two"}]});
    let data = json!({"email": email, "posts": posts, "tags": {"create": tags}});
    json!({"arguments": {"data": data}, "selection": {"id": true}})
}

#[tokio::test]
async fn what_nobody_waits_for_takes_no_round_trip() {
    let Some(database) = Database::users() else { return };
    let wire = Wire::to(database.server.port());
    for options in ["", "statement_cache_size=0", "pgbouncer=true"] {
        let engine = Engine::with_catalog(&wire.url(options), database.catalog.clone()).unwrap();
        let create = async |name: &str| {
            let created = database.ask(&engine, "User", "createOne", user(&format!("{name}{options}"), 1)).await;
            created.map(|_| wire.trips())
        };
        create("first").await.unwrap();
        let trips = create("second").await.unwrap();
        match options {
            // What is not prepared is sent one by one.
            "statement_cache_size=0" | "pgbouncer=true" => assert!(trips <= 5, "{options}: {trips}"),
            _ => assert_eq!(trips, 2, "the beginning and the user; posts, tags and the end"),
        }
        assert_eq!(kind(create("second").await), ErrorKind::UniqueConstraint, "{options}");
        create("third").await.unwrap();
    }
}

#[tokio::test]
async fn what_fails_on_the_way_fails_the_write() {
    let Some(database) = Database::users() else { return };
    let engine = database.engine("connection_limit=1");
    for _ in 0..3 {
        let failed = database.ask(&engine, "User", "createOne", user("ada", 2)).await;
        assert_eq!(kind(failed), ErrorKind::UniqueConstraint);
        assert!(database.emails(&engine).await.is_empty());
    }
    let transaction = engine.begin(options(None, 2_000, 5_000)).await.unwrap();
    database.ask(&transaction, "User", "createOne", user("bob", 1)).await.unwrap();
    for _ in 0..3 {
        let failed = database.ask(&transaction, "User", "createOne", user("eve", 2)).await;
        assert_eq!(kind(failed), ErrorKind::UniqueConstraint, "and the transaction goes on");
    }
    database.ask(&transaction, "User", "createOne", user("dan", 1)).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(database.emails(&engine).await, ["bob", "dan"]);
}
