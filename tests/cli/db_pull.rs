//! `lenslet db pull`.

use crate::project::{Project, SCHEMA};

/// A project whose database is in sync, but for what the SQL does.
fn project(sql: &str) -> Project {
    let project = Project::with_schema(SCHEMA);
    project.run(&["db", "push", "--url", "file:dev.db"]).succeeds();
    execute(&project, sql);
    project
}

fn execute(project: &Project, sql: &str) {
    rusqlite::Connection::open(project.path("dev.db")).and_then(|it| it.execute_batch(sql)).expect("the SQL runs");
}

const PULL: [&str; 4] = ["db", "pull", "--url", "file:dev.db"];

#[test]
fn a_schema_that_fits_is_left_alone() {
    let project = project("");
    project.run(&["format"]).succeeds();
    let before = project.read("prisma/schema.prisma");
    let written = std::fs::metadata(project.path("prisma/schema.prisma")).and_then(|it| it.modified()).expect("a time");
    project.run(&PULL).succeeds().prints("already");
    assert_eq!(project.read("prisma/schema.prisma"), before);
    let after = std::fs::metadata(project.path("prisma/schema.prisma")).and_then(|it| it.modified()).expect("a time");
    assert_eq!(written, after);
}

#[test]
fn what_the_database_has_is_written_into_the_schema() {
    let project =
        project("ALTER TABLE User ADD COLUMN age INTEGER; CREATE TABLE Tag (id INTEGER NOT NULL PRIMARY KEY)");
    project.run(&PULL).succeeds().prints("3 models");
    let schema = project.read("prisma/schema.prisma");
    assert!(schema.contains("  age   Int?\n") && schema.contains("model Tag {"), "{schema}");
    assert!(schema.contains("provider = \"lenslet\""), "{schema}");
    project.run(&["db", "push", "--url", "file:dev.db"]).succeeds().prints("already");
    let left: Vec<_> = std::fs::read_dir(project.path("prisma")).expect("a folder").collect();
    assert_eq!(left.len(), 1);
}

#[test]
fn printing_writes_nothing() {
    let project = project("ALTER TABLE User ADD COLUMN age INTEGER");
    let before = project.read("prisma/schema.prisma");
    project.run(&["db", "pull", "--url", "file:dev.db", "--print"]).succeeds().prints("age   Int?");
    assert_eq!(project.read("prisma/schema.prisma"), before);
    let answer = project.run(&["db", "pull", "--url", "file:dev.db", "--print", "--json"]).succeeds().json();
    assert_eq!((&answer["models"], &answer["changed"]), (&2.into(), &serde_json::json!([])));
    assert!(answer["files"][0]["text"].as_str().expect("text").contains("age   Int?"), "{answer}");
}

#[test]
fn what_cannot_be_said_is_told() {
    let project = project("CREATE INDEX lowered ON User (lower(email)); CREATE VIEW names AS SELECT email FROM User");
    let ran = project.run(&PULL);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stderr.contains("warning: the index `lowered`") && ran.stderr.contains("`names`"), "{}", ran.stderr);
}

#[test]
fn force_forgets_the_models() {
    let project = project("");
    let schema = SCHEMA.replace("model Post {", "/// Words.\nmodel Post {").replace("posts Post[]", "mine  Post[]");
    project.write("prisma/schema.prisma", schema);
    project.run(&["db", "pull", "--url", "file:dev.db", "--force"]).succeeds();
    let schema = project.read("prisma/schema.prisma");
    assert!(!schema.contains("Words") && schema.contains("Post  Post[]"), "{schema}");
    assert!(schema.contains("provider = \"lenslet\""), "{schema}");
}

#[test]
fn a_refused_schema_is_not_touched() {
    let project = project("");
    project.write("prisma/schema.prisma", crate::project::broken_schema());
    let ran = project.run(&PULL);
    ran.fails(&["Strin", "--force"]);
    assert_eq!(project.read("prisma/schema.prisma"), crate::project::broken_schema());
    project.run(&["db", "pull", "--url", "file:dev.db", "--force"]).succeeds();
    project.run(&["validate"]).succeeds();
}

#[test]
fn new_models_of_a_folder_have_a_file() {
    let project = Project::empty();
    let (head, models) = SCHEMA.split_once("model User").expect("a model");
    project.write("prisma/schema/base.prisma", head);
    project.write("prisma/schema/models.prisma", format!("// Ours.\nmodel User{models}"));
    project.run(&["format"]);
    project.run(&["db", "push", "--url", "file:dev.db"]).succeeds();
    let base = project.read("prisma/schema/base.prisma");
    execute(
        &project,
        "CREATE TABLE Tag (id INTEGER NOT NULL PRIMARY KEY, userId INTEGER REFERENCES User(id)); DROP TABLE Post",
    );
    project.run(&PULL).succeeds();
    assert_eq!(project.read("prisma/schema/base.prisma"), base);
    let models = project.read("prisma/schema/models.prisma");
    assert!(
        models.starts_with("// Ours.\nmodel User") && models.contains("Tag[]") && !models.contains("Post"),
        "{models}"
    );
    assert!(project.read("prisma/schema/introspected.prisma").starts_with("model Tag {"));
    execute(&project, "CREATE TABLE Label (id INTEGER NOT NULL PRIMARY KEY)");
    project.run(&PULL).succeeds();
    assert!(project.read("prisma/schema/introspected.prisma").contains("model Label {"));
}

#[test]
fn without_a_schema_one_is_begun() {
    let project = Project::empty();
    execute(&project, "CREATE TABLE Tag (id INTEGER NOT NULL PRIMARY KEY)");
    project.run(&PULL).succeeds().prints("schema.prisma");
    let schema = project.read("schema.prisma");
    assert!(schema.contains("provider = \"sqlite\"") && schema.contains("model Tag {"), "{schema}");
    Project::empty().run(&["db", "pull"]).fails(&["schema.prisma"]);
}

#[test]
fn a_database_that_is_missing_or_empty_is_an_error() {
    let project = Project::with_schema(SCHEMA);
    project.run(&PULL).fails(&["error[P1003]", "dev.db"]);
    assert!(!project.exists("dev.db"));
    project.write("dev.db", "");
    project.run(&PULL).fails(&["error[P4001]"]);
    assert_eq!(project.read("prisma/schema.prisma"), SCHEMA);
    let error = project.run(&["db", "pull", "--url", "file:dev.db", "--json"]).fails(&[]).json();
    assert_eq!(error["error"]["code"], "P4001");
}
