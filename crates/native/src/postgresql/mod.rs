//! PostgreSQL: the driver, its connections, and what a connection does for an engine.

mod bare;
mod batch;

mod bind;
mod connection;
mod decode;
mod error;
mod groups;
mod line;
mod message;
mod moment;
mod pool;
mod read;
mod row;
mod session;
mod settings;
mod statements;
mod stream;
mod tls;
mod transaction;
mod write;

pub use bare::{Address, address, connect};
pub(crate) use session::Session;
