//! Bring databases to what a schema says: describe both, compare, change.
//!
//! [`push`](push()) does all of it at once. The parts are there for tools: [`describe`] says what a schema asks for,
//! [`sqlite::introspect`] what a database has, [`diff`](diff()) how to get from one to the other, and
//! `lenslet_sql::ddl` writes that down as SQL. [`history`] keeps and applies migrations as files.

mod describe;
mod diff;
mod error;
pub mod history;
mod push;
pub mod sqlite;

pub use describe::{describe, dialect};
pub use diff::{Difference, Risk, diff};
pub use error::{Error, Findings};
pub use push::{Finding, PushOptions, Pushed, push};
