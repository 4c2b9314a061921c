//! What the engine tells of its work on PostgreSQL, and the comments in its SQL.

use super::{Database, raw};
use lenslet_core::{cursor::Cursor, engine::Engine as _, value::Value as Bound};
use lenslet_native::{Engine, Options};
use std::{
    io::{self, Write},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
};

async fn text(engine: &Engine, sql: &str) -> String {
    let mut rows = engine.execute(raw(sql, vec![])).await.unwrap();
    assert_eq!((rows.enter(), rows.next_row()), (Ok(1), Ok(true)));
    rows.text().unwrap().into_owned()
}

#[tokio::test]
async fn statements_end_with_comments() {
    let Some(database) = Database::users() else { return };
    let engine = |options: Options| {
        let url = database.server.url("postgres", "connection_limit=1");
        Engine::with_options(&url, database.catalog.clone(), options).unwrap()
    };
    // What PostgreSQL sees of itself.
    let own = "SELECT current_query()";
    let prepared = "SELECT count(*)::text FROM pg_prepared_statements WHERE statement LIKE '%\"email\"%' AND statement NOT LIKE '%pg_%'";

    let plain = engine(Options::new());
    assert_eq!(text(&plain, own).await, own);

    let tagged = engine(Options::new().comment(|asked, tags| {
        tags.tag("application", "the shop");
        tags.tag("action", asked.action);
        if let Some(model) = asked.model {
            tags.tag("model", model);
        }
    }));
    assert_eq!(text(&tagged, own).await, format!("{own} /*action='queryRaw',application='the%20shop'*/"));
    for _ in 0..3 {
        database.emails(&tagged).await;
    }
    assert_eq!(text(&tagged, prepared).await, "1", "the same comment, the same prepared statement");

    let number = AtomicU32::new(0);
    let traced = engine(Options::new().comment(move |_, tags| {
        tags.tag_once(
            "traceparent",
            &format!("00-{:032x}-00f067aa0ba902b7-01", number.fetch_add(1, Ordering::Relaxed)),
        );
    }));
    for _ in 0..3 {
        database.emails(&traced).await;
    }
    assert_eq!(text(&traced, prepared).await, "0", "nothing is prepared that will not come again");
    let told = text(&traced, own).await;
    assert!(told.ends_with("/*traceparent='00-00000000000000000000000000000004-00f067aa0ba902b7-01'*/"), "{told}");
    let all = traced.batch(vec![raw(own, vec![]), raw(own, vec![])], None).await.unwrap();
    let told = all.into_iter().map(|mut rows| {
        assert_eq!((rows.enter(), rows.next_row()), (Ok(1), Ok(true)));
        rows.text().unwrap().into_owned()
    });
    let told: Vec<String> = told.collect();
    assert!(
        told[0] != told[1] && told.iter().all(|it| it.contains("traceparent")),
        "each operation has its own: {told:?}"
    );
}

/// Keeps what is told.
#[derive(Clone, Default)]
struct Ear(Arc<Mutex<Vec<u8>>>);

impl Write for Ear {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What is told of a user that is made, made again, and looked for.
async fn told(database: &Database, options: Options) -> String {
    let ear = Ear::default();
    let writer = ear.clone();
    let subscriber = tracing_subscriber::fmt().json().with_max_level(tracing::Level::TRACE);
    let guard = tracing::subscriber::set_default(subscriber.with_writer(move || writer.clone()).finish());
    let url = database.server.url("postgres", "connection_limit=1").replace("postgres@", "postgres:hidden@");
    let engine = Engine::with_options(&url, database.catalog.clone(), options).unwrap();
    database.create(&engine, "secret").await.unwrap();
    database.create(&engine, "secret").await.unwrap_err();
    let number = raw("SELECT $1::int", vec![Bound::Text("secret".into())]);
    engine.execute(number).await.unwrap_err();
    drop((engine, guard));
    let text = String::from_utf8(ear.0.lock().unwrap().clone()).unwrap();
    assert!(!text.contains("hidden"), "the password is not told: {text}");
    text
}

#[tokio::test]
async fn parameters_are_hidden_unless_they_are_asked_for() {
    let Some(database) = Database::users() else { return };
    let text = told(&database, Options::new()).await;
    assert!(!text.contains("secret"), "{text}");
    for part in
        ["connection opened", "connection closed", "INSERT INTO", "\"code\":\"P2002\"", "\"action\":\"createOne\""]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    database.server.execute("postgres", "DELETE FROM \"User\"").unwrap();
    let text = told(&database, Options::new().show_parameters()).await;
    assert!(text.contains("\"parameters\":\"[secret"), "{text}");
}
