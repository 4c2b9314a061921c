//! `lenslet migrate deploy`.

use lenslet_migrate::Database;
use lenslet_migrate::history::{Deployed, Migration, Status};
use serde_json::json;

use crate::cli::database_url::DatabaseUrl;
use crate::cli::error::Error;
use crate::cli::project::{Project, ProjectArguments, shown};
use crate::cli::{Outcome, Verdict, terminal};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lenslet migrate deploy
  lenslet migrate deploy --json
  DIRECT_URL=postgresql://… lenslet migrate deploy

Each migration is applied once, also when several processes deploy at the same time. Never asks, never resets, never \
generates. A program can do the same at start-up: `lenslet_migrate::embed!(\"migrations\").deploy(&url)`.")]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    project: ProjectArguments,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let project = Project::load(&arguments.project)?;
    let (url, migrations) = (project.url()?, project.migrations()?);
    let deployed = apply(&url, &migrations)?;
    warn(&deployed.before);
    if arguments.project.json {
        terminal::json(&json!({
            "database": url.shown(),
            "created": deployed.created_database,
            "applied": deployed.applied,
            "edited": deployed.before.edited,
            "missing": deployed.before.missing,
        }))?;
        return Ok(Verdict::Good);
    }
    report(&deployed, &migrations, &url, &shown(&project.migrations_folder()))?;
    Ok(Verdict::Good)
}

/// Applies what the database has not seen.
pub(super) fn apply(url: &DatabaseUrl, migrations: &[Migration]) -> Result<Deployed, Error> {
    let at = url.failure();
    let (mut database, created_database) = Database::create(url.as_str()).map_err(&at)?;
    let next = |migration: &Migration| terminal::progress(&format!("Applying `{}`", migration.name));
    let deployed = database.deploy_with(migrations, next).map_err(&at)?;
    Ok(Deployed { created_database, ..deployed })
}

fn report(deployed: &Deployed, migrations: &[Migration], url: &DatabaseUrl, folder: &str) -> Result<(), Error> {
    if deployed.created_database {
        terminal::answer(&format!("Created the database `{}`", url.shown()))?;
    }
    for name in &deployed.applied {
        terminal::answer(&format!("Applied `{name}`"))?;
    }
    match (migrations.len(), deployed.applied.len()) {
        (0, _) => terminal::answer(&format!("There are no migrations in `{folder}`")),
        (_, 0) => terminal::answer(&format!("The database `{}` has seen all migrations", url.shown())),
        (_, count) => terminal::answer(&format!("{} applied", terminal::counted(count, "migration"))),
    }
}

/// What keeps nobody from deploying, but should be known.
fn warn(status: &Status) {
    for name in &status.edited {
        terminal::warning(&format!("`{name}` was edited after it was applied to this database"));
    }
    for name in &status.missing {
        terminal::warning(&format!("the database has seen `{name}`, which is not in the folder of migrations"));
    }
}
