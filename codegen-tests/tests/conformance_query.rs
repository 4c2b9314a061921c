//! The answers of the engine are those of Prisma's, on SQLite and PostgreSQL.
#![allow(clippy::print_stderr, clippy::unwrap_used)]

use codegen_tests::{
    conformance_query::{Case, Report, cases, own_cases, play_on_postgresql, play_on_sqlite},
    postgresql_server::Server,
};
use std::{env, fs, thread};

/// How many cases agree at least; raise it when more do.
const SQLITE: &[(&str, usize)] = &[("cases.jsonl", 1115), ("client_cases.jsonl", 534)];
const POSTGRESQL: &[(&str, usize)] = &[("cases.jsonl", 1205), ("client_cases.jsonl", 624)];

/// `ID=…` plays only cases whose name holds the text, `OUT=…` writes what differs to a file.
#[test]
fn cases_agree_on_sqlite() {
    check("sqlite", SQLITE, |case, _| play_on_sqlite(case));
}

#[test]
fn cases_agree_on_postgresql() {
    let Some(server) = Server::start().unwrap() else {
        return;
    };
    (0..threads()).for_each(|thread| server.create(&thread.to_string()).unwrap());
    check("postgresql", POSTGRESQL, |case, thread| play_on_postgresql(&server, &thread.to_string(), case));
}

#[test]
fn own_cases_agree_on_sqlite() {
    own("sqlite", play_on_sqlite);
}

#[test]
fn own_cases_agree_on_postgresql() {
    let Some(server) = Server::start().unwrap() else {
        return;
    };
    server.create("own").unwrap();
    own("postgresql", |case| play_on_postgresql(&server, "own", case));
}

fn own(provider: &str, play: impl Fn(&Case) -> Option<String>) {
    let cases = own_cases(provider).unwrap();
    assert!(!cases.is_empty());
    let differences: Vec<_> = cases.iter().filter_map(|case| Some((case.id(), play(case)?))).collect();
    assert!(differences.is_empty(), "{differences:#?}");
}

fn check(provider: &str, floors: &[(&str, usize)], play: impl Fn(&Case, usize) -> Option<String> + Sync) {
    let mut differences = Vec::new();
    for (file, floor) in floors {
        let Some(cases) = cases(file, provider) else {
            eprintln!("{file}: not present, skipped");
            continue;
        };
        let wanted = env::var("ID").unwrap_or_default();
        let cases: Vec<_> = cases.into_iter().filter(|case| case.id().contains(&wanted)).collect();
        let report = played(&cases, &play);
        eprintln!("{file} on {provider}\n{}", report.table());
        if wanted.is_empty() {
            assert!(report.total().agree >= *floor, "fewer cases agree than did: {}", report.differences.join("\n"));
        }
        differences.extend(report.differences);
    }
    match env::var("OUT") {
        Ok(path) => fs::write(path, differences.join("\n")).unwrap(),
        Err(_) => differences.iter().for_each(|line| eprintln!("{line}")),
    }
}

fn threads() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Each case is played with the number of the thread that it is played on.
fn played(cases: &[Case], play: &(impl Fn(&Case, usize) -> Option<String> + Sync)) -> Report {
    let mut report = Report::default();
    thread::scope(|scope| {
        let parts = cases.chunks(cases.len().div_ceil(threads()).max(1)).enumerate();
        let parts = parts.map(|(thread, cases)| {
            scope.spawn(move || cases.iter().map(|case| play(case, thread)).collect::<Vec<_>>())
        });
        let parts: Vec<_> = parts.collect();
        let played = parts.into_iter().flat_map(|part| part.join().unwrap());
        for (case, difference) in cases.iter().zip(played) {
            report.add(case, difference);
        }
    });
    report
}
