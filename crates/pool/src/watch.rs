//! Files that are read again when they change.
//!
//! Whoever needs a file asks whether it is still the one that was read, which is one call to the system. So what is
//! written is in force from the next request on; no thread has to notice it first.

use std::{
    fs::{self, Metadata},
    path::Path,
    time::SystemTime,
};

/// What tells one content of a file from another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stamp {
    changed: Option<SystemTime>,
    length: u64,
    /// Another file in the same place is another one, however quickly it came after.
    number: u64,
}

impl Stamp {
    /// That of a file, if there is one.
    pub(crate) fn of(path: &Path) -> Option<Stamp> {
        let metadata = fs::metadata(path).ok()?;
        Some(Stamp { changed: metadata.modified().ok(), length: metadata.len(), number: number(&metadata) })
    }
}

#[cfg(unix)]
fn number(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn number(_: &Metadata) -> u64 {
    0
}
