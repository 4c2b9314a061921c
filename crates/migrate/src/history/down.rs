//! Undo a migration.

use crate::database::{Database, line};
use crate::error::Error;
use crate::session::{RecordState, Strictness};
use lenslet_sql::ddl::{Dialect, string};

impl Database {
    /// Runs the script that undoes a migration, and records that it is undone, all or nothing. Afterwards it is pending.
    ///
    /// # Errors
    /// When the migration is not applied, or the database refuses the script.
    pub fn take_back(&mut self, name: &str, script: &str) -> Result<(), Error> {
        let strictness = match script.to_ascii_lowercase().contains("foreign_keys") {
            true => Strictness::WithoutForeignKeys,
            false => Strictness::Strict,
        };
        self.alone(strictness, |session| {
            let records = session.records()?.unwrap_or_default();
            if !records.iter().any(|it| it.name == name && it.state == RecordState::Applied) {
                return Err(Error::NeverApplied(name.to_owned()));
            }
            session.run(script).map_err(|source| Error::Script { line: line(&source, script), source })?;
            Ok(session.run(&record(session.dialect(), name))?)
        })
    }
}

/// What Prisma writes when a migration was rolled back, at the moments that each database keeps.
fn record(dialect: Dialect, name: &str) -> String {
    let (now, name) = match dialect {
        Dialect::Sqlite => ("CAST(strftime('%s', 'now') AS INTEGER) * 1000", string(dialect, name)),
        Dialect::Postgresql | Dialect::Mysql => ("now()", string(dialect, name)),
    };
    format!(
        "UPDATE _prisma_migrations SET rolled_back_at = {now} WHERE migration_name = {name} AND rolled_back_at IS NULL"
    )
}
