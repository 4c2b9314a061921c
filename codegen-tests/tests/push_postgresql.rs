//! What is particular to PostgreSQL when a schema is pushed.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use codegen_tests::conformance_migrations::differences;
use codegen_tests::postgresql_server::Server;
use lenslet::{Sources, check};
use lenslet_core::catalog::Catalog;
use lenslet_migrate::history::Migration;
use lenslet_migrate::{Database, Error, PushOptions, Pushed, Scratch, describe, diff};
use lenslet_sql::ddl::{DatabaseSchema, Dialect};

const PLAIN: PushOptions = PushOptions { accept_data_loss: false, force_reset: false };
const ACCEPT: PushOptions = PushOptions { accept_data_loss: true, force_reset: false };

fn schema(head: &str, body: &str) -> Catalog {
    let preview = if head.is_empty() {
        ""
    } else {
        "generator client {\n  provider = \"lenslet\"\n  previewFeatures = [\"postgresqlExtensions\"]\n}\n"
    };
    let text = format!("{preview}datasource db {{\n  provider = \"postgresql\"\n  {head}\n}}\n{body}");
    let checked = check(&Sources::single("schema.prisma", text.clone()));
    checked.schema.unwrap_or_else(|| panic!("{text}\n{:?}", checked.diagnostics)).catalog
}

fn plain(body: &str) -> Catalog {
    schema("", body)
}

/// A server, and an empty database on it.
fn fresh() -> Option<(Server, Database)> {
    let server = Server::start().unwrap()?;
    let (database, _) = Database::create(&server.url("test", "")).unwrap();
    Some((server, database))
}

/// Pushes, and makes sure that nothing is left to do.
fn push(database: &mut Database, catalog: &Catalog, options: PushOptions) -> Pushed {
    let pushed = database.push(catalog, options).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(differences(database, catalog).unwrap(), Vec::<String>::new());
    pushed
}

fn one(database: &mut Database, sql: &str) -> String {
    let row = database.rows(sql).unwrap().into_iter().next().unwrap();
    row.into_iter().map(|cell| cell.unwrap_or_else(|| "null".to_owned())).collect::<Vec<_>>().join(" | ")
}

#[test]
fn what_schemas_cannot_say_is_left_alone() {
    let Some((_server, mut database)) = fresh() else { return };
    let before =
        plain("model User {\n  id Int @id @default(autoincrement())\n  email String\n  age Int\n  @@index([age])\n}");
    push(&mut database, &before, PLAIN);
    let by_hand = "CREATE EXTENSION btree_gist;
        CREATE INDEX lower_email ON \"User\" (lower(email)); CREATE INDEX adults ON \"User\" (email) WHERE age > 17;
        CREATE INDEX covering ON \"User\" (email) INCLUDE (age); CREATE STATISTICS s ON email, age FROM \"User\";
        ALTER TABLE \"User\" ADD CONSTRAINT old_enough CHECK (age > 0), ADD CONSTRAINT lonely EXCLUDE USING gist (age WITH =);
        CREATE VIEW adults_view AS SELECT * FROM \"User\" WHERE age > 17; CREATE MATERIALIZED VIEW counted AS SELECT count(*) FROM \"User\";
        CREATE FUNCTION f() RETURNS trigger AS $$ BEGIN RETURN NEW; END $$ LANGUAGE plpgsql;
        CREATE TRIGGER t BEFORE INSERT ON \"User\" FOR EACH ROW EXECUTE FUNCTION f();
        CREATE DOMAIN positive AS int CHECK (VALUE > 0); CREATE TYPE pair AS (a int, b int);
        CREATE TABLE measured (at date NOT NULL) PARTITION BY RANGE (at); CREATE TABLE measured_2024 PARTITION OF measured FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
        COMMENT ON TABLE \"User\" IS 'who writes'; COMMENT ON COLUMN \"User\".email IS 'where to';";
    database.run(by_hand).unwrap();
    let described = database.describe(&[]).unwrap();
    let user = &described.tables[0];
    assert_eq!((user.comment.as_deref(), user.columns[1].comment.as_deref()), (Some("who writes"), Some("where to")));
    assert_eq!(described.views.len(), 2);
    let names: Vec<_> = user.attachments.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["lower_email", "lonely"]);
    assert_eq!(described.tables.iter().map(|it| it.name.name.as_str()).collect::<Vec<_>>(), ["User", "measured"]);

    let count = "SELECT count(*) FROM pg_indexes WHERE tablename = 'User'";
    let indexes = one(&mut database, count);
    let body = "model User {\n  id Int @id @default(autoincrement())\n  email String\n  age Int\n  name String?\n  @@index([age])\n}
        model measured {\n  at DateTime @db.Date\n  @@ignore\n}";
    push(&mut database, &plain(body), PLAIN);
    assert_eq!(one(&mut database, count), indexes);
    let left = "SELECT count(*) FROM pg_constraint WHERE conname IN ('old_enough', 'lonely')";
    assert_eq!(one(&mut database, left), "2");
}

#[test]
fn every_kind_of_index_is_known_again() {
    let Some((_server, mut database)) = fresh() else { return };
    let catalog = schema(
        "extensions = [pg_trgm, citext]",
        "model Thing {
  id   Int @default(autoincrement())
  text String
  name String @db.Citext
  tags String[]
  data Json
  ip   String @db.Inet
  at   DateTime @default(now()) @db.Timestamptz()
  size BigInt @default(0)
  @@id([id, size], map: \"thing_key\")
  @@unique([text, size(sort: Desc)], map: \"texts\")
  @@index([text], type: Hash)
  @@index([tags], type: Gin)
  @@index([data(ops: JsonbPathOps)], type: Gin, map: \"paths\")
  @@index([data(ops: JsonbOps)], type: Gin, map: \"documents\")
  @@index([text(ops: raw(\"gin_trgm_ops\"))], type: Gin, map: \"words\")
  @@index([ip(ops: InetOps)], type: Gist)
  @@index([text], type: SpGist, map: \"prefixes\")
  @@index([at(ops: TimestampTzMinMaxOps)], type: Brin)
  @@index([size(sort: Desc), at])
}",
    );
    assert_eq!(push(&mut database, &catalog, PLAIN).statements.len(), 13);
    // A unique constraint is as good as a unique index, and goes as one.
    database.run("DROP INDEX texts; ALTER TABLE \"Thing\" ADD CONSTRAINT texts UNIQUE (text)").unwrap();
    assert_eq!(push(&mut database, &catalog, PLAIN).statements.len(), 2);
    database.run("ALTER INDEX words RENAME TO \"old words\"").unwrap();
    assert_eq!(push(&mut database, &catalog, PLAIN).statements, ["ALTER INDEX \"old words\" RENAME TO \"words\""]);
}

#[test]
fn several_schemas_are_one_database() {
    let Some((_server, mut database)) = fresh() else { return };
    let catalog = schema(
        "schemas = [\"base\", \"shop\"]",
        "model User {\n  id Int @id\n  orders Order[]\n  role Role @default(ADMIN)\n  @@schema(\"base\")\n}
        enum Role {\n  ADMIN\n  GUEST\n  @@schema(\"base\")\n}
        model Order {\n  id BigInt @id @default(autoincrement())\n  userId Int\n  user User @relation(fields: [userId], references: [id])\n  by Role[]\n  @@schema(\"shop\")\n}",
    );
    assert!(push(&mut database, &catalog, PLAIN).statements.len() >= 6);
    database.run("INSERT INTO base.\"User\" VALUES (1); INSERT INTO shop.\"Order\" (\"userId\", \"by\") VALUES (1, '{GUEST}')").unwrap();
    database.run("CREATE TABLE other (id int)").unwrap();
    assert!(database.push(&catalog, PLAIN).unwrap().was_in_sync(), "the schema `public` is not listed");
    let reset = PushOptions { force_reset: true, ..PLAIN };
    push(&mut database, &catalog, reset);
    assert_eq!(one(&mut database, "SELECT count(*) FROM shop.\"Order\""), "0");
}

#[test]
fn the_schema_of_the_url_is_meant() {
    let Some(server) = Server::start().unwrap() else { return };
    let (mut own, created) = Database::create(&server.url("test", "schema=own")).unwrap();
    assert!(created);
    let catalog = plain("model User {\n  id Int @id\n  kind Kind\n}\nenum Kind {\n  A\n}");
    push(&mut own, &catalog, PLAIN);
    let (mut public, created) = Database::create(&server.url("test", "")).unwrap();
    assert!(!created);
    assert!(public.is_empty(&[]).unwrap() && !own.is_empty(&[]).unwrap());
    assert_eq!(one(&mut public, "SELECT schemaname FROM pg_tables WHERE tablename = 'User'"), "own");
}

#[test]
fn counting_begins_and_ends() {
    let Some((_server, mut database)) = fresh() else { return };
    let counts = plain(
        "model A {\n  id BigInt @id @default(autoincrement())\n}\nmodel B {\n  id Int @id @default(autoincrement())\n}",
    );
    let not = plain("model A {\n  id BigInt @id\n}\nmodel B {\n  id Int @id\n}");
    database.run("CREATE TABLE \"A\" (id BIGINT GENERATED ALWAYS AS IDENTITY CONSTRAINT \"A_pkey\" PRIMARY KEY);
        CREATE SEQUENCE mine; CREATE TABLE \"B\" (id INT CONSTRAINT \"B_pkey\" PRIMARY KEY DEFAULT nextval('mine')); ALTER SEQUENCE mine OWNED BY \"B\".id").unwrap();
    assert!(database.push(&counts, PLAIN).unwrap().was_in_sync());
    push(&mut database, &not, PLAIN);
    assert_eq!(one(&mut database, "SELECT count(*) FROM pg_class WHERE relkind = 'S'"), "0");
    database.run("INSERT INTO \"A\" VALUES (41); INSERT INTO \"B\" VALUES (6)").unwrap();
    push(&mut database, &counts, PLAIN);
    assert_eq!(one(&mut database, "INSERT INTO \"A\" DEFAULT VALUES RETURNING id"), "42");
    assert_eq!(one(&mut database, "INSERT INTO \"B\" DEFAULT VALUES RETURNING id"), "7");
    let larger = plain(
        "model A {\n  id BigInt @id @default(autoincrement())\n}\nmodel B {\n  id BigInt @id @default(autoincrement())\n}",
    );
    push(&mut database, &larger, PLAIN);
    assert_eq!(one(&mut database, "SELECT data_type FROM pg_sequences WHERE sequencename = 'B_id_seq'"), "bigint");
}

#[test]
fn enums_change_with_their_rows() {
    let Some((_server, mut database)) = fresh() else { return };
    let kinds = |variants: &str, rest: &str| {
        plain(&format!("enum Kind {{\n  {variants}\n}}\nmodel A {{\n  id Int @id\n  {rest}\n}}"))
    };
    push(&mut database, &kinds("X\n  Y", "kind Kind @default(X)\n  kinds Kind[] @default([Y])\n  old Kind?"), PLAIN);
    database.run("INSERT INTO \"A\" VALUES (1, 'X', '{X,Y}', 'Y'), (2, 'Y', '{}', NULL)").unwrap();

    // A new value that is a default at once.
    push(
        &mut database,
        &kinds("X\n  Y\n  Z", "kind Kind @default(Z)\n  kinds Kind[] @default([Y])\n  old Kind?"),
        PLAIN,
    );
    // A value that goes, from rows that have it; a column of the type that goes with it.
    let fewer = kinds("Y\n  Z", "kind Kind @default(Z)\n  kinds Kind[] @default([Y, Z])");
    let error = database.push(&fewer, PLAIN).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the rows that are there make the change impossible:\n  - the enum `Kind` loses `X`: 2 rows with one of them; give them \
         another value first, or say how it is called now (--rename Kind.X=NEW)\nchange the rows or the schema, or start \
         anew (--force-reset)"
    );
    assert!(matches!(database.push(&fewer, ACCEPT), Err(Error::Impossible(_))));
    database.run("UPDATE \"A\" SET kind = 'Z', kinds = '{Z}' WHERE id = 1").unwrap();
    push(&mut database, &fewer, ACCEPT);
    assert_eq!(one(&mut database, "SELECT string_agg(kind::text, ' ' ORDER BY id) FROM \"A\""), "Z Y");
    // To a text, and away.
    push(&mut database, &plain("model A {\n  id Int @id\n  kind String\n  kinds String[]\n}"), ACCEPT);
    assert_eq!(one(&mut database, "SELECT kind, kinds::text FROM \"A\" WHERE id = 1"), "Z | {Z}");
}

#[test]
fn what_keeps_an_enum_from_being_replaced_is_named() {
    let Some((server, mut database)) = fresh() else { return };
    let users = |values: &str| {
        plain(&format!("enum Mood {{\n{values}\n}}\nmodel User {{\n id Int @id\n mood Mood\n moods Mood[]\n}}"))
    };
    push(&mut database, &users("good\nbad\nodd"), PLAIN);
    let obstacles = [
        (
            "DROP INDEX \"mean\"",
            "CREATE INDEX mean ON \"User\" (id) WHERE mood = 'bad'",
            "the index `mean` of `\"User\"`",
        ),
        (
            "ALTER TABLE \"User\" DROP CONSTRAINT known",
            "ALTER TABLE \"User\" ADD CONSTRAINT known CHECK (mood IN ('good', 'bad') AND moods <> '{bad}')",
            "the constraint `known` of `\"User\"`",
        ),
    ];
    let few = users("good\nbad");
    let script = |from: &DatabaseSchema, to: &Catalog| {
        diff(Dialect::Postgresql, from, &describe(to).unwrap()).migration(Dialect::Postgresql)
    };
    let migration = |name: &str, script: String| Migration { name: name.into(), script, replaces: Vec::new() };
    let found = database.describe(&[]).unwrap();
    let migrations = [
        migration("1_all", script(&DatabaseSchema::default(), &users("good\nbad\nodd"))),
        migration("2_few", script(&found, &few)),
    ];
    let (mut migrated, _) = Database::create(&server.url("migrated", "")).unwrap();
    migrated.deploy(&migrations[..1]).unwrap();
    for (drop, create, name) in obstacles {
        database.run(create).unwrap();
        let before = one(&mut database, "SELECT array_agg(enumlabel)::text FROM pg_enum");
        migrated.run(create).unwrap();
        for error in [
            database.push(&few, ACCEPT).unwrap_err().to_string(),
            database.run(&migrations[1].script).unwrap_err().to_string(),
            migrated.deploy(&migrations).unwrap_err().to_string(),
        ] {
            assert!(error.contains(name) && error.contains("does not exist"), "{error}");
            // It says word for word what to write.
            let said: Vec<_> = error.lines().filter(|line| line.ends_with(';')).collect();
            assert!(said.len() >= 2 && said[0].starts_with(&drop[..10]), "{error}");
        }
        assert_eq!(one(&mut database, "SELECT array_agg(enumlabel)::text FROM pg_enum"), before);
        database.run(drop).unwrap();
        migrated.run(drop).unwrap();
    }
    // What it says is done: then the change is made.
    obstacles.iter().for_each(|(_, create, _)| database.run(create).unwrap());
    let mut again = Vec::new();
    while let Err(error) = database.push(&few, ACCEPT) {
        let error = error.to_string();
        let said: Vec<_> = error.lines().filter(|line| line.ends_with(';')).map(str::to_owned).collect();
        assert_eq!(said.len(), 4, "{error}");
        said.chunks(2).for_each(|pair| database.run(&pair[0]).unwrap());
        again.extend(said.chunks(2).map(|pair| pair[1].clone()));
    }
    again.iter().for_each(|create| database.run(create).unwrap());
    push(&mut database, &few, PLAIN);
}

#[test]
fn types_change_with_their_values() {
    let Some((_server, mut database)) = fresh() else { return };
    let from = "model P {\n  id Int @id @default(autoincrement())\n  all C[]\n}
        model C {\n  id Int @id\n  p P @relation(fields: [pId], references: [id])\n  pId Int\n  n String @default(\"7\")\n  yes Boolean\n  at DateTime\n  raw Bytes\n  many Int[]\n}";
    push(&mut database, &plain(from), PLAIN);
    database.run("INSERT INTO \"P\" DEFAULT VALUES; INSERT INTO \"C\" VALUES (1, 1, '42', true, '2024-01-02 03:04:05', '\\x00', '{1,2}')").unwrap();
    let to = "model P {\n  id BigInt @id @default(autoincrement())\n  all C[]\n}
        model C {\n  id Int @id\n  p P @relation(fields: [pId], references: [id])\n  pId BigInt\n  n Int @default(7)\n  yes BigInt\n  at DateTime @db.Date\n  raw String?  @db.Uuid\n  many String\n}";
    let error = database.push(&plain(to), PLAIN).unwrap_err().to_string();
    for line in [
        "`n` of `C` changes from TEXT to INTEGER: 1 row",
        "`raw` of `C` is dropped: 1 row",
        "`many` of `C` changes from INTEGER[] to TEXT: 1 row",
    ] {
        assert!(error.contains(line), "{error}");
    }
    assert!(!error.contains("`id`"), "{error}");
    push(&mut database, &plain(to), ACCEPT);
    assert_eq!(
        one(&mut database, "SELECT \"pId\", n, yes, at, raw, many FROM \"C\""),
        "1 | 42 | 1 | 2024-01-02 | null | {1,2}"
    );

    database.run("CREATE VIEW v AS SELECT n FROM \"C\"").unwrap();
    let refused = database.push(&plain(&to.replace("n Int @default(7)", "n String")), ACCEPT).unwrap_err().to_string();
    assert!(refused.contains("nothing was changed") && refused.contains("view v"), "{refused}");
}

#[test]
fn a_reset_leaves_the_schema_and_its_rights() {
    let Some((server, mut database)) = fresh() else { return };
    let by_hand = "CREATE EXTENSION citext; CREATE TYPE mood AS ENUM ('ok'); CREATE DOMAIN d AS citext; CREATE TABLE a (id serial, m mood, d d);
        CREATE VIEW v AS SELECT * FROM a; CREATE FUNCTION f(a) RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE PROCEDURE p() LANGUAGE sql AS 'SELECT 1';
        CREATE AGGREGATE agg(int) (SFUNC = int4pl, STYPE = int); CREATE SEQUENCE s; CREATE TYPE pair AS (a int); CREATE TYPE span AS RANGE (SUBTYPE = int);
        CREATE ROLE reader; GRANT USAGE ON SCHEMA public TO reader; CREATE TABLE _prisma_migrations (id int);";
    database.run(by_hand).unwrap();
    database.reset(&[]).unwrap();
    let left = "SELECT (SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace), (SELECT count(*) FROM pg_type WHERE typnamespace = 'public'::regnamespace), (SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace)";
    assert_eq!(one(&mut database, left), "0 | 0 | 0");
    assert_eq!(one(&mut database, "SELECT has_schema_privilege('reader', 'public', 'USAGE')"), "t");
    assert!(database.records().unwrap().is_none());

    // A database that is kept for trying things out is emptied as a whole; one with a history is not meant.
    database.mark_applied(&[Migration::new("1", "")], "1").unwrap();
    let refused = Database::scratch(Scratch::At(&server.url("test", ""))).err().unwrap();
    assert!(matches!(&refused, Error::NotScratch(name) if name == "test"), "{refused}");
    let url = server.url("kept", "");
    for _ in 0..2 {
        let mut scratch = Database::scratch(Scratch::At(&url)).unwrap();
        scratch.run("CREATE SCHEMA more; CREATE TABLE more.a (id int); CREATE TABLE b (id int)").unwrap();
    }
}

/// What a killed process left behind goes with the next scratch database, unless it is in use, or may just have been made.
#[test]
fn left_over_scratch_databases_are_dropped() {
    let Some((server, mut database)) = fresh() else { return };
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let named = |age: u64, rest: &str| format!("lenslet_shadow_{}_{rest}", now - age);
    let names = [named(9000, "dead"), named(9000, "used"), named(60, "new"), "lenslet_shadow_mine".to_owned()];
    names.iter().for_each(|name| server.create(name).unwrap());
    let used = Database::open(&server.url(&names[1], "")).unwrap();
    drop(Database::scratch(Scratch::Beside(&server.url("test", ""))).unwrap());
    let left = "SELECT string_agg(datname, ' ' ORDER BY datname) FROM pg_database WHERE datname LIKE 'lenslet%'";
    let mut expected = names[1..].to_vec();
    expected.sort();
    assert_eq!(one(&mut database, left), expected.join(" "));
    drop(used);
}
