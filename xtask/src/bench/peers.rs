//! `cargo xtask bench peers`: the generated client, bare drivers, Diesel, sqlx and SeaORM on the same work.
//!
//! The package is no member of the workspace, see its manifest.

use super::server::Server;
use crate::debian;
use crate::run::{Failure, Result, cargo, root, step, target};

/// Builds the race and runs it, with a server of its own where PostgreSQL takes part.
pub(crate) fn run(words: &[&str]) -> Result {
    // Diesel's driver is the C library.
    debian::install(&["libpq-dev"])?;
    let manifest = root().join("xtask/bench-peers/Cargo.toml");
    let manifest = manifest.to_str().ok_or_else(|| Failure::new("the path of the workspace is not UTF-8"))?;
    let command = |word: &str| {
        // Not `--locked`: the lock file does not follow every change of the crates of the workspace.
        let mut command = cargo(&[word, "--release", "--manifest-path", manifest]);
        command.env("CARGO_TARGET_DIR", target());
        command
    };
    step("Release build", &mut command("build"))?;
    let mut race = command("run");
    race.args(["--quiet", "--"]).args(words);
    if words.contains(&"--sqlite") {
        return step("SQLite", &mut race);
    }
    let server = Server::start()?;
    step("SQLite and PostgreSQL", race.env("BENCH_POSTGRESQL_URL", server.url()))
}
