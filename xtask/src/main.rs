//! Set-up, checks and measurements of the workspace: `cargo xtask`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool prints")]

mod bench;
mod check;
mod conformance;
mod debian;
mod node;
mod postgresql;
mod run;
mod schema;
mod size;
mod wasm;
mod worker;

use std::process::ExitCode;

use run::{Failure, Result};

const HELP: &str = "\
Set-up, checks and measurements of the Lenslet workspace

Usage: cargo xtask <COMMAND>

Checks
  test                     Set up what the tests need, and run all of them
  ci                       Formatting, lints, `size`, then `test`: what continuous integration runs
  conformance schema       Compare validation and formatter with the recorded cases
  conformance query        Run the recorded queries on real databases
  conformance migrations   Apply real histories of migrations, compare with their schemas
  conformance client       Run Prisma's own clients, recorded and live, against the pool
  worker                   Build the example Worker, and drive it in workerd against a pool and PostgreSQL

Measurements (release builds; nothing else should run meanwhile)
  bench gen                Wall time of `lenslet gen`, and how it grows with the schema
  bench schema             Time of validation and of the formatter
  bench sqlite             The generated client against hand-written rusqlite
  bench peers [OPTIONS]    It against bare drivers, Diesel, sqlx and SeaORM, on SQLite and PostgreSQL
  bench compile            Compile time of the largest generated client against SeaORM's entities of the same tables
  bench pool               The pool against PgBouncer and the engine alone, on PostgreSQL
  size [--keep]            Bytes that the client adds to a Worker; `--keep` writes them into the documentation

Tools
  schema --models <N>      Print a made-up schema of N models

Examples
  cargo xtask test
  cargo xtask bench gen
  cargo xtask schema --models 1000 > big.prisma
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match dispatch(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(words: &[&str]) -> Result {
    match words {
        [] | ["help" | "--help" | "-h"] | [_, "--help" | "-h"] | [_, _, "--help" | "-h"] => {
            print!("{HELP}");
            Ok(())
        }
        ["test"] => check::test(),
        ["ci"] => check::ci(),
        ["conformance", "schema"] => conformance::schema(),
        ["conformance", "query"] => conformance::query(),
        ["conformance", "migrations"] => conformance::migrations(),
        ["conformance", "client"] => conformance::client(),
        ["bench", "gen"] => bench::generate::run(),
        ["bench", "schema"] => bench::schema::run(),
        ["bench", "sqlite"] => bench::sqlite(),
        ["bench", "peers", options @ ..] => bench::peers::run(options),
        ["bench", "compile"] => bench::compile::run(),
        ["bench", "pool"] => bench::pool(),
        ["worker"] => worker::test(),
        ["size"] => size::run(false),
        ["size", "--keep"] => size::run(true),
        ["size", ..] => Err(Failure::new("say `cargo xtask size`, or `cargo xtask size --keep`")),
        ["schema", "--models", count] => match count.parse() {
            Ok(models) => {
                print!("{}", schema::text(models));
                Ok(())
            }
            Err(_) => Err(Failure::new(format!("`{count}` is not a number of models; try `--models 1000`"))),
        },
        ["schema", ..] => {
            Err(Failure::new("say how many models the schema shall have: `cargo xtask schema --models 1000`"))
        }
        ["bench", ..] => Err(Failure::new(
            "say what to measure: `cargo xtask bench gen`, `schema`, `sqlite`, `peers`, `compile` or `pool`",
        )),
        ["conformance", ..] => {
            Err(Failure::new("say what to compare: `cargo xtask conformance schema`, `query` or `client`"))
        }
        [word, ..] => Err(Failure::new(format!("there is no command `{word}`; `cargo xtask help` lists them"))),
    }
}
