//! The example Worker, in workerd, in front of a pool, in front of PostgreSQL.
//!
//! `cargo xtask test` builds it and says where in `LENSLET_WORKER`, and where Miniflare is in `LENSLET_WORKER_TOOLS`.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use codegen_tests::{
    pool_server::{RunningPool, pool_of},
    postgresql_server::Server,
    workerd::Workerd,
};
use http_body_util::{BodyExt as _, Full};
use hyper::{Request, body::Bytes, client::conn::http1};
use hyper_util::rt::TokioIo;
use lenslet_migrate::PushOptions;
use lenslet_pool::{keys::Keys, scope::Scope};
use serde_json::{Value, json};
use std::{env, path::PathBuf};
use tokio::{
    net::TcpStream,
    task::{JoinSet, spawn_blocking},
};

const SCHEMA: &str = include_str!("../../examples/worker/schema.prisma");

/// The Worker in workerd.
struct Worker(Workerd);

impl Worker {
    async fn start(database_url: Option<&str>) -> Option<Worker> {
        let (Some(built), Some(tools)) = (folder("LENSLET_WORKER"), folder("LENSLET_WORKER_TOOLS")) else {
            eprintln!("the example Worker is not built, skipped; `cargo xtask test` builds it");
            return None;
        };
        let mut variables = vec![("PAGE_SIZE", "20")];
        variables.extend(database_url.map(|url| ("DATABASE_URL", url)));
        Some(Worker(Workerd::start(&built, &tools, &variables).await.unwrap()))
    }

    async fn ask(&self, method: &str, path: &str, body: Value) -> Answer {
        ask(&self.0.address, method, path, body).await
    }

    /// Asks, and looks at the status and at what must be in the answer.
    #[track_caller]
    fn expect<'a>(
        &'a self,
        method: &'a str,
        path: &'a str,
        body: Value,
        status: u16,
        expected: Value,
    ) -> impl Future<Output = Value> + 'a {
        let caller = std::panic::Location::caller();
        async move {
            let (found, _, answer) = self.ask(method, path, body).await;
            assert_eq!(found, status, "{caller}: {method} {path}: {answer}");
            assert!(holds(&answer, &expected), "{caller}: {method} {path}: {answer} does not hold {expected}");
            answer
        }
    }

    async fn stop(self) {
        self.0.stop().await;
    }
}

/// The status, the header `x-cache` and the body.
type Answer = (u16, Option<String>, Value);

async fn ask(address: &str, method: &str, path: &str, body: Value) -> Answer {
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let text = if body.is_null() { String::new() } else { body.to_string() };
    let request = Request::builder().method(method).uri(path).header("host", address);
    let answer = sender.send_request(request.body(Full::new(Bytes::from(text))).unwrap()).await.unwrap();
    let cache = answer.headers().get("x-cache").map(|value| value.to_str().unwrap().to_owned());
    let status = answer.status().as_u16();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    (status, cache, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

fn folder(variable: &str) -> Option<PathBuf> {
    env::var_os(variable).map(PathBuf::from)
}

/// Whether everything that is expected is there; an object may have more.
fn holds(answer: &Value, expected: &Value) -> bool {
    match (answer, expected) {
        (Value::Object(answer), Value::Object(expected)) => {
            expected.iter().all(|(key, value)| answer.get(key).is_some_and(|it| holds(it, value)))
        }
        (Value::Array(answer), Value::Array(expected)) => {
            answer.len() == expected.len() && answer.iter().zip(expected).all(|(it, value)| holds(it, value))
        }
        (answer, expected) => expected.is_null() || answer == expected,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn over_http() {
    let Some(server) = Server::start().unwrap() else { return };
    let pool = pool_of(SCHEMA).unwrap().keys(Keys::single("development", Scope::everything()));
    let url = server.url("postgres", "connection_limit=3");
    let catalog = lenslet::check(&lenslet::Sources::single("schema.prisma", SCHEMA)).schema.unwrap().catalog;
    let database = url.clone();
    let pushed = spawn_blocking(move || lenslet_migrate::push(&database, &catalog, PushOptions::default()));
    pushed.await.unwrap().unwrap();
    let pool = RunningPool::start(pool, &url).await.unwrap();
    let address = format!("http://{}/?api_key=development", pool.address);
    let Some(worker) = Worker::start(Some(&address)).await else { return pool.stop().await };
    story(&worker).await;
    worker.stop().await;
    pool.stop().await;

    // Nobody answers any more.
    let Some(worker) = Worker::start(Some(&address)).await else { return };
    worker.expect("GET", "/users", Value::Null, 503, json!({ "error": { "code": "P5010" } })).await;
    worker.stop().await;
}

async fn story(worker: &Worker) {
    let nothing = Value::Null;
    worker.expect("GET", "/users", nothing.clone(), 200, json!([])).await;
    let ada = json!({ "email": "ada@example.com", "name": "Ada", "bio": "née" });
    let made = json!({ "email": "ada@example.com", "name": "Ada", "role": "WRITER", "profile": { "bio": "née" } });
    let made = worker.expect("POST", "/users", ada.clone(), 201, made).await;
    let ada_id = made["id"].as_i64().unwrap();
    worker.expect("POST", "/users", ada, 409, json!({ "error": { "code": "P2002" } })).await;
    worker.expect("POST", "/users", json!({ "name": "x" }), 400, json!({ "error": { "code": "request" } })).await;
    worker.expect("POST", "/users", json!({ "email": "eve@example.com" }), 201, json!({ "name": nothing })).await;
    worker.expect("GET", "/users/x", nothing.clone(), 400, json!({ "error": { "code": "request" } })).await;
    worker.expect("GET", "/users/99", nothing.clone(), 404, json!({ "error": { "code": "P2025" } })).await;

    let posts = format!("/users/{ada_id}/posts");
    let notes = json!({ "title": "Notes \"on\" 🦀\n", "tags": ["rust", "edge"] });
    let tags = json!([{ "name": "edge" }, { "name": "rust" }]);
    let made = worker
        .expect("POST", &posts, notes, 201, json!({ "title": "Notes \"on\" 🦀\n", "tags": tags, "views": 0 }))
        .await;
    let post = format!("/posts/{}", made["id"]);
    worker.expect("POST", "/users/99/posts", json!({ "title": "x" }), 404, json!({ "error": {} })).await;
    let user = json!({ "profile": { "bio": "née" }, "posts": [{ "tags": tags }] });
    worker.expect("GET", &format!("/users/{ada_id}"), nothing.clone(), 200, user).await;

    let (status, cache, first) = worker.ask("GET", "/posts", nothing.clone()).await;
    assert_eq!((status, cache.as_deref()), (200, Some("miss")), "{first}");
    assert_eq!(first[0]["author"]["email"], "ada@example.com");
    let (_, cache, second) = worker.ask("GET", "/posts", nothing.clone()).await;
    assert_eq!((cache.as_deref(), &second), (Some("fresh"), &first));
    worker
        .expect("PATCH", &post, json!({ "title": "New", "views": 2 }), 200, json!({ "title": "New", "views": 2 }))
        .await;
    let (_, cache, changed) = worker.ask("GET", "/posts", nothing.clone()).await;
    assert_eq!((cache.as_deref(), &changed[0]["title"]), (Some("miss"), &json!("New")));

    let author = format!("{post}/author");
    worker.expect("POST", &author, json!({ "email": "nobody" }), 404, json!({ "error": { "code": "P2025" } })).await;
    let (_, _, kept) = worker.ask("GET", "/posts", nothing.clone()).await;
    assert_eq!(kept[0]["published"], true, "the transaction was not undone: {kept}");
    let eve = json!({ "email": "eve@example.com" });
    let handed_over = json!({ "published": false, "author": { "email": "eve@example.com" } });
    worker.expect("POST", &author, eve, 200, handed_over).await;
    worker.expect("DELETE", &post, nothing.clone(), 204, nothing.clone()).await;
    worker.expect("DELETE", &post, nothing.clone(), 404, json!({ "error": { "code": "P2025" } })).await;

    // Many at once, in one isolate: every answer finds who asked for it.
    let mut asked = JoinSet::new();
    for number in 0..50 {
        let (address, email) = (worker.0.address.clone(), format!("many{number}@example.com"));
        asked.spawn(async move { (ask(&address, "POST", "/users", json!({ "email": email })).await, email) });
    }
    while let Some(answered) = asked.join_next().await {
        let ((status, _, answer), email) = answered.unwrap();
        assert_eq!((status, &answer["email"]), (201, &json!(email)), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_url() {
    for url in [None, Some("")] {
        let Some(worker) = Worker::start(url).await else { return };
        let (status, _, answer) = worker.ask("GET", "/users", Value::Null).await;
        assert_eq!(status, 500, "{answer}");
        assert_eq!(answer["error"]["code"], "P6001", "{answer}");
        worker.stop().await;
    }
}
