//! What a SQLite URL says.

use lenslet_core::error::{Error, ErrorKind};
use std::{path::PathBuf, thread, time::Duration};

/// Where the database is, and how it is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) location: Location,
    /// How many connections read at the same time. One more writes.
    pub(crate) readers: usize,
    /// How long a statement waits for another process.
    pub(crate) busy_timeout: Duration,
    /// How long an operation waits for a connection.
    pub(crate) pool_timeout: Duration,
}

/// Where a database is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// In a file; a relative path is relative to the working directory.
    File(PathBuf),
    /// Gone with the connection, which is therefore the only one.
    Memory,
}

/// Where the database of a URL is: for tools that open it by themselves, and must open the same as the client.
pub fn location(url: &str) -> Result<Location, Error> {
    Settings::parse(url).map(|settings| settings.location)
}

impl Settings {
    /// Reads `file:dev.db?connection_limit=1` and its like.
    pub(crate) fn parse(url: &str) -> Result<Settings, Error> {
        let rest = url
            .strip_prefix("file:")
            .or_else(|| url.strip_prefix("sqlite:"))
            .or_else(|| (url == ":memory:").then_some(url))
            .ok_or_else(|| invalid("it must begin with `file:`, as in `file:dev.db`"))?;
        let (path, options) = rest.split_once('?').unwrap_or((rest, ""));
        let path = path.strip_prefix("//").unwrap_or(path);
        let memory = path == ":memory:" || options.split('&').any(|it| it == "mode=memory");
        let mut settings = Settings {
            location: if memory { Location::Memory } else { Location::File(file(path)?) },
            readers: thread::available_parallelism().map_or(4, usize::from),
            busy_timeout: Duration::from_secs(5),
            pool_timeout: Duration::from_secs(10),
        };
        for option in options.split('&').filter(|it| !it.is_empty()) {
            let (name, value) = option.split_once('=').unwrap_or((option, ""));
            settings.set(name, value)?;
        }
        Ok(settings)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), Error> {
        let number = || {
            let number = value.parse::<u64>();
            number.map_err(|_| invalid(&format!("`{name}` must be a whole number, not `{value}`")))
        };
        match name {
            "connection_limit" => {
                let limit = usize::try_from(number()?).unwrap_or(usize::MAX);
                if limit == 0 {
                    return Err(invalid("`connection_limit` must be at least 1"));
                }
                self.readers = limit;
            }
            "pool_timeout" => self.pool_timeout = seconds(number()?),
            "socket_timeout" | "timeout" => self.busy_timeout = seconds(number()?),
            // Other clients' options do not stop this one.
            _ => {}
        }
        Ok(())
    }
}

/// Seconds, zero meaning no limit, as Prisma has it.
fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(if seconds == 0 { u64::from(u32::MAX) } else { seconds })
}

fn file(path: &str) -> Result<PathBuf, Error> {
    let bytes = path.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let code = path.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match code.filter(|_| *byte == b'%') {
            Some(code) => {
                decoded.push(code);
                at += 3;
            }
            None => {
                decoded.push(*byte);
                at += 1;
            }
        }
    }
    match String::from_utf8(decoded) {
        Ok(path) if !path.is_empty() && !path.contains('\0') => Ok(path.into()),
        _ => Err(invalid("it names no file, as `file:dev.db` does")),
    }
}

fn invalid(why: &str) -> Error {
    Error::new(ErrorKind::InvalidUrl, format!("the URL of the SQLite database is not valid: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn location(url: &str) -> Option<Location> {
        Settings::parse(url).ok().map(|it| it.location)
    }

    #[test]
    fn urls_name_files_or_memory() {
        let path = |path: &str| Some(Location::File(path.into()));
        assert_eq!(location("file:dev.db"), path("dev.db"));
        assert_eq!(location("file:./a%20b.db?connection_limit=1"), path("./a b.db"));
        assert_eq!(location("file:///tmp/x.db"), path("/tmp/x.db"));
        assert_eq!(location("sqlite:x.db"), path("x.db"));
        assert_eq!(location("file::memory:?cache=shared"), Some(Location::Memory));
        assert_eq!(location(":memory:"), Some(Location::Memory));
        assert_eq!(location("file:x?mode=memory"), Some(Location::Memory));
        for wrong in ["dev.db", "postgresql://localhost", "file:", "file:?x=1", "file:a?connection_limit=0"] {
            let error = Settings::parse(wrong).expect_err(wrong);
            assert_eq!(error.kind(), ErrorKind::InvalidUrl);
        }
    }
}
