//! Requests that are no requests, or mean harm.

use crate::{asking::Client, asking::request, ledger::batch, pool, run};
use proptest::{
    prelude::*,
    strategy::ValueTree as _,
    test_runner::{Config, TestRunner},
};
use std::{net::SocketAddr, time::Duration};
use tokio::io::AsyncReadExt as _;

/// What the pool says to these bytes, until it closes the connection or says nothing more.
async fn said(address: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    said_within(Duration::from_millis(700), address, bytes).await
}

/// What the pool says to a whole request that asks it to close the connection: however long a busy machine takes for it.
async fn answered(address: SocketAddr, request: &str) -> Vec<u8> {
    let closing = request.replacen("\r\n", "\r\nconnection: close\r\n", 1);
    said_within(Duration::from_secs(30), address, closing.as_bytes()).await
}

async fn said_within(patience: Duration, address: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut client = Client::connect(address).await.unwrap();
    // It may close before all is sent.
    let _ = client.send(bytes).await;
    let mut said = Vec::new();
    let _ = tokio::time::timeout(patience, client.0.read_to_end(&mut said)).await;
    said
}

/// The statuses of what was said.
fn statuses(said: &[u8]) -> Vec<u16> {
    let text = String::from_utf8_lossy(said);
    text.match_indices("HTTP/1.1 ").filter_map(|(at, _)| text.get(at + 9..at + 12)?.parse().ok()).collect()
}

async fn still_answers(address: SocketAddr) {
    let mut client = Client::connect(address).await.unwrap();
    assert!(client.query(&batch(1, 1)).await.unwrap().is_ok());
}

#[test]
fn known_mischief_is_refused() {
    run(|server| async move {
        let pool = pool(&server).await;
        let deep = "[".repeat(100_000);
        let nested = format!(
            r#"{{"modelName":"Entry","action":"findMany","query":{{"arguments":{{"where":{}{{}}{}}},"selection":{{"id":true}}}}}}"#,
            r#"{"NOT":"#.repeat(5000),
            "}".repeat(5000)
        );
        let wide = format!(
            r#"{{"modelName":"Entry","action":"findMany","query":{{"arguments":{{"where":{{"id":{{"in":[{}1]}}}}}},"selection":{{"id":true}}}}}}"#,
            "1,".repeat(600_000)
        );
        let many = format!(r#"{{"batch":[{}{{}}]}}"#, "{},".repeat(5000));
        for body in [deep.as_str(), &nested, &wide, &many, "", "null", "\u{0}", "{\"batch\":1}", "{\"a\":1e999999}"] {
            let said = answered(pool.address, &request("POST", "/1/1/graphql", body)).await;
            let start = &body[..body.len().min(40)];
            let statuses = statuses(&said);
            assert!(matches!(statuses.as_slice(), [200 | 400 | 413]), "{start}: {statuses:?}");
            assert!(String::from_utf8_lossy(&said).contains("\"errors\""), "{start}");
        }
        let smuggled = "POST /1/1/graphql HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /health HTTP/1.1\r\nhost: a\r\n\r\n";
        assert!(statuses(&said(pool.address, smuggled.as_bytes()).await).iter().all(|it| *it >= 400 || *it == 200));
        for raw in [
            "POST /1/1/graphql HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
            "POST /1/1/graphql HTTP/1.1\r\nhost: a\r\ncontent-length: 99999999999999999999999\r\n\r\n",
            "POST /1/1/graphql HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n",
            "GET / HTTP/9.9\r\n\r\n",
            "\u{16}\u{3}\u{1}\u{0}",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nnonsense",
        ] {
            let statuses = statuses(&said(pool.address, raw.as_bytes()).await);
            assert!(statuses.iter().all(|it| (400..500).contains(it)), "{raw}: {statuses:?}");
        }
        let large = format!("POST /1/1/graphql HTTP/1.1\r\nhost: a\r\nx: {}\r\n\r\n", "a".repeat(2 << 20));
        assert!(statuses(&said(pool.address, large.as_bytes()).await).iter().all(|it| *it == 431));
        let announced = request("POST", "/1/1/graphql", "");
        let announced = announced.replace("content-length: 0", &format!("content-length: {}", 1_u64 << 40));
        assert_eq!(statuses(&answered(pool.address, &announced).await), [413]);
        still_answers(pool.address).await;
        pool.stop().await;
    });
}

/// Parts of requests, in any order.
fn mischief() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        prop::sample::select(vec![
            "POST ",
            "GET ",
            "PUT ",
            "/1/1/graphql",
            "/6.19.3/abc/schema",
            "/invalidate",
            "/1/1/itx/x/commit",
            "/metrics",
            " HTTP/1.1",
            "\r\n",
            "\r\n\r\n",
            "\n",
            "content-length: 10",
            "content-length: 0",
            "transfer-encoding: chunked",
            "host: a",
            "5\r\nhello",
            "0\r\n\r\n",
            "{\"modelName\":\"Entry\"",
            ",\"action\":\"findMany\"",
            ",\"query\":{",
            "\"arguments\":{}",
            "\"selection\":{\"id\":true}",
            "}",
            "{",
            "[",
            "]",
            "\"batch\":[",
            "\"\\u0000\"",
            "cache-control: max-age=9",
            "accelerate-cache-tags: ,,,",
            "authorization: Bearer ",
            "upgrade: h2c",
            "expect: 100-continue",
            "connection: close",
            "accept: application/vnd.lenslet.rows+json",
        ])
        .prop_map(|it| it.as_bytes().to_vec()),
        prop::collection::vec(any::<u8>(), 0..12),
    ];
    prop::collection::vec(part, 0..24).prop_map(|parts| parts.concat())
}

/// A body that is nearly a query, in a request that is one.
fn nearly() -> impl Strategy<Value = Vec<u8>> {
    let body = batch(7, 7);
    let length = body.len();
    (0..length, 0..length, any::<char>()).prop_map(move |(at, other, letter)| {
        let mut body = body.clone();
        body.replace_range(at..=at, &letter.to_string());
        if let Some((cut, _)) = body.char_indices().nth(other) {
            body.truncate(cut);
        }
        request("POST", "/1/1/graphql", &body).into_bytes()
    })
}

#[test]
fn no_bytes_harm_a_pool() {
    run(|server| async move {
        let pool = pool(&server).await;
        let mut runner = TestRunner::new(Config::default());
        let mut asking = tokio::task::JoinSet::new();
        for number in 0..600 {
            let bytes = match number % 2 {
                0 => mischief().new_tree(&mut runner).unwrap().current(),
                _ => nearly().new_tree(&mut runner).unwrap().current(),
            };
            let address = pool.address;
            asking.spawn(async move {
                let said = said(address, &bytes).await;
                let broken = statuses(&said).into_iter().find(|it| *it >= 500);
                assert_eq!(broken, None, "{}", String::from_utf8_lossy(&bytes));
            });
            if asking.len() >= 100 {
                asking.join_next().await.unwrap().unwrap();
            }
        }
        while let Some(done) = asking.join_next().await {
            done.unwrap();
        }
        still_answers(pool.address).await;
        pool.stop().await;
    });
}
