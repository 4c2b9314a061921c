//! `cargo xtask test` and `cargo xtask ci`.

use std::process::Command;

use crate::run::{Failure, Result, cargo, output, root, shared, skipped, step, succeeds};
use crate::{debian, node, postgresql, size, wasm, worker};

/// Formatting and lints, what the client adds to a Worker, then the tests.
pub(crate) fn ci() -> Result {
    step("Formatting", &mut cargo(&["fmt", "--all", "--check"]))?;
    for apart in ["fuzz", "xtask/bench-peers"] {
        let manifest = format!("{apart}/Cargo.toml");
        step("Formatting", &mut cargo(&["fmt", "--manifest-path", &manifest, "--check"]))?;
    }
    // `cargo fmt` reads manifests, and that of the example's client is there only once it has been generated.
    for worker in ["examples/worker", "codegen-tests/worker"] {
        let source = root().join(worker).join("src/lib.rs");
        let mut rustfmt = Command::new("rustfmt");
        step("Formatting", rustfmt.args(["--check", "--edition", "2024"]).arg(source).current_dir(root()))?;
    }
    step("Lints", &mut cargo(&["clippy", "--workspace", "--all-targets", "--locked", "--", "--deny", "warnings"]))?;
    size::run(false)?;
    test()
}

/// Sets up what the tests need and runs all of them. The test runner comes last, so that its summary ends the output.
pub(crate) fn test() -> Result {
    library_stays_light()?;
    edge_compiles_for_wasm()?;
    step("Quickstart", &mut cargo(&["run", "--quiet", "--locked", "--package", "quickstart"]))?;
    step("Examples in the documentation", &mut cargo(&["test", "--workspace", "--doc", "--locked"]))?;
    if shared().is_none() {
        skipped(
            "Real schemas and recorded cases",
            "the folder `../shared` is not present; the tests that read it pass without",
        );
    }
    if let Err(missing) = postgresql::ensure() {
        skipped("Tests on PostgreSQL", &missing.to_string());
    }
    let wrangler = match node::ensure() {
        Ok(()) => Some(node::installed("tests/cli/wrangler", "wrangler")?),
        Err(missing) => {
            skipped("What wrangler gives a Worker", &missing.to_string());
            None
        }
    };
    if let Err(missing) = debian::install(&["strace"]) {
        skipped("That commands open no sockets", &missing.to_string());
    }
    let worker = match node::ensure() {
        Ok(()) => {
            worker::host()?;
            let (tools, built) = worker::example()?;
            Some((worker::template(&tools)?, worker::stories(&tools)?, tools, built))
        }
        Err(missing) => {
            skipped("The example Worker", &missing.to_string());
            None
        }
    };
    let mut runner = if succeeds(&mut cargo(&["nextest", "--version"])) {
        cargo(&["nextest", "run", "--workspace", "--locked", "--no-fail-fast"])
    } else {
        cargo(&["test", "--workspace", "--all-targets", "--locked", "--no-fail-fast"])
    };
    match node::ensure() {
        Ok(()) => node::with_prisma_clients(&mut runner)?,
        Err(missing) => skipped("The unmodified JavaScript clients", &missing.to_string()),
    }
    if let Some(folder) = wrangler {
        runner.env("LENSLET_WRANGLER", folder);
    }
    if let Some((template, stories, tools, built)) = worker {
        runner.env("LENSLET_STORY_WORKER", stories);
        runner.env("LENSLET_WORKER", built).env("LENSLET_WORKER_TEMPLATE", template);
        runner.env("LENSLET_WORKER_TOOLS", tools.packages());
    }
    // What takes minutes is left out of a plain `cargo test`.
    step("Tests", runner.env("LENSLET_COMPILE_REAL_SCHEMAS", "1"))
}

/// What a `build.rs` pulls in: neither a command line parser, nor a runtime, nor a driver.
fn library_stays_light() -> Result {
    let arguments = ["check", "--package", "lenslet", "--no-default-features", "--locked"];
    step("The library without the command line", &mut cargo(&arguments))?;
    let arguments =
        ["tree", "--package", "lenslet", "--no-default-features", "--edges", "normal", "--prefix", "none", "--locked"];
    let tree = output(&mut cargo(&arguments)).ok_or_else(|| Failure::new("`cargo tree` failed"))?;
    let heavy = ["clap", "tokio", "rusqlite", "tokio-postgres", "mysql_async"];
    match tree.lines().filter_map(|line| line.split(' ').next()).find(|name| heavy.contains(name)) {
        None => Ok(()),
        Some(name) => Err(Failure::new(format!(
            "the library without default features depends on `{name}`; `cargo tree --no-default-features --invert {name}` says why"
        ))),
    }
}

fn edge_compiles_for_wasm() -> Result {
    const TITLE: &str = "Engine-less clients for wasm32";
    let crates = wasm::edge_crates();
    match wasm::toolchain() {
        Ok(toolchain) => step(TITLE, &mut toolchain.check(&crates)),
        Err(missing) => {
            skipped(TITLE, &missing);
            Ok(())
        }
    }
}
