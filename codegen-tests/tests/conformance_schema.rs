//! What Lenslet says of schemas, compared with what is expected.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use codegen_tests::schema_conformance::{folder, real_schemas, run};

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
}

#[test]
fn real_schemas_are_accepted() {
    let Some(results) = real_schemas(&folder()) else {
        eprintln!("the real schemas are not present, skipped");
        return;
    };
    let refused: Vec<String> = results
        .into_iter()
        .filter_map(|(name, result)| Some(format!("{name}: {}", result.err()?)))
        .collect();
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}
