//! PgBouncer, asked by PostgreSQL's own pgbench with the statements that the engine makes of the query.

use std::{process::Stdio, time::Duration};

use codegen_tests::postgresql_server::Bouncer;
use tokio::process::Command;

use crate::{
    Result,
    work::{Measured, Query},
};

pub(crate) async fn measure(bouncer: &Bouncer, query: &Query, clients: usize, round: Duration) -> Result<Measured> {
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("script.sql"), query.script)?;
    let mut pgbench = Command::new("pgbench");
    pgbench.args(["--no-vacuum", "--file", "script.sql", "--host", "127.0.0.1", "--username", "postgres"]);
    // Prepared statements get lost between the transactions of this PgBouncer.
    pgbench.args(["--protocol", "extended", "--log", "--log-prefix", "times"]);
    pgbench.args(["--port", &bouncer.port().to_string(), "--client", &clients.to_string()]);
    pgbench.args(["--jobs", &clients.min(2).to_string(), "--time", &round.as_secs().to_string(), "postgres"]);
    let done = pgbench.current_dir(folder.path()).stdin(Stdio::null()).output().await?;
    if !done.status.success() {
        return Err(String::from_utf8_lossy(&done.stderr).into_owned().into());
    }
    let mut times = Vec::new();
    for file in std::fs::read_dir(folder.path())? {
        let file = file?;
        if file.file_name().to_string_lossy().starts_with("times") {
            // Client, number, microseconds, script, moment.
            let text = std::fs::read_to_string(file.path())?;
            let took = text.lines().filter_map(|line| line.split(' ').nth(2)?.parse().ok());
            times.extend(took.map(Duration::from_micros));
        }
    }
    Ok(Measured::of(times, round))
}
