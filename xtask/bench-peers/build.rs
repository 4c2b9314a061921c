//! Generates two clients from the same models: one for SQLite, one for PostgreSQL.

use std::{error::Error, fs, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=models.prisma");
    let out = std::env::var("OUT_DIR")?;
    let models = fs::read_to_string("models.prisma")?;
    for provider in ["sqlite", "postgresql"] {
        let schema = Path::new(&out).join(format!("{provider}.prisma"));
        let datasource =
            format!("datasource db {{\n  provider = \"{provider}\"\n  url      = env(\"DATABASE_URL\")\n}}\n\n");
        fs::write(&schema, datasource + &models)?;
        lenslet::Generator::new(&schema).output(Path::new(&out).join(provider)).emit()?;
    }
    Ok(())
}
