//! What can go wrong when a database's structure is changed.

use crate::failure::Failure;
use crate::push::Finding;
use crate::session::Session;
use std::fmt;
use std::io;
use std::path::PathBuf;

/// A failed migration command.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The schema's database is not one that Lenslet can change.
    #[error("not yet: changing the structure of a {provider} database; SQLite and PostgreSQL work today")]
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
    #[error("the database refused a statement, and nothing was changed: {source}{advice}\n{statement}", advice = source.advice())]
    Statement {
        /// The statement.
        statement: String,
        /// What the database says.
        source: Failure,
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
    #[error(
        "the migration `{name}` failed{at}: {source}{advice}{left}",
        at = line.map(|line| format!(" at line {line}")).unwrap_or_default(),
        advice = source.advice(),
        left = left(*.undone, .source)
    )]
    MigrationFailed {
        /// The migration.
        name: String,
        /// The line of its script, where the database says it.
        line: Option<usize>,
        /// Whether nothing is left of it, so that it can be corrected and applied again.
        undone: bool,
        /// What the database says.
        source: Failure,
    },
    /// A migration stands for others, and the database is somewhere between them.
    #[error(
        "the migration `{0}` stands for others, and this database has seen a part of them only; deploy the rest of them \
         first, from before they were folded into one"
    )]
    PartlyReplaced(String),
    /// A database that was to be emptied is in use.
    #[error(
        "the database `{0}` was named as one whose content may be dropped, but it keeps a history of migrations; name \
         another one, kept for this purpose"
    )]
    NotScratch(String),
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
    /// The database is not there.
    #[error("the database `{0}` does not exist; create it, or correct the URL")]
    MissingDatabase(String),
    /// The connection would be another one after each transaction.
    #[error(
        "the URL goes through a PgBouncer (`pgbouncer=true`), which may use another connection for every step, so that nothing \
         can be locked; use the URL of the database itself (`directUrl` in the schema, or DIRECT_URL)"
    )]
    ThroughBouncer,
    /// The database cannot be reached, does not exist, or refuses the user.
    #[error("{}", .0.message())]
    Connection(lenslet_core::error::Error),
    /// Another process changes the database and does not come to an end.
    #[error(
        "another process has been changing this database for {seconds} s; wait for it to end, or stop it, and try again"
    )]
    Locked {
        /// How long was waited for it.
        seconds: u64,
    },
    /// A statement of one's own failed.
    #[error("{}the database refused the script: {source}{advice}", line.map(|line| format!("line {line}: ")).unwrap_or_default(), advice = source.advice())]
    Script {
        /// The line of the script, where the database says it.
        line: Option<usize>,
        /// What the database says.
        source: Failure,
    },
    /// The database failed otherwise.
    #[error("the database failed: {0}{advice}", advice = .0.advice())]
    Database(Failure),
}

impl Error {
    /// With what the database knows of it, once what failed has been undone.
    pub(crate) fn explained(self, session: &mut dyn Session) -> Self {
        match self {
            Error::Statement { statement, source } => Error::Statement { statement, source: source.explained(session) },
            Error::MigrationFailed { name, line, undone, source } => {
                Error::MigrationFailed { name, line, undone, source: source.explained(session) }
            }
            error => error,
        }
    }

    /// Prisma's code, where it has one for this.
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Error::InvalidUrl(_) => Some("P1013"),
            Error::MissingFolder(_) | Error::MissingDatabase(_) => Some("P1003"),
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
            Error::Connection(error) => Some(error.code()),
            Error::Locked { .. } => Some("P1002"),
            Error::Database(failure) => failure.code(),
            Error::Unsupported { .. }
            | Error::PartlyReplaced(_)
            | Error::NotScratch(_)
            | Error::ThroughBouncer
            | Error::Impossible(_)
            | Error::ForeignKeys { .. }
            | Error::Unreadable { .. }
            | Error::Script { .. } => None,
        }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Error::Database(failure)
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        Error::Database(Failure::Sqlite(error))
    }
}

/// What is left of a migration that failed, and what to do.
fn left(undone: bool, source: &Failure) -> &'static str {
    match undone {
        true if !source.advice().is_empty() => "\nnothing of it is left in the database",
        true => "\nnothing of it is left in the database: correct its script and deploy again",
        false => {
            "\na part of it may be left in the database: finish it or take it back by hand, then record which (migrate \
             resolve --applied or --rolled-back)"
        }
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
