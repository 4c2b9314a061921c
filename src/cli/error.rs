//! Why a command cannot do its work, where, and what to do next.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use lenslet::codegen::{GenerateError, OptionError, WriteError};
use lenslet::{BuildError, Diagnostic, Sources};

use super::pool::PoolError;
use super::settings;

/// A schema that is refused, and why.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) diagnostics: Vec<Diagnostic>,
    pub(super) sources: Sources,
    /// The next step, where correcting the schema is not the only one.
    pub(super) help: Option<&'static str>,
}

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
    #[error("the schema is refused")]
    Refused(Box<Refused>),
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
    Push { place: String, error: Box<lenslet_migrate::Error> },
    #[error("{0}")]
    Migrate(Box<lenslet_migrate::Error>),
    #[error("`{place}`: {error}")]
    At { place: String, error: Box<lenslet_migrate::Error> },
    #[error("on a scratch database: {0}")]
    Scratch(Box<lenslet_migrate::Error>),
    #[error("{origin} names the project's own database, and everything in a scratch database is dropped")]
    ShadowIsTheDatabase { origin: String },
    #[error("{what}, and there is no terminal to ask on")]
    NobodyToAsk { what: String, instead: &'static str },
    #[error("the database and the history do not agree:\n{}", .reasons.join("\n"))]
    Diverged { reasons: Vec<String> },
    #[error("rows that are there make the change impossible:\n{}", .findings.join("\n"))]
    ImpossibleChange { findings: Vec<String> },
    #[error(transparent)]
    Rename(lenslet_migrate::RenameError),
    #[error("the name `{0}` holds no letter and no digit")]
    NoName(String),
    #[error("it is not known for which database to compare: neither side names one")]
    NoProvider,
    #[error("the folder of migrations `{}` does not exist", .folder.display())]
    NoMigrations { folder: PathBuf },
    #[error("nothing says where migrations may be tried")]
    NoScratch,
    #[error("{0}")]
    CannotSquash(String),
    #[error("{0}")]
    CannotUndo(String),
    #[error("the database `{place}` has no tables")]
    NothingToPull { place: String },
    #[error("what the database has makes no schema: {0}")]
    Pull(String),
    #[error("neither `lenslet.toml` nor a `package.json` says how to seed the database")]
    NoSeed,
    #[error("cannot run `{command}`")]
    SeedStart { command: String, source: io::Error },
    #[error("`{command}`, the seed of `{file}`, failed ({status})")]
    SeedFailed { command: String, file: String, status: ExitStatus },
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
    pub(super) fn migrate(error: lenslet_migrate::Error) -> Self {
        Error::Migrate(Box::new(error))
    }

    pub(super) fn scratch(error: lenslet_migrate::Error) -> Self {
        Error::Scratch(Box::new(error))
    }

    /// Prisma's code, where it has one for this.
    pub(super) fn code(&self) -> Option<&'static str> {
        match self {
            Error::Refused(_) | Error::VariableMissing { .. } => Some("P1012"),
            Error::OtherDatabase { .. } => Some("P1013"),
            Error::Push { error, .. } | Error::At { error, .. } | Error::Migrate(error) => error.code(),
            Error::Scratch(_) => Some("P3006"),
            Error::NothingToPull { .. } => Some("P4001"),
            _ => None,
        }
    }

    /// The next step. Absent where the message says it, or where nobody but the reader can know it.
    pub(super) fn help(&self) -> Option<String> {
        let help = match self {
            Error::NoSchema { .. } => {
                "say where it is with `--schema PATH`, a file or a folder of *.prisma files; or begin one: `lenslet init`"
                    .to_owned()
            }
            Error::SchemaMissing { path } if path == Path::new("-") => {
                "standard input is read by `lenslet format --stdin` only".to_owned()
            }
            Error::SchemaMissing { .. } => {
                "name a file, or a folder of *.prisma files; paths are relative to the working directory".to_owned()
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
            Error::Refused(refused) => return refused.help.map(str::to_owned),
            Error::PoolUrl { .. } => "set `DIRECT_URL` to the URL of the database itself".to_owned(),
            Error::OtherDatabase { provider, schemes, .. } => {
                let schemes: Vec<String> = schemes.iter().map(|scheme| format!("`{scheme}:`")).collect();
                format!("the schema's provider is `{provider}`, whose URLs begin with {}", schemes.join(" or "))
            }
            Error::WouldOverwrite { .. } => "run it in another folder, or move the files away".to_owned(),
            Error::TwoProviders { .. } => "leave out one of `--provider`, `--template` and the URL".to_owned(),
            Error::NobodyToAsk { instead, .. } => (*instead).to_owned(),
            Error::Diverged { .. } => "put migrations back as they were applied; write down what was made without one \
                                       (`lenslet migrate diff --from-migrations … --to-url … --script`) and record it \
                                       (`lenslet migrate resolve --applied NAME`); or start anew, which drops everything \
                                       in the database: `lenslet migrate reset`"
                .to_owned(),
            Error::ImpossibleChange { .. } => {
                "change the rows or the schema first, or write the migration and edit it: `--create-only`".to_owned()
            }
            Error::ShadowIsTheDatabase { .. } => "name another database, kept for this purpose".to_owned(),
            Error::Scratch(error) if matches!(**error, lenslet_migrate::Error::MigrationFailed { .. }) => return None,
            Error::Scratch(_) => {
                "migrations are tried there; name a database whose content may be dropped: the schema's \
                                  `shadowDatabaseUrl`, or `--shadow-database-url URL`"
                    .to_owned()
            }
            Error::NoName(_) => "say in a few words what the migration is for".to_owned(),
            Error::NoProvider => "compare with a schema, a database, or a folder with a migration_lock.toml".to_owned(),
            Error::NoScratch => "name a database whose content may be dropped: `--shadow-database-url URL`".to_owned(),
            Error::NothingToPull { .. } => "correct the URL, or make the tables first: `lenslet db push`".to_owned(),
            Error::NoSeed => {
                "write the command into `lenslet.toml` (a `prisma.config.ts` is not read):\n\nseed = \"cargo run --example seed\"".to_owned()
            },
            Error::Settings { path, .. } if path == Path::new(settings::FILE) => settings::HELP.to_owned(),
            Error::List(_)
            | Error::Read { .. }
            | Error::Write { .. }
            | Error::Settings { .. }
            | Error::Stdin { .. }
            | Error::Stdout { .. }
            | Error::Block { .. }
            | Error::Generate(_)
            | Error::Output(_)
            | Error::Push { .. }
            | Error::Migrate(_)
            | Error::Rename(_)
            | Error::At { .. }
            | Error::NoMigrations { .. }
            | Error::CannotSquash(_)
            | Error::Pull(_)
            | Error::CannotUndo(_)
            | Error::SeedStart { .. }
            | Error::SeedFailed { .. } => return None,
        };
        Some(help)
    }
}
