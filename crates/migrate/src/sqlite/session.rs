//! An open SQLite database.

use super::references::{self, Violation};
use super::{introspect, records};
use crate::error::Error;
use crate::failure::Failure;
use crate::session::{Record, Row, Session, Strictness};
use lenslet_sql::ddl::{DatabaseSchema, Dialect, quoted};
use rusqlite::Connection;
use rusqlite::types::ValueRef;
use std::time::Duration;

/// A connection, and what has to be put right after a transaction.
pub(crate) struct Sqlite {
    connection: Connection,
    settings: Option<Settings>,
    /// Rows that referred to nothing before the transaction; absent when that could not be found out.
    violations: Option<Vec<Violation>>,
    checks_references: bool,
}

/// How strict SQLite is. It can only be told outside of a transaction.
#[derive(Clone, Copy)]
struct Settings {
    /// Whether foreign keys are enforced at every step, with their actions.
    foreign_keys: bool,
    /// Whether `RENAME` leaves alone what else names the table. Otherwise a view on a table that is built again would keep
    /// it from getting its name back.
    rename_only: bool,
}

impl Sqlite {
    pub(crate) fn new(connection: Connection) -> Self {
        Sqlite { connection, settings: None, violations: None, checks_references: false }
    }

    fn set(&self, settings: Settings) -> rusqlite::Result<()> {
        self.connection.pragma_update(None, "foreign_keys", settings.foreign_keys)?;
        self.connection.pragma_update(None, "legacy_alter_table", settings.rename_only)
    }

    fn settings(&self) -> rusqlite::Result<Settings> {
        let setting = |name| self.connection.pragma_query_value(None, name, |row| row.get(0));
        Ok(Settings { foreign_keys: setting("foreign_keys")?, rename_only: setting("legacy_alter_table")? })
    }

    fn restore(&mut self) -> rusqlite::Result<()> {
        self.settings.take().map_or(Ok(()), |settings| self.set(settings))
    }

    fn check_references(&self) -> Result<(), Error> {
        match (references::violations(&self.connection), &self.violations) {
            (Ok(after), before) => references::compare(before.as_deref().unwrap_or_default(), after),
            // Keys that cannot even be checked, for want of an index on what they refer to, could not be before either.
            (Err(_), None) => Ok(()),
            (Err(error), Some(_)) => Err(error.into()),
        }
    }
}

impl Session for Sqlite {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    fn describe(&mut self, _: &[String]) -> Result<DatabaseSchema, Failure> {
        Ok(introspect(&self.connection)?)
    }

    fn is_empty(&mut self, _: &[String]) -> Result<bool, Failure> {
        Ok(introspect(&self.connection)?.tables.is_empty())
    }

    fn wait_for_others(&mut self, patience: Duration) -> Result<(), Failure> {
        Ok(self.connection.busy_timeout(patience)?)
    }

    /// A transaction keeps others waiting.
    fn lock(&mut self) -> Result<(), Error> {
        Ok(())
    }

    fn unlock(&mut self) -> Result<(), Failure> {
        Ok(())
    }

    fn begin(&mut self, strictness: Strictness) -> Result<(), Error> {
        let before = self.settings()?;
        let lenient = strictness == Strictness::Lenient;
        self.set(Settings { foreign_keys: strictness == Strictness::Strict, rename_only: lenient })?;
        self.settings = Some(before);
        if let Err(error) = self.connection.execute_batch("BEGIN IMMEDIATE") {
            self.restore()?;
            return Err(error.into());
        }
        self.checks_references = strictness != Strictness::Strict;
        self.violations = references::violations(&self.connection).ok().filter(|_| self.checks_references);
        Ok(())
    }

    fn commit(&mut self) -> Result<(), Error> {
        if self.checks_references {
            self.check_references()?;
        }
        self.connection.execute_batch("COMMIT")?;
        Ok(self.restore()?)
    }

    fn roll_back(&mut self) -> Result<(), Failure> {
        // A full disk, for instance, has undone everything already.
        if !self.connection.is_autocommit() {
            self.connection.execute_batch("ROLLBACK")?;
        }
        Ok(self.restore()?)
    }

    fn run(&mut self, sql: &str) -> Result<(), Failure> {
        Ok(self.connection.execute_batch(sql)?)
    }

    fn rows(&mut self, sql: &str) -> Result<Vec<Row>, Failure> {
        let mut statement = self.connection.prepare(sql)?;
        let width = statement.column_count();
        let rows = statement.query_map([], |row| (0..width).map(|at| Ok(text(row.get_ref(at)?))).collect())?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn settle(&mut self) -> Result<bool, Failure> {
        let is_open = !self.connection.is_autocommit();
        if is_open {
            self.connection.execute_batch("ROLLBACK")?;
        }
        Ok(is_open)
    }

    /// What belongs to virtual tables goes with them.
    fn drops(&mut self, _: &[String]) -> Result<Vec<String>, Failure> {
        let sql =
            "SELECT type, name FROM pragma_table_list WHERE schema = 'main' AND type IN ('view', 'virtual', 'table')
                   AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY type = 'table', type = 'virtual', name";
        let mut statement = self.connection.prepare(sql)?;
        let drop = |row: &rusqlite::Row<'_>| {
            let (kind, name): (String, String) = (row.get(0)?, row.get(1)?);
            let kind = if kind == "view" { "VIEW" } else { "TABLE" };
            Ok(format!("DROP {kind} {}", quoted(Dialect::Sqlite, &name)))
        };
        Ok(statement.query_map([], drop)?.collect::<Result<_, _>>()?)
    }

    fn records(&mut self) -> Result<Option<Vec<Record>>, Failure> {
        Ok(records::read(&self.connection)?)
    }

    fn create_history(&mut self) -> Result<(), Failure> {
        Ok(records::create(&self.connection)?)
    }

    fn record_start(&mut self, name: &str, checksum: &str) -> Result<String, Failure> {
        Ok(records::start(&self.connection, name, checksum)?)
    }

    fn record_end(&mut self, id: &str) -> Result<(), Failure> {
        Ok(records::end(&self.connection, id)?)
    }

    fn record_failure(&mut self, id: &str, logs: &str) -> Result<(), Failure> {
        Ok(records::fail(&self.connection, id, logs)?)
    }

    fn record_undone(&mut self, name: &str) -> Result<u64, Failure> {
        Ok(records::undo(&self.connection, name)?)
    }
}

fn text(value: ValueRef<'_>) -> Option<String> {
    match value {
        ValueRef::Null => None,
        ValueRef::Integer(it) => Some(it.to_string()),
        ValueRef::Real(it) => Some(it.to_string()),
        ValueRef::Text(it) => Some(String::from_utf8_lossy(it).into_owned()),
        ValueRef::Blob(it) => Some(it.iter().map(|byte| format!("{byte:02x}")).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_stays_as_strict_as_it_was() {
        for foreign_keys in [true, false] {
            let connection = Connection::open_in_memory().expect("a database");
            connection.pragma_update(None, "foreign_keys", foreign_keys).expect("a setting");
            let mut session = Sqlite::new(connection);
            for strictness in [Strictness::Strict, Strictness::Lenient, Strictness::WithoutForeignKeys] {
                session.begin(strictness).expect("a transaction");
                session.commit().expect("its end");
                let now = session.settings().expect("settings");
                assert_eq!((now.foreign_keys, now.rename_only), (foreign_keys, false));
            }
        }
    }
}
