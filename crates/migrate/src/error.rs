//! What can go wrong when a database's structure is changed.

use crate::push::Finding;
use std::fmt;
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
    #[error("`{url}` is no SQLite URL; write `file:` and the path of the database's file, as in `file:./dev.db`")]
    InvalidUrl {
        /// The URL.
        url: String,
    },
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
    /// The database failed otherwise.
    #[error("the database failed: {0}")]
    Database(#[from] rusqlite::Error),
}

impl Error {
    /// Prisma's code, where it has one for this.
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Error::InvalidUrl { .. } => Some("P1013"),
            Error::MissingFolder(_) => Some("P1003"),
            Error::DataLoss(_) => Some("P3001"),
            Error::Statement { .. } => Some("P3002"),
            Error::Unsupported { .. } | Error::Impossible(_) | Error::ForeignKeys { .. } | Error::Database(_) => None,
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
