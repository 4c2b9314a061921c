//! Compare a folder of migrations with what a database has seen.

use super::files::{Migration, Replaced};
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
    /// Those of the applied migrations that stand for others, which the database has seen instead. To deploy records them.
    pub accepted: Vec<String>,
    /// Those of the pending migrations that stand for others, a part of which the database has seen.
    pub partly: Vec<String>,
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
            None => match seen_instead(migration, &applied) {
                Seen::All => {
                    status.applied.push(migration.name.clone());
                    status.accepted.push(migration.name.clone());
                }
                seen => {
                    status.pending.push(migration.name.clone());
                    status.partly.extend((seen == Seen::Some).then(|| migration.name.clone()));
                }
            },
        }
    }
    let is_there = |name: &str| migrations.iter().any(|it| it.name == name || it.replaces.iter().any(|it| it.is(name)));
    status.missing = of(RecordState::Applied).map(|it| it.name.clone()).filter(|name| !is_there(name)).collect();
    status
}

/// How much the database has seen of what a migration stands for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    All,
    Some,
    Nothing,
}

fn seen_instead<'r>(migration: &Migration, applied: &impl Fn(&str) -> Option<&'r Record>) -> Seen {
    let has_seen = |it: &&Replaced| {
        let names = &it.stood_for;
        applied(&it.name).is_some() || (!names.is_empty() && names.iter().all(|name| applied(name).is_some()))
    };
    match migration.replaces.iter().filter(has_seen).count() {
        0 => Seen::Nothing,
        count if count == migration.replaces.len() => Seen::All,
        _ => Seen::Some,
    }
}

impl Replaced {
    /// Whether it goes by that name, or stood for what does.
    fn is(&self, name: &str) -> bool {
        self.name == name || self.stood_for.iter().any(|it| it == name)
    }
}
