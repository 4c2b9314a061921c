//! Migrations in a program, applied when it starts.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use lenslet_migrate::{Database, Embedded, Error, embed};
use std::process::{Command, Stdio};

static MIGRATIONS: Embedded = embed!("tests/embed");

#[test]
fn they_are_those_of_the_folder() {
    let migrations = MIGRATIONS.migrations();
    let names: Vec<_> = migrations.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["20260101000000_init", "20260102000000_posts"]);
    assert!(migrations[0].script.contains("CREATE TABLE \"User\""));
    assert_eq!(migrations[1].replaces[0].name, "20260101120000_old");
}

#[test]
fn many_may_start_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("file:{}/app.db", folder.path().display());
    let applied: usize = std::thread::scope(|scope| {
        let starting: Vec<_> = (0..8).map(|_| scope.spawn(|| MIGRATIONS.deploy(&url).unwrap().applied.len())).collect();
        starting.into_iter().map(|it| it.join().unwrap()).sum()
    });
    assert_eq!(applied, 2);
    let mut database = Database::open(&url).unwrap();
    assert_eq!(database.records().unwrap().unwrap().len(), 2);
    assert!(MIGRATIONS.deploy(&url).unwrap().applied.is_empty());
}

/// Where a process that this test starts finds the database.
const URL: &str = "LENSLET_EMBEDDED_URL";

#[test]
fn many_processes_may_start_at_once() {
    if let Ok(url) = std::env::var(URL) {
        println!("applied {}", MIGRATIONS.deploy(&url).unwrap().applied.len());
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let url = format!("file:{}/app.db", folder.path().display());
    let starting: Vec<_> = (0..6)
        .map(|_| {
            let mut program = Command::new(std::env::current_exe().unwrap());
            program.args(["--exact", "many_processes_may_start_at_once", "--nocapture"]).env(URL, &url);
            program.stdout(Stdio::piped()).spawn().unwrap()
        })
        .collect();
    let mut applied = 0;
    for process in starting {
        let output = process.wait_with_output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{text}");
        let count = text.lines().find_map(|line| line.split_once("applied ")?.1.parse::<usize>().ok());
        applied += count.unwrap_or_else(|| panic!("it does not say what it applied: {text}"));
    }
    assert_eq!(applied, 2);
}

#[test]
fn they_are_not_played_to_another_database() {
    let refused = MIGRATIONS.deploy("postgresql://127.0.0.1:1/never").unwrap_err();
    assert!(matches!(refused, Error::OtherProvider { .. }), "{refused}");
}
