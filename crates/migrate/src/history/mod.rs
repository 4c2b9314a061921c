//! Migrations kept as files, and which of them a database has seen.
//!
//! Folders, table and checksums are Prisma's: `migrations/<timestamp>_<name>/migration.sql`, `migration_lock.toml`,
//! `_prisma_migrations`. A project can move in with its history, and out again.

mod checksum;
mod deploy;
mod down;
mod files;
mod resolve;
mod status;
mod transactional;

pub use deploy::{Deployed, deploy};
pub(crate) use files::locked_provider;
pub use files::{Migration, Replaced, provider, read};
pub use resolve::{mark_applied, mark_rolled_back};
pub use status::{Status, status};

use crate::database::{Database, line};
use crate::error::Error;
use lenslet_sql::ddl::DatabaseSchema;

/// What a database holds after these migrations, found out on an empty one (see [`Database::scratch`]), which must be of the
/// provider that they are written for.
///
/// # Errors
/// When one of them fails.
pub fn structure(
    scratch: &mut Database,
    migrations: &[Migration],
    namespaces: &[String],
) -> Result<DatabaseSchema, Error> {
    for migration in migrations {
        deploy::run(&mut *scratch.session, migration).map_err(|source| Error::MigrationFailed {
            name: migration.name.clone(),
            line: line(&source, &migration.script),
            undone: true,
            source,
        })?;
    }
    scratch.describe(namespaces)
}
