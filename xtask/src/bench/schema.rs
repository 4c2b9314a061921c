//! `cargo xtask bench schema`: wall time of validation and of the formatter, the start of the program included.

use std::process::Command;

use super::{largest_real_schema, median_of, milliseconds, release_lenslet, write};
use crate::run::{Result, skipped, target};
use crate::schema;

const RUNS: usize = 25;

pub(crate) fn run() -> Result {
    let lenslet = release_lenslet()?;
    let mut schemas = Vec::new();
    match largest_real_schema() {
        Some(path) => schemas.push(path),
        None => skipped("The largest real schema", "the folder `../shared/schemas` is not present"),
    }
    for models in [500, 1000] {
        let path = target().join("bench-schema").join(format!("{models}-models.prisma"));
        write(&path, &schema::text(models))?;
        schemas.push(path);
    }
    println!("\nmedian of {RUNS} runs              validate   format --check");
    for path in &schemas {
        let mut validate = Command::new(&lenslet);
        validate.arg("validate").arg("--schema").arg(path);
        let validate = median_of(RUNS, &[0], || Ok(()), &mut validate)?;
        let mut format = Command::new(&lenslet);
        format.arg("format").arg("--check").arg("--schema").arg(path);
        // 1 says that the schema is not in the formatter's form; it was formatted all the same.
        let format = median_of(RUNS, &[0, 1], || Ok(()), &mut format)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        println!("{name:<28} {:>13} {:>16}", milliseconds(validate), milliseconds(format));
    }
    Ok(())
}
