//! What Lenslet says of schemas, compared with what is expected.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use codegen_tests::schema_conformance::{Score, folder, real_schemas, real_schemas_formatted, run};

/// The shares that were reached; what agrees must not stop to agree.
const VERDICTS: f64 = 99.4;
const LINES: f64 = 97.0;
const SPANS: f64 = 100.0;
const FORMATTED: f64 = 100.0;

#[test]
fn the_cases_agree() {
    let Some(report) = run(&folder()) else {
        eprintln!("the conformance cases are not present, skipped");
        return;
    };
    println!("{}", report.table());
    for difference in &report.differences {
        println!("{difference}");
    }
    let listed = include_str!("../conformance.md");
    for difference in report.differences.iter().filter(|it| !it.contains("[mongodb]")) {
        let id = difference.split([' ', ';']).next().unwrap_or_default();
        assert!(listed.contains(&format!("`{id}`")), "not in conformance.md: {difference}");
    }
    let total = report.total();
    let at_least = |score: Score, floor: f64| assert!(score.percent() >= floor, "{score:?} is below {floor} %");
    at_least(total.verdict, VERDICTS);
    at_least(total.lines, LINES);
    at_least(total.spans, SPANS);
    at_least(total.formatted, FORMATTED);
}

#[test]
fn real_schemas_are_accepted() {
    let Some(results) = real_schemas(&folder()) else {
        eprintln!("the real schemas are not present, skipped");
        return;
    };
    let refused: Vec<String> =
        results.into_iter().filter_map(|(name, result)| Some(format!("{name}: {}", result.err()?))).collect();
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

/// The files that their owners do not keep formatted.
const UNFORMATTED: [&str; 14] = [
    "cal.com-2023-via-amplication.prisma",
    "chainlit-datalayer.prisma",
    "civitai-full.prisma",
    "codu.prisma",
    "fonoster-identity.prisma",
    "inbox-zero.prisma",
    "models__instance-settings.prisma",
    "nextcrm.prisma",
    "open-saas.prisma",
    "prisma-examples-cockroachdb.prisma",
    "prisma-examples-sql-server.prisma",
    "sourcebot.prisma",
    "teable-sqlite.prisma",
    "typehero.prisma",
];

#[test]
fn real_schemas_that_are_formatted_stay_as_they_are() {
    let Some(changed) = real_schemas_formatted(&folder()) else {
        eprintln!("the real schemas are not present, skipped");
        return;
    };
    let names = changed.iter().filter_map(|(file, _)| file.name.rsplit('/').next());
    let unexpected: Vec<&str> = names.filter(|name| !UNFORMATTED.contains(name)).collect();
    assert!(unexpected.is_empty(), "the formatter changes {unexpected:?}");
}
