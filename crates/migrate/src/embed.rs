//! Migrations that are a part of a program.

use crate::database::is_postgresql;
use crate::error::Error;
use crate::history::{self, Deployed, Migration, Replaced};

/// The migrations of a folder, taken into the program by [`embed!`](crate::embed!).
///
/// ```no_run
/// use lenslet_migrate::{Embedded, embed};
///
/// // The folder, as seen from `Cargo.toml`.
/// static MIGRATIONS: Embedded = embed!("tests/embed");
///
/// # fn main() -> Result<(), lenslet_migrate::Error> {
/// let deployed = MIGRATIONS.deploy("file:app.db")?;
/// println!("{} migrations applied", deployed.applied.len());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Embedded {
    lock: &'static str,
    files: &'static [(&'static str, &'static str, &'static str)],
}

impl Embedded {
    /// What [`embed!`](crate::embed!) writes: the text of `migration_lock.toml`; of each migration its name, its script and
    /// the text of its file `replaces`.
    pub const fn new(lock: &'static str, files: &'static [(&'static str, &'static str, &'static str)]) -> Self {
        Self { lock, files }
    }

    /// The migrations, oldest first.
    pub fn migrations(&self) -> Vec<Migration> {
        let migration = |(name, script, replaces): &(&str, &str, &str)| Migration {
            replaces: replaces.lines().filter_map(Replaced::parse).collect(),
            ..Migration::new(name, script)
        };
        self.files.iter().map(migration).collect()
    }

    /// Applies those that the database has not seen, as `lenslet migrate deploy` does. Many processes may do so at once when
    /// they start: each migration is applied by one of them, and the others wait for it.
    ///
    /// Waits for the database; within an asynchronous runtime, call it in `spawn_blocking`.
    ///
    /// # Errors
    /// When a migration fails or has failed before, when they are written for another database, or when it fails.
    pub fn deploy(&self, url: &str) -> Result<Deployed, Error> {
        let wanted = if is_postgresql(url) { "postgresql" } else { "sqlite" };
        match history::locked_provider(self.lock) {
            Some(found) if found != wanted => Err(Error::OtherProvider { found: found.to_owned(), wanted }),
            _ => history::deploy(url, &self.migrations()),
        }
    }
}
