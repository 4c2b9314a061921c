//! Plans Lenslet queries into SQL statements for a dialect.

pub mod ddl;
