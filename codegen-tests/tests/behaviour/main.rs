//! One behaviour, whatever executes it: SQLite and PostgreSQL by the native engine, and both through the edge, over HTTP, by
//! a pool.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod options;
mod postgresql_only;
mod story;

use codegen_tests::{pool_server::RunningPool, postgresql_server::Server};
use golden_blog_edge::{CATALOG, Client, rt};
use lenslet::{Sources, check};
use lenslet_core::{catalog::Catalog, engine::Engine};
use lenslet_edge::Http;
use lenslet_migrate::{PushOptions, push};
use lenslet_pool::{Pool, Schema, keys::Keys, scope::Scope};
use std::sync::Arc;
use tempfile::TempDir;

const SCHEMA: &str = include_str!("../../golden/blog/schema.prisma");

/// The blog, on a database of that kind.
fn blog(provider: &str) -> Arc<Catalog> {
    let text = SCHEMA.replace("\"sqlite\"", &format!("\"{provider}\""));
    Arc::new(check(&Sources::single("schema.prisma", text)).schema.unwrap().catalog)
}

/// An empty SQLite database with the blog's tables.
fn sqlite() -> (TempDir, String, Arc<Catalog>) {
    let (folder, catalog) = (tempfile::tempdir().unwrap(), blog("sqlite"));
    let url = format!("file:{}", folder.path().join("blog.db").display());
    push(&url, &catalog, PushOptions::default()).unwrap();
    (folder, url, catalog)
}

/// An empty PostgreSQL database with the blog's tables.
fn postgresql() -> Option<(Server, String, Arc<Catalog>)> {
    let (server, catalog) = (Server::start().unwrap()?, blog("postgresql"));
    let url = server.url("postgres", "connection_limit=3");
    push(&url, &catalog, PushOptions::default()).unwrap();
    Some((server, url, catalog))
}

fn native(url: &str, catalog: &Arc<Catalog>) -> lenslet_native::Engine {
    lenslet_native::Engine::with_catalog(url, Arc::clone(catalog)).unwrap()
}

/// A pool in front of a database, and the edge's engine in front of the pool.
async fn through_a_pool(url: &str, catalog: &Arc<Catalog>) -> (RunningPool, lenslet_edge::Engine) {
    let schema = Schema::new(Arc::clone(catalog), |_| Err("there are no others".into()));
    let pool = Pool::builder(schema).keys(Keys::single("key", Scope::everything()));
    let pool = RunningPool::start(pool, url).await.unwrap();
    let address = format!("http://{}/?api_key=key", pool.address);
    let engine = rt::Engine::with_transport(&address, &CATALOG, Http::new()).unwrap();
    (pool, engine)
}

/// Plays the story, and compares it with how it goes on SQLite in the same process.
async fn check_story<E: Engine>(name: &str, engine: E) {
    let (_folder, url, catalog) = sqlite();
    let expected = story::play(&Client::from_engine(native(&url, &catalog))).await.unwrap();
    assert!(expected.len() > 60, "{} lines", expected.len());
    let seen = story::play(&Client::from_engine(engine)).await.unwrap();
    let differences: Vec<_> = expected.iter().zip(&seen).filter(|(expected, seen)| expected != seen).collect();
    assert!(differences.is_empty() && expected.len() == seen.len(), "{name}: {differences:#?}");
    eprintln!("{name}: {} observations, the same as on SQLite", seen.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_sqlite() {
    let (_folder, url, catalog) = sqlite();
    let seen = story::play(&Client::from_engine(native(&url, &catalog))).await.unwrap();
    insta::assert_snapshot!(seen.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgresql() {
    let Some((_server, url, catalog)) = postgresql() else { return };
    check_story("PostgreSQL", native(&url, &catalog)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn through_a_pool_on_sqlite() {
    let (_folder, url, catalog) = sqlite();
    let (pool, engine) = through_a_pool(&url, &catalog).await;
    check_story("a pool on SQLite", engine).await;
    pool.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn through_a_pool_on_postgresql() {
    let Some((_server, url, catalog)) = postgresql() else { return };
    let (pool, engine) = through_a_pool(&url, &catalog).await;
    check_story("a pool on PostgreSQL", engine).await;
    pool.stop().await;
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
    let schema = Schema::new(Arc::clone(&catalog), |_| Err("there are no others".into()));
    let pool = Pool::builder(schema).keys(Keys::single("key", Scope::everything()));
    let pool = RunningPool::start(pool, &url).await.unwrap();
    let address = format!("http://{}/?api_key=key", pool.address);
    let engine = rt::Engine::with_transport(&address, &CATALOG, Http::new()).unwrap();
    assert_eq!(postgresql_only::play(&Client::from_engine(engine)).await.unwrap(), expected);
    pool.stop().await;
}
