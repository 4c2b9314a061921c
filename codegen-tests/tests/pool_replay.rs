//! What the clients of Prisma 5.22 and 6.19 asked, and were answered by Prisma's own engine, is asked of a pool.
//!
//! The recordings are not part of the repository; where their folder is missing there is nothing to compare.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use codegen_tests::{
    pool_server::{RunningPool, pool_of},
    postgresql_server::Server,
};
use http_body_util::{BodyExt as _, Full};
use hyper::{Request, body::Bytes, client::conn::http1};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::net::TcpStream;

const TABLES: &str = include_str!("pool/protocol.sql");

/// A step of the script that was recorded.
struct Step {
    name: String,
    recorded: Value,
}

impl Step {
    /// Whether the answers were made up, to see what the client makes of them.
    fn is_made_up(&self) -> bool {
        self.name.contains("fault") || self.name.contains("extensions_logs")
    }

    fn exchanges(&self) -> impl Iterator<Item = &Value> {
        self.recorded["exchanges"].as_array().into_iter().flatten()
    }
}

fn steps(version: &str) -> Option<Vec<Step>> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/protocol")).join(version);
    let mut files: Vec<PathBuf> = fs::read_dir(folder).ok()?.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let step = |path: PathBuf| Step {
        name: path.file_stem().unwrap().to_string_lossy().into_owned(),
        recorded: serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap(),
    };
    Some(files.into_iter().map(step).collect())
}

/// The schema of the recorded clients, as they sent it.
fn schema(steps: &[Step]) -> String {
    let sent = steps.iter().flat_map(Step::exchanges).find(|it| it["method"] == "PUT").unwrap();
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    String::from_utf8(STANDARD.decode(sent["body"].as_str().unwrap()).unwrap()).unwrap()
}

/// Plays one client.
struct Player {
    pool: SocketAddr,
    /// The transactions: as they were recorded, and as they are.
    ids: BTreeMap<String, String>,
    differences: Vec<String>,
    exchanges: usize,
}

impl Player {
    async fn step(&mut self, step: &Step) {
        for (at, exchange) in step.exchanges().enumerate() {
            self.exchanges += 1;
            let wanted = &exchange["response"];
            if wanted["body"].to_string().contains("expired transaction") {
                tokio::time::sleep(Duration::from_millis(300)).await;
            }
            let (status, body) = self.send(exchange).await;
            if let (Some(recorded), Some(id)) = (wanted["body"]["id"].as_str(), body["id"].as_str()) {
                self.ids.insert(recorded.into(), id.into());
            }
            let mut found = Vec::new();
            if wanted["status"] != status {
                found.push(format!("status {status}, not {}", wanted["status"]));
            }
            let (mut got, wanted) = (comparable(&body), comparable(&wanted["body"]));
            without_more_facts(&mut got, &wanted);
            if got != wanted {
                found.push(format!("got {got}\n    not {wanted}"));
            }
            let name = &step.name;
            self.differences.extend(found.into_iter().map(|it| format!("{name}, exchange {at}: {it}")));
        }
    }

    async fn send(&self, exchange: &Value) -> (u16, Value) {
        let current = |text: &str| self.ids.iter().fold(text.to_owned(), |text, (was, is)| text.replace(was, is));
        let body = match &exchange["body"] {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            body => body.to_string(),
        };
        let method = exchange["method"].as_str().unwrap();
        let mut request = Request::builder().method(method).uri(current(exchange["path"].as_str().unwrap()));
        for (name, value) in exchange["headers"].as_object().unwrap() {
            if !["content-length", "connection"].contains(&name.to_lowercase().as_str()) {
                request = request.header(name, current(value.as_str().unwrap()));
            }
        }
        let request = request.body(Full::new(Bytes::from(body))).unwrap();
        let stream = TcpStream::connect(self.pool).await.unwrap();
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let response = sender.send_request(request).await.unwrap();
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let text = String::from_utf8(body.to_vec()).unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }
}

/// An answer without what differs from run to run: moments, ids of transactions, what only developers read.
fn comparable(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(comparable).collect(),
        Value::Object(entries) => {
            let entries = entries.iter().map(|(key, value)| match (key.as_str(), value) {
                ("error", Value::String(_)) if entries.contains_key("user_facing_error") => (key, Value::from("…")),
                ("endpoint", Value::String(_)) => (key, Value::from("…")),
                ("id", Value::String(_)) => (key, Value::from("…")),
                _ => (key, comparable(value)),
            });
            Value::Object(entries.map(|(key, value)| (key.clone(), value)).collect())
        }
        Value::String(text) => Value::String(without_times(text)),
        other => other.clone(),
    }
}

/// Leaves out facts about an error that go beyond those that were recorded, which come from an engine with other drivers.
fn without_more_facts(got: &mut Value, wanted: &Value) {
    let errors = got.get_mut("errors").and_then(Value::as_array_mut).into_iter().flatten();
    for (got, wanted) in errors.zip(wanted["errors"].as_array().into_iter().flatten()) {
        let wanted = wanted["user_facing_error"]["meta"].as_object();
        if let Some(facts) = got["user_facing_error"]["meta"].as_object_mut() {
            facts.retain(|fact, _| wanted.is_none_or(|it| it.contains_key(fact)));
        }
    }
}

/// A text in which moments, days and milliseconds are those of nobody.
fn without_times(text: &str) -> String {
    let digits = |text: &str| text.bytes().filter(u8::is_ascii_digit).count();
    let is_moment = text.len() >= 10 && text.starts_with("20") && text.as_bytes()[4] == b'-' && digits(text) >= 8;
    if is_moment {
        return text.chars().map(|it| if it.is_ascii_digit() { '0' } else { it }).collect();
    }
    match (text.find("however "), text.find(" ms passed")) {
        (Some(from), Some(to)) if from < to => format!("{}however 0{}", &text[..from], &text[to..]),
        _ => text.to_owned(),
    }
}

#[track_caller]
fn check(version: &str) {
    let Some(steps) = steps(version) else {
        eprintln!("../shared/protocol is not present, skipped");
        return;
    };
    let Some(server) = Server::start().unwrap() else { return };
    server.execute("postgres", TABLES).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let player = runtime.block_on(async {
        let pool = pool_of(&schema(&steps)).unwrap();
        let pool = RunningPool::start(pool, &server.url("postgres", "connection_limit=5")).await.unwrap();
        let (ids, differences) = (BTreeMap::new(), Vec::new());
        let mut player = Player { pool: pool.address, ids, differences, exchanges: 0 };
        for step in steps.iter().filter(|it| !it.is_made_up()) {
            player.step(step).await;
        }
        pool.stop().await;
        player
    });
    let played = steps.iter().filter(|it| !it.is_made_up()).count();
    eprintln!(
        "client {version}: {played} of {} steps replayed, {} requests, {} differences",
        steps.len(),
        player.exchanges,
        player.differences.len()
    );
    assert!(player.differences.is_empty(), "{}", player.differences.join("\n"));
}

#[test]
fn the_client_of_5_22_is_answered_as_recorded() {
    check("v5.22.0");
}

#[test]
fn the_client_of_6_19_is_answered_as_recorded() {
    check("v6.19.3");
}
