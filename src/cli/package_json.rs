//! `package.json`: what a project that comes from Prisma 6 says there.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::error::Error;

const FILE: &str = "package.json";

/// The nearest `package.json`.
#[derive(Debug)]
pub(super) struct PackageJson {
    /// Where it is.
    pub(super) path: PathBuf,
    prisma: Prisma,
}

#[derive(Debug, Default, Deserialize)]
struct Manifest {
    #[serde(default)]
    prisma: Prisma,
}

#[derive(Debug, Default, Deserialize)]
struct Prisma {
    schema: Option<PathBuf>,
    seed: Option<String>,
}

impl PackageJson {
    /// Reads the file of the working directory, or else of the nearest folder above that has one.
    pub(super) fn nearest() -> Result<Option<Self>, Error> {
        let Ok(here) = std::env::current_dir() else { return Ok(None) };
        let mut folder = PathBuf::new();
        for _ in here.ancestors() {
            let path = folder.join(FILE);
            match fs::read_to_string(&path) {
                Ok(text) => return Self::parse(path, &text).map(Some),
                Err(error) if error.kind() == io::ErrorKind::NotFound => folder.push(".."),
                Err(source) => return Err(Error::Read { path, source }),
            }
        }
        Ok(None)
    }

    fn parse(path: PathBuf, text: &str) -> Result<Self, Error> {
        match serde_json::from_str::<Manifest>(text.trim_start_matches('\u{feff}')) {
            Ok(manifest) => Ok(Self { path, prisma: manifest.prisma }),
            Err(error) => Err(Error::Settings { path, line: error.line(), message: error.to_string() }),
        }
    }

    /// The command that fills a database.
    pub(super) fn seed(&self) -> Option<&str> {
        self.prisma.seed.as_deref()
    }

    /// The file or folder of the schema.
    pub(super) fn schema(&self) -> Option<PathBuf> {
        self.prisma.schema.as_ref().map(|path| self.folder().join(path))
    }

    /// The folders in which commands of the packages are, nearest first.
    pub(super) fn programs(&self) -> Vec<PathBuf> {
        let folder = fs::canonicalize(self.folder().join(".")).unwrap_or_default();
        folder.ancestors().map(|it| it.join("node_modules/.bin")).filter(|it| it.is_dir()).collect()
    }

    fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }
}
