//! `lenslet db push`, and the environment it reads.

use crate::project::{Project, Ran, SCHEMA};

#[test]
fn an_empty_database_gets_the_tables() {
    let project = Project::with_schema(SCHEMA);
    let ran = Ran::of(project.command(&["db", "push"]).env("DATABASE_URL", "file:dev.db"));
    ran.succeeds().prints("dev.db");
    assert_eq!(tables(&project, "dev.db"), ["Post", "User"]);
}

#[test]
fn the_flag_beats_schema_and_environment() {
    let project = Project::with_schema(SCHEMA);
    let ran = Ran::of(project.command(&["db", "push", "--url", "file:other.db"]).env("DATABASE_URL", "file:dev.db"));
    ran.succeeds();
    assert_eq!(tables(&project, "other.db"), ["Post", "User"]);
    assert!(!project.exists("dev.db"));
}

#[test]
fn a_database_beside_the_schema_is_pointed_out() {
    let project = Project::with_schema(SCHEMA);
    project.write("prisma/dev.db", "");
    let ran = Ran::of(project.command(&["db", "push"]).env("DATABASE_URL", "file:./dev.db"));
    assert_eq!(ran.code, Some(0));
    assert!(ran.stderr.contains("`file:prisma/./dev.db`"), "{}", ran.stderr);
}

#[test]
fn json_says_what_was_done_or_why_not() {
    let project = Project::with_schema(SCHEMA);
    let done = project.run(&["db", "push", "--url", "file:dev.db", "--json"]).succeeds().json();
    assert_eq!((&done["database"], &done["created"]), (&"dev.db".into(), &true.into()));
    assert!(done["statements"][0].as_str().expect("SQL").starts_with("CREATE TABLE"), "{done}");
    let ran = Ran::of(project.command(&["db", "push", "--json"]).env("DATABASE_URL", "mysql://ada:secret@x/y"));
    let error = ran.fails(&["error[P1013]"]).json()["error"].clone();
    assert_eq!(error["code"], "P1013");
    assert!(error["help"].as_str().expect("help").contains("file:"), "{error}");
    assert!(!ran.stdout.contains("secret"), "{}", ran.stdout);
}

#[test]
fn the_clients_of_the_blocks_are_generated_afterwards() {
    let project = Project::with_schema(SCHEMA);
    let push = ["db", "push", "--url", "file:dev.db"];
    let with = |flag: &'static str| [&push[..], &[flag]].concat();
    let ran = project.run(&with("--skip-generate"));
    assert!(!ran.succeeds().stdout.contains("Generated") && !project.exists("db"));
    project.run(&push).succeeds().prints("already").prints("Generated `db`");
    let clients = project.run(&with("--json")).succeeds().json()["clients"].clone();
    assert_eq!((&clients[0]["output"], &clients[0]["changed"]), (&"db".into(), &serde_json::json!([])));

    // Without a database there is no client for it.
    let project = Project::with_schema(SCHEMA);
    project.run(&["db", "push", "--url", "file:no/such/dev.db"]).fails(&["no/such"]);
    assert!(!project.exists("db"));

    // Those of other generators are theirs.
    let project = Project::with_schema(&SCHEMA.replace("\"lenslet\"", "\"prisma-client-js\""));
    let ran = project.run(&push);
    assert!(!ran.succeeds().stdout.contains("Generated") && !project.exists("db"));
}

#[test]
fn files_of_other_systems_are_read() {
    let project = Project::with_schema(&format!("\u{feff}{}", SCHEMA.replace('\n', "\r\n")));
    project.write(".env", "\u{feff}DATABASE_URL=\"file:dev.db\"\r\nOTHER=1\r\n");
    project.run(&["db", "push"]).succeeds().prints("`dev.db`");
}

#[test]
fn a_second_push_has_nothing_to_do() {
    let project = Project::with_schema(SCHEMA);
    project.run(&["db", "push", "--url", "file:dev.db"]).succeeds();
    project.run(&["db", "push", "--url", "file:dev.db"]).succeeds().prints("already");
}

#[test]
fn rows_are_not_lost_without_consent() {
    let project = Project::with_schema(SCHEMA);
    project.run(&["db", "push", "--url", "file:dev.db"]).succeeds();
    execute(&project, "dev.db", "INSERT INTO User (email) VALUES ('ada@example.com')");
    project.write("prisma/schema.prisma", SCHEMA.replace("  email String @unique\n", ""));
    project.run(&["db", "push", "--url", "file:dev.db"]).fails(&["email", "--accept-data-loss"]);
    assert_eq!(count(&project, "dev.db", "SELECT count(email) FROM User"), 1);
    let accepted = project.run(&["db", "push", "--url", "file:dev.db", "--accept-data-loss"]);
    assert_eq!(accepted.code, Some(0), "{}", accepted.stderr);
    assert!(accepted.stderr.starts_with("warning: "), "{}", accepted.stderr);
    assert_eq!(count(&project, "dev.db", "SELECT count(*) FROM User"), 1);
}

#[test]
fn a_forced_reset_empties_the_database() {
    let project = Project::with_schema(SCHEMA);
    project.run(&["db", "push", "--url", "file:dev.db"]).succeeds();
    execute(&project, "dev.db", "INSERT INTO User (email) VALUES ('ada@example.com')");
    project.run(&["db", "push", "--url", "file:dev.db", "--force-reset"]).succeeds();
    assert_eq!(count(&project, "dev.db", "SELECT count(*) FROM User"), 0);
}

#[test]
fn a_missing_variable_is_named() {
    let project = Project::with_schema(SCHEMA);
    project.run(&["db", "push"]).fails(&["`DATABASE_URL`", ".env"]);
    let empty = Ran::of(project.command(&["db", "push"]).env("DATABASE_URL", ""));
    empty.fails(&["`DATABASE_URL`"]);
}

#[test]
fn the_environment_file_beside_the_schema_is_read() {
    let project = Project::with_schema(SCHEMA);
    project.write("prisma/.env", "# where\nDATABASE_URL=\"file:./dev.db\"\n");
    project.run(&["db", "push"]).succeeds();
    assert!(project.exists("dev.db"));
}

#[test]
fn the_environment_file_of_the_working_directory_is_read() {
    let project = Project::with_schema(SCHEMA);
    project.write(".env", "export DATABASE_URL='file:root.db'\n");
    project.run(&["db", "push"]).succeeds();
    assert!(project.exists("root.db"));
}

#[test]
fn the_process_beats_the_files() {
    let project = Project::with_schema(SCHEMA);
    project.write(".env", "DATABASE_URL=file:file.db\n");
    Ran::of(project.command(&["db", "push"]).env("DATABASE_URL", "file:process.db")).succeeds();
    assert!(project.exists("process.db") && !project.exists("file.db"));
}

#[test]
fn files_that_disagree_are_an_error_without_their_values() {
    let project = Project::with_schema(SCHEMA);
    project.write(".env", "DATABASE_URL=file:secret-one.db\n");
    project.write("prisma/.env", "DATABASE_URL=file:secret-two.db\n");
    let ran = project.run(&["db", "push"]);
    ran.fails(&["`DATABASE_URL`", "`.env`", "`prisma/.env`"]);
    assert!(!ran.stderr.contains("secret"), "{}", ran.stderr);
    project.write("prisma/.env", "DATABASE_URL=file:secret-one.db\n");
    project.run(&["db", "push"]).succeeds();
}

#[test]
fn a_bad_line_of_an_environment_file_is_named_but_not_shown() {
    let project = Project::with_schema(SCHEMA);
    project.write(".env", "A=1\n\nDATABASE_URL file:secret.db\n");
    let ran = project.run(&["db", "push"]);
    ran.fails(&["`.env`", "line 3"]);
    assert!(!ran.stderr.contains("secret"), "{}", ran.stderr);
}

#[test]
fn the_direct_url_is_preferred() {
    let schema = SCHEMA.replace("env(\"DATABASE_URL\")", "env(\"DATABASE_URL\")\n  directUrl = env(\"DIRECT\")");
    let project = Project::with_schema(&schema);
    project.write(".env", "DATABASE_URL=https://pool.example/?api_key=secret\nDIRECT=file:direct.db\n");
    project.run(&["db", "push"]).succeeds();
    assert!(project.exists("direct.db"));
}

#[test]
fn a_variable_for_the_direct_url_needs_no_mention_in_the_schema() {
    let project = Project::with_schema(&SCHEMA.replace("  url      = env(\"DATABASE_URL\")\n", ""));
    project.run(&["db", "push"]).fails(&["`DIRECT_URL`"]);
    Ran::of(project.command(&["db", "push"]).env("DIRECT_URL", "file:direct.db")).succeeds();
    assert!(project.exists("direct.db"));
}

#[test]
fn the_address_of_a_pool_is_refused_without_showing_its_key() {
    let project = Project::with_schema(SCHEMA);
    for url in
        ["https://pool.example/?api_key=secret", "prisma://x/?api_key=secret", "prisma+postgres://x/?api_key=secret"]
    {
        let ran = Ran::of(project.command(&["db", "push"]).env("DATABASE_URL", url));
        ran.fails(&["pool", "`DIRECT_URL`"]);
        assert!(!ran.stderr.contains("secret"), "{}", ran.stderr);
    }
}

#[test]
fn a_url_for_another_database_is_refused_without_showing_its_password() {
    let project = Project::with_schema(SCHEMA);
    for url in ["postgresql://ada:secret@db.example/shop", "mysql://ada:secret@db.example/shop", "secret"] {
        let ran = Ran::of(project.command(&["db", "push"]).env("DATABASE_URL", url));
        ran.fails(&["file:"]);
        assert!(!ran.stderr.contains("secret"), "{}", ran.stderr);
    }
}

#[test]
fn a_database_that_cannot_be_pushed_to_is_said_so() {
    let project = Project::with_schema(&SCHEMA.replace("\"sqlite\"", "\"postgresql\""));
    let ran = Ran::of(project.command(&["db", "push"]).env("DATABASE_URL", "postgresql://ada:secret@localhost/shop"));
    ran.fails(&["postgresql"]);
    assert!(!ran.stderr.contains("secret"), "{}", ran.stderr);
}

#[test]
fn a_file_that_is_no_database_is_left_alone() {
    let project = Project::with_schema(SCHEMA);
    project.write("dev.db", "This is a letter to my grandmother, not a database. ".repeat(40));
    Ran::of(project.command(&["db", "push"]).env("DATABASE_URL", "file:dev.db")).fails(&["dev.db"]);
    assert!(project.read("dev.db").starts_with("This is a letter"));
}

#[test]
fn a_folder_that_does_not_exist_is_named() {
    let project = Project::with_schema(SCHEMA);
    Ran::of(project.command(&["db", "push"]).env("DATABASE_URL", "file:no/such/dev.db")).fails(&["no/such"]);
}

#[test]
fn a_refused_schema_touches_no_database() {
    let project = Project::with_schema(&crate::project::broken_schema());
    project.run(&["db", "push", "--url", "file:dev.db"]).fails(&["schema.prisma:19"]);
    assert!(!project.exists("dev.db"));
}

fn tables(project: &Project, file: &str) -> Vec<String> {
    let connection = rusqlite::Connection::open(project.path(file)).expect("a database");
    let sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name";
    let mut statement = connection.prepare(sql).expect("a statement");
    let names = statement.query_map([], |row| row.get(0)).expect("rows");
    names.collect::<Result<_, _>>().expect("names")
}

fn execute(project: &Project, file: &str, sql: &str) {
    rusqlite::Connection::open(project.path(file)).expect("a database").execute_batch(sql).expect("valid SQL");
}

fn count(project: &Project, file: &str, sql: &str) -> i64 {
    let connection = rusqlite::Connection::open(project.path(file)).expect("a database");
    connection.query_row(sql, [], |row| row.get(0)).expect("a row")
}
