//! `lenslet completions` and `lenslet man`: what shells and `man` know of the command line.

use std::fs;
use std::path::PathBuf;

use clap::Command;
use clap_complete::Shell;

use super::error::Error;
use super::{Outcome, Verdict, terminal};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lenslet completions bash > ~/.local/share/bash-completion/completions/lenslet
  lenslet completions zsh > ~/.zfunc/_lenslet
  lenslet completions fish > ~/.config/fish/completions/lenslet.fish")]
pub(super) struct CompletionsArguments {
    /// The shell
    shell: Shell,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lenslet man --out ~/.local/share/man/man1
  man lenslet-migrate-dev")]
pub(super) struct ManArguments {
    /// The folder to write to; it is made if it is not there
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// Prints what makes a shell complete the words of the command line.
pub(super) fn completions(arguments: &CompletionsArguments, mut command: Command) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut command, "lenslet", &mut script);
    terminal::text(&String::from_utf8_lossy(&script))?;
    Ok(Verdict::Good)
}

/// Writes a page a command.
pub(super) fn man(arguments: &ManArguments, command: Command) -> Outcome {
    let folder = &arguments.out;
    let written = fs::create_dir_all(folder)
        .and_then(|()| clap_mangen::generate_to(command.disable_help_subcommand(true), folder));
    written.map_err(|source| Error::Write { path: folder.clone(), source })?;
    terminal::answer(&format!("Wrote the manual pages to `{}`", folder.display()))?;
    Ok(Verdict::Good)
}
