//! Clients that say nothing, or next to nothing, or do not listen.

use crate::{
    CONNECTIONS,
    asking::{Client, request, sql},
    ledger::batch,
    no_sessions, pool, run,
};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// How long it takes until the pool closes a connection over which this was sent, and nothing else.
async fn closed_after(address: std::net::SocketAddr, sent: &[u8]) -> Duration {
    let mut client = Client::connect(address).await.unwrap();
    client.send(sent).await.unwrap();
    let began = Instant::now();
    let mut rest = Vec::new();
    let closed = tokio::time::timeout(Duration::from_secs(5), client.0.read_to_end(&mut rest)).await;
    assert!(closed.is_ok(), "still open: {:?}", String::from_utf8_lossy(sent));
    began.elapsed()
}

#[test]
fn slow_clients_are_cut_off_and_hold_nobody_up() {
    run(|server| async move {
        let pool = pool(&server).await;
        let whole = request("POST", "/1/1/graphql", &batch(1, 1));
        let (head, _) = whole.split_once("\r\n\r\n").unwrap();
        let in_head = closed_after(pool.address, &head.as_bytes()[..head.len() / 2]).await;
        assert!(in_head < Duration::from_secs(2), "{in_head:?}");
        // The beginning of both versions of HTTP.
        for beginning in ["", "P"] {
            let silent = closed_after(pool.address, beginning.as_bytes()).await;
            assert!(silent < Duration::from_secs(2), "{silent:?}");
        }
        // Within the body: an answer that says so, after the same time.
        let mut client = Client::connect(pool.address).await.unwrap();
        client.send(&whole.as_bytes()[..whole.len() - 5]).await.unwrap();
        let began = Instant::now();
        let answer = client.answer().await.unwrap();
        assert_eq!(answer.status, 400, "{answer:?}");
        assert!(answer.body.contains("P5000") && began.elapsed() < Duration::from_secs(2), "{answer:?}");
        // Hundreds that send a byte now and then.
        let mut trickling = tokio::task::JoinSet::new();
        for _ in 0..300 {
            let (address, whole) = (pool.address, whole.clone());
            trickling.spawn(async move {
                let mut client = Client::connect(address).await.unwrap();
                for byte in whole.bytes() {
                    if client.send(&[byte]).await.is_err() {
                        return;
                    }
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            });
        }
        let mut client = Client::connect(pool.address).await.unwrap();
        let mut slowest = Duration::ZERO;
        for number in 0..100 {
            let began = Instant::now();
            assert!(client.query(&batch(2, number)).await.unwrap().is_ok());
            slowest = slowest.max(began.elapsed());
        }
        eprintln!("with 300 slow clients the slowest of 100 writes took {:.0} ms", slowest.as_secs_f64() * 1e3);
        trickling.shutdown().await;
        pool.stop().await;
    });
}

#[test]
fn who_does_not_listen_holds_no_connection_to_the_database() {
    run(|server| async move {
        let pool = pool(&server).await;
        let mut deaf = Vec::new();
        for _ in 0..CONNECTIONS * 2 {
            let mut client = Client::connect(pool.address).await.unwrap();
            let large = sql("SELECT repeat('x', 15000000)");
            client.send(request("POST", "/1/1/graphql", &large).as_bytes()).await.unwrap();
            deaf.push(client);
        }
        let mut client = Client::connect(pool.address).await.unwrap();
        assert!(client.query(&batch(1, 1)).await.unwrap().is_ok());
        no_sessions(&server, "active").await;
        // After a while they are given up, with what was to be sent to them.
        tokio::time::sleep(Duration::from_millis(1500)).await;
        for client in &mut deaf {
            let mut rest = Vec::new();
            let _ = tokio::time::timeout(Duration::from_secs(5), client.0.read_to_end(&mut rest)).await.unwrap();
            assert!(rest.len() < 15_000_000, "it was waited for");
        }
        pool.stop().await;
    });
}

#[test]
fn half_closed_connections_end() {
    run(|server| async move {
        let pool = pool(&server).await;
        for (sent, expected) in [("", false), ("POST /1/1/graphql HT", false)] {
            let mut client = Client::connect(pool.address).await.unwrap();
            client.send(sent.as_bytes()).await.unwrap();
            client.0.shutdown().await.unwrap();
            let mut rest = Vec::new();
            let closed = tokio::time::timeout(Duration::from_secs(5), client.0.read_to_end(&mut rest)).await;
            assert!(closed.is_ok(), "still open after {sent:?}");
            assert_eq!(rest.starts_with(b"HTTP/1.1 200"), expected, "{sent:?}");
        }
        // With a statement under way it counts as a client that has gone away.
        let mut client = Client::connect(pool.address).await.unwrap();
        client.send(request("POST", "/1/1/graphql", &sql("SELECT pg_sleep(15)")).as_bytes()).await.unwrap();
        while crate::sessions(&server, "active").await == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        client.0.shutdown().await.unwrap();
        no_sessions(&server, "active").await;
        pool.stop().await;
    });
}
