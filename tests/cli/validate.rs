//! `lenslet validate`.

use crate::project::{Project, SCHEMA, broken_schema};

#[test]
fn a_valid_schema_is_said_to_be_valid() {
    let project = Project::with_schema(SCHEMA);
    let ran = project.run(&["validate"]);
    assert_eq!(ran.succeeds().stdout, "The schema `prisma/schema.prisma` is valid\n");
}

#[test]
fn an_error_names_file_line_and_the_nearest_name() {
    let ran = Project::with_schema(&broken_schema()).run(&["validate"]);
    ran.fails(&["prisma/schema.prisma:19", "Strin", "help", "1 error"]);
    assert_eq!(ran.stdout, "");
}

#[test]
fn one_bad_block_does_not_hide_the_errors_of_the_others() {
    let schema = format!("{}\nmodel Broken {{\n  id Int @id oops!\n}}\n", broken_schema());
    Project::with_schema(&schema).run(&["validate"]).fails(&["schema.prisma:19", "schema.prisma:25", "2 errors"]);
}

#[test]
fn errors_of_a_folder_name_the_right_file() {
    let project = Project::empty();
    let (config, models) = SCHEMA.split_at(SCHEMA.find("model User").expect("a model"));
    project.write("schema/config.prisma", config);
    project.write("schema/models/blog.prisma", models.replace("title    String", "title    Strin"));
    project.run(&["validate", "--schema", "schema"]).fails(&["schema/models/blog.prisma:9"]);
    project.write("schema/models/blog.prisma", models);
    project.run(&["validate", "--schema", "schema"]).succeeds();
}

#[test]
fn json_is_for_machines() {
    let ran = Project::with_schema(&broken_schema()).run(&["validate", "--json"]);
    ran.fails(&[]);
    assert_eq!(ran.stderr, "");
    let answer: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(answer["valid"], false);
    let finding = &answer["diagnostics"][0];
    assert_eq!((&finding["file"], &finding["line"]), (&"prisma/schema.prisma".into(), &19.into()));
    let start = finding["span"]["start"].as_u64().expect("a number") as usize;
    let end = finding["span"]["end"].as_u64().expect("a number") as usize;
    assert!(broken_schema()[start..end].contains("Strin"), "{finding}");
}

#[test]
fn json_of_a_valid_schema_has_no_findings() {
    let ran = Project::with_schema(SCHEMA).run(&["validate", "--json"]);
    assert_eq!(ran.succeeds().json(), serde_json::json!({ "valid": true, "diagnostics": [] }));
}

#[test]
fn neither_a_database_nor_an_environment_is_needed() {
    let project = Project::with_schema(SCHEMA);
    project.write(".env", "this is no environment file");
    project.run(&["validate"]).succeeds();
}
