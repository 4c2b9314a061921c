//! The native engine of Lenslet: drivers, transactions, rows. It is the runtime `rt` of generated native clients.
//!
//! A query becomes a plan (cached by shape), a plan runs on a connection, rows come back as one arena of bytes, a
//! [`forest`]. Each database has a folder of its own (`sqlite`); what is the same for all is beside it: `cache` and `plans`,
//! `inputs` of statements, `defaults` of columns, the order of the steps of a `write`, the `timer`, and what is told of it all
//! (`observe`).

mod cache;
mod cells;
mod defaults;
pub mod engine;
mod environment;
pub mod forest;
mod groups;
mod inputs;
mod mixed;
mod observe;
#[cfg_attr(not(feature = "postgresql"), allow(dead_code, reason = "rows of SQLite are read where they lie"))]
mod parts;
mod plans;
#[cfg(feature = "postgresql")]
pub mod postgresql;
#[cfg(feature = "sqlite")]
pub mod sqlite;
mod timer;
mod variant;
mod violation;
mod write;

pub use engine::{Engine, connect};
pub use environment::{Env, Environment};
pub use lenslet_core::{catalog, generated::*};
pub use observe::{Asked, Options, Ran, Tags, Told};
pub use plans::Schema;

/// What of the schema a native client carries: all of it.
pub type Catalog = catalog::Catalog;
