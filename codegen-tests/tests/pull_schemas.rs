//! Real schemas pushed to an empty database and pulled from it: with the schema at hand nothing of its text changes; from
//! nothing, what is pulled asks for the same database.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use codegen_tests::postgresql_server::Server;
use codegen_tests::schema_conformance::folder;
use lenslet::{SourceFile, Sources, check, format, pull};
use lenslet_core::catalog::{Catalog, Provider};
use lenslet_migrate::{Database, PushOptions, Scratch, describe, diff};
use lenslet_sql::ddl::{DatabaseSchema, Dialect, script};
use std::fs;
use std::path::{Path, PathBuf};

/// Those that the real schemas use types and operator classes of.
const EXTENSIONS: [&str; 4] = ["citext", "pg_trgm", "uuid-ossp", "vector"];

/// A pushed schema, what its database holds, and a way to make another database.
struct Case {
    name: String,
    sources: Sources,
    catalog: Catalog,
    found: DatabaseSchema,
}

/// Empty databases of one kind. A second server may have the extension `vector`.
enum Place {
    Sqlite,
    Postgresql(Server, Option<Server>),
}

impl Place {
    fn all() -> Vec<Place> {
        let server = Server::start().unwrap().map(|it| Place::Postgresql(it, Server::with_vector().unwrap()));
        [Place::Sqlite].into_iter().chain(server).collect()
    }

    fn provider(&self) -> Provider {
        match self {
            Place::Sqlite => Provider::Sqlite,
            Place::Postgresql(..) => Provider::Postgresql,
        }
    }

    fn dialect(&self) -> Dialect {
        match self {
            Place::Sqlite => Dialect::Sqlite,
            Place::Postgresql(..) => Dialect::Postgresql,
        }
    }

    /// What a new database holds after a push. Absent when the server lacks an extension.
    fn pushed(&self, name: &str, catalog: &Catalog) -> Option<DatabaseSchema> {
        let mut database = match self {
            Place::Sqlite => Database::scratch(Scratch::Memory).unwrap(),
            Place::Postgresql(_, with_vector) if wants_vector(catalog) => on(with_vector.as_ref()?),
            Place::Postgresql(server, _) => on(server),
        };
        if self.provider() == Provider::Postgresql && catalog.extensions.is_empty() {
            // Schemas that do not list them have them installed by a migration of their own.
            let there = database.rows("SELECT name FROM pg_available_extensions").unwrap();
            let is_there = |name: &&&str| there.iter().any(|row| row.first() == Some(&Some((**name).to_owned())));
            let create = |name: &&str| database.run(&format!("CREATE EXTENSION \"{name}\"")).unwrap();
            EXTENSIONS.iter().filter(is_there).for_each(create);
        }
        database.push(catalog, PushOptions::default()).unwrap_or_else(|error| panic!("{name}: {error}"));
        let namespaces: Vec<String> = catalog.schemas.iter().map(ToString::to_string).collect();
        Some(database.describe(&namespaces).unwrap())
    }

    /// Without those for which there is no server.
    fn cases(&self) -> Vec<Case> {
        let schemas = schemas(self.provider()).into_iter();
        let cases = schemas.filter_map(|(name, sources, catalog)| {
            let found = self.pushed(&name, &catalog)?;
            Some(Case { name, sources, catalog, found })
        });
        cases.collect()
    }
}

fn on(server: &Server) -> Database {
    Database::scratch(Scratch::Beside(&server.url("postgres", ""))).unwrap()
}

fn wants_vector(catalog: &Catalog) -> bool {
    format!("{catalog:?}").contains("\"vector")
}

#[test]
fn a_pushed_schema_is_pulled_unchanged() {
    for place in Place::all() {
        for Case { name, sources, found, .. } in place.cases() {
            let pulled = pull::pull(&sources, &found).unwrap_or_else(|error| panic!("{name}: {error:?}"));
            assert_same_text(&name, &format(&sources), &pulled.sources);
            assert!(pulled.warnings.is_empty(), "{name}: {:?}", pulled.warnings);
            eprintln!("{name}: {} models, unchanged", pulled.models);
        }
    }
}

#[test]
fn a_schema_pulled_from_nothing_asks_for_the_same_database() {
    for place in Place::all() {
        for Case { name, sources, catalog, found } in place.cases() {
            let pulled = pull::pull(&pull::emptied(&sources), &found);
            let pulled = pulled.unwrap_or_else(|error| panic!("{name}: {error:?}"));
            let again = catalog_of(&pulled.sources);
            let left = diff(place.dialect(), &found, &describe(&again).unwrap());
            assert!(left.is_empty(), "{name}: {}\n{}", script(place.dialect(), &left.changes), text(&pulled.sources));
            let other = place.pushed(&name, &again).unwrap();
            let left = diff(place.dialect(), &other, &describe(&catalog).unwrap());
            assert!(left.is_empty(), "{name}: {}", script(place.dialect(), &left.changes));
            eprintln!("{name}: {} models from nothing, {} warnings", pulled.models, pulled.warnings.len());
        }
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
    let sources =
        Sources::new(files.iter().filter(|it| it.extension().is_some_and(|it| it == "prisma")).map(read).collect());
    let catalog = check(&sources).schema?.catalog;
    Some((name, sources, catalog))
}
