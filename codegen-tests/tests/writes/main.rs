//! Writes on a real SQLite, through the query document: every action and every nested operation, what it answers, what it
//! leaves in the tables, and what it says when it cannot be done.
#![allow(clippy::unwrap_used)]

mod database;
mod defaults;
mod errors;
mod many;
mod nested;
mod one;
mod relation_mode;
mod undone;
