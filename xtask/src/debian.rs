//! Packages of Debian, where there is a Debian and we may install.

use std::process::Command;

use crate::run::{Failure, Result, step, succeeds};

/// Installs packages that a step needs, unless they are there.
pub(crate) fn install(packages: &[&str]) -> Result {
    let missing: Vec<&str> = packages.iter().copied().filter(|package| !is_installed(package)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    if !succeeds(Command::new("apt-get").arg("--version")) {
        return Err(Failure::new(format!("there is no apt-get to install {} with", missing.join(", "))));
    }
    let mut update = apt_get();
    step("Debian's package lists", update.arg("update"))?;
    let mut install = apt_get();
    step("Debian's packages", install.args(["install", "--yes", "--no-install-recommends"]).args(missing))
}

fn apt_get() -> Command {
    let mut command = Command::new("apt-get");
    command.arg("--quiet=2").env("DEBIAN_FRONTEND", "noninteractive");
    command
}

fn is_installed(package: &str) -> bool {
    succeeds(Command::new("dpkg").args(["--status", package]))
}
