//! Whatever tables people make, with whatever names, types and defaults: what is pulled is a valid schema that asks for the
//! same, but for foreign keys that the language cannot say, and these are told.
#![allow(clippy::unwrap_used)]

use lenslet::{Sources, check, pull};
use lenslet_migrate::{Database, Scratch, describe, diff};
use lenslet_sql::ddl::{Dialect, quoted, script};
use proptest::prelude::*;
use std::collections::BTreeSet;

const NAMES: [&str; 22] = [
    "a",
    "a b",
    "a-b",
    "a_b",
    "A_b_2",
    "1",
    "2nd",
    "class",
    "model",
    "String",
    "größe",
    "表",
    "_x",
    "__",
    "id",
    "User",
    "Post",
    "it's \"q\"",
    "_PostToUser",
    "other_User",
    "null",
    "back\\slash",
];
const TYPES: [&str; 14] = [
    "TEXT",
    "INTEGER",
    "BIGINT",
    "REAL",
    "DECIMAL",
    "BOOLEAN",
    "DATETIME",
    "BLOB",
    "JSONB",
    "VARCHAR(20)",
    "geometry(2)",
    "",
    "date",
    "\"odd type\"",
];
const DEFAULTS: [&str; 14] = [
    "NULL",
    "1",
    "-1.50",
    "1e30",
    "9223372036854775807",
    "'x'",
    "'it''s \\ \"'",
    "''",
    "CURRENT_TIMESTAMP",
    "TRUE",
    "X'00ff'",
    "(1 + 2)",
    "'{\"a\": 1}'",
    "(upper('a''b'))",
];

#[derive(Clone, Debug)]
struct Table {
    name: usize,
    columns: Vec<(usize, usize, bool, Option<usize>, bool)>,
    key: usize,
    index: Option<(usize, bool, bool)>,
    refers: Vec<(usize, usize, usize, bool)>,
}

fn table() -> impl Strategy<Value = Table> {
    let column =
        (0..NAMES.len(), 0..TYPES.len(), any::<bool>(), prop::option::of(0..DEFAULTS.len()), prop::bool::weighted(0.2));
    let refers = (0..4_usize, 0..4_usize, 0..4_usize, any::<bool>());
    (
        0..NAMES.len(),
        prop::collection::vec(column, 1..6),
        0..4_usize,
        prop::option::of((0..4_usize, any::<bool>(), any::<bool>())),
        prop::collection::vec(refers, 0..3),
    )
        .prop_map(|(name, columns, key, index, refers)| Table { name, columns, key, index, refers })
}

fn name(at: usize) -> String {
    quoted(Dialect::Sqlite, NAMES[at])
}

/// Columns that have a name of their own.
fn columns(table: &Table) -> Vec<&(usize, usize, bool, Option<usize>, bool)> {
    let mut seen = BTreeSet::new();
    table.columns.iter().filter(|(name, ..)| seen.insert(NAMES[*name].to_lowercase())).collect()
}

fn sql(tables: &[&Table]) -> String {
    let mut out = String::new();
    for table in tables {
        let columns = columns(table);
        let mut lines: Vec<String> = columns
            .iter()
            .map(|(column, ty, required, default, unique)| {
                let required = if *required { " NOT NULL" } else { "" };
                let default = default.map(|at| format!(" DEFAULT {}", DEFAULTS[at])).unwrap_or_default();
                let unique = if *unique { " UNIQUE" } else { "" };
                format!("{} {}{required}{default}{unique}", name(*column), TYPES[*ty])
            })
            .collect();
        if let Some((column, ..)) = columns.get(table.key) {
            lines.push(format!("PRIMARY KEY ({})", name(*column)));
        }
        for (column, other, referred, cascade) in &table.refers {
            let other = tables[other % tables.len()];
            let own = columns[column % columns.len()].0;
            let others = self::columns(other);
            let referred = others[referred % others.len()].0;
            let cascade = if *cascade { " ON DELETE CASCADE" } else { "" };
            lines.push(format!(
                "FOREIGN KEY ({}) REFERENCES {} ({}){cascade}",
                name(own),
                name(other.name),
                name(referred)
            ));
        }
        out += &format!("CREATE TABLE {} (\n{}\n);\n", name(table.name), lines.join(",\n"));
        if let Some((column, unique, descending)) = table.index {
            let column = columns[column % columns.len()].0;
            let (unique, order) = (if unique { "UNIQUE " } else { "" }, if descending { " DESC" } else { "" });
            let index = quoted(Dialect::Sqlite, &format!("{} by", NAMES[table.name]));
            out += &format!("CREATE {unique}INDEX {index} ON {} ({}{order});\n", name(table.name), name(column));
        }
    }
    out
}

/// `CASES=…` tries more.
fn cases() -> u32 {
    std::env::var("CASES").ok().and_then(|it| it.parse().ok()).unwrap_or(400)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_tables_make_a_schema(tables in prop::collection::vec(table(), 1..5)) {
        let mut seen = BTreeSet::new();
        let tables: Vec<&Table> = tables.iter().filter(|table| seen.insert(NAMES[table.name].to_lowercase())).collect();
        let sql = sql(&tables);
        let mut database = Database::scratch(Scratch::Memory).unwrap();
        database.run(&sql).unwrap();
        let found = database.describe(&[]).unwrap();
        let empty = Sources::single("schema.prisma", "datasource db {\n  provider = \"sqlite\"\n}\n");
        let pulled = match pull::pull(&empty, &found) {
            Ok(pulled) => pulled,
            Err(pull::PullError::Invalid { sources, diagnostics }) => {
                let said: Vec<_> = diagnostics.iter().map(|it| it.render(&sources, false)).collect();
                return Err(TestCaseError::fail(format!("{sql}\n{}", said.join("\n"))));
            }
            Err(error) => return Err(TestCaseError::fail(error.to_string())),
        };
        let text = &pulled.sources.files()[0].text;
        let catalog = check(&pulled.sources).schema.unwrap().catalog;
        let left = diff(Dialect::Sqlite, &found, &describe(&catalog).unwrap());
        let changes = script(Dialect::Sqlite, &left.changes);
        prop_assert!(left.is_empty() || !pulled.warnings.is_empty(), "{sql}\n{text}\n{changes}");
        prop_assert_eq!(&pull::pull(&pulled.sources, &found).unwrap().sources, &pulled.sources);
    }
}
