//! A toolchain that compiles for wasm32, from whichever source this machine can reach.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

use crate::debian;
use crate::run::{Failure, Result, cargo, output, root, shared, step, succeeds, target};

/// The target of Workers.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// How to compile for wasm32 here.
pub(crate) enum Toolchain {
    /// The toolchain that runs xtask has the target.
    Rustup,
    /// Debian's compiler with a standard library built for the target.
    Debian {
        /// Its `cargo`.
        cargo: PathBuf,
    },
}

impl Toolchain {
    /// A call of its cargo.
    pub(crate) fn cargo(&self) -> Command {
        match self {
            Toolchain::Rustup => cargo(&[]),
            Toolchain::Debian { cargo } => {
                let mut command = Command::new(cargo);
                // Another compiler: nothing of the toolchain that runs xtask.
                command.env_remove("RUSTUP_TOOLCHAIN").env_remove("CARGO").env_remove("RUSTC");
                command
            }
        }
    }

    /// A check of packages of the workspace.
    pub(crate) fn check(&self, packages: &[String]) -> Command {
        let mut command = self.cargo();
        command.current_dir(root());
        if let Toolchain::Debian { .. } = self {
            command.env("CARGO_TARGET_DIR", target().join("wasm-debian"));
        }
        command.args(["check", "--locked", "--target", TARGET, "--features", "lenslet-edge/fetch,lenslet-edge/worker"]);
        for package in packages {
            command.args(["--package", package]);
        }
        command
    }
}

/// Where programs are looked up by those that call `cargo` by its name.
pub(crate) fn program_path(toolchain: &Toolchain) -> OsString {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let first = match toolchain {
        Toolchain::Rustup => None,
        Toolchain::Debian { cargo } => cargo.parent().map(PathBuf::from),
    };
    std::env::join_paths(first.into_iter().chain(std::env::split_paths(&path))).unwrap_or(path)
}

/// Finds or makes a toolchain; says what is missing where there is none.
pub(crate) fn toolchain() -> std::result::Result<Toolchain, String> {
    if has_target() || (succeeds(Command::new("rustup").args(["target", "add", TARGET])) && has_target()) {
        return Ok(Toolchain::Rustup);
    }
    let no_target = format!("rustup cannot add the target {TARGET}");
    match shared().map(|folder| folder.join("wasm/make-toolchain")).filter(|script| script.is_file()) {
        None => Err(format!("{no_target}; run `rustup target add {TARGET}` where its server can be reached")),
        Some(script) => debian(script).map_err(|failure| format!("{no_target}, and {failure}")),
    }
}

fn has_target() -> bool {
    let sysroot = output(Command::new("rustc").current_dir(root()).args(["--print", "sysroot"]));
    sysroot.is_some_and(|sysroot| PathBuf::from(sysroot.trim()).join("lib/rustlib").join(TARGET).is_dir())
}

fn debian(script: PathBuf) -> Result<Toolchain> {
    let folder = target().join("wasm-toolchain");
    // The script needs the sources of the standard library of exactly the compiler it calls.
    debian::install(&["rustc-web", "cargo-web", "rust-web-src"])?;
    let mut make = Command::new(script);
    make.arg(&folder).env_remove("RUSTUP_TOOLCHAIN").env_remove("CARGO").env_remove("RUSTC");
    step("A standard library for wasm32", &mut make)?;
    let cargo = folder.join("bin/cargo");
    if cargo.is_file() { Ok(Toolchain::Debian { cargo }) } else { Err(Failure::new("no toolchain was made")) }
}

/// The packages of the workspace that must compile for wasm32: the edge engine and every generated engine-less client.
pub(crate) fn edge_crates() -> Vec<String> {
    let mut names = vec!["lenslet-edge".to_owned()];
    let mut schemas: Vec<_> =
        std::fs::read_dir(root().join("codegen-tests/golden")).into_iter().flatten().flatten().collect();
    schemas.sort_by_key(std::fs::DirEntry::file_name);
    for schema in schemas {
        let manifest = std::fs::read_to_string(schema.path().join("edge/Cargo.toml"));
        names.extend(manifest.ok().and_then(|text| package_name(&text)));
    }
    names
}

fn package_name(manifest: &str) -> Option<String> {
    let line = manifest.lines().find(|line| line.starts_with("name ="))?;
    line.split('"').nth(1).map(str::to_owned)
}
