//! Certificates for TLS.

use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio_rustls::TlsAcceptor;

/// How connections to the pool are made secure.
#[derive(Clone)]
pub struct TlsConfig {
    pub(crate) acceptor: TlsAcceptor,
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
    /// A certificate (with those between it and its authority) and its private key, both in PEM.
    ///
    /// # Errors
    /// When they cannot be read or do not belong together.
    pub fn from_files(certificate: &Path, key: &Path) -> Result<Self, CertificateError> {
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
        config.with_single_cert(chain, private).map(TlsConfig::from).map_err(CertificateError::Unusable)
    }
}

/// HTTP/2 is offered beside HTTP/1.1.
impl From<ServerConfig> for TlsConfig {
    fn from(mut config: ServerConfig) -> Self {
        config.alpn_protocols = vec![b"h2".into(), b"http/1.1".into()];
        TlsConfig { acceptor: TlsAcceptor::from(Arc::new(config)) }
    }
}
