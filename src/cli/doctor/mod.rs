//! `lenslet doctor`.

mod database;
mod dotenv;
mod pool;
mod variables;
mod wrangler;

use serde_json::{Value, json};

use super::project::{Project, ProjectArguments};
use super::{Outcome, Verdict, terminal};
use wrangler::{Call, Worker};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lenslet doctor
  lenslet doctor --env staging     The Worker as `wrangler dev --env staging` runs it
  lenslet doctor --offline         Without the database
  lenslet doctor --json

Says which file feeds which variable of the command line, of a program, and of the Worker; what of it would leak into the Worker; \
what a pool here would do; whether the database answers, its version, its TLS, its connections against those of client and \
pool, and pending migrations. No value is shown. Exit code 0 when nothing is wrong, else 1; warnings are not wrong.")]
pub(super) struct Arguments {
    #[command(flatten)]
    project: ProjectArguments,
    /// Do not connect to the database
    #[arg(long)]
    offline: bool,
    #[command(flatten)]
    call: Call,
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
    let worker = Worker::load(&arguments.call)?;
    let mut sections = vec![variables::of_command_line(&project), variables::of_program(&project)];
    sections.extend(worker.as_ref().map(|it| variables::of_worker(it, &project)));
    let pool = pool::configuration();
    sections.extend(pool.as_ref().map(pool::section));
    if !arguments.offline {
        let connections = pool.and_then(Result::ok).and_then(|it| it.limits.connections);
        sections.push(database::section(&project, connections));
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
        let variables = variables.map(|(name, variable)| (name.clone(), json!(variable.source.name())));
        Value::Object(variables.collect())
    };
    json!({ "healthy": !is_wrong, "sections": sections, "worker": worker.map(variables) })
}
