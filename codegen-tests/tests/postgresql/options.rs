//! What the options of a URL do.

use super::{Database, kind, raw};
use lenslet_core::{cursor::Cursor, engine::Engine as _, error::ErrorKind};
use lenslet_native::Engine;
use std::time::{Duration, Instant};

/// What SQL that asks for a number answers.
pub(crate) async fn number(engine: &Engine, sql: &str) -> i64 {
    let mut rows = engine.execute(raw(sql, vec![])).await.unwrap();
    assert_eq!((rows.enter(), rows.next_row()), (Ok(1), Ok(true)));
    rows.integer().unwrap()
}

#[tokio::test]
async fn no_more_statements_are_kept_than_were_asked_for() {
    let Some(database) = Database::users() else { return };
    for (size, most) in [(0, 0), (1, 1), (4, 4), (100, 31)] {
        let engine = database.engine(&format!("connection_limit=1&statement_cache_size={size}"));
        for statement in 0..30 {
            assert_eq!(number(&engine, &format!("SELECT {statement}")).await, statement);
        }
        let kept = number(&engine, "SELECT count(*) FROM pg_prepared_statements").await;
        // Two generations, of which the young one is at least half full.
        assert!(kept <= most + 1 && kept >= most / 2, "{kept} of {size}");
        for statement in (0..30).rev() {
            assert_eq!(number(&engine, &format!("SELECT {statement}")).await, statement, "{size}");
        }
    }
}

#[tokio::test]
async fn a_statement_may_take_as_long_as_was_said() {
    let Some(database) = Database::users() else { return };
    let engine = database.engine("connection_limit=1&socket_timeout=1");
    let start = Instant::now();
    let slow = engine.execute(raw("SELECT 1 FROM pg_sleep(20)", vec![])).await;
    assert_eq!(kind(slow), ErrorKind::OperationTimeout);
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    assert_eq!(number(&engine, "SELECT 7").await, 7, "the connection is used again");
    let sleeping = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep(20)%' AND pid <> pg_backend_pid()";
    assert_eq!(number(&engine, sleeping).await, 0, "the server stopped it");
    let transaction = engine.begin(super::options(None, 1000, 10_000)).await.unwrap();
    assert_eq!(kind(transaction.execute(raw("SELECT 1 FROM pg_sleep(20)", vec![])).await), ErrorKind::OperationTimeout);
    drop(transaction);
    assert_eq!(number(&engine, "SELECT 8").await, 8);
}

#[tokio::test]
async fn the_server_knows_the_application() {
    let Some(database) = Database::users() else { return };
    let engine = database.engine("application_name=the%20shop");
    let named = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'the shop'";
    assert_eq!(number(&engine, named).await, 1);
}
