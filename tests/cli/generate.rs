//! `lenslet gen`.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use crate::project::{Project, SCHEMA, broken_schema};

#[test]
fn the_client_is_written_where_the_block_says() {
    let project = Project::with_schema(SCHEMA);
    project.run(&["gen"]).succeeds().prints("db");
    assert!(project.read("db/Cargo.toml").contains("lenslet-native"));
    assert!(project.exists("db/src/lib.rs"));
}

#[test]
#[cfg(unix)]
fn a_folder_that_is_a_link_is_left_through_where_it_leads() {
    let project = Project::empty();
    project.write("elsewhere/deep/schema.prisma", SCHEMA);
    std::os::unix::fs::symlink("elsewhere/deep", project.path("prisma")).expect("a link");
    project.run(&["gen"]).succeeds().prints("`prisma/../db`");
    assert!(project.exists("elsewhere/db/src/lib.rs") && !project.exists("db"));
}

#[test]
fn json_says_what_was_written() {
    let project = Project::with_schema(SCHEMA);
    let ran = project.run(&["gen", "--json"]);
    let client = &ran.succeeds().json()["clients"][0];
    assert_eq!(client["output"], "db");
    assert!(client["changed"].as_array().expect("a list").contains(&"db/src/user.rs".into()), "{client}");
    project.write("prisma/schema.prisma", broken_schema());
    let error = project.run(&["gen", "--json"]).fails(&["schema.prisma:19"]).json()["error"].clone();
    assert_eq!((&error["code"], &error["diagnostics"][0]["line"]), (&"P1012".into(), &19.into()));
    project.run(&["gen", "--json", "--schema", "no"]).fails(&["`no`"]);
}

#[test]
fn generate_is_the_same_command() {
    let project = Project::with_schema(SCHEMA);
    project.run(&["generate"]).succeeds();
    assert!(project.exists("db/src/lib.rs"));
}

#[test]
fn flags_beat_the_block() {
    let project = Project::with_schema(SCHEMA);
    project.run(&["gen", "--output", "elsewhere", "--no-engine"]).succeeds();
    assert!(project.read("elsewhere/Cargo.toml").contains("lenslet-edge"));
    assert!(!project.exists("db"));
}

#[test]
fn the_block_chooses_the_engine() {
    let project = Project::with_schema(&SCHEMA.replace("\"../db\"", "\"../db\"\n  engine   = \"none\""));
    project.run(&["gen"]).succeeds();
    assert!(project.read("db/Cargo.toml").contains("lenslet-edge"));
}

#[test]
fn an_unknown_engine_is_an_error() {
    let project = Project::with_schema(&SCHEMA.replace("\"../db\"", "\"../db\"\n  engine   = \"binary\""));
    project.run(&["gen"]).fails(&["`client`", "prisma/schema.prisma", "\"native\"", "\"none\""]);
}

#[test]
fn blocks_of_other_providers_are_left_alone() {
    let other = "generator js {\n  provider = \"prisma-client-js\"\n  output   = \"../js\"\n}\n";
    let project = Project::with_schema(&format!("{SCHEMA}\n{other}"));
    project.run(&["gen"]).succeeds();
    assert!(project.exists("db") && !project.exists("js"));
}

#[test]
fn without_a_block_it_is_written_out() {
    let schema = SCHEMA.replace("provider = \"lenslet\"", "provider = \"prisma-client-js\"");
    let project = Project::with_schema(&schema);
    project.run(&["gen"]).fails(&["prisma/schema.prisma", "generator client {", "provider = \"lenslet\"", "--output"]);
    project.run(&["gen", "--output", "db"]).succeeds();
    assert!(project.exists("db/src/lib.rs"));
}

#[test]
fn a_block_without_output_says_what_to_add() {
    let project = Project::with_schema(&SCHEMA.replace("  output   = \"../db\"\n", ""));
    project.run(&["gen"]).fails(&["`client`", "output", "\"../db\""]);
}

#[test]
fn an_output_from_the_environment_is_refused() {
    let project = Project::with_schema(&SCHEMA.replace("\"../db\"", "env(\"OUT\")"));
    project.run(&["gen"]).fails(&["`client`", "output"]);
}

#[test]
fn several_blocks_make_several_clients() {
    let second = "generator edge {\n  provider = \"lenslet\"\n  output   = \"../edge\"\n  engine   = \"none\"\n}\n";
    let project = Project::with_schema(&format!("{SCHEMA}\n{second}"));
    project.run(&["gen", "--output", "x"]).fails(&["client", "edge", "--generator"]);
    project.run(&["gen", "--generator", "nobody"]).fails(&["`nobody`"]);
    project.run(&["gen", "--generator", "edge", "--output", "x"]).succeeds();
    assert!(project.exists("x") && !project.exists("db"));
    project.run(&["gen"]).succeeds();
    assert!(project.exists("db") && project.exists("edge"));
}

#[test]
fn the_output_is_relative_to_the_file_with_the_block() {
    let project = Project::empty();
    let (config, models) = SCHEMA.split_at(SCHEMA.find("model User").expect("a model"));
    project.write("schema/config/main.prisma", config);
    project.write("schema/models.prisma", models);
    project.run(&["gen", "--schema", "schema"]).succeeds();
    assert!(project.exists("schema/db/src/lib.rs"));
}

#[test]
fn a_refused_schema_changes_nothing() {
    let project = Project::with_schema(SCHEMA);
    project.run(&["gen"]).succeeds();
    let before = project.read("db/src/lib.rs");
    project.write("prisma/schema.prisma", broken_schema());
    project.run(&["gen"]).fails(&["prisma/schema.prisma:19"]);
    assert_eq!(project.read("db/src/lib.rs"), before);
}

#[test]
fn unchanged_files_are_not_touched_and_stale_ones_go() {
    let project = Project::with_schema(SCHEMA);
    project.run(&["gen"]).succeeds();
    let modified = |name: &str| fs::metadata(project.path(name)).and_then(|it| it.modified()).expect("a time");
    let before = modified("db/src/user.rs");
    project.run(&["gen"]).succeeds();
    assert_eq!(modified("db/src/user.rs"), before);

    let schema = SCHEMA.replace("  posts Post[]\n", "");
    project.write("prisma/schema.prisma", &schema[..schema.find("model Post").expect("a model")]);
    project.run(&["gen"]).succeeds();
    assert!(!project.exists("db/src/post.rs"));
}

#[test]
fn files_of_others_in_the_output_are_left_alone() {
    let project = Project::with_schema(SCHEMA);
    project.write("db/src/mine.rs", "// mine");
    project.write("db/README.md", "mine");
    let _ = project.run(&["gen"]);
    assert_eq!(project.read("db/src/mine.rs"), "// mine");
    assert_eq!(project.read("db/README.md"), "mine");
}

#[test]
fn an_output_that_is_a_file_is_an_error() {
    let project = Project::with_schema(SCHEMA);
    project.write("db", "a file");
    project.run(&["gen"]).fails(&["db"]);
    assert_eq!(project.read("db"), "a file");
}

#[test]
fn neither_a_database_nor_an_environment_is_needed() {
    let project = Project::with_schema(SCHEMA);
    project.write(".env", "this is no environment file");
    project.run(&["gen"]).succeeds();
}

/// Ends `lenslet` also when a test fails.
struct Watching(Child);

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn watching_survives_errors_and_generates_at_every_change() {
    let project = Project::with_schema(SCHEMA);
    let mut command = project.command(&["gen", "--watch"]);
    let mut child = Watching(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("lenslet starts"));
    let (sender, lines) = mpsc::channel();
    let streams: [Box<dyn std::io::Read + Send>; 2] =
        [Box::new(child.0.stdout.take().expect("piped")), Box::new(child.0.stderr.take().expect("piped"))];
    for stream in streams {
        let sender = sender.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(stream).lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
    }
    let wait_for = |piece: &str| loop {
        let line = lines.recv_timeout(Duration::from_secs(20)).unwrap_or_else(|_| panic!("no `{piece}`"));
        if line.contains(piece) {
            return;
        }
    };
    wait_for("Generated");
    project.write("prisma/schema.prisma", broken_schema());
    wait_for("1 error");
    project.write("prisma/schema.prisma", SCHEMA.replace("model Post", "model Note").replace("Post[]", "Note[]"));
    wait_for("Generated");
    assert!(project.exists("db/src/note.rs") && !project.exists("db/src/post.rs"));
}
