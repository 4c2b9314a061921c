//! Generate a client from a `build.rs`: `lenslet::Generator::new("schema.prisma").emit()?`.

#![allow(
    clippy::disallowed_methods,
    reason = "a build script reads a schema, and cargo speaks to it through the environment"
)]

use crate::{
    Diagnostic, Engine, Options, Schema, Severity, SourceFile, Sources,
    codegen::{GenerateError, Layout, OptionError, Serde, WriteError, Written, is_ours},
};
use std::{
    env, fmt, fs, io,
    path::{Path, PathBuf},
};

/// Generates a client while a package is built.
///
/// ```no_run
/// // build.rs
/// fn main() -> Result<(), lenslet::BuildError> {
///     lenslet::Generator::new("schema.prisma").emit()
/// }
/// ```
///
/// The program takes the client in with `lenslet_native::include_client!(mod db);` (or `lenslet_edge`), and depends on that
/// runtime with the features that the schema's types need: `chrono` for `DateTime`, `decimal`, `json`, and `uuid` for
/// `@db.Uuid`.
///
/// What the schema's generator block for Lenslet says holds, where it has one, but for its `output`.
#[derive(Clone, Debug)]
#[must_use = "nothing is generated before `emit`"]
pub struct Generator {
    schema: PathBuf,
    output: Option<PathBuf>,
    engine: Option<Engine>,
    derives: Option<Vec<String>>,
    serde: bool,
}

impl Generator {
    /// A generator for a schema: a file, or a folder of `*.prisma` files. Relative to the package.
    pub fn new(schema: impl Into<PathBuf>) -> Self {
        Generator { schema: schema.into(), output: None, engine: None, derives: None, serde: false }
    }

    /// Writes into this folder instead of the one that `include_client!` takes in.
    pub fn output(mut self, folder: impl Into<PathBuf>) -> Self {
        self.output = Some(folder.into());
        self
    }

    /// The client has no engine and talks to a pool: it stands on `lenslet-edge`.
    pub fn no_engine(mut self) -> Self {
        self.engine = Some(Engine::None);
        self
    }

    /// What the structs of rows derive, instead of `Clone`, `Debug`, `PartialEq`.
    pub fn derive<T: Into<String>>(mut self, derives: impl IntoIterator<Item = T>) -> Self {
        self.derives = Some(derives.into_iter().map(Into::into).collect());
        self
    }

    /// Rows serialize. The runtime needs its feature `serde`.
    pub fn serde(mut self) -> Self {
        self.serde = true;
        self
    }

    /// Generates the client, and tells cargo to do so again when the schema changes.
    ///
    /// # Errors
    /// When the schema cannot be read or is refused, or the client cannot be written.
    pub fn emit(&self) -> Result<(), BuildError> {
        rerun_if_changed(&self.schema);
        let sources = self.read()?;
        let schema = self.check(&sources)?;
        let options = self.options(&schema)?;
        let _: Written = crate::generate(&schema, &options)?.write_to(&self.folder()?)?;
        Ok(())
    }

    fn read(&self) -> Result<Sources, BuildError> {
        let files = schema_files(&self.schema)?.into_iter().map(|path| {
            let text = fs::read_to_string(&path).map_err(at(&path))?;
            rerun_if_changed(&path);
            Ok(SourceFile { name: path.display().to_string(), text })
        });
        files.collect::<Result<_, BuildError>>().map(Sources::new)
    }

    fn check(&self, sources: &Sources) -> Result<Schema, BuildError> {
        let checked = crate::check(sources);
        let accepted = checked.is_accepted();
        match checked.schema {
            Some(schema) if accepted => Ok(schema),
            _ if accepted => Err(BuildError::NoDatasource(self.schema.clone())),
            _ => Err(BuildError::Refused(messages(&checked.diagnostics, sources))),
        }
    }

    fn options(&self, schema: &Schema) -> Result<Options, BuildError> {
        let block = schema.generators.iter().find(|it| is_ours(it));
        let said = block.map(|it| Options::of_block(it, Path::new("")));
        let said = said.transpose()?.unwrap_or_default();
        Ok(Options {
            engine: self.engine.unwrap_or(said.engine),
            derives: self.derives.clone().unwrap_or(said.derives),
            serde: if self.serde { Serde::Always } else { Serde::Never },
            layout: Layout::Module,
            ..said
        })
    }

    fn folder(&self) -> Result<PathBuf, BuildError> {
        let out = || env::var_os("OUT_DIR").map(|it| Path::new(&it).join("lenslet"));
        self.output.clone().or_else(out).ok_or(BuildError::NoOutput)
    }
}

#[expect(clippy::print_stdout, reason = "this is how a build script speaks to cargo")]
fn rerun_if_changed(path: &Path) {
    println!("cargo::rerun-if-changed={}", path.display());
}

/// The files of a schema: the file, or every `*.prisma` file in the folder and those below it, in order.
///
/// # Errors
/// When a folder cannot be read.
pub fn schema_files(path: &Path) -> Result<Vec<PathBuf>, BuildError> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(path).map_err(at(path))? {
        let entry = entry.map_err(at(path))?;
        let path = entry.path();
        // A link to a folder could lead back here.
        if entry.file_type().map_err(at(&path))?.is_dir() {
            files.extend(schema_files(&path)?);
        } else if path.extension().is_some_and(|it| it == "prisma") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn messages(diagnostics: &[Diagnostic], sources: &Sources) -> String {
    let errors = diagnostics.iter().filter(|it| it.severity == Severity::Error);
    let messages: Vec<_> = errors.map(|it| it.render(sources, false)).collect();
    messages.join("\n\n")
}

/// Gives an error of the disk its place.
fn at(path: &Path) -> impl FnOnce(io::Error) -> BuildError + '_ {
    move |error| BuildError::Read(path.to_owned(), error)
}

/// A client could not be generated. A build script may return it: its `Debug` form is its message.
#[derive(thiserror::Error)]
pub enum BuildError {
    /// The schema cannot be read.
    #[error("`{}` cannot be read: {_1}", .0.display())]
    Read(PathBuf, #[source] io::Error),
    /// The schema is refused: what is wrong with it, for people.
    #[error("the schema is refused\n\n{0}")]
    Refused(String),
    /// The schema does not say for which database it is.
    #[error("`{}` has no `datasource` block: add one, its `provider` says for which database the client is", .0.display())]
    NoDatasource(PathBuf),
    /// The schema's generator block cannot be followed.
    #[error(transparent)]
    Options(#[from] OptionError),
    /// The client cannot be generated.
    #[error(transparent)]
    Generate(#[from] GenerateError),
    /// The client cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// This is no build script.
    #[error("there is no `OUT_DIR`: call this from a `build.rs`, or say where the client goes with `output`")]
    NoOutput,
}

impl fmt::Debug for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
