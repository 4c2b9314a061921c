//! `lenslet db seed`.

use crate::project::{Project, SCHEMA};

#[test]
#[cfg(unix)]
fn the_command_runs_with_the_variables_of_the_files_and_its_arguments() {
    let project = Project::with_schema(SCHEMA);
    project.write("lenslet.toml", "seed = \"sh seed.sh fixed\"\n");
    project.write("seed.sh", "echo \"$DATABASE_URL $# $2\" > planted\n");
    project.write("prisma/.env", "DATABASE_URL=file:dev.db\n");
    assert_eq!(project.run(&["db", "seed", "--", "a b; false"]).code, Some(0));
    assert_eq!(project.read("planted"), "file:dev.db 2 a b; false\n");
}

#[test]
fn without_a_command_it_says_where_to_write_one() {
    Project::with_schema(SCHEMA).run(&["db", "seed"]).fails(&["`lenslet.toml`", "seed = "]);
}

#[test]
#[cfg(unix)]
fn a_failure_is_one() {
    let project = Project::with_schema(SCHEMA);
    project.write("lenslet.toml", "seed = \"exit 3\"\n");
    project.run(&["db", "seed"]).fails(&["`exit 3`", "exit status: 3"]);
}
