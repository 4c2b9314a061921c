//! The command line, one file a command. Only here are arguments, the environment and the terminal known.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line prints")]

mod completions;
mod database_url;
mod db_execute;
mod db_pull;
mod db_push;
mod db_seed;
mod doctor;
mod environment;
mod error;
mod format;
mod generate;
mod help;
mod hints;
mod init;
#[cfg(unix)]
mod interrupt;
mod migrate;
mod package_json;
mod pool;
mod pool_key;
mod project;
mod renames;
mod schema_files;
mod secret;
mod settings;
mod template;
mod terminal;
mod validate;
mod watch;

use std::process::ExitCode;

use clap::{ArgMatches, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use error::Error;

/// What a command gives: whether all is well. A command that found something wrong has said so itself.
type Outcome = Result<Verdict, Error>;

/// How a command ended that did its work. Exit code 1 is also that of one that could not do it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// Exit code 0.
    Good,
    /// Exit code 1: the schema is refused, a file is not formatted.
    Bad,
    /// Exit code 2: what was compared differs, and the exit code was asked for.
    Differs,
    /// Exit code 130, as of a process that was interrupted: the answer to a question was no.
    Cancelled,
}

impl Verdict {
    fn exit_code(self) -> ExitCode {
        match self {
            Verdict::Good => ExitCode::SUCCESS,
            Verdict::Bad => ExitCode::FAILURE,
            Verdict::Differs => ExitCode::from(2),
            Verdict::Cancelled => ExitCode::from(130),
        }
    }
}

#[derive(Debug, Parser)]
#[command(
    name = "lenslet",
    version,
    about = "A typed Rust database client from a Prisma schema",
    after_help = "\
Examples:
  lenslet init --template sqlite         A program to begin with
  lenslet gen --watch                    The client, again at every change of the schema
  lenslet gen --no-engine                The engine-less client
  lenslet migrate dev --name add-posts   A migration for what changed in the schema
  lenslet migrate deploy                 In production: what the database has not seen

Exit codes: 0 when all is well, 1 when it is not, 2 when `migrate diff --exit-code` finds a difference, \
130 when a question was answered with no.
`lenslet COMMAND --help` has examples of each command.",
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Begin a project: a schema, `.env`, and a program if a template is named
    Init(init::Arguments),
    /// Say which file feeds which variable, and how the database is
    Doctor(doctor::Arguments),
    /// Write the client crate of a schema
    #[command(visible_alias = "generate")]
    Gen(generate::Arguments),
    /// Check a schema
    Validate(validate::Arguments),
    /// Format the files of a schema
    Format(format::Arguments),
    /// Change, read or fill the database, without a history
    #[command(
        subcommand,
        arg_required_else_help = true,
        after_help = "\
Examples:
  lenslet db push                     The database looks like the schema
  lenslet db pull --print             What the schema would be
  lenslet db execute --file fix.sql
  lenslet db seed"
    )]
    Db(Db),
    /// Answer engine-less clients, with few connections to the database
    Pool(pool::Arguments),
    /// Change the database with a history of migrations
    #[command(
        subcommand,
        arg_required_else_help = true,
        after_help = "\
Examples:
  lenslet migrate dev --name add-posts   After a change of the schema
  lenslet migrate status                 What the database has seen
  lenslet migrate deploy                 In production"
    )]
    Migrate(migrate::Migrate),
    /// Print what makes a shell complete commands and flags
    Completions(completions::CompletionsArguments),
    /// Write manual pages
    Man(completions::ManArguments),
}

#[derive(Debug, Subcommand)]
enum Db {
    /// Change the database so that it looks like the schema
    Push(db_push::Arguments),
    /// Change the schema so that it says what the database has
    Pull(db_pull::Arguments),
    /// Run a script of SQL
    Execute(db_execute::Arguments),
    /// Fill the database with the project's own command
    Seed(db_seed::Arguments),
}

/// Reads the arguments, runs the command, and says how it ended.
pub(crate) fn run() -> ExitCode {
    let matches = match help::grouped(Arguments::command()).try_get_matches() {
        Ok(matches) => matches,
        Err(error) => return usage(error),
    };
    let json = wants_json(&matches);
    let outcome = match Arguments::from_arg_matches(&matches) {
        Ok(arguments) => execute(&arguments.command),
        Err(error) => return usage(error),
    };
    match outcome {
        Ok(verdict) => verdict.exit_code(),
        Err(error) => {
            terminal::error(&error);
            if json {
                terminal::error_as_json(&error);
            }
            ExitCode::FAILURE
        }
    }
}

fn execute(command: &Command) -> Outcome {
    match command {
        Command::Init(arguments) => init::run(arguments),
        Command::Doctor(arguments) => doctor::run(arguments),
        Command::Gen(arguments) => generate::run(arguments),
        Command::Validate(arguments) => validate::run(arguments),
        Command::Format(arguments) => format::run(arguments),
        Command::Db(Db::Push(arguments)) => db_push::run(arguments),
        Command::Db(Db::Pull(arguments)) => db_pull::run(arguments),
        Command::Pool(arguments) => pool::run(arguments),
        Command::Db(Db::Execute(arguments)) => db_execute::run(arguments),
        Command::Db(Db::Seed(arguments)) => db_seed::run(arguments),
        Command::Migrate(command) => migrate::run(command),
        Command::Completions(arguments) => completions::completions(arguments, Arguments::command()),
        Command::Man(arguments) => completions::man(arguments, Arguments::command()),
    }
}

/// Whether the answer of the command is read by a program, which then wants to read its failure, too.
fn wants_json(matches: &ArgMatches) -> bool {
    match matches.subcommand() {
        Some((_, matches)) => wants_json(matches),
        None => matches.try_get_one::<bool>("json").ok().flatten().is_some_and(|it| *it),
    }
}

/// Help and version are what was asked for; every other message of the parser is a mistake in the arguments.
fn usage(mut error: clap::Error) -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    hints::add(&mut error, &Arguments::command(), &words);
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
