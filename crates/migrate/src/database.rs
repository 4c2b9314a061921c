//! One way to talk to the databases of every provider.

use crate::error::Error;
use crate::failure::Failure;
use crate::session::{Record, Row, Session, Strictness};
use crate::sqlite::Sqlite;
use crate::{postgresql, sqlite};
use lenslet_sql::ddl::{DatabaseSchema, Dialect};
use std::time::Duration;

/// An open database whose structure can be read and changed.
///
/// All of this waits for the database, also within an asynchronous runtime; there, call it on a thread that may wait
/// (`spawn_blocking`).
///
/// Where a method takes `namespaces`, these are the schemas that a PostgreSQL datasource lists. Without any, the one that the
/// URL names (`schema=…`, else `public`) is meant, and names are without one; SQLite has none.
pub struct Database {
    pub(crate) session: Box<dyn Session>,
}

/// Where an empty database comes from that is only needed for a moment.
#[derive(Clone, Copy, Debug)]
pub enum Scratch<'u> {
    /// A SQLite database in memory.
    Memory,
    /// A new database on the server of this URL, or for SQLite one in memory; gone when it is dropped.
    Beside(&'u str),
    /// The database of this URL, which is kept for the purpose: everything in it is dropped first. One that keeps a history of
    /// migrations is refused.
    At(&'u str),
}

impl Database {
    /// Opens the database behind a URL.
    ///
    /// # Errors
    /// When it does not exist, or cannot be opened.
    pub fn open(url: &str) -> Result<Database, Error> {
        Self::existing(url)?.ok_or_else(|| Error::MissingDatabase(name(url)))
    }

    /// Opens the database behind a URL, unless it does not exist.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn existing(url: &str) -> Result<Option<Database>, Error> {
        Ok(match is_postgresql(url) {
            true => postgresql::existing(url)?.map(Self::over),
            false => sqlite::existing(url)?.map(|connection| Self::over(Sqlite::new(connection))),
        })
    }

    /// Opens the database behind a URL and makes it if it does not exist. Says whether it did so.
    ///
    /// # Errors
    /// When it cannot be made or opened.
    pub fn create(url: &str) -> Result<(Database, bool), Error> {
        Ok(match is_postgresql(url) {
            true => {
                let (session, created) = postgresql::create(url)?;
                (Self::over(session), created)
            }
            false => {
                let (connection, created) = sqlite::create(url)?;
                (Self::over(Sqlite::new(connection)), created)
            }
        })
    }

    /// An empty database to try things on (Prisma calls it a shadow database).
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn scratch(place: Scratch<'_>) -> Result<Database, Error> {
        match place {
            Scratch::Beside(url) if is_postgresql(url) => Ok(Self::over(postgresql::scratch(url)?)),
            Scratch::Beside(_) | Scratch::Memory => {
                let (connection, _) = sqlite::create("file::memory:")?;
                Ok(Self::over(Sqlite::new(connection)))
            }
            Scratch::At(url) => {
                let (mut database, created) = Self::create(url)?;
                if database.records()?.is_some() {
                    return Err(Error::NotScratch(name(url)));
                }
                if !created {
                    database.alone(Strictness::Lenient, |session| {
                        let drops = session.drops_of_all()?;
                        run_all(session, drops)
                    })?;
                }
                Ok(database)
            }
        }
    }

    fn over(session: impl Session + 'static) -> Database {
        Database { session: Box::new(session) }
    }

    /// Sets how long to wait for other processes that change the structure, instead of half a minute.
    ///
    /// # Errors
    /// When the database fails.
    pub fn wait_for_others(&mut self, patience: Duration) -> Result<(), Error> {
        Ok(self.session.wait_for_others(patience)?)
    }

    /// In which words it is told.
    pub fn dialect(&self) -> Dialect {
        self.session.dialect()
    }

    /// What it holds.
    ///
    /// # Errors
    /// When the database fails.
    pub fn describe(&mut self, namespaces: &[String]) -> Result<DatabaseSchema, Error> {
        Ok(self.session.describe(namespaces)?)
    }

    /// Whether it holds nothing, the history of migrations left aside.
    ///
    /// # Errors
    /// When the database fails.
    pub fn is_empty(&mut self, namespaces: &[String]) -> Result<bool, Error> {
        Ok(self.session.is_empty(namespaces)?)
    }

    /// Runs a script of one's own. What it did before a statement that fails may stay, unless the script has a transaction.
    ///
    /// # Errors
    /// When a statement fails, or a transaction is left open.
    pub fn run(&mut self, script: &str) -> Result<(), Error> {
        let ran = self.session.run(script);
        let left_open = self.session.settle();
        ran.map_err(|source| Error::Script {
            line: line(&source, script),
            source: source.explained(&mut *self.session),
        })?;
        match left_open? {
            true => Err(Error::Script { line: None, source: Failure::OpenTransaction }),
            false => Ok(()),
        }
    }

    /// The rows of a query, as text.
    ///
    /// # Errors
    /// When the database refuses it.
    pub fn rows(&mut self, sql: &str) -> Result<Vec<Row>, Error> {
        Ok(self.session.rows(sql)?)
    }

    /// Drops everything, the history of migrations included, and gives the statements that did it.
    ///
    /// # Errors
    /// When the database refuses; nothing is dropped then.
    pub fn reset(&mut self, namespaces: &[String]) -> Result<Vec<String>, Error> {
        self.alone(Strictness::Lenient, |session| drop_everything(session, namespaces))
    }

    /// What is recorded of migrations, oldest first; absent where no history is kept.
    ///
    /// # Errors
    /// When the database fails.
    pub fn records(&mut self) -> Result<Option<Vec<Record>>, Error> {
        Ok(self.session.records()?)
    }

    /// Keeps others who change the structure waiting meanwhile.
    pub(crate) fn locked<T>(&mut self, change: impl FnOnce(&mut dyn Session) -> Result<T, Error>) -> Result<T, Error> {
        self.session.lock()?;
        let result = change(&mut *self.session);
        let unlocked = self.session.unlock();
        let result = result?;
        unlocked?;
        Ok(result)
    }

    /// All or nothing, with nobody who changes the structure beside.
    pub(crate) fn alone<T>(
        &mut self,
        strictness: Strictness,
        change: impl FnOnce(&mut dyn Session) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.locked(|session| whole(session, strictness, change))
    }
}

/// An open SQLite connection, in memory for instance.
impl From<rusqlite::Connection> for Database {
    fn from(connection: rusqlite::Connection) -> Self {
        Self::over(Sqlite::new(connection))
    }
}

/// All or nothing.
pub(crate) fn whole<T>(
    session: &mut dyn Session,
    strictness: Strictness,
    change: impl FnOnce(&mut dyn Session) -> Result<T, Error>,
) -> Result<T, Error> {
    session.begin(strictness)?;
    let result = change(session).and_then(|it| session.commit().map(|()| it));
    result.map_err(|error| {
        // What went wrong first says more than what goes wrong now; a connection that ended has undone everything.
        let _ = session.roll_back();
        error.explained(session)
    })
}

/// Within a transaction.
pub(crate) fn drop_everything(session: &mut dyn Session, namespaces: &[String]) -> Result<Vec<String>, Error> {
    let drops = session.drops(namespaces)?;
    run_all(session, drops)
}

fn run_all(session: &mut dyn Session, statements: Vec<String>) -> Result<Vec<String>, Error> {
    for statement in &statements {
        let refused = |source| Error::Statement { statement: statement.clone(), source };
        session.run(statement).map_err(refused)?;
    }
    Ok(statements)
}

/// The line of a script that a database complains about, counted from 1.
pub(crate) fn line(failure: &Failure, script: &str) -> Option<usize> {
    let before = script.get(..failure.position(script)?)?;
    Some(before.matches('\n').count() + 1)
}

pub(crate) fn is_postgresql(url: &str) -> bool {
    url.starts_with("postgresql://") || url.starts_with("postgres://")
}

/// As it may be shown: without who connects, and how.
fn name(url: &str) -> String {
    let place = url.split('?').next().unwrap_or_default();
    match is_postgresql(url) {
        true => place.rsplit('/').next().unwrap_or_default().to_owned(),
        false => place.strip_prefix("file:").unwrap_or(place).to_owned(),
    }
}
