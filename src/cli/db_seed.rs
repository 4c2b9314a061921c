//! `lenslet db seed`.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::process::Command;

use super::environment::Environment;
use super::error::Error;
use super::package_json::PackageJson;
use super::project::Project;
use super::settings::{self, Settings};
use super::{Outcome, Verdict, schema_files, terminal};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lenslet db seed
  lenslet db seed -- --users 100

What to run is the `seed` of `lenslet.toml`, as in:
  seed = \"cargo run --example seed\"
or else, as Prisma 6 has it, `prisma.seed` of the nearest `package.json`.

It runs in a shell, in the working directory, with the variables of the `.env` files. `lenslet migrate reset` runs it, too.")]
pub(super) struct Arguments {
    /// The schema: a file, or a folder of *.prisma files
    #[arg(long, value_name = "PATH")]
    schema: Option<PathBuf>,
    /// Arguments for the command
    #[arg(last = true, value_name = "ARGUMENT")]
    arguments: Vec<String>,
}

/// The command that fills a database.
struct Seed {
    command: String,
    /// The file that says it.
    file: String,
    /// Where the shell looks for programs first.
    programs: Vec<PathBuf>,
}

/// Where what the command prints goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Printed {
    AsIs,
    /// Standard output is for the answer to a program.
    ToStandardError,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let seed = Seed::find(&Settings::load()?)?.ok_or(Error::NoSeed)?;
    let folder = schema_files::folder(&schema_files::locate(arguments.schema.as_deref())?);
    seed.plant(&arguments.arguments, &Environment::load(&folder)?, Printed::AsIs)?;
    Ok(Verdict::Good)
}

/// Fills a database that was emptied, where something says how. Says whether it did.
pub(super) fn after_reset(project: &Project, json: bool) -> Result<bool, Error> {
    let Some(seed) = Seed::find(&project.settings)? else { return Ok(false) };
    let printed = if json { Printed::ToStandardError } else { Printed::AsIs };
    seed.plant(&[], &project.environment, printed)?;
    Ok(true)
}

impl Seed {
    fn find(settings: &Settings) -> Result<Option<Self>, Error> {
        if let Some(command) = &settings.seed {
            return Ok(Some(Self { command: command.clone(), file: settings::FILE.to_owned(), programs: Vec::new() }));
        }
        let Some(package) = PackageJson::nearest()? else { return Ok(None) };
        Ok(package.seed().map(|command| Self {
            command: command.to_owned(),
            file: package.path.display().to_string(),
            programs: package.programs(),
        }))
    }

    fn plant(&self, arguments: &[String], environment: &Environment, printed: Printed) -> Result<(), Error> {
        let Self { command, file, .. } = self;
        terminal::progress(&format!("Running `{command}`, the seed of `{file}`"));
        let mut shell = shell(command, arguments);
        shell.envs(environment.of_files());
        if let Some(path) = self.path() {
            shell.env("PATH", path);
        }
        if printed == Printed::ToStandardError {
            shell.stdout(io::stderr());
        }
        let status = shell.status().map_err(|source| Error::SeedStart { command: command.clone(), source })?;
        if !status.success() {
            return Err(Error::SeedFailed { command: command.clone(), file: file.clone(), status });
        }
        terminal::message(&format!("Seeded the database: `{command}`, from `{file}`"));
        Ok(())
    }

    /// As `npx` has it for Prisma: programs of packages can be called by their names.
    fn path(&self) -> Option<OsString> {
        if self.programs.is_empty() {
            return None;
        }
        let present = std::env::var_os("PATH").unwrap_or_default();
        std::env::join_paths(self.programs.iter().cloned().chain(std::env::split_paths(&present))).ok()
    }
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
