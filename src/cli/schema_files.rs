//! Where the schema is, and what stands in its files.

use std::fs;
use std::path::{Path, PathBuf};

use lenslet::syntax::{self, tree::FileId, tree::Item};
use lenslet::{Checked, Schema, SourceFile, Sources};

use super::error::{Error, Refused};
use super::package_json::PackageJson;
use super::settings::Settings;
use super::terminal;

/// Where a schema is looked for when the arguments do not say it, in this order.
const PLACES: [&str; 3] = ["schema.prisma", "prisma/schema.prisma", "prisma/schema"];

/// A schema on disk.
#[derive(Debug)]
pub(super) struct SchemaFiles {
    /// The file, or the folder of files.
    pub(super) path: PathBuf,
    /// The files with their text, as messages name them.
    pub(super) sources: Sources,
}

impl SchemaFiles {
    /// Finds and reads the schema.
    pub(super) fn load(given: Option<&Path>) -> Result<Self, Error> {
        let path = locate(given)?;
        let mut files = Vec::new();
        for file in list(&path)? {
            files.push(SourceFile { name: file.display().to_string(), text: read(&file)? });
        }
        Ok(Self { path, sources: Sources::new(files) })
    }

    /// The folder that paths in the schema are relative to.
    pub(super) fn folder(&self) -> PathBuf {
        folder(&self.path)
    }

    /// The folder of the file with the datasource: migrations are beside it.
    pub(super) fn folder_of_datasource(&self) -> PathBuf {
        let files = self.sources.files().iter().zip(0..);
        let mut with_block = files.filter(|(file, id)| has_datasource(&file.text, FileId(*id)));
        let file = with_block.next().map(|(file, _)| Path::new(&file.name));
        file.and_then(Path::parent).map_or_else(|| self.folder(), Path::to_path_buf)
    }

    /// The folder that paths in a generator block are relative to: that of the file in which it stands.
    pub(super) fn folder_of_generator(&self, name: &str) -> PathBuf {
        let files = self.sources.files().iter().zip(0..);
        let mut with_block = files.filter(|(file, id)| has_generator(&file.text, FileId(*id), name));
        let file = with_block.next().map(|(file, _)| Path::new(&file.name));
        file.and_then(Path::parent).map_or_else(|| self.folder(), Path::to_path_buf)
    }

    /// What the schema means. Of one that is accepted, the warnings are said.
    pub(super) fn check(&self) -> Result<Schema, Error> {
        let checked = lenslet::check(&self.sources);
        if !checked.is_accepted() {
            return Err(self.refused(checked));
        }
        terminal::diagnostics(&checked.diagnostics, &self.sources);
        checked.schema.ok_or_else(|| Error::NoDatasource { schema: self.name() })
    }

    /// What is wrong with the schema.
    pub(super) fn refused(&self, checked: Checked) -> Error {
        let (diagnostics, sources) = (checked.diagnostics, self.sources.clone());
        Error::Refused(Box::new(Refused { diagnostics, sources, help: None }))
    }

    /// How messages name the schema.
    pub(super) fn name(&self) -> String {
        self.path.display().to_string()
    }
}

/// The file or folder of the schema: what the arguments say, what `lenslet.toml` says, what `package.json` says to Prisma 6,
/// or the first place where there is one.
pub(super) fn locate(given: Option<&Path>) -> Result<PathBuf, Error> {
    let named = match given {
        Some(path) => Some(path.to_path_buf()),
        None => match Settings::load()?.schema {
            Some(path) => Some(path),
            None => PackageJson::nearest()?.and_then(|it| it.schema()),
        },
    };
    match named {
        Some(path) if path.exists() => Ok(path),
        Some(path) => Err(Error::SchemaMissing { path }),
        None => {
            let found = PLACES.iter().map(PathBuf::from).find(|place| place.exists());
            found.ok_or(Error::NoSchema { places: &PLACES })
        }
    }
}

/// The folder that paths in a schema are relative to.
pub(super) fn folder(schema: &Path) -> PathBuf {
    if schema.is_dir() {
        return schema.to_path_buf();
    }
    schema.parent().map_or_else(PathBuf::new, Path::to_path_buf)
}

/// The files of a schema.
pub(super) fn list(path: &Path) -> Result<Vec<PathBuf>, Error> {
    match lenslet::schema_files(path) {
        Ok(files) if files.is_empty() => Err(Error::EmptyFolder { path: path.to_path_buf() }),
        Ok(files) => Ok(files),
        Err(error) => Err(Error::List(error)),
    }
}

fn has_datasource(text: &str, id: FileId) -> bool {
    text.contains("datasource")
        && syntax::parse(id, text).items.iter().any(|item| matches!(item, Item::Config(it) if it.is_datasource))
}

fn has_generator(text: &str, id: FileId, name: &str) -> bool {
    let tree = syntax::parse(id, text);
    tree.items.iter().any(|item| matches!(item, Item::Config(it) if !it.is_datasource && it.name.text == name))
}

fn read(path: &Path) -> Result<String, Error> {
    let bytes = fs::read(path).map_err(|source| Error::Read { path: path.to_path_buf(), source })?;
    String::from_utf8(bytes)
        .map_err(|error| Error::NotText { path: path.to_path_buf(), at: error.utf8_error().valid_up_to() })
}
