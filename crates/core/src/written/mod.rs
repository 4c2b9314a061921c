//! Values and JSON as text, exactly, without the formatting machinery of the standard library.
//!
//! The text of a query begins here and not in the crate of the protocol, because a client without an engine writes it while
//! its query is put together, see [`draft`](crate::draft). It is compiled into Workers: no `format!`, nothing that panics in
//! words.

pub mod base64;
pub mod float;
pub mod integer;
pub mod moment;
pub mod uuid;
mod value;
mod writer;

pub use value::{quoted, value};
pub use writer::Writer;
