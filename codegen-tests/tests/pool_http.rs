//! What a pool does beside answering queries: addresses, schemas, transactions of others, clients that go away.
#![allow(clippy::unwrap_used)]

use codegen_tests::{
    pool_server::{RunningPool, pool_of},
    postgresql_server::Server,
};
use http_body_util::{BodyExt as _, Full};
use hyper::{
    Request, Response, StatusCode,
    body::{Bytes, Incoming},
    client::conn::{http1, http2},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use lenslet_pool::{
    Builder,
    keys::{Hash, Key, Keys},
    scope::Scope,
};
use serde_json::{Value, json};
use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};
use tokio::net::TcpStream;

const SCHEMA: &str = include_str!("../javascript/schema.prisma");
const TABLES: &str = include_str!("../javascript/tables.sql");

struct Rig {
    server: Server,
    pool: RunningPool,
}

impl Rig {
    async fn start(configure: impl FnOnce(Builder) -> Builder) -> Option<Rig> {
        let server = Server::start().unwrap()?;
        server.execute("postgres", TABLES).unwrap();
        let key = |name: &str| Key {
            name: name.into(),
            hash: Hash::of(name),
            scope: Scope::everything(),
            created: None,
            expires: None,
            requests_per_second: None,
        };
        let pool = pool_of(SCHEMA).unwrap().any_schema(true).keys(Keys::new([key("ada"), key("eve")], None));
        let url = server.url("postgres", "connection_limit=3&application_name=pool");
        let pool = RunningPool::start(configure(pool), &url).await.unwrap();
        Some(Rig { server, pool })
    }

    async fn ask(&self, method: &str, path: &str, key: &str, body: Value) -> (StatusCode, Value) {
        let text = if body.is_null() { String::new() } else { body.to_string() };
        let request = request(method, path, key, text);
        let response = sender(self.pool.address).await.send_request(request).await.unwrap();
        read(response).await
    }

    /// A number that the database itself knows.
    async fn number(&self, sql: &str) -> i64 {
        let url = self.server.url("postgres", "");
        let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
        let moving = tokio::spawn(connection);
        let number = client.query_one(sql, &[]).await.unwrap().get(0);
        drop(client);
        moving.await.unwrap().unwrap();
        number
    }
}

fn request(method: &str, path: &str, key: &str, body: String) -> Request<Full<Bytes>> {
    let request = Request::builder().method(method).uri(path).header("host", "pool.example");
    request.header("authorization", format!("Bearer {key}")).body(Full::new(body.into())).unwrap()
}

async fn sender(address: SocketAddr) -> http1::SendRequest<Full<Bytes>> {
    let stream = TcpStream::connect(address).await.unwrap();
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    sender
}

async fn read(response: Response<Incoming>) -> (StatusCode, Value) {
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

fn count() -> Value {
    let selection = json!({"_count": {"arguments": {}, "selection": {"_all": true}}});
    json!({"modelName": "User", "action": "aggregate", "query": {"arguments": {}, "selection": selection}})
}

fn create(email: &str) -> Value {
    let arguments = json!({"data": {"email": email}});
    json!({"modelName": "User", "action": "createOne", "query": {"arguments": arguments, "selection": {"id": true}}})
}

fn raw(action: &str, sql: &str) -> Value {
    json!({"action": action, "query": {"arguments": {"query": sql, "parameters": "[]"}, "selection": {}}})
}

fn counted(users: u64) -> Value {
    json!({"data": {"aggregateUser": {"_count": {"_all": users}}}})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn addresses_and_methods() {
    let Some(rig) = Rig::start(|pool| pool).await else { return };
    let status = async |method, path, key| rig.ask(method, path, key, count()).await.0.as_u16();
    assert_eq!(status("POST", "/6.19.3/hash/graphql", "ada").await, 200);
    assert_eq!(status("POST", "/6.19.3/hash/graphql", "nobody").await, 401);
    assert_eq!(status("GET", "/6.19.3/hash/graphql", "ada").await, 405);
    assert_eq!(status("POST", "/7.0.0/hash/graphql", "ada").await, 400);
    for path in ["/", "/graphql", "/6.19.3/hash", "/6.19.3/hash/graphql/more", "/6.19.3/hash/itx/1/other"] {
        assert_eq!(status("POST", path, "ada").await, 404, "{path}");
    }
    rig.pool.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_requests_over_one_http2_connection() {
    let Some(rig) = Rig::start(|pool| pool).await else { return };
    let stream = TcpStream::connect(rig.pool.address).await.unwrap();
    let (sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let ask = |at: usize| {
        let (mut sender, body) = (sender.clone(), create(&format!("user{at}@example.com")).to_string());
        let request = request("POST", "http://pool.example/6.19.3/hash/graphql", "ada", body);
        tokio::spawn(async move { read(sender.send_request(request).await.unwrap()).await })
    };
    let asked: Vec<_> = (0..50).map(ask).collect();
    for answer in asked {
        let (status, body) = answer.await.unwrap();
        assert!(status == 200 && body["data"]["createOneUser"]["id"].is_u64(), "{status} {body}");
    }
    assert_eq!(rig.ask("POST", "/6.19.3/hash/graphql", "ada", count()).await.1, counted(50));
    rig.pool.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_is_its_key_s_own() {
    let Some(rig) = Rig::start(|pool| pool).await else { return };
    let (_, begun) = rig.ask("POST", "/6.19.3/hash/transaction/start", "ada", json!({})).await;
    let endpoint = begun["data-proxy"]["endpoint"].as_str().unwrap();
    let path = endpoint.strip_prefix("http://pool.example").unwrap();
    let within = format!("{path}/graphql");
    assert_eq!(rig.ask("POST", &within, "ada", create("ada@example.com")).await.0, 200);
    let (_, refused) = rig.ask("POST", &within, "eve", count()).await;
    assert_eq!(refused["errors"][0]["user_facing_error"]["error_code"], "P2028", "{refused}");
    let (status, refused) = rig.ask("POST", &format!("{path}/commit"), "eve", Value::Null).await;
    assert_eq!((status.as_u16(), &refused["error_code"]), (500, &json!("P2028")));
    assert_eq!(rig.ask("POST", "/6.19.3/hash/graphql", "eve", count()).await.1, counted(0));
    assert_eq!(rig.ask("POST", &format!("{path}/commit"), "ada", Value::Null).await, (StatusCode::OK, json!({})));
    assert_eq!(rig.ask("POST", "/6.19.3/hash/graphql", "eve", count()).await.1, counted(1));
    let (_, again) = rig.ask("POST", &within, "ada", count()).await;
    let message = again["errors"][0]["user_facing_error"]["message"].as_str().unwrap();
    assert!(message.contains("cannot be executed on a committed transaction"), "{message}");
    rig.pool.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_a_transaction_goes_on() {
    let Some(rig) = Rig::start(|pool| pool.public_url("https://public.example/")).await else { return };
    let (_, begun) = rig.ask("POST", "/6.19.3/hash/transaction/start", "ada", json!({"timeout": 100})).await;
    let id = begun["id"].as_str().unwrap();
    let endpoint = format!("https://public.example/6.19.3/hash/itx/{id}");
    assert_eq!(begun["data-proxy"]["endpoint"], endpoint);
    rig.pool.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_goes_away_cancels_its_statement() {
    let Some(rig) = Rig::start(|pool| pool).await else { return };
    let sleeping = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(30)%' AND state = 'active' \
                    AND application_name = 'pool'";
    let until = async |wanted: i64| {
        let began = Instant::now();
        while rig.number(sleeping).await != wanted {
            assert!(began.elapsed() < Duration::from_secs(10), "{wanted} statements should run");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let body = raw("queryRaw", "SELECT 1 AS one FROM pg_sleep(30)").to_string();
    let mut connection = sender(rig.pool.address).await;
    let asked = connection.send_request(request("POST", "/6.19.3/hash/graphql", "ada", body.clone()));
    let asked = tokio::spawn(asked);
    until(1).await;
    asked.abort();
    drop(connection);
    until(0).await;

    // A stream of HTTP/2 that is given up, while the connection stays.
    let stream = TcpStream::connect(rig.pool.address).await.unwrap();
    let (mut sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let asked = request("POST", "http://pool.example/6.19.3/hash/graphql", "ada", body);
    let asked = tokio::spawn(sender.send_request(asked));
    until(1).await;
    asked.abort();
    until(0).await;
    assert_eq!(rig.ask("POST", "/6.19.3/hash/graphql", "ada", count()).await.1, counted(0));
    rig.pool.stop().await;
}
