//! Set the record right after something was done by hand.

use super::files::Migration;
use crate::database::Database;
use crate::error::Error;
use crate::session::{RecordState, Strictness};

/// See [`Database::mark_applied`].
///
/// # Errors
/// When the migration is unknown or recorded already, or the database fails.
pub fn mark_applied(url: &str, migrations: &[Migration], name: &str) -> Result<(), Error> {
    Database::create(url)?.0.mark_applied(migrations, name)
}

/// See [`Database::mark_rolled_back`].
///
/// # Errors
/// When the migration was never begun or did not fail, or the database fails.
pub fn mark_rolled_back(url: &str, name: &str) -> Result<(), Error> {
    let database = Database::existing(url)?;
    database.ok_or_else(|| Error::NeverApplied(name.to_owned()))?.mark_rolled_back(name)
}

impl Database {
    /// Records a migration as applied without running it: a database that was there before its history, or a failed
    /// migration that was finished by hand.
    ///
    /// # Errors
    /// When the migration is unknown or recorded already, or the database fails.
    pub fn mark_applied(&mut self, migrations: &[Migration], name: &str) -> Result<(), Error> {
        let unknown = || Error::UnknownMigration(name.to_owned());
        let migration = migrations.iter().find(|migration| migration.name == name).ok_or_else(unknown)?;
        self.alone(Strictness::Strict, |session| {
            session.create_history()?;
            let records = session.records()?.unwrap_or_default();
            if records.iter().any(|it| it.name == name && it.state == RecordState::Applied) {
                return Err(Error::AlreadyApplied(name.to_owned()));
            }
            session.record_undone(name)?;
            let id = session.record_start(name, &migration.checksum())?;
            Ok(session.record_end(&id)?)
        })
    }

    /// Records that nothing is left of what a failed migration did, so that it can be applied again.
    ///
    /// # Errors
    /// When the migration was never begun or did not fail, or the database fails.
    pub fn mark_rolled_back(&mut self, name: &str) -> Result<(), Error> {
        self.alone(Strictness::Strict, |session| {
            let records = session.records()?.unwrap_or_default();
            if !records.iter().any(|it| it.name == name) {
                return Err(Error::NeverApplied(name.to_owned()));
            }
            match session.record_undone(name)? {
                0 => Err(Error::NotFailed(name.to_owned())),
                _ => Ok(()),
            }
        })
    }
}
