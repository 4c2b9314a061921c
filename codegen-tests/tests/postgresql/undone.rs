//! What an operation did before it failed, which does not stay.

use super::Database;
use codegen_tests::itself;
use lenslet_core::{engine::Engine as _, error::ErrorKind};
use lenslet_native::Engine;
use serde_json::{Value, json};

const SCHEMA: &str = r#"
datasource db {
  provider = "postgresql"
  url      = env("DATABASE_URL")
}
enum Mood {
  good
  bad
}
model User {
  id     Int    @id @default(autoincrement())
  name   String @unique
  mood   Mood   @default(good)
  boss   User?  @relation("Boss", fields: [bossId], references: [id], onDelete: SetNull)
  bossId Int?
  staff  User[] @relation("Boss")
}
"#;

/// Ada, who is her own boss, and Bob, whose boss she is. Bob is in a mood that the schema does not know.
const TABLES: &str = r#"
CREATE TYPE "Mood" AS ENUM ('good', 'bad', 'odd');
CREATE TABLE "User" (id SERIAL PRIMARY KEY, name TEXT NOT NULL UNIQUE, mood "Mood" NOT NULL DEFAULT 'good',
    "bossId" INT REFERENCES "User"(id) ON DELETE SET NULL);
INSERT INTO "User" (name, mood, "bossId") VALUES ('ada', 'good', 1), ('bob', 'odd', 1);
"#;

async fn users(database: &Database, engine: &Engine) -> Value {
    let selection = json!({"name": true, "bossId": true});
    let query = json!({"arguments": {"orderBy": [{"id": "asc"}]}, "selection": selection});
    database.ask(engine, "User", "findMany", query).await.unwrap()
}

#[tokio::test]
async fn a_row_that_deletes_itself_stays() {
    let Some(database) = Database::start(SCHEMA, TABLES) else { return };
    let engine = database.engine("connection_limit=2");
    let before = users(&database, &engine).await;
    for (action, arguments) in itself::deletions() {
        let query = json!({"arguments": arguments, "selection": {"id": true}});
        let refused = async |engine: &Engine| {
            let error = database.ask(engine, "User", action, query.clone()).await.unwrap_err();
            assert_eq!(error.code(), "P2025", "{action} {arguments}: {error}");
            assert_eq!(users(&database, engine).await, before, "{action} {arguments}");
        };
        refused(&engine).await;
        let inside = engine.begin(super::options(None, 2_000, 5_000)).await.unwrap();
        refused(&inside).await;
        inside.commit().await.unwrap();
        assert_eq!(users(&database, &engine).await, before, "{action} {arguments} in a transaction");
    }
}

/// What is asked for together, where the last of it cannot be read.
#[tokio::test]
async fn nothing_of_a_batch_stays_whose_rows_cannot_be_read() {
    let Some(database) = Database::start(SCHEMA, TABLES) else { return };
    let query = |action: &str, arguments: Value| {
        database.query(&json!({
            "modelName": "User", "action": action, "query": {"arguments": arguments, "selection": {"mood": true}}
        }))
    };
    let unreadable = [
        query("updateOne", json!({"where": {"name": "bob"}, "data": {"name": "rob"}})),
        query("upsertOne", json!({"where": {"name": "bob"}, "update": {"name": "rob"}, "create": {"name": "bob"}})),
        query("findMany", json!({})),
        query("updateManyAndReturn", json!({"data": {"bossId": null}})),
        super::raw("SELECT point(1, 2)", vec![]),
        super::raw("UPDATE \"User\" SET name = 'rob' WHERE name = 'bob' RETURNING point(1, 2)", vec![]),
    ];
    for options in ["", "statement_cache_size=0"] {
        let engine = database.engine(options);
        let before = users(&database, &engine).await;
        for (at, last) in unreadable.iter().enumerate() {
            let batch = || vec![query("createOne", json!({"data": {"name": "new"}})), last.clone()];
            let error = engine.batch(batch(), None).await.unwrap_err();
            assert!(matches!(error.code(), "P2023" | "P2010"), "{at} {options}: {error}");
            assert_eq!(users(&database, &engine).await, before, "{at} {options}");
            let inside = engine.begin(super::options(None, 2_000, 5_000)).await.unwrap();
            inside.batch(batch(), None).await.unwrap_err();
            inside.commit().await.unwrap();
            assert_eq!(users(&database, &engine).await, before, "{at} {options} in a transaction");
        }
    }
}

#[tokio::test]
async fn a_write_is_undone_whose_relations_cannot_be_read() {
    let Some(database) = Database::start(SCHEMA, TABLES) else { return };
    let staff = json!({"selection": {"mood": true}});
    let selection = json!({"id": true, "staff": staff});
    let ada = json!({"name": "ada"});
    let renamed = json!({"where": ada, "data": {"name": "eve"}});
    let upserted = json!({"where": ada, "update": {"name": "eve"}, "create": {"name": "unused"}});
    let created = json!({"data": {"name": "new", "staff": {"connect": [{"name": "bob"}]}}});
    for (action, arguments) in
        [("updateOne", renamed), ("upsertOne", upserted), ("createOne", created), ("deleteOne", json!({"where": ada}))]
    {
        let query = json!({"arguments": arguments, "selection": selection});
        for options in ["connection_limit=1", "connection_limit=1&statement_cache_size=0"] {
            let engine = database.engine(options);
            let before = users(&database, &engine).await;
            let failed = database.ask(&engine, "User", action, query.clone()).await;
            assert_eq!(super::kind(failed), ErrorKind::ColumnDataInvalid, "{action} {options}");
            assert_eq!(users(&database, &engine).await, before, "{action} {options}");
            let inside = engine.begin(super::options(None, 2_000, 5_000)).await.unwrap();
            let failed = database.ask(&inside, "User", action, query.clone()).await;
            assert_eq!(super::kind(failed), ErrorKind::ColumnDataInvalid, "{action} {options}");
            inside.commit().await.unwrap();
            assert_eq!(users(&database, &engine).await, before, "{action} {options} in a transaction");
            let body = json!({"modelName": "User", "action": action, "query": query});
            let batch = || vec![database.query(&body), super::raw("SELECT 1", vec![])];
            assert_eq!(super::kind(engine.batch(batch(), None).await), ErrorKind::ColumnDataInvalid, "{action}");
            assert_eq!(users(&database, &engine).await, before, "{action} {options} in a batch");
        }
    }
}

#[tokio::test]
async fn nothing_is_done_in_a_transaction_that_raw_sql_ended() {
    let Some(database) = Database::start(SCHEMA, TABLES) else { return };
    let engine = database.engine("connection_limit=2");
    let before = users(&database, &engine).await;
    for end in ["ROLLBACK", "COMMIT"] {
        let inside = engine.begin(super::options(None, 2_000, 5_000)).await.unwrap();
        inside.execute(super::raw(end, vec![])).await.unwrap();
        let create = json!({"arguments": {"data": {"name": "late"}}, "selection": {"id": true}});
        let late = database.ask(&inside, "User", "createOne", create).await;
        assert_eq!(super::kind(late), ErrorKind::Transaction, "{end}");
        assert_eq!(super::kind(inside.commit().await), ErrorKind::Transaction, "{end}");
        drop(inside);
        assert_eq!(users(&database, &engine).await, before, "{end}");
    }
}
