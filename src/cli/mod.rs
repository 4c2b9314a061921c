//! The command line, one file a command. Only here are arguments, the environment and the terminal known.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line prints")]

mod database_url;
mod db_push;
mod environment;
mod error;
mod format;
mod generate;
mod schema_files;
mod secret;
mod terminal;
mod validate;
mod watch;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use error::Error;

/// What a command gives: whether all is well. A command that found something wrong has said so itself.
type Outcome = Result<Verdict, Error>;

/// How a command ended that did its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// Exit code 0.
    Good,
    /// Exit code 1: the schema is refused, a file is not formatted.
    Bad,
}

#[derive(Debug, Parser)]
#[command(
    name = "lenslet",
    version,
    about = "A typed Rust database client from a Prisma schema",
    after_help = "\
Examples:
  lenslet gen                          Write the client that the schema's generator block names
  lenslet gen --no-engine --watch      The engine-less client, again at every change
  lenslet validate --json              What is wrong with the schema, for an editor
  lenslet db push                      Make the database look like the schema

Exit codes: 0 when all is well, 1 when it is not.",
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
#[command(subcommand_help_heading = "Commands")]
enum Command {
    /// Write the client crate of a schema
    #[command(visible_alias = "generate")]
    Gen(generate::Arguments),
    /// Check a schema
    Validate(validate::Arguments),
    /// Format the files of a schema
    Format(format::Arguments),
    /// Commands that talk to the database
    #[command(subcommand, arg_required_else_help = true)]
    Db(Db),
}

#[derive(Debug, Subcommand)]
enum Db {
    /// Change the database so that it looks like the schema
    Push(db_push::Arguments),
}

/// Reads the arguments, runs the command, and says how it ended.
pub(crate) fn run() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return usage(&error),
    };
    let outcome = match arguments.command {
        Command::Gen(arguments) => generate::run(&arguments),
        Command::Validate(arguments) => validate::run(&arguments),
        Command::Format(arguments) => format::run(&arguments),
        Command::Db(Db::Push(arguments)) => db_push::run(&arguments),
    };
    match outcome {
        Ok(Verdict::Good) => ExitCode::SUCCESS,
        Ok(Verdict::Bad) => ExitCode::FAILURE,
        Err(error) => {
            terminal::error(&error);
            ExitCode::FAILURE
        }
    }
}

/// Help and version are what was asked for; every other message of the parser is a mistake in the arguments.
fn usage(error: &clap::Error) -> ExitCode {
    // A closed pipe is not worth a second message.
    let _ = error.print();
    if error.use_stderr() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn arguments_are_consistent() {
        super::Arguments::command().debug_assert();
    }
}
