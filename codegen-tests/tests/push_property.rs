//! From any small schema to any other, with rows in the tables: nothing is lost that the second still has a place for, and
//! the database is in sync afterwards.
#![allow(clippy::unwrap_used)]

use lenslet::{Sources, check};
use lenslet_core::catalog::Catalog;
use lenslet_migrate::{Database, Error, PushOptions, describe, diff};
use lenslet_sql::ddl::{DatabaseSchema, Dialect, script};
use proptest::prelude::*;
use rusqlite::Connection;
use rusqlite::types::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;

const MODELS: [&str; 3] = ["Alpha", "Beta", "Gamma"];
const COLUMNS: [&str; 4] = ["a", "b", "c", "d"];
/// A type, a default of it, and a value of it as SQL.
const TYPES: [(&str, &str, &str); 7] = [
    ("String", "\"it's\"", "'text ' || id"),
    ("Int", "-7", "id * 3"),
    ("BigInt", "9007199254740993", "9007199254740993 + id"),
    ("Float", "1.5", "id + 0.25"),
    ("Boolean", "true", "id % 2"),
    ("DateTime", "now()", "'2024-01-01 00:00:0' || id"),
    ("Bytes", "\"dGVzdA==\"", "randomblob(8)"),
];

#[derive(Clone, Debug)]
struct Model {
    columns: Vec<Option<Column>>,
    parent: Option<Parent>,
    friends: Option<usize>,
    index: Option<(usize, usize)>,
    composite_key: bool,
}

#[derive(Clone, Debug)]
struct Column {
    ty: usize,
    optional: bool,
    default: bool,
    unique: bool,
}

#[derive(Clone, Debug)]
struct Parent {
    model: usize,
    optional: bool,
    action: &'static str,
}

type Schema = Vec<Option<Model>>;

fn schema() -> impl Strategy<Value = Schema> {
    prop::collection::vec(prop::option::weighted(0.8, model()), MODELS.len())
        .prop_filter("some model", |models| models.iter().any(Option::is_some))
}

fn model() -> impl Strategy<Value = Model> {
    let place = 0..MODELS.len();
    let pair = (0..COLUMNS.len(), 0..COLUMNS.len());
    (
        prop::collection::vec(prop::option::weighted(0.7, column()), COLUMNS.len()),
        prop::option::of(parent()),
        prop::option::weighted(0.3, place),
        prop::option::of(pair),
        prop::bool::weighted(0.1),
    )
        .prop_map(|(columns, parent, friends, index, composite_key)| Model {
            columns,
            parent,
            friends,
            index,
            composite_key,
        })
}

fn column() -> impl Strategy<Value = Column> {
    (0..TYPES.len(), prop::bool::weighted(0.6), prop::bool::weighted(0.7), prop::bool::weighted(0.2))
        .prop_map(|(ty, optional, default, unique)| Column { ty, optional, default, unique })
}

fn parent() -> impl Strategy<Value = Parent> {
    (0..MODELS.len(), any::<bool>(), prop::sample::select(vec!["Cascade", "Restrict", "NoAction"]))
        .prop_map(|(model, optional, action)| Parent { model, optional, action })
}

fn written(schema: &Schema) -> String {
    let mut out = "datasource db {\n  provider = \"sqlite\"\n}\n".to_owned();
    for (at, model) in schema.iter().enumerate() {
        let Some(model) = model else { continue };
        writeln!(out, "model {} {{", MODELS[at]).unwrap();
        write_model(schema, at, model, &mut out);
        writeln!(out, "}}").unwrap();
    }
    out
}

fn write_model(schema: &Schema, at: usize, model: &Model, out: &mut String) {
    let id = if model.composite_key { "" } else { "@id" };
    writeln!(out, "  id Int {id} @unique").unwrap();
    for (name, column) in present(model) {
        let (ty, default, _) = TYPES[column.ty];
        let optional = if column.optional { "?" } else { "" };
        let default = if column.default { format!("@default({default})") } else { String::new() };
        let unique = if column.unique { "@unique" } else { "" };
        writeln!(out, "  {name} {ty}{optional} {default} {unique}").unwrap();
    }
    write_relations(schema, at, model, out);
    if model.composite_key {
        writeln!(out, "  other Int @default(0)\n  @@id([id, other])").unwrap();
    }
    let has = |at: usize| model.columns[at].is_some();
    if let Some((first, second)) = model.index.filter(|&(first, second)| first != second && has(first) && has(second)) {
        writeln!(out, "  @@index([{}, {}(sort: Desc)])", COLUMNS[first], COLUMNS[second]).unwrap();
    }
}

fn write_relations(schema: &Schema, at: usize, model: &Model, out: &mut String) {
    if let Some(parent) = parent_of(schema, model) {
        let (optional, action, target) = (if parent.optional { "?" } else { "" }, parent.action, MODELS[parent.model]);
        writeln!(out, "  parentId Int{optional}").unwrap();
        let name = format!("{}Parent", MODELS[at]);
        writeln!(
            out,
            "  parent {target}{optional} @relation(\"{name}\", fields: [parentId], references: [id], onDelete: {action}, onUpdate: NoAction)"
        )
        .unwrap();
    }
    if let Some(friend) = friend_of(schema, at, model) {
        writeln!(out, "  friends {}[] @relation(\"{}Friends\")", MODELS[friend], MODELS[at]).unwrap();
    }
    for (other, it) in schema.iter().enumerate() {
        let Some(it) = it else { continue };
        let name = MODELS[other];
        if parent_of(schema, it).is_some_and(|parent| parent.model == at) {
            writeln!(out, "  childrenOf{name} {name}[] @relation(\"{name}Parent\")").unwrap();
        }
        if friend_of(schema, other, it) == Some(at) {
            writeln!(out, "  friendsOf{name} {name}[] @relation(\"{name}Friends\")").unwrap();
        }
    }
}

fn present(model: &Model) -> impl Iterator<Item = (&'static str, &Column)> {
    COLUMNS.into_iter().zip(&model.columns).filter_map(|(name, column)| Some((name, column.as_ref()?)))
}

fn parent_of<'m>(schema: &Schema, model: &'m Model) -> Option<&'m Parent> {
    model.parent.as_ref().filter(|parent| schema[parent.model].is_some())
}

/// Join tables need a single key at both ends.
fn friend_of(schema: &Schema, at: usize, model: &Model) -> Option<usize> {
    let is_simple = |at: usize| schema[at].as_ref().is_some_and(|it| !it.composite_key);
    model.friends.filter(|&friend| is_simple(friend) && is_simple(at))
}

fn catalog(schema: &Schema) -> Catalog {
    let text = written(schema);
    let checked = check(&Sources::single("schema.prisma", text.clone()));
    checked.schema.unwrap_or_else(|| panic!("{text}\n{:?}", checked.diagnostics)).catalog
}

/// Three rows in each table, referring to one another where they can.
fn fill(connection: &Connection, schema: &Schema) {
    for (at, model) in schema.iter().enumerate() {
        let Some(model) = model else { continue };
        let mut names = vec!["id"];
        let mut values = vec!["id"];
        for (name, column) in present(model) {
            names.push(name);
            values.push(if column.optional && !column.unique {
                "CASE id WHEN 2 THEN NULL ELSE 'x' END"
            } else {
                TYPES[column.ty].2
            });
        }
        if parent_of(schema, model).is_some() {
            names.push("parentId");
            values.push("id");
        }
        // What is unique has to be so whatever its type is.
        let ids = "(SELECT 1 AS id UNION SELECT 2 UNION SELECT 3)";
        let sql = format!(
            "INSERT OR IGNORE INTO \"{}\" ({}) SELECT {} FROM {ids}",
            MODELS[at],
            names.join(", "),
            values.join(", ")
        );
        connection.execute_batch(&sql).unwrap();
    }
}

/// The values of a column by id.
fn values(connection: &Connection, table: &str, column: &str) -> BTreeMap<i64, Value> {
    let mut statement = connection.prepare(&format!("SELECT id, \"{column}\" FROM \"{table}\"")).unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

/// Columns that both structures have and that keep their type: what must survive.
fn kept<'s>(old: &'s DatabaseSchema, new: &'s DatabaseSchema) -> Vec<(&'s str, &'s str, bool)> {
    let tables = new.tables.iter().filter_map(|table| Some((old.table(&table.name)?, table)));
    tables
        .filter(|(_, new)| new.column("id").is_some())
        .flat_map(|(old, new)| {
            new.columns.iter().filter_map(|column| {
                let before = old.column(&column.name).filter(|before| before.ty == column.ty)?;
                let fills_nulls = before.nullable && !column.nullable;
                Some((&*new.name.name, &*column.name, fills_nulls))
            })
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rows_survive(from in schema(), to in schema()) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("test.db");
        let (mut database, _) = Database::create(&format!("file:{}", file.display())).unwrap();
        let connection = Connection::open(&file).unwrap();
        connection.pragma_update(None, "foreign_keys", false).unwrap();
        let (old, new) = (catalog(&from), catalog(&to));
        database.push(&old, PushOptions::default()).unwrap();
        fill(&connection, &from);
        let (old, target) = (describe(&old).unwrap(), describe(&new).unwrap());
        let kept = kept(&old, &target);
        let before: Vec<_> = kept.iter().map(|(table, column, _)| values(&connection, table, column)).collect();

        let pushed = database.push(&new, PushOptions { accept_data_loss: true, ..PushOptions::default() });
        match pushed {
            Ok(_) => {}
            // Nulls that are filled, or values that are cast, may become alike only then.
            Err(Error::Impossible(_) | Error::ForeignKeys { .. }) => {
                prop_assert_eq!(database.describe(&[]).unwrap().tables.len(), old.tables.len());
                return Ok(());
            }
            Err(Error::Statement { source, .. }) if source.is_about_rows() => return Ok(()),
            Err(error) => return Err(TestCaseError::fail(error.to_string())),
        }
        let left = diff(Dialect::Sqlite, &database.describe(&[]).unwrap(), &target);
        prop_assert!(left.is_empty(), "{}", script(Dialect::Sqlite, &left.changes));
        for ((table, column, fills_nulls), before) in kept.iter().zip(before) {
            for (id, now) in values(&connection, table, column) {
                let then = before.get(&id).unwrap();
                prop_assert!(*then == now || (*fills_nulls && *then == Value::Null), "{table}.{column} of {id}: {then:?}, now {now:?}");
            }
            prop_assert_eq!(values(&connection, table, column).len(), before.len());
        }
    }
}
