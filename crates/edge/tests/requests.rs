//! What is sent, and what is made of answers.
#![allow(clippy::unwrap_used)]

use lenslet_core::{
    cache::{CacheInfo, CacheStatus, Stale, ttl},
    engine::{Engine as _, Isolation, TransactionOptions},
    query::{Action, FieldId, ModelId, Query, Selected},
};
use lenslet_edge::{
    Catalog, Cursor, Engine, Environment, ErrorKind, Request, Response, Sent, Transport, catalog::Provider,
};
use lenslet_wire::rows::Rows;
use std::sync::{Arc, Mutex};

static CATALOG: Catalog = Catalog { hash: "0123456789abcdef", provider: Provider::Sqlite };

/// Remembers what was sent, and answers what it was told to.
#[derive(Clone, Default)]
struct Canned {
    answers: Arc<Mutex<Vec<(u16, &'static str)>>>,
    sent: Arc<Mutex<Vec<Request>>>,
}

impl Transport for Canned {
    fn send(&self, request: Request) -> Sent {
        let canned = self.clone();
        Box::pin(async move {
            canned.sent.lock().unwrap().push(request);
            let (status, body) = canned.answers.lock().unwrap().remove(0);
            Ok(Response::new(status, body.into()))
        })
    }
    fn send_and_forget(&self, request: Request) {
        self.sent.lock().unwrap().push(request);
    }
}

impl Canned {
    fn urls(&self) -> Vec<String> {
        self.sent.lock().unwrap().drain(..).map(|request| request.url).collect()
    }
}

const BASE: &str = concat!("https://pool.example/", env!("CARGO_PKG_VERSION"), "/0123456789abcdef");

fn engine(answers: &[(u16, &'static str)]) -> (Canned, Engine) {
    let canned = Canned::default();
    canned.answers.lock().unwrap().extend(answers);
    let engine = Engine::with_transport("https://pool.example/?api_key=s3cret", &CATALOG, canned.clone()).unwrap();
    (canned, engine)
}

fn query() -> Query {
    let mut query = Query::new(ModelId::new(0, "User"), Action::FindMany);
    query.selection.push(Selected::Columns(vec![FieldId::new(0, "id")].into()));
    query
}

#[tokio::test]
async fn a_query() {
    let (canned, engine) = engine(&[(200, "[[7]]")]);
    let mut rows = engine.execute(query()).await.unwrap();
    rows.enter().unwrap();
    assert!(rows.next_row().unwrap());
    assert_eq!(rows.integer(), Ok(7));
    let request = canned.sent.lock().unwrap().remove(0);
    assert_eq!(request.url, format!("{BASE}/graphql"));
    assert_eq!(
        request.body,
        r#"{"modelName":"User","action":"findMany","query":{"arguments":{},"selection":{"id":true}}}"#
    );
    let headers: Vec<(&str, &str)> = request.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(
        headers,
        [
            ("authorization", "Bearer s3cret"),
            ("accept", "application/vnd.lenslet.rows+json"),
            ("content-type", "application/json"),
            ("lenslet-protocol", "1"),
        ]
    );
    assert!(!format!("{request:?} {engine:?}").contains("s3cret"));
}

#[tokio::test]
async fn nothing_is_sent_before_it_is_awaited() {
    let (canned, engine) = engine(&[]);
    drop(engine.execute(query()));
    assert_eq!(canned.urls(), Vec::<String>::new());
}

#[tokio::test]
async fn a_cached_query() {
    let (canned, engine) = engine(&[(200, "[]")]);
    let mut cached = query();
    cached.cache = Some(Box::new(ttl(30).swr(60).tag("users").tag("u1")));
    engine.execute(cached.clone()).await.unwrap();
    let headers = canned.sent.lock().unwrap().remove(0).headers;
    assert!(headers.contains(&("cache-control", "max-age=30,stale-while-revalidate=60".into())));
    assert!(headers.contains(&("accelerate-cache-tags", "users,u1".into())));
    for wrong in ["a,b", "a\r\nx: y", ""] {
        cached.cache = Some(Box::new(ttl(30).tag(wrong)));
        let refused = engine.execute(cached.clone()).await;
        assert_eq!(refused.map(drop).map_err(|error| error.kind()), Err(ErrorKind::Input));
    }
    assert_eq!(canned.urls(), Vec::<String>::new());
}

#[tokio::test]
async fn only_reads_may_be_repeated() {
    let (canned, engine) = engine(&[(200, "[]"), (200, "[[]]"), (200, "[]"), (200, "[[],[]]")]);
    let write = || Query::new(ModelId::new(0, "User"), Action::DeleteMany);
    engine.execute(query()).await.unwrap();
    engine.batch(vec![query()], None).await.unwrap();
    engine.execute(write()).await.unwrap();
    engine.batch(vec![query(), write()], None).await.unwrap();
    let repeatable: Vec<bool> = canned.sent.lock().unwrap().iter().map(|request| request.repeatable).collect();
    assert_eq!(repeatable, [true, true, false, false]);
}

#[tokio::test]
async fn what_is_stale_is_forgotten() {
    let (canned, engine) = engine(&[(200, "{}"), (200, ""), (401, "")]);
    engine.invalidate(["users", "u1"].into()).await.unwrap();
    engine.invalidate(Stale::Everything).await.unwrap();
    let refused = engine.invalidate(Stale::Everything).await;
    assert_eq!(refused.map_err(|error| error.kind()), Err(ErrorKind::Unauthorized));
    let sent: Vec<(String, String)> =
        canned.sent.lock().unwrap().drain(..).map(|request| (request.url, request.body)).collect();
    let url = "https://pool.example/invalidate".to_owned();
    let (some, every) = (r#"{"tags":["users","u1"]}"#.to_owned(), r#"{"tags":"all"}"#.to_owned());
    assert_eq!(sent, [(url.clone(), some), (url.clone(), every.clone()), (url, every)]);
}

#[tokio::test]
async fn where_rows_come_from() {
    struct Cached;
    impl Transport for Cached {
        fn send(&self, _: Request) -> Sent {
            let answer = Response::new(200, "[[7]]".into());
            Box::pin(async { Ok(answer.with_header("accelerate-cache-status", "ttl").with_header("cf-ray", "1-AMS")) })
        }
    }
    let engine = Engine::with_transport("https://pool.example/?api_key=s3cret", &CATALOG, Cached).unwrap();
    let info = engine.execute(query()).await.unwrap().cache_info();
    assert_eq!((info.status, info.region.as_deref()), (CacheStatus::Fresh, Some("AMS")));
    assert_eq!(Rows::new("[]".into()).cache_info(), CacheInfo::default());
}

#[tokio::test]
async fn a_batch() {
    let (canned, engine) = engine(&[(200, "[[[1]],[]]"), (200, "[[[1]]")]);
    let answers = engine.batch(vec![query(), query()], Some(Isolation::Serializable)).await;
    assert_eq!(answers.unwrap().len(), 2);
    let body = canned.sent.lock().unwrap().remove(0).body;
    assert!(body.starts_with(r#"{"batch":[{"modelName""#), "{body}");
    assert!(body.ends_with(r#""transaction":{"isolationLevel":"Serializable"}}"#), "{body}");
    let cut_short = engine.batch(vec![query()], None).await;
    assert_eq!(cut_short.map(drop).map_err(|error| error.kind()), Err(ErrorKind::ColumnDataInvalid));
}

#[tokio::test]
async fn answers_that_are_errors() {
    let known = r#"{"errors":[{"error":"x","user_facing_error":{"is_panic":false,"message":"no","meta":{"target":["email"]},"error_code":"P2002","batch_request_idx":1}}]}"#;
    for (status, body, kind) in [
        (200, known, ErrorKind::UniqueConstraint),
        (409, known, ErrorKind::UniqueConstraint),
        (400, "", ErrorKind::BadRequest),
        (401, "{}", ErrorKind::Unauthorized),
        (403, "", ErrorKind::Unauthorized),
        (404, "<html>", ErrorKind::NotFound),
        (429, "", ErrorKind::TooManyRequests),
        (500, "", ErrorKind::PoolFailed),
        (503, "busy", ErrorKind::PoolFailed),
        (504, "", ErrorKind::PoolTimedOut),
        (302, "", ErrorKind::PoolFailed),
    ] {
        let (_, engine) = engine(&[(status, body)]);
        let error = engine.execute(query()).await.map(drop).unwrap_err();
        assert_eq!(error.kind(), kind, "{status} {body}");
        assert!(!error.message().contains("s3cret"));
    }
}

const STARTED: &str = r#"{"id":"t1","data-proxy":{"endpoint":"https://two.pool.example/itx/t1","more":[{}]},"x":1}"#;

#[tokio::test]
async fn transactions() {
    let (canned, engine) = engine(&[(200, STARTED), (200, "[]"), (200, "{}"), (200, STARTED)]);
    let inside = engine.begin(TransactionOptions::default()).await.unwrap();
    inside.execute(query()).await.unwrap();
    inside.commit().await.unwrap();
    drop(inside);
    {
        let sent = canned.sent.lock().unwrap();
        assert_eq!(sent[0].body, r#"{"max_wait":2000,"timeout":5000}"#);
        assert!(sent[1].headers.contains(&("x-transaction-id", "t1".into())));
    }
    let end = "https://two.pool.example/itx/t1";
    assert_eq!(canned.urls(), [format!("{BASE}/transaction/start"), format!("{end}/graphql"), format!("{end}/commit")]);

    // Dropped without an end.
    drop(engine.begin(TransactionOptions::default()).await.unwrap());
    assert_eq!(canned.urls(), [format!("{BASE}/transaction/start"), format!("{end}/rollback")]);
}

const SAVED: &str = r#"{"id":"s1","data-proxy":{"endpoint":"https://two.pool.example/itx/s1"}}"#;

#[tokio::test]
async fn savepoints() {
    let answers = [(200, STARTED), (200, SAVED), (200, "[]"), (200, "{}"), (200, SAVED)];
    let (canned, engine) = engine(&answers);
    let outer = engine.begin(TransactionOptions::default()).await.unwrap();
    let inside = outer.begin(TransactionOptions::default()).await.unwrap();
    inside.execute(query()).await.unwrap();
    inside.rollback().await.unwrap();
    drop(inside);
    let (whole, part) = ("https://two.pool.example/itx/t1", "https://two.pool.example/itx/s1");
    let mut expected = vec![format!("{BASE}/transaction/start"), format!("{whole}/transaction/start")];
    expected.extend([format!("{part}/graphql"), format!("{part}/rollback")]);
    assert_eq!(canned.urls(), expected);
    // One that is dropped without an end takes the whole with it, once.
    drop(outer.begin(TransactionOptions::default()).await.unwrap());
    drop(outer);
    assert_eq!(canned.urls(), [format!("{whole}/transaction/start"), format!("{whole}/rollback")]);
}

#[tokio::test]
async fn transactions_at_wrong_addresses() {
    for body in [
        "{}",
        "",
        "[",
        r#"{"id":"t1"}"#,
        r#"{"id":"t1","data-proxy":{"endpoint":1}}"#,
        r#"{"id":"t1","data-proxy":{"endpoint":"http://pool.example/itx/t1"}}"#,
    ] {
        let (_, engine) = engine(&[(200, body)]);
        assert!(engine.begin(TransactionOptions::default()).await.is_err(), "{body}");
    }
    let (_, engine) = engine(&[]);
    assert_eq!(engine.commit().await.map_err(|error| error.kind()), Err(ErrorKind::Transaction));
}

#[test]
fn the_variable_is_named() {
    struct Empty;
    impl Environment for Empty {
        fn variable(&self, _: &str) -> Option<String> {
            None
        }
    }
    let error = Engine::from_env(&Empty, "BLOG_URL", &CATALOG).map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidPoolUrl);
    assert!(error.message().contains("`BLOG_URL` is not set"), "{error}");
}
