//! From any small schema to any other, with rows in the tables: nothing is lost that the second still has a place for, and
//! the database is in sync afterwards.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use codegen_tests::postgresql_server::Server;
use lenslet::pull::{emptied, pull};
use lenslet::{Sources, check, format};
use lenslet_core::catalog::Catalog;
use lenslet_migrate::{Database, Error, PushOptions, describe, diff};
use lenslet_sql::ddl::{DatabaseSchema, script};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt::Write as _;

const MODELS: [&str; 3] = ["Alpha", "Beta", "Gamma"];
const COLUMNS: [&str; 4] = ["a", "b", "c", "d"];
const VARIANTS: [&str; 4] = ["A", "B", "C", "D"];

/// A database, and what its columns hold: a type with what follows it, a default of it, and a value of it as SQL.
struct Kind {
    provider: &'static str,
    types: &'static [(&'static str, &'static str, &'static str)],
    /// A value as a text that tells it from every other.
    shown: &'static str,
    /// What stands around the insertion of a row that may equal another.
    insert: [&'static str; 2],
}

/// How many types both databases have; what comes behind them is PostgreSQL's own.
const TYPES: usize = 15;

const SQLITE: Kind = Kind {
    provider: "sqlite",
    types: &[
        ("String", "\"it's\"", "'text ' || id"),
        ("Int", "-7", "id * 3"),
        ("BigInt", "9007199254740993", "9007199254740993 + id"),
        ("Float", "1.5", "id + 0.25"),
        ("Boolean", "true", "id % 2"),
        ("DateTime", "now()", "'2024-01-01 00:00:0' || id"),
        ("Bytes", "\"dGVzdA==\"", "randomblob(8)"),
        ("Kind", "A", "'A'"),
    ],
    shown: "typeof(%) || ' ' || quote(%)",
    insert: ["INSERT OR IGNORE", ""],
};

const POSTGRESQL: Kind = Kind {
    provider: "postgresql",
    types: &[
        ("String", "\"it's\"", "'text ' || id"),
        ("Int", "-7", "id * 3"),
        ("BigInt", "9007199254740993", "9007199254740993 + id"),
        ("Float", "1.5", "id + 0.25"),
        ("Boolean", "true", "id % 2 = 1"),
        ("DateTime", "now()", "timestamp '2024-01-01' + id * interval '1 second'"),
        ("Bytes", "\"dGVzdA==\"", "decode(lpad(id::text, 8, '0'), 'hex')"),
        ("Kind", "A", "'A'::\"Kind\""),
        ("Decimal", "1.50", "id + 0.125"),
        ("Json", "\"{\\\"b\\\":1,\\\"a\\\":[null]}\"", "jsonb_build_object('a', id)"),
        ("Int[]", "[1, 2]", "ARRAY[id, 2]"),
        ("String @db.VarChar(20)", "\"short\"", "'text ' || id"),
        ("String @db.Uuid", "dbgenerated(\"gen_random_uuid()\")", "gen_random_uuid()"),
        ("DateTime @db.Date", "\"2024-02-29T00:00:00Z\"", "date '2024-01-01' + id"),
        ("Kind[]", "[A]", "ARRAY['A'::\"Kind\"]"),
    ],
    shown: "%::text",
    insert: ["INSERT", "ON CONFLICT DO NOTHING"],
};

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

#[derive(Clone, Debug)]
struct Schema {
    models: Vec<Option<Model>>,
    /// Which variants the enum has besides `A`, which may go as well.
    variants: [bool; 4],
}

/// Two schemas whose columns of the same name have mostly the same type.
fn pair() -> impl Strategy<Value = (Schema, Schema)> {
    prop::collection::vec(0..TYPES, MODELS.len() * COLUMNS.len())
        .prop_flat_map(|types| (schema(&types), schema(&types)))
}

fn schema(types: &[usize]) -> impl Strategy<Value = Schema> + use<> {
    let models: Vec<_> = types.chunks(COLUMNS.len()).map(|types| prop::option::weighted(0.8, model(types))).collect();
    let models = models.prop_filter("some model", |models| models.iter().any(Option::is_some));
    let has = |share| prop::bool::weighted(share);
    let variants = (has(0.9), has(0.7), has(0.7), has(0.7));
    (models, variants).prop_map(|(models, (a, b, c, d))| {
        let variants = if a || b || c || d { [a, b, c, d] } else { [true; 4] };
        Schema { models, variants }
    })
}

fn model(types: &[usize]) -> impl Strategy<Value = Model> + use<> {
    let place = 0..MODELS.len();
    let pair = (0..COLUMNS.len(), 0..COLUMNS.len());
    let columns: Vec<_> = types.iter().map(|&ty| prop::option::weighted(0.7, column(ty))).collect();
    (
        columns,
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

fn column(usual: usize) -> impl Strategy<Value = Column> {
    let ty = prop_oneof![5 => Just(usual), 1 => 0..TYPES];
    (ty, prop::bool::weighted(0.8), prop::bool::weighted(0.7), prop::bool::weighted(0.1))
        .prop_map(|(ty, optional, default, unique)| Column { ty, optional, default, unique })
}

fn parent() -> impl Strategy<Value = Parent> {
    (0..MODELS.len(), any::<bool>(), prop::sample::select(vec!["Cascade", "Restrict", "NoAction"]))
        .prop_map(|(model, optional, action)| Parent { model, optional, action })
}

fn written(kind: &Kind, schema: &Schema) -> String {
    let mut out = format!("datasource db {{\n  provider = \"{}\"\n}}\n", kind.provider);
    writeln!(out, "enum Kind {{\n  {}\n}}", variants(schema).collect::<Vec<_>>().join("\n  ")).unwrap();
    for (at, model) in schema.models.iter().enumerate() {
        let Some(model) = model else { continue };
        writeln!(out, "model {} {{", MODELS[at]).unwrap();
        write_model(kind, schema, at, model, &mut out);
        writeln!(out, "}}").unwrap();
    }
    out
}

fn variants(schema: &Schema) -> impl Iterator<Item = &'static str> {
    VARIANTS.into_iter().zip(schema.variants).filter_map(|(name, is_there)| is_there.then_some(name))
}

/// In place of `A`, where the enum has none: the last, so that new ones become defaults as well.
fn with_variant(schema: &Schema, text: &str) -> String {
    let last = variants(schema).last().unwrap();
    match text {
        "A" => last.to_owned(),
        text => text.replace("[A]", &format!("[{last}]")).replace("'A'", &format!("'{last}'")),
    }
}

fn write_model(kind: &Kind, schema: &Schema, at: usize, model: &Model, out: &mut String) {
    let id = if model.composite_key { "" } else { "@id" };
    writeln!(out, "  id Int {id} @unique").unwrap();
    for (name, column) in present(model) {
        let (ty, default, _) = kind.types[column.ty % kind.types.len()];
        let (ty, native) = ty.split_once(' ').unwrap_or((ty, ""));
        let optional = if column.optional && !ty.ends_with("[]") { "?" } else { "" };
        let default =
            if column.default { format!("@default({})", with_variant(schema, default)) } else { String::new() };
        let unique = if column.unique { "@unique" } else { "" };
        writeln!(out, "  {name} {ty}{optional} {native} {default} {unique}").unwrap();
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
    for (other, it) in schema.models.iter().enumerate() {
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
    model.parent.as_ref().filter(|parent| schema.models[parent.model].is_some())
}

/// Join tables need a single key at both ends.
fn friend_of(schema: &Schema, at: usize, model: &Model) -> Option<usize> {
    let is_simple = |at: usize| schema.models[at].as_ref().is_some_and(|it| !it.composite_key);
    model.friends.filter(|&friend| is_simple(friend) && is_simple(at))
}

fn sources(kind: &Kind, schema: &Schema) -> Sources {
    Sources::single("schema.prisma", written(kind, schema))
}

fn catalog(kind: &Kind, schema: &Schema) -> Catalog {
    catalog_of(&sources(kind, schema))
}

fn catalog_of(sources: &Sources) -> Catalog {
    let checked = check(sources);
    checked.schema.unwrap_or_else(|| panic!("{}\n{:?}", sources.files()[0].text, checked.diagnostics)).catalog
}

/// Three rows in each table, referring to one another where they can.
fn rows(kind: &Kind, schema: &Schema) -> String {
    let mut out = String::new();
    for (at, model) in schema.models.iter().enumerate() {
        let Some(model) = model else { continue };
        let mut names = vec!["id"];
        let mut values = vec!["id".to_owned()];
        for (name, column) in present(model) {
            names.push(name);
            let (ty, _, value) = kind.types[column.ty % kind.types.len()];
            let value = with_variant(schema, value);
            values.push(if column.optional && !column.unique && !ty.contains("[]") {
                format!("CASE id WHEN 2 THEN NULL ELSE {value} END")
            } else {
                value
            });
        }
        if parent_of(schema, model).is_some() {
            names.push("parentId");
            values.push("id".to_owned());
        }
        // What is unique has to be so whatever its type is.
        let ids = "(SELECT 1 AS id UNION SELECT 2 UNION SELECT 3) AS ids";
        let ([insert, conflict], table) = (kind.insert, MODELS[at]);
        let (names, values) = (format!("\"{}\"", names.join("\", \"")), values.join(", "));
        writeln!(out, "{insert} INTO \"{table}\" ({names}) SELECT {values} FROM {ids} WHERE true {conflict};").unwrap();
    }
    out
}

/// Rows that were left out as equal to others are not referred to.
fn tidied(schema: &Schema) -> String {
    let mut out = String::new();
    for _ in MODELS {
        for (at, model) in schema.models.iter().enumerate() {
            let Some(parent) = model.as_ref().and_then(|model| parent_of(schema, model)) else { continue };
            let (table, parent) = (MODELS[at], MODELS[parent.model]);
            writeln!(out, "DELETE FROM \"{table}\" WHERE \"parentId\" NOT IN (SELECT id FROM \"{parent}\");").unwrap();
        }
    }
    out
}

/// The values of a column by id.
fn values(database: &mut Database, kind: &Kind, table: &str, column: &str) -> BTreeMap<String, Option<String>> {
    let shown = kind.shown.replace('%', &format!("\"{column}\""));
    let sql = format!("SELECT id, CASE WHEN \"{column}\" IS NULL THEN NULL ELSE {shown} END FROM \"{table}\"");
    let pair = |row: Vec<Option<String>>| {
        let mut cells = row.into_iter();
        (cells.next().flatten().unwrap(), cells.next().flatten())
    };
    database.rows(&sql).unwrap().into_iter().map(pair).collect()
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

#[test]
fn rows_survive_on_sqlite() {
    run(&SQLITE, 200, |pair| {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("file:{}", folder.path().join("test.db").display());
        rows_survive(&SQLITE, &mut Database::create(&url).unwrap().0, &pair)
    });
}

#[test]
fn rows_survive_on_postgresql() {
    let Some(server) = Server::start().unwrap() else {
        return;
    };
    run(&POSTGRESQL, 60, |pair| {
        let (mut database, _) = Database::create(&server.url("test", "")).unwrap();
        rows_survive(&POSTGRESQL, &mut database, &pair)
    });
}

/// Not all pairs have rows that let them through, but enough must.
/// `CASES=…` tries more.
fn run(kind: &Kind, cases: u32, test: impl Fn((Schema, Schema)) -> Result<bool, TestCaseError>) {
    let cases = std::env::var("CASES").ok().and_then(|it| it.parse().ok()).unwrap_or(cases);
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let passed = Cell::new(0);
    let result = TestRunner::new(config).run(&pair(), |pair| {
        passed.set(passed.get() + u32::from(test(pair)?));
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{}: {error}", kind.provider));
    eprintln!("{}: {} of {cases} pairs were possible", kind.provider, passed.get());
    assert!(passed.get() > cases / 5);
}

/// Pulled into the schema that the database was brought to, it leaves that as it is. Pulled into the one before, and into none,
/// it makes a schema that asks for what the database has.
fn pulls(kind: &Kind, (from, to): (&Schema, &Schema), database: &mut Database) -> Result<(), TestCaseError> {
    let found = database.describe(&[]).unwrap();
    let text = |sources: &Sources| sources.files()[0].text.clone();
    let (from, to) = (sources(kind, from), sources(kind, to));
    prop_assert_eq!(text(&pull(&to, &found).unwrap().sources), text(&format(&to)));
    for present in [from.clone(), emptied(&from)] {
        let pulled = pull(&present, &found);
        let pulled =
            pulled.map_err(|error| TestCaseError::fail(format!("{}\n{}\n{error:#?}", text(&present), text(&to))))?;
        prop_assert_eq!(&pulled.warnings, &Vec::<String>::new());
        let left = diff(database.dialect(), &found, &describe(&catalog_of(&pulled.sources)).unwrap());
        let changes = script(database.dialect(), &left.changes);
        prop_assert!(left.is_empty(), "{}\n{}\n{changes}", text(&present), text(&pulled.sources));
    }
    Ok(())
}

/// Whether the rows that are there allow the change.
fn rows_survive(kind: &Kind, database: &mut Database, (from, to): &(Schema, Schema)) -> Result<bool, TestCaseError> {
    let (old, new) = (catalog(kind, from), catalog(kind, to));
    database.push(&old, PushOptions { force_reset: true, ..PushOptions::default() }).unwrap();
    // Rows may come before those that they refer to.
    let filling = match kind.provider {
        "sqlite" => format!("PRAGMA foreign_keys = OFF; {} PRAGMA foreign_keys = ON;", rows(kind, from)),
        _ => format!("SET session_replication_role = replica; {} {}", rows(kind, from), tidied(from)),
    };
    database.run(&filling).unwrap();
    let (before, target) = (database.describe(&[]).unwrap(), describe(&new).unwrap());
    let kept = kept(&before, &target);
    let then: Vec<_> = kept.iter().map(|(table, column, _)| values(database, kind, table, column)).collect();

    match database.push(&new, PushOptions { accept_data_loss: true, ..PushOptions::default() }) {
        Ok(_) => {}
        // Nulls that are filled, or values that are cast, may become alike only then.
        Err(Error::Impossible(_) | Error::ForeignKeys { .. }) => {
            prop_assert_eq!(database.describe(&[]).unwrap(), before);
            return Ok(false);
        }
        Err(Error::Statement { source, .. }) if source.is_about_rows() => {
            prop_assert_eq!(database.describe(&[]).unwrap(), before);
            return Ok(false);
        }
        Err(error) => {
            return Err(TestCaseError::fail(format!("{}\n{}\n{error}", written(kind, from), written(kind, to))));
        }
    }
    let left = diff(database.dialect(), &database.describe(&[]).unwrap(), &target);
    prop_assert!(
        left.is_empty(),
        "{}\n{}\n{}",
        written(kind, from),
        written(kind, to),
        script(database.dialect(), &left.changes)
    );
    pulls(kind, (from, to), database)?;
    for ((table, column, fills_nulls), then) in kept.iter().zip(then) {
        let now = values(database, kind, table, column);
        prop_assert_eq!(now.len(), then.len());
        for (id, now) in now {
            let then = &then[&id];
            prop_assert!(
                *then == now || (*fills_nulls && then.is_none()),
                "{table}.{column} of {id}: {then:?}, now {now:?}"
            );
        }
    }
    Ok(true)
}
