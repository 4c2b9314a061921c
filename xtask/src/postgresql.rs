//! The programs of a PostgreSQL server. The tests start one of their own; here is only seen to it that they can.

use std::path::Path;

use crate::debian;
use crate::run::Result;

/// Makes sure that `initdb` and `postgres` are there.
pub(crate) fn ensure() -> Result {
    if is_installed() { Ok(()) } else { debian::install(&["postgresql"]) }
}

/// On the path, or where Debian puts each version.
fn is_installed() -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).any(|folder| folder.join("initdb").is_file());
    let versions = std::fs::read_dir(Path::new("/usr/lib/postgresql")).into_iter().flatten().flatten();
    on_path || versions.into_iter().any(|version| version.path().join("bin/initdb").is_file())
}
