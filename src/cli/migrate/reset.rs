//! `lenslet migrate reset`.

use lenslet_migrate::Database;
use serde_json::json;

use super::deploy;
use crate::cli::database_url::DatabaseUrl;
use crate::cli::error::Error;
use crate::cli::generate::{self, Generated};
use crate::cli::project::{Project, ProjectArguments};
use crate::cli::{Outcome, Verdict, db_seed, terminal};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lenslet migrate reset            Asks first
  lenslet migrate reset --force    For scripts: does not ask")]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    project: ProjectArguments,
    /// Do not ask
    #[arg(long, short)]
    force: bool,
    /// Do not generate the client afterwards
    #[arg(long)]
    skip_generate: bool,
    /// Do not fill the database afterwards
    #[arg(long)]
    skip_seed: bool,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let project = Project::load(&arguments.project)?;
    let (url, migrations) = (project.url()?, project.migrations()?);
    if !arguments.force && !confirmed(&url)? {
        return Ok(Verdict::Cancelled);
    }
    let dropped = empty(&project, &url)?;
    let deployed = deploy::apply(&url, &migrations)?;
    if !arguments.project.json {
        let applied = terminal::counted(deployed.applied.len(), "migration");
        terminal::answer(&format!("Reset the database `{}`: {applied} applied", url.shown()))?;
    }
    let clients = if arguments.skip_generate { Vec::new() } else { generate::after_change(&project)? };
    if !arguments.project.json {
        clients.iter().try_for_each(Generated::say)?;
    }
    let seeded = !arguments.skip_seed && db_seed::after_reset(&project, arguments.project.json)?;
    if arguments.project.json {
        terminal::json(&json!({
            "database": url.shown(),
            "dropped": dropped.len(),
            "applied": deployed.applied,
            "clients": generate::all_as_json(&clients),
            "seeded": seeded,
        }))?;
    }
    Ok(Verdict::Good)
}

/// Drops everything in the database, the history included.
pub(super) fn empty(project: &Project, url: &DatabaseUrl) -> Result<Vec<String>, Error> {
    let at = url.failure();
    let (mut database, _) = Database::create(url.as_str()).map_err(&at)?;
    database.reset(&project.namespaces()).map_err(&at)
}

fn confirmed(url: &DatabaseUrl) -> Result<bool, Error> {
    let place = url.shown();
    if !terminal::is_interactive() {
        let what = format!("everything in `{place}` would be dropped, rows included");
        return Err(Error::NobodyToAsk { what, instead: "say `--force` to drop it" });
    }
    terminal::confirm(&format!("Drop everything in `{place}`, rows included?"))
}
