//! The answers of the engine are those of Prisma's, on SQLite.
#![allow(clippy::print_stderr, clippy::unwrap_used)]

use codegen_tests::conformance_query::{Report, cases, play_on_sqlite};
use std::{env, fs, thread};

/// How many cases agree at least; raise it when more do.
const FLOOR: &[(&str, usize)] = &[("cases.jsonl", 1110), ("client_cases.jsonl", 529)];

/// `ID=…` plays only cases whose name holds the text, `OUT=…` writes what differs to a file.
#[test]
fn cases_agree_on_sqlite() {
    let mut differences = Vec::new();
    for (file, floor) in FLOOR {
        let Some(cases) = cases(file, "sqlite") else {
            eprintln!("{file}: not present, skipped");
            continue;
        };
        let wanted = env::var("ID").unwrap_or_default();
        let cases: Vec<_> = cases.into_iter().filter(|case| case.id().contains(&wanted)).collect();
        let report = played(&cases);
        eprintln!("{file}\n{}", report.table());
        if wanted.is_empty() {
            assert!(
                report.total().agree >= *floor,
                "fewer cases agree than did: {}",
                report.differences.join("\n")
            );
        }
        differences.extend(report.differences);
    }
    match env::var("OUT") {
        Ok(path) => fs::write(path, differences.join("\n")).unwrap(),
        Err(_) => differences.iter().for_each(|line| eprintln!("{line}")),
    }
}

fn played(cases: &[codegen_tests::conformance_query::Case]) -> Report {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let mut report = Report::default();
    thread::scope(|scope| {
        let part = cases.len().div_ceil(threads).max(1);
        let parts = cases
            .chunks(part)
            .map(|cases| scope.spawn(move || cases.iter().map(play_on_sqlite).collect::<Vec<_>>()));
        let parts: Vec<_> = parts.collect();
        let played = parts.into_iter().flat_map(|part| part.join().unwrap());
        for (case, difference) in cases.iter().zip(played) {
            report.add(case, difference);
        }
    });
    report
}
