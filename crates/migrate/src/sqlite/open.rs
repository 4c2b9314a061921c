//! Open a database's file.

use crate::error::Error;
use rusqlite::Connection;
use std::path::Path;
use std::time::Duration;

/// How long to wait for others that write.
const PATIENCE: Duration = Duration::from_secs(5);

/// Opens the database behind a URL and says whether its file was made just now.
pub fn open(url: &str) -> Result<(Connection, bool), Error> {
    let path = path(url).ok_or_else(|| Error::InvalidUrl { url: url.to_owned() })?;
    let file = Path::new(path);
    let created = path != ":memory:" && !file.exists();
    match file.parent() {
        Some(folder) if created && folder != Path::new("") && !folder.is_dir() => {
            return Err(Error::MissingFolder(folder.to_owned()));
        }
        _ => {}
    }
    let connection = Connection::open(file)?;
    connection.busy_timeout(PATIENCE)?;
    Ok((connection, created))
}

/// The path of a URL, without the parameters that are meant for the client.
fn path(url: &str) -> Option<&str> {
    let path = url.strip_prefix("file:").or_else(|| url.strip_prefix("sqlite:"))?;
    let path = path.split('?').next().unwrap_or_default();
    let path = path.strip_prefix("//").unwrap_or(path);
    (!path.is_empty()).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_name_files() {
        assert_eq!(path("file:./dev.db?connection_limit=1"), Some("./dev.db"));
        assert_eq!(path("file:///tmp/dev.db"), Some("/tmp/dev.db"));
        assert_eq!(path("file:dev.db"), Some("dev.db"));
        assert_eq!(path("postgresql://localhost/x"), None);
        assert_eq!(path("file:"), None);
    }

    #[test]
    fn a_missing_folder_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("file:{}/missing/dev.db", folder.path().display());
        assert!(matches!(open(&url), Err(Error::MissingFolder(path)) if path.ends_with("missing")));
    }
}
