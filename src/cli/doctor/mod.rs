//! `lenslet doctor`.

mod database;
mod variables;
mod wrangler;

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::project::{Project, ProjectArguments};
use super::{Outcome, Verdict, terminal};
use wrangler::Worker;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lenslet doctor
  lenslet doctor --env staging     The Worker as `wrangler dev --env staging` runs it
  lenslet doctor --offline         Without the database
  lenslet doctor --json

Says which file feeds which variable of the command line, of a program, and of the Worker; what of it would leak into the Worker; \
whether the database answers, its version, its TLS, its connections against those of the client, and pending migrations. No value is \
shown. Exit code 0 when nothing is wrong, else 1; warnings are not wrong.")]
pub(super) struct Arguments {
    #[command(flatten)]
    project: ProjectArguments,
    /// The environment of the Worker
    #[arg(long, value_name = "NAME")]
    env: Option<String>,
    /// The folder of the Worker, where wrangler runs
    #[arg(long, value_name = "DIR", default_value = ".", hide_default_value = true)]
    worker: PathBuf,
    /// Do not connect to the database
    #[arg(long)]
    offline: bool,
}

/// What is said about one thing.
struct Section {
    title: String,
    facts: Vec<Fact>,
}

/// A line of the answer.
struct Fact {
    level: Level,
    text: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Good,
    /// Should be known, and may be meant.
    Warning,
    /// Does not work.
    Wrong,
}

impl Section {
    fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), facts: Vec::new() }
    }

    fn say(&mut self, level: Level, text: impl Into<String>) {
        self.facts.push(Fact { level, text: text.into() });
    }
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let project = Project::load(&arguments.project)?;
    let folder = if arguments.worker == Path::new(".") { Path::new("") } else { &arguments.worker };
    let worker = Worker::load(folder, arguments.env.as_deref())?;
    let mut sections = vec![variables::of_command_line(&project), variables::of_program(&project)];
    sections.extend(worker.as_ref().map(|it| variables::of_worker(it, &project)));
    if !arguments.offline {
        sections.push(database::section(&project));
    }
    let is_wrong = sections.iter().flat_map(|it| &it.facts).any(|fact| fact.level == Level::Wrong);
    if arguments.project.json {
        terminal::json(&as_json(&sections, worker.as_ref(), is_wrong))?;
    } else {
        for (at, section) in sections.iter().enumerate() {
            terminal::section(&section.title, at == 0)?;
            for fact in &section.facts {
                terminal::fact(fact.level.word(), &fact.text)?;
            }
        }
    }
    Ok(if is_wrong { Verdict::Bad } else { Verdict::Good })
}

impl Level {
    fn word(self) -> &'static str {
        match self {
            Level::Good => "ok",
            Level::Warning => "warning",
            Level::Wrong => "error",
        }
    }
}

fn as_json(sections: &[Section], worker: Option<&Worker>, is_wrong: bool) -> Value {
    let sections: Vec<Value> = sections
        .iter()
        .map(|section| {
            let facts: Vec<Value> =
                section.facts.iter().map(|fact| json!({ "level": fact.level.word(), "text": fact.text })).collect();
            json!({ "title": section.title, "facts": facts })
        })
        .collect();
    let variables = |worker: &Worker| {
        let variables = worker.variables.iter();
        let variables = variables.map(|(name, variable)| (name.clone(), json!(variable.file)));
        Value::Object(variables.collect())
    };
    json!({ "healthy": !is_wrong, "sections": sections, "worker": worker.map(variables) })
}
