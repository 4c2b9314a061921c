//! A Worker in real workerd, as long as a test needs it.

use std::{io, path::Path, process::Stdio, time::Duration};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
    time::timeout,
};

/// A running Worker. It ends when this is dropped.
#[derive(Debug)]
pub struct Workerd {
    process: Child,
    /// The host and port at which it answers.
    pub address: String,
}

impl Workerd {
    /// Starts the Worker of a folder with these variables. `tools` is where `cargo xtask` installed Miniflare.
    ///
    /// # Errors
    /// When it does not start, or says within a minute not where it listens.
    pub async fn start(folder: &Path, tools: &Path, variables: &[(&str, &str)]) -> io::Result<Self> {
        let mut node = Command::new("node");
        node.arg("serve.mjs").arg(folder).current_dir(tools).stdin(Stdio::piped()).stdout(Stdio::piped());
        let names: Vec<&str> = variables.iter().map(|(name, _)| *name).collect();
        node.envs(variables.iter().copied()).env("BINDINGS", names.join(",")).kill_on_drop(true);
        let mut process = node.spawn()?;
        let output = process.stdout.take().ok_or_else(|| io::Error::other("node has no output"))?;
        let mut lines = BufReader::new(output).lines();
        let url = timeout(Duration::from_secs(60), lines.next_line()).await??;
        let url = url.ok_or_else(|| io::Error::other("the Worker did not start"))?;
        let address = url.trim_start_matches("http://").trim_end_matches('/').to_owned();
        Ok(Workerd { process, address })
    }

    /// Ends it.
    pub async fn stop(mut self) {
        drop(self.process.stdin.take());
        let _ = timeout(Duration::from_secs(10), self.process.wait()).await;
    }
}
