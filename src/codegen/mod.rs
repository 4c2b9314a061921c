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
use lenslet_core::catalog::Catalog;

/// A client could not be generated.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    /// Something to derive is no path.
    #[error("`{0}` cannot be derived: it is no path of Rust")]
    Derive(String),
    /// Something to omit is no column of a row.
    #[error(
        "`{0}` cannot be omitted: a model has no such column; `omit` takes names of the schema, `User.password` for instance"
    )]
    Omit(String),
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
    check_omitted(&schema.catalog, &options.omit)?;
    let client = decide::client(&schema.catalog, variable(schema), options);
    let files = files::all(&schema.catalog, &client, options)?;
    Ok(Output { files })
}

fn check_derives(derives: &[String]) -> Result<(), GenerateError> {
    match derives.iter().find(|it| syn::parse_str::<syn::Path>(it).is_err()) {
        Some(derive) => Err(GenerateError::Derive(derive.clone())),
        None => Ok(()),
    }
}

fn check_omitted(catalog: &Catalog, omitted: &[String]) -> Result<(), GenerateError> {
    let is_column = |name: &str| {
        let (model, field) = name.split_once('.')?;
        let model = catalog.models.iter().find(|it| it.name == model && !it.ignored)?;
        let (_, field) = model.field(field)?;
        field.column().filter(|_| field.is_visible())
    };
    match omitted.iter().find(|it| is_column(it).is_none()) {
        Some(name) => Err(GenerateError::Omit(name.clone())),
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
