//! Measurements. Medians of release builds; only ratios within one run mean something on a shared machine.

pub(crate) mod compile;
pub(crate) mod generate;
pub(crate) mod peers;
pub(crate) mod schema;
mod server;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::debian;
use crate::node;
use crate::postgresql;
use crate::run::{Failure, Result, cargo, shared, skipped, step, target};

/// The generated client against hand-written rusqlite.
pub(crate) fn sqlite() -> Result {
    step("Generated client and rusqlite", &mut cargo(&["run", "--release", "--locked", "--package", "bench-sqlite"]))
}

/// The pool against PgBouncer, Prisma's executor of query plans, and the engine alone.
pub(crate) fn pool() -> Result {
    postgresql::ensure()?;
    if !Path::new("/usr/sbin/pgbouncer").exists() {
        debian::install(&["pgbouncer"])?;
    }
    let executor = node::ensure().and_then(|()| node::installed("xtask/bench-pool/executor", "bench-pool-executor"));
    let lenslet = release_lenslet()?;
    let mut bench = cargo(&["run", "--release", "--locked", "--package", "bench-pool", "--"]);
    bench.arg(lenslet);
    match executor {
        Ok(folder) => drop(bench.arg(folder)),
        Err(failure) => skipped("Prisma's executor of query plans", &failure.to_string()),
    }
    step("The pool, PgBouncer, Prisma's executor, and the engine alone", &mut bench)
}

/// Builds the command line in release and gives its path.
fn release_lenslet() -> Result<PathBuf> {
    step("Release build", &mut cargo(&["build", "--release", "--locked", "--package", "lenslet", "--bin", "lenslet"]))?;
    Ok(target().join("release").join(format!("lenslet{}", std::env::consts::EXE_SUFFIX)))
}

/// The largest real schema in one file, where the real schemas are present.
fn largest_real_schema() -> Option<PathBuf> {
    let files = std::fs::read_dir(shared()?.join("schemas")).ok()?.flatten();
    let schemas = files.map(|file| file.path()).filter(|path| path.extension().is_some_and(|it| it == "prisma"));
    schemas.max_by_key(|path| std::fs::metadata(path).map_or(0, |it| it.len()))
}

/// The median time of some runs of a program that ends with an accepted exit code, each prepared outside of the timing.
fn median_of(
    runs: usize,
    accepted: &[i32],
    mut prepare: impl FnMut() -> Result,
    command: &mut Command,
) -> Result<Duration> {
    let mut times = Vec::with_capacity(runs);
    for _ in 0..runs {
        prepare()?;
        let started = Instant::now();
        let output = command.output().map_err(|error| Failure::new(format!("cannot start {command:?}: {error}")))?;
        times.push(started.elapsed());
        if !output.status.code().is_some_and(|code| accepted.contains(&code)) {
            let message = String::from_utf8_lossy(&output.stderr).into_owned();
            return Err(Failure::new(format!("{command:?} failed:\n{message}")));
        }
    }
    times.sort();
    times.get(runs / 2).copied().ok_or_else(|| Failure::new("no run was asked for"))
}

fn milliseconds(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}

fn write(path: &Path, text: &str) -> Result {
    let parent = path.parent().unwrap_or(path);
    std::fs::create_dir_all(parent)
        .and_then(|()| std::fs::write(path, text))
        .map_err(|error| Failure::new(format!("cannot write {}: {error}", path.display())))
}
