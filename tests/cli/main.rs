//! The command line as its users meet it: a process with arguments, files, an environment, two streams and an exit code.

mod db_push;
mod example;
mod format;
mod generate;
mod project;
mod usage;
mod validate;
