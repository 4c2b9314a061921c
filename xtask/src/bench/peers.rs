//! `cargo xtask bench peers`: the generated client, bare drivers, Diesel, sqlx and SeaORM on the same work.
//!
//! The package is no member of the workspace, see its manifest.

use super::server::Server;
use crate::debian;
use crate::run::{self, Failure, Result, cargo, root, step, target};
use std::path::Path;
use std::process::Command;

/// Which processors the race and PostgreSQL run on.
///
/// A call that waits for a server takes as long again as it takes to wake a processor up, which on a virtual machine is most of
/// it, and where the system puts the two changes from one moment to the next. So it is not left to the system.
#[derive(Clone, Copy, PartialEq)]
enum Processors {
    /// Each has one of its own, as on two machines: what one does while the other works takes no time.
    Apart,
    /// Both have the same: the time is the work of both together.
    Together,
    /// As the system likes.
    Any,
}

impl Processors {
    /// The word for them, and what is said with the results.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Processors::Apart => ("apart", "client and server on processors of their own"),
            Processors::Together => ("together", "client and server on one processor"),
            Processors::Any => ("any", "client and server on any processor"),
        }
    }

    /// What the options ask for, or else what says most; and the other options.
    fn of<'w>(words: &[&'w str]) -> Result<(Vec<Self>, Vec<&'w str>)> {
        let mut others = words.to_vec();
        let Some(at) = words.iter().position(|word| *word == "--processors") else {
            let two = std::thread::available_parallelism().is_ok_and(|count| count.get() > 1);
            let pinned = run::succeeds(Command::new("taskset").args(["-p", &std::process::id().to_string()]));
            return Ok(match (pinned, two) {
                (true, true) => (vec![Processors::Apart, Processors::Together], others),
                (true, false) => (vec![Processors::Together], others),
                (false, _) => (vec![Processors::Any], others),
            });
        };
        let all = [Processors::Apart, Processors::Together, Processors::Any];
        let chosen = all.into_iter().find(|it| words.get(at + 1) == Some(&it.words().0));
        let chosen = chosen.ok_or_else(|| Failure::new("`--processors` is `apart`, `together` or `any`"))?;
        others.drain(at..at + 2);
        Ok((vec![chosen], others))
    }

    /// Lets a server run where it should.
    fn place(self, server: &Server) -> Result {
        let processor = match self {
            Processors::Any => return Ok(()),
            Processors::Apart => "1",
            Processors::Together => "0",
        };
        // Connections inherit it.
        let process = server.process().to_string();
        let pinned = run::succeeds(Command::new("taskset").args(["-a", "-c", "-p", processor, &process]));
        if pinned { Ok(()) } else { Err(Failure::new("`taskset` cannot choose a processor; try `--processors any`")) }
    }

    /// What runs a program where it should.
    fn command(self, program: &Path) -> Command {
        if self == Processors::Any {
            return Command::new(program);
        }
        let mut command = Command::new("taskset");
        command.args(["-c", "0"]).arg(program);
        command
    }
}

/// Builds the race and runs it, with a server of its own where PostgreSQL takes part.
pub(crate) fn run(words: &[&str]) -> Result {
    let (processors, words) = Processors::of(words)?;
    // Diesel's driver is the C library.
    debian::install(&["libpq-dev"])?;
    let manifest = root().join("xtask/bench-peers/Cargo.toml");
    let manifest = manifest.to_str().ok_or_else(|| Failure::new("the path of the workspace is not UTF-8"))?;
    // Not `--locked`: the lock file does not follow every change of the crates of the workspace.
    let mut build = cargo(&["build", "--release", "--manifest-path", manifest]);
    step("Release build", build.env("CARGO_TARGET_DIR", target()))?;
    let program = target().join("release/bench-peers");
    if words.iter().any(|word| ["--help", "-h"].contains(word)) {
        return step("Help", Command::new(&program).arg("--help"));
    }
    if !words.contains(&"--postgresql") {
        let mut race = Command::new(&program);
        step("SQLite", race.args(&words).arg("--sqlite"))?;
    }
    if words.contains(&"--sqlite") {
        return Ok(());
    }
    let server = Server::start()?;
    for processors in processors {
        processors.place(&server)?;
        let mut race = processors.command(&program);
        race.args(&words).args(["--postgresql", "--where", processors.words().1]);
        step("PostgreSQL", race.env("BENCH_POSTGRESQL_URL", server.url()))?;
    }
    Ok(())
}
