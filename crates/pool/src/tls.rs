//! Certificates for TLS, which are read again when their files change.

use crate::watch::Stamp;
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};
use tokio_rustls::TlsAcceptor;

/// How connections to the pool are made secure.
#[derive(Clone)]
pub struct TlsConfig {
    files: Option<Arc<Files>>,
    current: Arc<RwLock<Current>>,
}

struct Files {
    certificate: PathBuf,
    key: PathBuf,
}

type Stamps = [Option<Stamp>; 2];

struct Current {
    read: Stamps,
    acceptor: TlsAcceptor,
}

impl fmt::Debug for TlsConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TlsConfig")
    }
}

/// A certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A file cannot be read.
    #[error("cannot read `{}`: {error}", .path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A file does not hold what it should.
    #[error("`{}` holds no {wanted} in PEM", .path.display())]
    NotThere {
        /// Which.
        path: PathBuf,
        /// What it should hold.
        wanted: &'static str,
    },
    /// The two do not belong together, or cannot be used at all.
    #[error("the certificate and its key cannot be used: {0}")]
    Unusable(rustls::Error),
}

impl TlsConfig {
    /// A certificate (with those between it and its authority) and its private key, both in PEM. When the files change,
    /// connections that come after that see the new one.
    ///
    /// # Errors
    /// When they cannot be read or do not belong together.
    pub fn from_files(certificate: &Path, key: &Path) -> Result<Self, CertificateError> {
        let files = Files { certificate: certificate.to_path_buf(), key: key.to_path_buf() };
        // Before they are read: what changes meanwhile is read again.
        let read = files.stamps();
        let acceptor = acceptor(files.read()?);
        Ok(TlsConfig { files: Some(Arc::new(files)), current: Arc::new(RwLock::new(Current { read, acceptor })) })
    }

    /// Reads the files again, whether they have changed or not.
    pub(crate) fn reload(&self) {
        self.current.write().unwrap_or_else(PoisonError::into_inner).read = [None, None];
        self.acceptor();
    }

    /// What makes the next connection secure.
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        let stamps = self.files.as_deref().map(Files::stamps);
        {
            let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
            if stamps.is_none_or(|stamps| stamps == current.read) {
                return current.acceptor.clone();
            }
        }
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        if let (Some(files), Some(stamps)) = (&self.files, stamps)
            && current.read != stamps
        {
            current.read = stamps;
            match files.read() {
                Ok(config) => {
                    current.acceptor = acceptor(config);
                    tracing::info!("took over the certificate");
                }
                // One of the two may be new already and the other not yet.
                Err(error) => tracing::warn!(%error, "the certificate cannot be used; the former one stays in use"),
            }
        }
        current.acceptor.clone()
    }
}

impl Files {
    fn stamps(&self) -> Stamps {
        [Stamp::of(&self.certificate), Stamp::of(&self.key)]
    }

    fn read(&self) -> Result<ServerConfig, CertificateError> {
        let Files { certificate, key } = self;
        let read = |path: &Path| {
            std::fs::read(path).map_err(|error| CertificateError::Read { path: path.to_path_buf(), error })
        };
        let missing = |path: &Path, wanted| CertificateError::NotThere { path: path.to_path_buf(), wanted };
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&read(certificate)?).collect();
        let chain = chain.ok().filter(|it| !it.is_empty()).ok_or_else(|| missing(certificate, "certificate"))?;
        let private = PrivateKeyDer::from_pem_slice(&read(key)?).map_err(|_| missing(key, "private key"))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let versions = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = versions.map_err(CertificateError::Unusable)?.with_no_client_auth();
        config.with_single_cert(chain, private).map_err(CertificateError::Unusable)
    }
}

impl From<ServerConfig> for TlsConfig {
    fn from(config: ServerConfig) -> Self {
        let current = Current { read: [None, None], acceptor: acceptor(config) };
        TlsConfig { files: None, current: Arc::new(RwLock::new(current)) }
    }
}

/// HTTP/2 is offered beside HTTP/1.1.
fn acceptor(mut config: ServerConfig) -> TlsAcceptor {
    config.alpn_protocols = vec![b"h2".into(), b"http/1.1".into()];
    TlsAcceptor::from(Arc::new(config))
}
