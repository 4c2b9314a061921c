//! Tests of what Lenslet generates live in `tests/`.

pub mod schema_conformance;
