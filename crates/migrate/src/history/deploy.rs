//! Apply what a database has not seen.

use super::files::Migration;
use super::status::{Status, compare};
use super::transactional::is_transactional;
use crate::error::Error;
use crate::sqlite::{self, Alone, Record, RecordState, alone, keeping_references, records};
use rusqlite::{Connection, Transaction};

/// What a deployment did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deployed {
    /// Whether the database was not there before.
    pub created_database: bool,
    /// The migrations that were applied, in order.
    pub applied: Vec<String>,
    /// Where the database stood before.
    pub before: Status,
}

/// Applies every migration that the SQLite database behind a URL has not seen, in order. Creates the database if it is not
/// there. Stops at the first that fails, and refuses to go on after one that has failed before.
///
/// Several may deploy at once: each migration is applied by one of them.
pub fn deploy(url: &str, migrations: &[Migration]) -> Result<Deployed, Error> {
    let (mut connection, created_database) = sqlite::open(url)?;
    let before = prepare(&mut connection, migrations)?;
    let mut applied = Vec::new();
    for migration in migrations.iter().filter(|migration| before.pending.contains(&migration.name)) {
        if apply(&mut connection, migration)? {
            applied.push(migration.name.clone());
        }
    }
    Ok(Deployed { created_database, applied, before })
}

/// Makes sure that a history can be kept, and that it is in order.
fn prepare(connection: &mut Connection, migrations: &[Migration]) -> Result<Status, Error> {
    alone(connection, Alone::STRICT, |transaction| {
        let status = compare(migrations, &begin_history(transaction)?);
        match status.failed.first() {
            Some(Record { name, logs, .. }) => Err(Error::FailedBefore { name: name.clone(), logs: logs.clone() }),
            None => Ok(status),
        }
    })
}

/// What is recorded. A history begins on an empty database only.
fn begin_history(transaction: &Transaction<'_>) -> Result<Vec<Record>, Error> {
    if let Some(records) = records::read(transaction)? {
        return Ok(records);
    }
    if !sqlite::introspect(transaction)?.tables.is_empty() {
        return Err(Error::NotEmpty);
    }
    records::create(transaction)?;
    Ok(Vec::new())
}

/// Applies a migration, unless another process has done so meanwhile.
fn apply(connection: &mut Connection, migration: &Migration) -> Result<bool, Error> {
    if is_transactional(&migration.script) {
        let result = apply_whole(connection, migration);
        if let Err(Error::MigrationFailed { source, .. }) = &result {
            record_undone(connection, migration, &source.to_string())?;
        }
        result
    } else {
        apply_loosely(connection, migration)
    }
}

/// Script and record in one transaction: whatever happens in the middle, either both are there or neither.
fn apply_whole(connection: &mut Connection, migration: &Migration) -> Result<bool, Error> {
    // The script cannot turn enforcement off within a transaction. One that wants it off gets it off as a whole; what it
    // breaks is found at the end.
    let foreign_keys = !migration.script.to_ascii_lowercase().contains("foreign_keys");
    alone(connection, Alone { foreign_keys, ..Alone::STRICT }, |transaction| {
        if is_applied(transaction, migration)? {
            return Ok(false);
        }
        let id = records::begin(transaction, &migration.name, &migration.checksum())?;
        keeping_references(transaction, || run(transaction, migration))?;
        records::finish(transaction, &id)?;
        Ok(true)
    })
}

/// Nothing is left of the failed attempt but what the database said of it, so that it can be tried again.
fn record_undone(connection: &Connection, migration: &Migration, logs: &str) -> Result<(), Error> {
    let id = records::begin(connection, &migration.name, &migration.checksum())?;
    records::fail(connection, &id, logs)?;
    records::roll_back(connection, &migration.name)?;
    Ok(())
}

/// The script has transactions of its own: a failure may leave a part of it applied, and is recorded as one.
fn apply_loosely(connection: &mut Connection, migration: &Migration) -> Result<bool, Error> {
    let begun = alone(connection, Alone::STRICT, |transaction| {
        if is_applied(transaction, migration)? {
            return Ok(None);
        }
        Ok(Some(records::begin(transaction, &migration.name, &migration.checksum())?))
    });
    let Some(id) = begun? else { return Ok(false) };
    if let Err(error) = run(connection, migration) {
        if !connection.is_autocommit() {
            connection.execute_batch("ROLLBACK")?;
        }
        records::fail(connection, &id, &error.to_string())?;
        return Err(error);
    }
    records::finish(connection, &id)?;
    Ok(true)
}

fn is_applied(transaction: &Transaction<'_>, migration: &Migration) -> Result<bool, Error> {
    let records = records::read(transaction)?.unwrap_or_default();
    Ok(records.iter().any(|record| record.name == migration.name && record.state == RecordState::Applied))
}

fn run(connection: &Connection, migration: &Migration) -> Result<(), Error> {
    let failed = |source| Error::MigrationFailed { name: migration.name.clone(), source };
    connection.execute_batch(&migration.script).map_err(failed)
}
