//! What can go wrong when a database's structure is changed.

use crate::push::Finding;
use rusqlite::ErrorCode;
use std::fmt;
use std::io;
use std::path::PathBuf;

/// A failed migration command.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The schema's database is not one that Lenslet can change.
    #[error("not yet: changing the structure of a {provider} database; only SQLite works today")]
    Unsupported {
        /// The provider of the schema's datasource.
        provider: &'static str,
    },
    /// The database's URL cannot be read.
    #[error("{}", .0.message())]
    InvalidUrl(lenslet_core::error::Error),
    /// The folder of the database's file is missing.
    #[error("the folder `{folder}` of the database does not exist; create it, or correct the URL", folder = .0.display())]
    MissingFolder(PathBuf),
    /// The change would lose rows or values.
    #[error("the change would lose data:\n{0}\nto lose it, accept the loss explicitly (--accept-data-loss)")]
    DataLoss(Findings),
    /// Rows that are there make the change impossible.
    #[error(
        "the rows that are there make the change impossible:\n{0}\nchange the rows or the schema, or start anew (--force-reset)"
    )]
    Impossible(Findings),
    /// The database refused a statement. Nothing was changed.
    #[error("the database refused a statement, and nothing was changed: {source}\n{statement}")]
    Statement {
        /// The statement.
        statement: String,
        /// What the database says.
        source: rusqlite::Error,
    },
    /// Rows refer to rows that do not exist. Nothing was changed.
    #[error("{rows} row(s) of `{table}` would refer to rows of `{parent}` that do not exist, and nothing was changed")]
    ForeignKeys {
        /// The table that refers.
        table: String,
        /// The table referred to.
        parent: String,
        /// How many rows.
        rows: u64,
    },
    /// A file of the history cannot be read.
    #[error("`{path}` cannot be read: {source}", path = .path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A migration has no script.
    #[error("`{path}` is missing; restore the file, or delete its folder if the migration was applied nowhere", path = .0.display())]
    MissingScript(PathBuf),
    /// The history was written for another database.
    #[error(
        "the migrations are written for {found} and the schema for {wanted}; start a new history for the new database"
    )]
    OtherProvider {
        /// What `migration_lock.toml` says.
        found: String,
        /// What the schema says.
        wanted: &'static str,
    },
    /// A database without a history is not empty.
    #[error(
        "the database is not empty and has seen no migration; mark those that describe what it holds as applied (migrate resolve --applied)"
    )]
    NotEmpty,
    /// A migration did not end, so that it is not known what the database holds.
    #[error(
        "the migration `{name}` has begun on this database and did not end{said}; finish it or take it back by hand, then \
         record which (migrate resolve --applied or --rolled-back)",
        said = .logs.as_ref().map(|logs| format!(" ({logs})")).unwrap_or_default()
    )]
    FailedBefore {
        /// The migration.
        name: String,
        /// What the database said.
        logs: Option<String>,
    },
    /// A migration failed.
    #[error("the migration `{name}` failed: {source}")]
    MigrationFailed {
        /// The migration.
        name: String,
        /// What the database says.
        source: rusqlite::Error,
    },
    /// There is no such migration.
    #[error("the migration `{0}` is not in the folder of migrations")]
    UnknownMigration(String),
    /// The migration is recorded as applied already.
    #[error("the migration `{0}` is recorded as applied already")]
    AlreadyApplied(String),
    /// The database has not seen the migration.
    #[error("the database has not seen the migration `{0}`")]
    NeverApplied(String),
    /// The migration did not fail.
    #[error("the migration `{0}` did not fail on this database")]
    NotFailed(String),
    /// The database failed otherwise.
    #[error("the database failed: {0}{advice}", advice = advice(.0))]
    Database(#[from] rusqlite::Error),
}

impl Error {
    /// Prisma's code, where it has one for this.
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Error::InvalidUrl(_) => Some("P1013"),
            Error::MissingFolder(_) => Some("P1003"),
            Error::DataLoss(_) => Some("P3001"),
            Error::Statement { .. } => Some("P3002"),
            Error::NotEmpty => Some("P3005"),
            Error::AlreadyApplied(_) => Some("P3008"),
            Error::FailedBefore { .. } => Some("P3009"),
            Error::NeverApplied(_) => Some("P3011"),
            Error::NotFailed(_) => Some("P3012"),
            Error::MissingScript(_) => Some("P3015"),
            Error::UnknownMigration(_) => Some("P3017"),
            Error::MigrationFailed { .. } => Some("P3018"),
            Error::OtherProvider { .. } => Some("P3019"),
            Error::Database(error) => database_code(error),
            Error::Unsupported { .. } | Error::Impossible(_) | Error::ForeignKeys { .. } | Error::Unreadable { .. } => {
                None
            }
        }
    }
}

fn database_code(error: &rusqlite::Error) -> Option<&'static str> {
    match error.sqlite_error_code()? {
        ErrorCode::CannotOpen => Some("P1003"),
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Some("P1008"),
        ErrorCode::ReadOnly | ErrorCode::PermissionDenied => Some("P1010"),
        _ => None,
    }
}

/// What to do about it, where that can be said.
fn advice(error: &rusqlite::Error) -> &'static str {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => "; another process writes to it, try again later",
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => "; make its file and its folder writable",
        Some(ErrorCode::CannotOpen) => "; check that its folder exists and may be written to",
        Some(ErrorCode::DiskFull) => "; make room on the disk, nothing was changed",
        Some(ErrorCode::NotADatabase) => "; correct the URL, or delete the file",
        _ => "",
    }
}

/// What was found in the rows, one a line.
#[derive(Clone, Debug, PartialEq)]
pub struct Findings(pub Vec<Finding>);

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, finding) in self.0.iter().enumerate() {
            write!(f, "{}  - {finding}", if at == 0 { "" } else { "\n" })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::ffi;

    #[test]
    fn failures_of_the_database_say_what_to_do() {
        let failed = |code| Error::Database(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None));
        let busy = failed(ffi::SQLITE_BUSY);
        assert_eq!(busy.code(), Some("P1008"));
        assert!(busy.to_string().ends_with("; another process writes to it, try again later"), "{busy}");
        assert_eq!(failed(ffi::SQLITE_READONLY).code(), Some("P1010"));
        assert_eq!(failed(ffi::SQLITE_FULL).code(), None);
    }
}
