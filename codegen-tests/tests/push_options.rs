//! What a push does besides comparing: makes files, starts anew, refuses what it cannot do.
#![allow(clippy::unwrap_used)]

use lenslet::{Sources, check};
use lenslet_core::catalog::Catalog;
use lenslet_migrate::{Database, PushOptions, Scratch, push};
use rusqlite::Connection;
use std::io::Write as _;
use tempfile::TempDir;

fn catalog(provider: &str) -> Catalog {
    let text =
        format!("datasource db {{\n  provider = \"{provider}\"\n}}\nmodel User {{\n  id Int @id\n  name String\n}}\n");
    check(&Sources::single("schema.prisma", text)).schema.unwrap().catalog
}

fn url(folder: &TempDir) -> String {
    format!("file:{}", folder.path().join("dev db.sqlite").display())
}

fn open(url: &str) -> Connection {
    Connection::open(url.strip_prefix("file:").unwrap()).unwrap()
}

const PLAIN: PushOptions = PushOptions { accept_data_loss: false, force_reset: false };

#[test]
fn a_file_is_made_once() {
    let folder = tempfile::tempdir().unwrap();
    let first = push(&url(&folder), &catalog("sqlite"), PLAIN).unwrap();
    assert!(first.created_database && !first.was_in_sync());
    let second = push(&url(&folder), &catalog("sqlite"), PLAIN).unwrap();
    assert!(!second.created_database && second.was_in_sync());
}

#[test]
fn many_push_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let (url, catalog) = (url(&folder), catalog("sqlite"));
    let changed = std::thread::scope(|scope| {
        let all: Vec<_> = (0..4).map(|_| scope.spawn(|| push(&url, &catalog, PLAIN).unwrap())).collect();
        all.into_iter().filter_map(|it| (!it.join().unwrap().was_in_sync()).then_some(())).count()
    });
    assert_eq!(changed, 1);
}

#[test]
fn a_reset_leaves_only_the_schema() {
    let folder = tempfile::tempdir().unwrap();
    let url = url(&folder);
    push(&url, &catalog("sqlite"), PLAIN).unwrap();
    let made_by_hand = "INSERT INTO \"User\" VALUES (1, 'Ada'); CREATE TABLE _prisma_migrations (id TEXT);
        CREATE TABLE child (u INTEGER REFERENCES \"User\" (id)); INSERT INTO child VALUES (1);
        CREATE VIEW v AS SELECT * FROM \"User\"; CREATE VIRTUAL TABLE words USING fts5(word);";
    open(&url).execute_batch(made_by_hand).unwrap();
    push(&url, &catalog("sqlite"), PushOptions { force_reset: true, ..PLAIN }).unwrap();
    let connection = open(&url);
    let names = "SELECT group_concat(name) FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'";
    assert_eq!(connection.query_row(names, [], |row| row.get::<_, String>(0)).unwrap(), "User");
    let rows = "SELECT count(*) FROM \"User\"";
    assert_eq!(connection.query_row(rows, [], |row| row.get::<_, i64>(0)).unwrap(), 0);
}

#[test]
fn what_cannot_be_done_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let cockroachdb = push("postgresql://localhost/x", &catalog("cockroachdb"), PLAIN).unwrap_err();
    assert!(cockroachdb.to_string().starts_with("not yet: changing the structure of a cockroachdb database"));
    let other_url = push("mysql://localhost/x", &catalog("sqlite"), PLAIN).unwrap_err();
    assert_eq!(other_url.code(), Some("P1013"));
    let nowhere = push(&format!("file:{}/none/x.db", folder.path().display()), &catalog("sqlite"), PLAIN).unwrap_err();
    assert_eq!(nowhere.code(), Some("P1003"));
    let file = folder.path().join("text.db");
    std::fs::File::create(&file).unwrap().write_all(&b"not a database ".repeat(99)).unwrap();
    let text = push(&format!("file:{}", file.display()), &catalog("sqlite"), PLAIN).unwrap_err();
    assert_eq!(text.to_string(), "the database failed: file is not a database; correct the URL, or delete the file");
}

#[test]
fn rows_that_referred_to_nothing_before_stop_nothing() {
    let mut database = Database::scratch(Scratch::Memory).unwrap();
    let broken = "PRAGMA foreign_keys = OFF; CREATE TABLE \"Odd\" (a INTEGER REFERENCES nowhere (id)); INSERT INTO \"Odd\" VALUES (1);";
    database.run(broken).unwrap();
    let accept = PushOptions { accept_data_loss: true, ..PLAIN };
    database.push(&catalog("sqlite"), accept).unwrap();
}
