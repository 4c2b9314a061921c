//! Real schemas pushed to empty databases: nothing is left to change afterwards.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use codegen_tests::conformance_migrations::{Place, differences, schema, schemas};
use codegen_tests::postgresql_server::Server;
use lenslet_core::catalog::{Catalog, Provider};
use lenslet_migrate::{Database, PushOptions};
use std::env;

#[test]
fn a_schema_pushed_to_sqlite_is_in_sync() {
    let place = Place::Folder(tempfile::tempdir().unwrap());
    for (name, catalog) in wanted(Provider::Sqlite) {
        push(&name, &catalog, &place);
    }
}

#[test]
fn a_schema_pushed_to_postgresql_is_in_sync() {
    let server = Server::start().unwrap();
    let with_vector = Server::with_vector().unwrap();
    for (name, catalog) in wanted(Provider::Postgresql) {
        let server = if wants_vector(&catalog) { &with_vector } else { &server };
        match server {
            Some(server) => push(&name, &catalog, &Place::Server(server)),
            None => eprintln!("{name}: no server has what it needs, skipped"),
        }
    }
}

fn wants_vector(catalog: &Catalog) -> bool {
    format!("{catalog:?}").contains("\"vector")
}

fn wanted(provider: Provider) -> Vec<(String, Catalog)> {
    let names = schemas();
    if names.is_empty() {
        eprintln!("the real schemas are not present, skipped");
    }
    let id = env::var("ID").unwrap_or_default();
    let all =
        names.into_iter().filter(|name| name.contains(&id)).filter_map(|name| Some((name.clone(), schema(&name)?)));
    all.filter(|(_, catalog)| catalog.provider == provider).collect()
}

fn push(name: &str, catalog: &Catalog, place: &Place<'_>) {
    let (mut database, created) = Database::create(&place.url(name)).unwrap();
    assert!(created);
    prepare(&mut database, catalog);
    let pushed = database.push(catalog, PushOptions::default()).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert!(!pushed.was_in_sync(), "{name}");
    assert_eq!(differences(&mut database, catalog).unwrap(), Vec::<String>::new(), "{name}");
    assert!(database.push(catalog, PushOptions::default()).unwrap().was_in_sync(), "{name}");
    eprintln!("{name}: {} statements", pushed.statements.len());
}

/// Extensions that a schema uses without listing them, as whoever sets up its database would.
fn prepare(database: &mut Database, catalog: &Catalog) {
    let text = format!("{catalog:?}");
    for (mark, extension) in
        [("Citext", "citext"), ("vector(", "vector"), ("uuid_generate", "uuid-ossp"), ("gin_trgm_ops", "pg_trgm")]
    {
        if text.contains(mark) {
            database.run(&format!("CREATE EXTENSION IF NOT EXISTS \"{extension}\"")).unwrap();
        }
    }
}
