//! `lenslet db seed`.

use std::path::PathBuf;
use std::process::Command;

use super::environment::Environment;
use super::error::Error;
use super::schema_files;
use super::settings::Settings;
use super::{Outcome, Verdict, terminal};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lenslet db seed
  lenslet db seed -- --users 100

What to run is the `seed` of `lenslet.toml`, as in:
  seed = \"cargo run --example seed\"

It runs in a shell, in the working directory, with the variables of the `.env` files. `lenslet migrate reset` runs it, too.")]
pub(super) struct Arguments {
    /// The schema: a file, or a folder of *.prisma files
    #[arg(long, value_name = "PATH")]
    schema: Option<PathBuf>,
    /// Arguments for the command
    #[arg(last = true, value_name = "ARGUMENT")]
    arguments: Vec<String>,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let Some(seed) = Settings::load()?.seed else {
        return Err(Error::NoSeed);
    };
    let folder = schema_files::folder(&schema_files::locate(arguments.schema.as_deref())?);
    plant(&seed, &arguments.arguments, &Environment::load(&folder)?)
}

/// Runs the command that fills a database.
pub(super) fn plant(seed: &str, arguments: &[String], environment: &Environment) -> Outcome {
    terminal::progress(&format!("Running `{seed}`"));
    let status = shell(seed, arguments).envs(environment.of_files()).status();
    let status = status.map_err(|source| Error::SeedStart { command: seed.to_owned(), source })?;
    if !status.success() {
        return Err(Error::SeedFailed { command: seed.to_owned(), status });
    }
    terminal::message("Seeded the database");
    Ok(Verdict::Good)
}

/// The command, with arguments that the shell does not read.
fn shell(command: &str, arguments: &[String]) -> Command {
    let (program, flag, line) =
        if cfg!(windows) { ("cmd", "/C", command.to_owned()) } else { ("sh", "-c", format!("{command} \"$@\"")) };
    let mut shell = Command::new(program);
    shell.args([flag, line.as_str()]);
    if !cfg!(windows) {
        shell.arg("seed");
    }
    shell.args(arguments);
    shell
}
