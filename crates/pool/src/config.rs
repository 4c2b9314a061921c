//! The configuration of a pool: one file of TOML, `lenslet-pool.toml`, which also holds the hashes of its keys.
//!
//! ```toml
//! listen = "127.0.0.1:4466"
//! query-log = false   # whether clients may be told the statements of their queries
//! public-url = "https://pool.example"
//!
//! [tls]
//! certificate = "pool.pem"
//! key = "pool.key"
//!
//! [limits]
//! connections = 10
//! query-time = "30s"
//!
//! [cache]
//! memory = "64 MiB"
//!
//! [log]
//! format = "json"
//! level = "info"
//!
//! [[keys]]            # written by `lenslet pool key create`
//! name = "worker"
//! hash = "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8"
//! read-only = true
//! ```
//!
//! What changes in the file is taken over while the pool runs: keys, limits, the size of the cache, the level of the log,
//! certificates. The rest (where it listens, the database and its connections, …) waits until the pool starts again, which the
//! log says.

pub use crate::units::{NotAUnit, Size, Time};

use crate::{
    keys::{Hash, Key, Keys, Written},
    limits::Limits,
};
use serde::Deserialize;
use std::{
    collections::HashSet,
    fmt, fs, io,
    net::SocketAddr,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    time::Duration,
};

/// The name of the file, where no other is given.
pub const FILE: &str = "lenslet-pool.toml";

/// A configuration. What it does not say is as [`Default`] has it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Config {
    /// Where to listen.
    pub listen: Option<SocketAddr>,
    /// Where clients reach the pool, if that is not where it listens.
    pub public_url: Option<String>,
    /// The URL of the database, if it is not that of `DIRECT_URL`.
    pub database_url: Option<DatabaseUrl>,
    /// Whether clients may ask that were generated from another schema.
    pub any_schema: bool,
    /// What answers name as the place that they come from.
    pub region: Option<String>,
    /// Threads that answer, where a program is nothing but a pool; one for each processor when absent.
    pub threads: Option<NonZeroUsize>,
    /// Whether clients that ask for it (`log: [{ emit: 'event', level: 'query' }]` in Prisma's) are told the statements of
    /// their queries, parameters included. For development: statements show tables and columns whatever the schema calls them.
    pub query_log: bool,
    /// The certificate and its key; plain HTTP without.
    pub tls: Option<TlsFiles>,
    /// How much of everything.
    pub limits: Limits,
    /// What is remembered.
    pub cache: CacheSettings,
    /// What is written down.
    pub log: LogSettings,
    /// How a pool ends.
    pub drain: DrainSettings,
    /// Who may ask.
    pub keys: Vec<Key>,
}

/// The URL of a database, with its password: not shown.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct DatabaseUrl(String);

impl DatabaseUrl {
    /// The URL as it is.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DatabaseUrl(***)")
    }
}

/// A certificate (with those that lead to its authority) and its key, both in PEM. They are read again when they change.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct TlsFiles {
    /// The certificate chain.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

/// What is remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct CacheSettings {
    /// Bytes of answers that are kept; with 0 there is no cache.
    pub memory: Size,
}

impl Default for CacheSettings {
    fn default() -> Self {
        CacheSettings { memory: Size(64 << 20) }
    }
}

/// What is written down, to standard error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct LogSettings {
    /// Lines for people or for programs.
    pub format: LogFormat,
    /// How much. `info` has what is refused and what fails, `debug` every request.
    pub level: LogLevel,
}

/// The form of a log line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// An object of JSON.
    Json,
}

/// How much is written down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// What needs somebody.
    Error,
    /// What may need somebody.
    Warn,
    /// What happens to the pool, and every request that was refused or failed.
    #[default]
    Info,
    /// Every request.
    Debug,
}

/// How a pool ends that is told to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct DrainSettings {
    /// How long requests and interactive transactions that are under way may take.
    pub time: Time,
}

impl Default for DrainSettings {
    fn default() -> Self {
        DrainSettings { time: Time(Duration::from_secs(30)) }
    }
}

/// The file as it is written.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
struct File {
    listen: Option<SocketAddr>,
    public_url: Option<String>,
    database_url: Option<DatabaseUrl>,
    any_schema: bool,
    region: Option<String>,
    threads: Option<NonZeroUsize>,
    query_log: bool,
    tls: Option<TlsFiles>,
    limits: Limits,
    cache: CacheSettings,
    log: LogSettings,
    drain: DrainSettings,
    keys: Vec<Written>,
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read `{}`", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The file is not TOML, or says something that is not known.
    #[error("`{}`: {message}", .path.display())]
    Text {
        /// The file.
        path: PathBuf,
        /// What is wrong where. The line itself is not repeated: it may hold a password.
        message: String,
    },
}

impl Config {
    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read, or says something that is not known or contradicts itself.
    pub fn read(path: &Path) -> Result<Config, ConfigError> {
        let text = fs::read_to_string(path).map_err(|source| ConfigError::Read { path: path.into(), source })?;
        let mut config = Config::parse(&text).map_err(|message| ConfigError::Text { path: path.into(), message })?;
        if let (Some(tls), Some(folder)) = (&mut config.tls, path.parent()) {
            (tls.certificate, tls.key) = (folder.join(&tls.certificate), folder.join(&tls.key));
        }
        Ok(config)
    }

    /// Reads the text of a file.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn parse(text: &str) -> Result<Config, String> {
        let file: File = toml_edit::de::from_str(text).map_err(|error| {
            let line =
                error.span().and_then(|span| text.get(..span.start)).map(|before| before.matches('\n').count() + 1);
            let place = line.map_or_else(String::new, |line| format!("line {line}: "));
            format!("{place}{}", error.message().trim_end())
        })?;
        let keys = file.keys.into_iter().map(Key::try_from).collect::<Result<Vec<_>, _>>()?;
        let mut names = HashSet::new();
        if let Some(twice) = keys.iter().find(|key| !names.insert(&key.name)) {
            return Err(format!("there are two keys called `{}`", twice.name));
        }
        let mut hashes: HashSet<Hash> = HashSet::new();
        if let Some(twice) = keys.iter().find(|key| !hashes.insert(key.hash)) {
            return Err(format!("key `{}` has the hash of another one", twice.name));
        }
        let File { listen, public_url, database_url, any_schema, region, threads, query_log, .. } = file;
        let File { tls, limits, cache, log, drain, .. } = file;
        Ok(Config {
            listen,
            public_url,
            database_url,
            any_schema,
            region,
            threads,
            query_log,
            tls,
            limits,
            cache,
            log,
            drain,
            keys,
        })
    }

    /// What another configuration says that a pool with this one can use only when it starts again, by its name in the file.
    pub(crate) fn waits_for_restart(&self, other: &Config) -> impl Iterator<Item = &'static str> {
        let (limits, others) = (&self.limits, &other.limits);
        let settings = [
            ("listen", self.listen == other.listen),
            ("public-url", self.public_url == other.public_url),
            ("database-url", self.database_url == other.database_url),
            ("any-schema", self.any_schema == other.any_schema),
            ("region", self.region == other.region),
            ("threads", self.threads == other.threads),
            ("tls", self.tls == other.tls),
            ("limits.connections", limits.connections == others.connections),
            ("limits.queue-wait", limits.queue_wait == others.queue_wait),
            ("log.format", self.log.format == other.log.format),
            ("drain", self.drain == other.drain),
        ];
        settings.into_iter().filter(|(_, same)| !same).map(|(name, _)| name)
    }

    /// Its keys, ready to be asked.
    pub fn keys(&self) -> Keys {
        Keys::new(self.keys.iter().cloned(), self.limits.requests_per_second)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_said_is_the_default() {
        assert_eq!(Config::parse(""), Ok(Config::default()));
    }

    #[test]
    fn everything_can_be_said() {
        let text = r#"
            listen = "[::1]:80"
            public-url = "https://pool.example"
            database-url = "postgresql://u:secret@h/d"
            any-schema = true
            region = "fra"
            threads = 2
            query-log = true
            [tls]
            certificate = "a.pem"
            key = "a.key"
            [limits]
            connections = 3
            queue = 4
            queue-wait = "1s"
            query-time = "2s"
            transaction-time = "3s"
            http-connections = 9
            connection-requests = 10
            head-size = "16 KiB"
            head-time = "7s"
            memory = "1 MiB"
            request-size = "1 KiB"
            response-size = 2048
            depth = 5
            values = 6
            batch = 7
            request-time = "4s"
            idle-time = "6s"
            requests-per-second = 8
            [cache]
            memory = "1 MiB"
            [log]
            format = "json"
            level = "debug"
            [drain]
            time = "5s"
            [[keys]]
            name = "a"
            hash = "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8"
            created = 2026-11-21T12:00:00Z
            expires = 2027-11-21T12:00:00+01:00
            read-only = true
            models = ["User"]
            operations = ["findMany"]
            requests-per-second = 9
        "#;
        let config = Config::parse(text).expect("it is right");
        assert_eq!(config.limits.request_size, Size(1024));
        assert_eq!(config.limits.query_time.0, Duration::from_secs(2));
        assert_eq!((config.log.format, config.log.level), (LogFormat::Json, LogLevel::Debug));
        let [key] = config.keys.as_slice() else { panic!("one key") };
        assert_eq!(key.hash, Hash::of("password"));
        assert_eq!(key.expires.map(|it| it.to_rfc3339()), Some("2027-11-21T11:00:00+00:00".into()));
        assert!(key.scope.read_only && !key.scope.raw && key.scope.models.is_some());
        assert!(!format!("{config:?}").contains("secret"));
    }

    #[test]
    fn what_waits_for_a_restart_is_named() {
        let started = Config::default();
        let names = |text: &str| {
            let other = Config::parse(text).expect("it is right");
            started.waits_for_restart(&other).collect::<Vec<_>>()
        };
        let live =
            "query-log = true\n[limits]\nqueue = 1\nquery-time = \"1s\"\n[cache]\nmemory = 1\n[log]\nlevel = \"debug\"";
        assert_eq!(names(live), [""; 0]);
        let fixed = "listen = \"[::1]:80\"\nregion = \"a\"\n[limits]\nconnections = 1\n[log]\nformat = \"json\"";
        assert_eq!(names(fixed), ["listen", "region", "limits.connections", "log.format"]);
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let said = Config::parse(text).expect_err(text);
        assert!(said.contains(expected), "{said}");
    }

    #[test]
    fn mistakes_are_named() {
        let key = |more: &str| format!("[[keys]]\nname = \"a\"\nhash = \"{}\"\n{more}\n", Hash::of("a"));
        check("\nlisen = 1", "line 2: unknown field `lisen`");
        check("database-url = \"secret", "line 1: ");
        check("[limits]\nqueue-wait = \"soon\"", "`soon` is not a time");
        check("[limits]\nconnections = 0", "nonzero");
        check("[[keys]]\nname = \"a\"\nhash = \"x\"", "64 hexadecimal digits");
        check(&key("operations = [\"findAll\"]"), "key `a`: `findAll` is no operation");
        check(&key("expires = 2027-01-01"), "is no moment");
        check(&key("raw = true\nread-only = true"), "not read-only");
        check(&key("raw = true\nmodels = [\"User\"]"), "not limited to some models");
        check(&(key("") + &key("")), "there are two keys called `a`");
        check(&(key("") + &key("").replace("\"a\"", "\"b\"")), "key `b` has the hash of another one");
        let said = Config::parse("database-url = \"postgresql://u:secret@h\" x").expect_err("a stray word");
        assert!(!said.contains("secret"), "{said}");
    }
}
