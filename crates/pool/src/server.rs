//! Listening: connections, plain or over TLS, HTTP/1.1 or HTTP/2, until the pool is told to stop.

use crate::{
    cache::Cache,
    config::CacheSettings,
    gate::{Gate, KeyFile, Source},
    health::Health,
    keys::Keys,
    limits::Limits,
    metrics::{Exporter, UPKEEP},
    patient::Patient,
    schema::{Admission, Schema},
    service::Service,
    tls::TlsConfig,
    transactions::Transactions,
};
use futures_util::FutureExt as _;
use hyper::service::service_fn;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulShutdown},
};
use lenslet_core::error::Error;
use lenslet_native::Engine;
use lenslet_wire::decode;
use std::{convert::Infallible, io, path::PathBuf, pin::pin, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::Instant,
};

/// A pool: an engine behind HTTP.
///
/// ```no_run
/// use lenslet_pool::{Pool, Schema};
/// # async fn example(catalog: lenslet_core::catalog::Catalog) -> Result<(), Box<dyn std::error::Error>> {
/// let schema = Schema::new(catalog, |_| Err("this pool reads no other schemas".into()));
/// let pool = Pool::builder(schema).build(&std::env::var("DIRECT_URL")?)?;
/// let listener = tokio::net::TcpListener::bind("127.0.0.1:4466").await?;
/// pool.serve(listener, async { tokio::time::sleep(std::time::Duration::from_secs(60)).await }).await;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Pool {
    service: Arc<Service>,
    tls: Option<TlsConfig>,
    drain: Duration,
}

/// How a pool is to be.
#[derive(Debug)]
pub struct Builder {
    schema: Schema,
    any_schema: bool,
    public_url: Option<String>,
    tls: Option<TlsConfig>,
    drain: Duration,
    keys: Source,
    limits: Limits,
    cache: usize,
    exporter: Option<Exporter>,
    region: String,
}

impl Builder {
    /// Tells the program's numbers at `/metrics`, to those who have a key.
    #[must_use]
    pub fn metrics(mut self, exporter: Exporter) -> Self {
        self.exporter = Some(exporter);
        self
    }

    /// What answers name as the place that they come from; `local` if nothing is said.
    #[must_use]
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.region = region.into();
        self
    }

    /// How many bytes of answers are kept for clients that allow it; 64 MiB if nothing is said, none with 0.
    #[must_use]
    pub fn cache(mut self, bytes: usize) -> Self {
        self.cache = bytes;
        self
    }

    /// Lets only those in that have one of these keys. Without, whoever reaches the pool may ask for everything.
    #[must_use]
    pub fn keys(mut self, keys: Keys) -> Self {
        self.keys = Source::Fixed(keys);
        self
    }

    /// Lets only those in that have one of the keys in a configuration file, which is read again whenever it changes.
    /// `keys` are those that it has now. While it has never had one, whoever reaches the pool may ask for everything.
    #[must_use]
    pub fn key_file(mut self, path: impl Into<PathBuf>, keys: Keys) -> Self {
        self.keys = Source::File(KeyFile::new(path.into(), keys));
        self
    }

    /// How much of everything.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Answers Prisma's clients that were generated from another schema, too. What they ask for and the pool's schema does
    /// not have is an error of that query.
    #[must_use]
    pub fn any_schema(mut self, any: bool) -> Self {
        self.any_schema = any;
        self
    }

    /// Where clients reach the pool (`https://pool.example`), where that is not what they call it: a transaction goes on
    /// at that address.
    #[must_use]
    pub fn public_url(mut self, url: impl Into<String>) -> Self {
        self.public_url = Some(url.into());
        self
    }

    /// Speaks TLS.
    #[must_use]
    pub fn tls(mut self, tls: impl Into<TlsConfig>) -> Self {
        self.tls = Some(tls.into());
        self
    }

    /// How long requests that are under way may take when the pool is told to stop; 30 seconds if nothing is said.
    #[must_use]
    pub fn drain(mut self, time: Duration) -> Self {
        self.drain = time;
        self
    }

    /// A pool for the database at this URL. Nothing is opened before the first query.
    ///
    /// # Errors
    /// P1013 when the URL is not one of the schema's database; the message does not repeat it.
    pub fn build(self, database_url: &str) -> Result<Pool, Error> {
        let (url, connections) = self.limits.on(database_url);
        let engine = Engine::with_catalog(&url, Arc::clone(&self.schema.catalog))?;
        let limits = decode::Limits {
            size: self.limits.request_size.0,
            depth: self.limits.depth,
            values: self.limits.values,
            batch: self.limits.batch,
            ..decode::Limits::default()
        };
        let service = Service {
            admission: Admission::new(self.schema, self.any_schema),
            engine,
            transactions: Transactions::default(),
            health: Health::default(),
            exporter: self.exporter,
            region: self.region,
            limits,
            cache: (self.cache > 0).then(|| Cache::new(self.cache)),
            gate: Gate::new(self.keys, self.limits, connections),
            public_url: self.public_url,
        };
        Ok(Pool { service: Arc::new(service), tls: self.tls, drain: self.drain })
    }
}

/// How long a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Streams that one HTTP/2 connection may have open: each may hold a query.
const STREAMS: u32 = 256;

impl Pool {
    /// A pool that answers from this schema.
    pub fn builder(schema: Schema) -> Builder {
        Builder {
            schema,
            any_schema: false,
            public_url: None,
            tls: None,
            drain: Duration::from_secs(30),
            keys: Source::Open,
            limits: Limits::default(),
            cache: CacheSettings::default().memory.0,
            exporter: None,
            region: "local".into(),
        }
    }

    /// The engine that answers, for those who want a connection to be open before the first request.
    pub fn engine(&self) -> &Engine {
        &self.service.engine
    }

    /// What makes the pool read its keys and certificates again, whether they have changed or not. (When they have, it does so
    /// by itself.)
    pub fn reloader(&self) -> impl Fn() + Send + Sync + 'static {
        let (service, tls) = (Arc::clone(&self.service), self.tls.clone());
        move || {
            service.gate.reload();
            tls.iter().for_each(TlsConfig::reload);
        }
    }

    /// Answers what comes over one connection that somebody else has taken: of a Unix socket, or of a test. Limits and keys are
    /// those of the pool.
    pub async fn serve_connection(&self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        speak(stream, Arc::clone(&self.service), false, GracefulShutdown::new().watcher()).await;
    }

    /// Answers whoever connects, until `shutdown` is ready.
    ///
    /// Then what is under way goes on for as long as [`Builder::drain`] says, and nothing else begins. While there are
    /// interactive transactions, connections are still taken: their next step may come over a new one. What is left in the
    /// end is cut off, which undoes it.
    pub async fn serve(self, listener: TcpListener, shutdown: impl Future<Output = ()>) {
        let graceful = GracefulShutdown::new();
        let mut connections = JoinSet::new();
        if let Some(exporter) = self.service.exporter.clone() {
            connections.spawn(keep_up(exporter));
        }
        self.accept(&listener, &graceful, &mut connections, shutdown).await;
        self.service.health.drain();
        let deadline = Instant::now() + self.drain;
        tracing::info!(
            inside = self.service.gate.inside(),
            transactions = self.service.transactions.open(),
            "draining"
        );
        let finished = async {
            while self.service.transactions.open() > 0 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let finished = tokio::time::timeout_at(deadline, finished).map(drop);
        self.accept(&listener, &graceful, &mut connections, finished).await;
        drop(listener);
        let ended = tokio::time::timeout_at(deadline, graceful.shutdown()).await;
        match ended {
            Ok(()) => tracing::info!("drained"),
            Err(_) => tracing::warn!("requests were cut off: they took longer than the pool may take to end"),
        }
    }

    async fn accept(
        &self,
        listener: &TcpListener,
        graceful: &GracefulShutdown,
        connections: &mut JoinSet<()>,
        until: impl Future<Output = ()>,
    ) {
        let mut until = pin!(until);
        loop {
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => self.connect(stream, graceful, connections),
                    Err(error) => pause_after(&error).await,
                },
                () = &mut until => break,
            }
            while connections.try_join_next().is_some() {}
        }
    }

    fn connect(&self, stream: TcpStream, graceful: &GracefulShutdown, connections: &mut JoinSet<()>) {
        // An answer is written at once and whole: waiting for more to send only delays it.
        let _ = stream.set_nodelay(true);
        let watcher = graceful.watcher();
        let service = Arc::clone(&self.service);
        match self.tls.as_ref().map(TlsConfig::acceptor) {
            None => drop(connections.spawn(speak(stream, service, false, watcher))),
            Some(tls) => drop(connections.spawn(async move {
                if let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE, tls.accept(stream)).await {
                    speak(stream, service, true, watcher).await;
                }
            })),
        }
    }
}

async fn keep_up(exporter: Exporter) {
    loop {
        tokio::time::sleep(UPKEEP).await;
        exporter.upkeep();
    }
}

/// Without a file descriptor to spare the next attempt fails as well; one that went away is no reason to wait.
async fn pause_after(error: &io::Error) {
    let gone = [io::ErrorKind::ConnectionAborted, io::ErrorKind::ConnectionReset, io::ErrorKind::Interrupted];
    if !gone.contains(&error.kind()) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Answers the requests of a connection. A client that goes away ends it, and with it what was asked.
async fn speak(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    service: Arc<Service>,
    secure: bool,
    watcher: hyper_util::server::graceful::Watcher,
) {
    let mut http = auto::Builder::new(TokioExecutor::new());
    let idle = service.gate.limits().idle_time.0;
    http.http1().timer(TokioTimer::new()).header_read_timeout(idle);
    http.http2().timer(TokioTimer::new()).max_concurrent_streams(STREAMS).keep_alive_interval(idle);
    let answer = service_fn(move |request| {
        let service = Arc::clone(&service);
        async move { Ok::<_, Infallible>(service.answer(request, secure).await.into_response()) }
    });
    // What went wrong with one connection is the client's to notice.
    let _ = watcher.watch(http.serve_connection(TokioIo::new(Patient::new(stream, idle)), answer)).await;
}
