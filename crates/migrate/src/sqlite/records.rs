//! The table of migrations that a database has seen.

use crate::session::{Record, RecordState};
use rusqlite::{Connection, OptionalExtension, Row};
use std::time::{SystemTime, UNIX_EPOCH};

/// Prisma's table, column by column.
const CREATE: &str = r#"CREATE TABLE IF NOT EXISTS "_prisma_migrations" (
    "id"                    TEXT PRIMARY KEY NOT NULL,
    "checksum"              TEXT NOT NULL,
    "finished_at"           DATETIME,
    "migration_name"        TEXT NOT NULL,
    "logs"                  TEXT,
    "rolled_back_at"        DATETIME,
    "started_at"            DATETIME NOT NULL DEFAULT current_timestamp,
    "applied_steps_count"   INTEGER UNSIGNED NOT NULL DEFAULT 0
)"#;

pub(super) fn create(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(CREATE)
}

/// Every record, oldest first; absent when the database keeps none.
pub(super) fn read(connection: &Connection) -> rusqlite::Result<Option<Vec<Record>>> {
    let found = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = '_prisma_migrations'";
    if connection.query_row(found, [], |_| Ok(())).optional()?.is_none() {
        return Ok(None);
    }
    let sql = "SELECT migration_name, checksum, finished_at IS NOT NULL, rolled_back_at IS NOT NULL, logs
               FROM _prisma_migrations ORDER BY started_at, rowid";
    connection.prepare(sql)?.query_map([], record)?.collect::<Result<_, _>>().map(Some)
}

fn record(row: &Row<'_>) -> rusqlite::Result<Record> {
    Ok(Record {
        name: row.get(0)?,
        checksum: row.get(1)?,
        state: RecordState::of(row.get(2)?, row.get(3)?),
        logs: row.get(4)?,
    })
}

/// Records that a migration begins, and gives the record's id.
pub(super) fn start(connection: &Connection, name: &str, checksum: &str) -> rusqlite::Result<String> {
    let id = uuid::Uuid::new_v4().to_string();
    let sql = "INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at) VALUES (?1, ?2, ?3, ?4)";
    connection.execute(sql, (&id, checksum, name, now()))?;
    Ok(id)
}

/// Records that a migration has been applied.
pub(super) fn end(connection: &Connection, id: &str) -> rusqlite::Result<()> {
    let sql = "UPDATE _prisma_migrations SET finished_at = ?2, applied_steps_count = 1 WHERE id = ?1";
    connection.execute(sql, (id, now())).map(drop)
}

/// Records what the database said of a migration that failed.
pub(super) fn fail(connection: &Connection, id: &str, logs: &str) -> rusqlite::Result<()> {
    connection.execute("UPDATE _prisma_migrations SET logs = ?2 WHERE id = ?1", (id, logs)).map(drop)
}

/// Records that nothing is left of what a migration did. Gives the number of failures that this concerns.
pub(super) fn undo(connection: &Connection, name: &str) -> rusqlite::Result<u64> {
    let sql = "UPDATE _prisma_migrations SET rolled_back_at = ?2
               WHERE migration_name = ?1 AND finished_at IS NULL AND rolled_back_at IS NULL";
    connection.execute(sql, (name, now())).map(|rows| rows as u64)
}

/// Milliseconds since 1970, as Prisma keeps moments in this table.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
