//! What can go wrong when a database's structure is changed.

/// A failed migration command.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The schema's database is not one that Lenslet can change.
    #[error("not yet: changing the structure of a {provider} database; SQLite works today")]
    Unsupported {
        /// The provider of the schema's datasource.
        provider: &'static str,
    },
}
