//! Compare a folder of migrations with what a database has seen.

use super::files::Migration;
use crate::database::Database;
use crate::error::Error;
use crate::session::{Record, RecordState};

/// Where a database stands in a history.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Migrations that the database has seen and the folder has, in order.
    pub applied: Vec<String>,
    /// Migrations that the database has not seen, in order.
    pub pending: Vec<String>,
    /// Migrations that began on the database and did not end.
    pub failed: Vec<Record>,
    /// Migrations whose script is not the one that was applied.
    pub edited: Vec<String>,
    /// Migrations that the database has seen and the folder lacks.
    pub missing: Vec<String>,
}

impl Status {
    /// Whether the database has seen exactly what the folder holds.
    pub fn is_clean(&self) -> bool {
        self.pending.is_empty() && self.failed.is_empty() && self.edited.is_empty() && self.missing.is_empty()
    }
}

/// Where the database behind a URL stands. One that does not exist has seen nothing, and is not created.
///
/// # Errors
/// When the database cannot be opened or read.
pub fn status(url: &str, migrations: &[Migration]) -> Result<Status, Error> {
    match Database::existing(url)? {
        Some(mut database) => database.status(migrations),
        None => Ok(compare(migrations, &[])),
    }
}

impl Database {
    /// Where the database stands in a history.
    ///
    /// # Errors
    /// When the database fails.
    pub fn status(&mut self, migrations: &[Migration]) -> Result<Status, Error> {
        Ok(compare(migrations, &self.records()?.unwrap_or_default()))
    }
}

/// Records of attempts that were taken back do not count.
pub(super) fn compare(migrations: &[Migration], records: &[Record]) -> Status {
    let of = |state| records.iter().filter(move |record| record.state == state);
    let applied = |name: &str| of(RecordState::Applied).find(|record| record.name == name);
    let mut status = Status { failed: of(RecordState::Failed).cloned().collect(), ..Status::default() };
    for migration in migrations {
        match applied(&migration.name) {
            Some(record) => {
                status.applied.push(migration.name.clone());
                status.edited.extend((!migration.is(&record.checksum)).then(|| migration.name.clone()));
            }
            None => status.pending.push(migration.name.clone()),
        }
    }
    let is_there = |name: &str| migrations.iter().any(|migration| migration.name == name);
    status.missing = of(RecordState::Applied).map(|it| it.name.clone()).filter(|name| !is_there(name)).collect();
    status
}
