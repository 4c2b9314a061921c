//! SQLite: reading a database's structure, counting what a change would lose, applying it.

mod alone;
pub(crate) mod default_text;
mod findings;
mod index_sql;
mod introspect;
mod open;
mod push;
pub(crate) mod records;
pub(crate) mod type_name;

pub(crate) use alone::{Alone, alone, keeping_references};
pub use introspect::introspect;
pub use open::{open, open_existing};
pub use push::push;
pub use records::{Record, RecordState};
