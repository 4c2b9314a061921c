//! Do something again at every change of the schema.
//!
//! Polling, not the file system's notifications: a schema is a handful of files, so looking at them five times a second costs
//! nothing that can be measured, works on network and container mounts, sees editors that rename, and needs no dependency.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime};

use super::schema_files;

const PAUSE: Duration = Duration::from_millis(200);

/// What a file looks like from outside.
type Stamp = (Option<SystemTime>, u64);

/// Runs now, and again whenever the files of the schema have changed and are at rest. Ends only with the process.
pub(super) fn watch(path: &Path, mut run: impl FnMut()) -> ! {
    loop {
        let before = stamps(path);
        run();
        wait_for_change(path, &before);
    }
}

/// Returns when the files differ from `before` and two looks in a row see the same: an editor saving many files makes one run.
fn wait_for_change(path: &Path, before: &BTreeMap<PathBuf, Stamp>) {
    let mut last = None;
    loop {
        thread::sleep(PAUSE);
        let now = stamps(path);
        if now != *before && last.as_ref() == Some(&now) {
            return;
        }
        last = Some(now);
    }
}

/// A file that cannot be looked at is left out: it may be between two renames, and its return is a change.
fn stamps(path: &Path) -> BTreeMap<PathBuf, Stamp> {
    let files = schema_files::list(path).unwrap_or_default();
    files.into_iter().filter_map(|file| Some((stamp(&file)?, file))).map(|(stamp, file)| (file, stamp)).collect()
}

fn stamp(file: &Path) -> Option<Stamp> {
    let metadata = fs::metadata(file).ok()?;
    Some((metadata.modified().ok(), metadata.len()))
}
