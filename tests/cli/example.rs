//! `schema.example`, the tour of the language, stays true.

use std::fs;

use crate::project::Project;

const EXAMPLE: &str = include_str!("../../schema.example");

#[test]
fn the_tour_is_valid_formatted_and_generates_both_clients() {
    let project = Project::with_schema(EXAMPLE);
    project.run(&["validate"]).succeeds();
    project.run(&["format", "--check"]).succeeds();
    project.run(&["gen", "--output", "native"]).succeeds();
    project.run(&["gen", "--output", "edge", "--no-engine"]).succeeds();
    assert_eq!(files(&project, "native"), files(&project, "edge"));
    assert!(files(&project, "native").contains(&"user.rs".to_owned()));
}

fn files(project: &Project, folder: &str) -> Vec<String> {
    let entries = fs::read_dir(project.path(folder).join("src")).expect("a generated crate");
    let names = entries.map(|entry| entry.expect("a file").file_name());
    let mut names: Vec<String> = names.map(|name| name.to_string_lossy().into_owned()).collect();
    names.sort();
    names
}
