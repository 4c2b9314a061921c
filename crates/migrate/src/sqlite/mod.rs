//! SQLite: reading a database's structure, counting what a change would lose, applying it.

pub(crate) mod default_text;
mod findings;
mod index_sql;
mod introspect;
mod open;
mod push;
pub(crate) mod records;
pub(crate) mod type_name;

pub use introspect::introspect;
pub use open::{open, open_existing};
pub use push::push;
pub(crate) use push::{Alone, alone};
pub use records::{Record, RecordState};
