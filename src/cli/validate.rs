//! `lenslet validate`.

use std::path::PathBuf;

use serde_json::json;

use super::schema_files::SchemaFiles;
use super::{Outcome, Verdict, terminal};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lenslet validate
  lenslet validate --schema prisma/models
  lenslet validate --json | jq '.diagnostics[].title'

Needs neither a database nor an environment.")]
pub(super) struct Arguments {
    /// The schema: a file, or a folder of *.prisma files
    #[arg(long, value_name = "PATH")]
    schema: Option<PathBuf>,
    /// Print the findings on standard output as one JSON object
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let files = SchemaFiles::load(arguments.schema.as_deref())?;
    let checked = lenslet::check(&files.sources);
    let accepted = checked.is_accepted();
    if arguments.json {
        let diagnostics = terminal::diagnostics_as_json(&checked.diagnostics, &files.sources);
        terminal::json(&json!({ "valid": accepted, "diagnostics": diagnostics }))?;
    } else {
        terminal::diagnostics(&checked.diagnostics, &files.sources);
        if accepted {
            terminal::answer(&format!("The schema `{}` is valid", files.name()))?;
        }
    }
    Ok(if accepted { Verdict::Good } else { Verdict::Bad })
}
