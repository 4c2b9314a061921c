//! Open a database's file.

use crate::error::Error;
use rusqlite::Connection;
use std::path::Path;
use std::time::Duration;

/// How long to wait for others that write.
const PATIENCE: Duration = Duration::from_secs(5);

/// Opens the database behind a URL and says whether its file was made just now.
pub fn open(url: &str) -> Result<(Connection, bool), Error> {
    let path = path(url)?;
    let created = is_missing(path);
    match path.parent() {
        Some(folder) if created && folder != Path::new("") && !folder.is_dir() => {
            Err(Error::MissingFolder(folder.to_owned()))
        }
        _ => Ok((connect(path)?, created)),
    }
}

/// Opens the database behind a URL, unless its file is missing.
pub fn open_existing(url: &str) -> Result<Option<Connection>, Error> {
    let path = path(url)?;
    Ok(if is_missing(path) { None } else { Some(connect(path)?) })
}

fn connect(path: &Path) -> Result<Connection, Error> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(PATIENCE)?;
    Ok(connection)
}

fn is_missing(path: &Path) -> bool {
    path != Path::new(":memory:") && !path.exists()
}

/// The path of a URL, without the parameters that are meant for the client.
fn path(url: &str) -> Result<&Path, Error> {
    let rest = url.strip_prefix("file:").or_else(|| url.strip_prefix("sqlite:"));
    let path = rest.and_then(|rest| rest.split('?').next()).unwrap_or_default();
    match path.strip_prefix("//").unwrap_or(path) {
        "" => Err(Error::InvalidUrl { url: url.to_owned() }),
        path => Ok(Path::new(path)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_name_files() {
        let path = |url| path(url).ok().map(|it| it.to_string_lossy().into_owned());
        assert_eq!(path("file:./dev.db?connection_limit=1").as_deref(), Some("./dev.db"));
        assert_eq!(path("file:///tmp/dev.db").as_deref(), Some("/tmp/dev.db"));
        assert_eq!(path("file:dev.db").as_deref(), Some("dev.db"));
        assert_eq!(path("postgresql://localhost/x"), None);
        assert_eq!(path("file:"), None);
    }

    #[test]
    fn a_missing_folder_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("file:{}/missing/dev.db", folder.path().display());
        assert!(matches!(open(&url), Err(Error::MissingFolder(path)) if path.ends_with("missing")));
        assert!(matches!(open_existing(&url), Ok(None)));
    }
}
