//! Tests of what Lenslet generates live in `tests/`.

pub mod conformance_migrations;
pub mod conformance_query;
pub mod generated;
pub mod in_process;
pub mod itself;
pub mod pool_server;
pub mod postgresql_server;
pub mod schema_conformance;
pub mod workerd;
