//! `lenslet db seed`.

use crate::project::{Project, Ran, SCHEMA};

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
    let project = Project::with_schema(SCHEMA);
    project.run(&["db", "seed"]).fails(&["`lenslet.toml`", "`package.json`", "seed = "]);
    project.write("package.json", r#"{ "name": "shop", "scripts": { "seed": "exit 9" } }"#);
    project.run(&["db", "seed"]).fails(&["`lenslet.toml`", "seed = "]);
}

#[test]
#[cfg(unix)]
fn the_command_of_prisma_6_is_that_of_the_nearest_package() {
    use std::os::unix::fs::PermissionsExt as _;
    let project = Project::with_schema(SCHEMA);
    project.write("package.json", r#"{ "prisma": { "seed": "plant fixed" } }"#);
    project.write("node_modules/.bin/plant", "#!/bin/sh\necho \"$DATABASE_URL $*\" > planted\n");
    let executable = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(project.path("node_modules/.bin/plant"), executable).expect("permissions");
    project.write("prisma/.env", "DATABASE_URL=file:dev.db\n");
    let ran = project.run(&["db", "seed", "--", "--users", "3"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), ""), "{}", ran.stderr);
    assert!(ran.stderr.contains("`plant fixed`, from `package.json`"), "{}", ran.stderr);
    assert_eq!(project.read("planted"), "file:dev.db fixed --users 3\n");

    // In a folder of the package, too.
    let mut below = project.command(&["db", "seed", "--schema", "schema.prisma"]);
    let ran = Ran::of(below.current_dir(project.path("prisma")));
    assert!(ran.code == Some(0) && ran.stderr.contains("`../package.json`"), "{}", ran.stderr);
    assert_eq!(project.read("prisma/planted"), "file:dev.db fixed\n");

    project.write("lenslet.toml", "seed = \"echo ours > planted\"\n");
    let ran = project.run(&["db", "seed"]);
    assert!(ran.stderr.contains("from `lenslet.toml`"), "{}", ran.stderr);
    assert_eq!(project.read("planted"), "ours\n");
}

#[test]
#[cfg(unix)]
fn after_a_reset_the_answer_to_a_program_is_not_mixed_with_what_the_seed_prints() {
    let project = Project::with_schema(SCHEMA);
    project.write("package.json", r#"{ "prisma": { "seed": "echo planting" } }"#);
    project.write("prisma/.env", "DATABASE_URL=file:dev.db\n");
    project.run(&["migrate", "dev", "--name", "init"]).succeeds();
    let ran = project.run(&["migrate", "reset", "--force", "--json"]);
    assert_eq!(ran.json()["seeded"], true);
    assert!(ran.stderr.contains("planting\n"), "{}", ran.stderr);
    let ran = project.run(&["migrate", "reset", "--force", "--json", "--skip-seed"]);
    assert_eq!(ran.succeeds().json()["seeded"], false);
}

#[test]
fn a_package_that_cannot_be_read_is_named_with_the_line() {
    let project = Project::with_schema(SCHEMA);
    project.write("package.json", "{\n  \"prisma\": { \"seed\": 5 }\n}");
    let ran = project.run(&["db", "seed"]);
    ran.fails(&["`package.json`, line 2", "string"]);
    assert!(!ran.stderr.contains("shadow-database-url"), "{}", ran.stderr);
}

#[test]
#[cfg(unix)]
fn a_failure_is_one() {
    let project = Project::with_schema(SCHEMA);
    project.write("lenslet.toml", "seed = \"exit 3\"\n");
    project.run(&["db", "seed"]).fails(&["`exit 3`", "`lenslet.toml`", "exit status: 3"]);
}
