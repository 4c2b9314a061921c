//! `lenslet migrate dev`.

use lenslet_migrate::history::{Migration, Status};
use lenslet_migrate::{Database, Finding, Risk, diff, diff_renamed, reversed, unknown_variants};
use serde_json::{Value, json};

use super::new_migration::{self, Files};
use super::{deploy, down, reset};
use crate::cli::database_url::DatabaseUrl;
use crate::cli::error::Error;
use crate::cli::generate::{self, Generated};
use crate::cli::project::{Project, ProjectArguments, ScratchUrl, shown};
use crate::cli::renames::Renames;
use crate::cli::{Outcome, Verdict, db_seed, terminal};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lenslet migrate dev --name add-posts
  lenslet migrate dev                                 Applies what is pending, may ask for a name
  lenslet migrate dev --name backfill --create-only   Writes it for editing
  lenslet migrate dev --name full-name --rename User.name=fullName

For a database of one's own. It compares the database with what its migrations make of an empty one (drift), \
applies what is pending, writes a migration for what is left to do, applies it, and generates the client. \
Migrations are tried on a scratch database: in memory for SQLite, else a new one on the same server, or that of \
`shadowDatabaseUrl`. Where nobody can be asked, nothing is: it fails and says which flag decides.")]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    project: ProjectArguments,
    /// What the migration is for
    #[arg(long, short, value_name = "NAME")]
    name: Option<String>,
    /// Write the migration, and do not apply it
    #[arg(long)]
    create_only: bool,
    /// Lose rows and values for which the schema has no place any more
    #[arg(long)]
    accept_data_loss: bool,
    #[command(flatten)]
    renames: Renames,
    /// Do not generate the client afterwards
    #[arg(long)]
    skip_generate: bool,
    /// Do not fill a database that had to be reset
    #[arg(long)]
    skip_seed: bool,
    /// Where migrations are tried; everything in it is dropped
    #[arg(long, value_name = "URL")]
    shadow_database_url: Option<String>,
}

/// What was done.
#[derive(Default)]
struct Done {
    created_database: bool,
    was_reset: bool,
    applied: Vec<String>,
    written: Option<String>,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let project = Project::load(&arguments.project)?;
    let mut work = Work::begin(arguments, &project)?;
    let reasons = work.divergence()?;
    if !reasons.is_empty() {
        if !may_reset(&work.url, reasons)? {
            return Ok(Verdict::Cancelled);
        }
        reset::empty(&project, &work.url)?;
        work.done.was_reset = true;
    }
    work.apply_pending()?;
    if !work.write_next()? {
        return Ok(Verdict::Cancelled);
    }
    if !arguments.create_only {
        work.apply_pending()?;
    }
    if !arguments.project.json {
        work.say()?;
    }
    let skip_generate = arguments.skip_generate || arguments.create_only;
    let clients = if skip_generate { Vec::new() } else { generate::after_change(&project)? };
    if !arguments.project.json {
        clients.iter().try_for_each(Generated::say)?;
    }
    let needs_seed = work.done.was_reset && !arguments.skip_seed;
    let seeded = needs_seed && db_seed::after_reset(&project, arguments.project.json)?;
    if arguments.project.json {
        terminal::json(&work.as_json(&clients, seeded))?;
    }
    Ok(Verdict::Good)
}

struct Work<'p> {
    arguments: &'p Arguments,
    project: &'p Project,
    url: DatabaseUrl,
    scratch: ScratchUrl,
    migrations: Vec<Migration>,
    done: Done,
}

impl<'p> Work<'p> {
    fn begin(arguments: &'p Arguments, project: &'p Project) -> Result<Self, Error> {
        let url = project.url()?;
        let scratch = project.scratch(arguments.shadow_database_url.as_deref(), Some(&url))?;
        let migrations = project.migrations()?;
        let (_, created_database) = Database::create(url.as_str()).map_err(url.failure())?;
        let done = Done { created_database, ..Done::default() };
        Ok(Self { arguments, project, url, scratch, migrations, done })
    }

    /// Why the database is not what its history says.
    fn divergence(&self) -> Result<Vec<String>, Error> {
        let mut database = Database::open(self.url.as_str()).map_err(self.url.failure())?;
        let status = database.status(&self.migrations).map_err(self.url.failure())?;
        let reasons = of_history(&status);
        if !reasons.is_empty() {
            return Ok(reasons);
        }
        let seen: Vec<Migration> =
            self.migrations.iter().filter(|it| status.applied.contains(&it.name)).cloned().collect();
        terminal::progress("Comparing the database with its history");
        let expected = self.project.after(&seen, &self.scratch)?;
        let found = database.describe(&self.project.namespaces()).map_err(self.url.failure())?;
        let drift = diff(self.project.dialect()?, &expected, &found);
        Ok(drift.changes.iter().map(|change| format!("  - changed without a migration: {change}")).collect())
    }

    fn apply_pending(&mut self) -> Result<(), Error> {
        let deployed = deploy::apply(&self.url, &self.migrations)?;
        self.done.applied.extend(deployed.applied);
        Ok(())
    }

    /// Writes the migration that is missing between the history and the schema. Says no if someone did.
    fn write_next(&mut self) -> Result<bool, Error> {
        let before = self.project.after(&self.migrations, &self.scratch)?;
        let wanted = self.project.wanted()?;
        let dialect = self.project.dialect()?;
        let renames = self.arguments.renames.decide(dialect, &before, &wanted, &self.project.schema.catalog)?;
        let difference = diff_renamed(dialect, &before, &wanted, &renames).filling();
        let unknown = unknown_variants(dialect, &before, &self.project.schema.catalog, &renames);
        if difference.is_empty() && !self.arguments.create_only {
            return self.may_change(&unknown);
        }
        if !self.may_change(&[&difference.risks[..], &unknown].concat())? {
            return Ok(false);
        }
        let name = self.next_name()?;
        let up = if difference.is_empty() {
            "-- This is an empty migration.\n".to_owned()
        } else {
            difference.migration(dialect)
        };
        let backward = diff_renamed(dialect, &wanted, &before, &reversed(&renames)).filling();
        let down = down::script(dialect, &difference, &backward);
        let files = Files { up: &up, down: down.as_deref(), replaces: None };
        let provider = self.project.schema.datasource.provider;
        let folder = new_migration::write(&self.project.migrations_folder(), provider, &name, &files)?;
        self.done.written = Some(shown(&folder));
        self.migrations = self.project.migrations()?;
        Ok(true)
    }

    /// Asks the rows what the change costs, and whoever is there whether to pay.
    fn may_change(&self, risks: &[Risk]) -> Result<bool, Error> {
        let mut database = Database::open(self.url.as_str()).map_err(self.url.failure())?;
        let findings = database.findings(risks).map_err(self.url.failure())?;
        if self.arguments.create_only {
            findings.iter().for_each(|finding| terminal::warning(&finding.to_string()));
            return Ok(true);
        }
        let (impossible, losses): (Vec<Finding>, Vec<Finding>) =
            findings.into_iter().partition(|finding| finding.risk.is_prohibitive());
        if !impossible.is_empty() {
            return Err(Error::ImpossibleChange { findings: lines(&impossible) });
        }
        losses.iter().for_each(|finding| terminal::warning(&finding.to_string()));
        if losses.is_empty() || self.arguments.accept_data_loss {
            return Ok(true);
        }
        if !terminal::is_interactive() {
            return Err(Error::NobodyToAsk {
                what: "the migration would lose data".to_owned(),
                instead: "say `--accept-data-loss` to lose it, or `--create-only` to write the migration and edit it first",
            });
        }
        terminal::confirm("Write and apply the migration?")
    }

    fn next_name(&self) -> Result<String, Error> {
        let slug = match &self.arguments.name {
            Some(name) => new_migration::slug(name)?,
            None if terminal::is_interactive() => new_migration::slug(&terminal::ask("What is the migration for?")?)?,
            None => {
                return Err(Error::NobodyToAsk {
                    what: "the schema has changed, and the migration needs a name".to_owned(),
                    instead: "say what it is for: `lenslet migrate dev --name add-posts`",
                });
            }
        };
        Ok(new_migration::name(&slug, &self.migrations))
    }

    fn as_json(&self, clients: &[Generated], seeded: bool) -> Value {
        json!({
            "database": self.url.shown(),
            "created": self.done.created_database,
            "reset": self.done.was_reset,
            "migration": self.done.written,
            "applied": self.done.applied,
            "clients": generate::all_as_json(clients),
            "seeded": seeded,
        })
    }

    fn say(&self) -> Result<(), Error> {
        let done = &self.done;
        if done.created_database {
            terminal::answer(&format!("Created the database `{}`", self.url.shown()))?;
        }
        if let Some(folder) = &done.written {
            terminal::answer(&format!("Wrote `{folder}`"))?;
        }
        for name in &done.applied {
            terminal::answer(&format!("Applied `{name}`"))?;
        }
        if done.written.is_none() && done.applied.is_empty() {
            terminal::answer(&format!("The database `{}` is in sync with the schema", self.url.shown()))?;
        }
        Ok(())
    }
}

fn lines(findings: &[Finding]) -> Vec<String> {
    findings.iter().map(|finding| format!("  - {finding}")).collect()
}

fn of_history(status: &Status) -> Vec<String> {
    let failed = status.failed.iter().map(|record| format!("  - began and did not end: `{}`", record.name));
    let edited = status.edited.iter().map(|name| format!("  - edited after it was applied: `{name}`"));
    let missing = status.missing.iter().map(|name| format!("  - applied, and not in the folder: `{name}`"));
    failed.chain(edited).chain(missing).collect()
}

fn may_reset(url: &DatabaseUrl, reasons: Vec<String>) -> Result<bool, Error> {
    if !terminal::is_interactive() {
        return Err(Error::Diverged { reasons });
    }
    terminal::warning(&format!("the database and the history do not agree:\n{}", reasons.join("\n")));
    terminal::confirm(&format!("Drop everything in `{}`, rows included, and apply all migrations?", url.shown()))
}
