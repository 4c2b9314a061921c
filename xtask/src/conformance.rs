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

fn compare(title: &str, test: &str) -> Result {
    if shared().is_none() {
        skipped(title, "the recorded cases are not present; they are read from `../shared/conformance`");
        return Ok(());
    }
    step(
        title,
        &mut cargo(&["test", "--quiet", "--locked", "--package", "codegen-tests", "--test", test, "--", "--nocapture"]),
    )
}

/// What Prisma's clients asked when they were recorded, and what an installed one asks now.
pub(crate) fn client() -> Result {
    postgresql::ensure()?;
    node::ensure()?;
    let folder = node::prisma_client()?;
    let mut test = cargo(&["test", "--package", "codegen-tests", "--test", "pool_replay", "--test", "pool_javascript"]);
    step("Prisma's clients", test.args(["--", "--nocapture"]).env("LENSLET_JAVASCRIPT", folder))
}
