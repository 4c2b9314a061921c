//! The server that engine-less clients talk to: few database connections for many workers.
//!
//! It speaks HTTP on one side, executes queries with `lenslet-native` on the other, and answers both Lenslet's own
//! engine-less client and the unmodified clients of Prisma 5.22 to 6.19 that were generated with `--no-engine`.

mod body;
mod cache;
mod clock;
pub mod config;
mod gate;
mod health;
pub mod key_file;
pub mod keys;
pub mod limits;
pub mod logging;
pub mod metrics;
mod patient;
mod query_log;
mod reply;
mod route;
mod schema;
pub mod scope;
mod seen;
mod server;
mod service;
mod tls;
mod transactions;
mod units;
mod watch;

pub use schema::{ReadSchema, Schema};
pub use server::{Builder, Pool};
pub use tls::{CertificateError, TlsConfig};
