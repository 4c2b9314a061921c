//! Programs of other people in JavaScript that tests talk to, installed below the target folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::debian;
use crate::run::{Failure, Result, root, step, succeeds, target};

/// Makes sure that `node` and `npm` are there.
pub(crate) fn ensure() -> Result {
    let is_there = |program: &str| succeeds(Command::new(program).arg("--version"));
    if is_there("node") && is_there("npm") { Ok(()) } else { debian::install(&["nodejs", "npm"]) }
}

/// Copies a folder of the repository to one below the target folder, and installs what its `package.json` names there.
/// Nothing is downloaded when that has not changed since.
pub(crate) fn installed(source: &str, name: &str) -> Result<PathBuf> {
    installed_by("package.json", source, name)
}

fn installed_by(manifest: &str, source: &str, name: &str) -> Result<PathBuf> {
    let (source, folder) = (root().join(source), target().join(name));
    let (wanted, present) = (source.join(manifest), folder.join("package.json"));
    let is_fresh = folder.join("node_modules").is_dir() && read(&present) == read(&wanted);
    let copied = copy(&source, &folder).and_then(|()| fs::copy(&wanted, &present).map(drop));
    copied.map_err(|error| Failure::new(format!("cannot copy `{}`: {error}", source.display())))?;
    if !is_fresh {
        // What failed half way is not to be taken for installed by the next run.
        let stale = folder.join("node_modules");
        if stale.exists() {
            fs::remove_dir_all(&stale).map_err(|error| Failure::new(format!("cannot remove old packages: {error}")))?;
        }
        let mut install = Command::new("npm");
        install.current_dir(&folder);
        let installed = step(
            &format!("Packages of `{name}`"),
            install.args(["install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock"]),
        );
        if installed.is_err() {
            let _ = fs::remove_file(&present);
        }
        installed?;
    }
    Ok(folder)
}

/// Sets up the tests of the unmodified JavaScript clients, and says them where those are.
pub(crate) fn with_prisma_clients(tests: &mut Command) -> Result {
    tests.env("LENSLET_JAVASCRIPT", prisma_client("package.json", "javascript")?);
    tests.env("LENSLET_JAVASCRIPT_5_22", prisma_client("package-5.22.json", "javascript-5.22")?);
    Ok(())
}

/// The unmodified JavaScript client, generated without an engine.
fn prisma_client(manifest: &str, name: &str) -> Result<PathBuf> {
    let folder = installed_by(manifest, "codegen-tests/javascript", name)?;
    // The client never runs an engine; that there is one is all that generating asks for.
    let engine = folder.join("no-engine");
    write_program(&engine).map_err(|error| Failure::new(format!("cannot write `{}`: {error}", engine.display())))?;
    let mut generate = Command::new(folder.join("node_modules/.bin/prisma"));
    generate.current_dir(&folder).args(["generate", "--no-engine", "--no-hints", "--schema", "schema.prisma"]);
    generate.env("PRISMA_QUERY_ENGINE_LIBRARY", &engine).env("PRISMA_SCHEMA_ENGINE_BINARY", &engine);
    generate.env("CHECKPOINT_DISABLE", "1");
    step("An unmodified JavaScript client", &mut generate)?;
    Ok(folder)
}

fn read(path: &Path) -> Option<String> {
    fs::read_to_string(path).ok()
}

/// The files of a folder, not those of its folders.
fn copy(source: &Path, folder: &Path) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    for file in fs::read_dir(source)? {
        let file = file?;
        if file.file_type()?.is_file() {
            fs::copy(file.path(), folder.join(file.file_name()))?;
        }
    }
    Ok(())
}

fn write_program(path: &Path) -> std::io::Result<()> {
    fs::write(path, "")?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(path, fs::Permissions::from_mode(0o755))?;
    }
    Ok(())
}
