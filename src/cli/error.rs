//! Why a command cannot do its work, where, and what to do next.

use std::io;
use std::path::PathBuf;

/// A command cannot do its work.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error("there is no schema here (looked for {})", .places.join(", "))]
    NoSchema { places: &'static [&'static str] },
    #[error("the schema `{}` does not exist", .path.display())]
    SchemaMissing { path: PathBuf },
    #[error("the folder `{}` holds no *.prisma file", .path.display())]
    EmptyFolder { path: PathBuf },
    #[error("cannot read `{}`", .path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("`{}` is not UTF-8 text: byte {at} begins no character", .path.display())]
    NotText { path: PathBuf, at: usize },
}

impl Error {
    /// The next step.
    pub(super) fn help(&self) -> Option<String> {
        let help = match self {
            Error::NoSchema { .. } | Error::SchemaMissing { .. } => {
                "say where it is with `--schema PATH`, a file or a folder of *.prisma files".to_owned()
            }
            Error::EmptyFolder { .. } => "name the folder that holds the schema, or one of its files".to_owned(),
            Error::NotText { .. } => "save the file as UTF-8".to_owned(),
            Error::Read { .. } => return None,
        };
        Some(help)
    }
}
