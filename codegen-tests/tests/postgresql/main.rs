//! What is PostgreSQL's own in the native engine: types, connections, transactions, errors.
//!
//! Each test has a server of its own, so that one can be stopped without stopping another's.
#![allow(clippy::unwrap_used)]

mod batch;
mod limit;
mod many;
mod nested;
mod observe;
mod options;
mod parts;
mod pooler;
mod relations;
mod secure;
mod undone;
mod wire;

use codegen_tests::postgresql_server::Server;
use lenslet::{Sources, check};
use lenslet_core::{
    catalog::Catalog,
    cursor::{Cursor, RawType},
    engine::{Engine as _, Isolation, TransactionOptions},
    error::{Error, ErrorKind},
    query::{Action, Query, Raw},
    value::Value as Bound,
};
use lenslet_native::Engine;
use lenslet_wire::{
    answer::{self, Form},
    decode::{self, Limits, Request},
};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const SCHEMA: &str = r#"
datasource db {
  provider = "postgresql"
  url      = env("DATABASE_URL")
}
enum Color {
  red
  dark_blue @map("dark-blue")
}
model User {
  id    Int     @id @default(autoincrement())
  email String  @unique
  name  String? @map("full_name") @db.VarChar(10)
  age   Int     @default(0)
  color Color   @default(red)
  posts Post[]
  tags  Tag[]
}
model Post {
  id     Int    @id @default(autoincrement())
  title  String
  userId Int
  user   User   @relation(fields: [userId], references: [id])
}
model Tag {
  a     Int
  b     String
  user  User?  @relation(fields: [userId], references: [id])
  userId Int?
  @@id([a, b])
}
"#;

const TABLES: &str = r#"
CREATE TYPE "Color" AS ENUM ('red', 'dark-blue');
CREATE TABLE "User" (id SERIAL PRIMARY KEY, email TEXT NOT NULL, full_name VARCHAR(10), age INT NOT NULL DEFAULT 0,
    color "Color" NOT NULL DEFAULT 'red');
CREATE UNIQUE INDEX "User_email_key" ON "User"(email);
CREATE TABLE "Post" (id SERIAL PRIMARY KEY, title TEXT NOT NULL, "userId" INT NOT NULL,
    CONSTRAINT "Post_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"(id));
CREATE TABLE "Tag" (a INT, b TEXT, "userId" INT REFERENCES "User"(id), PRIMARY KEY (a, b));
"#;

/// A database with tables, and what talks to it.
struct Database {
    server: Server,
    catalog: Catalog,
}

impl Database {
    fn start(schema: &str, tables: &str) -> Option<Database> {
        let server = Server::start().unwrap()?;
        server.execute("postgres", tables).unwrap();
        let schema = check(&Sources::single("schema.prisma", schema)).schema;
        let schema = schema.expect("the schema is valid");
        Some(Database { server, catalog: schema.catalog })
    }

    fn users() -> Option<Database> {
        Database::start(SCHEMA, TABLES)
    }

    fn engine(&self, options: &str) -> Engine {
        Engine::with_catalog(&self.server.url("postgres", options), self.catalog.clone()).unwrap()
    }

    fn query(&self, body: &Value) -> Query {
        match decode::request(&body.to_string(), &self.catalog, &Limits::default()).unwrap() {
            Request::One(query) => query,
            _ => panic!("one query is expected"),
        }
    }

    async fn ask(&self, engine: &Engine, model: &str, action: &str, query: Value) -> Result<Value, Error> {
        let query = self.query(&json!({"modelName": model, "action": action, "query": query}));
        let rows = engine.execute(query.clone()).await?;
        let text = answer::one(Form::Objects, &query, &self.catalog, Ok(rows));
        let answer: Value = serde_json::from_str(&text).unwrap();
        Ok(answer["data"].as_object().unwrap().values().next().unwrap().clone())
    }

    async fn create(&self, engine: &Engine, email: &str) -> Result<Value, Error> {
        let query = json!({"arguments": {"data": {"email": email}}, "selection": {"id": true}});
        self.ask(engine, "User", "createOne", query).await
    }

    async fn emails(&self, engine: &Engine) -> Vec<String> {
        let query = json!({"arguments": {"orderBy": [{"id": "asc"}]}, "selection": {"email": true}});
        let rows = self.ask(engine, "User", "findMany", query).await.unwrap();
        let emails = rows.as_array().unwrap().iter();
        emails.map(|row| row["email"].as_str().unwrap().to_owned()).collect()
    }
}

fn raw(text: &str, parameters: Vec<Bound>) -> Query {
    let raw = Raw { text: text.to_owned().into(), braces: false, parameters };
    Query::new(Query::RAW, Action::QueryRaw(Box::new(raw)))
}

fn options(isolation: Option<Isolation>, max_wait: u64, timeout: u64) -> TransactionOptions {
    TransactionOptions { isolation, max_wait: Duration::from_millis(max_wait), timeout: Duration::from_millis(timeout) }
}

fn kind<T>(result: Result<T, Error>) -> ErrorKind {
    match result {
        Ok(_) => panic!("an error is expected"),
        Err(error) => error.kind(),
    }
}

/// Reads and writes of every sort.
async fn everything_works(database: &Database, engine: &Engine) {
    let data = json!({"email": "ada", "color": "dark_blue", "posts": {"create": [{"title": "one"}, {"title": "two"}]},
        "tags": {"create": [{"a": 1, "b": "x"}, {"a": 1, "b": "y"}]}});
    let selection = json!({"email": true, "color": true,
        "posts": {"arguments": {"orderBy": [{"id": "asc"}]}, "selection": {"title": true, "user": {"selection": {"email": true}}}},
        "tags": {"arguments": {"orderBy": [{"b": "asc"}]}, "selection": {"b": true}}});
    let created =
        database.ask(engine, "User", "createOne", json!({"arguments": {"data": data}, "selection": selection}));
    let ada = json!({"email": "ada", "color": "dark_blue", "tags": [{"b": "x"}, {"b": "y"}],
        "posts": [{"title": "one", "user": {"email": "ada"}}, {"title": "two", "user": {"email": "ada"}}]});
    assert_eq!(created.await.unwrap(), ada);
    let many: Vec<Value> = (0..50).map(|n| json!({"email": format!("user{n}"), "age": n})).collect();
    let created =
        database.ask(engine, "User", "createMany", json!({"arguments": {"data": many}, "selection": {"count": true}}));
    assert_eq!(created.await.unwrap(), json!({"count": 50}));
    let found = json!({"arguments": {"where": {"OR": [{"color": {"in": ["dark_blue"]}}, {"age": {"in": [48, 49]}}]},
        "orderBy": [{"id": "asc"}]}, "selection": {"email": true, "posts": {"selection": {"title": true}}}});
    let found = database.ask(engine, "User", "findMany", found).await.unwrap();
    assert_eq!(found.as_array().unwrap().len(), 3);
    assert_eq!(found[0]["posts"].as_array().unwrap().len(), 2);
    let groups = json!({"arguments": {"by": ["color"], "orderBy": [{"color": "asc"}]},
        "selection": {"color": true, "_avg": {"selection": {"age": true}}, "_count": {"selection": {"_all": true}}}});
    let groups = database.ask(engine, "User", "groupBy", groups).await.unwrap();
    assert_eq!(groups[0], json!({"color": "red", "_avg": {"age": 24.5}, "_count": {"_all": 50}}));
    let upsert = json!({"arguments": {"where": {"email": "ada"}, "create": {"email": "ada"}, "update": {"age": {"increment": 5}}},
        "selection": {"age": true}});
    assert_eq!(database.ask(engine, "User", "upsertOne", upsert).await.unwrap(), json!({"age": 5}));
}

#[tokio::test]
async fn what_waits_for_data_fails() {
    let Some(database) = Database::users() else { return };
    let engine = database.engine("connection_limit=1");
    for _ in 0..2 {
        let copy = Raw { text: "COPY \"Tag\" FROM STDIN".into(), braces: false, parameters: Vec::new() };
        let failed = engine.execute(Query::new(Query::RAW, Action::ExecuteRaw(Box::new(copy)))).await;
        assert_eq!(kind(failed), ErrorKind::RawQuery);
        database.emails(&engine).await;
    }
}

#[tokio::test]
async fn everything_works_with_and_without_prepared_statements() {
    for options in ["", "statement_cache_size=1", "statement_cache_size=0", "pgbouncer=true"] {
        let Some(database) = Database::users() else { return };
        everything_works(&database, &database.engine(options)).await;
    }
}

#[tokio::test]
async fn a_socket_and_another_schema_can_be_named() {
    let Some(database) = Database::users() else { return };
    let tables = format!("CREATE SCHEMA \"my app\"; SET search_path TO \"my app\"; {TABLES}");
    database.server.execute("postgres", &tables).unwrap();
    let host = database.server.socket().display();
    let port = database.server.port();
    let url =
        format!("postgresql://postgres@localhost:{port}/postgres?host={host}&schema=my%20app&application_name=shop");
    let engine = Engine::with_catalog(&url, database.catalog.clone()).unwrap();
    database.create(&engine, "ada").await.unwrap();
    assert_eq!(database.emails(&engine).await, ["ada"]);
    assert!(database.emails(&database.engine("")).await.is_empty());
    let mut rows = engine.execute(raw("SHOW application_name", vec![])).await.unwrap();
    assert_eq!((rows.enter(), rows.next_row()), (Ok(1), Ok(true)));
    assert_eq!(rows.text().unwrap(), "shop");
}

#[tokio::test]
async fn raw_sql_says_what_its_columns_hold() {
    let Some(database) = Database::users() else { return };
    let engine = database.engine("");
    let sql = "SELECT $1::int + 1 AS a, $2 AS b, 1.50::numeric AS c, ARRAY['x', NULL] AS d, 'red'::\"Color\" AS e, \
               '2000-01-02'::date AS f, '10:00'::time AS g, '{}'::jsonb AS h, NULL AS i, 1.2::float4 AS j";
    let mut rows = engine.execute(raw(sql, vec![Bound::Int(4), Bound::Text("t".into())])).await.unwrap();
    let columns: Vec<_> = rows.columns().iter().map(|it| (it.name.as_str(), it.ty, it.list)).collect();
    use RawType::{Date, Decimal, Enum, Float, Int, Json, Text, Time};
    let types = [Int, Text, Decimal, Text, Enum, Date, Time, Json, Text, Float];
    let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
    let expected: Vec<_> = names.into_iter().zip(types).map(|(name, ty)| (name, ty, name == "d")).collect();
    assert_eq!(columns, expected);
    assert_eq!((rows.enter(), rows.next_row(), rows.integer()), (Ok(1), Ok(true), Ok(5)));
    assert_eq!(rows.text().unwrap(), "t");
    assert_eq!(rows.text().unwrap(), "1.5");
    let empty = engine.execute(raw("SELECT id, email FROM \"User\"", vec![])).await.unwrap();
    assert_eq!(empty.columns().len(), 2, "columns are known without rows");
    let error = engine.execute(raw("SELECT nonsense", vec![])).await.unwrap_err();
    assert_eq!((error.kind(), error.get("code")), (ErrorKind::RawQuery, Some(&Bound::Text("42703".into()))));
}

#[tokio::test]
async fn errors_have_prismas_codes() {
    let Some(database) = Database::users() else { return };
    let engine = database.engine("");
    database.create(&engine, "ada").await.unwrap();
    let error = database.create(&engine, "ada").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UniqueConstraint);
    assert_eq!(error.get("target"), Some(&Bound::List(vec![Bound::Text("email".into())])));
    assert_eq!(error.get("modelName"), Some(&Bound::Text("User".into())));
    let create = |model: &'static str, data: Value| {
        database.ask(&engine, model, "createOne", json!({"arguments": {"data": data}, "selection": {"id": true}}))
    };
    let error = create("Post", json!({"title": "t", "userId": 99})).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ForeignKeyConstraint);
    assert_eq!(error.get("constraint"), Some(&Bound::Text("Post_userId_fkey".into())));
    let long = create("User", json!({"email": "b", "name": "far too long a name"})).await;
    assert_eq!(kind(long), ErrorKind::ValueTooLong);
    database.server.execute("postgres", "ALTER TABLE \"User\" ALTER full_name SET NOT NULL").unwrap_err();
    database.server.execute("postgres", "UPDATE \"User\" SET full_name = 'x'").unwrap();
    database.server.execute("postgres", "ALTER TABLE \"User\" ALTER full_name SET NOT NULL").unwrap();
    let error = database.create(&engine, "c").await.unwrap_err();
    assert_eq!(
        (error.kind(), error.get("constraint")),
        (ErrorKind::NullConstraint, Some(&Bound::List(vec![Bound::Text("name".into())])))
    );
    database.server.execute("postgres", "ALTER TABLE \"User\" DROP full_name").unwrap();
    assert_eq!(kind(create("User", json!({"email": "d", "name": "n"})).await), ErrorKind::ColumnMissing);
    database.server.execute("postgres", "DROP TABLE \"Post\"").unwrap();
    assert_eq!(kind(create("Post", json!({"title": "t", "userId": 1})).await), ErrorKind::TableMissing);
}

#[tokio::test]
async fn connecting_fails_with_prismas_codes() {
    let Some(database) = Database::users() else { return };
    let fails = async |url: &str| {
        let engine = Engine::with_catalog(url, database.catalog.clone()).unwrap();
        engine.connect().await.unwrap_err()
    };
    let port = database.server.port();
    database.server.execute("postgres", "CREATE ROLE ada LOGIN PASSWORD 'secret'").unwrap();
    let rules = database.server.socket().join("data/pg_hba.conf");
    std::fs::write(&rules, "host all ada all scram-sha-256\nhost all all all trust\n").unwrap();
    database.server.execute("postgres", "SELECT pg_reload_conf()").unwrap();
    let wrong = fails(&format!("postgresql://ada:wrong@127.0.0.1:{port}/postgres")).await;
    assert_eq!(wrong.kind(), ErrorKind::Authentication, "{wrong}");
    assert!(!wrong.to_string().contains("wrong@"), "{wrong}");
    let right =
        Engine::with_catalog(&format!("postgresql://ada:secret@127.0.0.1:{port}/postgres"), database.catalog.clone());
    right.unwrap().connect().await.unwrap();
    let missing = fails(&format!("postgresql://postgres@127.0.0.1:{port}/missing")).await;
    assert_eq!(missing.kind(), ErrorKind::DatabaseMissing, "{missing}");
    let nobody = fails("postgresql://postgres@127.0.0.1:1/postgres").await;
    assert_eq!(nobody.kind(), ErrorKind::Unreachable, "{nobody}");
    let insecure = fails(&format!("postgresql://postgres@127.0.0.1:{port}/postgres?sslmode=require")).await;
    assert_eq!(insecure.kind(), ErrorKind::Tls, "{insecure}");
}

#[tokio::test]
async fn the_client_outlives_a_restart_of_the_server() {
    let Some(mut database) = Database::users() else { return };
    let engine = database.engine("connection_limit=2");
    database.create(&engine, "ada").await.unwrap();
    database.server.stop();
    let query = json!({"arguments": {}, "selection": {"email": true}});
    assert_eq!(kind(database.ask(&engine, "User", "findMany", query).await), ErrorKind::Unreachable);
    database.server.resume().unwrap();
    assert_eq!(database.emails(&engine).await, ["ada"]);
    database.server.stop();
    database.server.resume().unwrap();
    database.create(&engine, "bob").await.unwrap();
    assert_eq!(database.emails(&engine).await, ["ada", "bob"]);
}

#[tokio::test]
async fn a_schema_may_change_under_prepared_statements() {
    let Some(database) = Database::users() else { return };
    let engine = database.engine("connection_limit=1");
    database.create(&engine, "ada").await.unwrap();
    assert_eq!(database.emails(&engine).await, ["ada"]);
    database.server.execute("postgres", "ALTER TABLE \"User\" ALTER email TYPE varchar(50)").unwrap();
    assert_eq!(database.emails(&engine).await, ["ada"]);
    engine.execute(raw("DEALLOCATE ALL", vec![])).await.unwrap();
    assert_eq!(database.emails(&engine).await, ["ada"]);
}

#[tokio::test]
async fn a_pool_that_is_used_up_says_so() {
    let Some(database) = Database::users() else { return };
    let engine = database.engine("connection_limit=1&pool_timeout=1");
    let transaction = engine.begin(options(None, 1000, 5000)).await.unwrap();
    let query = json!({"arguments": {}, "selection": {"email": true}});
    assert_eq!(kind(database.ask(&engine, "User", "findMany", query).await), ErrorKind::PoolTimeout);
    let late = engine.begin(options(None, 50, 5000)).await.map(|_| ());
    assert_eq!(kind(late), ErrorKind::Transaction);
    transaction.rollback().await.unwrap();
    assert!(database.emails(&engine).await.is_empty());
}

#[tokio::test]
async fn many_tasks_share_few_connections() {
    let Some(database) = Database::users() else { return };
    let engine = database.engine("connection_limit=3");
    let tasks = (0..100).map(|number| {
        let engine = engine.clone();
        tokio::spawn(async move {
            let mut rows = engine.execute(raw("SELECT $1::int8", vec![Bound::Int(number)])).await.unwrap();
            assert_eq!((rows.enter(), rows.next_row(), rows.integer()), (Ok(1), Ok(true), Ok(number)));
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    let mut rows = engine
        .execute(raw("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'", vec![]))
        .await
        .unwrap();
    assert_eq!((rows.enter(), rows.next_row()), (Ok(1), Ok(true)));
    assert!(rows.integer().unwrap() <= 3);
}

#[tokio::test]
async fn a_dropped_operation_stops_on_the_server() {
    let Some(database) = Database::users() else { return };
    let engine = database.engine("connection_limit=1");
    let started = Instant::now();
    let sleeping = engine.execute(raw("SELECT 1 FROM pg_sleep(60)", vec![]));
    assert!(tokio::time::timeout(Duration::from_millis(300), sleeping).await.is_err());
    // The pool has one connection, which is usable again as soon as the statement has been stopped.
    assert!(database.emails(&engine).await.is_empty());
    assert!(started.elapsed() < Duration::from_secs(10));
    let slow = database.engine("socket_timeout=1").execute(raw("SELECT 1 FROM pg_sleep(60)", vec![])).await;
    assert_eq!(kind(slow), ErrorKind::OperationTimeout);
}

#[tokio::test]
async fn transactions_are_kept_or_undone() {
    let Some(database) = Database::users() else { return };
    let engine = database.engine("connection_limit=2");
    let kept = engine.begin(TransactionOptions::default()).await.unwrap();
    database.create(&kept, "kept").await.unwrap();
    assert!(database.emails(&engine).await.is_empty(), "others do not see it yet");
    let undone = kept.begin(TransactionOptions::default()).await.unwrap();
    database.create(&undone, "undone").await.unwrap();
    undone.rollback().await.unwrap();
    let dropped = kept.begin(TransactionOptions::default()).await.unwrap();
    database.create(&dropped, "dropped").await.unwrap();
    drop(dropped);
    let inner = kept.begin(TransactionOptions::default()).await.unwrap();
    database.create(&inner, "inner").await.unwrap();
    inner.commit().await.unwrap();
    kept.commit().await.unwrap();
    assert_eq!(kind(kept.commit().await), ErrorKind::Transaction);
    let forgotten = engine.begin(TransactionOptions::default()).await.unwrap();
    database.create(&forgotten, "forgotten").await.unwrap();
    drop(forgotten);
    assert_eq!(database.emails(&engine).await, ["kept", "inner"]);
}

#[tokio::test]
async fn a_transaction_ends_when_its_time_is_up() {
    let Some(database) = Database::users() else { return };
    let engine = database.engine("connection_limit=1");
    let idle = engine.begin(options(None, 2000, 200)).await.unwrap();
    database.create(&idle, "ada").await.unwrap();
    tokio::time::sleep(Duration::from_millis(400)).await;
    let error = database.create(&idle, "bob").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transaction);
    assert!(error.message().contains("200 ms"), "{error}");
    let busy = engine.begin(options(None, 2000, 200)).await.unwrap();
    let started = Instant::now();
    assert_eq!(kind(busy.execute(raw("SELECT 1 FROM pg_sleep(60)", vec![])).await), ErrorKind::Transaction);
    assert!(started.elapsed() < Duration::from_secs(10));
    assert!(database.emails(&engine).await.is_empty());
}

#[tokio::test]
async fn what_a_failed_transaction_did_is_not_taken_for_kept() {
    let Some(database) = Database::users() else { return };
    let engine = database.engine("");
    let failed = engine.begin(TransactionOptions::default()).await.unwrap();
    database.create(&failed, "ada").await.unwrap();
    assert_eq!(kind(database.create(&failed, "ada").await), ErrorKind::UniqueConstraint);
    assert_eq!(kind(failed.commit().await), ErrorKind::Transaction);
    assert!(database.emails(&engine).await.is_empty());
    let saved = engine.begin(TransactionOptions::default()).await.unwrap();
    database.create(&saved, "ada").await.unwrap();
    let inner = saved.begin(TransactionOptions::default()).await.unwrap();
    assert_eq!(kind(database.create(&inner, "ada").await), ErrorKind::UniqueConstraint);
    inner.rollback().await.unwrap();
    saved.commit().await.unwrap();
    assert_eq!(database.emails(&engine).await, ["ada"]);
}

#[tokio::test]
async fn conflicting_transactions_can_be_told() {
    let Some(database) = Database::users() else { return };
    let engine = database.engine("");
    database.create(&engine, "ada").await.unwrap();
    let serializable = options(Some(Isolation::Serializable), 2000, 5000);
    let count = json!({"arguments": {}, "selection": {"_count": {"selection": {"_all": true}}}});
    let one = engine.begin(serializable.clone()).await.unwrap();
    let other = engine.begin(serializable).await.unwrap();
    for (transaction, email) in [(&one, "bob"), (&other, "eve")] {
        database.ask(transaction, "User", "aggregate", count.clone()).await.unwrap();
        database.create(transaction, email).await.unwrap();
    }
    one.commit().await.unwrap();
    assert_eq!(kind(other.commit().await), ErrorKind::WriteConflict);
    let snapshot = engine.begin(options(Some(Isolation::Snapshot), 2000, 5000)).await.map(|_| ());
    assert_eq!(kind(snapshot), ErrorKind::Unsupported);
}

#[tokio::test]
async fn a_batch_is_one_transaction() {
    let Some(database) = Database::users() else { return };
    let engine = database.engine("");
    let create = |email: &str| {
        let query = json!({"arguments": {"data": {"email": email}}, "selection": {"id": true}});
        database.query(&json!({"modelName": "User", "action": "createOne", "query": query}))
    };
    let done = engine.batch(vec![create("ada"), create("bob")], Some(Isolation::RepeatableRead)).await;
    assert_eq!(done.unwrap().len(), 2);
    let error = engine.batch(vec![create("eve"), create("ada"), create("dan")], None).await.unwrap_err();
    assert_eq!((error.kind(), error.batch_index()), (ErrorKind::UniqueConstraint, Some(1)));
    assert_eq!(database.emails(&engine).await, ["ada", "bob"]);
    let outer = engine.begin(TransactionOptions::default()).await.unwrap();
    assert!(outer.batch(vec![create("eve"), create("ada")], None).await.is_err());
    outer.batch(vec![create("dan")], None).await.unwrap();
    outer.commit().await.unwrap();
    assert_eq!(database.emails(&engine).await, ["ada", "bob", "dan"]);
}

const TYPES: &str = r#"
datasource db {
  provider = "postgresql"
  url      = env("DATABASE_URL")
}
enum Color {
  red
  dark_blue @map("dark-blue")
}
model Value {
  id         Int       @id
  text       String?   @db.Text
  varchar    String?   @db.VarChar(20)
  char       String?   @db.Char(3)
  uuid       String?   @db.Uuid
  xml        String?   @db.Xml
  inet       String?   @db.Inet
  bit        String?   @db.Bit(4)
  varbit     String?   @db.VarBit
  citext     String?   @unique @db.Citext
  boolean    Boolean?
  smallint   Int?      @db.SmallInt
  int        Int?
  oid        Int?      @db.Oid
  bigint     BigInt?
  real       Float?    @db.Real
  double     Float?
  numeric    Decimal?  @db.Decimal(20, 5)
  money      Decimal?  @db.Money
  timestamp  DateTime? @db.Timestamp(6)
  zoned      DateTime? @db.Timestamptz(3)
  date       DateTime? @db.Date
  time       DateTime? @db.Time(3)
  timetz     DateTime? @db.Timetz(3)
  json       Json?     @db.Json
  jsonb      Json?
  bytes      Bytes?
  color      Color?
  point      Unsupported("point")?
  texts      String[]
  uuids      String[]  @db.Uuid
  booleans   Boolean[]
  ints       Int[]
  bigints    BigInt[]
  doubles    Float[]
  numerics   Decimal[]
  timestamps DateTime[]
  jsons      Json[]
  byteses    Bytes[]
  colors     Color[]
}
"#;

const TYPE_TABLES: &str = r#"
CREATE EXTENSION citext;
CREATE TYPE "Color" AS ENUM ('red', 'dark-blue');
CREATE TABLE "Value" (id INT PRIMARY KEY, text TEXT, varchar VARCHAR(20), char CHAR(3), uuid UUID, xml XML, inet INET,
    bit BIT(4), varbit VARBIT, citext CITEXT UNIQUE, boolean BOOLEAN, smallint SMALLINT, int INT, oid OID, bigint BIGINT,
    real REAL, double DOUBLE PRECISION, numeric DECIMAL(20, 5), money MONEY, timestamp TIMESTAMP(6), zoned TIMESTAMPTZ(3),
    date DATE, time TIME(3), timetz TIMETZ(3), json JSON, jsonb JSONB, bytes BYTEA, color "Color", point POINT,
    texts TEXT[], uuids UUID[], booleans BOOLEAN[], ints INT[], bigints BIGINT[], doubles DOUBLE PRECISION[],
    numerics DECIMAL(65, 30)[], timestamps TIMESTAMP(3)[], jsons JSONB[], byteses BYTEA[], colors "Color"[]);
"#;

/// Every native type, as it is written and as it is read again.
fn values() -> Vec<(&'static str, Value)> {
    let id = "0b1f0f6e-7c1f-4c39-9a4c-3f2a8a5a5a11";
    let tagged = |ty: &str, value: Value| json!({"$type": ty, "value": value});
    let moment = |text: &str| tagged("DateTime", json!(text));
    vec![
        ("text", json!("käse 🧀")),
        ("varchar", json!("it's")),
        ("char", json!("abc")),
        ("uuid", json!(id)),
        ("xml", json!("<a>1</a>")),
        ("inet", json!("10.0.0.1")),
        ("bit", json!("1010")),
        ("varbit", json!("100000001")),
        ("citext", json!("MiXed")),
        ("boolean", json!(true)),
        ("smallint", json!(-32768)),
        ("int", json!(2_147_483_647)),
        ("oid", json!(12)),
        ("bigint", tagged("BigInt", json!("9007199254740993"))),
        ("real", json!(1.2)),
        ("double", json!(-1.5e300)),
        ("numeric", tagged("Decimal", json!("-12345678901234.56789"))),
        ("money", tagged("Decimal", json!("-1234.5"))),
        ("timestamp", moment("2000-02-29T12:30:15.123Z")),
        ("zoned", moment("1900-10-10T01:10:10.001Z")),
        ("date", moment("2024-01-31T00:00:00.000Z")),
        ("time", moment("1970-01-01T14:02:56.001Z")),
        ("timetz", moment("1970-01-01T14:02:56.001Z")),
        ("json", tagged("Json", json!("{\"a\":[1,null]}"))),
        ("jsonb", tagged("Json", json!("[1,{\"b\":\"c\"}]"))),
        ("bytes", tagged("Bytes", json!("AP8QIA=="))),
        ("color", json!("dark_blue")),
        ("texts", json!(["a", "", "b\"\\,{}", "NULL"])),
        ("uuids", json!([id])),
        ("booleans", json!([true, false])),
        ("ints", json!([1, -2])),
        ("bigints", json!([tagged("BigInt", json!("1"))])),
        ("doubles", json!([0.5, 2.25])),
        ("numerics", json!([tagged("Decimal", json!("1.5")), tagged("Decimal", json!("-200"))])),
        ("timestamps", json!([moment("2000-02-29T12:30:15.123Z")])),
        ("jsons", json!([tagged("Json", json!("{\"a\":1}")), tagged("Json", json!("2"))])),
        ("byteses", json!([tagged("Bytes", json!("AQ=="))])),
        ("colors", json!(["red", "dark_blue"])),
    ]
}

/// Writes every type, finds the row by it, and reads it again, by way of a read and of what a write gives back.
async fn every_type_is_kept(database: &Database, engine: &Engine) {
    let values = values();
    let mut data: serde_json::Map<String, Value> =
        values.iter().map(|(name, value)| ((*name).into(), value.clone())).collect();
    let selection: Value = values.iter().map(|(name, _)| ((*name).to_owned(), json!(true))).collect();
    data.insert("id".into(), json!(1));
    let create = json!({"arguments": {"data": data}, "selection": selection});
    let created = database.ask(engine, "Value", "createOne", create).await.unwrap();
    let nothing = json!({"arguments": {"data": [{"id": 2}]}, "selection": {"count": true}});
    database.ask(engine, "Value", "createMany", nothing).await.unwrap();
    many_of_every_type_are_kept(database, engine, &values).await;
    for (name, value) in &values {
        assert_eq!(&created[name], value, "{name} as it was written");
        let equal = match *name {
            "json" | "xml" | "real" => continue,
            _ => json!({"arguments": {"where": {*name: {"equals": value}}}, "selection": {*name: true}}),
        };
        let found = database.ask(engine, "Value", "findMany", equal).await;
        let found = found.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(found, json!([{*name: value}]), "{name} as it is read");
        if value.is_array() || name.starts_with("json") {
            continue;
        }
        let listed = json!({"arguments": {"where": {*name: {"in": [value]}}}, "selection": {"id": true}});
        let found = database.ask(engine, "Value", "findMany", listed).await;
        let found = found.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(found, json!([{"id": 1}]), "{name} in a list");
    }
    let null = json!({"arguments": {"where": {"id": 2}}, "selection": selection});
    let null = database.ask(engine, "Value", "findUnique", null).await.unwrap();
    for (name, value) in &values {
        let empty = if value.is_array() { json!([]) } else { Value::Null };
        assert_eq!(null[name], empty, "{name} without a value");
    }
    let other_case = json!({"arguments": {"where": {"citext": "mIXED"}}, "selection": {"id": true}});
    let found = database.ask(engine, "Value", "findUnique", other_case).await.unwrap();
    assert_eq!(found, json!({"id": 1}));
}

/// Writes rows of every type at once, and reads them again.
async fn many_of_every_type_are_kept(database: &Database, engine: &Engine, values: &[(&str, Value)]) {
    let scalars = || values.iter().filter(|(_, value)| !value.is_array());
    let row = |id: i32| {
        let values = scalars().map(|(name, value)| match *name {
            "citext" => ((*name).to_owned(), json!(format!("one of many {id}"))),
            name => (name.to_owned(), value.clone()),
        });
        json!(values.chain([("id".to_owned(), json!(id))]).collect::<serde_json::Map<_, _>>())
    };
    let selection: Value = scalars().map(|(name, _)| ((*name).to_owned(), json!(true))).collect();
    let create = json!({"arguments": {"data": [row(11), {"id": 12}, row(13)]}, "selection": selection});
    let created = database.ask(engine, "Value", "createManyAndReturn", create).await.unwrap();
    for (name, value) in scalars().filter(|(name, _)| *name != "citext") {
        assert_eq!(created[0][name], *value, "{name} among many");
        assert_eq!(created[1][name], Value::Null, "{name} among many");
        assert_eq!(created[2][name], *value, "{name} among many");
    }
    let delete = json!({"arguments": {"where": {"id": {"gt": 10}}}, "selection": {"count": true}});
    assert_eq!(database.ask(engine, "Value", "deleteMany", delete).await.unwrap(), json!({"count": 3}));
}

#[tokio::test]
async fn every_type_is_kept_with_and_without_prepared_statements() {
    for options in ["", "statement_cache_size=0"] {
        let Some(database) = Database::start(TYPES, TYPE_TABLES) else {
            return;
        };
        every_type_is_kept(&database, &database.engine(options)).await;
    }
}
