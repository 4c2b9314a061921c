//! What a database says when it does not do what it was told.

use crate::session::Session;
use rusqlite::ErrorCode;
use std::error::Error as _;
use std::fmt;

/// An error of a database or of its driver.
#[derive(Debug)]
#[non_exhaustive]
pub enum Failure {
    /// SQLite's.
    Sqlite(rusqlite::Error),
    /// PostgreSQL's.
    Postgresql(tokio_postgres::Error),
    /// One of these, and what the database told of it when it was asked.
    Explained {
        /// What it said first.
        source: Box<Failure>,
        /// What to do about it.
        advice: String,
    },
    /// The connection has ended.
    Closed,
    /// A script left its transaction open, so that nothing of it was kept.
    OpenTransaction,
    /// The database's answer has another form than expected.
    Unexpected(&'static str),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Failure::Sqlite(error)
    }
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        Failure::Postgresql(error)
    }
}

impl Failure {
    /// With what the database knows of it.
    pub(crate) fn explained(self, session: &mut dyn Session) -> Failure {
        match session.advice(&self) {
            Some(advice) => Failure::Explained { source: Box::new(self), advice },
            None => self,
        }
    }

    /// What the database said, without what it told later.
    fn first(&self) -> &Failure {
        match self {
            Failure::Explained { source, .. } => source.first(),
            failure => failure,
        }
    }

    /// PostgreSQL's message.
    pub(crate) fn message(&self) -> Option<&str> {
        match self.first() {
            Failure::Postgresql(error) => error.as_db_error().map(|it| it.message()),
            _ => None,
        }
    }

    /// The database's own code for it, where it has one: PostgreSQL's `42P07`, SQLite's `787`.
    pub fn database_code(&self) -> Option<String> {
        match self.first() {
            Failure::Sqlite(rusqlite::Error::SqliteFailure(error, _)) => Some(error.extended_code.to_string()),
            Failure::Postgresql(error) => error.code().map(|state| state.code().to_owned()),
            _ => None,
        }
    }

    /// Whether rows that are there stand in the way: values that cannot be cast, are not unique, or refer to nothing.
    pub fn is_about_rows(&self) -> bool {
        match self.first() {
            Failure::Sqlite(error) => error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation),
            Failure::Postgresql(_) => matches!(self.class().as_str(), "22" | "23"),
            _ => false,
        }
    }

    /// Whether the connection has ended, so that it is not known what the database did.
    pub(crate) fn is_closed(&self) -> bool {
        match self.first() {
            Failure::Closed => true,
            Failure::Postgresql(error) => error.as_db_error().is_none() || self.code() == Some("P1017"),
            _ => false,
        }
    }

    /// Whether a script uses what only the end of its transaction makes usable: a new value of an enum. PostgreSQL has undone
    /// everything then, and takes the same statements one at a time.
    pub(crate) fn wants_commits(&self) -> bool {
        self.database_code().as_deref() == Some("55P04")
    }

    /// Where in the script PostgreSQL found the error, in bytes.
    pub(crate) fn position(&self, script: &str) -> Option<usize> {
        let Failure::Postgresql(error) = self.first() else { return None };
        let position = match error.as_db_error()?.position()? {
            tokio_postgres::error::ErrorPosition::Original(position) => usize::try_from(*position).ok()?,
            tokio_postgres::error::ErrorPosition::Internal { .. } => return None,
        };
        Some(script.char_indices().nth(position.checked_sub(1)?)?.0)
    }

    fn class(&self) -> String {
        let code = self.database_code().unwrap_or_default();
        code.get(..2).unwrap_or_default().to_owned()
    }

    /// Prisma's code, where it has one for this.
    pub(crate) fn code(&self) -> Option<&'static str> {
        match self.first() {
            Failure::Sqlite(error) => match error.sqlite_error_code()? {
                ErrorCode::CannotOpen => Some("P1003"),
                ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Some("P1008"),
                ErrorCode::ReadOnly | ErrorCode::PermissionDenied => Some("P1010"),
                _ => None,
            },
            Failure::Postgresql(error) => match error.code().map(|state| state.code()) {
                Some("42501" | "25006") => Some("P1010"),
                Some("57014" | "55P03") => Some("P1008"),
                Some("57P01" | "57P02" | "57P03") => Some("P1017"),
                Some(_) => None,
                None => Some("P1017"),
            },
            Failure::Closed => Some("P1017"),
            _ => None,
        }
    }

    /// What to do about it, where that can be said.
    pub(crate) fn advice(&self) -> &str {
        match self {
            Failure::Sqlite(error) => match error.sqlite_error_code() {
                Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                    "; another process writes to it, try again later"
                }
                Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => "; make its file and its folder writable",
                Some(ErrorCode::CannotOpen) => "; check that its folder exists and may be written to",
                Some(ErrorCode::DiskFull) => "; make room on the disk and try again",
                Some(ErrorCode::NotADatabase) => "; correct the URL, or delete the file",
                _ => "",
            },
            Failure::Postgresql(_) => match self.database_code().as_deref() {
                Some("53100") => "; make room on the server's disk and try again",
                Some("53300") => "; the server has no connections left, try again later",
                Some("25006") => {
                    "; the database is read-only: connect to the server that takes writes, not to a replica of it"
                }
                Some("42501") => "; give the user of the URL that right, or use the URL of one who has it",
                Some("57014" | "55P03") => {
                    "; another session is in the way, or a timeout is too short: try again later"
                }
                Some("57P01" | "57P02" | "57P03") => "; the server was stopped, try again when it runs",
                _ => "",
            },
            Failure::Explained { advice, .. } => advice,
            Failure::Closed => "; check that the server runs, look at what the database has seen, and try again",
            Failure::OpenTransaction | Failure::Unexpected(_) => "",
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Sqlite(error) => error.fmt(f),
            Failure::Explained { source, .. } => source.fmt(f),
            Failure::Closed => f.write_str("the connection has ended"),
            Failure::OpenTransaction => f.write_str("it begins a transaction and does not commit it"),
            Failure::Unexpected(what) => write!(f, "the database's answer cannot be read: {what}"),
            Failure::Postgresql(error) => match error.as_db_error() {
                Some(failure) => {
                    write!(f, "{} ({})", failure.message(), failure.code().code())?;
                    failure.detail().map_or(Ok(()), |detail| write!(f, ": {detail}"))?;
                    failure.hint().map_or(Ok(()), |hint| write!(f, "; {hint}"))
                }
                None => {
                    error.fmt(f)?;
                    error.source().map_or(Ok(()), |source| write!(f, ": {source}"))
                }
            },
        }
    }
}

impl std::error::Error for Failure {}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::ffi;

    #[test]
    fn failures_of_the_database_say_what_to_do() {
        let failed = |code| Failure::Sqlite(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None));
        let busy = failed(ffi::SQLITE_BUSY);
        assert_eq!(busy.code(), Some("P1008"));
        assert_eq!(busy.advice(), "; another process writes to it, try again later");
        assert_eq!(failed(ffi::SQLITE_READONLY).code(), Some("P1010"));
        assert_eq!(failed(ffi::SQLITE_FULL).code(), None);
        assert_eq!(Failure::Closed.code(), Some("P1017"));
    }
}
