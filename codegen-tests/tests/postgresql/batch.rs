//! Batches: how many round trips they take, and that they stay one transaction.

use super::{Database, kind, raw, wire::Wire};
use lenslet_core::{
    cursor::Cursor,
    engine::{Engine as _, TransactionOptions},
    error::ErrorKind,
    query::{Action, Query, Raw},
};
use lenslet_native::Engine;
use serde_json::json;

impl Database {
    fn asked(&self, model: &str, action: &str, query: serde_json::Value) -> Query {
        self.query(&json!({"modelName": model, "action": action, "query": query}))
    }

    fn creating(&self, email: &str) -> Query {
        self.asked(
            "User",
            "createOne",
            json!({"arguments": {"data": {"email": email}}, "selection": {"id": true, "color": true}}),
        )
    }

    fn finding(&self) -> Query {
        self.asked("User", "findMany", json!({"arguments": {"orderBy": [{"id": "asc"}]}, "selection": {"email": true}}))
    }

    /// Users with their posts and the users of those.
    fn finding_posts(&self) -> Query {
        let posts = json!({"selection": {"title": true, "user": {"selection": {"email": true}}}});
        self.asked("User", "findMany", json!({"arguments": {}, "selection": {"email": true, "posts": posts}}))
    }

    fn changing(&self, email: &str) -> Query {
        let arguments = json!({"where": {"email": email}, "data": {"age": {"increment": 1}}});
        self.asked("User", "updateOne", json!({"arguments": arguments, "selection": {"age": true}}))
    }

    fn counting(&self) -> Query {
        let selection = json!({"_count": {"selection": {"_all": true}}});
        self.asked("User", "aggregate", json!({"arguments": {}, "selection": selection}))
    }

    fn deleting_posts(&self) -> Query {
        self.asked("Post", "deleteMany", json!({"arguments": {}, "selection": {"count": true}}))
    }
}

fn execute(text: &str) -> Query {
    let raw = Raw { text: text.to_owned().into(), braces: false, parameters: Vec::new() };
    Query::new(Query::RAW, Action::ExecuteRaw(Box::new(raw)))
}

#[tokio::test]
async fn independent_operations_are_one_round_trip() {
    let Some(database) = Database::users() else { return };
    let wire = Wire::to(database.server.port());
    for (options, cold) in [("", 2), ("statement_cache_size=0", 1), ("pgbouncer=true", 1)] {
        let engine = Engine::with_catalog(&wire.url(options), database.catalog.clone()).unwrap();
        // The driver looks up the enum once.
        engine.execute(database.creating(&format!("first{options}"))).await.unwrap();
        let batch = |round: &str| {
            let create = |name: &str| database.creating(&format!("{name}{round}{options}"));
            vec![create("ada"), database.finding(), create("bob"), database.counting(), database.deleting_posts()]
        };
        wire.trips();
        let mut answers = engine.batch(batch("1"), None).await.unwrap();
        assert_eq!(wire.trips(), cold, "{options}: prepare, then everything");
        // Each member sees what those before it did, and not what those after it do.
        let mut users = answers.remove(1);
        let before = users.enter().unwrap();
        let mut count = answers.remove(2);
        count.enter().unwrap();
        count.next_row().unwrap();
        assert_eq!(usize::try_from(count.integer().unwrap()).unwrap(), before + 1);
        engine.batch(batch("2"), None).await.unwrap();
        assert_eq!(wire.trips(), 1, "{options}: everything");
    }
}

#[tokio::test]
async fn what_has_to_be_checked_is_kept_in_a_second_trip() {
    let Some(database) = Database::users() else { return };
    let wire = Wire::to(database.server.port());
    let engine = Engine::with_catalog(&wire.url(""), database.catalog.clone()).unwrap();
    let first = vec![database.creating("ada"), database.creating("bob"), database.changing("bob")];
    engine.batch(first, None).await.unwrap();
    wire.trips();
    engine
        .batch(vec![database.changing("ada"), database.changing("bob"), database.creating("eve")], None)
        .await
        .unwrap();
    assert_eq!(wire.trips(), 2, "everything, then the end");
    let missing = vec![database.creating("dan"), database.changing("nobody"), database.creating("fay")];
    let error = engine.batch(missing, None).await.unwrap_err();
    assert_eq!((error.kind(), error.batch_index()), (ErrorKind::RecordMissing, Some(1)));
    assert_eq!(database.emails(&engine).await, ["ada", "bob", "eve"]);
    // A read that finds nothing leaves nothing behind, so it need not wait to be checked.
    let one = |email: &str| {
        let query = json!({"arguments": {"where": {"email": email}}, "selection": {"age": true}});
        database.asked("User", "findUniqueOrThrow", query)
    };
    engine.batch(vec![one("ada"), one("bob")], None).await.unwrap();
    wire.trips();
    engine.batch(vec![one("ada"), one("bob")], None).await.unwrap();
    assert_eq!(wire.trips(), 1);
    let error = engine.batch(vec![one("ada"), one("nobody")], None).await.unwrap_err();
    assert_eq!((error.kind(), error.batch_index()), (ErrorKind::RecordMissing, Some(1)));
}

#[tokio::test]
async fn relations_of_a_batch_are_read_as_they_were() {
    let Some(database) = Database::users() else { return };
    let wire = Wire::to(database.server.port());
    let engine = Engine::with_catalog(&wire.url(""), database.catalog.clone()).unwrap();
    let data = json!({"email": "ada", "posts": {"create": [{"title": "one"}, {"title": "two"}]}});
    database
        .ask(&engine, "User", "createOne", json!({"arguments": {"data": data}, "selection": {"id": true}}))
        .await
        .unwrap();
    let reads = || vec![database.finding_posts(), database.counting(), database.finding()];
    engine.batch(reads(), None).await.unwrap();
    wire.trips();
    engine.batch(reads(), None).await.unwrap();
    assert_eq!(wire.trips(), 4, "the rows, two generations of relations, the end");
    let mut answers = engine.batch(vec![database.finding_posts(), database.deleting_posts()], None).await.unwrap();
    let users = &mut answers[0];
    assert_eq!((users.enter(), users.next_row()), (Ok(1), Ok(true)));
    assert_eq!(users.text().unwrap(), "ada");
    assert_eq!(users.enter(), Ok(2), "the posts were there when they were asked for");
}

#[tokio::test]
async fn in_a_transaction_a_batch_is_one_round_trip_too() {
    let Some(database) = Database::users() else { return };
    let wire = Wire::to(database.server.port());
    let engine = Engine::with_catalog(&wire.url("connection_limit=1"), database.catalog.clone()).unwrap();
    let batch = |round: &str| {
        let create = |name: &str| database.creating(&format!("{name}{round}"));
        vec![create("ada"), database.finding(), create("bob"), database.counting()]
    };
    engine.batch(batch("0"), None).await.unwrap();
    let transaction = engine.begin(TransactionOptions::default()).await.unwrap();
    wire.trips();
    let mut answers = transaction.batch(batch("1"), None).await.unwrap();
    assert_eq!(wire.trips(), 1);
    assert_eq!(answers.remove(1).enter().unwrap(), 3);
    // What has to be checked is kept in a second trip.
    transaction.batch(vec![database.changing("ada0"), database.creating("eve")], None).await.unwrap();
    wire.trips();
    transaction.batch(vec![database.changing("ada0"), database.creating("max")], None).await.unwrap();
    assert_eq!(wire.trips(), 2);

    // One that fails undoes itself, and nothing else; whatever it fails of.
    let failing = [
        (vec![database.creating("zoe"), database.creating("ada0")], ErrorKind::UniqueConstraint, Some(1)),
        (vec![database.creating("zoe"), database.changing("nobody")], ErrorKind::RecordMissing, Some(1)),
        (vec![database.creating("zoe"), raw("SELECT nonsense", vec![])], ErrorKind::RawQuery, Some(1)),
        (vec![database.creating("zoe"), execute("nonsense")], ErrorKind::RawQuery, Some(1)),
        (vec![database.creating("zoe"), raw("SELECT $1::int", vec![])], ErrorKind::QueryInterpretation, Some(1)),
    ];
    for (batch, kind, at) in failing {
        let error = transaction.batch(batch, None).await.unwrap_err();
        assert_eq!((error.kind(), error.batch_index()), (kind, at), "{error}");
    }
    let nested = transaction.begin(TransactionOptions::default()).await.unwrap();
    nested.batch(batch("2"), None).await.unwrap();
    nested.rollback().await.unwrap();
    transaction.commit().await.unwrap();
    let kept = ["ada0", "bob0", "ada1", "bob1", "eve", "max"];
    let mut emails = database.emails(&engine).await;
    emails.sort_unstable_by_key(|email| kept.iter().position(|it| it == email));
    assert_eq!(emails, kept);
}

#[tokio::test]
async fn a_batch_that_fails_leaves_nothing_but_a_usable_connection() {
    let Some(database) = Database::users() else { return };
    let engine = database.engine("connection_limit=1");
    for _ in 0..3 {
        let batch = vec![database.creating("ada"), database.finding(), database.creating("ada"), database.finding()];
        let error = engine.batch(batch, None).await.unwrap_err();
        assert_eq!((error.kind(), error.batch_index()), (ErrorKind::UniqueConstraint, Some(2)));
        assert!(database.emails(&engine).await.is_empty());
    }
    let error = engine.batch(vec![database.finding(), execute("nonsense")], None).await.unwrap_err();
    assert_eq!((error.kind(), error.batch_index()), (ErrorKind::RawQuery, Some(1)));
    database
        .server
        .execute("postgres", "ALTER TABLE \"Post\" ADD CONSTRAINT late UNIQUE (title) DEFERRABLE INITIALLY DEFERRED")
        .unwrap();
    engine.batch(vec![database.creating("ada")], None).await.unwrap();
    let post = || {
        let data = json!({"title": "same", "userId": 1});
        database.asked("Post", "createMany", json!({"arguments": {"data": [data]}, "selection": {"count": true}}))
    };
    let user = "INSERT INTO \"User\" (id, email) VALUES (1, 'one') ON CONFLICT DO NOTHING";
    let error = engine.batch(vec![execute(user), post(), post()], None).await.unwrap_err();
    assert_eq!((error.kind(), error.batch_index()), (ErrorKind::UniqueConstraint, None), "the end itself fails");
}

/// What the driver refuses never reaches the server: nor must what ends the transaction.
#[tokio::test]
async fn what_cannot_be_sent_keeps_the_others_from_being_kept() {
    let Some(database) = Database::users() else { return };
    let engine = database.engine("connection_limit=1");
    engine.batch(vec![database.creating("ada")], None).await.unwrap();
    for _ in 0..2 {
        let lacking = raw("SELECT $1::int", vec![]);
        let error = engine.batch(vec![database.creating("bob"), lacking, database.creating("eve")], None).await;
        let error = error.unwrap_err();
        assert_eq!(error.batch_index(), Some(1), "{error}");
        assert_eq!(database.emails(&engine).await, ["ada"]);
    }
}

#[tokio::test]
async fn members_may_need_what_others_make() {
    let Some(database) = Database::users() else { return };
    let engine = database.engine("");
    let batch = || {
        vec![
            execute("CREATE TEMP TABLE fresh AS SELECT 7 AS n"),
            raw("SELECT n FROM fresh", vec![]),
            execute("DROP TABLE fresh"),
        ]
    };
    for _ in 0..2 {
        let mut answers = engine.batch(batch(), None).await.unwrap();
        let rows = &mut answers[1];
        assert_eq!((rows.enter(), rows.next_row(), rows.integer()), (Ok(1), Ok(true), Ok(7)));
    }
    let read = || vec![database.finding(), database.counting()];
    engine.batch(read(), None).await.unwrap();
    database.server.execute("postgres", "ALTER TABLE \"User\" ALTER email TYPE varchar(50)").unwrap();
    engine.batch(read(), None).await.unwrap();
    let empty = engine.batch(vec![raw("SELECT id, email FROM \"User\"", vec![])], None).await.unwrap();
    assert_eq!(empty[0].columns().len(), 2, "columns are known without rows");
    assert_eq!(kind(engine.batch(vec![raw("SELECT nonsense", vec![])], None).await), ErrorKind::RawQuery);
}
