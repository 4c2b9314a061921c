//! The programs of a PostgreSQL server. The tests start one of their own; here is only seen to it that they can.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::debian;
use crate::run::{Result, step, target};

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

/// The programs of a server that has the extension `vector`. Debian 12 has no package of it; the Python package `pgserver`
/// brings a server along.
pub(crate) fn with_vector() -> Result<PathBuf> {
    let folder = target().join("postgresql-with-vector");
    let programs = folder.join("pgserver/pginstall/bin");
    if !programs.join("initdb").is_file() {
        let mut install = Command::new("python3");
        install.args(["-m", "pip", "install", "--quiet", "--no-deps", "--target"]).arg(&folder).arg("pgserver==0.1.4");
        step("A PostgreSQL with the extension `vector`", &mut install)?;
    }
    Ok(programs)
}
