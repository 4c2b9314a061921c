//! `lenslet migrate down`, and the `down.sql` that it runs.

use std::fs;
use std::io;

use lenslet_migrate::{Database, Difference};
use lenslet_sql::ddl::Dialect;
use serde_json::json;

use crate::cli::database_url::DatabaseUrl;
use crate::cli::error::Error;
use crate::cli::project::{Project, ProjectArguments};
use crate::cli::{Outcome, Verdict, terminal};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lenslet migrate down             Undoes the last migration, asks first
  lenslet migrate down --force     For scripts: does not ask

`lenslet migrate dev` writes a down.sql beside migration.sql where nothing is lost that it could not bring back: tables, \
columns and keys that were added, nullability, defaults. It may be edited, or written by hand. Afterwards the migration is pending, \
and `lenslet migrate deploy` applies it again. Script and record are one transaction.")]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    project: ProjectArguments,
    /// Do not ask
    #[arg(long, short)]
    force: bool,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let project = Project::load(&arguments.project)?;
    let (url, migrations) = (project.url()?, project.migrations()?);
    let at = url.failure();
    let mut database = Database::open(url.as_str()).map_err(&at)?;
    let status = database.status(&migrations).map_err(&at)?;
    let Some(name) = status.applied.last() else {
        return Err(Error::CannotUndo(format!("the database `{}` has seen no migration", url.shown())));
    };
    let script = read(&project, name)?;
    if !arguments.force && !confirmed(&url, name)? {
        return Ok(Verdict::Cancelled);
    }
    database.take_back(name, &script).map_err(&at)?;
    if arguments.project.json {
        terminal::json(&json!({ "database": url.shown(), "undone": name }))?;
    } else {
        terminal::answer(&format!("Undid `{name}` in `{}`", url.shown()))?;
    }
    Ok(Verdict::Good)
}

fn read(project: &Project, name: &str) -> Result<String, Error> {
    let path = project.migrations_folder().join(name).join("down.sql");
    match fs::read_to_string(&path) {
        Ok(script) => Ok(script),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(Error::CannotUndo(format!("`{name}` has no down.sql, so it is not known how to undo it")))
        }
        Err(source) => Err(Error::Read { path, source }),
    }
}

fn confirmed(url: &DatabaseUrl, name: &str) -> Result<bool, Error> {
    let place = url.shown();
    if !terminal::is_interactive() {
        let what = format!("`{name}` would be undone in `{place}`, with the rows and values that it made place for");
        return Err(Error::NobodyToAsk { what, instead: "say `--force` to undo it" });
    }
    terminal::confirm(&format!("Undo `{name}` in `{place}`, and lose the rows and values that it made place for?"))
}

/// The script that undoes a migration, unless the migration loses what no script brings back.
pub(super) fn script(dialect: Dialect, forward: &Difference, backward: &Difference) -> Option<String> {
    let loses = forward.risks.iter().any(|risk| !risk.is_prohibitive());
    if loses || backward.is_empty() {
        return None;
    }
    let changes = lenslet_sql::ddl::script(dialect, &backward.changes);
    let lost: String = backward.risks.iter().map(|risk| format!("--   {risk}\n")).collect();
    let warning = if lost.is_empty() { String::new() } else { format!("-- What is lost:\n{lost}") };
    Some(format!("-- Undoes migration.sql: `lenslet migrate down`.\n{warning}\n{changes}"))
}
