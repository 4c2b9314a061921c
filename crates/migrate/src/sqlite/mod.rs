//! SQLite: reading a database's structure, counting what a change would lose, applying it.

pub(crate) mod default_text;
mod findings;
mod index_sql;
mod introspect;
mod open;
mod push;
pub(crate) mod type_name;

pub use introspect::introspect;
pub use open::open;
pub use push::push;
