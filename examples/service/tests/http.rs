//! The service as its users meet it: several processes on one database, over HTTP.
#![cfg(unix)]

#[allow(dead_code, unreachable_pub, missing_docs, reason = "other tests need more of it")]
#[path = "../../../codegen-tests/src/postgresql_server.rs"]
mod postgresql_server;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::thread;

use postgresql_server::Server;
use serde_json::{Value, json};

/// A process of the service, ended also when a test fails.
struct Service {
    process: Child,
    address: String,
    applied: usize,
}

impl Service {
    fn start(url: &str) -> Child {
        let mut command = Command::new(env!("CARGO_BIN_EXE_service"));
        command.env("DATABASE_URL", url).env("ADDRESS", "127.0.0.1:0").stdout(Stdio::piped());
        command.spawn().expect("it starts")
    }

    /// Waits until it listens.
    fn ready(mut process: Child) -> Self {
        let lines = BufReader::new(process.stdout.take().expect("piped")).lines();
        let mut applied = 0;
        for line in lines.map_while(Result::ok) {
            if let Some(address) = line.strip_prefix("http://") {
                return Self { process, address: address.to_owned(), applied };
            }
            applied += usize::from(line.starts_with("applied "));
        }
        panic!("it ended: {:?}", process.wait());
    }

    /// Status and body.
    fn ask(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let head =
            format!("{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\n");
        let request = format!("{head}content-length: {}\r\n\r\n{body}", body.len());
        stream.write_all(request.as_bytes()).expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        let status = answer.split(' ').nth(1).and_then(|it| it.parse().ok()).expect("a status");
        let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
        (status, serde_json::from_str(body).unwrap_or(Value::Null))
    }

    #[track_caller]
    fn makes(&self, path: &str, body: &Value) -> Value {
        let (status, answer) = self.ask("POST", path, body);
        assert_eq!(status, 201, "{answer}");
        answer
    }

    #[track_caller]
    fn refuses(&self, path: &str, body: &Value, status: u16, code: &str) {
        let (found, answer) = self.ask("POST", path, body);
        assert_eq!((found, answer["error"]["code"].as_str()), (status, Some(code)), "{answer}");
    }

    fn get(&self, path: &str) -> Value {
        let (status, answer) = self.ask("GET", path, &Value::Null);
        assert_eq!(status, 200, "{answer}");
        answer
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn money_moves_and_none_is_lost() {
    let Some(server) = Server::start().expect("a server") else { return };
    let url = server.url("bank", "connection_limit=4");
    // The database is not there yet: they make it, and each migration is applied by one of them.
    let starting: Vec<Child> = (0..4).map(|_| Service::start(&url)).collect();
    let services: Vec<Service> = starting.into_iter().map(Service::ready).collect();
    assert_eq!(services.iter().map(|it| it.applied).sum::<usize>(), 1);

    let [first, ..] = services.as_slice() else { return };
    let ids: Vec<i64> = ["ada", "grace", "hedy"]
        .iter()
        .map(|owner| {
            first.makes("/accounts", &json!({ "owner": owner, "balance": 100 }))["id"].as_i64().expect("an id")
        })
        .collect();
    first.refuses("/accounts", &json!({ "owner": "ada", "balance": 1 }), 409, "P2002");
    first.refuses("/accounts", &json!({ "owner": "eve", "balance": -1 }), 400, "request");
    let order = |from: i64, to: i64, amount: i64| json!({ "from": from, "to": to, "amount": amount });
    first.refuses("/transfers", &order(ids[0], ids[1], 101), 422, "too-little");
    first.refuses("/transfers", &order(ids[0], 99, 1), 404, "no-account");
    first.refuses("/transfers", &order(ids[0], ids[0], 1), 400, "request");
    assert_eq!(first.get("/transfers"), json!({ "transfers": [], "next": null }));

    // All of them at once, around a circle.
    let moved: usize = thread::scope(|scope| {
        let moving: Vec<_> = services
            .iter()
            .enumerate()
            .map(|(at, service)| {
                let (from, to) = (ids[at % 3], ids[(at + 1) % 3]);
                scope.spawn(move || {
                    let answers = (0..6).map(|_| service.ask("POST", "/transfers", &order(from, to, 5)));
                    let counted = answers.map(|(status, answer)| match status {
                        201 => 1,
                        // Tried often enough.
                        503 => 0,
                        _ => panic!("{status} {answer}"),
                    });
                    counted.sum::<usize>()
                })
            })
            .collect();
        moving.into_iter().map(|it| it.join().expect("it ends")).sum()
    });
    assert!(moved >= 12, "{moved} of 24 transfers");
    let totals = first.get("/totals");
    let balances: i64 = totals.as_array().expect("rows").iter().map(|it| it["balance"].as_i64().expect("cents")).sum();
    assert_eq!((balances, &totals[0]["owner"]), (300, &"ada".into()), "{totals}");

    pages(first, moved);
}

/// Every transfer once, the newest first.
fn pages(service: &Service, all: usize) {
    let mut seen: Vec<i64> = Vec::new();
    let mut path = "/transfers?limit=5".to_owned();
    loop {
        let page = service.get(&path);
        let ids = page["transfers"].as_array().expect("rows").iter().map(|it| it["id"].as_i64().expect("an id"));
        seen.extend(ids);
        match page["next"].as_i64() {
            Some(next) => path = format!("/transfers?limit=5&after={next}"),
            None => break,
        }
    }
    assert_eq!(seen.len(), all);
    assert!(seen.is_sorted_by(|first, second| first > second), "{seen:?}");
}
