//! Only commands that talk to a database or the pool open sockets.
#![cfg(target_os = "linux")]

use std::fs;
use std::process::Command;

use crate::project::{Project, SCHEMA};

/// Every call of the system for a socket that a command makes; nothing where there is no strace, or it may not trace.
fn sockets(project: &Project, arguments: &[&str]) -> Option<Vec<String>> {
    let trace = project.path("trace");
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-e", "trace=%network", "-o"]).arg(&trace).arg(env!("CARGO_BIN_EXE_lenslet"));
    let lenslet = project.command(arguments);
    strace.args(arguments).current_dir(project.path("")).envs(lenslet.get_envs().filter_map(|(k, v)| Some((k, v?))));
    let output = strace.output().ok()?;
    let trace = fs::read_to_string(&trace).ok()?;
    if String::from_utf8_lossy(&output.stderr).contains("strace: ") {
        return None;
    }
    Some(trace.lines().filter(|line| line.contains('(')).map(str::to_owned).collect())
}

#[track_caller]
fn check(project: &Project, arguments: &[&str]) {
    match sockets(project, arguments) {
        Some(calls) => assert_eq!(calls, Vec::<String>::new(), "{arguments:?}"),
        None => eprintln!("skipped: there is no strace that may trace"),
    }
}

#[test]
fn commands_about_schema_and_client_open_none() {
    let project = Project::with_schema(SCHEMA);
    project.write(".env", "DATABASE_URL=postgresql://localhost:1/never\n");
    for arguments in [
        &["--help"][..],
        &["--version"],
        &["validate"],
        &["validate", "--json"],
        &["format"],
        &["format", "--check"],
        &["gen"],
        &["gen", "--no-engine", "--output", "edge"],
        &["doctor", "--offline"],
        &["migrate", "diff", "--from-empty", "--to-schema", "prisma/schema.prisma", "--script"],
        &["completions", "bash"],
        &["man", "--out", "man"],
        &["nonsense"],
        &["validate", "--schema", "nowhere"],
    ] {
        check(&project, arguments);
    }
}

#[test]
fn a_database_that_is_a_file_needs_none() {
    let project = Project::with_schema(SCHEMA);
    project.write(".env", "DATABASE_URL=file:dev.db\n");
    for arguments in [
        &["migrate", "dev", "--name", "init"][..],
        &["migrate", "deploy"],
        &["migrate", "status"],
        &["migrate", "reset", "--force"],
        &["db", "push"],
        &["db", "pull"],
        &["doctor"],
    ] {
        check(&project, arguments);
    }
    check(&Project::empty(), &["init", "--template", "worker"]);
}

/// Otherwise the tests above would show nothing.
#[test]
fn a_socket_would_be_seen() {
    let project = Project::with_schema(&SCHEMA.replace("sqlite", "postgresql"));
    let Some(calls) = sockets(&project, &["db", "push", "--url", "postgresql://127.0.0.1:1/never"]) else {
        eprintln!("skipped: there is no strace that may trace");
        return;
    };
    assert!(calls.iter().any(|call| call.contains("connect(")), "{calls:?}");
}
