//! One behaviour, whatever executes it: SQLite and PostgreSQL by the native engine, and both through the edge, over HTTP, by
//! a pool; there from this process and from a Worker in workerd, which `cargo xtask test` builds.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod odd;
mod options;
mod postgresql_only;
mod story;
mod types;

use codegen_tests::{pool_server::RunningPool, postgresql_server::Server, workerd::Workerd};
use golden_blog_edge::{CATALOG, Client, rt};
use lenslet::{Sources, check};
use lenslet_core::{catalog::Catalog, engine::Engine};
use lenslet_edge::Http;
use lenslet_migrate::{PushOptions, push};
use lenslet_pool::{Pool, Schema, keys::Keys, scope::Scope};
use std::{env, path::PathBuf, sync::Arc, time::Duration};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

const BLOG: &str = include_str!("../../golden/blog/schema.prisma");
/// Every type that all databases have.
const TYPES: &str = include_str!("../../golden/types/schema.prisma");

/// A schema, on a database of that kind.
fn catalog(schema: &str, provider: &str) -> Arc<Catalog> {
    let text = schema.replace("\"sqlite\"", &format!("\"{provider}\""));
    Arc::new(check(&Sources::single("schema.prisma", text)).schema.unwrap().catalog)
}

/// An empty SQLite database with the tables of a schema.
fn sqlite(schema: &str) -> (TempDir, String, Arc<Catalog>) {
    let (folder, catalog) = (tempfile::tempdir().unwrap(), catalog(schema, "sqlite"));
    let url = format!("file:{}", folder.path().join("test.db").display());
    push(&url, &catalog, PushOptions::default()).unwrap();
    (folder, url, catalog)
}

/// An empty PostgreSQL database with the tables of a schema.
fn postgresql(schema: &str) -> Option<(Server, String, Arc<Catalog>)> {
    let (server, catalog) = (Server::start().unwrap()?, catalog(schema, "postgresql"));
    let url = server.url("postgres", "connection_limit=3");
    push(&url, &catalog, PushOptions::default()).unwrap();
    Some((server, url, catalog))
}

fn native(url: &str, catalog: &Arc<Catalog>) -> lenslet_native::Engine {
    lenslet_native::Engine::with_catalog(url, Arc::clone(catalog)).unwrap()
}

/// Lets time go by.
async fn pause(time: Duration) {
    tokio::time::sleep(time).await;
}

/// A pool in front of a database, and its address.
async fn pool(url: &str, catalog: &Arc<Catalog>) -> (RunningPool, String) {
    let schema = Schema::new(Arc::clone(catalog), |_| Err("there are no others".into()));
    let pool = Pool::builder(schema).keys(Keys::single("key", Scope::everything()));
    let pool = RunningPool::start(pool, url).await.unwrap();
    let address = format!("http://{}/?api_key=key", pool.address);
    (pool, address)
}

/// A pool in front of the blog, and the edge's engine in front of the pool.
async fn through_a_pool(url: &str, catalog: &Arc<Catalog>) -> (RunningPool, lenslet_edge::Engine) {
    let (pool, address) = pool(url, catalog).await;
    (pool, rt::Engine::with_transport(&address, &CATALOG, Http::new()).unwrap())
}

/// Fails where the lines differ from those of SQLite.
fn compare(name: &str, expected: &[String], seen: &[String]) {
    let differences: Vec<_> = expected.iter().zip(seen).filter(|(expected, seen)| expected != seen).collect();
    assert!(differences.is_empty() && expected.len() == seen.len(), "{name}: {differences:#?}");
    eprintln!("{name}: {} observations, the same as on SQLite", seen.len());
}

/// Plays the story, and compares it with how it goes on SQLite in the same process.
async fn check_story<E: Engine>(name: &str, engine: E) {
    let seen = story::play(&Client::from_engine(engine)).await.unwrap();
    check_seen(name, &seen).await;
}

async fn check_seen(name: &str, seen: &[String]) {
    let (_folder, url, catalog) = sqlite(BLOG);
    let expected = story::play(&Client::from_engine(native(&url, &catalog))).await.unwrap();
    assert!(expected.len() > 60, "{} lines", expected.len());
    compare(name, &expected, seen);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_sqlite() {
    let (_folder, url, catalog) = sqlite(BLOG);
    let seen = story::play(&Client::from_engine(native(&url, &catalog))).await.unwrap();
    insta::assert_snapshot!(seen.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgresql() {
    let Some((_server, url, catalog)) = postgresql(BLOG) else { return };
    check_story("PostgreSQL", native(&url, &catalog)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn through_a_pool_on_sqlite() {
    let (_folder, url, catalog) = sqlite(BLOG);
    let (pool, engine) = through_a_pool(&url, &catalog).await;
    check_story("a pool on SQLite", engine).await;
    pool.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn through_a_pool_on_postgresql() {
    let Some((_server, url, catalog)) = postgresql(BLOG) else { return };
    let (pool, engine) = through_a_pool(&url, &catalog).await;
    check_story("a pool on PostgreSQL", engine).await;
    pool.stop().await;
}

/// A client in a Worker writes queries down in another way, see `lenslet_core::draft`: what it sees must be the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_worker() {
    let Some(seen) = seen_by_a_worker("blog", BLOG).await else { return };
    check_seen("a Worker and a pool on SQLite", &seen).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operator_of_every_type_in_a_worker() {
    let Some(seen) = seen_by_a_worker("types", TYPES).await else { return };
    let (_folder, url, tables) = sqlite(TYPES);
    let db = golden_types_edge::Client::from_engine(native(&url, &tables));
    compare("a Worker and a pool on SQLite", &types::play(&db).await.unwrap(), &seen);
}

/// What a Worker in workerd sees through a pool on SQLite, where there is one: the other half of `worker/`.
async fn seen_by_a_worker(story: &str, schema: &str) -> Option<Vec<String>> {
    let folder = |variable| env::var_os(variable).map(PathBuf::from);
    let (Some(built), Some(tools)) = (folder("LENSLET_STORY_WORKER"), folder("LENSLET_WORKER_TOOLS")) else {
        eprintln!("the Worker of the stories is not built, skipped; `cargo xtask test` builds it");
        return None;
    };
    let (_folder, url, catalog) = sqlite(schema);
    let (pool, address) = pool(&url, &catalog).await;
    let worker = Workerd::start(&built, &tools, &[("DATABASE_URL", &address), ("STORY", story)]).await.unwrap();
    let seen = answer(&worker.address).await.lines().map(Into::into).collect();
    worker.stop().await;
    pool.stop().await;
    Some(seen)
}

/// What is answered to a plain `GET`.
async fn answer(address: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // Of 1.0, so that nothing of the answer is chunked.
    stream.write_all(format!("GET / HTTP/1.0\r\nhost: {address}\r\n\r\n").as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.contains(" 200 "), "{answer}");
    body.to_owned()
}

/// The schema that uses everything, as it stands in the repository.
const EVERYTHING: &str = include_str!("../../golden/everything/schema.prisma");

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_only_postgresql_has_is_the_same_through_a_pool() {
    use golden_everything_edge::{CATALOG, Client};

    let catalog = Arc::new(check(&Sources::single("schema.prisma", EVERYTHING)).schema.unwrap().catalog);
    let expected = {
        let Some(server) = Server::start().unwrap() else { return };
        let url = server.url("postgres", "connection_limit=3");
        push(&url, &catalog, PushOptions::default()).unwrap();
        postgresql_only::play(&Client::from_engine(native(&url, &catalog))).await.unwrap()
    };
    insta::assert_snapshot!(expected.join("\n"));

    let Some(server) = Server::start().unwrap() else { return };
    let url = server.url("postgres", "connection_limit=3");
    push(&url, &catalog, PushOptions::default()).unwrap();
    let (pool, address) = pool(&url, &catalog).await;
    let engine = rt::Engine::with_transport(&address, &CATALOG, Http::new()).unwrap();
    assert_eq!(postgresql_only::play(&Client::from_engine(engine)).await.unwrap(), expected);
    pool.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operator_of_every_type_is_the_same_everywhere() {
    use golden_types_edge::{CATALOG, Client};

    let (_folder, url, tables) = sqlite(TYPES);
    let expected = types::play(&Client::from_engine(native(&url, &tables))).await.unwrap();
    insta::assert_snapshot!(expected.join("\n"));

    let over_http = async |name: &str, url: &str, tables: &Arc<Catalog>| {
        let (pool, address) = pool(url, tables).await;
        let engine = rt::Engine::with_transport(&address, &CATALOG, Http::new()).unwrap();
        compare(name, &expected, &types::play(&Client::from_engine(engine)).await.unwrap());
        pool.stop().await;
    };
    let (_folder, url, tables) = sqlite(TYPES);
    over_http("a pool on SQLite", &url, &tables).await;
    let Some((_server, url, tables)) = postgresql(TYPES) else { return };
    compare("PostgreSQL", &expected, &types::play(&Client::from_engine(native(&url, &tables))).await.unwrap());
    let Some((_server, url, tables)) = postgresql(TYPES) else { return };
    over_http("a pool on PostgreSQL", &url, &tables).await;
}
