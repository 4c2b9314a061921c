//! What people read when a schema is refused: `diagnostics/*.prisma` next to the messages in `*.txt`, and every rule with
//! its example in `rules.md`. `UPDATE=1` rewrites them.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use codegen_tests::schema_conformance::sources;
use lenslet::check::rules;
use lenslet::{SourceFile, Sources, check};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("diagnostics")
}

/// Compares a text with what is kept of it.
fn compare(path: &Path, found: &str) {
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, found).expect("the folder can be written");
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert_eq!(kept, found, "{} differs; UPDATE=1 rewrites it", path.display());
}

/// All messages about a schema.
fn messages(sources: &Sources) -> String {
    let messages: Vec<String> = check(sources).diagnostics.iter().map(|it| it.render(sources, false)).collect();
    messages.join("\n\n") + "\n"
}

/// The same files by their names, so that messages do not depend on where they are.
fn named(sources: &Sources) -> Sources {
    let name = |name: &str| name.rsplit('/').next().unwrap_or(name).to_owned();
    let files = sources.files().iter().map(|file| SourceFile { name: name(&file.name), text: file.text.clone() });
    Sources::new(files.collect())
}

#[test]
fn messages_are_as_they_were() {
    let entries = std::fs::read_dir(folder()).expect("the folder is there");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("it can be read").path()).collect();
    paths.retain(|path| path.is_dir() || path.extension().is_some_and(|extension| extension == "prisma"));
    paths.sort();
    assert!(!paths.is_empty());
    for path in paths {
        let sources = named(&sources(&path).expect("it can be read"));
        compare(&path.with_extension("txt"), &messages(&sources));
    }
}

#[test]
fn every_rule_is_described() {
    let mut out = String::from(
        "# The rules of the schema language\n\nWritten by a test: `UPDATE=1 cargo test -p codegen-tests --test diagnostics`.\n",
    );
    for rule in rules::all().filter(|rule| !rule.example.is_empty()) {
        let sources = Sources::single("schema.prisma", rule.example);
        let diagnostics = check(&sources).diagnostics;
        let found = diagnostics.iter().find(|it| it.code == rule.code).expect("the example breaks the rule");
        let level = rule.severity.name();
        let _ = write!(
            out,
            "\n## `{}` ({level})\n\n{}\n\n```text\n{}\n```\n",
            rule.code,
            rule.about,
            found.render(&sources, false)
        );
    }
    compare(&folder().join("rules.md"), &out);
}

#[test]
fn messages_are_readable_by_machines() {
    let sources = Sources::single("a \"b\".prisma", "model A {\n  é Strng\n}\n");
    let json: Vec<String> = check(&sources).diagnostics.iter().map(|it| it.to_json(&sources)).collect();
    let value: serde_json::Value = serde_json::from_str(&json.join("")).expect("it is one JSON object");
    assert_eq!(value["code"], "unknown-type");
    assert_eq!(value["file"], "a \"b\".prisma");
    assert_eq!((&value["line"], &value["column"]), (&2.into(), &5.into()));
    assert_eq!(value["span"], serde_json::json!({ "start": 15, "end": 20 }));
    assert_eq!(value["help"], "did you mean `String`?");
}
