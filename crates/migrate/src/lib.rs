//! Bring databases to what a schema says: describe both, compare, change.
//!
//! [`push`](push()) does all of it at once. The parts are there for tools: [`describe`](describe()) says what a schema asks
//! for, [`Database::describe`] what a database has, [`diff`](diff()) how to get from one to the other, and
//! [`lenslet_sql::ddl`] writes that down as SQL. [`history`] keeps and applies migrations as files.
//!
//! A [`Database`] is opened by its URL and is the same for every provider. All of its methods wait for the database; they may
//! be called within an asynchronous runtime, on a thread that may wait.
//!
//! ```no_run
//! # fn main() -> Result<(), lenslet_migrate::Error> {
//! # let catalog: lenslet_core::catalog::Catalog = lenslet_core::catalog::Catalog {
//! #     provider: lenslet_core::catalog::Provider::Sqlite, relation_mode: lenslet_core::catalog::RelationMode::ForeignKeys,
//! #     schemas: [].as_slice().into(), extensions: [].as_slice().into(), models: [].as_slice().into(),
//! #     enums: [].as_slice().into(), relations: [].as_slice().into(),
//! # };
//! use lenslet_migrate::{PushOptions, push};
//!
//! push("file:dev.db", &catalog, PushOptions::default())?;
//! assert!(push("file:dev.db", &catalog, PushOptions::default())?.was_in_sync());
//! # Ok(())
//! # }
//! ```
//!
//! A provider joins with a folder of its own beside `sqlite` and `postgresql` (a `Session`: reading its structure, running
//! scripts, keeping its history), a file in [`describe`](describe()) (its types) and a file in [`lenslet_sql::ddl`] (its
//! words); pushing, deploying and comparing are written once.

mod database;
mod describe;
mod diff;
mod embed;
mod error;
mod failure;
mod findings;
pub mod history;
mod postgresql;
mod push;
mod session;
mod sqlite;

pub use database::{Database, Scratch};
pub use describe::{describe, dialect};
pub use diff::{
    Difference, Rename, RenameError, Risk, ask_renames, diff, diff_renamed, likely_renames, reconcile, renames,
    reversed, turns, unknown_variants,
};
pub use embed::Embedded;
pub use error::{Error, Findings};
pub use failure::Failure;
/// Takes a folder of migrations, relative to `Cargo.toml`, into the program: an [`Embedded`].
///
/// Cargo compiles again when a script changes. That a migration was added it notices with this `build.rs`:
///
/// ```
/// // The body of `main`:
/// println!("cargo::rerun-if-changed=migrations");
/// ```
///
/// A folder that is not there is an error when the program is compiled, and so is one that holds something else:
///
/// ```compile_fail
/// static MIGRATIONS: lenslet_migrate::Embedded = lenslet_migrate::embed!("no/such/folder");
/// ```
/// ```compile_fail
/// static MIGRATIONS: lenslet_migrate::Embedded = lenslet_migrate::embed!("../migrate-macros/src");
/// ```
pub use lenslet_migrate_macros::embed;
pub use push::{Finding, PushOptions, Pushed, push};
pub use session::{Record, RecordState, Row};
