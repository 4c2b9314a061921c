//! `lenslet migrate squash`.

use std::fs;
use std::path::Path;

use lenslet_migrate::diff;
use lenslet_migrate::history::Migration;
use lenslet_sql::ddl::{DatabaseSchema, Dialect, script};
use serde_json::json;

use super::new_migration::{self, Files};
use crate::cli::error::Error;
use crate::cli::project::{Project, ProjectArguments, shown};
use crate::cli::{Outcome, Verdict, terminal};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lenslet migrate squash                     One script that makes the same tables
  lenslet migrate squash --verbatim          One script with every statement of the old ones
  lenslet migrate squash --name baseline

The new migration has a file `replaces` that lists the old ones, whose folders are removed. A database that has seen all of \
them takes the new one as applied without running it; an empty one runs it; one that has seen a part of them is refused. \
It stops when the old scripts hold statements that the structure does not show (rows, views, functions, triggers, …): \
--verbatim keeps all statements. Needs no database but, except for SQLite, a server for the scratch database.")]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    project: ProjectArguments,
    /// What the migration is called
    #[arg(long, short, value_name = "NAME", default_value = "squashed")]
    name: String,
    /// Put the old scripts after one another, instead of one that makes the same tables
    #[arg(long)]
    verbatim: bool,
    /// Where migrations are tried; everything in it is dropped
    #[arg(long, value_name = "URL")]
    shadow_database_url: Option<String>,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let project = Project::load(&arguments.project)?;
    let (folder, migrations) = (project.migrations_folder(), project.migrations()?);
    if migrations.len() < 2 {
        return Err(Error::CannotSquash(format!("`{}` holds no two migrations", shown(&folder))));
    }
    let up = if arguments.verbatim { joined(&migrations) } else { folded(arguments, &project, &migrations)? };
    let replaces: String = migrations.iter().map(|it| format!("{}\n", it.as_replaced())).collect();
    let last = migrations.last().and_then(|it| it.name.get(..14)).unwrap_or_default();
    let name = format!("{last}_{}", new_migration::slug(&arguments.name)?);
    if migrations.iter().any(|it| it.name == name) {
        return Err(Error::CannotSquash(format!("there is a migration `{name}` already; choose another `--name`")));
    }
    let files = Files { up: &up, down: None, replaces: Some(&replaces) };
    let new = new_migration::write(&folder, project.schema.datasource.provider, &name, &files)?;
    migrations.iter().try_for_each(|it| remove(&folder.join(&it.name)))?;
    if arguments.project.json {
        terminal::json(&json!({ "migration": shown(&new), "replaces": replaces.lines().collect::<Vec<_>>() }))?;
    } else {
        let old = terminal::counted(migrations.len(), "migration");
        terminal::answer(&format!("Wrote `{}`, which replaces {old}", shown(&new)))?;
    }
    Ok(Verdict::Good)
}

/// Every statement, in order.
fn joined(migrations: &[Migration]) -> String {
    let scripts: Vec<String> =
        migrations.iter().map(|it| format!("-- {}\n{}\n", it.name, it.script.trim_end())).collect();
    scripts.join("\n")
}

/// A script that makes the same structure of an empty database, which is tried.
fn folded(arguments: &Arguments, project: &Project, migrations: &[Migration]) -> Result<String, Error> {
    let dialect = project.dialect()?;
    let beyond: Vec<String> = migrations.iter().filter_map(|it| beyond_structure(dialect, it)).collect();
    if !beyond.is_empty() {
        return Err(Error::CannotSquash(format!(
            "some migrations do what the structure does not show:\n{}\nkeep all statements with `--verbatim`",
            beyond.join("\n")
        )));
    }
    // Without a scratch database of its own, one is made beside the project's.
    let url = project.url();
    let scratch = project.scratch(arguments.shadow_database_url.as_deref(), url.as_ref().ok())?;
    let structure = project.after(migrations, &scratch)?;
    let changes = diff(dialect, &DatabaseSchema::default(), &structure).changes;
    let up = script(dialect, &changes).to_string();
    let tried = project.after(&[Migration::new("squashed", &up)], &scratch)?;
    let left = diff(dialect, &tried, &structure);
    if !left.is_empty() {
        let left: Vec<String> = left.changes.iter().map(|change| format!("  - {change}")).collect();
        return Err(Error::CannotSquash(format!(
            "one script cannot make the same tables:\n{}\nkeep all statements with `--verbatim`",
            left.join("\n")
        )));
    }
    Ok(up)
}

/// The first statement of a migration that leaves no trace in what is compared, or more than its trace.
fn beyond_structure(dialect: Dialect, migration: &Migration) -> Option<String> {
    let statement = migration.statements(dialect).into_iter().find(|it| !is_structural(it))?;
    let statement: Vec<&str> = statement.split_whitespace().take(6).collect();
    Some(format!("  - {}: {} …", migration.name, statement.join(" ")))
}

fn is_structural(statement: &str) -> bool {
    // Nulls that were filled before a column became required: on an empty database there are none.
    let upper = statement.to_ascii_uppercase();
    if upper.starts_with("UPDATE ") && upper.ends_with(" IS NULL") {
        return true;
    }
    let words: Vec<String> = statement.split_whitespace().take(4).map(str::to_ascii_uppercase).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["CREATE", "TABLE" | "INDEX" | "TYPE" | "SCHEMA" | "EXTENSION", ..] | ["CREATE", "UNIQUE", "INDEX", ..] => true,
        ["ALTER", "TABLE" | "TYPE" | "INDEX", ..] => true,
        ["DROP", "TABLE" | "INDEX" | "TYPE" | "SCHEMA", ..] => true,
        // What SQLite's tables are built again with, and what surrounds it.
        ["INSERT", "INTO", table, ..] => table.trim_matches(['"', '`']).starts_with("NEW_"),
        ["PRAGMA" | "BEGIN" | "COMMIT" | "BEGIN;" | "COMMIT;", ..] => true,
        [] => true,
        _ => false,
    }
}

fn remove(folder: &Path) -> Result<(), Error> {
    fs::remove_dir_all(folder).map_err(|source| Error::Write { path: folder.to_path_buf(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_structure_does_not_show_is_found() {
        for statement in [
            "CREATE TABLE a (id INT)",
            "create unique index x on a (id)",
            "ALTER TABLE a ADD COLUMN b INT",
            "INSERT INTO \"new_a\" (id) SELECT id FROM a",
            "PRAGMA foreign_keys=OFF",
            "UPDATE \"a\" SET \"b\" = 1 WHERE \"b\" IS NULL",
        ] {
            assert!(is_structural(statement), "{statement}");
        }
        for statement in
            ["INSERT INTO a VALUES (1)", "UPDATE a SET b = 1", "CREATE VIEW v AS SELECT 1", "DO $$ BEGIN END $$"]
        {
            assert!(!is_structural(statement), "{statement}");
        }
    }
}
