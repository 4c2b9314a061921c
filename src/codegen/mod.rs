//! Turn the meaning of a schema into the source of a client.
//!
//! What is shown, and how it is called, is decided first (`decide`, `names`) and written down as a `form`; that becomes
//! `tokens`, they become text in `print`, and text goes to the disk last, in [`Output::write_to`].

mod catalog;
mod decide;
mod documentation;
mod files;
mod form;
mod manifest;
mod names;
mod options;
mod output;
mod print;
mod tokens;

pub use form::Serde;
pub use options::{Engine, Layout, OptionError, Options, is_ours};
pub use output::{Output, WriteError, Written};

use crate::check::{Schema, Url};

/// A client could not be generated.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    /// Something to derive is no path.
    #[error("`{0}` cannot be derived: it is no path of Rust")]
    Derive(String),
    /// Generated tokens are not Rust.
    #[error("the generated code of `{0}` is not valid Rust, which is a mistake in Lenslet: {1}")]
    Tokens(String, #[source] syn::Error),
}

/// Generates a client: its files, not yet on the disk.
///
/// # Errors
/// When the options ask for something that is no Rust.
pub fn generate(schema: &Schema, options: &Options) -> Result<Output, GenerateError> {
    check_derives(&options.derives)?;
    let client = decide::client(&schema.catalog, variable(schema), &options.derives, options.serde);
    let files = files::all(&schema.catalog, &client, options)?;
    Ok(Output { files })
}

fn check_derives(derives: &[String]) -> Result<(), GenerateError> {
    match derives.iter().find(|it| syn::parse_str::<syn::Path>(it).is_err()) {
        Some(derive) => Err(GenerateError::Derive(derive.clone())),
        None => Ok(()),
    }
}

/// The environment variable that holds the URL.
fn variable(schema: &Schema) -> &str {
    match &schema.datasource.url {
        Some(Url::Env(name)) => name,
        _ => "DATABASE_URL",
    }
}
