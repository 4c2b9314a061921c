//! Who gets in: the key of a request, and how much of everything it may take.

use crate::{
    config::Config,
    keys::{Admitted, Keys},
    limits::{Crowd, Limits, Place, within},
    watch::Stamp,
};
use hyper::{HeaderMap, header::AUTHORIZATION};
use lenslet_core::{
    engine::TransactionOptions,
    error::{Error, ErrorKind},
};
use std::{
    path::PathBuf,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
};

/// Where the keys of a pool are.
#[derive(Debug)]
pub(crate) enum Source {
    /// There are none: whoever reaches the pool may ask for everything.
    Open,
    /// They do not change.
    Fixed(Keys),
    /// In a configuration file.
    File(KeyFile),
}

/// The keys in a configuration file, as they are now. While it has never had one, whoever reaches the pool may ask; once it
/// has had one, a file without keys lets nobody in.
#[derive(Debug)]
pub(crate) struct KeyFile {
    path: PathBuf,
    read: RwLock<(Option<Stamp>, Arc<Keys>)>,
    open: AtomicBool,
}

impl KeyFile {
    pub(crate) fn new(path: PathBuf, keys: Keys) -> Self {
        // It is compared with the file at the first request: it may have changed since it was read.
        let open = AtomicBool::new(keys.is_empty());
        KeyFile { path, read: RwLock::new((None, Arc::new(keys))), open }
    }

    /// The keys that count, if any are needed.
    fn needed(&self) -> Option<Arc<Keys>> {
        let keys = self.current();
        if !keys.is_empty() {
            self.open.store(false, Ordering::Relaxed);
        }
        (!self.open.load(Ordering::Relaxed)).then_some(keys)
    }

    /// Reads the file at the next request, whether it has changed or not.
    fn forget(&self) {
        self.read.write().unwrap_or_else(PoisonError::into_inner).0 = None;
    }

    fn current(&self) -> Arc<Keys> {
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
                Ok(config) => {
                    read.1 = Arc::new(config.keys().after(&read.1));
                    tracing::info!(keys = config.keys.len(), "took over the configuration's keys");
                }
                Err(error) => {
                    tracing::error!(%error, "the configuration cannot be used; its former keys stay in force")
                }
            }
        }
        Arc::clone(&read.1)
    }
}

/// Lets requests in.
#[derive(Debug)]
pub(crate) struct Gate {
    source: Source,
    crowd: Crowd,
    limits: Limits,
    anyone: Arc<Admitted>,
}

impl Gate {
    pub(crate) fn new(source: Source, limits: Limits, connections: usize) -> Self {
        Gate { source, crowd: Crowd::new(connections, limits.queue), limits, anyone: Arc::new(Admitted::anyone()) }
    }

    /// Who asks, by the key of the request, which is counted.
    ///
    /// # Errors
    /// P5007 without a key that is known, P5011 when it was used too often.
    pub(crate) fn admit(&self, headers: &HeaderMap) -> Result<Arc<Admitted>, Error> {
        let authorization = headers.get(AUTHORIZATION).and_then(|it| it.to_str().ok());
        let key = match &self.source {
            Source::Open => return Ok(Arc::clone(&self.anyone)),
            Source::Fixed(keys) => keys.find(authorization),
            Source::File(file) => match file.needed() {
                None => return Ok(Arc::clone(&self.anyone)),
                Some(keys) => keys.find(authorization),
            },
        }?;
        key.spend()?;
        Ok(key)
    }

    /// A place for a request that needs a connection of its own.
    ///
    /// # Errors
    /// P2024 when too many wait already.
    pub(crate) fn enter(&self) -> Result<Place<'_>, Error> {
        self.crowd.enter()
    }

    /// What the engine answers, or P6004 when it takes too long.
    ///
    /// # Errors
    /// Those of the engine, too.
    pub(crate) async fn in_time<T>(&self, answer: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        within(self.limits.query_time.0, answer).await
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
        let most = self.limits.response_size.0;
        if answer.len() <= most {
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

    /// Reads the keys again, whether their file has changed or not.
    pub(crate) fn reload(&self) {
        if let Source::File(file) = &self.source {
            file.forget();
            file.needed();
        }
    }

    /// The limits.
    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// How many requests have a connection or wait for one.
    pub(crate) fn inside(&self) -> usize {
        self.crowd.inside()
    }
}
