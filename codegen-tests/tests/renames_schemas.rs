//! Every table and every column of real schemas gets another name: the database is in sync afterwards, and nothing was dropped.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use codegen_tests::postgresql_server::Server;
use codegen_tests::schema_conformance::folder;
use lenslet::{SourceFile, Sources, check};
use lenslet_core::catalog::{Catalog, FieldKind, ModelKind, Provider};
use lenslet_migrate::{Database, PushOptions, Rename, Scratch, describe, diff, likely_renames};
use lenslet_sql::ddl::{ObjectName, script};
use std::fs;

/// Those that the real schemas use types and operator classes of.
const EXTENSIONS: [&str; 4] = ["citext", "pg_trgm", "uuid-ossp", "vector"];

#[test]
fn every_name_of_a_real_schema_can_change() {
    let server = Server::start().unwrap();
    let with_vector = Server::with_vector().unwrap();
    for (name, catalog) in schemas() {
        let wants_vector = format!("{catalog:?}").contains("\"vector");
        let place = match (catalog.provider, if wants_vector { &with_vector } else { &server }) {
            (Provider::Sqlite, _) => Scratch::Memory,
            (Provider::Postgresql, Some(server)) => Scratch::Beside(&server.url("postgres", "")),
            _ => continue,
        };
        let mut database = Database::scratch(place).unwrap();
        if catalog.provider == Provider::Postgresql {
            let there = database.rows("SELECT name FROM pg_available_extensions").unwrap();
            let is_there = |name: &&&str| there.iter().any(|row| row.first() == Some(&Some((**name).to_owned())));
            let create = |name: &&str| database.run(&format!("CREATE EXTENSION \"{name}\"")).unwrap();
            EXTENSIONS.iter().filter(is_there).for_each(create);
        }
        database.push(&catalog, PushOptions::default()).unwrap_or_else(|error| panic!("{name}: {error}"));
        let (renamed, renames) = renamed(&catalog);
        let namespaces: Vec<String> = catalog.schemas.iter().map(ToString::to_string).collect();
        let pushed = database.push_renamed(&renamed, PushOptions::default(), &renames);
        let pushed = pushed.unwrap_or_else(|error| panic!("{name}: {error}"));
        let drops = pushed.statements.iter().filter(|it| it.contains("DROP TABLE") || it.contains("DROP COLUMN"));
        assert_eq!(drops.count(), 0, "{name}: {}", pushed.statements.join(";\n"));
        let left = diff(database.dialect(), &database.describe(&namespaces).unwrap(), &describe(&renamed).unwrap());
        assert!(left.is_empty(), "{name}: {}", script(database.dialect(), &left.changes));
        eprintln!("{name}: {} renames, {} statements", renames.len(), pushed.statements.len());
    }
}

/// The tables alone: more than half of them have columns that no other has, and are guessed.
#[test]
fn renamed_tables_are_guessed() {
    for (name, catalog) in schemas() {
        let (from, mut to) = (catalog.clone(), catalog);
        let tables = to.models.to_mut().iter_mut().filter(|model| model.kind == ModelKind::Table);
        tables.for_each(|model| model.db_name = format!("{}_renamed", model.db_name).into());
        let dialect = lenslet_migrate::dialect(from.provider).unwrap();
        let guessed = likely_renames(dialect, &describe(&from).unwrap(), &describe(&to).unwrap());
        let right = |it: &&Rename| matches!(it, Rename::Table { from, to } if *to == format!("{}_renamed", from.name));
        let (right, all) = (guessed.iter().filter(right).count(), from.models.len());
        assert!(right * 2 > all, "{name}: {right} of {all}");
    }
}

fn renamed(catalog: &Catalog) -> (Catalog, Vec<Rename>) {
    let mut renamed = catalog.clone();
    let (mut tables, mut columns) = (Vec::new(), Vec::new());
    for model in renamed.models.to_mut().iter_mut().filter(|model| model.kind == ModelKind::Table) {
        let schema = model.schema.as_ref().map(ToString::to_string);
        let from = ObjectName { schema: schema.clone(), name: model.db_name.to_string() };
        let to = format!("r_{}", model.db_name);
        model.db_name = to.clone().into();
        for field in model.fields.to_mut() {
            let FieldKind::Column(column) = &mut field.kind else { continue };
            let (from, table) = (column.db_name.to_string(), ObjectName { schema: schema.clone(), name: to.clone() });
            column.db_name = format!("R {from}").into();
            columns.push(Rename::Column { table, from, to: column.db_name.to_string() });
        }
        for index in model.indexes.to_mut().iter_mut().chain(&mut model.primary_key) {
            index.db_name = index.db_name.take().map(|name| name.chars().rev().collect::<String>().into());
        }
        tables.push(Rename::Table { from, to });
    }
    tables.extend(columns);
    (renamed, tables)
}

/// The real schemas, by name.
fn schemas() -> Vec<(String, Catalog)> {
    let Ok(found) = fs::read_dir(folder().join("../schemas")) else {
        eprintln!("the real schemas are not present, skipped");
        return Vec::new();
    };
    let mut paths: Vec<_> = found.map(|it| it.unwrap().path()).collect();
    paths.sort();
    let schemas = paths.iter().filter_map(|path| {
        let files = lenslet::schema_files(path).ok()?.into_iter();
        let files = files.filter(|it| it.extension().is_some_and(|it| it == "prisma"));
        let read = |path: std::path::PathBuf| {
            let text = String::from_utf8(fs::read(&path).unwrap()).unwrap();
            SourceFile { name: path.display().to_string(), text }
        };
        let catalog = check(&Sources::new(files.map(read).collect())).schema?.catalog;
        Some((path.file_stem()?.to_str()?.to_owned(), catalog))
    });
    schemas.filter(|(_, it)| matches!(it.provider, Provider::Sqlite | Provider::Postgresql)).collect()
}
