//! The command line as its users meet it: a process with arguments, files, an environment, two streams and an exit code.

mod completions;
mod db_push;
mod db_seed;
mod example;
mod format;
mod generate;
mod hints;
mod init;
mod migrate;
mod project;
mod settings;
mod sockets;
mod usage;
mod validate;
