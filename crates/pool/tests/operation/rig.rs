//! A pool in front of a SQLite file, and a client of it.
#![allow(dead_code, reason = "each test program uses a part")]

use lenslet_core::{
    catalog::Catalog,
    engine::Engine as _,
    query::{Action, Query, Raw},
};
use lenslet_pool::{Builder, Pool, Schema};
use std::{collections::BTreeMap, net::SocketAddr};
use tempfile::TempDir;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

pub(crate) const SCHEMA: &str = r#"
datasource db {
  provider = "sqlite"
  url      = "file:test.db"
}

model User {
  id    Int    @id @default(autoincrement())
  email String @unique
  posts Post[]
}

model Post {
  id       Int    @id @default(autoincrement())
  title    String
  authorId Int
  author   User   @relation(fields: [authorId], references: [id])
}

/// A view that takes a while.
model Slow {
  id    Int @id
  count Int
}
"#;
const TABLES: [&str; 5] = [
    "CREATE TABLE User (id INTEGER PRIMARY KEY AUTOINCREMENT, email TEXT NOT NULL UNIQUE)",
    "CREATE TABLE Post (id INTEGER PRIMARY KEY AUTOINCREMENT, title TEXT NOT NULL, authorId INTEGER NOT NULL)",
    "INSERT INTO User (email) VALUES ('ada@example.com')",
    "INSERT INTO Post (title, authorId) VALUES ('Notes', 1)",
    "CREATE VIEW Slow AS WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) \
     SELECT 1 AS id, count(*) AS count FROM n",
];

pub(crate) struct Rig {
    pub(crate) folder: TempDir,
    pub(crate) address: SocketAddr,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

impl Rig {
    /// A pool that lives as long as the runtime of the test.
    pub(crate) async fn start(configure: impl FnOnce(Builder, &TempDir) -> Builder) -> Rig {
        let folder = TempDir::new().unwrap();
        let schema = Schema::new(catalog(), |_| Err("no other schema is read".into()));
        let url = format!("file:{}", folder.path().join("test.db").display());
        let pool = configure(Pool::builder(schema), &folder).build(&url).unwrap();
        for text in TABLES {
            let raw = Raw { text: text.into(), braces: false, parameters: Vec::new() };
            pool.engine().execute(Query::new(Query::RAW, Action::ExecuteRaw(Box::new(raw)))).await.unwrap();
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(pool.serve(listener, std::future::pending()));
        Rig { folder, address }
    }

    /// What a request with these headers is answered.
    pub(crate) async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        exchange(TcpStream::connect(self.address).await.unwrap(), method, path, headers, body).await
    }

    /// A query by Lenslet's own client.
    pub(crate) async fn query(&self, key: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let bearer = format!("Bearer {key}");
        let own = [
            ("authorization", bearer.as_str()),
            ("accept", "application/vnd.lenslet.rows+json"),
            ("lenslet-protocol", "1"),
        ];
        self.send("POST", "/1/1/graphql", &[&own, headers].concat(), body).await
    }
}

pub(crate) fn catalog() -> Catalog {
    lenslet::check(&lenslet::Sources::single("schema.prisma", SCHEMA)).schema.unwrap().catalog
}

pub(crate) async fn exchange(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Answer {
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: pool\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n{body}"
    );
    // A pool that refuses need not read all of it.
    let _ = stream.write_all(request.as_bytes()).await;
    let mut said = Vec::new();
    let _ = stream.read_to_end(&mut said).await;
    let said = String::from_utf8(said).unwrap();
    let (head, body) = said.split_once("\r\n\r\n").unwrap_or((&said, ""));
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|it| it.parse().ok()).unwrap_or(0);
    let headers = lines.filter_map(|line| line.split_once(": ")).map(|(name, value)| (name.into(), value.into()));
    Answer { status, headers: headers.collect(), body: body.to_owned() }
}

/// A query for a model.
pub(crate) fn find(model: &str, action: &str, arguments: &str, selection: &str) -> String {
    format!(
        r#"{{"modelName":"{model}","action":"{action}","query":{{"arguments":{arguments},"selection":{selection}}}}}"#
    )
}

/// Every user.
pub(crate) fn users() -> String {
    find("User", "findMany", "{}", r#"{"email":true}"#)
}

pub(crate) const ADA: &str = r#"[["ada@example.com"]]"#;
