//! Histories of migrations on a real SQLite: applied, looked at, broken, set right.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use codegen_tests::schema_conformance::folder;
use lenslet::{Sources, check};
use lenslet_core::catalog::Provider;
use lenslet_migrate::history::{self, Migration, deploy, mark_applied, mark_rolled_back, status};
use lenslet_migrate::{Database, Error, Scratch, describe, diff};
use lenslet_sql::ddl::{Dialect, script};
use rusqlite::Connection;
use std::thread;
use tempfile::TempDir;

/// A database that does not exist yet.
fn nowhere() -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("file:{}", folder.path().join("test.db").display());
    (folder, url)
}

fn open(url: &str) -> Connection {
    Connection::open(url.strip_prefix("file:").unwrap()).unwrap()
}

fn migration(name: &str, script: &str) -> Migration {
    Migration::new(name, script)
}

/// Every record: name, finished, rolled back, steps.
fn records(url: &str) -> Vec<String> {
    let connection = open(url);
    let sql = "SELECT migration_name || ' ' || CASE WHEN rolled_back_at IS NOT NULL THEN 'rolled back'
               WHEN finished_at IS NOT NULL THEN 'applied' ELSE 'failed' END FROM _prisma_migrations ORDER BY rowid";
    let mut statement = connection.prepare(sql).unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

#[test]
fn real_histories_are_deployed() {
    for name in ["spacedrive", "teable-sqlite"] {
        let migrations = history::read(&folder().join("../migrations").join(name), Provider::Sqlite).unwrap();
        if migrations.is_empty() {
            eprintln!("{name}: not present, skipped");
            continue;
        }
        let (_folder, url) = nowhere();
        assert_eq!(status(&url, &migrations).unwrap().pending.len(), migrations.len());
        let deployed = deploy(&url, &migrations).unwrap();
        assert!(deployed.created_database);
        assert_eq!(deployed.applied.len(), migrations.len());
        assert!(status(&url, &migrations).unwrap().is_clean());
        assert!(deploy(&url, &migrations).unwrap().applied.is_empty());

        let schema = std::fs::read(folder().join("../schemas").join(format!("{name}.prisma"))).unwrap();
        let schema = check(&Sources::single(name, String::from_utf8(schema).unwrap())).schema.unwrap();
        let target = describe(&schema.catalog).unwrap();
        let mut scratch = Database::scratch(Scratch::Memory).unwrap();
        let structure = history::structure(&mut scratch, &migrations, &[]).unwrap();
        for found in [Database::open(&url).unwrap().describe(&[]).unwrap(), structure] {
            let left = diff(Dialect::Sqlite, &found, &target);
            assert!(left.is_empty(), "{name}: {}", script(Dialect::Sqlite, &left.changes));
        }
    }
}

#[test]
fn other_databases_histories_are_refused() {
    let folder = folder().join("../migrations/boxyhq-saas");
    if folder.is_dir() {
        let refused = history::read(&folder, Provider::Sqlite).unwrap_err();
        assert_eq!(refused.code(), Some("P3019"));
    }
}

#[test]
fn a_failed_migration_leaves_nothing_and_can_be_corrected() {
    let (_folder, url) = nowhere();
    let first = migration("1_first", "CREATE TABLE a (id INTEGER PRIMARY KEY);");
    let wrong = migration("2_second", "CREATE TABLE b (id INTEGER); INSERT INTO nowhere VALUES (1);");
    let error = deploy(&url, &[first.clone(), wrong]).unwrap_err();
    assert_eq!(
        (error.code(), records(&url)),
        (Some("P3018"), vec!["1_first applied".into(), "2_second rolled back".into()])
    );
    assert_eq!(Database::open(&url).unwrap().describe(&[]).unwrap().tables.len(), 1);

    let right = migration("2_second", "CREATE TABLE b (id INTEGER); INSERT INTO b VALUES (1);");
    assert_eq!(deploy(&url, &[first, right]).unwrap().applied, ["2_second"]);
}

#[test]
fn a_half_applied_migration_stops_everything_until_it_is_resolved() {
    let (_folder, url) = nowhere();
    let wrong = [migration(
        "1_loose",
        "BEGIN; CREATE TABLE a (id INTEGER); COMMIT; BEGIN; INSERT INTO nowhere VALUES (1); COMMIT;",
    )];
    assert_eq!(deploy(&url, &wrong).unwrap_err().code(), Some("P3018"));
    assert_eq!(records(&url), ["1_loose failed"]);
    let again = deploy(&url, &wrong).unwrap_err();
    assert_eq!(again.code(), Some("P3009"));
    assert!(again.to_string().contains("no such table: nowhere"), "{again}");
    assert_eq!(status(&url, &wrong).unwrap().failed.len(), 1);

    mark_rolled_back(&url, "1_loose").unwrap();
    assert_eq!(mark_rolled_back(&url, "1_loose").unwrap_err().code(), Some("P3012"));
    assert_eq!(mark_rolled_back(&url, "2_other").unwrap_err().code(), Some("P3011"));
    mark_applied(&url, &wrong, "1_loose").unwrap();
    assert_eq!(mark_applied(&url, &wrong, "1_loose").unwrap_err().code(), Some("P3008"));
    assert_eq!(mark_applied(&url, &wrong, "2_other").unwrap_err().code(), Some("P3017"));
    assert!(status(&url, &wrong).unwrap().is_clean());
}

#[test]
fn a_database_without_a_history_has_to_be_marked() {
    let (_folder, url) = nowhere();
    open(&url).execute_batch("CREATE TABLE a (id INTEGER)").unwrap();
    let migrations =
        [migration("1_first", "CREATE TABLE a (id INTEGER);"), migration("2_second", "CREATE TABLE b (id INTEGER);")];
    assert_eq!(deploy(&url, &migrations).unwrap_err().code(), Some("P3005"));
    mark_applied(&url, &migrations, "1_first").unwrap();
    assert_eq!(deploy(&url, &migrations).unwrap().applied, ["2_second"]);
}

#[test]
fn edited_and_missing_migrations_are_named() {
    let (_folder, url) = nowhere();
    let [first, second] = [migration("1_first", "SELECT 1;\n"), migration("2_second", "SELECT 2;\n")];
    deploy(&url, &[first.clone(), second]).unwrap();
    let other_line_endings = migration("1_first", "SELECT 1;\r\n");
    let looked_at = status(&url, &[other_line_endings]).unwrap();
    assert_eq!((looked_at.edited.len(), looked_at.missing), (0, vec!["2_second".to_owned()]));
    let edited = status(&url, &[migration("1_first", "SELECT 3;\n")]).unwrap();
    assert_eq!(edited.edited, ["1_first"]);
}

#[test]
fn many_deploy_at_once() {
    let (_folder, url) = nowhere();
    let migrations: Vec<_> = (10..30)
        .map(|at| {
            migration(&format!("{at}_step"), &format!("CREATE TABLE t{at} (id INTEGER); INSERT INTO t{at} VALUES (1);"))
        })
        .collect();
    let applied: usize = thread::scope(|scope| {
        let all: Vec<_> = (0..4).map(|_| scope.spawn(|| deploy(&url, &migrations).unwrap().applied.len())).collect();
        all.into_iter().map(|it| it.join().unwrap()).sum()
    });
    assert_eq!(applied, migrations.len());
    assert!(status(&url, &migrations).unwrap().is_clean());
}

#[test]
fn cascades_work_unless_the_script_turns_them_off() {
    let (_folder, url) = nowhere();
    let tables =
        "CREATE TABLE a (id INTEGER PRIMARY KEY); CREATE TABLE b (a INTEGER REFERENCES a (id) ON DELETE CASCADE);
                  INSERT INTO a VALUES (1), (2); INSERT INTO b VALUES (1), (2);";
    let delete = "DELETE FROM a WHERE id = 1;";
    let off = "PRAGMA foreign_keys=OFF; DELETE FROM a WHERE id = 2; PRAGMA foreign_keys=ON;";
    let migrations = [migration("1", tables), migration("2", delete), migration("3", off)];
    let error = deploy(&url, &migrations).unwrap_err();
    assert!(matches!(&error, Error::ForeignKeys { table, rows: 1, .. } if table == "b"), "{error}");
    let left: Vec<i64> = open(&url)
        .prepare("SELECT a FROM b")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(left, [2]);
}
