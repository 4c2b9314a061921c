//! The tables that Prisma's own engine made for the schemas of the conformance cases, against ours.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use lenslet::{Sources, check};
use lenslet_core::catalog::Provider;
use lenslet_migrate::{describe, dialect, diff};
use lenslet_sql::ddl::{DatabaseSchema, script};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

#[test]
fn tables_are_made_as_prisma_makes_them() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/conformance/query/cases.jsonl");
    let Ok(bytes) = std::fs::read(&path) else {
        eprintln!("{}: not present, skipped", path.display());
        return;
    };
    let text = String::from_utf8(bytes).unwrap();
    let cases: BTreeSet<(String, String)> = text.lines().map(case).collect();
    let mut different = Vec::new();
    let mut refused = 0;
    for (schema, expected) in &cases {
        match written(schema) {
            None => {
                refused += 1;
                eprintln!("refused: {schema}");
            }
            Some(actual) if actual.trim() == corrected(schema, expected).trim() => {}
            Some(actual) => different.push((schema, expected, actual)),
        }
    }
    for (schema, expected, actual) in &different {
        eprintln!("{schema}\n-- expected\n{expected}\n-- actual\n{actual}\n=====");
    }
    eprintln!("{} schemas, {} different, {refused} refused", cases.len(), different.len());
    assert!(different.is_empty());
}

/// Two defaults that Prisma writes so that SQLite reads something else: a document's `null` as no value, and bytes as the
/// text of their digits.
fn corrected(schema: &str, expected: &str) -> String {
    match schema.contains("\"sqlite\"") {
        true => expected
            .replace("JSONB NOT NULL DEFAULT null", "JSONB NOT NULL DEFAULT 'null'")
            .replace("BLOB DEFAULT '74657374'", "BLOB DEFAULT X'74657374'"),
        false => expected.to_owned(),
    }
}

fn case(line: &str) -> (String, String) {
    let case: Value = serde_json::from_str(line).unwrap();
    let text = |key: &str| case.get(key).unwrap().as_str().unwrap().to_owned();
    (text("schema"), text("ddl"))
}

fn written(schema: &str) -> Option<String> {
    let catalog = check(&Sources::single("schema.prisma", schema)).schema?.catalog;
    assert!(matches!(catalog.provider, Provider::Sqlite | Provider::Postgresql));
    let dialect = dialect(catalog.provider).unwrap();
    let difference = diff(dialect, &DatabaseSchema::default(), &describe(&catalog).unwrap());
    Some(script(dialect, &difference.changes).to_string())
}
