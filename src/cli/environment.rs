//! Variables for the commands that need a URL: those of the process, then those of `.env` files.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Cursor};
use std::path::{Path, PathBuf};

use super::error::Error;

/// The variables that a command sees.
#[derive(Debug, Default)]
pub(super) struct Environment {
    files: BTreeMap<String, Entry>,
}

#[derive(Debug)]
struct Entry {
    value: String,
    file: PathBuf,
}

impl Environment {
    /// Reads `.env` of the working directory and of the schema's folder.
    pub(super) fn load(schema_folder: &Path) -> Result<Self, Error> {
        let mut environment = Self::default();
        environment.add(Path::new(".env"))?;
        let beside = schema_folder.join(".env");
        if !same_file(Path::new(".env"), &beside) {
            environment.add(&beside)?;
        }
        Ok(environment)
    }

    /// The value of a variable. The process beats the files; an empty value counts as none.
    pub(super) fn get(&self, name: &str) -> Option<String> {
        let process = std::env::var(name).ok();
        let value = process.or_else(|| self.files.get(name).map(|entry| entry.value.clone()));
        value.filter(|value| !value.trim().is_empty())
    }

    /// Where a variable comes from, as a message names it.
    pub(super) fn source(&self, name: &str) -> Option<String> {
        self.get(name)?;
        match std::env::var_os(name) {
            Some(_) => Some("the environment".to_owned()),
            None => self.files.get(name).map(|entry| format!("`{}`", entry.file.display())),
        }
    }

    /// The variables of the files that the process does not have already.
    pub(super) fn of_files(&self) -> impl Iterator<Item = (&str, &str)> {
        let files = self.files.iter().filter(|(name, _)| std::env::var_os(name).is_none());
        files.map(|(name, entry)| (name.as_str(), entry.value.as_str()))
    }

    fn add(&mut self, path: &Path) -> Result<(), Error> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(source) => {
                return Err(Error::Read { path: path.to_path_buf(), source });
            }
        };
        // Some editors begin a file with a mark that says it is UTF-8.
        for variable in dotenvy::Iter::new(Cursor::new(text.trim_start_matches('\u{feff}'))) {
            let (name, value) = variable.map_err(|error| unreadable(&error, path, &text))?;
            self.insert(name, Entry { value, file: path.to_path_buf() })?;
        }
        Ok(())
    }

    /// Within a file the first definition stands. Two files that disagree are an error: which one is meant is not ours to guess.
    fn insert(&mut self, name: String, entry: Entry) -> Result<(), Error> {
        match self.files.get(&name) {
            None => {
                self.files.insert(name, entry);
                Ok(())
            }
            Some(first) if first.file == entry.file || first.value == entry.value => Ok(()),
            Some(first) => Err(Error::EnvironmentConflict { name, first: first.file.clone(), second: entry.file }),
        }
    }
}

/// The message of the parser quotes the line, which may hold a password; so only its number is told.
fn unreadable(error: &dotenvy::Error, path: &Path, text: &str) -> Error {
    let line = match error {
        dotenvy::Error::LineParse(content, _) => {
            let content = content.lines().next().unwrap_or_default();
            text.lines().position(|line| line.contains(content)).map(|index| index + 1)
        }
        _ => None,
    };
    Error::EnvironmentFile { path: path.to_path_buf(), line }
}

fn same_file(first: &Path, second: &Path) -> bool {
    matches!((fs::canonicalize(first), fs::canonicalize(second)), (Ok(first), Ok(second)) if first == second)
}
