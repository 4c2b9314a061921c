//! `lenslet migrate`: a database changes with a history of files.

mod deploy;
mod dev;
mod diff;
mod down;
mod new_migration;
mod reset;
mod resolve;
mod squash;
mod status;

use clap::Subcommand;

use super::Outcome;

#[derive(Debug, Subcommand)]
pub(super) enum Migrate {
    /// Write a migration for what changed in the schema, and apply it
    Dev(dev::Arguments),
    /// Drop everything, apply all migrations, seed
    Reset(reset::Arguments),
    /// Say or write what makes one database, schema or history into another
    Diff(diff::Arguments),
    /// Fold the history into one migration
    Squash(squash::Arguments),
    /// Apply the migrations that the database has not seen
    Deploy(deploy::Arguments),
    /// Say which migrations the database has seen
    Status(status::Arguments),
    /// Record what was done by hand after a migration failed
    Resolve(resolve::Arguments),
    /// Undo the last migration with its down.sql
    Down(down::Arguments),
}

pub(super) fn run(command: &Migrate) -> Outcome {
    match command {
        Migrate::Dev(arguments) => dev::run(arguments),
        Migrate::Reset(arguments) => reset::run(arguments),
        Migrate::Diff(arguments) => diff::run(arguments),
        Migrate::Squash(arguments) => squash::run(arguments),
        Migrate::Deploy(arguments) => deploy::run(arguments),
        Migrate::Status(arguments) => status::run(arguments),
        Migrate::Resolve(arguments) => resolve::run(arguments),
        Migrate::Down(arguments) => down::run(arguments),
    }
}
