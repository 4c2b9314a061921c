//! `schema.example`, the tour of the language, stays true.

use crate::project::Project;

const EXAMPLE: &str = include_str!("../../schema.example");

#[test]
fn the_tour_is_valid_formatted_and_generates_both_clients() {
    let project = Project::with_schema(EXAMPLE);
    project.run(&["validate"]).succeeds();
    project.run(&["format", "--check"]).succeeds();
    project.run(&["gen"]).succeeds();
    project.run(&["gen", "--no-engine", "--output", "edge"]).succeeds();
    for model in ["user", "profile", "post", "category", "follow", "audit"] {
        let file = format!("src/{model}.rs");
        assert_eq!(
            project.read(&format!("db/{file}")),
            project.read(&format!("edge/{file}")),
            "{file}"
        );
    }
}
