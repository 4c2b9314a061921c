//! `lenslet pool`, as its users run it: a process of its own, with a key.

use std::{
    net::{Ipv4Addr, TcpListener},
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use tempfile::TempDir;
use tokio::{
    net::TcpStream,
    process::{Child, Command},
};

use crate::{Result, SCHEMA, http::Target, work::Query};

/// A pool that is ended when this is dropped.
pub(crate) struct PoolProcess {
    pub(crate) target: Target,
    _process: Child,
    _folder: TempDir,
}

impl PoolProcess {
    pub(crate) async fn start(lenslet: &Path, url: &str, connections: u32) -> Result<PoolProcess> {
        let folder = tempfile::tempdir()?;
        std::fs::write(folder.path().join("schema.prisma"), SCHEMA)?;
        let mut create = Command::new(lenslet);
        let made =
            create.args(["pool", "key", "create", "--name", "bench"]).current_dir(folder.path()).output().await?;
        let key = String::from_utf8(made.stdout)?.trim().to_owned();
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let mut pool = Command::new(lenslet);
        pool.args(["pool", "--listen", &address.to_string(), "--connections", &connections.to_string()]);
        pool.current_dir(folder.path()).env("DIRECT_URL", url).stderr(Stdio::null()).kill_on_drop(true);
        let process = pool.spawn()?;
        let began = Instant::now();
        while TcpStream::connect(address).await.is_err() {
            if began.elapsed() > Duration::from_secs(10) {
                return Err("the pool did not start".into());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let head = format!(
            "POST /1/1/graphql HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {key}\r\nlenslet-protocol: 1\r\n\
             accept: application/vnd.lenslet.rows+json\r\ncontent-type: application/json\r\n"
        );
        let target = Target { address, head, body: Query::body, answer: b"[[" };
        Ok(PoolProcess { target, _process: process, _folder: folder })
    }
}
