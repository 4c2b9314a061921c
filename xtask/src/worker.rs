//! Builds Workers, with the programs that this takes installed below the target folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::run::{Failure, Result, cargo, output, root, step, target};
use crate::wasm::{self, TARGET, Toolchain};
use crate::{node, postgresql};

/// What it takes to build Workers.
pub(crate) struct Tools {
    toolchain: Toolchain,
    /// Where cargo installed `wasm-bindgen` and `worker-build`.
    programs: PathBuf,
    /// Where npm installed `binaryen`, `esbuild` and `miniflare`.
    packages: PathBuf,
}

/// How small wasm-opt makes it, with the features that rustc's wasm32 target has by default.
pub(crate) const OPTIMIZE: [&str; 8] = [
    "-Oz",
    "--enable-bulk-memory",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-reference-types",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--strip-producers",
];

impl Tools {
    /// Finds or installs the tools. The versions of those that must fit libraries are read from a `Cargo.lock`.
    pub(crate) fn ensure(lock: &Path) -> Result<Self> {
        let toolchain = wasm::toolchain().map_err(Failure::new)?;
        node::ensure()?;
        let packages = node::installed("xtask/tools", "worker-tools")?;
        let lock = fs::read_to_string(lock)
            .map_err(|error| Failure::new(format!("cannot read `{}`: {error}", lock.display())))?;
        let programs = target().join("worker-tools/cargo");
        for (program, library, binary) in
            [("wasm-bindgen-cli", "wasm-bindgen", "wasm-bindgen"), ("worker-build", "worker", "worker-build")]
        {
            let version = locked(&lock, library)
                .ok_or_else(|| Failure::new(format!("`{library}` is not in the lock file of the Workers")))?;
            install(&programs, program, binary, &version)?;
        }
        Ok(Tools { toolchain, programs: programs.join("bin"), packages })
    }

    /// The folder of the packages of npm, and of `serve.mjs`, which runs a Worker in workerd.
    pub(crate) fn packages(&self) -> &Path {
        &self.packages
    }

    /// A call of cargo for wasm32, in a workspace of its own that is built in a folder of its own.
    pub(crate) fn cargo(&self, workspace: &Path, built: &Path) -> Command {
        let mut cargo = self.toolchain.cargo();
        cargo.current_dir(workspace).env("CARGO_TARGET_DIR", built);
        cargo
    }

    /// Builds a Worker on the `worker` crate, as its users do. What is uploaded is in `build/`.
    pub(crate) fn worker(&self, title: &str, package: &Path, built: &Path) -> Result {
        let mut build = Command::new(self.programs.join("worker-build"));
        build.current_dir(package).arg("--release").env("CARGO_TARGET_DIR", built);
        build.env("PATH", wasm::program_path(&self.toolchain));
        build.env("WASM_BINDGEN_BIN", self.programs.join("wasm-bindgen"));
        build.env("WASM_OPT_BIN", self.package("wasm-opt")).env("ESBUILD_BIN", self.package("esbuild"));
        for variable in ["CARGO", "RUSTC", "RUSTUP_TOOLCHAIN"] {
            build.env_remove(variable);
        }
        step(title, &mut build)
    }

    /// Makes a Worker of a library that was compiled: `index_bg.wasm` and `worker.js` in a folder.
    pub(crate) fn bundle(&self, wasm: &Path, entry: &str, folder: &Path) -> Result {
        let write = |error| Failure::new(format!("cannot write below `{}`: {error}", folder.display()));
        fs::create_dir_all(folder).map_err(write)?;
        fs::write(folder.join("entry.js"), entry).map_err(write)?;
        let mut bindgen = Command::new(self.programs.join("wasm-bindgen"));
        bindgen.args(["--target", "bundler", "--no-typescript", "--out-name", "index", "--out-dir"]).arg(folder);
        step("JavaScript of the library", bindgen.arg(wasm))?;
        let mut optimize = Command::new(self.package("wasm-opt"));
        optimize.current_dir(folder).args(OPTIMIZE);
        step("Optimisation", optimize.args(["-o", "index_bg.wasm", "index_bg.wasm"]))?;
        let mut bundle = Command::new(self.package("esbuild"));
        bundle.current_dir(folder).args(["--bundle", "--minify", "--format=esm", "--log-level=error"]);
        step("Bundle", bundle.args(["--external:./index_bg.wasm", "--outfile=worker.js", "entry.js"]))
    }

    fn package(&self, program: &str) -> PathBuf {
        self.packages.join("node_modules/.bin").join(program)
    }
}

/// The example Worker: generates its client, looks at its lints, builds it. Answers the tools and the folder of what is
/// uploaded.
pub(crate) fn example() -> Result<(Tools, PathBuf)> {
    let folder = root().join("examples/worker");
    let tools = Tools::ensure(&folder.join("Cargo.lock"))?;
    let mut generate = cargo(&["run", "--quiet", "--locked", "--package", "lenslet", "--", "gen", "--schema"]);
    step("Client of the example Worker", generate.arg(folder.join("schema.prisma")))?;
    let built = target().join("worker-example");
    if matches!(tools.toolchain, Toolchain::Rustup) {
        let mut lints = tools.cargo(&folder, &built);
        lints.args(["clippy", "--locked", "--release", "--target", TARGET, "--", "--deny", "warnings"]);
        step("Lints of the example Worker", &mut lints)?;
    }
    tools.worker("Example Worker", &folder, &built)?;
    Ok((tools, folder.join("build")))
}

/// The Worker that `lenslet init --template worker` begins with, made as a newcomer makes it. Answers the folder of what is
/// uploaded.
pub(crate) fn template(tools: &Tools) -> Result<PathBuf> {
    let folder = target().join("worker-template");
    let failed = |error| Failure::new(format!("cannot write below `{}`: {error}", folder.display()));
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(failed)?;
    }
    fs::create_dir_all(folder.join(".cargo")).map_err(failed)?;
    let manifest = root().join("Cargo.toml");
    for arguments in [&["init", "--template", "worker"][..], &["gen"]] {
        let mut lenslet = cargo(&["run", "--quiet", "--locked", "--package", "lenslet", "--manifest-path"]);
        lenslet.arg(&manifest).arg("--").args(arguments).current_dir(&folder);
        step("The Worker of `lenslet init`", &mut lenslet)?;
    }
    // Until Lenslet is published; and the releases of other crates that were tried.
    let patches: String = ["core", "wire", "edge"]
        .map(|name| format!("lenslet-{name} = {{ path = {:?} }}\n", root().join("crates").join(name)))
        .concat();
    fs::write(folder.join(".cargo/config.toml"), format!("[patch.crates-io]\n{patches}")).map_err(failed)?;
    fs::copy(root().join("examples/worker/Cargo.lock"), folder.join("Cargo.lock")).map_err(failed)?;
    tools.worker("The Worker of `lenslet init`", &folder, &target().join("worker-example"))?;
    Ok(folder.join("build"))
}

/// The Worker of the behaviour tests, on the transport `fetch`. Answers the folder of what is uploaded.
pub(crate) fn stories(tools: &Tools) -> Result<PathBuf> {
    let (folder, built) = (root().join("codegen-tests/worker"), target().join("worker-stories"));
    let mut build = tools.cargo(&folder, &built);
    step("The Worker of the behaviour tests", build.args(["build", "--locked", "--release", "--target", TARGET]))?;
    let out = built.join("build");
    tools.bundle(&compiled(&built, "story-worker"), include_str!("../../codegen-tests/worker/entry.js"), &out)?;
    Ok(out)
}

/// The half of the transport that is JavaScript, under Node.
pub(crate) fn host() -> Result {
    let mut test = Command::new("node");
    step("JavaScript of the transport", test.current_dir(root()).args(["--test", "crates/edge/tests/host.mjs"]))
}

/// Builds the example Worker, and drives it.
pub(crate) fn test() -> Result {
    postgresql::ensure()?;
    let (tools, built) = example()?;
    host()?;
    let played = stories(&tools)?;
    let mut test =
        cargo(&["test", "--locked", "--package", "codegen-tests", "--test", "behaviour", "--", "in_a_worker"]);
    test.env("LENSLET_STORY_WORKER", played).env("LENSLET_WORKER_TOOLS", tools.packages());
    step("The behaviour of a Worker on `fetch`", &mut test)?;
    let mut test = cargo(&["test", "--locked", "--package", "codegen-tests", "--test", "worker_example"]);
    step("The example Worker", test.env("LENSLET_WORKER", built).env("LENSLET_WORKER_TOOLS", tools.packages()))?;
    let built = template(&tools)?;
    let mut test = cargo(&["test", "--locked", "--package", "lenslet", "--test", "cli", "--", "the_worker_runs"]);
    test.env("LENSLET_WORKER_TEMPLATE", built).env("LENSLET_WORKER_TOOLS", tools.packages());
    step("The Worker of `lenslet init`", &mut test)
}

/// The version of a package in a lock file.
fn locked(lock: &str, package: &str) -> Option<String> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name);
    let version = lines.nth(1)?.strip_prefix("version = \"")?;
    version.strip_suffix('"').map(str::to_owned)
}

fn install(folder: &Path, package: &str, binary: &str, version: &str) -> Result {
    let version_of = |program: &Path| output(Command::new(program).arg("--version"));
    let is_there = version_of(&folder.join("bin").join(binary)).is_some_and(|text| text.contains(version));
    if is_there {
        return Ok(());
    }
    // Not `--locked`: that of `wasm-bindgen-cli` names releases that were withdrawn.
    let mut install = cargo(&["install", "--quiet", "--force", package, "--version", version, "--root"]);
    install.arg(folder).env("CARGO_TARGET_DIR", target().join("worker-tools/build"));
    step(&format!("{package} {version}"), &mut install)
}

/// Where cargo puts a library that was compiled for wasm32.
pub(crate) fn compiled(built: &Path, package: &str) -> PathBuf {
    built.join(TARGET).join("release").join(format!("{}.wasm", package.replace('-', "_")))
}

#[cfg(test)]
mod tests {
    use super::locked;

    #[test]
    fn versions_of_a_lock_file() {
        let lock = "[[package]]\nname = \"worker-sys\"\nversion = \"0.1.0\"\n\n[[package]]\nname = \"worker\"\nversion = \"0.8.7\"\n";
        assert_eq!(locked(lock, "worker").as_deref(), Some("0.8.7"));
        assert_eq!(locked(lock, "wasm-bindgen"), None);
    }
}
