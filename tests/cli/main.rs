//! The command line as its users meet it: a process with arguments, files, an environment, two streams and an exit code.
#![allow(clippy::print_stderr, reason = "who runs the tests must see what was not tested")]

mod completions;
mod db_pull;
mod db_push;
mod db_seed;
mod doctor;
mod example;
mod format;
mod generate;
mod hints;
mod init;
mod migrate;
mod pool;
mod postgresql;
#[cfg(unix)]
#[allow(dead_code, unreachable_pub, reason = "other tests need more of it")]
#[path = "../../codegen-tests/src/postgresql_server.rs"]
mod postgresql_server;
mod project;
mod renames;
mod settings;
mod sockets;
mod usage;
mod validate;
