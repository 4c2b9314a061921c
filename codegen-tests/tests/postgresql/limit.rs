//! An engine that limits the room of an answer.

use super::{Database, raw};
use lenslet_core::{engine::Engine as _, error::ErrorKind, query::Query};
use lenslet_native::{Engine, Options};
use serde_json::{Value, json};

#[tokio::test]
async fn rows_beyond_the_room_of_an_answer_are_not_collected() {
    let Some(database) = Database::users() else { return };
    let series = "INSERT INTO \"User\" (email) SELECT 'user' || i FROM generate_series(1, 5000) AS i";
    database.server.execute("postgres", series).unwrap();
    for options in ["connection_limit=1", "connection_limit=1&statement_cache_size=0"] {
        let url = database.server.url("postgres", options);
        let limited = Options::new().answer_limit(|| 64 << 10);
        let engine = Engine::with_options(&url, database.catalog.clone(), limited).unwrap();
        let all = json!({"arguments": {}, "selection": {"email": true}});
        let refused = database.ask(&engine, "User", "findMany", all).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::AnswerTooLarge, "{options}: {refused}");
        let refused = engine.execute(raw("SELECT * FROM generate_series(1, 100000)", vec![])).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::AnswerTooLarge, "{options}: {refused}");
        // What is written is kept before it is answered, and answered.
        let ages = json!({"arguments": {"data": {"age": 8}}, "selection": {"email": true}});
        let answer = database.ask(&engine, "User", "updateManyAndReturn", ages).await.unwrap();
        assert_eq!(answer.as_array().unwrap().len(), 5000, "{options}");
        let few = json!({"arguments": {"where": {"age": 8}, "take": 10}, "selection": {"email": true}});
        assert_eq!(database.ask(&engine, "User", "findMany", few).await.unwrap().as_array().unwrap().len(), 10);
    }
}

/// One user; posts and tags that take less than 64 KiB each, and more together.
const ROWS: &str = r#"
INSERT INTO "User" (email) VALUES ('ada');
INSERT INTO "Post" (title, "userId") SELECT repeat('x', 100), 1 FROM generate_series(1, 400);
INSERT INTO "Tag" SELECT i, repeat('y', 100), 1 FROM generate_series(1, 400) AS i;
"#;

#[tokio::test]
async fn the_room_of_an_answer_is_that_of_all_its_flights() {
    let Some(database) = Database::users() else { return };
    database.server.execute("postgres", ROWS).unwrap();
    let related = |column: &str| json!({"arguments": {}, "selection": {column: true}});
    let (posts, tags) = (json!({"posts": related("title")}), json!({"tags": related("b")}));
    let both = json!({"posts": related("title"), "tags": related("b")});
    // The posts of the user of each post would be more yet.
    let deep = json!({"posts": {"arguments": {}, "selection": {"title": true, "user": {"selection": tags}}}});
    let find = |selection: &Value| asked("findMany", json!({}), selection);
    let rename =
        |selection: &Value| asked("updateOne", json!({"where": {"id": 1}, "data": {"email": "eve"}}), selection);
    let delete = |selection: &Value| {
        let tags = json!({"deleteMany": {"a": 0}});
        asked("updateOne", json!({"where": {"id": 1}, "data": {"email": "eve", "tags": tags}}), selection)
    };
    let query = |body: &Value| database.query(body);
    let batches = |last: &dyn Fn(&Value) -> Value| -> [Vec<Query>; 3] {
        [
            vec![query(&last(&posts)), query(&last(&tags))],
            vec![query(&last(&json!({"id": true}))), query(&find(&posts)), query(&find(&tags))],
            vec![query(&last(&both))],
        ]
    };
    for options in ["connection_limit=1", "connection_limit=1&statement_cache_size=0"] {
        let url = database.server.url("postgres", options);
        let limited = Options::new().answer_limit(|| 64 << 10);
        let engine = Engine::with_options(&url, database.catalog.clone(), limited).unwrap();
        let transaction = async || engine.begin(super::options(None, 2_000, 5_000)).await.unwrap();
        for asked in [&find as &dyn Fn(&Value) -> Value, &rename, &delete] {
            for selection in [&both, &deep] {
                let refused = engine.execute(query(&asked(selection))).await.map(drop);
                assert_eq!(super::kind(refused), ErrorKind::AnswerTooLarge, "{}", asked(selection));
                let inside = transaction().await;
                let refused = inside.execute(query(&asked(selection))).await.map(drop);
                assert_eq!(super::kind(refused), ErrorKind::AnswerTooLarge, "in a transaction: {}", asked(selection));
                inside.commit().await.unwrap();
            }
            for batch in batches(asked) {
                let refused = engine.batch(batch.clone(), None).await;
                assert_eq!(super::kind(refused), ErrorKind::AnswerTooLarge, "{batch:?}");
                let inside = transaction().await;
                let refused = inside.batch(batch.clone(), None).await;
                assert_eq!(super::kind(refused), ErrorKind::AnswerTooLarge, "in a transaction: {batch:?}");
                inside.commit().await.unwrap();
            }
            // Each for itself has its place, and nothing was changed before.
            assert_eq!(database.emails(&engine).await, ["ada"]);
            for selection in [&posts, &tags] {
                engine.execute(query(&asked(selection))).await.unwrap();
                engine.batch(vec![query(&asked(selection))], None).await.unwrap();
            }
            engine.execute(super::raw("UPDATE \"User\" SET email = 'ada'", vec![])).await.unwrap();
        }
    }
}

fn asked(action: &str, arguments: Value, selection: &Value) -> Value {
    json!({"modelName": "User", "action": action, "query": {"arguments": arguments, "selection": selection}})
}
