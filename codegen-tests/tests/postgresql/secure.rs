//! Secure connections: what each `sslmode` asks of the server's certificate, and what is said where it does not hold.

use super::{Database, raw};
use lenslet_core::{
    cursor::Cursor,
    engine::Engine as _,
    error::{Error, ErrorKind},
};
use lenslet_native::Engine;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt, chown},
    path::PathBuf,
};

/// An authority, and a file with its certificate.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    file: PathBuf,
}

impl Database {
    fn path(&self, name: &str) -> PathBuf {
        self.server.socket().join("data").join(name)
    }

    /// Writes a file as PostgreSQL wants its keys: its own, and nobody else's.
    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        let owner = fs::metadata(self.server.socket().join("data")).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        chown(&path, Some(owner.uid()), Some(owner.gid())).unwrap();
        path
    }

    fn authority(&self, name: &str) -> Authority {
        let mut parameters = CertificateParams::new(vec![]).unwrap();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.distinguished_name.push(DnType::CommonName, name);
        let issuer = CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap();
        Authority { file: self.write(&format!("{name}.pem"), &issuer.pem()), issuer }
    }

    /// A certificate for a host or a user, and its key.
    fn certify(&self, authority: &Authority, name: &str) -> (PathBuf, PathBuf) {
        let key = KeyPair::generate().unwrap();
        let mut parameters = CertificateParams::new(vec![name.to_owned()]).unwrap();
        parameters.distinguished_name.push(DnType::CommonName, name);
        let certificate = parameters.signed_by(&key, &authority.issuer).unwrap();
        (
            self.write(&format!("{name}.crt"), &certificate.pem()),
            self.write(&format!("{name}.key"), &key.serialize_pem()),
        )
    }

    /// Turns encryption on; the certificate is for `localhost` and not for `127.0.0.1`.
    fn secure(&self, authority: &Authority) {
        self.certify(authority, "localhost");
        let set = |name: &str, value: &str| {
            self.server.execute("postgres", &format!("ALTER SYSTEM SET {name} = '{value}'")).unwrap();
        };
        self.server.execute("postgres", "CREATE ROLE ada LOGIN").unwrap();
        set("ssl_cert_file", "localhost.crt");
        set("ssl_key_file", "localhost.key");
        set("ssl_ca_file", authority.file.file_name().unwrap().to_str().unwrap());
        set("ssl", "on");
        self.allow("host all ada all trust\n");
    }

    /// Says who may connect, and waits until the server has read it.
    fn allow(&self, rules: &str) {
        fs::write(self.path("pg_hba.conf"), format!("host all postgres all trust\n{rules}")).unwrap();
        self.server.execute("postgres", "SELECT pg_reload_conf(); SELECT pg_sleep(0.3)").unwrap();
    }

    fn url(&self, host: &str, options: &str) -> String {
        format!("postgresql://ada:secret@{host}:{}/postgres?{options}", self.server.port())
    }

    /// Whether a connection is secure, or why there is none.
    async fn is_secure(&self, url: &str) -> Result<bool, Error> {
        let engine = Engine::with_catalog(url, self.catalog.clone()).unwrap();
        let mut rows = engine.execute(raw("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", vec![])).await?;
        assert_eq!((rows.enter(), rows.next_row()), (Ok(1), Ok(true)));
        rows.boolean()
    }
}

#[track_caller]
fn refused(found: Result<bool, Error>, wanted: ErrorKind, words: &[&str]) {
    let error = found.unwrap_err();
    let text = error.to_string();
    assert_eq!(error.kind(), wanted, "{text}");
    assert!(words.iter().all(|word| text.contains(word)), "{text}");
    assert!(!text.contains("secret"), "{text}");
}

#[tokio::test]
async fn modes_ask_what_they_say() {
    let Some(database) = Database::users() else { return };
    let plain = database.server.url("postgres", "sslmode=prefer");
    assert_eq!(database.is_secure(&plain).await, Ok(false), "the server has no certificate yet");
    let (authority, other) = (database.authority("authority"), database.authority("other"));
    database.secure(&authority);
    let ask = async |host: &str, options: &str| database.is_secure(&database.url(host, options)).await;
    let root = format!("&sslrootcert={}", authority.file.display());
    let wrong_root = format!("&sslrootcert={}", other.file.display());

    assert_eq!(ask("127.0.0.1", "sslmode=disable").await, Ok(false));
    for mode in ["", "sslmode=prefer", "sslmode=require", "sslaccept=accept_invalid_certs"] {
        assert_eq!(ask("127.0.0.1", mode).await, Ok(true), "{mode}");
    }
    assert_eq!(ask("127.0.0.1", &format!("sslmode=verify-ca{root}")).await, Ok(true), "the authority is enough");
    assert_eq!(ask("localhost", &format!("sslmode=verify-full{root}")).await, Ok(true));
    assert_eq!(ask("localhost", &format!("sslmode=require&sslaccept=strict{root}")).await, Ok(true));

    let tls = ErrorKind::Tls;
    refused(
        ask("127.0.0.1", &format!("sslmode=verify-full{root}")).await,
        tls,
        &["127.0.0.1", "localhost", "verify-ca"],
    );
    refused(
        ask("localhost", &format!("sslmode=verify-full{wrong_root}")).await,
        tls,
        &["UnknownIssuer", "sslrootcert"],
    );
    refused(ask("localhost", &format!("sslmode=require{wrong_root}")).await, tls, &["UnknownIssuer"]);
    refused(ask("localhost", "sslmode=verify-full").await, tls, &["sslrootcert"]);
    refused(ask("localhost", "sslmode=verify-ca&sslrootcert=/nowhere.pem").await, tls, &["/nowhere.pem"]);
    let key = database.path("localhost.key");
    refused(
        ask("localhost", &format!("sslmode=verify-ca&sslrootcert={}", key.display())).await,
        tls,
        &["localhost.key"],
    );
}

#[tokio::test]
async fn a_server_may_insist() {
    let Some(database) = Database::users() else { return };
    let authority = database.authority("authority");
    database.secure(&authority);
    let (certificate, key) = database.certify(&authority, "ada");
    let ask = async |options: &str| database.is_secure(&database.url("127.0.0.1", options)).await;
    database.allow("hostssl all ada all trust\n");
    assert_eq!(ask("").await, Ok(true));
    refused(ask("sslmode=disable").await, ErrorKind::Authentication, &["no encryption"]);
    let identity = format!("sslmode=require&sslcert={}&sslkey={}", certificate.display(), key.display());
    database.allow("hostssl all ada all cert\n");
    assert_eq!(ask(&identity).await, Ok(true), "the client has a certificate of its own");
    refused(ask("sslmode=require").await, ErrorKind::Authentication, &["certificate"]);
}
