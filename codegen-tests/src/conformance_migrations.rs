//! Real histories of migrations, applied to empty databases and compared with the schemas beside them.
//!
//! The histories are not part of the repository; where their folder is missing there is nothing to compare.

use crate::postgresql_server::Server;
use crate::schema_conformance::folder;
use lenslet::{SourceFile, Sources, check};
use lenslet_core::catalog::{Catalog, Provider};
use lenslet_migrate::history::{self, Migration};
use lenslet_migrate::{Database, Error, describe, diff};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// What became of one history.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The project.
    pub name: String,
    /// Its database.
    pub provider: Provider,
    /// How many migrations there are.
    pub migrations: usize,
    /// How many were applied.
    pub applied: usize,
    /// The migrations that their database refuses, and what it says.
    pub refused: Vec<(String, String)>,
    /// Whether nothing is left to do, once the refused ones are recorded as applied.
    pub is_clean: bool,
    /// What the schema wants otherwise than the migrations made it.
    pub differences: Vec<String>,
}

/// The table that people read.
pub fn table(outcomes: &[Outcome]) -> String {
    let mut out = format!(
        "{:<28} {:<12} {:>10} {:>8} {:>7} {:>12}\n",
        "history", "database", "migrations", "applied", "status", "differences"
    );
    for it in outcomes {
        let status = if it.is_clean { "clean" } else { "unclean" };
        let (provider, differences) = (it.provider.name(), it.differences.len());
        let _ = writeln!(
            out,
            "{:<28} {provider:<12} {:>10} {:>8} {status:>7} {differences:>12}",
            it.name, it.migrations, it.applied
        );
    }
    out
}

/// Every history of a database that Lenslet migrates, by name.
pub fn histories() -> Vec<(String, Provider, Vec<Migration>)> {
    let Ok(found) = fs::read_dir(folder().join("../migrations")) else {
        return Vec::new();
    };
    let mut folders: Vec<PathBuf> = found.flatten().map(|it| it.path()).filter(|it| it.is_dir()).collect();
    folders.sort();
    folders.iter().filter_map(|folder| read(folder)).collect()
}

fn read(folder: &Path) -> Option<(String, Provider, Vec<Migration>)> {
    let name = folder.file_name()?.to_str()?.to_owned();
    let history = |provider| Some((name.clone(), provider, history::read(folder, provider).ok()?));
    history(Provider::Postgresql).or_else(|| history(Provider::Sqlite))
}

/// The names of all schemas.
pub fn schemas() -> Vec<String> {
    let found = fs::read_dir(folder().join("../schemas")).into_iter().flatten().flatten().map(|it| it.path());
    let found = found.filter(|it| it.is_dir() || it.extension().is_some_and(|it| it == "prisma"));
    let name = |path: PathBuf| {
        let name = if path.is_dir() { path.file_name() } else { path.file_stem() };
        name.map(|it| it.to_string_lossy().into_owned())
    };
    let mut names: Vec<_> = found.filter_map(name).collect();
    names.sort();
    names
}

/// The schema of that name: a file, or a folder of files.
pub fn schema(name: &str) -> Option<Catalog> {
    let beside = folder().join("../schemas");
    let file = beside.join(format!("{name}.prisma"));
    let mut paths = if file.exists() { vec![file] } else { files(&beside.join(name)) };
    paths.sort();
    let read = |path: &PathBuf| {
        Some(SourceFile { name: path.file_name()?.to_str()?.to_owned(), text: fs::read_to_string(path).ok()? })
    };
    let files: Vec<_> = paths.iter().filter_map(read).collect();
    Some(check(&Sources::new(files)).schema?.catalog)
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|it| it.path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// Applies a history to an empty database. A migration that the database refuses is recorded as applied, as someone would do
/// who finds out that it was never meant for this database, and the rest goes on.
///
/// # Errors
/// When the database cannot be used at all.
pub fn play(name: &str, provider: Provider, migrations: &[Migration], place: &Place<'_>) -> Result<Outcome, Error> {
    let (mut database, _) = Database::create(&place.url(name))?;
    let mut refused = Vec::new();
    // A migration may take back the record of another one, which a second deployment then applies again.
    let mut left = 2;
    while left > 0 && !database.status(migrations)?.is_clean() {
        match database.deploy(migrations) {
            Ok(_) => left -= 1,
            Err(Error::MigrationFailed { name, source, line, .. }) => {
                let line = line.map(|line| format!("line {line}: ")).unwrap_or_default();
                database.mark_applied(migrations, &name)?;
                refused.push((name, format!("{line}{source}")));
            }
            Err(error) => return Err(error),
        }
    }
    let status = database.status(migrations)?;
    let differences = match schema(name) {
        Some(catalog) => differences(&mut database, &catalog)?,
        None => vec!["the schema is not valid".to_owned()],
    };
    Ok(Outcome {
        name: name.to_owned(),
        provider,
        migrations: migrations.len(),
        applied: status.applied.len() - refused.len(),
        refused,
        is_clean: status.is_clean(),
        differences,
    })
}

/// What would have to change for a database to be what a schema says, a line each.
///
/// # Errors
/// When the database fails.
pub fn differences(database: &mut Database, catalog: &Catalog) -> Result<Vec<String>, Error> {
    let namespaces: Vec<_> = catalog.schemas.iter().map(ToString::to_string).collect();
    let found = database.describe(&namespaces)?;
    let difference = diff(database.dialect(), &found, &describe(catalog)?);
    Ok(difference.changes.iter().map(ToString::to_string).collect())
}

/// Where empty databases come from.
pub enum Place<'s> {
    /// Files in a folder.
    Folder(TempDir),
    /// A server.
    Server(&'s Server),
}

impl Place<'_> {
    /// The URL of a database that does not exist yet.
    pub fn url(&self, name: &str) -> String {
        match self {
            Place::Folder(folder) => format!("file:{}", folder.path().join(name).with_extension("db").display()),
            Place::Server(server) => server.url(name, ""),
        }
    }
}
