//! `lenslet migrate reset`.

use lenslet_migrate::Database;
use serde_json::json;

use super::deploy;
use crate::cli::database_url::DatabaseUrl;
use crate::cli::error::Error;
use crate::cli::project::{Place, Project};
use crate::cli::{Outcome, Verdict, db_seed, generate, terminal};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lenslet migrate reset            Asks first
  lenslet migrate reset --force    For scripts: does not ask")]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    place: Place,
    /// Do not ask
    #[arg(long, short)]
    force: bool,
    /// Do not generate the client afterwards
    #[arg(long)]
    skip_generate: bool,
    /// Do not fill the database afterwards
    #[arg(long)]
    skip_seed: bool,
    /// Print what was done as one JSON object
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let Some(project) = Project::load(&arguments.place, arguments.json)? else {
        return Ok(Verdict::Bad);
    };
    let (url, migrations) = (project.url()?, project.migrations()?);
    if !arguments.force && !confirmed(&url)? {
        return Ok(Verdict::Cancelled);
    }
    let dropped = empty(&project, &url)?;
    let deployed = deploy::apply(&url, &migrations)?;
    if arguments.json {
        let statements = dropped.len();
        terminal::json(&json!({ "database": url.shown(), "dropped": statements, "applied": deployed.applied }))?;
    } else {
        let applied = terminal::counted(deployed.applied.len(), "migration");
        terminal::answer(&format!("Reset the database `{}`: {applied} applied", url.shown()))?;
    }
    if !arguments.skip_generate {
        generate::after_migration(&arguments.place, &project, arguments.json)?;
    }
    match &project.settings.seed {
        Some(seed) if !arguments.skip_seed => db_seed::plant(seed, &[], &project.environment),
        _ => Ok(Verdict::Good),
    }
}

/// Drops everything in the database, the history included.
pub(super) fn empty(project: &Project, url: &DatabaseUrl) -> Result<Vec<String>, Error> {
    let at = |error| Error::At { place: url.shown(), error: Box::new(error) };
    let (mut database, _) = Database::create(url.as_str()).map_err(at)?;
    database.reset(&project.namespaces()).map_err(at)
}

fn confirmed(url: &DatabaseUrl) -> Result<bool, Error> {
    let place = url.shown();
    if !terminal::is_interactive() {
        let what = format!("everything in `{place}` would be dropped, rows included");
        return Err(Error::NobodyToAsk { what, instead: "say `--force` to drop it" });
    }
    terminal::confirm(&format!("Drop everything in `{place}`, rows included?"))
}
