//! PostgreSQL: reading a database's structure, changing it, keeping its history.

mod connection;
pub(crate) mod default_text;
mod indexes;
mod introspect;
mod obstacles;
mod open;
mod records;
mod reset;
mod session;
pub(crate) mod statements;
pub(crate) mod type_name;

pub(crate) use open::{create, existing, scratch};
