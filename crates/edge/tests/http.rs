//! What the transport over hyper sends again, and what it never does, against a server that is told what to answer.
#![cfg(feature = "http")]
#![allow(clippy::unwrap_used)]

use lenslet_core::{
    engine::Engine as _,
    query::{Action, FieldId, ModelId, Query, Selected},
};
use lenslet_edge::{CacheStatus, Catalog, Cursor as _, Engine, ErrorKind, catalog::Provider};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
};

static CATALOG: Catalog = Catalog { hash: "0123456789abcdef", provider: Provider::Sqlite };

const ROWS: &str = "HTTP/1.1 200 OK\r\naccelerate-cache-status: miss\r\ncontent-length: 5\r\n\r\n[[7]]";
const REFUSED: &str = "HTTP/1.1 429 Too Many Requests\r\nretry-after: 0\r\ncontent-length: 0\r\n\r\n";
const NOT_NOW: &str = "HTTP/1.1 503 Service Unavailable\r\nretry-after: 3600\r\ncontent-length: 0\r\n\r\n";
const OVERLOADED: &str = "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n";
/// The connection is closed in the middle of an answer.
const BROKEN: &str = "HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n[[";

/// A pool that gives these answers, one a request, and says how many requests it read.
async fn pool(answers: &'static [&'static str]) -> (Engine, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/?api_key=s3cret", listener.local_addr().unwrap());
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    tokio::spawn(async move {
        for answer in answers {
            let (stream, _) = listener.accept().await.unwrap();
            let mut stream = BufReader::new(stream);
            read(&mut stream).await;
            count.fetch_add(1, Ordering::SeqCst);
            let answer = answer.replacen("\r\n", "\r\nconnection: close\r\n", 1);
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    (Engine::new(&url, &CATALOG).unwrap(), asked)
}

async fn read(stream: &mut BufReader<TcpStream>) {
    let mut length = 0;
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.unwrap();
        if let Some(text) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = text.trim().parse().unwrap();
        }
        if line == "\r\n" {
            break;
        }
    }
    stream.read_exact(&mut vec![0; length]).await.unwrap();
}

fn query(action: Action) -> Query {
    let mut query = Query::new(ModelId::new(0, "User"), action);
    query.selection.push(Selected::Columns(vec![FieldId::new(0, "id")].into()));
    query
}

/// Asks, and looks at what comes of it and at how often the pool was asked.
async fn check(action: Action, answers: &'static [&'static str], expected: Result<i64, ErrorKind>, times: usize) {
    let (engine, asked) = pool(answers).await;
    let answer = engine.execute(query(action)).await;
    let answer = answer.map_err(|error| error.kind()).map(|mut rows| {
        assert_eq!(rows.cache_info().status, CacheStatus::Miss);
        rows.enter().unwrap();
        assert!(rows.next_row().unwrap());
        rows.integer().unwrap()
    });
    assert_eq!(answer, expected, "{answers:?}");
    assert_eq!(asked.load(Ordering::SeqCst), times, "{answers:?}");
}

#[tokio::test]
async fn reads_are_sent_again() {
    check(Action::FindMany, &[ROWS], Ok(7), 1).await;
    check(Action::FindMany, &[BROKEN, OVERLOADED, REFUSED, ROWS], Ok(7), 4).await;
    check(Action::FindMany, &[REFUSED, REFUSED, REFUSED, REFUSED, ROWS], Err(ErrorKind::TooManyRequests), 4).await;
    check(Action::FindMany, &[NOT_NOW, ROWS], Err(ErrorKind::PoolFailed), 1).await;
}

#[tokio::test]
async fn writes_are_sent_again_only_when_they_were_refused() {
    check(Action::DeleteMany, &[REFUSED, ROWS], Ok(7), 2).await;
    check(Action::DeleteMany, &[BROKEN, ROWS], Err(ErrorKind::PoolUnreachable), 1).await;
    check(Action::DeleteMany, &[OVERLOADED, ROWS], Err(ErrorKind::PoolFailed), 1).await;
}

#[tokio::test]
async fn nobody_there() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/?api_key=s3cret", listener.local_addr().unwrap());
    drop(listener);
    let error = Engine::new(&url, &CATALOG).unwrap().execute(query(Action::DeleteMany)).await.map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PoolUnreachable);
    assert!(!error.to_string().contains("s3cret"), "{error}");
}
