//! Prisma 7's executor of query plans, in Node: what its clients without a database of their own talk to.

use std::{path::Path, process::Stdio};

use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
};

use crate::{Result, http::Target, work::Query};

/// An executor that is ended when this is dropped.
pub(crate) struct Executor {
    pub(crate) target: Target,
    _process: Child,
}

impl Executor {
    /// Starts the one that is installed in a folder.
    pub(crate) async fn start(folder: &Path, url: &str) -> Result<Executor> {
        let mut node = Command::new("node");
        node.arg("server.mjs").arg(url).current_dir(folder).stdout(Stdio::piped()).kill_on_drop(true);
        let mut process = node.spawn()?;
        let mut said = BufReader::new(process.stdout.take().ok_or("its output is read")?);
        let mut port = String::new();
        said.read_line(&mut port).await?;
        let address = format!("127.0.0.1:{}", port.trim()).parse()?;
        let head = format!("POST /query HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\n");
        let target = Target { address, head, body: Query::plan, answer: b"{\"data\":" };
        Ok(Executor { target, _process: process })
    }
}
