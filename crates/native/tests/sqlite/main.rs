//! The engine on real SQLite files: rows and their relations, transactions, threads, errors.
#![allow(clippy::unwrap_used)]

mod blog;
mod errors;
mod reads;
mod threads;
mod transactions;
