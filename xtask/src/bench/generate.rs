//! `cargo xtask bench gen`: wall time of `lenslet gen`, the start of the program included.
//!
//! Files go to memory where the machine has a folder for that: a disk that still writes back what earlier runs left behind
//! would be measured instead, and made 1,000 models look worse than linear.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::{largest_real_schema, median_of, milliseconds, release_lenslet, write};
use crate::run::{Failure, Result, skipped, target};
use crate::schema;

const RUNS: usize = 15;
const SIZES: [usize; 3] = [250, 500, 1000];

struct Times {
    fresh: Duration,
    unchanged: Duration,
}

pub(crate) fn run() -> Result {
    let lenslet = release_lenslet()?;
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() {
        memory.join(format!("lenslet-bench-{}", std::process::id()))
    } else {
        target().join("bench-gen")
    };
    let result = rows(&lenslet, &folder);
    // What cannot be removed is a scratch folder that the next start of the machine clears.
    let _ = std::fs::remove_dir_all(&folder);
    result
}

fn rows(lenslet: &Path, folder: &Path) -> Result {
    println!("\nfiles go to {}", folder.display());
    println!("median of {RUNS} runs             all files written   nothing changed");
    match largest_real_schema() {
        Some(path) => {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            row(&name, &measure(lenslet, &path, folder)?);
        }
        None => skipped("The largest real schema", "the folder `../shared/schemas` is not present"),
    }
    let mut measured: Vec<(usize, Times)> = Vec::new();
    for models in SIZES {
        let path = folder.join(format!("{models}.prisma"));
        write(&path, &schema::text(models))?;
        let times = measure(lenslet, &path, folder)?;
        row(&format!("{models} models"), &times);
        measured.push((models, times));
    }
    println!();
    for pair in measured.windows(2) {
        if let [(small, before), (large, after)] = pair {
            println!(
                "{small} -> {large} models: {:.2} x the size, {:.2} x the time (written), {:.2} x (unchanged)",
                *large as f64 / *small as f64,
                after.fresh.as_secs_f64() / before.fresh.as_secs_f64(),
                after.unchanged.as_secs_f64() / before.unchanged.as_secs_f64(),
            );
        }
    }
    Ok(())
}

fn measure(lenslet: &Path, schema: &Path, folder: &Path) -> Result<Times> {
    let output: PathBuf = folder.join("out");
    let mut command = Command::new(lenslet);
    command.arg("gen").arg("--schema").arg(schema).arg("--output").arg(&output);
    let clear = || match std::fs::remove_dir_all(&output) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Failure::new(format!("cannot remove {}: {error}", output.display())))
        }
        _ => Ok(()),
    };
    let fresh = median_of(RUNS, &[0], clear, &mut command)?;
    let unchanged = median_of(RUNS, &[0], || Ok(()), &mut command)?;
    Ok(Times { fresh, unchanged })
}

fn row(name: &str, times: &Times) {
    println!("{name:<28} {:>20} {:>17}", milliseconds(times.fresh), milliseconds(times.unchanged));
}
