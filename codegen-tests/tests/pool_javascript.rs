//! The unmodified `@prisma/client` with Accelerate's extension, under Node and in a Worker in workerd, against a pool.
//!
//! `cargo xtask test` installs release 6.19 and 5.22, and says where in `LENSLET_JAVASCRIPT` and `LENSLET_JAVASCRIPT_5_22`.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use codegen_tests::{
    pool_server::{RunningPool, pool_of},
    postgresql_server::Server,
};
use lenslet_pool::{TlsConfig, keys::Keys, scope::Scope};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use serde_json::Value;
use std::{env, fs, path::PathBuf, time::Duration};
use tokio::{process::Command, runtime::Runtime, time::timeout};

const SCHEMA: &str = include_str!("../javascript/schema.prisma");
const TABLES: &str = include_str!("../javascript/tables.sql");
/// The steps of `steps.js`.
const STEPS: usize = 21;

fn installed(variable: &str) -> Option<PathBuf> {
    let folder = env::var_os(variable).map(PathBuf::from);
    if folder.is_none() {
        eprintln!("the JavaScript client is not installed, skipped; `cargo xtask test` installs it");
    }
    folder
}

/// Runs a program of the folder against a pool, and looks at what it says of each step.
fn check(folder: &str, program: &str, tls: Option<(TlsConfig, &str)>, url: impl Fn(u16) -> String) {
    let Some(folder) = installed(folder) else { return };
    let Some(server) = Server::start().unwrap() else { return };
    server.execute("postgres", TABLES).unwrap();
    let output = Runtime::new().unwrap().block_on(async {
        let pool = pool_of(SCHEMA).unwrap().keys(Keys::single("KEY", Scope::everything()));
        let (pool, certificate) = match tls {
            Some((tls, certificate)) => (pool.tls(tls), Some(certificate)),
            None => (pool, None),
        };
        let pool = RunningPool::start(pool, &server.url("postgres", "connection_limit=5")).await.unwrap();
        let mut node = Command::new("node");
        node.arg(program).current_dir(folder).env("DATABASE_URL", url(pool.address.port())).kill_on_drop(true);
        if let Some(certificate) = certificate {
            node.env("NODE_EXTRA_CA_CERTS", certificate);
        }
        let output = timeout(Duration::from_secs(120), node.output()).await.unwrap().unwrap();
        pool.stop().await;
        output
    });
    let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{program} failed: {said}{errors}");
    let steps: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let failed: Vec<&Value> = steps.iter().filter(|step| step["ok"] != true).collect();
    eprintln!("{program}: {} steps, {} failed", steps.len(), failed.len());
    assert!(failed.is_empty(), "{failed:#?}");
    assert_eq!(steps.len(), STEPS, "{said}");
}

/// Runs it under Node, over TLS with a certificate of the test's own.
fn check_over_tls(folder: &str) {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificates = tempfile::tempdir().unwrap();
    let (certificate, key) = (certificates.path().join("certificate.pem"), certificates.path().join("key.pem"));
    fs::write(&certificate, cert.pem()).unwrap();
    fs::write(&key, signing_key.serialize_pem()).unwrap();
    let tls = TlsConfig::from_files(&certificate, &key).unwrap();
    let trusted = certificate.to_str().unwrap();
    check(folder, "node.js", Some((tls, trusted)), |port| format!("prisma://localhost:{port}/?api_key=KEY"));
}

#[test]
fn of_6_19_under_node_over_tls() {
    check_over_tls("LENSLET_JAVASCRIPT");
}

#[test]
fn of_5_22_under_node_over_tls() {
    check_over_tls("LENSLET_JAVASCRIPT_5_22");
}

#[test]
fn of_6_19_in_workerd() {
    let url = |port| format!("prisma+postgres://127.0.0.1:{port}/?api_key=KEY");
    check("LENSLET_JAVASCRIPT", "workerd.js", None, url);
}
