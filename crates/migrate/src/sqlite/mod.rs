//! SQLite: reading a database's structure, changing it, keeping its history.

pub(crate) mod default_text;
mod index_sql;
mod introspect;
mod open;
mod records;
mod references;
mod session;
pub(crate) mod type_name;

use introspect::introspect;
pub(crate) use open::{create, existing};
pub(crate) use session::Sqlite;
