//! What a database has to be able to do so that its structure can be changed: one implementation a provider.

use crate::error::Error;
use crate::failure::Failure;
use lenslet_sql::ddl::{DatabaseSchema, Dialect};
use std::time::Duration;

/// How long to wait for others who change the structure, unless something else is said.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// The columns of a row, as text; nulls are absent.
pub type Row = Vec<Option<String>>;

/// An open database.
pub(crate) trait Session: Send {
    /// In which words it is told.
    fn dialect(&self) -> Dialect;

    /// What it holds. Where `namespaces` are given, all of them, and every name says its own; otherwise the one in which
    /// names without a namespace are found.
    fn describe(&mut self, namespaces: &[String]) -> Result<DatabaseSchema, Failure>;

    /// Whether it holds nothing, the history of migrations left aside.
    fn is_empty(&mut self, namespaces: &[String]) -> Result<bool, Failure>;

    /// Sets how long to wait for others who change the structure.
    fn wait_for_others(&mut self, patience: Duration) -> Result<(), Failure>;

    /// Keeps others who change its structure waiting until [`unlock`](Self::unlock). A transaction may be enough for that.
    fn lock(&mut self) -> Result<(), Error>;

    /// Lets others go on.
    fn unlock(&mut self) -> Result<(), Failure>;

    /// Begins a transaction.
    fn begin(&mut self, strictness: Strictness) -> Result<(), Error>;

    /// Ends the transaction and keeps what it did, unless that breaks references between rows.
    fn commit(&mut self) -> Result<(), Error>;

    /// Ends the transaction and undoes what it did.
    fn roll_back(&mut self) -> Result<(), Failure>;

    /// What to do about a failure, where the database knows more of it than it said. What failed has been undone.
    fn advice(&mut self, _failure: &Failure) -> Option<String> {
        None
    }

    /// Runs statements.
    fn run(&mut self, sql: &str) -> Result<(), Failure>;

    /// The rows of a query, as text.
    fn rows(&mut self, sql: &str) -> Result<Vec<Row>, Failure>;

    /// Asks for one number.
    fn count(&mut self, sql: &str) -> Result<u64, Failure> {
        let first = self.rows(sql)?.into_iter().next().and_then(|row| row.into_iter().next());
        let count = first.flatten().and_then(|text| text.parse().ok());
        count.ok_or(Failure::Unexpected("a count is not a number"))
    }

    /// Ends what a script left behind, a transaction or settings. Says whether a transaction was open.
    fn settle(&mut self) -> Result<bool, Failure>;

    /// The statements that drop everything, the history of migrations included.
    fn drops(&mut self, namespaces: &[String]) -> Result<Vec<String>, Failure>;

    /// The statements that drop everything in the whole database.
    fn drops_of_all(&mut self) -> Result<Vec<String>, Failure> {
        self.drops(&[])
    }

    /// Every record of the history, oldest first; absent when the database keeps none.
    fn records(&mut self) -> Result<Option<Vec<Record>>, Failure>;

    /// Makes the table of the history.
    fn create_history(&mut self) -> Result<(), Failure>;

    /// Records that a migration begins, and gives the record's id.
    fn record_start(&mut self, name: &str, checksum: &str) -> Result<String, Failure>;

    /// Records that a migration has been applied.
    fn record_end(&mut self, id: &str) -> Result<(), Failure>;

    /// Records what the database said of a migration that failed.
    fn record_failure(&mut self, id: &str, logs: &str) -> Result<(), Failure>;

    /// Records that nothing is left of what a migration did. Gives the number of failures that this concerns.
    fn record_undone(&mut self, name: &str) -> Result<u64, Failure>;
}

/// How strict the database is during a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Strictness {
    /// As scripts that people write expect it.
    Strict,
    /// So that SQLite's tables can be built again; what it breaks is found at the end.
    Lenient,
    /// As a script that turns SQLite's foreign keys off expects it.
    WithoutForeignKeys,
}

/// What is recorded of a migration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its name.
    pub name: String,
    /// The checksum of its script when it was applied.
    pub checksum: String,
    /// How it ended.
    pub state: RecordState,
    /// What the database said.
    pub logs: Option<String>,
}

/// How a migration ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordState {
    /// It was applied.
    Applied,
    /// It began and did not end.
    Failed,
    /// It failed, and what it did was taken back.
    RolledBack,
}

impl RecordState {
    /// By what is recorded of its end.
    pub(crate) fn of(finished: bool, rolled_back: bool) -> Self {
        match (finished, rolled_back) {
            (_, true) => RecordState::RolledBack,
            (true, false) => RecordState::Applied,
            (false, false) => RecordState::Failed,
        }
    }
}
