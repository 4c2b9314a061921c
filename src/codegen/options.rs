//! How a client is generated: what a generator block says, and what a caller says instead.

use super::form::Serde;
use crate::check::{ConfigValue, Generator};
use std::path::{Path, PathBuf};

/// How a client is generated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Which runtime the client stands on.
    pub engine: Engine,
    /// Whether the client is a crate or a module.
    pub layout: Layout,
    /// The name of the crate.
    pub package: String,
    /// Where the runtime's source is, seen from the client; the published version where absent.
    pub runtime_path: Option<PathBuf>,
    /// What row structs derive, as Rust paths.
    pub derives: Vec<String>,
    /// How rows serialize.
    pub serde: Serde,
    /// Columns that rows do not hold unless a query asks for them, as `Model.field`.
    pub omit: Vec<String>,
}

/// Which runtime a client stands on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Engine {
    /// The client carries the engine and talks to the database itself.
    #[default]
    Native,
    /// The client has no engine and talks to a pool.
    None,
}

/// The form of a client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layout {
    /// A crate: `Cargo.toml` and `src/`.
    #[default]
    Crate,
    /// A module: `lib.rs` and the files beside it, which `include_client!` takes in.
    Module,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            engine: Engine::default(),
            layout: Layout::default(),
            package: "db".into(),
            runtime_path: None,
            derives: ["Clone", "Debug", "PartialEq"].map(String::from).into(),
            serde: Serde::default(),
            omit: Vec::new(),
        }
    }
}

/// A generator block cannot be followed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OptionError {
    /// It says something that Lenslet does not know.
    #[error(
        "generator `{generator}`: unknown property `{property}`; there are `output`, `engine`, `package`, `derive`, `omit`"
    )]
    Unknown {
        /// The block.
        generator: String,
        /// The property.
        property: String,
    },
    /// It says it in a way that Lenslet does not understand.
    #[error("generator `{generator}`: `{property}` must be {expected}")]
    Value {
        /// The block.
        generator: String,
        /// The property.
        property: &'static str,
        /// What is understood.
        expected: &'static str,
    },
}

impl Options {
    /// The defaults of a client in a folder: the crate is called as the folder is.
    pub fn in_folder(output: &Path) -> Self {
        let folder = output.file_name().map(|it| it.to_string_lossy()).unwrap_or_default();
        Options { package: super::names::package(&folder), ..Options::default() }
    }

    /// What a generator block says, and defaults for what it does not say. Which folder its
    /// [`output`](Generator::output) is relative to is known to the caller.
    ///
    /// # Errors
    /// When the block says something that is not understood.
    pub fn of_block(block: &Generator, output: &Path) -> Result<Self, OptionError> {
        let mut options = Options::in_folder(output);
        for (name, value) in &block.properties {
            match name.as_str() {
                "engine" => options.engine = engine(block, value)?,
                "package" => options.package = package(block, value)?,
                "derive" => options.derives = derives(block, value)?,
                "omit" => options.omit = omitted(block, value)?,
                _ => {
                    let (generator, property) = (block.name.clone(), name.clone());
                    return Err(OptionError::Unknown { generator, property });
                }
            }
        }
        Ok(options)
    }
}

/// Whether a generator block is for Lenslet.
pub fn is_ours(block: &Generator) -> bool {
    block.provider.as_str() == Some("lenslet")
}

fn engine(block: &Generator, value: &ConfigValue) -> Result<Engine, OptionError> {
    match value.as_str() {
        Some("native") => Ok(Engine::Native),
        Some("none") => Ok(Engine::None),
        _ => Err(wrong(block, "engine", "\"native\" or \"none\"")),
    }
}

fn package(block: &Generator, value: &ConfigValue) -> Result<String, OptionError> {
    let name = value.as_str().filter(|it| super::names::package(it) == *it);
    name.map(Into::into).ok_or_else(|| wrong(block, "package", "the name of a package"))
}

fn derives(block: &Generator, value: &ConfigValue) -> Result<Vec<String>, OptionError> {
    let path = |it: &ConfigValue| {
        let text = it.as_str().filter(|it| syn::parse_str::<syn::Path>(it).is_ok());
        text.map(String::from)
            .ok_or_else(|| wrong(block, "derive", "a list of derives, [\"Clone\", \"Debug\"] for instance"))
    };
    match value {
        ConfigValue::List(list) => list.iter().map(path).collect(),
        one => Ok(vec![path(one)?]),
    }
}

fn omitted(block: &Generator, value: &ConfigValue) -> Result<Vec<String>, OptionError> {
    let column = |it: &ConfigValue| {
        let text = it.as_str().filter(|it| it.split('.').count() == 2);
        text.map(String::from)
            .ok_or_else(|| wrong(block, "omit", "a list of columns, [\"User.password\"] for instance"))
    };
    match value {
        ConfigValue::List(list) => list.iter().map(column).collect(),
        one => Ok(vec![column(one)?]),
    }
}

fn wrong(block: &Generator, property: &'static str, expected: &'static str) -> OptionError {
    OptionError::Value { generator: block.name.clone(), property, expected }
}
