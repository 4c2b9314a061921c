//! SQLite: the driver, its connections, and how statements share threads with their callers.

mod bind;
mod connection;
mod encode;
mod error;
mod groups;
mod moment;
mod settings;
mod write;

pub(crate) use connection::{Attempt, Connection, Failure};
