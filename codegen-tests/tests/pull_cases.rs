//! What is pulled from databases that people made by hand, into a schema and from nothing.
//!
//! Each file of `pull/` holds a case: `=== schema` (with its datasource; without models it is pulled from nothing), `=== before`
//! (SQL that is run before the schema is pushed), `=== after` (SQL that is run after that). What comes out is the schema, what it does not
//! say, and what a push would still change. `UPDATE=1` rewrites what they are expected to give.
#![allow(clippy::unwrap_used)]

use codegen_tests::postgresql_server::Server;
use lenslet::{Sources, check, pull};
use lenslet_core::catalog::Provider;
use lenslet_migrate::{Database, PushOptions, Scratch, describe, diff};
use lenslet_sql::ddl::script;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

#[test]
fn cases() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pull");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|it| it.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|it| it == "case"));
    files.sort();
    let server = Server::start().unwrap();
    let different: Vec<_> = files.iter().filter_map(|file| check_file(file, server.as_ref())).collect();
    assert!(different.is_empty(), "{}\nUPDATE=1 rewrites", different.join("\n"));
}

fn check_file(file: &Path, server: Option<&Server>) -> Option<String> {
    let case = Case::parse(&String::from_utf8(fs::read(file).unwrap()).unwrap());
    let actual = case.pulled(server)?;
    let beside = file.with_extension("expected");
    if std::env::var_os("UPDATE").is_some() {
        fs::File::create(&beside).and_then(|mut it| std::io::Write::write_all(&mut it, actual.as_bytes())).unwrap();
    }
    let expected = fs::read(&beside).map(|it| String::from_utf8(it).unwrap()).unwrap_or_default();
    (actual != expected).then(|| format!("{}\n{actual}", beside.display()))
}

#[derive(Default)]
struct Case {
    schema: String,
    before: String,
    after: String,
}

impl Case {
    fn parse(text: &str) -> Self {
        let mut case = Case::default();
        for part in text.split("=== ").skip(1) {
            let (title, body) = part.split_once('\n').unwrap();
            let place = match title {
                "schema" => &mut case.schema,
                "before" => &mut case.before,
                "after" => &mut case.after,
                title => panic!("no part of a case: {title}"),
            };
            body.clone_into(place);
        }
        case
    }

    /// Absent where there is no server of the database.
    fn pulled(&self, server: Option<&Server>) -> Option<String> {
        let sources = Sources::single("schema.prisma", self.schema.clone());
        let catalog = check(&sources).schema.unwrap_or_else(|| panic!("{}", self.schema)).catalog;
        let mut database = match catalog.provider {
            Provider::Postgresql => Database::scratch(Scratch::Beside(&server?.url("postgres", ""))).unwrap(),
            _ => Database::scratch(Scratch::Memory).unwrap(),
        };
        database.run(&self.before).unwrap();
        if !catalog.models.is_empty() {
            database.push(&catalog, PushOptions::default()).unwrap();
        }
        database.run(&self.after).unwrap();
        let namespaces: Vec<String> = catalog.schemas.iter().map(ToString::to_string).collect();
        let found = database.describe(&namespaces).unwrap();
        let pulled = match pull::pull(&sources, &found) {
            Ok(pulled) => pulled,
            Err(pull::PullError::Invalid { sources, diagnostics }) => {
                let diagnostics: Vec<_> = diagnostics.iter().map(|it| it.render(&sources, false)).collect();
                return Some(format!("{}\n{}", sources.files()[0].text, diagnostics.join("\n")));
            }
            Err(error) => panic!("{error}"),
        };
        let mut out = pulled.sources.files()[0].text.clone();
        pulled.warnings.iter().for_each(|warning| writeln!(out, "=== warning: {warning}").unwrap());
        let again = check(&pulled.sources).schema.unwrap().catalog;
        let left = diff(database.dialect(), &found, &describe(&again).unwrap());
        if !left.is_empty() {
            write!(out, "=== a push would\n{}", script(database.dialect(), &left.changes)).unwrap();
        }
        // What was pulled is pulled again as it is.
        assert_eq!(pull::pull(&pulled.sources, &found).unwrap().sources, pulled.sources);
        Some(out)
    }
}
