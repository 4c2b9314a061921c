//! What the engine tells of its work, and what it keeps to itself.

use crate::blog::{
    Blog, ID, NAME, USER, USER_POSTS, blog_watched, columns, create, execute, filtered, find, is, related,
};
use lenslet_core::query::Arguments;
use lenslet_native::{Engine, Execute, Options, TransactionOptions, Value};
use serde_json::Value as Json;
use std::{
    io,
    sync::{Arc, Mutex},
};

/// Keeps what is told.
#[derive(Clone, Default)]
struct Ear(Arc<Mutex<Vec<u8>>>);

impl io::Write for Ear {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Ear {
    /// Listens on this thread, as long as the guard is there.
    fn listen(&self) -> tracing::subscriber::DefaultGuard {
        let ear = self.clone();
        let subscriber =
            tracing_subscriber::fmt().json().with_max_level(tracing::Level::DEBUG).with_writer(move || ear.clone());
        tracing::subscriber::set_default(subscriber.finish())
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    fn events(&self, target: &str) -> Vec<Json> {
        let events = self.text();
        let events = events.lines().map(|line| serde_json::from_str::<Json>(line).unwrap());
        events.filter(|event| event["target"] == target).collect()
    }
}

async fn watched(options: Options, work: impl AsyncFnOnce(&Engine)) -> (Blog, Ear) {
    let blog = blog_watched("", true, options);
    let ear = Ear::default();
    let guard = ear.listen();
    work(&blog.engine).await;
    drop(guard);
    (blog, ear)
}

#[tokio::test]
async fn operations_and_their_statements_are_told() {
    let (_blog, ear) = watched(Options::new(), async |engine| {
        let posts = related(USER_POSTS, Arguments::default(), vec![columns(&[NAME])]);
        let query = find(USER, Arguments::default(), vec![columns(&[ID]), posts]);
        engine.execute(query).await.unwrap();
    })
    .await;
    let [operation] = ear.events("lenslet::operation").try_into().unwrap();
    let span = Json::from_iter([("action", "findMany"), ("model", "User"), ("name", "operation")]);
    assert_eq!(operation["span"], span);
    assert_eq!((operation["fields"]["rows"].as_u64(), operation["fields"]["elapsed_us"].is_u64()), (Some(3), true));
    let statements = ear.events("lenslet::statement");
    let told: Vec<_> =
        statements.iter().map(|it| (it["span"]["sql"].as_str().unwrap(), &it["fields"]["rows"])).collect();
    let [(begin, _), (users, three), (posts, four), (commit, _)] = told.try_into().unwrap();
    assert_eq!((begin, commit), ("BEGIN", "COMMIT"));
    assert!(users.contains("FROM `users`") || users.contains("FROM \"users\""), "{users}");
    assert!(posts.contains("Post"), "{posts}");
    assert_eq!((three.as_u64(), four.as_u64()), (Some(3), Some(4)));
    assert!(statements.iter().all(|it| it["spans"][0] == span), "statements are inside their operation");
    assert_eq!(ear.events("lenslet::connection").len(), 1);
}

#[tokio::test]
async fn parameters_are_hidden_unless_they_are_asked_for() {
    let work = async |engine: &Engine| {
        engine.execute(create("secret")).await.unwrap();
        engine.execute(create("secret")).await.unwrap_err();
        engine
            .execute(find(USER, filtered(is(NAME, Value::Text("secret".into()))), vec![columns(&[ID])]))
            .await
            .unwrap();
        engine.execute(execute("nonsense")).await.unwrap_err();
    };
    let (_blog, ear) = watched(Options::new(), work).await;
    assert!(!ear.text().contains("secret"), "{}", ear.text());
    let failed: Vec<Json> =
        ear.events("lenslet::operation").into_iter().filter(|it| it["fields"]["code"].is_string()).collect();
    assert_eq!(failed.len(), 2);
    assert_eq!((&failed[0]["fields"]["code"], &failed[0]["fields"]["error"]), (&Json::from("P2002"), &Json::Null));
    let (_blog, ear) = watched(Options::new().show_parameters(), work).await;
    assert!(ear.events("lenslet::statement").iter().any(|it| it["span"]["parameters"].to_string().contains("secret")));
    assert!(ear.events("lenslet::operation").iter().any(|it| it["fields"]["error"].is_string()));
}

#[tokio::test]
async fn operations_of_a_transaction_are_inside_of_it() {
    let (_blog, ear) = watched(Options::new(), async |engine| {
        let outer = engine.begin(TransactionOptions::default()).await.unwrap();
        outer.execute(create("x")).await.unwrap();
        let inner = outer.begin(TransactionOptions::default()).await.unwrap();
        inner.execute(create("y")).await.unwrap();
        inner.rollback().await.unwrap();
        outer.commit().await.unwrap();
        engine.batch(vec![create("z"), create("w")], None).await.unwrap();
    })
    .await;
    let ends = ear.events("lenslet::transaction");
    let ends: Vec<_> = ends.iter().map(|it| (it["span"]["name"].as_str(), it["fields"]["message"].as_str())).collect();
    assert_eq!(ends, [(Some("savepoint"), Some("rolled back")), (Some("transaction"), Some("committed"))]);
    let within: Vec<Vec<String>> = ear.events("lenslet::statement").iter().map(names).collect();
    let within: Vec<String> = within.iter().map(|it| it.join(" ")).collect();
    assert_eq!(
        within,
        [
            "transaction: BEGIN IMMEDIATE",
            "transaction operation: INSERT",
            "transaction savepoint: SAVEPOINT s1",
            "transaction savepoint operation: INSERT",
            "transaction savepoint: ROLLBACK TO s1",
            "transaction savepoint: RELEASE s1",
            "transaction: COMMIT",
            "batch: BEGIN IMMEDIATE",
            "batch operation: INSERT",
            "batch operation: INSERT",
            "batch: COMMIT",
        ]
    );
}

/// The spans that a statement is in, and how it begins.
fn names(statement: &Json) -> Vec<String> {
    let mut names: Vec<String> =
        statement["spans"].as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap().into()).collect();
    let sql = statement["span"]["sql"].as_str().unwrap();
    let short = if sql.starts_with("INSERT") { "INSERT" } else { sql };
    if let Some(last) = names.last_mut() {
        last.push(':');
    }
    names.push(short.into());
    names
}

#[tokio::test]
async fn nothing_is_told_where_nobody_listens() {
    let (blog, ear) = watched(Options::new(), async |_| {}).await;
    blog.engine.execute(create("x")).await.unwrap();
    assert_eq!(ear.text(), "");
}
