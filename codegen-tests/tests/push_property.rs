//! From any small schema to any other, with rows in the tables: nothing is lost that the second still has a place for, and
//! the database is in sync afterwards.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use codegen_tests::postgresql_server::Server;
use lenslet::pull::{emptied, pull};
use lenslet::{Sources, check, format};
use lenslet_core::catalog::Catalog;
use lenslet_migrate::{Database, Error, PushOptions, describe, diff, renames};
use lenslet_sql::ddl::{BaseType, Column as Described, DatabaseSchema, Dialect, ObjectName, qualified, script, string};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// What everything is called, and what it may be called afterwards. The order of models decides which end of a join table is
/// which, so that a new name may turn one round.
const MODELS: [[&str; 2]; 3] = [["Alpha", "Zeta"], ["Beta", "Bet"], ["Gamma", "Aaron"]];
const COLUMNS: [[&str; 2]; 4] = [["a", "aa"], ["b", "b_2"], ["c", "New"], ["d", "dd"]];
const KIND: [&str; 2] = ["Kind", "Sort"];
/// By the schema, and in the database.
const VARIANTS: [[(&str, &str); 2]; 4] = [
    [("A", "A"), ("Alef", "Alef")],
    [("B", "B"), ("Bet", "it's")],
    [("C", "C"), ("c", "c")],
    [("D", "D"), ("Dd", "d-d")],
];
const NAMESPACES: [&str; 2] = ["one", "two"];

/// A database, and what its columns hold: a type with what follows it, a default of it, and a value of it as SQL.
struct Kind {
    provider: &'static str,
    dialect: Dialect,
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
    dialect: Dialect::Sqlite,
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
    dialect: Dialect::Postgresql,
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
    index_is_unique: bool,
    key: Key,
}

/// What identifies a row besides `id`, which every table has.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Key {
    Id,
    IdAndOther,
    OtherAndId,
    /// Of the first column, where that can be part of a key.
    IdAndFirst,
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
    /// Which variants the enum has.
    variants: [bool; 4],
    names: Names,
    /// Of the models and the enum, where the database has several (PostgreSQL).
    namespaces: Option<[usize; 4]>,
}

/// What goes by its other name.
#[derive(Clone, Debug)]
struct Names {
    models: [bool; 3],
    columns: Vec<bool>,
    kind: bool,
    variants: [bool; 4],
}

impl Schema {
    fn model_name(&self, at: usize) -> &'static str {
        MODELS[at][usize::from(self.names.models[at])]
    }

    fn column_name(&self, model: usize, at: usize) -> &'static str {
        COLUMNS[at][usize::from(self.names.columns[model * COLUMNS.len() + at])]
    }

    fn kind_name(&self) -> &'static str {
        KIND[usize::from(self.names.kind)]
    }

    fn variant(&self, at: usize) -> (&'static str, &'static str) {
        VARIANTS[at][usize::from(self.names.variants[at])]
    }

    fn variants(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        (0..VARIANTS.len()).filter(|&at| self.variants[at]).map(|at| self.variant(at))
    }

    fn object(&self, kind: &Kind, slot: usize, name: &str) -> ObjectName {
        ObjectName { schema: self.namespace(kind, slot).map(str::to_owned), name: name.to_owned() }
    }

    fn table(&self, kind: &Kind, at: usize) -> ObjectName {
        self.object(kind, at, self.model_name(at))
    }

    /// Of a model, or of the enum, which comes behind them.
    fn namespace(&self, kind: &Kind, slot: usize) -> Option<&'static str> {
        let namespaces = self.namespaces.filter(|_| kind.dialect == Dialect::Postgresql)?;
        Some(NAMESPACES[namespaces[slot]])
    }

    /// What an attribute says of it.
    fn namespace_attribute(&self, kind: &Kind, slot: usize) -> String {
        self.namespace(kind, slot).map(|name| format!("  @@schema(\"{name}\")\n")).unwrap_or_default()
    }

    fn relation_name(&self, at: usize) -> String {
        format!("{}Friends", self.model_name(at))
    }

    /// Whether the friends of a model are what `B` refers to.
    fn friends_come_second(&self, at: usize, friend: usize) -> bool {
        self.model_name(at) <= self.model_name(friend)
    }
}

/// Two schemas, and whether it is said what only gets another name.
#[derive(Clone, Debug)]
struct Pair {
    from: Schema,
    to: Schema,
    says_renames: bool,
}

impl Pair {
    fn models(&self) -> impl Iterator<Item = (usize, &Model, &Model)> {
        let models = self.from.models.iter().zip(&self.to.models).enumerate();
        models.filter_map(|(at, (old, new))| Some((at, old.as_ref()?, new.as_ref()?)))
    }

    /// Whether the rows of a model that both have are kept.
    fn keeps_model(&self, at: usize) -> bool {
        self.from.models[at].is_some() && self.to.models[at].is_some() && self.keeps_name(Schema::model_name, at)
    }

    fn keeps_name(&self, name: fn(&Schema, usize) -> &'static str, at: usize) -> bool {
        self.says_renames || name(&self.from, at) == name(&self.to, at)
    }

    /// Models whose friends are the same before and after, and these.
    fn friends(&self) -> impl Iterator<Item = (usize, usize)> {
        self.models().filter_map(|(at, old, new)| {
            let friend = friend_of(&self.from, at, old)?;
            (friend_of(&self.to, at, new) == Some(friend)).then_some((at, friend))
        })
    }

    /// What people would say.
    fn renames(&self, kind: &Kind) -> Vec<String> {
        let (from, to) = (&self.from, &self.to);
        let mut out = Vec::new();
        let mut say = |before: String, old: &str, new: &str| {
            if self.says_renames && old != new {
                out.push(format!("{before}{old}={new}"));
            }
        };
        for (at, old, new) in self.models() {
            say(String::new(), from.model_name(at), to.model_name(at));
            for column in (0..COLUMNS.len()).filter(|&it| old.columns[it].is_some() && new.columns[it].is_some()) {
                let table = format!("{}.", to.model_name(at));
                say(table, from.column_name(at, column), to.column_name(at, column));
            }
        }
        for (at, friend) in self.friends() {
            if self.keeps_join_namespace(kind, at, friend) {
                let [old, new] = [from, to].map(|it| format!("_{}", it.relation_name(at)));
                say(String::new(), &old, &new);
            }
        }
        // SQLite has no types to rename.
        if kind.dialect == Dialect::Postgresql {
            say(String::new(), from.kind_name(), to.kind_name());
        }
        for at in (0..VARIANTS.len()).filter(|&at| from.variants[at] && to.variants[at]) {
            say(format!("{}.", to.kind_name()), from.variant(at).1, to.variant(at).0);
        }
        out
    }

    /// A join table is where the model is that `A` refers to.
    fn keeps_join_namespace(&self, kind: &Kind, at: usize, friend: usize) -> bool {
        let first = |schema: &Schema| if schema.friends_come_second(at, friend) { at } else { friend };
        self.from.namespace(kind, first(&self.from)) == self.to.namespace(kind, first(&self.to))
    }

    /// A value as it was shown, with the variants in it by their names afterwards.
    fn renamed_value(&self, kind: &Kind, value: &str) -> String {
        let shown = |name: &str| match kind.dialect {
            Dialect::Sqlite => format!("text {}", string(Dialect::Sqlite, name)),
            _ => name.to_owned(),
        };
        let renamed = |value: &str| {
            let at = (0..VARIANTS.len()).find(|&at| shown(self.from.variant(at).1) == value);
            let at = at.filter(|&at| self.says_renames && self.to.variants[at]);
            at.map_or_else(|| value.to_owned(), |at| shown(self.to.variant(at).1))
        };
        match value.strip_prefix('{').and_then(|it| it.strip_suffix('}')) {
            Some(list) => format!("{{{}}}", list.split(',').map(renamed).collect::<Vec<_>>().join(",")),
            None => renamed(value),
        }
    }
}

/// What two schemas mostly have in common.
#[derive(Clone, Debug)]
struct Usual {
    types: Vec<usize>,
    friends: Vec<Option<usize>>,
    namespaces: Option<[usize; 4]>,
}

fn pair() -> impl Strategy<Value = Pair> {
    let usual = (
        prop::collection::vec(0..TYPES, MODELS.len() * COLUMNS.len()),
        prop::collection::vec(prop::option::of(0..MODELS.len()), MODELS.len()),
        prop::option::weighted(0.3, prop::array::uniform4(0..NAMESPACES.len())),
    );
    let usual = usual.prop_map(|(types, friends, namespaces)| Usual { types, friends, namespaces });
    usual
        .prop_flat_map(|usual| (schema(&usual, names(0.0)), schema(&usual, names(0.25)), prop::bool::weighted(0.85)))
        .prop_map(|(from, to, says_renames)| Pair { from, to, says_renames })
}

fn names(share: f64) -> impl Strategy<Value = Names> {
    let other = move || prop::bool::weighted(share);
    (
        prop::array::uniform3(other()),
        prop::collection::vec(other(), MODELS.len() * COLUMNS.len()),
        other(),
        prop::array::uniform4(other()),
    )
        .prop_map(|(models, columns, kind, variants)| Names { models, columns, kind, variants })
}

fn schema<N: Strategy<Value = Names>>(usual: &Usual, names: N) -> impl Strategy<Value = Schema> + use<N> {
    let types = usual.types.chunks(COLUMNS.len()).zip(&usual.friends);
    let models: Vec<_> = types.map(|(types, &friends)| prop::option::weighted(0.8, model(types, friends))).collect();
    let models = models.prop_filter("some model", |models| models.iter().any(Option::is_some));
    let has = |share| prop::bool::weighted(share);
    let variants = (has(0.9), has(0.7), has(0.7), has(0.9));
    let namespaces = usual.namespaces;
    (models, variants, names).prop_map(move |(models, (a, b, c, d), names)| {
        let variants = if a || b || c || d { [a, b, c, d] } else { [true; 4] };
        Schema { models, variants, names, namespaces }
    })
}

fn model(types: &[usize], friends: Option<usize>) -> impl Strategy<Value = Model> + use<> {
    let pair = (0..COLUMNS.len(), 0..COLUMNS.len());
    let columns: Vec<_> = types.iter().map(|&ty| prop::option::weighted(0.7, column(ty))).collect();
    let friends = prop_oneof![4 => Just(friends), 1 => prop::option::of(0..MODELS.len())];
    let key = prop_oneof![
        7 => Just(Key::Id), 1 => Just(Key::IdAndOther), 1 => Just(Key::OtherAndId), 1 => Just(Key::IdAndFirst)
    ];
    (columns, prop::option::of(parent()), friends, prop::option::of(pair), prop::bool::weighted(0.2), key).prop_map(
        |(columns, parent, friends, index, index_is_unique, key)| Model {
            columns,
            parent,
            friends,
            index,
            index_is_unique,
            key,
        },
    )
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
    let schemas = schema.namespace(kind, 0).map(|_| format!("  schemas = {NAMESPACES:?}\n")).unwrap_or_default();
    let mut out = format!("datasource db {{\n  provider = \"{}\"\n{schemas}}}\n", kind.provider);
    writeln!(out, "enum {} {{", schema.kind_name()).unwrap();
    for (name, stored) in schema.variants() {
        let map = if name == stored { String::new() } else { format!(" @map(\"{stored}\")") };
        writeln!(out, "  {name}{map}").unwrap();
    }
    writeln!(out, "{}}}", schema.namespace_attribute(kind, MODELS.len())).unwrap();
    for (at, model) in schema.models.iter().enumerate() {
        let Some(model) = model else { continue };
        writeln!(out, "model {} {{", schema.model_name(at)).unwrap();
        write_model(kind, schema, at, model, &mut out);
        writeln!(out, "{}}}", schema.namespace_attribute(kind, at)).unwrap();
    }
    out
}

/// A default with the last variant in place of `A`, so that new ones become defaults as well.
fn default(schema: &Schema, text: &str) -> String {
    let (last, _) = schema.variants().last().unwrap();
    match text {
        "A" => last.to_owned(),
        text => text.replace("[A]", &format!("[{last}]")),
    }
}

/// A value with one variant in one row, and another in the others.
fn value(kind: &Kind, schema: &Schema, text: &str) -> String {
    let ends = [schema.variants().next().unwrap(), schema.variants().last().unwrap()];
    let [first, last] = ends.map(|(_, stored)| text.replace("'A'", &string(kind.dialect, stored)));
    let ty = qualified(kind.dialect, &schema.object(kind, MODELS.len(), schema.kind_name()));
    let value = if first == last { first } else { format!("CASE id WHEN 1 THEN {first} ELSE {last} END") };
    value.replace("\"Kind\"", &ty)
}

fn write_model(kind: &Kind, schema: &Schema, at: usize, model: &Model, out: &mut String) {
    let key = key_of(kind, model);
    let id = if key == Key::Id { "@id" } else { "" };
    writeln!(out, "  id Int {id} @unique").unwrap();
    for (name, column) in present(schema, at, model) {
        let (ty, set, _) = kind.types[column.ty % kind.types.len()];
        let (ty, native) = ty.split_once(' ').unwrap_or((ty, ""));
        let ty = ty.replace("Kind", schema.kind_name());
        let optional = if column.optional && !ty.ends_with("[]") { "?" } else { "" };
        let default = if column.default { format!("@default({})", default(schema, set)) } else { String::new() };
        let unique = if column.unique { "@unique" } else { "" };
        writeln!(out, "  {name} {ty}{optional} {native} {default} {unique}").unwrap();
    }
    write_relations(schema, at, model, out);
    match key {
        Key::Id => {}
        Key::IdAndOther => writeln!(out, "  other Int @default(0)\n  @@id([id, other])").unwrap(),
        Key::OtherAndId => writeln!(out, "  other Int @default(0)\n  @@id([other, id])").unwrap(),
        Key::IdAndFirst => writeln!(out, "  @@id([id, {}])", schema.column_name(at, 0)).unwrap(),
    }
    let has = |at: usize| model.columns[at].is_some();
    if let Some((first, second)) = model.index.filter(|&(first, second)| first != second && has(first) && has(second)) {
        let (first, second) = (schema.column_name(at, first), schema.column_name(at, second));
        let attribute = if model.index_is_unique { "unique" } else { "index" };
        writeln!(out, "  @@{attribute}([{first}, {second}(sort: Desc)])").unwrap();
    }
}

fn key_of(kind: &Kind, model: &Model) -> Key {
    let is_plain = |column: &Column| matches!(kind.types[column.ty % kind.types.len()].0, "String" | "Int" | "Kind");
    let fits = model.columns[0].as_ref().is_some_and(|column| !column.optional && is_plain(column));
    if model.key == Key::IdAndFirst && !fits { Key::Id } else { model.key }
}

fn write_relations(schema: &Schema, at: usize, model: &Model, out: &mut String) {
    if let Some(parent) = parent_of(schema, model) {
        let (optional, action) = (if parent.optional { "?" } else { "" }, parent.action);
        let (name, target) = (MODELS[at][0], schema.model_name(parent.model));
        writeln!(out, "  parentId Int{optional}").unwrap();
        writeln!(
            out,
            "  parent {target}{optional} @relation(\"{name}Parent\", fields: [parentId], references: [id], onDelete: {action}, onUpdate: NoAction)"
        )
        .unwrap();
    }
    if let Some(friend) = friend_of(schema, at, model) {
        writeln!(out, "  friends {}[] @relation(\"{}\")", schema.model_name(friend), schema.relation_name(at)).unwrap();
    }
    for (other, it) in schema.models.iter().enumerate() {
        let Some(it) = it else { continue };
        let (field, name) = (MODELS[other][0], schema.model_name(other));
        if parent_of(schema, it).is_some_and(|parent| parent.model == at) {
            writeln!(out, "  childrenOf{field} {name}[] @relation(\"{field}Parent\")").unwrap();
        }
        if friend_of(schema, other, it) == Some(at) {
            writeln!(out, "  friendsOf{field} {name}[] @relation(\"{}\")", schema.relation_name(other)).unwrap();
        }
    }
}

fn present<'m>(schema: &'m Schema, at: usize, model: &'m Model) -> impl Iterator<Item = (&'static str, &'m Column)> {
    let columns = model.columns.iter().enumerate();
    columns.filter_map(move |(column, it)| Some((schema.column_name(at, column), it.as_ref()?)))
}

fn parent_of<'m>(schema: &Schema, model: &'m Model) -> Option<&'m Parent> {
    model.parent.as_ref().filter(|parent| schema.models[parent.model].is_some())
}

/// Join tables need a single key at both ends.
fn friend_of(schema: &Schema, at: usize, model: &Model) -> Option<usize> {
    let is_simple = |at: usize| schema.models[at].as_ref().is_some_and(|it| it.key == Key::Id);
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
        for (name, column) in present(schema, at, model) {
            names.push(name);
            let (ty, _, text) = kind.types[column.ty % kind.types.len()];
            let value = value(kind, schema, text);
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
        let ([insert, conflict], table) = (kind.insert, qualified(kind.dialect, &schema.table(kind, at)));
        let (names, values) = (format!("\"{}\"", names.join("\", \"")), values.join(", "));
        writeln!(out, "{insert} INTO {table} ({names}) SELECT {values} FROM {ids} WHERE true {conflict};").unwrap();
    }
    out
}

/// Rows that were left out as equal to others are not referred to.
fn tidied(kind: &Kind, schema: &Schema) -> String {
    let mut out = String::new();
    for _ in MODELS {
        for (at, model) in schema.models.iter().enumerate() {
            let Some(parent) = model.as_ref().and_then(|model| parent_of(schema, model)) else { continue };
            let [table, parent] = [at, parent.model].map(|at| qualified(kind.dialect, &schema.table(kind, at)));
            writeln!(out, "DELETE FROM {table} WHERE \"parentId\" NOT IN (SELECT id FROM {parent});").unwrap();
        }
    }
    out
}

/// Everybody is a friend of the next, which is not so the other way round.
fn friendships(kind: &Kind, schema: &Schema, described: &DatabaseSchema) -> String {
    let mut out = String::new();
    for (at, model) in schema.models.iter().enumerate() {
        let Some(friend) = model.as_ref().and_then(|model| friend_of(schema, at, model)) else { continue };
        let join = qualified(kind.dialect, join_table(schema, at, described));
        let [own, other] = ends(schema, at, friend);
        let [table, friends] = [at, friend].map(|at| qualified(kind.dialect, &schema.table(kind, at)));
        writeln!(
            out,
            "INSERT INTO {join} (\"{own}\", \"{other}\") SELECT x.id, y.id FROM {table} x, {friends} y WHERE y.id = x.id % 3 + 1;"
        )
        .unwrap();
    }
    out
}

fn join_table<'d>(schema: &Schema, at: usize, described: &'d DatabaseSchema) -> &'d ObjectName {
    let name = format!("_{}", schema.relation_name(at));
    described.tables.iter().map(|table| &table.name).find(|it| it.name == name).unwrap()
}

/// The columns of a join table that refer to a model and to its friends.
fn ends(schema: &Schema, at: usize, friend: usize) -> [&'static str; 2] {
    if schema.friends_come_second(at, friend) { ["A", "B"] } else { ["B", "A"] }
}

/// Who is a friend of whom.
fn pairs_of(database: &mut Database, kind: &Kind, join: &ObjectName, ends: [&str; 2]) -> BTreeSet<Vec<Option<String>>> {
    let ([own, other], join) = (ends, qualified(kind.dialect, join));
    database.rows(&format!("SELECT \"{own}\", \"{other}\" FROM {join}")).unwrap().into_iter().collect()
}

/// A column, by its table and its own name.
type Place<'n> = (ObjectName, &'n str);

/// The values of a column by id.
fn values(database: &mut Database, kind: &Kind, (table, column): &Place<'_>) -> BTreeMap<String, Option<String>> {
    let shown = kind.shown.replace('%', &format!("\"{column}\""));
    let table = qualified(kind.dialect, table);
    let sql = format!("SELECT id, CASE WHEN \"{column}\" IS NULL THEN NULL ELSE {shown} END FROM {table}");
    let pair = |row: Vec<Option<String>>| {
        let mut cells = row.into_iter();
        (cells.next().flatten().unwrap(), cells.next().flatten())
    };
    database.rows(&sql).unwrap().into_iter().map(pair).collect()
}

/// A column that both structures have and that keeps its type: what must survive.
struct Kept {
    old: Place<'static>,
    new: Place<'static>,
    fills_nulls: bool,
    /// Whether its values are those of the enum afterwards.
    holds_variants: bool,
}

fn kept(kind: &Kind, pair: &Pair, before: &DatabaseSchema, target: &DatabaseSchema) -> Vec<Kept> {
    let mut kept = Vec::new();
    for (at, _, model) in pair.models().filter(|&(at, ..)| pair.keeps_model(at)) {
        let own = (0..COLUMNS.len()).map(|column| [&pair.from, &pair.to].map(|it| it.column_name(at, column)));
        let fixed = ["id", "parentId", "other"].map(|name| [name, name]);
        for [old, new] in own.chain(fixed).filter(|[old, new]| pair.says_renames || old == new) {
            let places = [(pair.from.table(kind, at), old), (pair.to.table(kind, at), new)];
            let column =
                |schema: &DatabaseSchema, (table, name): &Place<'_>| schema.table(table)?.column(name).cloned();
            let (Some(was), Some(is)) = (column(before, &places[0]), column(target, &places[1])) else { continue };
            if keeps_type(pair, &was, &is) {
                let [old, new] = places;
                let fills_nulls = was.nullable && !is.nullable;
                kept.push(Kept { old, holds_variants: holds_variants(kind, pair, at, model, new.1), new, fills_nulls });
            }
        }
    }
    kept
}

fn keeps_type(pair: &Pair, old: &Described, new: &Described) -> bool {
    let is_enum = |column: &Described| matches!(column.ty.base, BaseType::Enum(_));
    let keeps_enum = pair.says_renames && is_enum(old) && is_enum(new) && old.ty.list == new.ty.list;
    old.ty == new.ty || keeps_enum
}

fn holds_variants(kind: &Kind, pair: &Pair, at: usize, model: &Model, name: &str) -> bool {
    let column = present(&pair.to, at, model).find(|(column, _)| *column == name);
    column.is_some_and(|(_, column)| kind.types[column.ty % kind.types.len()].0.starts_with("Kind"))
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
fn run(kind: &Kind, cases: u32, test: impl Fn(Pair) -> Result<bool, TestCaseError>) {
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
fn pulls(kind: &Kind, pair: &Pair, found: &DatabaseSchema) -> Result<(), TestCaseError> {
    let text = |sources: &Sources| sources.files()[0].text.clone();
    let (from, to) = (sources(kind, &pair.from), sources(kind, &pair.to));
    prop_assert_eq!(text(&pull(&to, found).unwrap().sources), text(&format(&to)));
    for present in [from.clone(), emptied(&from)] {
        let pulled = pull(&present, found);
        let pulled =
            pulled.map_err(|error| TestCaseError::fail(format!("{}\n{}\n{error:#?}", text(&present), text(&to))))?;
        prop_assert_eq!(&pulled.warnings, &Vec::<String>::new());
        let left = diff(kind.dialect, found, &describe(&catalog_of(&pulled.sources)).unwrap());
        let changes = script(kind.dialect, &left.changes);
        prop_assert!(left.is_empty(), "{}\n{}\n{changes}", text(&present), text(&pulled.sources));
    }
    Ok(())
}

/// Whether the rows that are there allow the change.
fn rows_survive(kind: &Kind, database: &mut Database, pair: &Pair) -> Result<bool, TestCaseError> {
    let (old, new) = (catalog(kind, &pair.from), catalog(kind, &pair.to));
    let namespaces: Vec<_> = new.schemas.iter().map(ToString::to_string).collect();
    database.push(&old, PushOptions { force_reset: true, ..PushOptions::default() }).unwrap();
    let (before, target) = (database.describe(&namespaces).unwrap(), describe(&new).unwrap());
    database.run(&filling(kind, &pair.from, &before)).unwrap();
    let kept = kept(kind, pair, &before, &target);
    let then: Vec<_> = kept.iter().map(|it| values(database, kind, &it.old)).collect();
    let friends = friends_before(kind, pair, database, &before);

    let said = pair.renames(kind);
    let context = || format!("{}\n{}\n{said:?}", written(kind, &pair.from), written(kind, &pair.to));
    let renames = renames(&said, &before, &target, &new);
    let renames = renames.map_err(|error| TestCaseError::fail(format!("{}\n{error}", context())))?;
    let accept = PushOptions { accept_data_loss: true, ..PushOptions::default() };
    match database.push_renamed(&new, accept, &renames) {
        Ok(_) => {}
        // Nulls that are filled, or values that are cast, may become alike only then.
        Err(Error::Impossible(_) | Error::ForeignKeys { .. }) => {
            prop_assert_eq!(database.describe(&namespaces).unwrap(), before);
            return Ok(false);
        }
        Err(Error::Statement { source, .. }) if source.is_about_rows() => {
            prop_assert_eq!(database.describe(&namespaces).unwrap(), before);
            return Ok(false);
        }
        Err(error) => return Err(TestCaseError::fail(format!("{}\n{error}", context()))),
    }
    let found = database.describe(&namespaces).unwrap();
    let left = diff(kind.dialect, &found, &target);
    prop_assert!(left.is_empty(), "{}\n{}", context(), script(kind.dialect, &left.changes));
    pulls(kind, pair, &found)?;
    for (it, then) in kept.iter().zip(then) {
        let now = values(database, kind, &it.new);
        prop_assert_eq!(now.len(), then.len());
        for (id, now) in now {
            let was = then[&id].clone();
            let expected = was.clone().map(|was| if it.holds_variants { pair.renamed_value(kind, &was) } else { was });
            let is_kept = expected == now || (it.fills_nulls && was.is_none());
            prop_assert!(is_kept, "{}\n{:?} of {id}: {was:?}, now {now:?}", context(), it.new);
        }
    }
    for ((at, friend), then) in friends {
        let now = pairs_of(database, kind, join_table(&pair.to, at, &target), ends(&pair.to, at, friend));
        prop_assert!(now == then, "{}\nfriends of {at}: {then:?}, now {now:?}", context());
    }
    Ok(true)
}

/// Rows may come before those that they refer to.
fn filling(kind: &Kind, schema: &Schema, described: &DatabaseSchema) -> String {
    let (rows, friendships) = (rows(kind, schema), friendships(kind, schema, described));
    match kind.dialect {
        Dialect::Sqlite => format!("PRAGMA foreign_keys = OFF; {rows} {friendships} PRAGMA foreign_keys = ON;"),
        _ => format!("SET session_replication_role = replica; {rows} {} {friendships}", tidied(kind, schema)),
    }
}

type Friends = Vec<((usize, usize), BTreeSet<Vec<Option<String>>>)>;

/// Friendships of which the schema still knows afterwards.
fn friends_before(kind: &Kind, pair: &Pair, database: &mut Database, before: &DatabaseSchema) -> Friends {
    let stays = |&(at, friend): &(usize, usize)| {
        pair.keeps_model(at) && pair.keeps_model(friend) && pair.keeps_join_namespace(kind, at, friend)
    };
    let kept: Vec<_> = pair.friends().filter(stays).collect();
    let pairs = |(at, friend)| {
        ((at, friend), pairs_of(database, kind, join_table(&pair.from, at, before), ends(&pair.from, at, friend)))
    };
    kept.into_iter().map(pairs).collect()
}

/// A new name turns the ends of a join table round: friends stay friends.
#[test]
fn friends_survive_a_new_order() {
    let schema = |provider: &str, first: &str| {
        let text = format!(
            "datasource db {{\n  provider = \"{provider}\"\n}}\nmodel {first} {{\n  id Int @id\n  tags Tag[] @relation(\"Tagged\")\n  @@map(\"Post\")\n}}\n\
             model Tag {{\n  id Int @id\n  posts {first}[] @relation(\"Tagged\")\n}}"
        );
        catalog_of(&Sources::single("schema.prisma", text))
    };
    let server = Server::start().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let urls = server.iter().map(|server| server.url("test", ""));
    for url in urls.chain([format!("file:{}", folder.path().join("test.db").display())]) {
        let provider = if url.starts_with("file:") { "sqlite" } else { "postgresql" };
        let (before, after) = (schema(provider, "Post"), schema(provider, "Writing"));
        let (mut database, _) = Database::create(&url).unwrap();
        database.push(&before, PushOptions::default()).unwrap();
        let fill = "INSERT INTO \"Post\" VALUES (1), (2); INSERT INTO \"Tag\" VALUES (1), (2), (3);
            INSERT INTO \"_Tagged\" (\"A\", \"B\") VALUES (1, 2), (2, 3)";
        database.run(fill).unwrap();
        let pushed = database.push(&after, PushOptions::default()).unwrap();
        assert_eq!(pushed.losses, []);
        assert!(database.push(&after, PushOptions::default()).unwrap().was_in_sync());
        let rows = database.rows("SELECT \"B\", \"A\" FROM \"_Tagged\" ORDER BY 1").unwrap();
        assert_eq!(rows, [["1", "2"], ["2", "3"]].map(|row| row.map(|it| Some(it.to_owned())).to_vec()), "{provider}");
    }
}
