//! Generates the client that `src/main.rs` takes in, and notices new migrations.
#![allow(clippy::print_stdout, reason = "cargo reads it")]

fn main() -> Result<(), lenslet::BuildError> {
    println!("cargo::rerun-if-changed=prisma/migrations");
    lenslet::Generator::new("prisma/schema.prisma").serde().emit()
}
