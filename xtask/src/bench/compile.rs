//! `cargo xtask bench compile`: how long the generated client of the largest real schema takes to compile, next to SeaORM's
//! entities of the same tables.
//!
//! `lenslet db push` makes the tables, and `sea-orm-cli` writes entities of what it finds there. Both crates are members of
//! one workspace whose dependencies are built before; then each is compiled alone, in turns.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use super::server::Server;
use super::{largest_real_schema, write};
use crate::run::{Failure, Result, cargo, root, step, target};

const RUNS: usize = 3;
const SEA_ORM: &str = "2.0.4";
/// The crates, and the ways in which each is compiled.
const CRATES: [&str; 2] = ["client", "entities"];
const WAYS: [(&str, &[&str]); 3] =
    [("cargo check", &["check"]), ("cargo build", &["build"]), ("cargo build --release", &["build", "--release"])];

/// SeaORM wants a primary key where a unique index is enough for Prisma.
const PRIMARY_KEYS: &str = "DO $$ DECLARE it record; BEGIN
  FOR it IN SELECT DISTINCT ON (t.oid) t.oid::regclass AS name, quote_ident(n.relname) AS index
    FROM pg_class t JOIN pg_index i ON i.indrelid = t.oid AND i.indisunique JOIN pg_class n ON n.oid = i.indexrelid
    WHERE t.relkind = 'r' AND t.relnamespace = 'public'::regnamespace
      AND NOT EXISTS (SELECT 1 FROM pg_index p WHERE p.indrelid = t.oid AND p.indisprimary)
  LOOP EXECUTE format('ALTER TABLE %s ADD PRIMARY KEY USING INDEX %s', it.name, it.index); END LOOP;
END $$;";

pub(crate) fn run() -> Result {
    let schema = largest_real_schema().ok_or_else(|| Failure::new("the folder `../shared/schemas` is not present"))?;
    let folder = target().join("bench-compile");
    let workspace = folder.join("workspace");
    prepare(&schema, &folder, &workspace)?;
    println!("\nseconds, median of {RUNS} runs, dependencies built      Lenslet    SeaORM    ratio");
    for (name, arguments) in WAYS {
        let [ours, theirs] = measure(&workspace, arguments)?;
        let (ours, theirs) = (ours.as_secs_f64(), theirs.as_secs_f64());
        println!("{name:<48} {ours:>10.2} {theirs:>9.2} {:>8.2}", ours / theirs);
    }
    Ok(())
}

/// Generates both crates, and the workspace around them.
fn prepare(schema: &Path, folder: &Path, workspace: &Path) -> Result {
    step("Lenslet", &mut cargo(&["build", "--locked", "--package", "lenslet", "--bin", "lenslet"]))?;
    let lenslet = target().join("debug").join(format!("lenslet{}", std::env::consts::EXE_SUFFIX));
    let entities = sea_orm_cli(folder)?;
    // An earlier run's, whose lock file would be kept otherwise.
    let _ = std::fs::remove_dir_all(workspace);
    let client = workspace.join("client");
    step("The client", Command::new(&lenslet).arg("gen").arg("--schema").arg(schema).arg("--output").arg(&client))?;
    let server = Server::start()?;
    let url = format!("{}/postgres", server.url());
    // The schema relies on an extension that it does not list.
    execute(&lenslet, &url, folder, "CREATE EXTENSION IF NOT EXISTS citext;")?;
    let mut push = Command::new(&lenslet);
    step("The tables", push.args(["db", "push", "--url", &url, "--schema"]).arg(schema))?;
    // `sea-orm-cli` joins the views of the information schema, which takes PostgreSQL minutes where it has no statistics.
    execute(&lenslet, &url, folder, "ANALYZE;")?;
    execute(&lenslet, &url, folder, PRIMARY_KEYS)?;
    let mut generate = Command::new(entities);
    generate.args([
        "generate",
        "entity",
        "--lib",
        "--database-schema",
        "public",
        "--database-url",
        &url,
        "--output-dir",
    ]);
    step("The entities", generate.arg(workspace.join("entities/src")))?;
    drop(server);
    let manifest = format!(
        "[package]\nname = \"entities\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\nsea-orm = {{ version = \"{SEA_ORM}\", \
         default-features = false, features = [\"macros\", \"runtime-tokio\", \"sqlx-postgres\", \"with-bigdecimal\", \"with-chrono\", \
         \"with-json\", \"with-rust_decimal\", \"with-uuid\"] }}\n"
    );
    write(&workspace.join("entities/Cargo.toml"), &manifest)?;
    // The crates of this repository are not published under these versions.
    let runtime = root().join("crates/native");
    write(
        &workspace.join("Cargo.toml"),
        &format!(
            "[workspace]\nresolver = \"3\"\nmembers = [\"client\", \"entities\"]\n\n[patch.crates-io]\nlenslet-native = {{ path = {:?} }}\n",
            runtime.display().to_string()
        ),
    )?;
    for (name, arguments) in WAYS {
        step(&format!("Dependencies: {name}"), &mut compile(workspace, arguments, "--workspace"))?;
    }
    Ok(())
}

fn execute(lenslet: &Path, url: &str, folder: &Path, sql: &str) -> Result {
    let script = folder.join("script.sql");
    write(&script, sql)?;
    let mut command = Command::new(lenslet);
    step("SQL", command.args(["db", "execute", "--url", url, "--file"]).arg(&script))
}

/// SeaORM's own generator.
fn sea_orm_cli(folder: &Path) -> Result<PathBuf> {
    let tools = folder.join("tools");
    let program = tools.join("bin").join(format!("sea-orm-cli{}", std::env::consts::EXE_SUFFIX));
    if !program.is_file() {
        let mut install = cargo(&["install", "sea-orm-cli", "--debug", "--locked", "--version", SEA_ORM]);
        install.args(["--no-default-features", "--features", "cli,codegen,runtime-tokio,sqlx-postgres", "--root"]);
        step("sea-orm-cli", install.arg(&tools))?;
    }
    Ok(program)
}

/// A crate of the workspace, or all of it.
fn compile(workspace: &Path, arguments: &[&str], which: &str) -> Command {
    let mut command = cargo(arguments);
    command.args(["--quiet", which]).current_dir(workspace);
    // What is compiled again is compiled whole.
    command.env("CARGO_INCREMENTAL", "0").env("CARGO_TARGET_DIR", workspace.join("target"));
    command
}

fn measure(workspace: &Path, arguments: &[&str]) -> Result<[Duration; 2]> {
    let mut times = [Vec::new(), Vec::new()];
    for run in 0..RUNS {
        for turn in 0..CRATES.len() {
            let side = (run + turn) % CRATES.len();
            let (Some(name), Some(times)) = (CRATES.get(side), times.get_mut(side)) else { continue };
            times.push(once(workspace, arguments, name)?);
        }
    }
    Ok(times.map(|mut times| {
        times.sort();
        times.get(times.len() / 2).copied().unwrap_or_default()
    }))
}

/// Compiles a crate, whose source is made to look new.
fn once(workspace: &Path, arguments: &[&str], name: &str) -> Result<Duration> {
    let source = workspace.join(name).join("src/lib.rs");
    let touched = std::fs::File::options().append(true).open(&source);
    touched
        .and_then(|file| file.set_modified(std::time::SystemTime::now()))
        .map_err(|error| Failure::new(format!("cannot touch {}: {error}", source.display())))?;
    let mut command = compile(workspace, arguments, "--manifest-path");
    command.arg(workspace.join(name).join("Cargo.toml"));
    let started = Instant::now();
    let output = command.output().map_err(|error| Failure::new(format!("cannot start {command:?}: {error}")))?;
    let time = started.elapsed();
    if output.status.success() {
        Ok(time)
    } else {
        Err(Failure::new(format!("{command:?} failed:\n{}", String::from_utf8_lossy(&output.stderr))))
    }
}
