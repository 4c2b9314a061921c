//! Tests of what Lenslet generates live in `tests/`.

pub mod generated;
pub mod schema_conformance;
