//! Lenslet turns a Prisma schema into a typed Rust client crate.

#![cfg_attr(not(test), deny(clippy::disallowed_methods))]

mod buildscript;
pub mod check;
pub mod codegen;
pub mod diagnostic;
mod format;
#[cfg(feature = "cli")]
pub mod pull;
mod sources;
pub mod syntax;

pub use buildscript::{BuildError, Generator, schema_files};
pub use check::{Checked, Configured, Datasource, Schema, check, configure};
pub use codegen::{Engine, Options, Output, generate};
pub use diagnostic::{Diagnostic, Severity};
pub use format::format;
pub use sources::{SourceFile, Sources};
