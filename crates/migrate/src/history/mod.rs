//! Migrations kept as files, and which of them a database has seen.
//!
//! Folders, table and checksums are Prisma's: `migrations/<timestamp>_<name>/migration.sql`, `migration_lock.toml`,
//! `_prisma_migrations`. A project can move in with its history, and out again.

mod checksum;
mod deploy;
mod files;
mod resolve;
mod status;
mod transactional;

pub use deploy::{Deployed, deploy};
pub use files::{Migration, read};
pub use resolve::{mark_applied, mark_rolled_back};
pub use status::{Status, status};

use crate::error::Error;
use crate::sqlite;
use lenslet_sql::ddl::DatabaseSchema;
use rusqlite::Connection;

/// What a database holds after these migrations, found out on a scratch database in memory.
pub fn structure(migrations: &[Migration]) -> Result<DatabaseSchema, Error> {
    let scratch = Connection::open_in_memory()?;
    for migration in migrations {
        scratch
            .execute_batch(&migration.script)
            .map_err(|source| Error::MigrationFailed { name: migration.name.clone(), source })?;
    }
    Ok(sqlite::introspect(&scratch)?)
}
