//! Compare a folder of migrations with what a database has seen.

use super::files::Migration;
use crate::error::Error;
use crate::sqlite::{self, Record, RecordState, records};

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

/// Where the SQLite database behind a URL stands. A database that does not exist has seen nothing, and is not created.
pub fn status(url: &str, migrations: &[Migration]) -> Result<Status, Error> {
    let records = match sqlite::open_existing(url)? {
        Some(connection) => records::read(&connection)?.unwrap_or_default(),
        None => Vec::new(),
    };
    Ok(compare(migrations, &records))
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
