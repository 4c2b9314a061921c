//! The commands about a database's structure, on a PostgreSQL server.
#![cfg(unix)]

use std::fs;

use crate::postgresql_server::Server;
use crate::project::{Project, Ran, SCHEMA};

fn schema() -> String {
    SCHEMA.replace("provider = \"sqlite\"", "provider = \"postgresql\"")
}

fn project(server: &Server) -> Project {
    let project = Project::with_schema(&schema());
    project.write(".env", format!("DATABASE_URL=\"{}\"\n", server.url("shop", "")));
    project
}

fn migrations(project: &Project) -> Vec<String> {
    let entries = fs::read_dir(project.path("prisma/migrations")).expect("a folder");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("a file").file_name().to_string_lossy().into_owned()).collect();
    names.retain(|name| name != "migration_lock.toml");
    names.sort();
    names
}

#[test]
fn a_history_grows_is_deployed_undone_and_folded() {
    let Some(server) = Server::start().expect("a server") else { return };
    let project = project(&server);
    let ran = project.run(&["migrate", "dev", "--name", "init"]);
    ran.succeeds().prints("Created the database").prints("Applied").prints("Generated");
    assert!(project.read("prisma/migrations/migration_lock.toml").contains("provider = \"postgresql\""));
    project.write(
        "prisma/schema.prisma",
        schema().replace("  title    String\n", "  title    String\n  kind     Kind @default(NOTE)\n")
            + "\nenum Kind {\n  NOTE\n  ESSAY\n}\n",
    );
    project.run(&["migrate", "dev", "--name", "kinds", "--skip-generate"]).succeeds();
    let [_, kinds] = migrations(&project).try_into().expect("two");
    project.run(&["migrate", "status"]).succeeds();
    project.run(&["migrate", "down", "--force"]).succeeds().prints(&kinds);
    project.run(&["migrate", "status"]).code_is(1).prints(&kinds);
    project.run(&["migrate", "deploy"]).succeeds().prints(&kinds);
    // The scratch databases are gone.
    server
        .execute("postgres", "DO $$ BEGIN ASSERT (SELECT count(*) FROM pg_database) = 4; END $$")
        .expect("four databases");

    project.run(&["migrate", "squash"]).succeeds();
    project.run(&["migrate", "deploy"]).succeeds().prints("has seen all");
    project.run(&["migrate", "deploy", "--url", &server.url("fresh", "")]).succeeds().prints("squashed");
    let (from, to) = (server.url("fresh", ""), server.url("shop", ""));
    project.run(&["migrate", "diff", "--from-url", &from, "--to-url", &to, "--exit-code"]).succeeds();
    let history = ["migrate", "diff", "--from-migrations", "prisma/migrations", "--to-schema", "prisma/schema.prisma"];
    project.run(&history).fails(&["--shadow-database-url"]);
    project
        .run(&[&history[..], &["--exit-code", "--shadow-database-url", &server.url("shadow", "")]].concat())
        .succeeds();
}

#[test]
fn several_may_deploy_at_once_and_drift_is_found() {
    let Some(server) = Server::start().expect("a server") else { return };
    let project = project(&server);
    project.run(&["migrate", "dev", "--name", "init", "--create-only"]).succeeds();
    let deploying: Vec<_> = (0..4)
        .map(|_| project.command(&["migrate", "deploy"]).stdout(std::process::Stdio::piped()).spawn().expect("starts"))
        .collect();
    let ran: Vec<Ran> = deploying.into_iter().map(|it| Ran::of_output(it.wait_with_output().expect("ends"))).collect();
    assert!(ran.iter().all(|it| it.code == Some(0)));
    assert_eq!(ran.iter().filter(|it| it.stdout.contains("Applied")).count(), 1);

    server.execute("shop", "CREATE TABLE stray (id int); INSERT INTO stray VALUES (1)").expect("SQL");
    project.run(&["migrate", "dev"]).fails(&["create table stray", "lenslet migrate reset"]);
    project.run(&["db", "push"]).fails(&["stray", "1 row", "--accept-data-loss"]);
}

#[test]
fn who_interrupts_a_deployment_finds_nothing_half_done() {
    let Some(server) = Server::start().expect("a server") else { return };
    let project = project(&server);
    project.run(&["migrate", "dev", "--name", "init", "--skip-generate"]).succeeds();
    let script = "prisma/migrations/20990101000000_slow/migration.sql";
    project.write(script, "CREATE TABLE slow (id int); SELECT pg_sleep(30);");
    let deploying = project.command(&["migrate", "deploy"]).spawn().expect("it starts");
    let begun = "DO $$ BEGIN ASSERT (SELECT count(*) FROM pg_stat_activity \
                 WHERE state = 'active' AND query LIKE '%pg_sleep(30)%' AND pid <> pg_backend_pid()) = 1; END $$";
    let begun = (0..300).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(100));
        server.execute("postgres", begun).is_ok()
    });
    assert!(begun, "the script has begun");
    let interrupted = std::process::Command::new("kill").args(["-INT", &deploying.id().to_string()]).status();
    assert!(interrupted.is_ok_and(|it| it.success()));
    let ended = deploying.wait_with_output().expect("it ends");
    assert!(!ended.status.success());
    // As someone would who does not want to wait for a server that has not noticed yet.
    let stop = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'shop'";
    server.execute("postgres", stop).expect("SQL");
    project.run(&["migrate", "status"]).code_is(1).prints("20990101000000_slow");
    project.write(script, "CREATE TABLE slow (id int);");
    project.run(&["migrate", "deploy"]).succeeds().prints("Applied `20990101000000_slow`");
    project.run(&["migrate", "status"]).succeeds();
}

#[test]
fn what_cannot_be_reached_is_said_without_the_password() {
    let project = Project::with_schema(&schema());
    let url = "postgresql://ada:secret@127.0.0.1:1/shop";
    for arguments in
        [&["migrate", "deploy"][..], &["migrate", "status"], &["migrate", "dev", "--name", "x"], &["db", "push"]]
    {
        let ran = Ran::of(project.command(arguments).env("DATABASE_URL", url));
        ran.fails(&["error[P1001]"]);
        assert!(!ran.stderr.contains("secret"), "{}", ran.stderr);
    }
}
