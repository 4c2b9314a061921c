//! Real schemas, generated and compiled without a warning in both variants. This takes minutes, so it runs where the
//! variable `LENSLET_COMPILE_REAL_SCHEMAS` is set, as `cargo xtask test` does.
#![allow(clippy::print_stderr)]

use codegen_tests::generated::{ENGINES, real_schemas};
use lenslet_core::catalog::Provider;
use std::{env, fs, path::Path, process::Command};

/// The schemas that are compiled: the largest, and some of each database.
const COMPILED: [&str; 12] = [
    "civitai-full",
    "inbox-zero",
    "nextcrm",
    "formbricks",
    "sourcebot",
    "evolution-api-postgresql",
    "umami-v2-mysql",
    "typehero",
    "realworld-axum-prisma",
    "spacedrive",
    "teable-sqlite",
    "prisma-examples-cockroachdb",
];

#[test]
fn real_schemas_compile_without_a_warning() {
    if env::var_os("LENSLET_COMPILE_REAL_SCHEMAS").is_none() {
        eprintln!("`LENSLET_COMPILE_REAL_SCHEMAS` is not set, skipped");
        return;
    }
    let Some(mut examples) = real_schemas() else {
        eprintln!("the real schemas are not present, skipped");
        return;
    };
    examples.retain(|it| COMPILED.contains(&it.name.as_str()));
    assert_eq!(examples.len(), COMPILED.len(), "a schema is missing");
    assert!(examples.iter().all(|it| it.schema.catalog.provider != Provider::Sqlserver));

    let workspace = Path::new(env!("CARGO_TARGET_TMPDIR")).join("real-schemas");
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates");
    let mut members = Vec::new();
    for example in &examples {
        for (engine, variant) in ENGINES {
            let name = format!("{}-{variant}", example.name);
            let output = example.generate(engine, &name, &crates);
            output.write_to(&workspace.join(&name)).expect("the crate can be written");
            members.push(name);
        }
    }
    // The lock file of this workspace, so that nothing is downloaded that the tests do not have already.
    let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock");
    fs::copy(lock, workspace.join("Cargo.lock")).expect("the lock file can be copied");
    fs::write(workspace.join("Cargo.toml"), format!("[workspace]\nresolver = \"3\"\nmembers = {members:?}\n"))
        .expect("the workspace can be written");
    let status = Command::new(env!("CARGO"))
        .args(["check", "--workspace", "--quiet", "--all-features", "--offline"])
        .current_dir(&workspace)
        .env("RUSTFLAGS", "-Dwarnings")
        .env("CARGO_TARGET_DIR", workspace.join("target"))
        .status()
        .expect("cargo can be started");
    assert!(status.success(), "the generated crates do not compile without a warning");
}
