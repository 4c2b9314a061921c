//! Generates the client.

use lenslet::codegen::{Layout, Serde};
use lenslet::{Options, Sources};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=schema.prisma");
    let sources = Sources::single("schema.prisma", std::fs::read_to_string("schema.prisma")?);
    let schema = lenslet::check(&sources).schema.ok_or("the schema is valid")?;
    let out = std::path::PathBuf::from(std::env::var("OUT_DIR")?);
    let options = Options {
        layout: Layout::Module,
        serde: Serde::Never,
        ..Options::default()
    };
    lenslet::generate(&schema, &options)?.write_to(&out.join("lenslet"))?;
    Ok(())
}
