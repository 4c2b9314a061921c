//! From one schema to another: the SQL for every database, and what becomes of rows on a real SQLite.
//!
//! Each file of `push/` holds a case: `=== from`, `=== rows` (SQL, run between the two), `=== to`, `=== ask` (a query, run at
//! the end). `UPDATE=1` rewrites what they are expected to give.
#![allow(clippy::unwrap_used)]

use lenslet::{Sources, check};
use lenslet_core::catalog::Catalog;
use lenslet_migrate::{Database, Error, PushOptions, Pushed, describe, dialect, diff};
use lenslet_sql::ddl::{Dialect, script};
use rusqlite::Connection;
use rusqlite::types::ValueRef;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

#[test]
fn pairs() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/push");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|it| it.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|it| it == "case"));
    files.sort();
    let different: Vec<_> = files.iter().filter_map(|file| check_file(file)).collect();
    assert!(different.is_empty(), "{}\nUPDATE=1 rewrites", different.join("\n"));
}

fn check_file(file: &Path) -> Option<String> {
    let case = Case::parse(&text(file));
    let actual = format!("{}{}", scripts(&case), behaviour(&case));
    let beside = file.with_extension("expected");
    if std::env::var_os("UPDATE").is_some() {
        fs::File::create(&beside).and_then(|mut it| std::io::Write::write_all(&mut it, actual.as_bytes())).unwrap();
    }
    let expected = fs::read(&beside).map(|it| String::from_utf8(it).unwrap()).unwrap_or_default();
    (actual != expected).then(|| format!("{}\n{actual}", beside.display()))
}

fn text(file: &Path) -> String {
    String::from_utf8(fs::read(file).unwrap()).unwrap()
}

#[derive(Default)]
struct Case {
    from: String,
    rows: String,
    to: String,
    ask: String,
}

impl Case {
    fn parse(text: &str) -> Self {
        let mut case = Case::default();
        for part in text.split("=== ").skip(1) {
            let (title, body) = part.split_once('\n').unwrap();
            let place = match title {
                "from" => &mut case.from,
                "rows" => &mut case.rows,
                "to" => &mut case.to,
                "ask" => &mut case.ask,
                title => panic!("no part of a case: {title}"),
            };
            body.clone_into(place);
        }
        case
    }
}

fn catalog(provider: &str, body: &str) -> Option<Catalog> {
    let text = format!("datasource db {{\n  provider = \"{provider}\"\n}}\n{body}");
    Some(check(&Sources::single("schema.prisma", text)).schema?.catalog)
}

/// What each database that the schemas fit is told.
fn scripts(case: &Case) -> String {
    let mut out = String::new();
    for provider in ["sqlite", "postgresql", "mysql"] {
        let (Some(from), Some(to)) = (catalog(provider, &case.from), catalog(provider, &case.to)) else {
            continue;
        };
        let dialect = dialect(to.provider).unwrap();
        let difference = diff(dialect, &describe(&from).unwrap(), &describe(&to).unwrap());
        writeln!(out, "=== {provider}\n{}", difference.migration(dialect)).unwrap();
    }
    out
}

/// Two pushes with rows between them; the second is tried without accepting a loss first.
fn behaviour(case: &Case) -> String {
    let (Some(from), Some(to)) = (catalog("sqlite", &case.from), catalog("sqlite", &case.to)) else {
        return String::new();
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("test.db");
    let (mut database, _) = Database::create(&format!("file:{}", file.display())).unwrap();
    let connection = Connection::open(&file).unwrap();
    database.push(&from, PushOptions::default()).unwrap();
    // Rows for tables of the first schema come before the second push, rows for others after it.
    let is_late = connection.execute_batch(&case.rows).is_err();
    let mut out = "=== push\n".to_owned();
    let pushed = attempt(&mut database, &to, PushOptions::default(), &mut out);
    if matches!(pushed, Err(Error::DataLoss(_))) {
        let accept = PushOptions { accept_data_loss: true, ..PushOptions::default() };
        writeln!(out, "=== push --accept-data-loss").unwrap();
        attempt(&mut database, &to, accept, &mut out).unwrap();
    }
    if is_late {
        connection.execute_batch(&case.rows).unwrap();
    }
    // A connection that was open before knows the old columns until it has read something.
    let connection = Connection::open(&file).unwrap();
    writeln!(out, "=== rows\n{}", answer(&connection, &case.ask)).unwrap();
    out
}

fn attempt(database: &mut Database, to: &Catalog, options: PushOptions, out: &mut String) -> Result<Pushed, Error> {
    let before = database.describe(&[]).unwrap();
    let result = database.push(to, options);
    match &result {
        Ok(pushed) => {
            writeln!(out, "{} statements", pushed.statements.len()).unwrap();
            pushed.losses.iter().for_each(|loss| writeln!(out, "lost: {loss}").unwrap());
            let left = diff(Dialect::Sqlite, &database.describe(&[]).unwrap(), &describe(to).unwrap());
            assert!(left.is_empty(), "{}", script(Dialect::Sqlite, &left.changes));
            assert!(database.push(to, PushOptions::default()).unwrap().was_in_sync());
        }
        Err(error) => {
            writeln!(out, "{error}").unwrap();
            assert_eq!(before, database.describe(&[]).unwrap(), "a refused push changes nothing");
        }
    }
    result
}

fn answer(connection: &Connection, sql: &str) -> String {
    let mut statement = connection.prepare(sql).unwrap();
    let width = statement.column_count();
    let mut rows = statement.query([]).unwrap();
    let mut out = String::new();
    while let Some(row) = rows.next().unwrap() {
        let cells: Vec<_> = (0..width).map(|at| cell(row.get_ref(at).unwrap())).collect();
        writeln!(out, "{}", cells.join(" | ")).unwrap();
    }
    out
}

fn cell(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "null".to_owned(),
        ValueRef::Integer(it) => it.to_string(),
        ValueRef::Real(it) => it.to_string(),
        ValueRef::Text(it) => format!("'{}'", String::from_utf8_lossy(it)),
        ValueRef::Blob(it) => format!("{it:02x?}"),
    }
}
