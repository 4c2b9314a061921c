//! Real schemas pushed to an empty database and pulled from it: with the schema at hand nothing of its text changes; from
//! nothing, what is pulled asks for the same database.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use codegen_tests::schema_conformance::folder;
use lenslet::{SourceFile, Sources, check, format, pull};
use lenslet_core::catalog::{Catalog, Provider};
use lenslet_migrate::{Database, PushOptions, Scratch, describe, diff};
use lenslet_sql::ddl::{Dialect, script};
use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn a_pushed_schema_is_pulled_unchanged() {
    for (name, sources, catalog) in schemas(Provider::Sqlite) {
        let mut database = Database::scratch(Scratch::Memory).unwrap();
        database.push(&catalog, PushOptions::default()).unwrap();
        let found = database.describe(&[]).unwrap();
        let pulled = pull::pull(&sources, &found).unwrap();
        assert_same_text(&name, &format(&sources), &pulled.sources);
        assert!(pulled.warnings.is_empty(), "{name}: {:?}", pulled.warnings);
        eprintln!("{name}: {} models, unchanged", pulled.models);
    }
}

#[test]
fn a_schema_pulled_from_nothing_asks_for_the_same_database() {
    for (name, sources, catalog) in schemas(Provider::Sqlite) {
        let mut database = Database::scratch(Scratch::Memory).unwrap();
        database.push(&catalog, PushOptions::default()).unwrap();
        let found = database.describe(&[]).unwrap();
        let pulled = pull::pull(&pull::emptied(&sources), &found).unwrap_or_else(|error| panic!("{name}: {error:?}"));
        let target = describe(&catalog_of(&pulled.sources)).unwrap();
        let left = diff(Dialect::Sqlite, &found, &target);
        assert!(left.is_empty(), "{name}: {}\n{}", script(Dialect::Sqlite, &left.changes), text(&pulled.sources));
        let mut other = Database::scratch(Scratch::Memory).unwrap();
        other.push(&catalog_of(&pulled.sources), PushOptions::default()).unwrap();
        let left = diff(Dialect::Sqlite, &other.describe(&[]).unwrap(), &describe(&catalog).unwrap());
        assert!(left.is_empty(), "{name}: {}", script(Dialect::Sqlite, &left.changes));
        eprintln!("{name}: {} models from nothing", pulled.models);
    }
}

fn assert_same_text(name: &str, expected: &Sources, found: &Sources) {
    assert_eq!(expected.files().len(), found.files().len(), "{name}");
    for (expected, found) in expected.files().iter().zip(found.files()) {
        let lines = expected.text.lines().zip(found.text.lines());
        for (at, (expected, found)) in lines.enumerate() {
            assert_eq!(expected, found, "{name}: line {}", at + 1);
        }
        assert_eq!(expected.text.lines().count(), found.text.lines().count(), "{name}");
    }
}

fn text(sources: &Sources) -> String {
    sources.files().iter().map(|file| file.text.as_str()).collect()
}

fn catalog_of(sources: &Sources) -> Catalog {
    check(sources).schema.unwrap().catalog
}

/// The real schemas for a database, by name: files, and folders of files.
fn schemas(provider: Provider) -> Vec<(String, Sources, Catalog)> {
    let Ok(found) = fs::read_dir(folder().join("../schemas")) else {
        eprintln!("the real schemas are not present, skipped");
        return Vec::new();
    };
    let mut paths: Vec<_> = found.map(|it| it.unwrap().path()).collect();
    paths.sort();
    let schemas = paths.iter().filter_map(|path| schema(path));
    schemas.filter(|(_, _, catalog)| catalog.provider == provider).collect()
}

fn schema(path: &Path) -> Option<(String, Sources, Catalog)> {
    let name = path.file_stem()?.to_str()?.to_owned();
    let files: Vec<PathBuf> = lenslet::schema_files(path).ok()?;
    let read = |path: &PathBuf| SourceFile {
        name: path.display().to_string(),
        text: String::from_utf8(fs::read(path).unwrap()).unwrap(),
    };
    let sources = Sources::new(files.iter().filter(|it| it.extension().is_some_and(|it| it == "prisma")).map(read).collect());
    let catalog = check(&sources).schema?.catalog;
    Some((name, sources, catalog))
}
