//! Through a PgBouncer in transaction mode: two connections that are handed from client to client, whatever each of them did.

use super::{Database, SCHEMA, TABLES, TYPE_TABLES, TYPES, every_type_is_kept, everything_works, options, raw};
use codegen_tests::postgresql_server::Bouncer;
use lenslet_core::{cursor::Cursor, engine::Engine as _};
use lenslet_native::Engine;
use serde_json::json;

impl Database {
    fn bounced(schema: &str, tables: &str) -> Option<(Database, Bouncer)> {
        let database = Database::start(schema, tables)?;
        let bouncer = database.server.bouncer().unwrap()?;
        Some((database, bouncer))
    }

    fn through(&self, bouncer: &Bouncer, options: &str) -> Engine {
        Engine::with_catalog(&bouncer.url(options), self.catalog.clone()).unwrap()
    }
}

async fn text(engine: &Engine, sql: &str) -> String {
    let mut rows = engine.execute(raw(sql, vec![])).await.unwrap();
    assert_eq!((rows.enter(), rows.next_row()), (Ok(1), Ok(true)));
    rows.text().unwrap().into_owned()
}

/// Said, or found out.
const OPTIONS: [&str; 2] = ["pgbouncer=true&connection_limit=5", "connection_limit=5"];

#[tokio::test]
async fn every_type_is_kept_whoever_else_is_there() {
    for options in OPTIONS {
        let Some((database, bouncer)) = Database::bounced(TYPES, TYPE_TABLES) else { return };
        let one = database.through(&bouncer, options);
        every_type_is_kept(&database, &one).await;
        let read =
            json!({"arguments": {"where": {"color": "dark_blue"}}, "selection": {"citext": true, "color": true}});
        let engines: Vec<Engine> = (0..4).map(|_| database.through(&bouncer, options)).collect();
        for _ in 0..5 {
            let asked = engines.iter().chain([&one]).map(|engine| {
                let query = database.query(&json!({"modelName": "Value", "action": "findMany", "query": read}));
                tokio::spawn(engine.execute(query))
            });
            for asked in asked.collect::<Vec<_>>() {
                let mut rows = asked.await.unwrap().unwrap();
                assert_eq!((rows.enter(), rows.next_row()), (Ok(1), Ok(true)));
                assert_eq!(rows.text().unwrap(), "MiXed");
                assert_eq!(rows.text().unwrap(), "dark_blue");
            }
        }
    }
}

#[tokio::test]
async fn transactions_and_batches_work_whoever_else_is_there() {
    for given in OPTIONS {
        let Some((database, bouncer)) = Database::bounced(SCHEMA, TABLES) else { return };
        everything_works(&database, &database.through(&bouncer, given)).await;
        let engines: Vec<Engine> = (0..4).map(|_| database.through(&bouncer, given)).collect();
        let count = database.emails(&engines[0]).await.len();
        for round in 0..5 {
            let working = engines.iter().enumerate().map(|(at, engine)| {
                let create = |name: String| {
                    let query =
                        json!({"arguments": {"data": {"email": name}}, "selection": {"id": true, "color": true}});
                    database.query(&json!({"modelName": "User", "action": "createOne", "query": query}))
                };
                let batch = vec![create(format!("{round} {at} a")), create(format!("{round} {at} b"))];
                let (one, engine) = (create(format!("{round} {at} c")), engine.clone());
                tokio::spawn(async move {
                    engine.batch(batch, None).await.unwrap();
                    let transaction = engine.begin(options(None, 10_000, 10_000)).await.unwrap();
                    transaction.execute(one).await.unwrap();
                    transaction.commit().await.unwrap();
                })
            });
            for done in working.collect::<Vec<_>>() {
                done.await.unwrap();
            }
        }
        assert_eq!(database.emails(&engines[1]).await.len(), count + 5 * 4 * 3);
        // Nothing stays behind on the server's connections.
        for _ in 0..4 {
            let prepared = text(&engines[2], "SELECT count(*)::text FROM pg_prepared_statements").await;
            assert_eq!(prepared, "0", "{given}");
        }
    }
}

#[tokio::test]
async fn schemas_are_kept_apart() {
    for options in OPTIONS {
        let Some((database, bouncer)) = Database::bounced(SCHEMA, TABLES) else { return };
        for schema in ["one", "the other"] {
            let tables = format!("CREATE SCHEMA \"{schema}\"; SET search_path TO \"{schema}\"; {TABLES}");
            database.server.execute("postgres", &tables).unwrap();
        }
        let in_schema = |schema: &str| database.through(&bouncer, &format!("{options}&schema={schema}"));
        let (one, other, none) = (in_schema("one"), in_schema("the%20other"), database.through(&bouncer, options));
        for number in 0..5 {
            for (engine, name) in [(&one, "one"), (&other, "other"), (&none, "none")] {
                database.create(engine, &format!("{name} {number}")).await.unwrap();
            }
        }
        for (engine, name) in [(&one, "one"), (&other, "other"), (&none, "none")] {
            let own: Vec<String> = (0..5).map(|number| format!("{name} {number}")).collect();
            assert_eq!(database.emails(engine).await, own, "{options}");
        }
        for engine in [&one, &none, &other, &none] {
            assert_eq!(text(engine, "SHOW search_path").await, "\"$user\", public", "{options}");
        }
    }
}

#[tokio::test]
async fn what_is_said_is_believed() {
    let Some((database, bouncer)) = Database::bounced(SCHEMA, TABLES) else { return };
    let prepared = "SELECT (count(*) > 0)::text FROM pg_prepared_statements";
    let direct = database.engine("connection_limit=1");
    assert_eq!(text(&direct, prepared).await, "true", "straight to the server statements are prepared");
    let said = database.through(&bouncer, "connection_limit=1&pgbouncer=false");
    assert_eq!(
        text(&said, prepared).await,
        "true",
        "a pooler that knows prepared statements is told of by `pgbouncer=false`"
    );
    let found = database.through(&bouncer, "connection_limit=1");
    let own = "SELECT count(*)::text FROM pg_prepared_statements WHERE statement LIKE '%never%'";
    assert_eq!(text(&found, own).await, "0");
}
