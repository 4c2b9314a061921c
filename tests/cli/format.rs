//! `lenslet format`.

use std::io::Write as _;
use std::process::Stdio;

use crate::project::{Project, Ran, SCHEMA, broken_schema};

fn ragged() -> String {
    SCHEMA.replace("  id    Int    @id", "id Int @id")
}

#[test]
fn a_formatted_schema_is_left_alone() {
    let project = Project::with_schema(SCHEMA);
    project.run(&["format"]).succeeds().prints("is formatted");
    assert_eq!(project.read("prisma/schema.prisma"), SCHEMA);
}

#[test]
fn a_ragged_schema_is_formatted_in_place_and_leaves_nothing_behind() {
    let project = Project::with_schema(&ragged());
    project.run(&["format"]).succeeds().prints("Formatted `prisma/schema.prisma`");
    assert_eq!(project.read("prisma/schema.prisma"), SCHEMA);
    assert_eq!(std::fs::read_dir(project.path("prisma")).expect("a folder").count(), 1);
}

#[test]
fn check_changes_nothing_and_fails() {
    let project = Project::with_schema(&ragged());
    project.run(&["format", "--check"]).fails(&["`prisma/schema.prisma` is not formatted", "lenslet format"]);
    assert_eq!(project.read("prisma/schema.prisma"), ragged());
    Project::with_schema(SCHEMA).run(&["format", "--check"]).succeeds();
}

#[test]
fn json_names_the_files() {
    let project = Project::with_schema(&ragged());
    let refused = project.run(&["format", "--check", "--json"]);
    assert_eq!(refused.fails(&[]).stdout, "{\"files\":[\"prisma/schema.prisma\"],\"formatted\":false}\n");
    let done = project.run(&["format", "--json"]);
    assert_eq!(done.succeeds().stdout, "{\"files\":[\"prisma/schema.prisma\"],\"formatted\":true}\n");
    assert_eq!(project.run(&["format", "--json"]).succeeds().stdout, "{\"files\":[],\"formatted\":true}\n");
}

#[test]
fn of_a_folder_only_the_ragged_files_change() {
    let project = Project::empty();
    let (config, models) = SCHEMA.split_at(SCHEMA.find("model User").expect("a model"));
    project.write("schema/config.prisma", config.trim_end().to_owned() + "\n");
    project.write("schema/blog.prisma", models.replace("  title    String", "title String"));
    let ran = project.run(&["format", "--schema", "schema"]);
    assert_eq!(ran.succeeds().stdout, "Formatted `schema/blog.prisma`\n");
    assert_eq!(project.read("schema/blog.prisma"), models);
}

#[test]
fn a_refused_schema_is_not_touched() {
    let text = broken_schema().replace("  id    Int    @id", "id Int @id");
    let project = Project::with_schema(&text);
    project.run(&["format"]).fails(&["prisma/schema.prisma:19"]);
    assert_eq!(project.read("prisma/schema.prisma"), text);
}

#[test]
fn standard_input_becomes_standard_output() {
    assert_eq!(piped(&["format", "--stdin"], &ragged()).succeeds().stdout, SCHEMA);
    assert_eq!(piped(&["format", "--stdin"], "").succeeds().stdout.trim(), "");
}

#[test]
fn standard_input_is_formatted_also_when_it_has_errors() {
    let text = |it: String| {
        it.replace(
            "String
", "Strong
",
        )
    };
    let ran = piped(&["format", "--stdin"], &text(ragged()));
    assert_eq!(ran.succeeds().stdout, text(SCHEMA.to_owned()));
}

#[test]
fn standard_input_can_be_checked() {
    piped(&["format", "--stdin", "--check"], SCHEMA).succeeds();
    let ran = piped(&["format", "--stdin", "--check"], &ragged());
    assert_eq!(ran.fails(&["not formatted"]).stdout, "");
}

#[test]
#[cfg(unix)]
fn a_link_stays_a_link() {
    let project = Project::with_schema(&ragged());
    std::os::unix::fs::symlink("prisma/schema.prisma", project.path("link.prisma")).expect("a link");
    project.run(&["format", "--schema", "link.prisma"]).succeeds();
    assert!(project.path("link.prisma").is_symlink());
    assert_eq!(project.read("prisma/schema.prisma"), SCHEMA);
}

fn piped(arguments: &[&str], input: &str) -> Ran {
    let project = Project::empty();
    let mut command = project.command(arguments);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("starts");
    child.stdin.take().expect("piped").write_all(input.as_bytes()).expect("lenslet reads");
    Ran::of_output(child.wait_with_output().expect("lenslet ends"))
}
