//! Histories of migrations on real databases: applied, looked at, broken, set right.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use codegen_tests::conformance_migrations::schema;
use codegen_tests::postgresql_server::Server;
use codegen_tests::schema_conformance::folder;
use lenslet_core::catalog::Provider;
use lenslet_migrate::history::{self, Migration, deploy, mark_applied, mark_rolled_back, status};
use lenslet_migrate::{Database, Error, RecordState, Scratch, describe, diff};
use lenslet_sql::ddl::script;
use std::thread;

/// Runs a test on every kind of database, with the URL of one that does not exist yet.
fn each(test: impl Fn(&str)) {
    test_on_sqlite(&test);
    if let Some(server) = Server::start().unwrap() {
        test(&server.url("test", ""));
    }
}

fn test_on_sqlite(test: impl Fn(&str)) {
    let folder = tempfile::tempdir().unwrap();
    test(&format!("file:{}", folder.path().join("test.db").display()));
}

fn open(url: &str) -> Database {
    Database::open(url).unwrap()
}

fn tables(url: &str) -> usize {
    open(url).describe(&[]).unwrap().tables.len()
}

fn migration(name: &str, script: &str) -> Migration {
    Migration::new(name, script)
}

/// Every record: name, and how it ended.
fn records(url: &str) -> Vec<String> {
    let state = |state| match state {
        RecordState::Applied => "applied",
        RecordState::Failed => "failed",
        RecordState::RolledBack => "rolled back",
    };
    let records = open(url).records().unwrap().unwrap();
    records.iter().map(|it| format!("{} {}", it.name, state(it.state))).collect()
}

#[test]
fn real_histories_are_deployed() {
    test_on_sqlite(|url| deploy_real("teable-sqlite", Provider::Sqlite, url));
    if let Some(server) = Server::start().unwrap() {
        deploy_real("spliit", Provider::Postgresql, &server.url("test", ""));
        let left = "SELECT count(*) FROM pg_database WHERE datname LIKE 'lenslet_shadow_%'";
        assert_eq!(open(&server.url("postgres", "")).rows(left).unwrap(), [[Some("0".to_owned())]]);
    }
}

fn deploy_real(name: &str, provider: Provider, url: &str) {
    let migrations = history::read(&folder().join("../migrations").join(name), provider).unwrap();
    if migrations.is_empty() {
        eprintln!("{name}: not present, skipped");
        return;
    }
    assert_eq!(status(url, &migrations).unwrap().pending.len(), migrations.len());
    let deployed = deploy(url, &migrations).unwrap();
    assert!(deployed.created_database);
    assert_eq!(deployed.applied.len(), migrations.len());
    assert!(status(url, &migrations).unwrap().is_clean());
    assert!(deploy(url, &migrations).unwrap().applied.is_empty());

    let target = describe(&schema(name).unwrap()).unwrap();
    let mut scratch = Database::scratch(Scratch::Beside(url)).unwrap();
    let structure = history::structure(&mut scratch, &migrations, &[]).unwrap();
    for found in [open(url).describe(&[]).unwrap(), structure] {
        let left = diff(scratch.dialect(), &found, &target);
        assert!(left.is_empty(), "{name}: {}", script(scratch.dialect(), &left.changes));
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
    each(|url| {
        let first = migration("1_first", "CREATE TABLE a (id INTEGER PRIMARY KEY);");
        let wrong = migration("2_second", "CREATE TABLE b (id INTEGER); INSERT INTO nowhere VALUES (1);");
        let error = deploy(url, &[first.clone(), wrong]).unwrap_err();
        assert_eq!(
            (error.code(), records(url)),
            (Some("P3018"), vec!["1_first applied".into(), "2_second rolled back".into()])
        );
        assert_eq!(tables(url), 1);

        let right = migration("2_second", "CREATE TABLE b (id INTEGER); INSERT INTO b VALUES (1);");
        assert_eq!(deploy(url, &[first, right]).unwrap().applied, ["2_second"]);
    });
}

#[test]
fn a_half_applied_migration_stops_everything_until_it_is_resolved() {
    each(|url| {
        let wrong = [migration(
            "1_loose",
            "BEGIN; CREATE TABLE a (id INTEGER); COMMIT; BEGIN; INSERT INTO nowhere VALUES (1); COMMIT;",
        )];
        assert_eq!(deploy(url, &wrong).unwrap_err().code(), Some("P3018"));
        assert_eq!(records(url), ["1_loose failed"]);
        let again = deploy(url, &wrong).unwrap_err();
        assert_eq!(again.code(), Some("P3009"));
        assert!(again.to_string().contains("nowhere"), "{again}");
        assert_eq!(status(url, &wrong).unwrap().failed.len(), 1);

        mark_rolled_back(url, "1_loose").unwrap();
        assert_eq!(mark_rolled_back(url, "1_loose").unwrap_err().code(), Some("P3012"));
        assert_eq!(mark_rolled_back(url, "2_other").unwrap_err().code(), Some("P3011"));
        mark_applied(url, &wrong, "1_loose").unwrap();
        assert_eq!(mark_applied(url, &wrong, "1_loose").unwrap_err().code(), Some("P3008"));
        assert_eq!(mark_applied(url, &wrong, "2_other").unwrap_err().code(), Some("P3017"));
        assert!(status(url, &wrong).unwrap().is_clean());
    });
}

#[test]
fn a_database_without_a_history_has_to_be_marked() {
    each(|url| {
        Database::create(url).unwrap().0.run("CREATE TABLE a (id INTEGER)").unwrap();
        let migrations = [
            migration("1_first", "CREATE TABLE a (id INTEGER);"),
            migration("2_second", "CREATE TABLE b (id INTEGER);"),
        ];
        assert_eq!(deploy(url, &migrations).unwrap_err().code(), Some("P3005"));
        mark_applied(url, &migrations, "1_first").unwrap();
        assert_eq!(deploy(url, &migrations).unwrap().applied, ["2_second"]);
    });
}

#[test]
fn edited_and_missing_migrations_are_named() {
    each(|url| {
        let [first, second] = [migration("1_first", "SELECT 1;\n"), migration("2_second", "SELECT 2;\n")];
        deploy(url, &[first.clone(), second]).unwrap();
        let other_line_endings = migration("1_first", "SELECT 1;\r\n");
        let looked_at = status(url, &[other_line_endings]).unwrap();
        assert_eq!((looked_at.edited.len(), looked_at.missing), (0, vec!["2_second".to_owned()]));
        let edited = status(url, &[migration("1_first", "SELECT 3;\n")]).unwrap();
        assert_eq!(edited.edited, ["1_first"]);
    });
}

#[test]
fn many_deploy_at_once() {
    each(|url| {
        let migrations: Vec<_> = (10..30)
            .map(|at| {
                migration(
                    &format!("{at}_step"),
                    &format!("CREATE TABLE t{at} (id INTEGER); INSERT INTO t{at} VALUES (1);"),
                )
            })
            .collect();
        let applied: usize = thread::scope(|scope| {
            let all: Vec<_> = (0..4).map(|_| scope.spawn(|| deploy(url, &migrations).unwrap().applied.len())).collect();
            all.into_iter().map(|it| it.join().unwrap()).sum()
        });
        assert_eq!(applied, migrations.len());
        assert!(status(url, &migrations).unwrap().is_clean());
    });
}

#[test]
fn cascades_work_unless_the_script_turns_them_off() {
    test_on_sqlite(|url| {
        let tables =
            "CREATE TABLE a (id INTEGER PRIMARY KEY); CREATE TABLE b (a INTEGER REFERENCES a (id) ON DELETE CASCADE);
                  INSERT INTO a VALUES (1), (2); INSERT INTO b VALUES (1), (2);";
        let delete = "DELETE FROM a WHERE id = 1;";
        let off = "PRAGMA foreign_keys=OFF; DELETE FROM a WHERE id = 2; PRAGMA foreign_keys=ON;";
        let migrations = [migration("1", tables), migration("2", delete), migration("3", off)];
        let error = deploy(url, &migrations).unwrap_err();
        assert!(matches!(&error, Error::ForeignKeys { table, rows: 1, .. } if table == "b"), "{error}");
        assert_eq!(open(url).rows("SELECT a FROM b").unwrap(), [[Some("2".to_owned())]]);
    });
}

#[test]
fn what_must_stand_alone_stands_alone() {
    let Some(server) = Server::start().unwrap() else {
        return;
    };
    let url = &server.url("test", "");
    let alone = "CREATE TABLE a (id INTEGER); CREATE INDEX CONCURRENTLY i ON a (id); -- both\nCREATE INDEX CONCURRENTLY j ON a (id)";
    let value = "CREATE TYPE k AS ENUM ('A'); CREATE TABLE b (k k);";
    let used = "ALTER TYPE k ADD VALUE 'B'; INSERT INTO b VALUES ('B');";
    let bodies = "CREATE FUNCTION f() RETURNS trigger AS $$ BEGIN RETURN NEW; END; $$ LANGUAGE plpgsql; SELECT 1;";
    let migrations =
        [("1", alone), ("2", value), ("3", used), ("4", bodies)].map(|(name, script)| migration(name, script));
    assert_eq!(deploy(url, &migrations).unwrap().applied.len(), 4);
    assert_eq!(
        open(url).rows("SELECT count(*) FROM pg_indexes WHERE tablename = 'a'").unwrap(),
        [[Some("2".to_owned())]]
    );
}

#[test]
fn scripts_leave_nothing_behind() {
    let Some(server) = Server::start().unwrap() else {
        return;
    };
    let url = &server.url("test", "schema=own");
    let settings = "CREATE SCHEMA other; SET search_path TO other; SET default_transaction_read_only = off; CREATE TABLE a (id INTEGER);";
    let open_ended = "BEGIN; CREATE TABLE never (id INTEGER);";
    let migrations =
        [("1", settings), ("2", "CREATE TABLE b (id INTEGER);")].map(|(name, script)| migration(name, script));
    assert_eq!(deploy(url, &migrations).unwrap().applied.len(), 2);
    let tables = "SELECT schemaname || '.' || tablename FROM pg_tables WHERE schemaname IN ('own', 'other') ORDER BY 1";
    let tables: Vec<_> = open(url).rows(tables).unwrap().into_iter().flatten().flatten().collect();
    assert_eq!(tables, ["other.a", "own._prisma_migrations", "own.b"]);

    let error = deploy(url, &[&migrations[..], &[migration("3", open_ended)]].concat()).unwrap_err();
    assert!(error.to_string().contains("begins a transaction and does not commit it"), "{error}");
    assert_eq!(records(url), ["1 applied", "2 applied", "3 failed"]);
}

#[test]
fn errors_say_where_and_what_to_do() {
    let Some(server) = Server::start().unwrap() else {
        return;
    };
    let url = &server.url("test", "");
    let wrong = migration("1_wrong", "CREATE TABLE a (id INTEGER);\n\nCREATE TABLE b (id INTEGR);");
    assert_eq!(
        deploy(url, &[wrong]).unwrap_err().to_string(),
        "the migration `1_wrong` failed at line 3: type \"integr\" does not exist (42704)\n\
         nothing of it is left in the database: correct its script and deploy again"
    );
    let missing = Database::open(&server.url("none", "")).err().unwrap();
    assert_eq!(
        (missing.code(), missing.to_string()),
        (Some("P1003"), "the database `none` does not exist; create it, or correct the URL".into())
    );
    let bounced = Database::create(&server.url("test", "pgbouncer=true")).err().unwrap().to_string();
    assert!(
        bounced.ends_with("use the URL of the database itself (`directUrl` in the schema, or DIRECT_URL)"),
        "{bounced}"
    );
    let nobody = Database::create("postgresql://postgres:secret@127.0.0.1:1/test").err().unwrap();
    assert_eq!(nobody.code(), Some("P1001"));
    assert!(!nobody.to_string().contains("secret"));
}
