//! An engine that limits the room of an answer.

use super::{Database, raw};
use lenslet_core::{engine::Engine as _, error::ErrorKind};
use lenslet_native::{Engine, Options};
use serde_json::json;

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
