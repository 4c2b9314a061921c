//! Diff of two Lenslet catalogs, introspection, migrations.

mod describe;
mod error;
pub mod sqlite;

pub use describe::{describe, dialect};
pub use error::Error;
