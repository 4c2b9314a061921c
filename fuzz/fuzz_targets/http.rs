//! No bytes make a pool panic, whatever of HTTP they are, and every answer is one of HTTP.
//!
//! Time stands still while there is something to do, and jumps to the next deadline when there is not: a connection over
//! which nothing comes any more is closed at once.
//!
//! `cargo +nightly fuzz run http`
#![no_main]

use lenslet::{Sources, check};
use lenslet_pool::{Pool, Schema};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, duplex},
    runtime::Builder,
};

const SCHEMA: &str = r#"
datasource db {
  provider = "sqlite"
  url      = "file:fuzz.db"
}

model Entry {
  id     Int     @id @default(autoincrement())
  text   String?
  parent Int?
  above  Entry?  @relation("tree", fields: [parent], references: [id])
  below  Entry[] @relation("tree")
}
"#;
const TABLE: &str = r#"{"action":"executeRaw","query":{"arguments":{"query":"CREATE TABLE Entry (id INTEGER PRIMARY KEY, text TEXT, parent INTEGER)","parameters":"[]"},"selection":{}}}"#;

static FOLDER: LazyLock<TempDir> = LazyLock::new(|| TempDir::new().expect("a folder"));
static POOL: LazyLock<Pool> = LazyLock::new(|| {
    let catalog = check(&Sources::single("schema.prisma", SCHEMA)).schema.expect("the schema is accepted").catalog;
    let url = format!("file:{}", FOLDER.path().join("fuzz.db").display());
    let schema = Schema::new(catalog, |_| Err(String::from("another schema")));
    let pool = Pool::builder(schema).any_schema(true).build(&url).expect("a pool");
    let table = format!("POST /6.0.0/x/graphql HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n{TABLE}", TABLE.len());
    said(&pool, table.as_bytes());
    pool
});

fn said(pool: &Pool, bytes: &[u8]) -> Vec<u8> {
    let runtime = Builder::new_current_thread().enable_all().start_paused(true).build().expect("a runtime");
    runtime.block_on(async {
        let (mut client, server) = duplex(1 << 20);
        let sending = async {
            // The pool may close before all is sent.
            let _ = client.write_all(bytes).await;
            let mut said = Vec::new();
            let _ = client.read_to_end(&mut said).await;
            said
        };
        tokio::join!(pool.serve_connection(server), sending).1
    })
}

fuzz_target!(|bytes: &[u8]| {
    let said = said(&POOL, bytes);
    let is_http2 = bytes.starts_with(b"PRI");
    assert!(is_http2 || said.is_empty() || said.starts_with(b"HTTP/1."), "{}", String::from_utf8_lossy(&said));
});
