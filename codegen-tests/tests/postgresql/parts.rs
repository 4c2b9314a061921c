//! Rows that are read while others are on their way.

use super::Database;
use lenslet_core::{
    cursor::Cursor,
    draft::Draft,
    engine::{Engine as _, TransactionOptions},
    error::Error,
    operation::Sendable,
};
use lenslet_native::Engine;
use serde_json::json;
use std::{future::poll_fn, iter};

const SCHEMA: &str = r#"
datasource db {
  provider = "postgresql"
  url      = env("DATABASE_URL")
}
model Line {
  id   Int    @id
  body String
}
"#;

/// Lines of many lengths. The first time that line 8,000 is read the connection ends.
const TABLES: &str = r#"
CREATE SEQUENCE tries;
CREATE FUNCTION line(i INT) RETURNS TEXT VOLATILE LANGUAGE plpgsql AS $$ BEGIN
    IF i = 8000 AND nextval('tries') = 1 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;
    RETURN i || repeat('.', CASE WHEN i % 1000 = 0 THEN 100000 ELSE i % 50 END);
END $$;
CREATE VIEW "Line" AS SELECT i AS id, line(i) AS body FROM generate_series(1, 10000) AS i;
"#;

/// The length of each line, read one after the other.
struct Lengths;

fn lengths<C: Cursor>(lengths: &mut Vec<(i64, usize)>, cursor: &mut C) -> Result<(), Error> {
    cursor.enter()?;
    while cursor.next_row()? {
        let length = cursor.text()?.len();
        lengths.push((cursor.integer()?, length));
    }
    Ok(())
}

impl Sendable for Lengths {
    /// With how many parts there were.
    type Out = (Vec<(i64, usize)>, usize);

    fn into_query(self) -> Draft {
        unreachable!("the query is made elsewhere")
    }

    fn read<C: Cursor>(cursor: &mut C) -> Result<Self::Out, Error> {
        let mut first = Vec::new();
        lengths(&mut first, cursor)?;
        Ok((first, 1))
    }

    const IN_PARTS: bool = true;

    fn read_more<C: Cursor>((lines, parts): &mut Self::Out, cursor: &mut C) -> Result<(), Error> {
        *parts += 1;
        lengths(lines, cursor)
    }
}

async fn read(database: &Database, engine: &Engine, take: i64) -> Result<(Vec<(i64, usize)>, usize), Error> {
    let query = json!({"arguments": {"take": take}, "selection": {"body": true, "id": true}});
    let query = database.query(&json!({"modelName": "Line", "action": "findMany", "query": query}));
    let (mut answer, mut so_far) = (engine.execute(query), None);
    poll_fn(|context| Engine::poll_read::<Lengths>(&mut answer, &mut so_far, context)).await
}

#[tokio::test]
async fn every_row_is_read_once() {
    let Some(database) = Database::start(SCHEMA, TABLES) else { return };
    let length = |line: usize| line.to_string().len() + if line.is_multiple_of(1000) { 100_000 } else { line % 50 };
    let lines = |count: usize| (1..=count).map(|line| (line as i64, length(line))).collect::<Vec<_>>();
    let engine = database.engine("connection_limit=1");
    // It is asked again from the start when the connection ends.
    let (all, parts) = read(&database, &engine, 10_000).await.unwrap();
    assert_eq!(all, lines(10_000));
    assert!(parts > 5, "{parts}");
    let whole = database.engine("connection_limit=1&statement_cache_size=0");
    for (engine, count) in iter::repeat_n(&engine, 3).zip([0, 1, 10_000]).chain([(&whole, 10_000)]) {
        assert_eq!(read(&database, engine, count as i64).await.unwrap().0, lines(count));
    }
    let transaction = engine.begin(TransactionOptions::default()).await.unwrap();
    for count in [10_000, 3_000] {
        assert_eq!(read(&database, &transaction, count as i64).await.unwrap().0, lines(count));
    }
    transaction.commit().await.unwrap();
    // Whoever stops in the middle leaves a connection that works.
    let stopped = tokio::time::timeout(std::time::Duration::from_millis(2), read(&database, &engine, 10_000)).await;
    assert!(stopped.is_err() || stopped.unwrap().is_ok());
    assert_eq!(read(&database, &engine, 2_000).await.unwrap().0, lines(2_000));
}
