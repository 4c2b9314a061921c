//! The table of migrations that a database has seen.

use super::connection::Connection;
use crate::failure::Failure;
use crate::session::{Record, RecordState, Row};
use lenslet_sql::ddl::{Dialect, ObjectName, qualified, string};

const POSTGRESQL: Dialect = Dialect::Postgresql;

/// Scripts may change where names without a schema are found; this one is found anyway.
fn table(schema: &str) -> String {
    qualified(POSTGRESQL, &ObjectName { schema: Some(schema.to_owned()), name: "_prisma_migrations".to_owned() })
}

/// Prisma's table, column by column.
pub(super) fn create(connection: &Connection, schema: &str) -> Result<(), Failure> {
    connection.run(&format!(
        "CREATE TABLE IF NOT EXISTS {} (
    id                      VARCHAR(36) PRIMARY KEY NOT NULL,
    checksum                VARCHAR(64) NOT NULL,
    finished_at             TIMESTAMPTZ,
    migration_name          VARCHAR(255) NOT NULL,
    logs                    TEXT,
    rolled_back_at          TIMESTAMPTZ,
    started_at              TIMESTAMPTZ NOT NULL DEFAULT now(),
    applied_steps_count     INTEGER NOT NULL DEFAULT 0
)",
        table(schema)
    ))
}

/// Every record, oldest first; absent when the database keeps none.
pub(super) fn read(connection: &Connection, schema: &str) -> Result<Option<Vec<Record>>, Failure> {
    let table = table(schema);
    if connection.text(&format!("SELECT to_regclass({})", string(POSTGRESQL, &table)))?.is_none() {
        return Ok(None);
    }
    let sql = format!(
        "SELECT migration_name, checksum, finished_at IS NOT NULL, rolled_back_at IS NOT NULL, logs
         FROM {table} ORDER BY started_at, migration_name"
    );
    let records: Option<Vec<_>> = connection.rows(&sql)?.into_iter().map(record).collect();
    records.map(Some).ok_or(Failure::Unexpected("a record of the history lacks a column"))
}

fn record(row: Row) -> Option<Record> {
    let mut columns = row.into_iter();
    let mut next = || columns.next().flatten();
    let (name, checksum) = (next()?, next()?);
    let (finished, rolled_back) = (next()? == "t", next()? == "t");
    Some(Record { name, checksum, state: RecordState::of(finished, rolled_back), logs: next() })
}

pub(super) fn start(connection: &Connection, schema: &str, name: &str, checksum: &str) -> Result<String, Failure> {
    let id = uuid::Uuid::new_v4().to_string();
    let [row, sum, title] = [&*id, checksum, name].map(|text| string(POSTGRESQL, text));
    let table = table(schema);
    // Not `now()`, which is the same for all that is done in one transaction.
    connection.run(&format!(
        "INSERT INTO {table} (id, checksum, migration_name, started_at) VALUES ({row}, {sum}, {title}, clock_timestamp())"
    ))?;
    Ok(id)
}

pub(super) fn end(connection: &Connection, schema: &str, id: &str) -> Result<(), Failure> {
    let (table, id) = (table(schema), string(POSTGRESQL, id));
    connection
        .run(&format!("UPDATE {table} SET finished_at = clock_timestamp(), applied_steps_count = 1 WHERE id = {id}"))
}

pub(super) fn fail(connection: &Connection, schema: &str, id: &str, logs: &str) -> Result<(), Failure> {
    // A text cannot hold the character.
    let logs = string(POSTGRESQL, &logs.replace('\0', ""));
    let (table, id) = (table(schema), string(POSTGRESQL, id));
    connection.run(&format!("UPDATE {table} SET logs = {logs} WHERE id = {id}"))
}

pub(super) fn undo(connection: &Connection, schema: &str, name: &str) -> Result<u64, Failure> {
    let (table, name) = (table(schema), string(POSTGRESQL, name));
    let undone = connection.rows(&format!(
        "UPDATE {table} SET rolled_back_at = clock_timestamp()
         WHERE migration_name = {name} AND finished_at IS NULL AND rolled_back_at IS NULL RETURNING 1"
    ))?;
    Ok(undone.len() as u64)
}
