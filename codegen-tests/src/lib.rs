//! Tests of what Lenslet generates live in `tests/`.

pub mod conformance_query;
pub mod generated;
pub mod schema_conformance;
