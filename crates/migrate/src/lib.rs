//! Bring databases to what a schema says: describe both, compare, change.
//!
//! [`push`](push()) does all of it at once. The parts are there for tools: [`describe`](describe()) says what a schema asks
//! for, [`sqlite::introspect`] what a database has, [`diff`](diff()) how to get from one to the other, and
//! [`lenslet_sql::ddl`] writes that down as SQL. [`history`] keeps and applies migrations as files.
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
//! A database joins with a folder of its own beside `sqlite` (reading its structure, asking its rows, applying), a file in
//! [`describe`](describe()) (its types) and a file in [`lenslet_sql::ddl`] (its words); what is compared is the same for all.

mod describe;
mod diff;
mod error;
pub mod history;
mod push;
pub mod sqlite;

pub use describe::{describe, dialect};
pub use diff::{Difference, Risk, diff, reconcile};
pub use error::{Error, Findings};
pub use push::{Finding, PushOptions, Pushed, push};
