//! `lenslet db execute`.

use std::fs;
use std::io::{self, Read as _};
use std::path::PathBuf;

use lenslet_migrate::Database;
use serde_json::json;

use super::database_url::DatabaseUrl;
use super::error::Error;
use super::project::{Place, Project};
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
    place: Place,
    #[command(flatten)]
    script: Script,
    /// Print the result as one JSON object
    #[arg(long)]
    json: bool,
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
    let Some(url) = url(arguments)? else {
        return Ok(Verdict::Bad);
    };
    let script = read(&arguments.script)?;
    let at = |error| Error::At { place: url.shown(), error: Box::new(error) };
    Database::open(url.as_str()).map_err(at)?.run(&script).map_err(at)?;
    if arguments.json {
        terminal::json(&json!({ "database": url.shown(), "executed": true }))?;
    } else {
        terminal::answer(&format!("Executed the script on `{}`", url.shown()))?;
    }
    Ok(Verdict::Good)
}

/// Nothing comes back when a schema is refused, which has been said then.
fn url(arguments: &Arguments) -> Result<Option<DatabaseUrl>, Error> {
    match (&arguments.place.url, &arguments.place.schema) {
        (Some(url), None) => {
            let url = DatabaseUrl::given(url);
            url.is_of_a_database()?;
            Ok(Some(url))
        }
        _ => match Project::load(&arguments.place, arguments.json)? {
            Some(project) => project.url().map(Some),
            None => Ok(None),
        },
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
