//! `cargo xtask conformance`: our answers next to the recorded ones.

use crate::run::{Result, cargo, shared, skipped, step};
use crate::{node, postgresql};

/// Validation and formatter.
pub(crate) fn schema() -> Result {
    compare("Conformance of validation and formatter", "conformance_schema")
}

/// Queries on real databases.
pub(crate) fn query() -> Result {
    compare("Conformance of queries", "conformance_query")
}

/// Real histories of migrations, and real schemas, on SQLite and PostgreSQL.
pub(crate) fn migrations() -> Result {
    const TITLE: &str = "Conformance of migrations";
    if shared().is_none() {
        skipped(TITLE, "the real histories are not present; they are read from `../shared/migrations`");
        return Ok(());
    }
    postgresql::ensure()?;
    let (mut histories, mut schemas) = (test("conformance_migrations"), cargo(&["test", "--quiet", "--locked"]));
    schemas.args(["--package", "codegen-tests", "--test", "push_schemas", "--test", "pull_schemas"]);
    schemas.args(["--test", "renames_schemas", "--", "--nocapture"]);
    match postgresql::with_vector() {
        Ok(programs) => {
            for test in [&mut histories, &mut schemas] {
                test.env("LENSLET_POSTGRESQL_WITH_VECTOR", &programs);
            }
        }
        Err(missing) => skipped("What wants the extension `vector`", &missing.to_string()),
    }
    step(TITLE, &mut histories)?;
    step("Real schemas, pushed, pulled and renamed", &mut schemas)
}

fn test(name: &str) -> std::process::Command {
    cargo(&["test", "--quiet", "--locked", "--package", "codegen-tests", "--test", name, "--", "--nocapture"])
}

fn compare(title: &str, name: &str) -> Result {
    if shared().is_none() {
        skipped(title, "the recorded cases are not present; they are read from `../shared/conformance`");
        return Ok(());
    }
    step(title, &mut test(name))
}

/// What Prisma's clients asked when they were recorded, and what an installed one asks now.
pub(crate) fn client() -> Result {
    postgresql::ensure()?;
    node::ensure()?;
    let mut test = cargo(&["test", "--package", "codegen-tests", "--test", "pool_replay", "--test", "pool_javascript"]);
    node::with_prisma_clients(&mut test)?;
    step("Prisma's clients", test.args(["--", "--nocapture"]))
}
