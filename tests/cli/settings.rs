//! `lenslet.toml`.

use crate::project::{Project, SCHEMA};

#[test]
fn it_says_where_the_schema_is() {
    let project = Project::with_schema("broken");
    project.write("models/main.prisma", SCHEMA);
    project.write("lenslet.toml", "schema = \"models\"\n");
    project.run(&["validate"]).succeeds().prints("`models`");
    project.run(&["validate", "--schema", "prisma/schema.prisma"]).fails(&["prisma/schema.prisma"]);
    project.write("lenslet.toml", "schema = \"elsewhere\"\n");
    project.run(&["validate"]).fails(&["`elsewhere` does not exist"]);
}

#[test]
fn what_it_does_not_know_is_an_error_with_its_line() {
    let project = Project::with_schema(SCHEMA);
    project.write("lenslet.toml", "# settings\nseed = \"true\"\nshema = \"models\"\n");
    let ran = project.run(&["validate"]);
    ran.fails(&["`lenslet.toml`, line 3", "`shema`", "shadow-database-url"]);
    project.write("lenslet.toml", "schema = [1]\n");
    project.run(&["gen"]).fails(&["`lenslet.toml`, line 1"]);
}
