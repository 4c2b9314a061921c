//! Apply what a database has not seen.

use super::files::Migration;
use super::status::{Status, compare};
use super::transactional::{Way, way};
use crate::database::{Database, line, whole};
use crate::error::Error;
use crate::failure::Failure;
use crate::postgresql::statements::statements;
use crate::session::{Record, RecordState, Session, Strictness};

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

/// Applies every migration that the database behind a URL has not seen, in order. Creates the database if it is not
/// there. See [`Database::deploy`].
///
/// # Errors
/// When a migration fails or has failed before, or the database does.
pub fn deploy(url: &str, migrations: &[Migration]) -> Result<Deployed, Error> {
    let (mut database, created_database) = Database::create(url)?;
    Ok(Deployed { created_database, ..database.deploy(migrations)? })
}

impl Database {
    /// Applies every migration that the database has not seen, in order. Stops at the first that fails, and refuses to go on
    /// after one that has failed before.
    ///
    /// Several may deploy at once: each migration is applied by one of them.
    ///
    /// # Errors
    /// When a migration fails or has failed before, or the database does.
    pub fn deploy(&mut self, migrations: &[Migration]) -> Result<Deployed, Error> {
        self.deploy_with(migrations, |_| {})
    }

    /// Like [`deploy`](Self::deploy), and says which migration comes next.
    ///
    /// # Errors
    /// When a migration fails or has failed before, or the database does.
    pub fn deploy_with(
        &mut self,
        migrations: &[Migration],
        mut next: impl FnMut(&Migration),
    ) -> Result<Deployed, Error> {
        // Where there is nothing to do, neither a lock nor the right to write is needed.
        if let Some(records) = self.records()? {
            let before = compare(migrations, &records);
            if before.pending.is_empty() && before.failed.is_empty() && before.accepted.is_empty() {
                return Ok(Deployed { before, ..Deployed::default() });
            }
        }
        self.locked(|session| {
            let before = prepare(session, migrations)?;
            let mut applied = Vec::new();
            for migration in migrations.iter().filter(|migration| before.pending.contains(&migration.name)) {
                next(migration);
                if apply(session, migration)? {
                    applied.push(migration.name.clone());
                }
            }
            Ok(Deployed { created_database: false, applied, before })
        })
    }
}

/// Makes sure that a history can be kept, and that it is in order.
fn prepare(session: &mut dyn Session, migrations: &[Migration]) -> Result<Status, Error> {
    whole(session, Strictness::Strict, |session| {
        let status = compare(migrations, &begin_history(session)?);
        if let Some(Record { name, logs, .. }) = status.failed.first() {
            return Err(Error::FailedBefore { name: name.clone(), logs: logs.clone() });
        }
        if let Some(name) = status.partly.first() {
            return Err(Error::PartlyReplaced(name.clone()));
        }
        for migration in migrations.iter().filter(|it| status.accepted.contains(&it.name)) {
            let id = session.record_start(&migration.name, &migration.checksum())?;
            session.record_end(&id)?;
        }
        Ok(status)
    })
}

/// What is recorded. A history begins on an empty database only.
fn begin_history(session: &mut dyn Session) -> Result<Vec<Record>, Error> {
    if let Some(records) = session.records()? {
        return Ok(records);
    }
    if !session.is_empty(&[])? {
        return Err(Error::NotEmpty);
    }
    session.create_history()?;
    Ok(Vec::new())
}

/// Applies a migration, unless another process has done so meanwhile.
fn apply(session: &mut dyn Session, migration: &Migration) -> Result<bool, Error> {
    match way(session.dialect(), &migration.script) {
        Way::Whole => match apply_whole(session, migration) {
            Err(Error::MigrationFailed { source, .. }) if source.wants_commits() => {
                apply_loosely(session, migration, Way::Apart)
            }
            Err(Error::MigrationFailed { name, line, undone, source }) => {
                // That it failed is said in any case; that it cannot be written down as well changes nothing.
                let _ = record_undone(session, migration, &source.to_string());
                Err(Error::MigrationFailed { name, line, undone, source })
            }
            other => other,
        },
        way => apply_loosely(session, migration, way),
    }
}

/// Script and record in one transaction: whatever happens in the middle, either both are there or neither.
fn apply_whole(session: &mut dyn Session, migration: &Migration) -> Result<bool, Error> {
    // The script cannot turn SQLite's enforcement off within a transaction. One that wants it off gets it off as a whole;
    // what it breaks is found at the end.
    let strictness = match migration.script.to_ascii_lowercase().contains("foreign_keys") {
        true => Strictness::WithoutForeignKeys,
        false => Strictness::Strict,
    };
    let result = whole(session, strictness, |session| {
        if is_applied(session, migration)? {
            return Ok(false);
        }
        let id = session.record_start(&migration.name, &migration.checksum())?;
        session.run(&migration.script).map_err(|source| failed(migration, source, true))?;
        session.record_end(&id)?;
        Ok(true)
    });
    // A transaction that the script ended by itself is found here; what was kept and what not, nobody knows.
    let settled = session.settle();
    let applied = result.map_err(|error| match error {
        Error::Database(source) if !source.is_closed() => failed(migration, source, true),
        error => error,
    })?;
    settled?;
    Ok(applied)
}

/// Nothing is left of the failed attempt but what the database said of it, so that it can be tried again.
fn record_undone(session: &mut dyn Session, migration: &Migration, logs: &str) -> Result<(), Error> {
    whole(session, Strictness::Strict, |session| {
        let id = session.record_start(&migration.name, &migration.checksum())?;
        session.record_failure(&id, logs)?;
        session.record_undone(&migration.name)?;
        Ok(())
    })
}

/// A failure may leave a part of the script applied, and is recorded as one.
fn apply_loosely(session: &mut dyn Session, migration: &Migration, way: Way) -> Result<bool, Error> {
    let begun = whole(session, Strictness::Strict, |session| {
        if is_applied(session, migration)? {
            return Ok(None);
        }
        Ok(Some(session.record_start(&migration.name, &migration.checksum())?))
    });
    let Some(id) = begun? else { return Ok(false) };
    if let Err(source) = run_without_transaction(session, migration, way) {
        // Where the connection has ended, the record says at least that the migration began.
        let _ = session.record_failure(&id, &source.to_string());
        return Err(failed(migration, source.explained(session), false));
    }
    session.record_end(&id)?;
    Ok(true)
}

/// Runs a script that leaves no record.
pub(super) fn run(session: &mut dyn Session, migration: &Migration) -> Result<(), Failure> {
    let way = way(session.dialect(), &migration.script);
    match run_without_transaction(session, migration, way) {
        Err(failure) if failure.wants_commits() => run_without_transaction(session, migration, Way::Apart),
        other => other,
    }
}

fn run_without_transaction(session: &mut dyn Session, migration: &Migration, way: Way) -> Result<(), Failure> {
    let ran = match way {
        Way::Whole | Way::AsItIs => session.run(&migration.script),
        Way::Apart => statements(&migration.script).into_iter().try_for_each(|(_, statement)| session.run(statement)),
    };
    let left_open = session.settle();
    ran?;
    if left_open? { Err(Failure::OpenTransaction) } else { Ok(()) }
}

fn is_applied(session: &mut dyn Session, migration: &Migration) -> Result<bool, Error> {
    let records = session.records()?.unwrap_or_default();
    Ok(records.iter().any(|record| record.name == migration.name && record.state == RecordState::Applied))
}

fn failed(migration: &Migration, source: Failure, undone: bool) -> Error {
    // Statements that run one at a time count their lines one by one.
    let line = undone.then(|| line(&source, &migration.script)).flatten();
    Error::MigrationFailed { name: migration.name.clone(), line, undone, source }
}
