//! The libraries, one file each.

pub(crate) mod diesel;
pub(crate) mod diesel_async;
pub(crate) mod lenslet;
pub(crate) mod rusqlite;
pub(crate) mod sea_orm;
pub(crate) mod sqlx;
pub(crate) mod tokio_postgres;
