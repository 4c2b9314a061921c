//! Takes the schema and the code out of README.md. A block that is meant is announced by a comment in the line above it:
//! `<!-- native -->`. Blocks with the same name are one piece of code, in their order.

use std::error::Error;
use std::path::PathBuf;
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let readme = "../../README.md";
    println!("cargo::rerun-if-changed={readme}");
    let text = fs::read_to_string(readme)?;
    let out = PathBuf::from(env::var("OUT_DIR")?);

    let schema = out.join("schema.prisma");
    fs::write(&schema, blocks(&text, "schema").concat())?;
    lenslet::Generator::new(schema).emit()?;

    let tour = blocks(&text, "native").concat();
    fs::write(out.join("tour.rs"), format!("async fn tour() -> Result<(), db::Error> {{\n{tour}\nOk(())\n}}\n"))?;
    fs::write(out.join("build_script.rs"), blocks(&text, "build script").concat())?;
    Ok(())
}

/// The text of the blocks with that name.
fn blocks<'t>(readme: &'t str, name: &str) -> Vec<&'t str> {
    let announcement = format!("<!-- {name} -->\n```");
    let blocks: Vec<&str> = readme.split(announcement.as_str()).skip(1).filter_map(body).collect();
    assert!(!blocks.is_empty(), "README.md has no block `{name}`");
    blocks
}

/// What stands between the line that opens a block, its language, and the line that closes it.
fn body(from: &str) -> Option<&str> {
    let (_, body) = from.split_once('\n')?;
    Some(body.split("```").next().unwrap_or(body))
}
