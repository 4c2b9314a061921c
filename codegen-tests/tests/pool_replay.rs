//! What the clients of Prisma 5.22 and 6.19 asked, and were answered by Prisma's own engine, is asked of a pool.
//!
//! Some of the recorded answers were made up, to see what the client makes of them. A pool is brought to answer so for a reason:
//! a key that it does not know, a database that is down, a connection that somebody else has, a pool that is being replaced.
//!
//! The recordings are not part of the repository; where their folder is missing there is nothing to compare.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use base64::{Engine as _, engine::general_purpose::STANDARD};
use codegen_tests::{
    pool_server::{RunningPool, pool_of},
    postgresql_server::Server,
};
use http_body_util::{BodyExt as _, Full};
use hyper::{Request, body::Bytes, client::conn::http1};
use hyper_util::rt::TokioIo;
use lenslet_pool::{
    Builder,
    config::Time,
    keys::{Hash, Key, Keys},
    limits::Limits,
    scope::Scope,
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fs,
    net::SocketAddr,
    num::{NonZeroU32, NonZeroUsize},
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    runtime::Runtime,
};

const TABLES: &str = include_str!("pool/protocol.sql");
/// The key of the recorded clients.
const KEY: &str = "KEY123";

/// A step of the script that was recorded.
struct Step {
    name: String,
    recorded: Value,
}

impl Step {
    /// Its place in the script.
    fn number(&self) -> &str {
        &self.name[..2]
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
    String::from_utf8(STANDARD.decode(sent["body"].as_str().unwrap()).unwrap()).unwrap()
}

/// What a pool can be in, or a request can have.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Trouble {
    SchemaUnknown,
    KeyUnknown,
    TooOften,
    TooSlow,
    OldClient,
    DatabaseDown,
    Nonsense,
    NoConnection,
    Replaced,
    Crowded,
    OtherPool,
    Logged,
}

impl Trouble {
    /// In which a step was answered.
    fn of(step: &Step) -> Option<Trouble> {
        Some(match step.number() {
            "45" => Trouble::SchemaUnknown,
            "46" => Trouble::KeyUnknown,
            "47" => Trouble::TooOften,
            "48" => Trouble::TooSlow,
            "49" => Trouble::Replaced,
            "50" => Trouble::Crowded,
            "51" => Trouble::OldClient,
            "52" => Trouble::DatabaseDown,
            "53" => Trouble::Nonsense,
            "54" => Trouble::OtherPool,
            "55" | "56" => Trouble::NoConnection,
            "57" => Trouble::Logged,
            _ => return None,
        })
    }

    /// A pool that is in it, or will be.
    fn pool(self, schema: &str) -> Builder {
        let pool = pool_of(schema).unwrap().any_schema(self != Trouble::SchemaUnknown);
        let soon = Time(Duration::from_millis(500));
        match self {
            Trouble::KeyUnknown => pool.keys(Keys::single("another", Scope::everything())),
            Trouble::TooOften => {
                let (name, hash, scope) = ("recorded".to_owned(), Hash::of(KEY), Scope::everything());
                let key =
                    Key { name, hash, scope, created: None, expires: None, requests_per_second: NonZeroU32::new(1) };
                pool.keys(Keys::new([key], None))
            }
            Trouble::TooSlow => pool.limits(Limits { query_time: soon, ..Limits::default() }),
            Trouble::NoConnection => {
                let connections = NonZeroUsize::new(1);
                pool.limits(Limits { connections, queue_wait: soon, ..Limits::default() })
            }
            Trouble::Crowded => pool.limits(Limits { http_connections: 1, ..Limits::default() }),
            Trouble::Logged => pool.query_log(true),
            _ => pool.keys(Keys::single(KEY, Scope::everything())),
        }
    }
}

/// Plays one client.
struct Player {
    pool: SocketAddr,
    /// Pools that take each other's place.
    pools: Vec<RunningPool>,
    /// Another client's connection.
    other: Option<TcpStream>,
    /// The transactions: as they were recorded, and as they are.
    ids: BTreeMap<String, String>,
    differences: Vec<String>,
    steps: usize,
    exchanges: usize,
}

impl Player {
    /// Repeats a step.
    async fn step(&mut self, step: &Step) {
        self.steps += 1;
        self.exchanges += step.exchanges().count();
        for (at, exchange) in step.exchanges().enumerate() {
            if exchange["response"]["body"].to_string().contains("expired transaction") {
                tokio::time::sleep(Duration::from_millis(300)).await;
            }
            let (status, mut body) = self.send(exchange).await;
            let wanted = &exchange["response"]["body"];
            if let (Some(recorded), Some(id)) = (wanted["id"].as_str(), body["id"].as_str()) {
                self.ids.insert(recorded.into(), id.into());
            }
            without_more_facts(&mut body, wanted);
            self.compare(step, at, (status, comparable(&body)), (&exchange["response"]["status"], comparable(wanted)));
        }
    }

    /// Repeats a step whose answer was made up, in front of a pool that is in that trouble. The texts are not compared.
    async fn step_in_trouble(&mut self, step: &Step, trouble: Trouble) {
        self.steps += 1;
        self.exchanges += step.exchanges().count();
        for (at, exchange) in step.exchanges().enumerate() {
            let mut exchange = exchange.clone();
            match (trouble, at) {
                (Trouble::OtherPool, _) => {
                    // It says that this pool does not have the transaction, so it is asked of one that began elsewhere.
                    let (base, end) = exchange["path"].as_str().unwrap().split_once("/transaction").unwrap();
                    exchange["path"] = format!("{base}/itx/0123456789abcdef/transaction{end}").into();
                }
                (Trouble::OldClient, _) => {
                    let path = exchange["path"].as_str().unwrap().replace("/6.19.3/", "/4.16.2/");
                    exchange["path"] = path.replace("/5.22.0/", "/4.16.2/").into();
                }
                (Trouble::Nonsense, _) => exchange["body"] = "{".into(),
                (Trouble::TooOften, 0) => drop(self.send(&exchange).await),
                (Trouble::TooOften, _) => tokio::time::sleep(Duration::from_millis(2100)).await,
                (Trouble::TooSlow, 0) => self.hold(&exchange, "LOCK TABLE \"User\" IN ACCESS EXCLUSIVE MODE").await,
                (Trouble::NoConnection, 0) => self.hold(&exchange, "SELECT 1").await,
                (Trouble::Crowded, 0) => self.let_another_in().await,
                (Trouble::Replaced, 0) => {
                    // While there is a transaction, the pool that is to stop still listens.
                    self.hold(&exchange, "SELECT 1").await;
                    self.pools.remove(0);
                    let ready = json!({"method": "GET", "path": "/ready", "headers": {}, "body": null});
                    while self.send(&ready).await.0 == 200 {}
                }
                (Trouble::Replaced, 2) => self.pool = self.pools[0].address,
                _ => {}
            }
            let (status, body) = self.send(&exchange).await;
            let wanted = &exchange["response"];
            let body = if wanted["body"] == json!({}) { json!({}) } else { body };
            let shape = if trouble == Trouble::Logged { shape_without_numbers } else { shape };
            self.compare(step, at, (status, shape(&body)), (&wanted["status"], shape(&wanted["body"])));
        }
    }

    /// Begins a transaction, and does something in it that others are in the way of.
    async fn hold(&self, like: &Value, sql: &str) {
        let path = like["path"].as_str().unwrap();
        let base = path.rsplit_once("/graphql").or(path.rsplit_once("/transaction/start")).unwrap().0;
        let mut request = like.clone();
        request["path"] = format!("{base}/transaction/start").into();
        request["body"] = json!({"max_wait": 2000, "timeout": 5000});
        let (_, begun) = self.send(&request).await;
        request["path"] = format!("{base}/itx/{}/graphql", begun["id"].as_str().unwrap()).into();
        let arguments = json!({"query": sql, "parameters": "[]"});
        request["body"] = json!({"action": "executeRaw", "query": {"arguments": arguments, "selection": {}}});
        assert_eq!(self.send(&request).await.0, 200);
    }

    /// Connects as another client, and stays.
    async fn let_another_in(&mut self) {
        let mut other = TcpStream::connect(self.pool).await.unwrap();
        other.write_all(b"GET /health HTTP/1.1\r\nhost: pool\r\n\r\n").await.unwrap();
        assert!(other.read(&mut [0; 64]).await.unwrap() > 0);
        self.other = Some(other);
    }

    fn compare(&mut self, step: &Step, at: usize, got: (u16, Value), wanted: (&Value, Value)) {
        let name = &step.name;
        if *wanted.0 != got.0 {
            self.differences.push(format!("{name}, exchange {at}: status {}, not {}", got.0, wanted.0));
        }
        if got.1 != wanted.1 {
            self.differences.push(format!("{name}, exchange {at}: got {}\n    not {}", got.1, wanted.1));
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

/// What an answer is like: its keys, codes and kinds of values.
fn shape(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(shape).collect(),
        Value::Object(entries) => {
            let known = ["error_code", "reason", "data"];
            let entries = entries.iter().filter(|(key, _)| *key != "meta").map(|(key, value)| {
                let as_it_is = known.contains(&key.as_str()) && value != "nope" && !value.to_string().contains(' ');
                (key.clone(), if as_it_is && !value.is_object() { value.clone() } else { shape(value) })
            });
            Value::Object(entries.collect())
        }
        Value::String(_) => "…".into(),
        other => other.clone(),
    }
}

/// The same where numbers are moments, and counts of something else.
fn shape_without_numbers(value: &Value) -> Value {
    match value {
        Value::Number(_) => "a number".into(),
        Value::Array(items) => items.iter().map(shape_without_numbers).collect(),
        Value::Object(entries) => {
            Value::Object(entries.iter().map(|(key, value)| (key.clone(), shape_without_numbers(value))).collect())
        }
        other => shape(other),
    }
}

#[track_caller]
fn check(version: &str) {
    let Some(steps) = steps(version) else {
        eprintln!("../shared/protocol is not present, skipped");
        return;
    };
    let Some(mut server) = Server::start().unwrap() else { return };
    server.execute("postgres", TABLES).unwrap();
    let schema = schema(&steps);
    let runtime = Runtime::new().unwrap();
    let url = server.url("postgres", "connection_limit=5");
    let start = |pool: Builder| runtime.block_on(RunningPool::start(pool, &url));
    let pool = start(pool_of(&schema).unwrap().keys(Keys::single(KEY, Scope::everything()))).unwrap();
    let (pools, ids, differences) = (Vec::new(), BTreeMap::new(), Vec::new());
    let mut player = Player { pool: pool.address, pools, other: None, ids, differences, steps: 0, exchanges: 0 };
    let (made_up, real): (Vec<&Step>, Vec<&Step>) = steps.iter().partition(|step| Trouble::of(step).is_some());
    real.into_iter().for_each(|step| runtime.block_on(player.step(step)));
    runtime.block_on(pool.stop());
    for step in made_up {
        let Some(trouble) = Trouble::of(step) else { continue };
        player.pools = vec![start(trouble.pool(&schema)).unwrap()];
        player.pool = player.pools[0].address;
        if trouble == Trouble::Replaced {
            player.pools.push(start(trouble.pool(&schema)).unwrap());
        }
        if trouble == Trouble::DatabaseDown {
            server.stop();
        }
        runtime.block_on(player.step_in_trouble(step, trouble));
        (player.pools, player.other) = (Vec::new(), None);
        if trouble == Trouble::DatabaseDown {
            server.resume().unwrap();
        }
    }
    eprintln!(
        "client {version}: {} of {} steps replayed, {} requests, {} differences",
        player.steps,
        steps.len(),
        player.exchanges,
        player.differences.len()
    );
    assert!(player.differences.is_empty(), "{}", player.differences.join("\n"));
    assert_eq!(player.steps, steps.len());
}

#[test]
fn the_client_of_5_22_is_answered_as_recorded() {
    check("v5.22.0");
}

#[test]
fn the_client_of_6_19_is_answered_as_recorded() {
    check("v6.19.3");
}
