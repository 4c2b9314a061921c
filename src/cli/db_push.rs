//! `lenslet db push`.

use std::path::Path;
use std::time::Instant;

use lenslet_migrate::{Database, PushOptions, Pushed};
use serde_json::{Value, json};

use super::database_url::DatabaseUrl;
use super::error::Error;
use super::generate::{self, Generated};
use super::project::{Project, ProjectArguments};
use super::renames::Renames;
use super::{Outcome, Verdict, terminal};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lenslet db push
  lenslet db push --url file:dev.db
  lenslet db push --accept-data-loss
  lenslet db push --rename User.name=fullName    Keeps what is in the column

The URL is, in this order: --url, the schema's `directUrl`, the variable DIRECT_URL, the schema's `url`, \
the variable DATABASE_URL. Variables come from the environment, then from `.env` here and beside the schema. \
Paths in a URL are relative to the working directory, as they are for the client. Afterwards the clients of the schema's \
generator blocks are generated.")]
pub(super) struct Arguments {
    #[command(flatten)]
    project: ProjectArguments,
    /// Lose rows and values for which the schema has no place any more
    #[arg(long)]
    accept_data_loss: bool,
    /// Drop everything in the database first, rows included
    #[arg(long)]
    force_reset: bool,
    #[command(flatten)]
    renames: Renames,
    /// Do not generate the client afterwards
    #[arg(long)]
    skip_generate: bool,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let project = Project::load(&arguments.project)?;
    let url = project.url()?;
    if arguments.project.url.is_none() {
        warn_of_file_beside_schema(&url, &project.files.folder());
    }
    terminal::progress(&format!("Comparing `{}` with `{}`", project.files.name(), url.shown()));
    let started = Instant::now();
    let pushed = push(arguments, &project, &url)?;
    terminal::progress(&format!("in {}", terminal::milliseconds(started.elapsed())));
    if !arguments.project.json {
        say(&pushed, &url)?;
    }
    let clients = if arguments.skip_generate { Vec::new() } else { generate::after_change(&project)? };
    if arguments.project.json {
        terminal::json(&as_json(&pushed, &url, &clients))?;
    } else {
        clients.iter().try_for_each(Generated::say)?;
    }
    Ok(Verdict::Good)
}

fn push(arguments: &Arguments, project: &Project, url: &DatabaseUrl) -> Result<Pushed, Error> {
    let failed = |error| Error::Push { place: url.shown(), error: Box::new(error) };
    let (catalog, namespaces) = (&project.schema.catalog, project.namespaces());
    let wanted = lenslet_migrate::describe(catalog).map_err(failed)?;
    let (mut database, created_database) = Database::create(url.as_str()).map_err(failed)?;
    let renames = match arguments.force_reset {
        true => Vec::new(),
        false => {
            let found = database.describe(&namespaces).map_err(failed)?;
            arguments.renames.decide(database.dialect(), &found, &wanted, catalog)?
        }
    };
    let options = PushOptions { accept_data_loss: arguments.accept_data_loss, force_reset: arguments.force_reset };
    let pushed = database.push_renamed(catalog, options, &renames).map_err(failed)?;
    Ok(Pushed { created_database, ..pushed })
}

fn as_json(pushed: &Pushed, url: &DatabaseUrl, clients: &[Generated]) -> Value {
    let losses: Vec<Value> =
        pushed.losses.iter().map(|it| json!({ "message": it.to_string(), "rows": it.rows })).collect();
    json!({
        "database": url.shown(),
        "created": pushed.created_database,
        "statements": pushed.statements,
        "losses": losses,
        "clients": generate::all_as_json(clients),
    })
}

fn say(pushed: &Pushed, url: &DatabaseUrl) -> Result<(), Error> {
    for loss in &pushed.losses {
        terminal::warning(&loss.to_string());
    }
    let place = url.shown();
    let line = match (pushed.created_database, pushed.was_in_sync()) {
        (false, true) => format!("The database `{place}` is already in sync with the schema"),
        (created, _) => {
            let statements = terminal::counted(pushed.statements.len(), "statement");
            let verb = if created { "Created" } else { "Changed" };
            format!("{verb} the database `{place}`: {statements}, now in sync with the schema")
        }
    };
    terminal::answer(&line)
}

/// Prisma 6 took paths as relative to the schema. Someone who moves in should learn why the database is not the expected one.
fn warn_of_file_beside_schema(url: &DatabaseUrl, folder: &Path) {
    let Some(path) = url.relative_file() else { return };
    let beside = folder.join(path);
    if !path.exists() && beside.is_file() {
        let beside = beside.display();
        terminal::warning(&format!(
            "`{beside}` exists, but paths are relative to the working directory; for that file write `file:{beside}`"
        ));
    }
}
