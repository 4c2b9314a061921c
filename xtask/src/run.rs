//! Run other programs: say what runs, how long it took, and what to do when it fails.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// Why a command of xtask ends badly.
#[derive(Debug)]
pub(crate) struct Failure(String);

/// What a step gives.
pub(crate) type Result<T = ()> = std::result::Result<T, Failure>;

impl Failure {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The folder of the workspace.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".")).to_path_buf()
}

/// The folder that cargo builds in.
pub(crate) fn target() -> PathBuf {
    // Relative paths are relative to where cargo runs, which is the root of the workspace for every step.
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |folder| root().join(folder))
}

/// The folder beside the repository with schemas and recorded cases that are too large, or not ours, to be copied.
pub(crate) fn shared() -> Option<PathBuf> {
    root().parent().map(|parent| parent.join("shared")).filter(|folder| folder.is_dir())
}

/// A call of the cargo that called us.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root()).args(arguments);
    command
}

/// Runs a step that must succeed.
pub(crate) fn step(title: &str, command: &mut Command) -> Result {
    eprintln!("\n==> {title}\n    {}", shown(command));
    let started = Instant::now();
    let status = command
        .stdin(Stdio::null())
        .status()
        .map_err(|error| Failure::new(format!("{title}: cannot start `{}`: {error}", shown(command))))?;
    eprintln!("    {:.1} s", started.elapsed().as_secs_f64());
    if status.success() {
        Ok(())
    } else {
        Err(Failure::new(format!("{title}: `{}` failed ({status})", shown(command))))
    }
}

/// Says that a step is left out, and what is missing for it.
pub(crate) fn skipped(title: &str, reason: &str) {
    eprintln!("\n==> {title}\n    skipped: {reason}");
}

/// What a program prints, when it runs and succeeds.
pub(crate) fn output(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether a program runs and succeeds, its output dropped.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    output(command).is_some()
}

fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let mut words = words.map(|word| word.to_string_lossy());
    let program = words.next().unwrap_or_default();
    let program = Path::new(&*program).file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    words.fold(program, |line, word| format!("{line} {word}"))
}
