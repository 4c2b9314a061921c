//! What the operator of a pool relies on: keys, limits, cache, certificates, health.
#![allow(clippy::unwrap_used)]

mod rig;

use lenslet_pool::{
    Pool, Schema, TlsConfig,
    config::{Config, Size, Time},
    key_file::{self, NewKey},
    keys::Keys,
    limits::Limits,
    scope::Scope,
};
use rig::{ADA, Answer, Rig, catalog, exchange, find, users};
use rustls::{ClientConfig, RootCertStore, pki_types::CertificateDer};
use std::{
    fs,
    num::{NonZeroU32, NonZeroUsize},
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsConnector;

fn make(path: &Path, name: &str, scope: Scope) -> String {
    let new = NewKey { name: name.into(), scope, ..NewKey::default() };
    key_file::create(path, &new).unwrap().reveal().to_owned()
}

#[tokio::test]
async fn a_revoked_key_is_refused_by_the_next_request() {
    let mut keys = Vec::new();
    let rig = Rig::start(|pool, folder| {
        let path = folder.path().join("pool.toml");
        keys = vec![make(&path, "a", Scope::default()), make(&path, "b", Scope::default())];
        pool.config_file(&path, Config::read(&path).unwrap(), |_| {})
    })
    .await;
    let path = rig.folder.path().join("pool.toml");
    assert_eq!(rig.query(&keys[0], &[], &users()).await.body, ADA);
    key_file::revoke(&path, "a").unwrap();
    let refused = rig.query(&keys[0], &[], &users()).await;
    assert_eq!(refused.status, 401);
    assert!(refused.body.contains("P5007"), "{refused:?}");
    let new = make(&path, "c", Scope::default());
    assert_eq!(rig.query(&new, &[], &users()).await.body, ADA);
    // What cannot be read is not taken over.
    fs::write(&path, "[[keys]]\nname = ").unwrap();
    assert_eq!(rig.query(&keys[1], &[], &users()).await.body, ADA);
    fs::write(&path, "").unwrap();
    assert_eq!(rig.query(&keys[1], &[], &users()).await.status, 401);
    assert_eq!(rig.query("", &[], &users()).await.status, 401);
}

#[tokio::test]
async fn the_first_key_closes_an_open_pool_for_good() {
    let rig =
        Rig::start(|pool, folder| pool.config_file(folder.path().join("pool.toml"), Config::default(), |_| {})).await;
    let path = rig.folder.path().join("pool.toml");
    assert_eq!(rig.query("", &[], &users()).await.body, ADA);
    let key = make(&path, "a", Scope::default());
    assert_eq!(rig.query("", &[], &users()).await.status, 401);
    assert_eq!(rig.query(&key, &[], &users()).await.body, ADA);
    key_file::revoke(&path, "a").unwrap();
    assert_eq!(rig.query("", &[], &users()).await.status, 401);
}

#[tokio::test]
async fn a_key_reaches_what_its_scope_says() {
    let scope = Scope { read_only: true, models: Some(["User".into()].into()), ..Scope::default() };
    let rig = Rig::start(|pool, _| pool.keys(Keys::single("k", scope))).await;
    assert_eq!(rig.query("k", &[], &users()).await.body, ADA);
    let include = find("User", "findMany", "{}", r#"{"posts":{"selection":{"id":true}}}"#);
    let write = find("User", "deleteMany", "{}", "{}");
    let raw = r#"{"action":"queryRaw","query":{"arguments":{"query":"SELECT 1","parameters":"[]"},"selection":{}}}"#;
    let batch = format!(r#"{{"batch":[{},{include}]}}"#, users());
    let transaction = format!(r#"{{"batch":[{},{write}],"transaction":{{}}}}"#, users());
    for body in [&include, &write, raw, &batch, &transaction] {
        let refused = rig.query("k", &[], body).await;
        assert_eq!(refused.status, 403, "{body}");
        assert!(refused.body.contains("P6002"), "{refused:?}");
    }
    // Neither does a kept answer of another scope help, nor is one kept.
    let minute = [("cache-control", "max-age=60")];
    assert_eq!(rig.query("k", &minute, &include).await.status, 403);
}

/// What a pool with these limits answers.
#[track_caller]
fn expect(answer: &Answer, status: u16, code: &str) {
    assert_eq!(answer.status, status, "{answer:?}");
    assert!(answer.body.contains(&format!("\"error_code\":\"{code}\"")), "{answer:?}");
}

#[tokio::test]
async fn beyond_a_limit_comes_its_code_at_once() {
    let limits = Limits {
        connections: NonZeroUsize::new(1),
        queue: 0,
        query_time: Time(Duration::from_millis(200)),
        transaction_time: Time(Duration::from_secs(1)),
        request_size: Size(2000),
        response_size: Size(1000),
        depth: 20,
        values: 100,
        batch: 3,
        ..Limits::default()
    };
    let rig = Rig::start(|pool, _| pool.limits(limits)).await;
    let users = users();
    expect(&rig.query("", &[], &" ".repeat(2001)).await, 413, "P5000");
    expect(&rig.query("", &[], &"[".repeat(100)).await, 400, "P5000");
    expect(&rig.query("", &[], &format!("[{}1]", "1,".repeat(100))).await, 400, "P5000");
    expect(&rig.query("", &[], &format!(r#"{{"batch":[{users},{users},{users},{users}]}}"#)).await, 400, "P5000");
    let raw = |sql: &str| {
        format!(
            r#"{{"action":"queryRaw","query":{{"arguments":{{"query":"{sql}","parameters":"[]"}},"selection":{{}}}}}}"#
        )
    };
    expect(&rig.query("", &[], &raw("SELECT hex(zeroblob(1000))")).await, 400, "P6009");
    // Rows are not collected until there are too many of them for an answer.
    let rows = raw("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n");
    expect(&rig.query("", &[], &rows).await, 400, "P6009");
    let start = rig
        .send(
            "POST",
            "/6.19.3/x/transaction/start",
            &[("lenslet-protocol", "1"), ("accept", "application/vnd.lenslet.rows+json")],
            r#"{"timeout":2000}"#,
        )
        .await;
    expect(&start, 400, "P6005");
    let began = Instant::now();
    let endless = raw("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n");
    let (late, full) = tokio::join!(rig.query("", &[], &endless), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let began = Instant::now();
        let full = rig.query("", &[], &users).await;
        assert!(began.elapsed() < Duration::from_millis(90), "{:?}", began.elapsed());
        full
    });
    expect(&late, 504, "P6004");
    expect(&full, 200, "P2024");
    assert!(began.elapsed() < Duration::from_secs(2));
    // The statement is not running any more: its connection is free.
    assert_eq!(rig.query("", &[], &users).await.body, ADA);
}

#[tokio::test]
async fn a_key_has_an_allowance() {
    let rig = Rig::start(|pool, folder| {
        let path = folder.path().join("pool.toml");
        make(&path, "a", Scope::default());
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, format!("[limits]\nrequests-per-second = 5\n{text}")).unwrap();
        pool.config_file(&path, Config::read(&path).unwrap(), |_| {})
    })
    .await;
    let path = rig.folder.path().join("pool.toml");
    let key = make(&path, "b", Scope::default());
    let mut answers = Vec::new();
    for _ in 0..8 {
        answers.push(rig.query(&key, &[], &users()).await);
    }
    assert!(answers[..5].iter().all(|it| it.status == 200));
    let refused = answers.iter().find(|it| it.status != 200).unwrap();
    expect(refused, 429, "P5011");
    assert_eq!(refused.header("retry-after"), "1");
}

#[tokio::test]
async fn what_changes_in_the_file_counts_from_the_next_request_on() {
    let rig = Rig::start(|pool, folder| {
        // What a flag says stays, whatever the file says.
        pool.config_file(folder.path().join("pool.toml"), Config::default(), |config| config.limits.values = 1000)
    })
    .await;
    let path = rig.folder.path().join("pool.toml");
    let minute = [("cache-control", "max-age=60")];
    let batch = |count| format!(r#"{{"batch":[{}]}}"#, vec![users(); count].join(","));
    // A request that is under way goes on under the rules that it began with.
    let slow = r#"{"modelName":"Slow","action":"findMany","query":{"arguments":{},"selection":{"count":true}}}"#;
    let (slow, ()) = tokio::join!(rig.query("", &[], slow), async {
        tokio::time::sleep(Duration::from_millis(5)).await;
        fs::write(&path, "[limits]\nbatch = 2\nvalues = 1\nquery-time = \"1ms\"").unwrap();
        assert_eq!(rig.query("", &[], &batch(2)).await.status, 200);
        expect(&rig.query("", &[], &batch(3)).await, 400, "P5000");
    });
    assert_eq!(slow.status, 200, "{slow:?}");
    for (memory, expected) in [("\"1 MiB\"", ["miss", "ttl"]), ("0", ["none", "none"]), ("\"1 MiB\"", ["miss", "ttl"])]
    {
        fs::write(&path, format!("[cache]\nmemory = {memory}")).unwrap();
        for expected in expected {
            let answer = rig.query("", &minute, &users()).await;
            assert_eq!(answer.header("accelerate-cache-status"), expected, "{memory}");
        }
        assert_eq!(rig.query("", &[], &batch(3)).await.status, 200);
    }
    fs::write(&path, "[limits]\nhttp-connections = 0").unwrap();
    let crowded = rig.query("", &[], &users()).await;
    expect(&crowded, 503, "P5006");
    assert_eq!((crowded.header("retry-after"), crowded.header("connection")), ("1", "close"));
    fs::write(&path, "").unwrap();
    assert_eq!(rig.query("", &[], &users()).await.status, 200);
}

#[tokio::test]
async fn connections_of_clients_are_counted() {
    let limits = Limits {
        http_connections: 2,
        connection_requests: NonZeroU32::new(3),
        head_size: Size(8 << 10),
        head_time: Time(Duration::from_millis(300)),
        ..Limits::default()
    };
    let rig = Rig::start(|pool, _| pool.limits(limits)).await;
    let health = async |stream: &mut TcpStream| {
        stream.write_all(b"GET /health HTTP/1.1\r\nhost: pool\r\n\r\n").await.unwrap();
        let mut said = vec![0; 1000];
        let length = stream.read(&mut said).await.unwrap();
        String::from_utf8(said[..length].to_vec()).unwrap()
    };
    let mut two = [TcpStream::connect(rig.address).await.unwrap(), TcpStream::connect(rig.address).await.unwrap()];
    for stream in &mut two {
        assert!(health(stream).await.starts_with("HTTP/1.1 200"));
    }
    let began = Instant::now();
    let full = rig.send("GET", "/health", &[], "").await;
    assert_eq!((full.status, full.body.contains("2 clients are connected")), (503, true), "{full:?}");
    assert!(began.elapsed() < Duration::from_millis(200), "{:?}", began.elapsed());
    // Whoever has a place keeps it for as many requests as it may make.
    let [first, second] = &mut two;
    assert!(!health(first).await.contains("connection: close"));
    assert!(health(first).await.contains("connection: close"));
    assert_eq!(first.read(&mut [0; 1]).await.unwrap(), 0);
    // Between requests it may stay; within a head it may not.
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(health(second).await.starts_with("HTTP/1.1 200"));
    second.write_all(b"GET /hea").await.unwrap();
    let began = Instant::now();
    assert_eq!(second.read(&mut [0; 1]).await.unwrap_or(0), 0);
    assert!((Duration::from_millis(250)..Duration::from_secs(2)).contains(&began.elapsed()), "{:?}", began.elapsed());
    let large = rig.send("GET", "/health", &[("x", &"a".repeat(9 << 10))], "").await;
    assert_eq!(large.status, 431);
    assert_eq!(rig.send("GET", "/health", &[("x", &"a".repeat(4 << 10))], "").await.status, 200);
}

#[tokio::test]
async fn answers_that_nobody_takes_fill_the_memory_and_no_more() {
    let limits = Limits { memory: Size(1 << 20), ..Limits::default() };
    let rig = Rig::start(|pool, _| pool.limits(limits)).await;
    let raw = r#"{"action":"queryRaw","query":{"arguments":{"query":"SELECT hex(zeroblob(7000000))","parameters":"[]"},"selection":{}}}"#;
    let mut deaf = TcpStream::connect(rig.address).await.unwrap();
    let head =
        "POST /1/1/graphql HTTP/1.1\r\nhost: pool\r\nlenslet-protocol: 1\r\naccept: application/vnd.lenslet.rows+json";
    deaf.write_all(format!("{head}\r\ncontent-length: {}\r\n\r\n{raw}", raw.len()).as_bytes()).await.unwrap();
    deaf.read_exact(&mut [0; 1]).await.unwrap();
    let refused = rig.query("", &[], &users()).await;
    expect(&refused, 429, "P5011");
    assert_eq!(refused.header("retry-after"), "2");
    drop(deaf);
    while rig.query("", &[], &users()).await.status == 429 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(rig.query("", &[], &users()).await.body, ADA);
    assert!(rig.query("", &[], raw).await.body.len() > 14_000_000);
    assert_eq!(rig.query("", &[], &users()).await.body, ADA);
}

#[tokio::test]
async fn a_transaction_has_savepoints() {
    let rig = Rig::start(|pool, _| pool.keys(Keys::single("k", Scope::everything()))).await;
    let own =
        [("authorization", "Bearer k"), ("accept", "application/vnd.lenslet.rows+json"), ("lenslet-protocol", "1")];
    let post = async |path: &str, body: &str| rig.send("POST", path, &own, body).await;
    let begin = async |path: &str| {
        let begun = post(&format!("{path}/transaction/start"), "{}").await;
        let json: serde_json::Value = serde_json::from_str(&begun.body).unwrap();
        let endpoint = json["data-proxy"]["endpoint"].as_str().unwrap_or_default().to_owned();
        (begun, endpoint.strip_prefix("http://pool").unwrap_or_default().to_owned())
    };
    let create =
        |email: &str| find("User", "createOne", &format!(r#"{{"data":{{"email":"{email}"}}}}"#), r#"{"id":true}"#);
    let (_, outer) = begin("/1/1").await;
    let (_, kept) = begin(&outer).await;
    assert_eq!(post(&format!("{kept}/graphql"), &create("kept")).await.status, 200);
    let (_, undone) = begin(&kept).await;
    assert_eq!(post(&format!("{undone}/graphql"), &create("undone")).await.status, 200);
    assert_eq!(post(&format!("{undone}/rollback"), "").await.status, 200);
    assert!(post(&format!("{undone}/graphql"), &users()).await.body.contains("P2028"));
    assert_eq!(post(&format!("{kept}/commit"), "").await.status, 200);
    // What is left open ends with what it is in.
    let (_, open) = begin(&outer).await;
    assert_eq!(post(&format!("{outer}/commit"), "").await.status, 200);
    assert!(post(&format!("{open}/graphql"), &create("late")).await.body.contains("P2028"));
    assert!(post(&format!("{open}/transaction/start"), "{}").await.body.contains("P2028"));
    let emails = rig.query("k", &[], &find("User", "findMany", "{}", r#"{"email":true}"#)).await.body;
    assert!(emails.contains("kept") && !emails.contains("undone") && !emails.contains("late"), "{emails}");
    // They are inside of each other as deep as the pool lets them.
    let (_, mut deep) = begin("/1/1").await;
    let mut levels = 0;
    let refused = loop {
        let (answer, next) = begin(&deep).await;
        if next.is_empty() {
            break answer;
        }
        (deep, levels) = (next, levels + 1);
    };
    assert!(refused.body.contains("P2028") && levels == 64, "{levels}: {refused:?}");
    // A transaction of another pool is not one that has ended.
    let strange = post("/1/1/itx/0123456789abcdef0123456789abcdef/commit", "").await;
    expect(&strange, 404, "P2028");
}

#[tokio::test]
async fn answers_are_kept_as_their_client_allows() {
    let rig = Rig::start(|pool, _| pool).await;
    let check = async |headers: &[(&str, &str)], body: &str, expected: &str| {
        let answer = rig.query("", headers, body).await;
        assert_eq!((answer.status, answer.header("accelerate-cache-status")), (200, expected), "{answer:?}");
        assert_eq!(answer.header("last-modified").is_empty(), expected == "none");
        answer.body
    };
    let minute = [("cache-control", "max-age=60"), ("accelerate-cache-tags", "users,all")];
    let create =
        |email: &str| find("User", "createOne", &format!(r#"{{"data":{{"email":"{email}"}}}}"#), r#"{"id":true}"#);
    check(&[], &users(), "none").await;
    check(&minute, &users(), "miss").await;
    // A write is never kept, and done each time.
    check(&minute, &create("b@example.com"), "none").await;
    check(&minute, &create("c@example.com"), "none").await;
    assert_eq!(check(&minute, &users(), "ttl").await, ADA);
    assert!(check(&[("cache-control", "no-cache")], &users(), "none").await.contains("c@example.com"));
    for (tags, expected) in [(r#"["posts"]"#, "ttl"), (r#"["users","posts"]"#, "miss"), (r#""all""#, "miss")] {
        let invalidated = rig.send("POST", "/invalidate", &[], &format!(r#"{{"tags":{tags}}}"#)).await;
        assert_eq!(invalidated.status, 200);
        check(&minute, &users(), expected).await;
    }
    let ray = rig.query("", &[("x-request-id", "abc.1")], &users()).await;
    assert_eq!((ray.header("cf-ray"), ray.header("x-request-id")), ("abc.1-local", "abc.1"));
    // An error is not kept.
    let missing = find("User", "findUniqueOrThrow", r#"{"where":{"id":77}}"#, r#"{"id":true}"#);
    for _ in 0..2 {
        let answer = rig.query("", &minute, &missing).await;
        assert!(answer.body.contains("P2025") && answer.header("accelerate-cache-status") == "none", "{answer:?}");
    }
}

/// A certificate for `localhost`, in files.
fn certificate(certificate: &Path, key: &Path) -> CertificateDer<'static> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    fs::write(certificate, made.cert.pem()).unwrap();
    fs::write(key, made.signing_key.serialize_pem()).unwrap();
    made.cert.der().clone()
}

#[tokio::test]
async fn a_new_certificate_is_taken_over() {
    let folder = tempfile::tempdir().unwrap();
    let (pem, key) = (folder.path().join("pool.pem"), folder.path().join("pool.key"));
    let first = certificate(&pem, &key);
    let rig = Rig::start(|pool, _| pool.tls(TlsConfig::from_files(&pem, &key).unwrap())).await;
    let trusts = async |certificate: &CertificateDer<'static>| {
        let mut roots = RootCertStore::empty();
        roots.add(certificate.clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let config = config.with_root_certificates(roots).with_no_client_auth();
        let stream = TcpStream::connect(rig.address).await.unwrap();
        let connector = TlsConnector::from(Arc::new(config));
        match connector.connect("localhost".try_into().unwrap(), stream).await {
            Ok(stream) => exchange(stream, "GET", "/health", &[], "").await.status == 200,
            Err(_) => false,
        }
    };
    assert!(trusts(&first).await);
    let second = certificate(&pem, &key);
    assert!(!trusts(&first).await);
    assert!(trusts(&second).await);
    // Half of a change, or a wrong one, changes nothing.
    fs::write(&pem, "nonsense").unwrap();
    assert!(trusts(&second).await);
    let third = certificate(&pem, &key);
    assert!(trusts(&third).await);
}

#[tokio::test]
async fn a_pool_says_how_it_is() {
    let rig = Rig::start(|pool, _| pool.keys(Keys::single("k", Scope::default()))).await;
    for path in ["/health", "/ready"] {
        assert_eq!(rig.send("GET", path, &[], "").await.status, 200, "{path}");
        assert_eq!(rig.send("POST", path, &[], "").await.status, 405, "{path}");
    }
    assert_eq!(rig.send("GET", "/metrics", &[], "").await.status, 401);
    let elsewhere = rig.send("GET", "/metrics", &[("authorization", "Bearer k")], "").await;
    assert_eq!(elsewhere.status, 404, "nobody has asked for numbers: {elsewhere:?}");
}

#[tokio::test]
async fn a_pool_without_its_database_is_alive_and_not_ready() {
    // A port that nobody listens on any more.
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let mut catalog = catalog();
    catalog.provider = lenslet_core::catalog::Provider::Postgresql;
    let pool = Pool::builder(Schema::new(catalog, |_| Err(String::new())));
    let pool = pool.build(&format!("postgresql://u:secret@{closed}/d")).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(pool.serve(listener, std::future::pending()));
    let ask = async |path: &str| exchange(TcpStream::connect(address).await.unwrap(), "GET", path, &[], "").await;
    assert_eq!(ask("/health").await.status, 200);
    let not_ready = ask("/ready").await;
    assert_eq!((not_ready.status, not_ready.body.as_str()), (503, "P1001\n"));
}
