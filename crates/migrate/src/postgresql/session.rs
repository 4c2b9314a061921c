//! An open PostgreSQL database.

use super::connection::Connection;
use super::{introspect, obstacles, records, reset};
use crate::error::Error;
use crate::failure::Failure;
use crate::session::{PATIENCE, Record, Row, Session, Strictness};
use lenslet_sql::ddl::{DatabaseSchema, Dialect, quoted, string};
use std::thread;
use std::time::{Duration, Instant};

/// The key of the lock that Prisma's migrations take, too, so that the two never run at once.
const LOCK: &str = "72707369";
/// How often to look whether they are done. Waiting within a query would stop a `CREATE INDEX CONCURRENTLY` of theirs, which
/// waits for every query that began before it.
const PAUSE: Duration = Duration::from_millis(50);
/// Sessions start with what their role or database prescribes; this is what our own statements rely on.
/// Lets the server notice soon that whoever asked is gone, and end what was asked. Releases before 14, and systems other
/// than Linux, do not know it.
const NOTICE: &str = "SET client_connection_check_interval = '1s'";
const SETTINGS: &str = "SET standard_conforming_strings = on; SET client_min_messages = warning; SET TimeZone = 'UTC'";

pub(crate) struct Postgresql {
    connection: Connection,
    /// Where names without a schema are found, and the history is kept.
    schema: String,
    /// How long to wait for others who change the structure.
    patience: Duration,
    /// Who made the database for this session, and its name.
    maker: Option<(Connection, String)>,
}

impl Postgresql {
    pub(super) fn new(connection: Connection, schema: String) -> Result<Self, Failure> {
        let session = Postgresql { connection, schema, patience: PATIENCE, maker: None };
        session.prepare()?;
        Ok(session)
    }

    fn prepare(&self) -> Result<(), Failure> {
        let schema = quoted(Dialect::Postgresql, &self.schema);
        self.connection.run(&format!("{SETTINGS}; SET search_path TO {schema}"))?;
        let _ = self.connection.run(NOTICE);
        Ok(())
    }

    /// Has the database dropped when the session ends.
    pub(super) fn belongs_to(&mut self, maintenance: Connection, database: String) {
        self.maker = Some((maintenance, database));
    }

    pub(super) fn create_own_schema(&self) -> Result<(), Failure> {
        // Even `IF NOT EXISTS` needs the right to create, and fails when another process is faster.
        if self.has_own_schema()? {
            return Ok(());
        }
        let schema = quoted(Dialect::Postgresql, &self.schema);
        match self.connection.run(&format!("CREATE SCHEMA IF NOT EXISTS {schema}")) {
            Err(failure) if !self.has_own_schema()? => Err(failure),
            _ => Ok(()),
        }
    }

    fn has_own_schema(&self) -> Result<bool, Failure> {
        let name = string(Dialect::Postgresql, &self.schema);
        Ok(self.connection.text(&format!("SELECT 1 FROM pg_namespace WHERE nspname = {name}"))?.is_some())
    }
}

impl Session for Postgresql {
    fn dialect(&self) -> Dialect {
        Dialect::Postgresql
    }

    fn describe(&mut self, namespaces: &[String]) -> Result<DatabaseSchema, Failure> {
        introspect::introspect(&self.connection, &self.schema, namespaces)
    }

    fn is_empty(&mut self, namespaces: &[String]) -> Result<bool, Failure> {
        let found = self.describe(namespaces)?;
        Ok(found.tables.is_empty() && found.enums.is_empty() && found.views.is_empty())
    }

    fn wait_for_others(&mut self, patience: Duration) -> Result<(), Failure> {
        self.patience = patience;
        Ok(())
    }

    fn lock(&mut self) -> Result<(), Error> {
        let start = Instant::now();
        let attempt = format!("SELECT pg_try_advisory_lock({LOCK})");
        while self.connection.text(&attempt)?.as_deref() != Some("t") {
            if start.elapsed() >= self.patience {
                return Err(Error::Locked { seconds: self.patience.as_secs() });
            }
            thread::sleep(PAUSE);
        }
        Ok(())
    }

    fn unlock(&mut self) -> Result<(), Failure> {
        self.connection.run(&format!("SELECT pg_advisory_unlock({LOCK})"))
    }

    fn begin(&mut self, _: Strictness) -> Result<(), Error> {
        Ok(self.connection.run("BEGIN")?)
    }

    fn commit(&mut self) -> Result<(), Error> {
        Ok(self.connection.run("COMMIT")?)
    }

    fn roll_back(&mut self) -> Result<(), Failure> {
        self.connection.run("ROLLBACK")
    }

    fn advice(&mut self, failure: &Failure) -> Option<String> {
        obstacles::advice(&self.connection, failure)
    }

    fn run(&mut self, sql: &str) -> Result<(), Failure> {
        self.connection.run(sql)
    }

    fn rows(&mut self, sql: &str) -> Result<Vec<Row>, Failure> {
        self.connection.rows(sql)
    }

    fn settle(&mut self) -> Result<bool, Failure> {
        // Outside of a transaction, the two are the same moment.
        let is_open = match self.connection.text("SELECT now() = statement_timestamp()") {
            Ok(same) => same.as_deref() != Some("t"),
            Err(failure) if failure.database_code().as_deref() == Some("25P02") => true,
            Err(failure) => return Err(failure),
        };
        if is_open {
            self.connection.run("ROLLBACK")?;
        }
        self.connection.run("RESET SESSION AUTHORIZATION; RESET ALL")?;
        self.prepare()?;
        Ok(is_open)
    }

    fn drops(&mut self, namespaces: &[String]) -> Result<Vec<String>, Failure> {
        let mut all = vec![self.schema.clone()];
        all.extend(namespaces.iter().filter(|it| **it != self.schema).cloned());
        reset::drops(&self.connection, &all)
    }

    fn drops_of_all(&mut self) -> Result<Vec<String>, Failure> {
        let schema = string(Dialect::Postgresql, &self.schema);
        let others = format!(
            "SELECT format('DROP SCHEMA %I CASCADE', nspname) FROM pg_namespace
             WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', {schema}) ORDER BY 1"
        );
        let mut drops = self.drops(&[])?;
        drops.extend(self.connection.texts(&others)?);
        Ok(drops)
    }

    fn records(&mut self) -> Result<Option<Vec<Record>>, Failure> {
        records::read(&self.connection, &self.schema)
    }

    fn create_history(&mut self) -> Result<(), Failure> {
        records::create(&self.connection, &self.schema)
    }

    fn record_start(&mut self, name: &str, checksum: &str) -> Result<String, Failure> {
        records::start(&self.connection, &self.schema, name, checksum)
    }

    fn record_end(&mut self, id: &str) -> Result<(), Failure> {
        records::end(&self.connection, &self.schema, id)
    }

    fn record_failure(&mut self, id: &str, logs: &str) -> Result<(), Failure> {
        records::fail(&self.connection, &self.schema, id, logs)
    }

    fn record_undone(&mut self, name: &str) -> Result<u64, Failure> {
        records::undo(&self.connection, &self.schema, name)
    }
}

impl Drop for Postgresql {
    fn drop(&mut self) {
        if let Some((maintenance, database)) = self.maker.take() {
            self.connection.close();
            let database = quoted(Dialect::Postgresql, &database);
            // Somebody else may be looking. Servers before 13 know no FORCE. What cannot be dropped is left to who makes the
            // next one.
            let _ = maintenance
                .run(&format!("DROP DATABASE {database} WITH (FORCE)"))
                .or_else(|_| maintenance.run(&format!("DROP DATABASE {database}")));
        }
    }
}
