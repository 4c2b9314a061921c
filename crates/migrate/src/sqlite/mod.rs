//! SQLite: reading a database's structure, counting what a change would lose, applying it.

pub(crate) mod default_text;
mod index_sql;
mod introspect;
pub(crate) mod type_name;

pub use introspect::introspect;
