//! The vocabulary of Lenslet: catalog, values, queries, typed handles and the engine seam.
//!
//! No I/O and next to no dependencies. A type enters only if generated code or two engines name it.

pub mod catalog;
