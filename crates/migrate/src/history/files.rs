//! The folder of migrations.

use super::checksum;
use crate::error::Error;
use lenslet_core::catalog::Provider;
use lenslet_sql::ddl::Dialect;
use std::fmt;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

/// A migration, as its files say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migration {
    /// The name of its folder: the moment it was made at, and what it is for.
    pub name: String,
    /// Its SQL.
    pub script: String,
    /// What it stands for since a history was folded into it.
    pub replaces: Vec<Replaced>,
}

/// A migration that another one stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replaced {
    /// Its name.
    pub name: String,
    /// Those that it stood for itself.
    pub stood_for: Vec<String>,
}

impl Migration {
    /// A migration that stands for itself.
    pub fn new(name: &str, script: &str) -> Self {
        Self { name: name.to_owned(), script: script.to_owned(), replaces: Vec::new() }
    }

    /// Its statements, one by one, without comments before them.
    pub fn statements(&self, dialect: Dialect) -> Vec<&str> {
        super::transactional::statements(dialect, &self.script)
    }

    /// How it is listed in the file `replaces` of a migration that comes to stand for it.
    pub fn as_replaced(&self) -> Replaced {
        let leaves = |it: &Replaced| match it.stood_for.as_slice() {
            [] => vec![it.name.clone()],
            names => names.to_vec(),
        };
        Replaced { name: self.name.clone(), stood_for: self.replaces.iter().flat_map(leaves).collect() }
    }

    /// SHA-256 of the script.
    pub fn checksum(&self) -> String {
        checksum::of(&self.script)
    }

    /// Whether the script is still the one with that checksum.
    pub fn is(&self, checksum: &str) -> bool {
        checksum::is_of(checksum, &self.script)
    }
}

/// Every migration of a folder, oldest first. A folder that does not exist holds none.
pub fn read(folder: &Path, provider: Provider) -> Result<Vec<Migration>, Error> {
    let unreadable = |source| Error::Unreadable { path: folder.to_owned(), source };
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(unreadable)?,
    };
    check_lock(folder, provider)?;
    let mut migrations = Vec::new();
    for entry in entries {
        let path = entry.map_err(unreadable)?.path();
        if path.is_dir() {
            migrations.push(migration(&path)?);
        }
    }
    migrations.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(migrations)
}

fn migration(folder: &Path) -> Result<Migration, Error> {
    let path = folder.join("migration.sql");
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let replaces = text(&folder.join("replaces"))?.unwrap_or_default().lines().filter_map(Replaced::parse).collect();
    match text(&path)? {
        Some(script) => Ok(Migration { name, script, replaces }),
        None => Err(Error::MissingScript(path)),
    }
}

/// A line of the file `replaces`: a name, or a name, a colon, and those that it stood for.
impl Replaced {
    /// Reads a line; empty ones say nothing.
    pub(crate) fn parse(line: &str) -> Option<Self> {
        let (name, stood_for) = line.split_once(':').unwrap_or((line, ""));
        let name = name.trim().to_owned();
        let stood_for = stood_for.split_whitespace().map(str::to_owned).collect();
        (!name.is_empty()).then_some(Self { name, stood_for })
    }
}

impl fmt::Display for Replaced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.stood_for.as_slice() {
            [] => f.write_str(&self.name),
            names => write!(f, "{}: {}", self.name, names.join(" ")),
        }
    }
}

/// For which database the migrations of a folder are written, where its `migration_lock.toml` says it.
pub fn provider(folder: &Path) -> Option<Provider> {
    let lock = text(&folder.join("migration_lock.toml")).ok()??;
    let name = locked_provider(&lock)?;
    let all = [Provider::Sqlite, Provider::Postgresql, Provider::Mysql, Provider::Cockroachdb, Provider::Sqlserver];
    all.into_iter().find(|it| it.name() == name)
}

/// A history is written in one database's words and must not be played to another.
fn check_lock(folder: &Path, provider: Provider) -> Result<(), Error> {
    let lock = text(&folder.join("migration_lock.toml"))?.unwrap_or_default();
    match locked_provider(&lock) {
        Some(found) if found != provider.name() => {
            Err(Error::OtherProvider { found: found.to_owned(), wanted: provider.name() })
        }
        _ => Ok(()),
    }
}

/// The one line that a lock file holds besides comments.
pub(crate) fn locked_provider(lock: &str) -> Option<&str> {
    let mut lines = lock.lines().map(str::trim);
    let value = lines.find_map(|line| line.strip_prefix("provider")?.trim_start().strip_prefix('='))?;
    let name = value.trim().trim_matches('"');
    Some(if name == "postgres" { "postgresql" } else { name })
}

#[expect(clippy::disallowed_methods, reason = "a history is files")]
fn text(path: &Path) -> Result<Option<String>, Error> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Error::Unreadable { path: path.to_owned(), source }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_names_the_provider() {
        let lock = "# Please do not edit this file manually\nprovider = \"sqlite\"\n";
        assert_eq!(locked_provider(lock), Some("sqlite"));
        assert_eq!(locked_provider("provider=\"postgres\""), Some("postgresql"));
        assert_eq!(locked_provider(""), None);
    }

    #[test]
    fn folders_are_migrations() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["2_b", "1_a", "3_c"] {
            fs::create_dir(folder.path().join(name)).expect("a folder");
        }
        fs::File::create(folder.path().join("migration_lock.toml")).expect("a file");
        let result = read(folder.path(), Provider::Sqlite);
        assert!(matches!(result, Err(Error::MissingScript(_))), "{result:?}");
        for name in ["2_b", "1_a", "3_c"] {
            fs::File::create(folder.path().join(name).join("migration.sql")).expect("a file");
        }
        let found = read(folder.path(), Provider::Sqlite).expect("a history");
        let names: Vec<_> = found.iter().map(|migration| migration.name.as_str()).collect();
        assert_eq!(names, ["1_a", "2_b", "3_c"]);
        assert_eq!(read(&folder.path().join("none"), Provider::Sqlite).expect("no folder"), Vec::new());
    }
}
