//! `lenslet migrate status`.

use lenslet_migrate::Database;
use lenslet_migrate::history::{self, Status};
use serde_json::{Value, json};

use crate::cli::database_url::DatabaseUrl;
use crate::cli::error::Error;
use crate::cli::project::{Project, ProjectArguments, shown};
use crate::cli::{Outcome, Verdict, terminal};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lenslet migrate status
  lenslet migrate status --json

Exit code 0 when the database has seen exactly what the folder of migrations holds, else 1. Changes nothing, and makes no \
database that is not there.")]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    project: ProjectArguments,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let project = Project::load(&arguments.project)?;
    let (url, migrations) = (project.url()?, project.migrations()?);
    let exists = Database::existing(url.as_str()).map_err(url.failure())?.is_some();
    let status = history::status(url.as_str(), &migrations).map_err(url.failure())?;
    if arguments.project.json {
        terminal::json(&as_json(&status, &url, exists))?;
    } else {
        let found = terminal::counted(migrations.len(), "migration");
        terminal::answer(&format!("{found} in `{}`", shown(&project.migrations_folder())))?;
        match exists {
            true => say(&status, &url)?,
            false => terminal::answer(&format!(
                "The database `{}` does not exist; `lenslet migrate deploy` makes it",
                url.shown()
            ))?,
        }
    }
    Ok(if exists && status.is_clean() { Verdict::Good } else { Verdict::Bad })
}

fn as_json(status: &Status, url: &DatabaseUrl, exists: bool) -> Value {
    let failed: Vec<Value> =
        status.failed.iter().map(|record| json!({ "name": record.name, "logs": record.logs })).collect();
    json!({
        "database": url.shown(),
        "exists": exists,
        "clean": exists && status.is_clean(),
        "applied": status.applied,
        "pending": status.pending,
        "failed": failed,
        "edited": status.edited,
        "missing": status.missing,
    })
}

fn say(status: &Status, url: &DatabaseUrl) -> Result<(), Error> {
    if status.is_clean() {
        return terminal::answer(&format!("The database `{}` is up to date", url.shown()));
    }
    section("Not applied yet; `lenslet migrate deploy` does it", &status.pending)?;
    let failed: Vec<String> = status
        .failed
        .iter()
        .map(|record| match &record.logs {
            Some(logs) => format!("{}: {}", record.name, logs.trim().replace('\n', "\n    ")),
            None => record.name.clone(),
        })
        .collect();
    section("Begun and not ended; put it right by hand, then `lenslet migrate resolve`", &failed)?;
    section("Edited after they were applied; put the files back as they were", &status.edited)?;
    section("Seen by the database, and not in the folder; put the folders back", &status.missing)
}

fn section(title: &str, names: &[String]) -> Result<(), Error> {
    if names.is_empty() {
        return Ok(());
    }
    let lines: String = names.iter().map(|name| format!("\n  {name}")).collect();
    terminal::answer(&format!("\n{title}:{lines}"))
}
