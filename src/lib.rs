//! Lenslet turns a Prisma schema into a typed Rust client crate.

pub mod check;
pub mod diagnostic;
mod sources;
pub mod syntax;

pub use check::{Checked, Datasource, Generator, Schema, check};
pub use diagnostic::{Diagnostic, Severity};
pub use sources::{SourceFile, Sources};
