//! Open a database's file.

use crate::error::Error;
use crate::session::PATIENCE;
use lenslet_native::sqlite::{Location, location};
use rusqlite::Connection;
use std::path::Path;

/// Opens the database behind a URL and says whether its file was made just now.
pub(crate) fn create(url: &str) -> Result<(Connection, bool), Error> {
    let location = location(url).map_err(Error::InvalidUrl)?;
    let created = is_file_missing(&location);
    match &location {
        Location::File(path) if created => check_folder(path)?,
        _ => {}
    }
    Ok((connect(&location)?, created))
}

/// Opens the database behind a URL, unless its file is missing.
pub(crate) fn existing(url: &str) -> Result<Option<Connection>, Error> {
    let location = location(url).map_err(Error::InvalidUrl)?;
    Ok(if is_file_missing(&location) { None } else { Some(connect(&location)?) })
}

fn connect(location: &Location) -> Result<Connection, Error> {
    let connection = match location {
        Location::File(path) => Connection::open(path)?,
        Location::Memory => Connection::open_in_memory()?,
    };
    connection.busy_timeout(PATIENCE)?;
    Ok(connection)
}

fn is_file_missing(location: &Location) -> bool {
    matches!(location, Location::File(path) if !path.exists())
}

fn check_folder(file: &Path) -> Result<(), Error> {
    match file.parent() {
        Some(folder) if folder != Path::new("") && !folder.is_dir() => Err(Error::MissingFolder(folder.to_owned())),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_urls_are_refused() {
        assert_eq!(create("postgresql://localhost/x").expect_err("no file").code(), Some("P1013"));
    }

    #[test]
    fn a_missing_folder_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("file:{}/missing/dev.db", folder.path().display());
        assert!(matches!(create(&url), Err(Error::MissingFolder(path)) if path.ends_with("missing")));
        assert!(matches!(existing(&url), Ok(None)));
    }
}
