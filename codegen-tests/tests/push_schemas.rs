//! Real schemas on a real SQLite: pushed to nothing, migrated by their own history, and compared.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use codegen_tests::schema_conformance::folder;
use lenslet::{SourceFile, Sources, check};
use lenslet_core::catalog::{Catalog, Provider};
use lenslet_migrate::{Database, Difference, PushOptions, Scratch, describe, diff};
use lenslet_sql::ddl::{Dialect, script};
use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn a_pushed_schema_is_in_sync() {
    for (name, catalog) in schemas() {
        let mut database = Database::scratch(Scratch::Memory).unwrap();
        let pushed = database.push(&catalog, PushOptions::default()).unwrap();
        assert!(!pushed.was_in_sync(), "{name}");
        let left = left(&mut database, &catalog);
        assert!(left.is_empty(), "{name}: {}", script(Dialect::Sqlite, &left.changes));
        let again = database.push(&catalog, PushOptions::default()).unwrap();
        assert!(again.was_in_sync(), "{name}");
        eprintln!("{name}: {} statements", pushed.statements.len());
    }
}

/// What a project's own migrations leave different from its own schema, after all of them.
const OWN_DIFFERENCES: &[(&str, &[&str])] = &[];

#[test]
fn a_history_leads_to_its_schema() {
    for (name, catalog) in schemas() {
        let history = folder().join("../migrations").join(&name);
        let Some(migrations) = migrations(&history) else {
            continue;
        };
        let mut database = Database::scratch(Scratch::Memory).unwrap();
        for file in migrations {
            let sql = fs::read(&file).unwrap();
            database.run(std::str::from_utf8(&sql).unwrap()).unwrap();
        }
        let left = left(&mut database, &catalog);
        let lines: Vec<_> = left.changes.iter().map(ToString::to_string).collect();
        let known = OWN_DIFFERENCES.iter().find(|(it, _)| *it == name).map_or(&[][..], |(_, lines)| lines);
        assert_eq!(lines, known, "{name}: {}", script(Dialect::Sqlite, &left.changes));
        eprintln!("{name}: {} differences", lines.len());
    }
}

fn left(database: &mut Database, catalog: &Catalog) -> Difference {
    diff(Dialect::Sqlite, &database.describe(&[]).unwrap(), &describe(catalog).unwrap())
}

fn migrations(history: &Path) -> Option<Vec<PathBuf>> {
    let mut folders: Vec<_> =
        fs::read_dir(history).ok()?.map(|it| it.unwrap().path()).filter(|it| it.is_dir()).collect();
    folders.sort();
    Some(folders.into_iter().map(|folder| folder.join("migration.sql")).collect())
}

/// The real schemas for SQLite, by name.
fn schemas() -> Vec<(String, Catalog)> {
    let Ok(found) = fs::read_dir(folder().join("../schemas")) else {
        eprintln!("the real schemas are not present, skipped");
        return Vec::new();
    };
    let mut paths: Vec<_> = found.map(|it| it.unwrap().path()).collect();
    paths.sort();
    paths.iter().filter_map(|path| schema(path)).collect()
}

fn schema(path: &Path) -> Option<(String, Catalog)> {
    let name = path.file_stem()?.to_str()?.to_owned();
    let text = fs::read(path).ok().filter(|_| path.extension().is_some_and(|it| it == "prisma"))?;
    let file = SourceFile { name: name.clone(), text: String::from_utf8(text).unwrap() };
    let catalog = check(&Sources::new(vec![file])).schema?.catalog;
    (catalog.provider == Provider::Sqlite).then_some((name, catalog))
}
