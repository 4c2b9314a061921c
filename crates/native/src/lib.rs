//! The native engine of Lenslet: drivers, transactions, rows.
//!
//! A query becomes a plan (cached by shape), a plan runs on a connection, rows come back as one arena of bytes. Each
//! database has a folder of its own ([`sqlite`]); what is the same for all is beside them: [`cache`], [`forest`],
//! [`inputs`], [`timer`].

mod cache;
mod defaults;
mod environment;
mod forest;
mod inputs;
mod sqlite;
mod timer;
mod write;

pub use environment::{Env, Environment};
pub use forest::Rows;
