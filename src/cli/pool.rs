//! `lenslet pool`.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lenslet::{Schema, Severity, Sources};
use lenslet_core::catalog::Catalog;
use lenslet_pool::{Builder, CertificateError, Pool};

use super::database_url::{self, DatabaseUrl};
use super::environment::Environment;
use super::error::Error;
use super::schema_files::SchemaFiles;
use super::{Outcome, Verdict, terminal};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lenslet pool
  lenslet pool --schema prisma/schema.prisma --listen 0.0.0.0:4466
  lenslet pool --listen 0.0.0.0:443 --tls-certificate pool.crt --tls-key pool.key

The database's URL is, in this order: --url, the schema's `directUrl`, the variable DIRECT_URL, the schema's `url`, \
the variable DATABASE_URL. It is never shown. `connection_limit` in it is how many connections the pool may have.

Clients reach the pool at `https://HOST/?api_key=KEY`: those of `lenslet gen --no-engine`, and those of Prisma 5.22 to 6.19 \
that were generated with `--no-engine` from the same schema.")]
pub(super) struct Arguments {
    /// The schema: a file, or a folder of *.prisma files
    #[arg(long, value_name = "PATH")]
    schema: Option<PathBuf>,
    /// Where to listen
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:4466")]
    listen: SocketAddr,
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
}

impl From<PoolError> for Error {
    fn from(error: PoolError) -> Self {
        Error::Pool(error)
    }
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let files = SchemaFiles::load(arguments.schema.as_deref())?;
    let checked = lenslet::check(&files.sources);
    terminal::diagnostics(&checked.diagnostics, &files.sources);
    let Some(schema) = files.meaning(checked)? else {
        return Ok(Verdict::Bad);
    };
    let url = url(arguments, &schema, &files)?;
    let pool = configured(arguments, schema, &files.sources)?.build(url.as_str());
    let pool = pool.map_err(|error| PoolError::Database { place: url.shown(), error })?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(PoolError::Runtime)?;
    runtime.block_on(serve(pool, arguments, &url))
}

fn url(arguments: &Arguments, schema: &Schema, files: &SchemaFiles) -> Result<DatabaseUrl, Error> {
    let url = match &arguments.url {
        Some(url) => DatabaseUrl::given(url),
        None => database_url::direct(&schema.datasource, &Environment::load(&files.folder())?)?,
    };
    url.fits(schema.datasource.provider)?;
    Ok(url)
}

fn configured(arguments: &Arguments, schema: Schema, sources: &Sources) -> Result<Builder, PoolError> {
    let mut own = lenslet_pool::Schema::new(Arc::new(schema.catalog), read);
    if let [file] = sources.files() {
        own = own.text(&file.text);
    }
    let mut pool = Pool::builder(own).any_schema(arguments.any_schema);
    if let Some(url) = &arguments.public_url {
        pool = pool.public_url(url);
    }
    if let (Some(certificate), Some(key)) = (&arguments.tls_certificate, &arguments.tls_key) {
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

async fn serve(pool: Pool, arguments: &Arguments, url: &DatabaseUrl) -> Outcome {
    let address = arguments.listen;
    let listening = tokio::net::TcpListener::bind(address).await;
    let listener = listening.map_err(|error| PoolError::Listen { address, error })?;
    let stop = stop().map_err(PoolError::Signals)?;
    // The port may have been left to the system.
    let address = listener.local_addr().unwrap_or(address);
    let scheme = if arguments.tls_certificate.is_some() { "https" } else { "http" };
    terminal::message(&format!("Answering at {scheme}://{address}/ for `{}`", url.shown()));
    pool.serve(listener, stop).await;
    Ok(Verdict::Good)
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
