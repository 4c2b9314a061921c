//! The command line: `lenslet`.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
