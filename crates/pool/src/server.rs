//! Listening: connections, plain or over TLS, HTTP/1.1 or HTTP/2, until the pool is told to stop.

use crate::{
    cache::Cache,
    clock::after,
    config::{CacheSettings, Config},
    gate::{Flags, Gate, Rules, RulesFile, Source},
    health::Health,
    keys::Keys,
    limits::{Limits, Room},
    logging::Log,
    metrics::{Exporter, UPKEEP},
    patient::{Patience, Patient, Progress},
    query_log,
    reply::Reply,
    schema::{Admission, Schema},
    service::Service,
    tls::TlsConfig,
    transactions::Transactions,
};
use futures_util::FutureExt as _;
use hyper::{Request, Version, body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{
        conn::auto,
        graceful::{GracefulShutdown, Watcher},
    },
};
use lenslet_core::error::Error;
use lenslet_native::{Engine, Options};
use std::{
    convert::Infallible,
    fmt, io,
    num::NonZeroU32,
    path::PathBuf,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::Mutex,
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
    keys: Option<Keys>,
    file: Option<File>,
    limits: Limits,
    query_log: bool,
    cache: usize,
    log: Option<Log>,
    exporter: Option<Exporter>,
    region: String,
}

/// A configuration file, and what beats it.
struct File {
    path: PathBuf,
    said: Config,
    flags: Box<Flags>,
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("File").field("path", &self.path).field("said", &self.said).finish_non_exhaustive()
    }
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
        self.keys = Some(keys);
        self
    }

    /// Is as a configuration says, which was read from that file, and goes on reading it: keys, limits and the other settings
    /// that can change while a pool runs are taken over by the next request after the file has changed. What `flags` does to a
    /// configuration is done each time; `said` has had it done already. While the file has never had a key, whoever
    /// reaches the pool may ask for everything; once it has had one, a file without keys lets nobody in.
    #[must_use]
    pub fn config_file(
        mut self,
        path: impl Into<PathBuf>,
        said: Config,
        flags: impl Fn(&mut Config) + Send + Sync + 'static,
    ) -> Self {
        self.any_schema = said.any_schema;
        self.public_url.clone_from(&said.public_url);
        self.drain = said.drain.time.0;
        self.limits = said.limits.clone();
        self.query_log = said.query_log;
        self.cache = said.cache.memory.0;
        if let Some(region) = &said.region {
            self.region.clone_from(region);
        }
        self.file = Some(File { path: path.into(), said, flags: Box::new(flags) });
        self
    }

    /// Sets the level of this log to that of the configuration file whenever that has changed.
    #[must_use]
    pub fn log(mut self, log: Log) -> Self {
        self.log = Some(log);
        self
    }

    /// Tells clients that ask for it the statements of their queries, parameters included.
    #[must_use]
    pub fn query_log(mut self, tells: bool) -> Self {
        self.query_log = tells;
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
        let room = Arc::new(AtomicUsize::new(self.limits.room()));
        let given = Arc::clone(&room);
        let options =
            Options::new().on_statement(query_log::listener).answer_limit(move || given.load(Ordering::Relaxed));
        let engine = Engine::with_options(&url, Arc::clone(&self.schema.catalog), options)?;
        let cache = Cache::new(self.cache);
        let source = match (self.file, self.keys) {
            (Some(File { path, said, flags }), _) => {
                Source::File(Box::new(RulesFile::new(path, flags, said, (Arc::clone(&cache), room), self.log)))
            }
            (None, Some(keys)) => Source::Fixed(Arc::new(Rules::locked(keys, self.limits, self.query_log))),
            (None, None) => Source::Fixed(Arc::new(Rules::open(self.limits, self.query_log))),
        };
        let service = Service {
            admission: Admission::new(self.schema, self.any_schema),
            engine,
            transactions: Transactions::default(),
            uploads: Mutex::default(),
            health: Health::default(),
            exporter: self.exporter,
            region: self.region,
            door: Room::default(),
            turned_away: Room::default(),
            cache,
            gate: Gate::new(source, connections),
            public_url: self.public_url,
        };
        Ok(Pool { service: Arc::new(service), tls: self.tls, drain: self.drain })
    }
}

/// How long a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Streams that one HTTP/2 connection may have open: each may hold a query.
const STREAMS: u32 = 256;
/// Clients beyond the limit that are told so at the same time; further ones are cut off without a word.
const TURNED_AWAY: usize = 256;
/// How long it may take to tell them.
const FAREWELL: Duration = Duration::from_secs(5);
/// The smallest limit of a head that HTTP/1.1 is read with.
const SMALLEST_HEAD: usize = 8 << 10;

impl Pool {
    /// A pool that answers from this schema.
    pub fn builder(schema: Schema) -> Builder {
        Builder {
            schema,
            any_schema: false,
            public_url: None,
            tls: None,
            drain: Duration::from_secs(30),
            keys: None,
            file: None,
            query_log: false,
            log: None,
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

    /// What makes the pool read its configuration and certificates again, whether they have changed or not. (When they have, it does so
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
        let stream = std::future::ready(Some(stream));
        greet(stream, Arc::clone(&self.service), false, GracefulShutdown::new().watcher()).await;
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
        let deadline = after(Instant::now(), self.drain);
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
        let (watcher, service) = (graceful.watcher(), Arc::clone(&self.service));
        match self.tls.as_ref().map(TlsConfig::acceptor) {
            None => drop(connections.spawn(greet(std::future::ready(Some(stream)), service, false, watcher))),
            Some(tls) => {
                let shaken = async move { tokio::time::timeout(HANDSHAKE, tls.accept(stream)).await.ok()?.ok() };
                drop(connections.spawn(greet(shaken, service, true, watcher)));
            }
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

/// Answers the requests of a connection where there is room for it, and otherwise tells who connected that there is none.
async fn greet<S>(stream: impl Future<Output = Option<S>>, service: Arc<Service>, secure: bool, watcher: Watcher)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let rules = service.gate.rules();
    let visit = |crowded| Visit {
        service: Arc::clone(&service),
        progress: Arc::default(),
        secure,
        crowded,
        requests: rules.limits.connection_requests,
    };
    // The place is taken before anything is waited for: a handshake costs more than many requests.
    if let Some(_place) = service.door.enter(rules.limits.http_connections) {
        if let Some(stream) = stream.await {
            visit(false).speak(stream, &rules.limits, watcher).await;
        }
    } else if let Some(_place) = service.turned_away.enter(TURNED_AWAY) {
        let told = async {
            if let Some(stream) = stream.await {
                visit(true).speak(stream, &rules.limits, watcher).await;
            }
        };
        // Who does not listen to that is cut off.
        let _ = tokio::time::timeout(FAREWELL, told).await;
    }
}

/// A connection of a client.
#[derive(Clone)]
struct Visit {
    service: Arc<Service>,
    progress: Arc<Progress>,
    secure: bool,
    /// Whether there are too many others.
    crowded: bool,
    /// How many requests it may make.
    requests: Option<NonZeroU32>,
}

impl Visit {
    /// Answers its requests. A client that goes away ends it, and with it what was asked.
    async fn speak(
        self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        limits: &Limits,
        watcher: Watcher,
    ) {
        let mut http = auto::Builder::new(TokioExecutor::new());
        let patience = Patience { head: limits.head_time.0, idle: limits.idle_time.0 };
        // The stream itself knows how long it may take, with one clock for all requests instead of one for each.
        http.http1().header_read_timeout(None).max_buf_size(limits.head_size.0.max(SMALLEST_HEAD));
        let head = u32::try_from(limits.head_size.0).unwrap_or(u32::MAX);
        let mut http2 = http.http2();
        http2
            .timer(TokioTimer::new())
            .max_concurrent_streams(STREAMS)
            .keep_alive_interval(patience.idle)
            .max_header_list_size(head);
        let stream = Patient::new(stream, patience, Arc::clone(&self.progress));
        let answer = service_fn(move |request| {
            let visit = self.clone();
            async move { Ok::<_, Infallible>(visit.answer(request).await.into_response()) }
        });
        // What went wrong with one connection is the client's to notice.
        let _ = watcher.watch(http.serve_connection(TokioIo::new(stream), answer)).await;
    }

    async fn answer(&self, request: Request<Incoming>) -> Reply {
        let is_http2 = request.version() == Version::HTTP_2;
        let (number, _answering) = self.progress.begin(is_http2);
        if self.crowded {
            return self.service.turn_away(&request);
        }
        let reply = self.service.answer(request, self.secure).await;
        let is_last = self.requests.is_some_and(|most| number >= most.get());
        if is_last && !is_http2 { reply.closing() } else { reply }
    }
}
