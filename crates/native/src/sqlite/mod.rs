//! SQLite: the driver, its connections, and how statements share threads with their callers.

mod bind;
mod connection;
mod encode;
mod error;
mod groups;
mod live;
mod moment;
mod pool;
mod session;
mod settings;
mod thread;
mod transaction;
mod write;

pub(crate) use live::Live;
pub(crate) use session::{Now, Session};
pub use settings::{Location, location};
