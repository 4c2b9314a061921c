//! PostgreSQL: the driver, its connections, and what a connection does for an engine.

mod bare;
mod batch;
mod between;
mod bind;
mod connection;
mod decode;
mod error;
mod groups;
mod moment;
mod pool;
mod read;
mod session;
mod settings;
mod tls;
mod transaction;
mod write;

pub use bare::{Address, address, connect};
pub(crate) use session::Session;
