//! `lenslet migrate resolve`.

use lenslet_migrate::history;

use crate::cli::project::{Project, ProjectArguments};
use crate::cli::{Outcome, Verdict, terminal};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lenslet migrate resolve --applied 20260101120000_init
                           Its changes are in the database, finished by hand or before
  lenslet migrate resolve --rolled-back 20260102120000_posts
                           Nothing is left of it; `lenslet migrate deploy` may try it again")]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    project: ProjectArguments,
    #[command(flatten)]
    what: What,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct What {
    /// Record a migration as applied
    #[arg(long, value_name = "NAME")]
    applied: Option<String>,
    /// Record that nothing is left of a migration that failed
    #[arg(long, value_name = "NAME")]
    rolled_back: Option<String>,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let project = Project::load(&arguments.project)?;
    let url = project.url()?;
    let (name, state, recorded) = match &arguments.what {
        What { applied: Some(name), .. } => {
            (name, "applied", history::mark_applied(url.as_str(), &project.migrations()?, name))
        }
        What { rolled_back: Some(name), .. } => (name, "rolled back", history::mark_rolled_back(url.as_str(), name)),
        // The parser wants one of them.
        What { .. } => return Ok(Verdict::Bad),
    };
    recorded.map_err(url.failure())?;
    if arguments.project.json {
        terminal::json(&serde_json::json!({ "database": url.shown(), "migration": name, "state": state }))?;
    } else {
        terminal::answer(&format!("Recorded `{name}` as {state} in `{}`", url.shown()))?;
    }
    Ok(Verdict::Good)
}
