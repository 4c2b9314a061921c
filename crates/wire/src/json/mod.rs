//! JSON as text: a scanner that copies nothing it need not, and a writer that keeps no state.
//!
//! Both are here instead of a library because they are compiled into Workers, where every kilobyte counts, and because
//! numbers must survive exactly: a number is its text until someone knows its type.

mod scan;
mod tree;

pub use lenslet_core::written::Writer;
pub use scan::Scanner;
pub use tree::{Bounds, Json, Malformed};
