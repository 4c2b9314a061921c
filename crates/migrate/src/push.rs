//! Bring a database to what a schema says, without a history of migrations.

use crate::describe::dialect;
use crate::diff::Risk;
use crate::error::Error;
use crate::sqlite;
use lenslet_core::catalog::Catalog;
use lenslet_sql::ddl::Dialect;
use std::fmt;

/// What a push may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PushOptions {
    /// Lose rows and values where the schema no longer has a place for them.
    pub accept_data_loss: bool,
    /// Drop everything first, rows included.
    pub force_reset: bool,
}

/// What a push did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pushed {
    /// Whether the database was not there before.
    pub created_database: bool,
    /// What was executed, in order. Empty when the database was in sync.
    pub statements: Vec<String>,
    /// What was lost.
    pub losses: Vec<Finding>,
}

impl Pushed {
    /// Whether there was nothing to do.
    pub fn was_in_sync(&self) -> bool {
        self.statements.is_empty()
    }
}

/// A risk that the rows of the database make real.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// What is at risk.
    pub risk: Risk,
    /// How many rows it concerns.
    pub rows: u64,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match &self.risk {
            Risk::DropTable { .. } => "lost",
            Risk::DropColumn { .. } => "with a value in it, which is lost",
            Risk::ChangeType { .. } => "with a value in it, which may not be readable afterwards",
            Risk::DropVariants { .. } => "with one of them",
            Risk::AddRequiredColumn { .. } => "without a value for it",
            Risk::ForbidNull { .. } => "with a null in it",
            Risk::AddUnique { .. } => "that another one equals",
        };
        let rows = if self.rows == 1 { "row" } else { "rows" };
        write!(f, "{}: {} {rows} {what}", self.risk, self.rows)
    }
}

/// Brings the database behind a URL to what the schema says. Creates the database if it is not there; changes nothing
/// when it is in sync; changes all or nothing. Relative paths are relative to the working directory.
pub fn push(url: &str, catalog: &Catalog, options: PushOptions) -> Result<Pushed, Error> {
    match dialect(catalog.provider)? {
        Dialect::Sqlite => {
            let (mut connection, created_database) = sqlite::open(url)?;
            Ok(Pushed { created_database, ..sqlite::push(&mut connection, catalog, options)? })
        }
        Dialect::Postgresql | Dialect::Mysql => Err(Error::Unsupported { provider: catalog.provider.name() }),
    }
}
