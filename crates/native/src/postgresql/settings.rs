//! What a PostgreSQL URL says, with the names that Prisma gives its options.

use lenslet_core::error::{Error, ErrorKind};
use std::{path::PathBuf, thread, time::Duration};
use tokio_postgres::config::SslMode;

/// Where the database is, and how it is used.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) config: tokio_postgres::Config,
    /// The host, for messages.
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) database: String,
    pub(crate) user: String,
    pub(crate) tls: TlsSettings,
    /// The schema in which unqualified names are looked up; the database's own choice when absent.
    pub(crate) schema: Option<String>,
    /// How many connections there are at most.
    pub(crate) connections: usize,
    /// How long an operation waits for a connection.
    pub(crate) pool_timeout: Duration,
    /// How long connecting may take.
    pub(crate) connect_timeout: Duration,
    /// How long a statement may take.
    pub(crate) socket_timeout: Option<Duration>,
    /// How many prepared statements a connection keeps; none where connections are shared by a PgBouncer that knows no
    /// prepared statements.
    pub(crate) statements: usize,
    /// Whether a connection may be another one after each transaction; found out where it is not said.
    pub(crate) bouncer: Option<bool>,
}

/// How a connection is made secure.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TlsSettings {
    /// Whether the server's certificate is checked.
    pub(crate) verify: bool,
    /// Whether the certificate must be for the host.
    pub(crate) verify_host: bool,
    /// Certificates to trust; those of the system when absent.
    pub(crate) root: Option<PathBuf>,
    /// The client's own certificate and key.
    pub(crate) identity: Option<(PathBuf, PathBuf)>,
}

/// Prisma keeps a hundred, too.
const STATEMENTS: usize = 100;

impl Settings {
    /// Reads `postgresql://user:password@host:5432/database?schema=public` and its like.
    pub(crate) fn parse(url: &str) -> Result<Settings, Error> {
        let rest = url
            .strip_prefix("postgresql://")
            .or_else(|| url.strip_prefix("postgres://"))
            .ok_or_else(|| invalid("it must begin with `postgresql://` or `postgres://`"))?;
        let (rest, options) = rest.split_once('?').unwrap_or((rest, ""));
        let options = options.split_once('#').map_or(options, |(options, _)| options);
        let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
        let (login, address) = authority.rsplit_once('@').unwrap_or(("", authority));
        let (user, password) = match login.split_once(':') {
            Some((user, password)) => (user, Some(password)),
            None => (login, None),
        };
        let (host, port) = address_of(address)?;
        let database = decoded(database)?;
        let mut settings = Settings {
            config: tokio_postgres::Config::new(),
            host: decoded(host)?,
            port,
            database: if database.is_empty() { "postgres".into() } else { database },
            user: decoded(user)?,
            tls: TlsSettings::default(),
            schema: None,
            connections: thread::available_parallelism().map_or(2, usize::from) * 2 + 1,
            pool_timeout: Duration::from_secs(10),
            connect_timeout: Duration::from_secs(5),
            socket_timeout: None,
            statements: STATEMENTS,
            bouncer: None,
        };
        if let Some(password) = password {
            settings.config.password(decoded_bytes(password)?);
        }
        settings.options(options)?;
        settings.finish();
        Ok(settings)
    }

    fn options(&mut self, options: &str) -> Result<(), Error> {
        let (mut certificate, mut key) = (None, None);
        for option in options.split('&').filter(|it| !it.is_empty()) {
            let (name, value) = option.split_once('=').unwrap_or((option, ""));
            let value = decoded(value)?;
            match name {
                "sslcert" => certificate = Some(PathBuf::from(value)),
                "sslkey" => key = Some(PathBuf::from(value)),
                _ => self.set(name, value)?,
            }
        }
        // Prisma's `sslcert` is the certificate of the authority; with a key beside it, it is libpq's: the client's own.
        match (certificate, key) {
            (Some(certificate), Some(key)) => self.tls.identity = Some((certificate, key)),
            (Some(certificate), None) => self.tls.root = Some(certificate),
            (None, _) => {}
        }
        Ok(())
    }

    fn set(&mut self, name: &str, value: String) -> Result<(), Error> {
        let number = || {
            let number = value.parse::<u64>();
            number.map_err(|_| invalid(&format!("`{name}` must be a whole number, not `{value}`")))
        };
        match name {
            "connection_limit" => {
                self.connections = usize::try_from(number()?).unwrap_or(usize::MAX);
                if self.connections == 0 {
                    return Err(invalid("`connection_limit` must be at least 1"));
                }
            }
            "pool_timeout" => self.pool_timeout = unlimited(number()?),
            "connect_timeout" => self.connect_timeout = unlimited(number()?),
            "socket_timeout" => self.socket_timeout = Some(number()?).filter(|it| *it > 0).map(Duration::from_secs),
            "statement_cache_size" => self.statements = usize::try_from(number()?).unwrap_or(usize::MAX),
            "pgbouncer" => self.bouncer = Some(value == "true"),
            "schema" => self.schema = Some(value).filter(|it| !it.is_empty()),
            "host" if !value.is_empty() => self.host = value,
            "application_name" => {
                self.config.application_name(value);
            }
            "options" => {
                self.config.options(value);
            }
            "sslmode" => self.ssl_mode(&value)?,
            "sslaccept" => {
                self.tls.verify = value == "strict";
                self.tls.verify_host = self.tls.verify;
            }
            "sslrootcert" => {
                self.tls.root = Some(value.into());
                self.tls.verify = true;
            }
            // Other clients' options do not stop this one.
            _ => {}
        }
        Ok(())
    }

    fn ssl_mode(&mut self, mode: &str) -> Result<(), Error> {
        let mode = match mode {
            "disable" => SslMode::Disable,
            "allow" | "prefer" => SslMode::Prefer,
            "require" => SslMode::Require,
            "verify-ca" => {
                self.tls.verify = true;
                SslMode::Require
            }
            "verify-full" => {
                (self.tls.verify, self.tls.verify_host) = (true, true);
                SslMode::Require
            }
            other => {
                return Err(invalid(&format!(
                    "`sslmode` must be `disable`, `prefer`, `require`, `verify-ca` or `verify-full`, not `{other}`"
                )));
            }
        };
        self.config.ssl_mode(mode);
        Ok(())
    }

    fn finish(&mut self) {
        if self.host.is_empty() {
            self.host = "localhost".into();
        }
        if self.bouncer == Some(true) {
            self.statements = 0;
        }
        self.config.host(&self.host).port(self.port).dbname(&self.database);
        if !self.user.is_empty() {
            self.config.user(&self.user);
        }
        self.schema = self.schema.take().filter(|it| it != "public");
    }
}

/// Zero means no limit, as Prisma has it.
fn unlimited(seconds: u64) -> Duration {
    Duration::from_secs(if seconds == 0 { u64::from(u32::MAX) } else { seconds })
}

fn address_of(address: &str) -> Result<(&str, u16), Error> {
    let (host, port) = match address.strip_prefix('[') {
        Some(rest) => {
            let (host, rest) = rest.split_once(']').ok_or_else(|| invalid("a `]` is missing"))?;
            (host, rest.strip_prefix(':').unwrap_or(rest))
        }
        None => address.split_once(':').unwrap_or((address, "")),
    };
    if port.is_empty() {
        return Ok((host, 5432));
    }
    match port.parse() {
        Ok(port) => Ok((host, port)),
        // What stands there may be a part of a password: it is not repeated.
        Err(_) => Err(invalid(
            "the port is not a number; characters such as `@`, `/`, `:`, `?` and `#` in a password must be percent-encoded",
        )),
    }
}

fn decoded(text: &str) -> Result<String, Error> {
    String::from_utf8(decoded_bytes(text)?).map_err(|_| invalid("a percent-encoded part is not UTF-8"))
}

fn decoded_bytes(text: &str) -> Result<Vec<u8>, Error> {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        if *byte == b'%' {
            let code = text.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok());
            decoded.push(
                code.ok_or_else(|| invalid("a `%` is not followed by two hexadecimal digits; write it as `%25`"))?,
            );
            at += 3;
        } else {
            decoded.push(*byte);
            at += 1;
        }
    }
    Ok(decoded)
}

fn invalid(why: &str) -> Error {
    Error::new(ErrorKind::InvalidUrl, format!("the URL of the PostgreSQL database is not valid: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio_postgres::config::Host;

    fn settings(url: &str) -> Settings {
        Settings::parse(url).expect(url)
    }

    #[test]
    fn parts_are_found() {
        let it = settings("postgresql://us%40er:p%2Fw:d@db.example:6543/my%20db?schema=app&application_name=shop");
        assert_eq!((it.user.as_str(), it.host.as_str(), it.port), ("us@er", "db.example", 6543));
        assert_eq!(it.config.get_password(), Some(&b"p/w:d"[..]));
        assert_eq!(it.config.get_dbname(), Some("my db"));
        assert_eq!(it.config.get_application_name(), Some("shop"));
        assert_eq!(it.schema.as_deref(), Some("app"));
    }

    #[test]
    fn what_is_not_said_has_a_default() {
        let it = settings("postgres://localhost?schema=public");
        assert_eq!((it.port, it.database.as_str(), it.schema.as_deref()), (5432, "postgres", None));
        assert_eq!((it.pool_timeout.as_secs(), it.connect_timeout.as_secs(), it.statements), (10, 5, 100));
        assert_eq!(it.config.get_ssl_mode(), SslMode::Prefer);
        assert!(!it.tls.verify && it.socket_timeout.is_none() && it.connections >= 3);
    }

    #[test]
    fn options_have_prismas_names() {
        let it = settings(
            "postgresql://u@h/d?connection_limit=3&pool_timeout=0&connect_timeout=7&socket_timeout=9&pgbouncer=true\
             &statement_cache_size=50&sslmode=verify-full&sslrootcert=/ca.pem&unknown=1",
        );
        assert_eq!((it.connections, it.connect_timeout.as_secs()), (3, 7));
        assert!(it.pool_timeout.as_secs() > 1_000_000);
        assert_eq!(it.socket_timeout, Some(Duration::from_secs(9)));
        assert_eq!((it.bouncer, it.statements), (Some(true), 0));
        assert!(it.tls.verify && it.tls.verify_host);
        assert_eq!(it.tls.root, Some("/ca.pem".into()));
        assert_eq!(settings("postgresql://u@h/d?statement_cache_size=0").statements, 0);
    }

    #[test]
    fn a_host_may_be_a_socket_or_an_address() {
        let it = settings("postgresql://u:p@localhost/d?host=/var/run/postgresql");
        assert_eq!(it.config.get_hosts(), [Host::Unix("/var/run/postgresql".into())]);
        let it = settings("postgresql://u@[::1]:6000/d");
        assert_eq!((it.host.as_str(), it.port), ("::1", 6000));
    }

    #[test]
    fn a_certificate_with_a_key_is_the_clients_own() {
        assert_eq!(settings("postgresql://h/d?sslcert=ca.pem").tls.root, Some("ca.pem".into()));
        let it = settings("postgresql://h/d?sslcert=me.pem&sslkey=me.key");
        assert_eq!(it.tls.identity, Some(("me.pem".into(), "me.key".into())));
    }

    #[test]
    fn mistakes_are_told_without_the_password() {
        for url in [
            "mysql://u:secret@h/d",
            "postgresql://u:sec/secret@h:5432/d",
            "postgresql://u:secret%@h/d",
            "postgresql://u:secret@h:port/d",
            "postgresql://u:secret@h/d?connection_limit=0",
            "postgresql://u:secret@h/d?connection_limit=many",
            "postgresql://u:secret@h/d?sslmode=maybe",
        ] {
            let error = Settings::parse(url).expect_err(url);
            assert_eq!(error.kind(), ErrorKind::InvalidUrl, "{url}");
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }
}
