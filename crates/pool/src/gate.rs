//! Who gets in: the key of a request, and how much of everything it may take.

use crate::{
    cache::Cache,
    clock::Clocks,
    config::Config,
    keys::{Admitted, Keys},
    limits::{Crowd, Limits, Memory, Place},
    logging::Log,
    watch::Stamp,
};
use hyper::{HeaderMap, header::AUTHORIZATION};
use lenslet_core::{
    engine::TransactionOptions,
    error::{Error, ErrorKind},
};
use lenslet_wire::decode;
use std::{
    fmt,
    path::PathBuf,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicUsize, Ordering},
    },
};

/// What counts for a request. One that began under some rules ends under them.
#[derive(Debug)]
pub(crate) struct Rules {
    keys: Keys,
    /// Whether no key is needed. Once there has been one, there has to be one.
    open: bool,
    pub(crate) limits: Limits,
    /// Whether clients that ask for the statements of their queries are told.
    pub(crate) query_log: bool,
}

impl Rules {
    /// Whoever asks may ask for everything.
    pub(crate) fn open(limits: Limits, query_log: bool) -> Self {
        Rules { keys: Keys::default(), open: true, limits, query_log }
    }

    /// Whoever has one of these keys.
    pub(crate) fn locked(keys: Keys, limits: Limits, query_log: bool) -> Self {
        Rules { keys, open: false, limits, query_log }
    }

    /// What a configuration says. While it has never had a key, whoever reaches the pool may ask.
    fn of(config: &Config) -> Self {
        let keys = config.keys();
        Rules { open: keys.is_empty(), keys, limits: config.limits.clone(), query_log: config.query_log }
    }

    /// These rules instead of others: what was used up stays used up, and what has been locked stays locked.
    fn after(self, before: &Rules) -> Self {
        Rules { keys: self.keys.after(&before.keys), open: self.open && before.open, ..self }
    }

    /// What the decoder of requests is told.
    pub(crate) fn decoding(&self, client: decode::Client) -> decode::Limits {
        let Limits { request_size, depth, values, batch, .. } = &self.limits;
        let (size, depth, values, batch) = (request_size.0, *depth, *values, *batch);
        decode::Limits { client, size, depth, values, batch }
    }

    /// A transaction as the client wants it.
    ///
    /// # Errors
    /// P6005 when it wants to take longer than it may.
    pub(crate) fn options(&self, mut options: TransactionOptions) -> Result<TransactionOptions, Error> {
        let most = self.limits.transaction_time;
        if options.timeout > most.0 {
            let asked = options.timeout.as_millis();
            return Err(Error::new(
                ErrorKind::ParameterRefused,
                format!(
                    "a transaction may take {most} here, not {asked} ms; give a shorter `timeout`, or raise the limit `transaction-time`"
                ),
            ));
        }
        // Who would wait longer is told sooner, as everybody else is.
        options.max_wait = options.max_wait.min(self.limits.queue_wait.0);
        Ok(options)
    }

    /// An answer, when it is not too large.
    ///
    /// # Errors
    /// P6009 when it is.
    pub(crate) fn answer(&self, answer: String) -> Result<String, Error> {
        let most = self.limits.response_size;
        if answer.len() <= most.0 {
            return Ok(answer);
        }
        Err(Error::new(
            ErrorKind::AnswerTooLarge,
            format!(
                "the answer has {} bytes, and the pool's `response-size` is {most}; ask for fewer rows with `take`, or for fewer columns",
                answer.len()
            ),
        ))
    }
}

/// Where the rules are.
#[derive(Debug)]
pub(crate) enum Source {
    /// They do not change.
    Fixed(Arc<Rules>),
    /// In a configuration file.
    File(Box<RulesFile>),
}

/// What beats the configuration each time that it is read: the flags of a command line.
pub(crate) type Flags = dyn Fn(&mut Config) + Send + Sync;

/// The rules in a configuration file, as they are now.
pub(crate) struct RulesFile {
    path: PathBuf,
    flags: Box<Flags>,
    /// What the pool was started with. Not all of it can change while it runs.
    started: Config,
    cache: Arc<Cache>,
    /// What the engine gives the rows of a query.
    room: Arc<AtomicUsize>,
    log: Option<Log>,
    read: RwLock<(Option<Stamp>, Arc<Rules>)>,
}

impl fmt::Debug for RulesFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RulesFile").field("path", &self.path).finish_non_exhaustive()
    }
}

impl RulesFile {
    /// The file, which said that when it was read, flags included.
    pub(crate) fn new(
        path: PathBuf,
        flags: Box<Flags>,
        started: Config,
        (cache, room): (Arc<Cache>, Arc<AtomicUsize>),
        log: Option<Log>,
    ) -> Self {
        // It is compared with the file at the first request: it may have changed since it was read.
        let read = RwLock::new((None, Arc::new(Rules::of(&started))));
        RulesFile { path, flags, started, cache, room, log, read }
    }

    /// Reads the file at the next request, whether it has changed or not.
    fn forget(&self) {
        self.read.write().unwrap_or_else(PoisonError::into_inner).0 = None;
    }

    fn current(&self) -> Arc<Rules> {
        let stamp = Stamp::of(&self.path);
        {
            let read = self.read.read().unwrap_or_else(PoisonError::into_inner);
            if read.0 == stamp || stamp.is_none() {
                return Arc::clone(&read.1);
            }
        }
        let mut read = self.read.write().unwrap_or_else(PoisonError::into_inner);
        if read.0 != stamp {
            read.0 = stamp;
            match Config::read(&self.path) {
                Ok(config) => read.1 = Arc::new(self.take_over(config).after(&read.1)),
                Err(error) => {
                    tracing::error!(%error, "the configuration cannot be used; what it said before stays in force")
                }
            }
        }
        Arc::clone(&read.1)
    }

    /// Brings into force what a configuration says, and tells what of it has to wait.
    fn take_over(&self, mut config: Config) -> Rules {
        (self.flags)(&mut config);
        self.cache.resize(config.cache.memory.0);
        self.room.store(config.limits.room(), Ordering::Relaxed);
        if let Some(log) = &self.log {
            log.set_level(config.log.level);
        }
        tracing::info!(keys = config.keys.len(), "took over the configuration");
        for setting in self.started.waits_for_restart(&config) {
            tracing::warn!(
                setting,
                "the configuration has another value than the pool was started with; start the pool again to use it"
            );
        }
        Rules::of(&config)
    }
}

/// Lets requests in.
#[derive(Debug)]
pub(crate) struct Gate {
    source: Source,
    crowd: Crowd,
    clocks: Clocks,
    /// What large requests and answers take.
    pub(crate) memory: Memory,
    anyone: Arc<Admitted>,
}

impl Gate {
    pub(crate) fn new(source: Source, connections: usize) -> Self {
        let (crowd, clocks) = (Crowd::new(connections), Clocks::default());
        Gate { source, crowd, clocks, memory: Memory::default(), anyone: Arc::new(Admitted::anyone()) }
    }

    /// What counts now.
    pub(crate) fn rules(&self) -> Arc<Rules> {
        match &self.source {
            Source::Fixed(rules) => Arc::clone(rules),
            Source::File(file) => file.current(),
        }
    }

    /// Who asks, by the key of the request, which is counted.
    ///
    /// # Errors
    /// P5007 without a key that is known, P5011 when it was used too often.
    pub(crate) fn admit(&self, rules: &Rules, headers: &HeaderMap) -> Result<Arc<Admitted>, Error> {
        if rules.open {
            return Ok(Arc::clone(&self.anyone));
        }
        let key = rules.keys.find(headers.get(AUTHORIZATION).and_then(|it| it.to_str().ok()))?;
        key.spend()?;
        Ok(key)
    }

    /// A place for a request that needs a connection of its own.
    ///
    /// # Errors
    /// P2024 when too many wait already.
    pub(crate) fn enter(&self, rules: &Rules) -> Result<Place<'_>, Error> {
        self.crowd.enter(rules.limits.queue)
    }

    /// What the engine answers, or P6004 when it takes too long.
    ///
    /// # Errors
    /// Those of the engine, too.
    pub(crate) async fn in_time<T>(
        &self,
        rules: &Rules,
        answer: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        self.clocks.within(rules.limits.query_time.0, answer).await
    }

    /// Reads the configuration again, whether it has changed or not.
    pub(crate) fn reload(&self) {
        if let Source::File(file) = &self.source {
            file.forget();
            file.current();
        }
    }

    /// How many requests have a connection or wait for one.
    pub(crate) fn inside(&self) -> usize {
        self.crowd.inside()
    }
}
