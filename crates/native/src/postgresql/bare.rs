//! A connection without an engine around it, for tools that change the structure of a database: the same URLs, the same TLS
//! and the same messages as the engine's.

use super::{error, settings::Settings, tls};
use crate::timer::within;
use lenslet_core::error::Error;
use std::future::Future;
use tokio_postgres::Client;

/// Where a database is, as its URL says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// The host, or the folder of a socket.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The database.
    pub database: String,
    /// The schema in which unqualified names are looked up.
    pub schema: String,
    /// Whether a PgBouncer is in between (`pgbouncer=true`).
    pub bouncer: bool,
}

/// Reads a URL.
///
/// # Errors
/// When it is not one of PostgreSQL.
pub fn address(url: &str) -> Result<Address, Error> {
    let settings = Settings::parse(url)?;
    Ok(Address {
        host: settings.host,
        port: settings.port,
        database: settings.database,
        schema: settings.schema.unwrap_or_else(|| "public".into()),
        bouncer: settings.bouncer == Some(true),
    })
}

/// Connects to the database of a URL, or to another one on its server. The future moves the bytes of the client, and ends
/// with the connection.
///
/// # Errors
/// When the URL is not valid, or there is no connection.
pub async fn connect(
    url: &str,
    database: Option<&str>,
) -> Result<(Client, impl Future<Output = ()> + Send + 'static + use<>), Error> {
    let mut settings = Settings::parse(url)?;
    if let Some(database) = database {
        settings.config.dbname(database);
        settings.database = database.to_owned();
    }
    let tls = tls::connector(&settings.tls)?;
    match within(settings.connect_timeout, settings.config.connect(tls)).await {
        None => Err(error::late(&settings)),
        Some(Err(error)) => Err(error::opening(&error, &settings)),
        Some(Ok((client, connection))) => Ok((client, async move {
            // Whoever waits for an answer learns why there is none.
            let _ = connection.await;
        })),
    }
}
