//! The engine on real SQLite files: rows and their relations, transactions, threads, errors.
#![allow(clippy::unwrap_used)]

mod blog;
mod errors;
#[cfg(feature = "metrics")]
mod numbers;
mod observe;
mod reads;
mod threads;
mod transactions;
