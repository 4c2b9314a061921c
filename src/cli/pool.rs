//! `lenslet pool`.

use std::io;
use std::net::SocketAddr;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use lenslet::{Schema, Severity, Sources};
use lenslet_core::catalog::Catalog;
use lenslet_pool::config::{self, Config, ConfigError, LogFormat, LogLevel, Size, Time, TlsFiles};
use lenslet_pool::key_file::KeyFileError;
use lenslet_pool::metrics::Exporter;
use lenslet_pool::{Builder, CertificateError, Pool, logging};

use super::database_url::{self, DatabaseUrl};
use super::environment::Environment;
use super::error::Error;
use super::pool_key;
use super::schema_files::SchemaFiles;
use super::{Outcome, Verdict, terminal};

#[derive(Clone, Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  lenslet pool key create --name worker
  lenslet pool
  lenslet pool --schema prisma/schema.prisma --listen 0.0.0.0:4466
  lenslet pool --listen 0.0.0.0:443 --tls-certificate pool.crt --tls-key pool.key

The database's URL is, in this order: --url, `database-url` of the configuration, the schema's `directUrl`, the variable \
DIRECT_URL, the schema's `url`, the variable DATABASE_URL. It is never shown.

Clients reach the pool at `https://HOST/?api_key=KEY`: those of `lenslet gen --no-engine`, and those of Prisma 5.22 to 6.19 \
that were generated with `--no-engine` from the same schema. Without a single key, whoever reaches the pool may ask for \
everything, so it then listens on this machine only. Flags beat the configuration. What changes in it (keys, limits, cache, \
level of the log) and certificates are taken over while the pool runs; the log says what has to wait until it starts again. `/health`, `/ready` and (with a key) `/metrics` tell how it is; SIGTERM ends it when what is \
under way has finished."
)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// The schema: a file, or a folder of *.prisma files
    #[arg(long, value_name = "PATH")]
    schema: Option<PathBuf>,
    /// The configuration; `lenslet-pool.toml`, if there is one
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where to listen; 127.0.0.1:4466 if nothing is said
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// The database, instead of the one that schema and environment name
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// Where clients reach the pool, if a proxy in front of it calls it otherwise
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// Speak TLS with this certificate (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_certificate: Option<PathBuf>,
    /// The private key of the certificate (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    tls_key: Option<PathBuf>,
    /// Answer Prisma's clients that were generated from another schema, too
    #[arg(long)]
    any_schema: bool,
    /// Threads that answer; one for each processor if nothing is said
    #[arg(long, value_name = "NUMBER")]
    threads: Option<NonZeroUsize>,
    /// Tell clients that ask for it the statements of their queries, parameters included: for development
    #[arg(long)]
    query_log: bool,
    /// Keep answers of clients that allow it in that much memory; 64 MiB if nothing is said
    #[arg(long, value_name = "SIZE")]
    cache: Option<Size>,
    /// How long what is under way may take when the pool ends; 30s if nothing is said
    #[arg(long, value_name = "TIME")]
    drain: Option<Time>,
    /// Write the log as JSON
    #[arg(long)]
    log_json: bool,
    /// Write down every request
    #[arg(long)]
    verbose: bool,
    #[command(flatten)]
    limits: Limits,
}

#[derive(Clone, Debug, clap::Subcommand)]
enum Command {
    /// Make, list and revoke keys
    #[command(subcommand, arg_required_else_help = true)]
    Key(pool_key::Command),
}

#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Limits")]
struct Limits {
    /// Connections to the database; 10 if neither this nor the URL's `connection_limit` says
    #[arg(long, value_name = "NUMBER")]
    connections: Option<NonZeroUsize>,
    /// Requests that may wait for a connection; 10000 if nothing is said
    #[arg(long, value_name = "NUMBER")]
    queue: Option<usize>,
    /// How long one may wait; 10s if nothing is said
    #[arg(long, value_name = "TIME")]
    queue_wait: Option<Time>,
    /// How long a query may run before it is cancelled; 30s if nothing is said
    #[arg(long, value_name = "TIME")]
    query_time: Option<Time>,
    /// How long an interactive transaction may be asked to take; 60s if nothing is said
    #[arg(long, value_name = "TIME")]
    transaction_time: Option<Time>,
    /// Connections of clients; 10000 if nothing is said
    #[arg(long, value_name = "NUMBER")]
    http_connections: Option<usize>,
    /// How large a request may be; 4 MiB if nothing is said
    #[arg(long, value_name = "SIZE")]
    request_size: Option<Size>,
    /// How large an answer may be; 16 MiB if nothing is said
    #[arg(long, value_name = "SIZE")]
    response_size: Option<Size>,
    /// Requests a second of each key that has no limit of its own
    #[arg(long, value_name = "NUMBER")]
    requests_per_second: Option<NonZeroU32>,
}

impl Limits {
    /// What was said beats what the configuration says.
    fn apply(&self, limits: &mut lenslet_pool::limits::Limits) {
        fn set<T: Clone>(said: &Option<T>, limit: &mut T) {
            if let Some(said) = said {
                *limit = said.clone();
            }
        }
        limits.connections = self.connections.or(limits.connections);
        set(&self.queue, &mut limits.queue);
        set(&self.queue_wait, &mut limits.queue_wait);
        set(&self.query_time, &mut limits.query_time);
        set(&self.transaction_time, &mut limits.transaction_time);
        set(&self.http_connections, &mut limits.http_connections);
        set(&self.request_size, &mut limits.request_size);
        set(&self.response_size, &mut limits.response_size);
        limits.requests_per_second = self.requests_per_second.or(limits.requests_per_second);
    }
}

/// A pool cannot be started.
#[derive(Debug, thiserror::Error)]
pub(super) enum PoolError {
    #[error("cannot use `{place}`: {error}")]
    Database { place: String, error: lenslet_core::error::Error },
    #[error("{0}")]
    Certificate(CertificateError),
    #[error("cannot listen on {address}: {error}")]
    Listen { address: SocketAddr, error: io::Error },
    #[error("cannot start threads: {0}")]
    Runtime(io::Error),
    #[error("cannot wait for signals: {0}")]
    Signals(io::Error),
    #[error("without a key everybody who reaches {0} could ask for everything")]
    NoKeys(SocketAddr),
    #[error("{0}")]
    Config(ConfigError),
    #[error("{0}")]
    Keys(KeyFileError),
    #[error("`--expires {0}` is longer than the calendar")]
    TooLong(Time),
    #[error("{0}")]
    Log(logging::LogTaken),
    #[error("{0}")]
    Metrics(lenslet_pool::metrics::RecorderTaken),
}

impl PoolError {
    /// The next step.
    pub(super) fn help(&self) -> Option<String> {
        match self {
            PoolError::NoKeys(_) => Some("make one with `lenslet pool key create --name NAME`".to_owned()),
            PoolError::Keys(KeyFileError::NoSuchKey(_)) => {
                Some("`lenslet pool key list` has those there are".to_owned())
            }
            PoolError::Keys(KeyFileError::NameTaken(_)) => {
                Some("choose another name, or revoke that one with `lenslet pool key revoke NAME`".to_owned())
            }
            _ => None,
        }
    }
}

impl From<PoolError> for Error {
    fn from(error: PoolError) -> Self {
        Error::Pool(error)
    }
}

const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 4466);

pub(super) fn run(arguments: &Arguments) -> Outcome {
    if let Some(Command::Key(command)) = &arguments.command {
        return pool_key::run(command);
    }
    let (place, config) = configuration(arguments)?;
    let address = config.listen.unwrap_or(LISTEN);
    if config.keys.is_empty() && !address.ip().is_loopback() {
        return Err(PoolError::NoKeys(address).into());
    }
    let files = SchemaFiles::load(arguments.schema.as_deref())?;
    let schema = files.check()?;
    let url = url(arguments, &config, &schema, &files)?;
    let log = logging::start(config.log).map_err(PoolError::Log)?;
    let exporter = Exporter::install().map_err(PoolError::Metrics)?;
    let flags = arguments.clone();
    let pool = configured(&config, schema, &files.sources)?
        .config_file(place, config.clone(), move |config| flags.apply(config))
        .log(log)
        .metrics(exporter)
        .build(url.as_str());
    let pool = pool.map_err(|error| PoolError::Database { place: url.shown(), error })?;
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    if let Some(threads) = config.threads {
        runtime.worker_threads(threads.get());
    }
    let runtime = runtime.enable_all().build().map_err(PoolError::Runtime)?;
    let outcome = runtime.block_on(serve(pool, address, &config, &url));
    // What is still open was to end by now.
    runtime.shutdown_timeout(Duration::from_secs(1));
    outcome
}

/// What the configuration says, and flags beat, with the place of the file.
fn configuration(arguments: &Arguments) -> Result<(PathBuf, Config), PoolError> {
    let place = arguments.config.clone().unwrap_or_else(|| config::FILE.into());
    let is_there = arguments.config.is_some() || place.is_file();
    let mut config = if is_there { Config::read(&place).map_err(PoolError::Config)? } else { Config::default() };
    arguments.apply(&mut config);
    Ok((place, config))
}

impl Arguments {
    /// What was said beats what the configuration says.
    fn apply(&self, config: &mut Config) {
        self.limits.apply(&mut config.limits);
        config.listen = self.listen.or(config.listen);
        config.public_url = self.public_url.clone().or(config.public_url.take());
        config.any_schema |= self.any_schema;
        config.threads = self.threads.or(config.threads);
        config.query_log |= self.query_log;
        if let (Some(certificate), Some(key)) = (&self.tls_certificate, &self.tls_key) {
            config.tls = Some(TlsFiles { certificate: certificate.clone(), key: key.clone() });
        }
        config.cache.memory = self.cache.unwrap_or(config.cache.memory);
        config.drain.time = self.drain.unwrap_or(config.drain.time);
        if self.log_json {
            config.log.format = LogFormat::Json;
        }
        if self.verbose {
            config.log.level = LogLevel::Debug;
        }
    }
}

fn url(arguments: &Arguments, config: &Config, schema: &Schema, files: &SchemaFiles) -> Result<DatabaseUrl, Error> {
    let given = arguments.url.as_deref().or(config.database_url.as_ref().map(|it| it.reveal()));
    let url = match given {
        Some(url) => DatabaseUrl::given(url),
        None => database_url::direct(&schema.datasource, &Environment::load(&files.folder())?)?,
    };
    url.fits(schema.datasource.provider)?;
    Ok(url)
}

fn configured(config: &Config, schema: Schema, sources: &Sources) -> Result<Builder, PoolError> {
    let mut own = lenslet_pool::Schema::new(Arc::new(schema.catalog), read);
    if let [file] = sources.files() {
        own = own.text(&file.text);
    }
    let mut pool = Pool::builder(own);
    if let Some(TlsFiles { certificate, key }) = &config.tls {
        pool = pool.tls(tls(certificate, key)?);
    }
    Ok(pool)
}

fn tls(certificate: &Path, key: &Path) -> Result<lenslet_pool::TlsConfig, PoolError> {
    lenslet_pool::TlsConfig::from_files(certificate, key).map_err(PoolError::Certificate)
}

/// What the schema of a client means.
fn read(text: &str) -> Result<Catalog, String> {
    let checked = lenslet::check(&Sources::single("schema.prisma", text));
    match checked.schema {
        Some(schema) => Ok(schema.catalog),
        None => {
            let error = checked.diagnostics.iter().find(|it| it.severity == Severity::Error);
            Err(error.map_or_else(|| "it has no datasource".to_owned(), |it| it.title.to_string()))
        }
    }
}

async fn serve(pool: Pool, address: SocketAddr, config: &Config, url: &DatabaseUrl) -> Outcome {
    let listening = listen(address);
    let listener = listening.map_err(|error| PoolError::Listen { address, error })?;
    let stop = stop().map_err(PoolError::Signals)?;
    reload(&pool).map_err(PoolError::Signals)?;
    // The port may have been left to the system.
    let address = listener.local_addr().unwrap_or(address);
    let scheme = if config.tls.is_some() { "https" } else { "http" };
    terminal::message(&format!("Answering at {scheme}://{address}/ for `{}`", url.shown()));
    if config.keys.is_empty() {
        terminal::warning(
            "there is no key, so every program on this machine may ask for everything; \
             `lenslet pool key create --name NAME` makes one",
        );
    }
    pool.serve(listener, stop).await;
    Ok(Verdict::Good)
}

/// Connections that may wait to be taken: thousands of workers may come at once.
const BACKLOG: u32 = 4096;

fn listen(address: SocketAddr) -> io::Result<tokio::net::TcpListener> {
    use tokio::net::TcpSocket;
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // On Windows it would mean that two may listen at the same place.
    if cfg!(unix) {
        socket.set_reuseaddr(true)?;
    }
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// SIGHUP makes the pool read its configuration and certificates again, whether they have changed or not.
#[cfg(unix)]
fn reload(pool: &Pool) -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut asked, reload) = (signal(SignalKind::hangup())?, pool.reloader());
    tokio::spawn(async move {
        while asked.recv().await.is_some() {
            reload();
        }
    });
    Ok(())
}

/// There is no signal for that here.
#[cfg(not(unix))]
fn reload(_: &Pool) -> io::Result<()> {
    Ok(())
}

/// Ready when the process is asked to stop.
#[cfg(unix)]
fn stop() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Ready when the process is asked to stop.
#[cfg(not(unix))]
fn stop() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        // Without the signal the process is only ever ended from outside.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}
