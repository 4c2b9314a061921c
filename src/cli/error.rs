//! Why a command cannot do its work, where, and what to do next.

use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;

use lenslet::BuildError;
use lenslet::codegen::{GenerateError, OptionError, WriteError};

use super::settings;

use super::pool::PoolError;

/// A command cannot do its work.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    // The schema's files.
    #[error("there is no schema here (looked for {})", .places.join(", "))]
    NoSchema { places: &'static [&'static str] },
    #[error("the schema `{}` does not exist", .path.display())]
    SchemaMissing { path: PathBuf },
    #[error("the folder `{}` holds no *.prisma file", .path.display())]
    EmptyFolder { path: PathBuf },
    #[error("{0}")]
    List(BuildError),
    #[error("cannot read `{}`", .path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("cannot write `{}`", .path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("`{}` is not UTF-8 text: byte {at} begins no character", .path.display())]
    NotText { path: PathBuf, at: usize },
    #[error("cannot read standard input")]
    Stdin { source: io::Error },
    #[error("cannot write to standard output")]
    Stdout { source: io::Error },

    #[error("cannot read `{}`, line {line}: {message}", .path.display())]
    Settings { path: PathBuf, line: usize, message: String },

    // A new project.
    #[error("nothing was written, because there {} already: {}", if .files.len() == 1 { "is" } else { "are" }, list(.files))]
    WouldOverwrite { files: Vec<PathBuf> },
    #[error("a database of {first} and one of {second} are asked for")]
    TwoProviders { first: &'static str, second: &'static str },

    // What to generate.
    #[error("the schema `{schema}` is valid, but it has no datasource, so it is not known for which database it is")]
    NoDatasource { schema: String },
    #[error("`{schema}` has no generator block for Lenslet, and no output folder was given")]
    NoGenerator { schema: String },
    #[error("`{schema}` has no generator block `{name}` for Lenslet")]
    NoSuchGenerator { name: String, schema: String },
    #[error("generator `{generator}` in `{schema}` has no `output`")]
    NoOutput { generator: String, schema: String },
    #[error("the `output` of generator `{generator}` in `{schema}` is not the name of a folder")]
    OutputIsNoFolder { generator: String, schema: String },
    #[error("one output folder for several generators: {}", .names.join(", "))]
    SeveralGenerators { names: Vec<String> },
    #[error("in `{schema}`: {error}")]
    Block { schema: String, error: OptionError },
    #[error("cannot generate the client: {0}")]
    Generate(GenerateError),
    #[error("cannot write the client: {0}")]
    Output(WriteError),

    // The database.
    #[error("cannot read `{}`{}", .path.display(), .line.map_or_else(String::new, |line| format!(": line {line} is not NAME=value")))]
    EnvironmentFile { path: PathBuf, line: Option<usize> },
    #[error("`{name}` has one value in `{}` and another in `{}`", .first.display(), .second.display())]
    EnvironmentConflict { name: String, first: PathBuf, second: PathBuf },
    #[error("the variable `{name}`, which the schema's `{property}` names, is not set")]
    VariableMissing { name: String, property: &'static str },
    #[error("datasource `{datasource}` has no `url`, and neither `DIRECT_URL` nor `DATABASE_URL` is set")]
    NoUrl { datasource: String },
    #[error("{origin} is the address of a pool, and a pool does not change the structure of a database")]
    PoolUrl { origin: String },
    #[error("{origin} is not the URL of a {provider} database")]
    OtherDatabase { origin: String, provider: &'static str, schemes: &'static [&'static str] },
    #[error(transparent)]
    Pool(PoolError),
    #[error("cannot push to `{place}`: {error}")]
    Push { place: String, error: lenslet_migrate::Error },
    #[error("`lenslet.toml` does not say how to seed the database")]
    NoSeed,
    #[error("cannot run `{command}`")]
    SeedStart { command: String, source: io::Error },
    #[error("`{command}`, which seeds the database, failed ({status})")]
    SeedFailed { command: String, status: ExitStatus },
}

/// A block for Lenslet, as it is written into a schema.
const BLOCK: &str = "generator client {
  provider = \"lenslet\"
  output   = \"../db\"
}";

fn list(files: &[PathBuf]) -> String {
    let names: Vec<String> = files.iter().map(|path| format!("`{}`", path.display())).collect();
    names.join(", ")
}

impl Error {
    /// Prisma's code, where it has one for this.
    pub(super) fn code(&self) -> Option<&'static str> {
        match self {
            Error::VariableMissing { .. } => Some("P1012"),
            Error::OtherDatabase { .. } => Some("P1013"),
            Error::Push { error, .. } => error.code(),
            _ => None,
        }
    }

    /// The next step. Absent where the message says it, or where nobody but the reader can know it.
    pub(super) fn help(&self) -> Option<String> {
        let help = match self {
            Error::NoSchema { .. } | Error::SchemaMissing { .. } => {
                "say where it is with `--schema PATH`, a file or a folder of *.prisma files".to_owned()
            }
            Error::EmptyFolder { .. } => "name the folder that holds the schema, or one of its files".to_owned(),
            Error::NotText { .. } => "save the file as UTF-8".to_owned(),
            Error::NoDatasource { .. } => {
                "add one:\n\ndatasource db {\n  provider = \"sqlite\"\n  url      = env(\"DATABASE_URL\")\n}".to_owned()
            }
            Error::NoGenerator { .. } => format!("say where with `--output DIR`, or add to the schema:\n\n{BLOCK}"),
            Error::NoSuchGenerator { .. } => "leave out `--generator` to generate all of them".to_owned(),
            Error::NoOutput { .. } | Error::OutputIsNoFolder { .. } => {
                "write a folder, relative to the schema file, as in `output = \"../db\"`, or use `--output DIR`"
                    .to_owned()
            }
            Error::SeveralGenerators { .. } => "choose one of them with `--generator NAME`".to_owned(),
            Error::EnvironmentFile { .. } => "correct the file, or remove the line".to_owned(),
            Error::EnvironmentConflict { .. } => "remove it from one of the two files".to_owned(),
            Error::VariableMissing { name, .. } => {
                format!("set `{name}` in the environment or in a `.env` file, or give the URL with `--url`")
            }
            Error::NoUrl { .. } => {
                "set one in the environment or in a `.env` file, or give the URL with `--url`".to_owned()
            }
            Error::Pool(error) => return error.help(),
            Error::PoolUrl { .. } => "set `DIRECT_URL` to the URL of the database itself".to_owned(),
            Error::OtherDatabase { provider, schemes, .. } => {
                let schemes: Vec<String> = schemes.iter().map(|scheme| format!("`{scheme}:`")).collect();
                format!("the schema's provider is `{provider}`, whose URLs begin with {}", schemes.join(" or "))
            }
            Error::WouldOverwrite { .. } => "run it in another folder, or move the files away".to_owned(),
            Error::TwoProviders { .. } => "leave out one of `--provider`, `--template` and the URL".to_owned(),
            Error::NoSeed => "write the command into `lenslet.toml`:\n\nseed = \"cargo run --example seed\"".to_owned(),
            Error::Settings { .. } => settings::HELP.to_owned(),
            Error::List(_)
            | Error::Read { .. }
            | Error::Write { .. }
            | Error::Stdin { .. }
            | Error::Stdout { .. }
            | Error::Block { .. }
            | Error::Generate(_)
            | Error::Output(_)
            | Error::Push { .. }
            | Error::SeedStart { .. }
            | Error::SeedFailed { .. } => return None,
        };
        Some(help)
    }
}
