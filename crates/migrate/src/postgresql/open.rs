//! Open a database on a server, and make it where it is missing.

use super::connection::Connection;
use super::session::Postgresql;
use crate::error::Error;
use lenslet_core::error::ErrorKind;
use lenslet_native::postgresql::address;
use lenslet_sql::ddl::{Dialect, quoted, string};
use std::time::{SystemTime, UNIX_EPOCH};

/// Databases that are there on every server, to be connected to while another one is made.
const MAINTENANCE: [&str; 2] = ["postgres", "template1"];

/// The schema in which names without one are found, as a URL says.
fn own_schema(url: &str) -> Result<String, Error> {
    Ok(address(url).map_err(Error::InvalidUrl)?.schema)
}

/// Opens the database behind a URL, unless it is missing.
pub(crate) fn existing(url: &str) -> Result<Option<Postgresql>, Error> {
    let address = address(url).map_err(Error::InvalidUrl)?;
    if address.bouncer {
        return Err(Error::ThroughBouncer);
    }
    let schema = address.schema;
    match Connection::open(url, None) {
        Ok(connection) => Ok(Some(Postgresql::new(connection, schema)?)),
        Err(error) if error.kind() == ErrorKind::DatabaseMissing => Ok(None),
        Err(error) => Err(refused(error)),
    }
}

/// Opens the database behind a URL, made if it is missing along with the schema that the URL names. Says whether the database
/// was made.
pub(crate) fn create(url: &str) -> Result<(Postgresql, bool), Error> {
    let (session, created) = match existing(url)? {
        Some(session) => (session, false),
        None => {
            let address = address(url).map_err(Error::InvalidUrl)?;
            make(url, &address.database)?;
            let session = existing(url)?.ok_or_else(|| Error::MissingDatabase(address.database.clone()))?;
            (session, true)
        }
    };
    session.create_own_schema()?;
    Ok((session, created))
}

/// What databases are called that are only needed for a moment, before the second in which they are made.
const SCRATCH: &str = "lenslet_shadow_";
/// After how many seconds such a database is left over, unless somebody is connected to it. Clocks may differ.
const LEFT_OVER: u64 = 3600;

/// A database beside the one of a URL, which is dropped with the session.
pub(crate) fn scratch(url: &str) -> Result<Postgresql, Error> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |it| it.as_secs());
    let name = format!("{SCRATCH}{now}_{}", uuid::Uuid::new_v4().simple());
    let maintenance = make(url, &name)?;
    drop_left_over(&maintenance, now);
    let opened = Connection::open(url, Some(&name)).map_err(refused);
    let schema = own_schema(url)?;
    let mut session = opened.and_then(|connection| Ok(Postgresql::new(connection, schema)?))?;
    session.belongs_to(maintenance, name);
    session.create_own_schema()?;
    Ok(session)
}

/// Whoever made a scratch database is connected to it until it is dropped, unless the process was killed. Databases that
/// somebody is connected to cannot be dropped, and only who may drop one does: what fails is left to others.
fn drop_left_over(maintenance: &Connection, now: u64) {
    let named = format!("SELECT datname FROM pg_database WHERE datname ~ '^{SCRATCH}'");
    let made = |name: &str| name.strip_prefix(SCRATCH)?.split_once('_')?.0.parse().ok();
    let is_left_over = |name: &String| made(name).is_some_and(|made: u64| made.saturating_add(LEFT_OVER) < now);
    for name in maintenance.texts(&named).unwrap_or_default().iter().filter(|name| is_left_over(name)) {
        let _ = maintenance.run(&format!("DROP DATABASE IF EXISTS {}", quoted(Dialect::Postgresql, name)));
    }
}

/// Makes a database, and gives the connection that made it.
fn make(url: &str, database: &str) -> Result<Connection, Error> {
    let maintenance = maintenance(url)?;
    let statement = format!("CREATE DATABASE {}", quoted(Dialect::Postgresql, database));
    match maintenance.run(&statement) {
        Ok(()) => Ok(maintenance),
        // Another process made it at the same time.
        Err(failure) => {
            let name = string(Dialect::Postgresql, database);
            match maintenance.text(&format!("SELECT 1 FROM pg_database WHERE datname = {name}"))? {
                Some(_) => Ok(maintenance),
                None => Err(Error::Statement { statement, source: failure }),
            }
        }
    }
}

fn maintenance(url: &str) -> Result<Connection, Error> {
    let [first, second] = MAINTENANCE;
    Connection::open(url, Some(first)).or_else(|_| Connection::open(url, Some(second))).map_err(refused)
}

fn refused(error: lenslet_core::error::Error) -> Error {
    match error.kind() {
        ErrorKind::InvalidUrl => Error::InvalidUrl(error),
        _ => Error::Connection(error),
    }
}
