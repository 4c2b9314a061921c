//! `lenslet db execute`.

use std::fs;
use std::io::{self, Read as _};
use std::path::PathBuf;

use lenslet_migrate::Database;
use serde_json::json;

use super::database_url::DatabaseUrl;
use super::error::Error;
use super::project::{Project, ProjectArguments};
use super::{Outcome, Verdict, terminal};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lenslet db execute --file fix.sql
  lenslet db execute --stdin < fix.sql
  lenslet db execute --stdin --url file:dev.db < fix.sql

Prints no rows. The script is not put into a transaction: say BEGIN and COMMIT to have one. With --url no schema is needed.")]
pub(super) struct Arguments {
    #[command(flatten)]
    project: ProjectArguments,
    #[command(flatten)]
    script: Script,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Script {
    /// The file with the SQL
    #[arg(long, value_name = "PATH")]
    file: Option<PathBuf>,
    /// Read the SQL from standard input
    #[arg(long)]
    stdin: bool,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let url = url(arguments)?;
    let script = read(&arguments.script)?;
    let at = url.failure();
    Database::open(url.as_str()).map_err(&at)?.run(&script).map_err(&at)?;
    if arguments.project.json {
        terminal::json(&json!({ "database": url.shown(), "executed": true }))?;
    } else {
        terminal::answer(&format!("Executed the script on `{}`", url.shown()))?;
    }
    Ok(Verdict::Good)
}

fn url(arguments: &Arguments) -> Result<DatabaseUrl, Error> {
    match (&arguments.project.url, &arguments.project.schema) {
        (Some(url), None) => {
            let url = DatabaseUrl::given(url);
            url.is_of_a_database()?;
            Ok(url)
        }
        _ => Project::load(&arguments.project)?.url(),
    }
}

fn read(script: &Script) -> Result<String, Error> {
    match &script.file {
        Some(path) => fs::read_to_string(path).map_err(|source| Error::Read { path: path.clone(), source }),
        None => {
            let mut text = String::new();
            io::stdin().read_to_string(&mut text).map_err(|source| Error::Stdin { source })?;
            Ok(text)
        }
    }
}
