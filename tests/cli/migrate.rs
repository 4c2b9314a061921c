//! `lenslet migrate`, and `lenslet db execute`, on SQLite.

use std::fs;

use crate::project::{Project, Ran, SCHEMA};

/// A project whose database is `dev.db`.
fn project() -> Project {
    let project = Project::with_schema(SCHEMA);
    project.write(".env", "DATABASE_URL=file:dev.db\n");
    project
}

/// The same with its first migration applied.
fn begun() -> Project {
    let project = project();
    project.run(&["migrate", "dev", "--name", "init", "--skip-generate"]).succeeds();
    project
}

/// The folders of migrations, oldest first.
fn migrations(project: &Project) -> Vec<String> {
    let entries = fs::read_dir(project.path("prisma/migrations")).expect("a folder");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("a file").file_name().to_string_lossy().into_owned()).collect();
    names.retain(|name| name != "migration_lock.toml");
    names.sort();
    names
}

fn path(migration: &str, file: &str) -> String {
    format!("prisma/migrations/{migration}/{file}")
}

fn connection(project: &Project) -> rusqlite::Connection {
    rusqlite::Connection::open(project.path("dev.db")).expect("a database")
}

fn count(project: &Project, sql: &str) -> i64 {
    connection(project).query_row(sql, [], |row| row.get(0)).expect("a row")
}

fn with_views() -> String {
    SCHEMA.replace("  title    String\n", "  title    String\n  views    Int    @default(0)\n")
}

fn without_email() -> String {
    SCHEMA.replace("  email String @unique\n", "")
}

#[test]
fn a_first_migration_is_written_applied_and_followed_by_the_client() {
    let project = project();
    let ran = project.run(&["migrate", "dev", "--name", "Make it so!"]);
    ran.succeeds().prints("Created the database `dev.db`").prints("Generated `db`");
    let names = migrations(&project);
    let [name] = names.as_slice() else { panic!("{names:?}") };
    let (moment, slug) = name.split_once('_').expect("a moment");
    assert_eq!((moment.len(), slug), (14, "make_it_so"));
    assert!(project.read(&path(name, "migration.sql")).starts_with("-- CreateTable\nCREATE TABLE \"User\" ("));
    assert!(project.read("prisma/migrations/migration_lock.toml").contains("\nprovider = \"sqlite\"\n"));
    assert!(project.exists("db/src/lib.rs"));
    assert_eq!(count(&project, "SELECT count(*) FROM _prisma_migrations WHERE finished_at IS NOT NULL"), 1);
    assert_eq!(count(&project, "SELECT count(*) FROM User"), 0);
    project.run(&["migrate", "status"]).succeeds().prints("up to date");
    project.run(&["migrate", "dev"]).succeeds().prints("in sync");
}

#[test]
fn without_a_name_or_a_terminal_it_says_which_flag_decides() {
    let project = project();
    project.run(&["migrate", "dev"]).fails(&["needs a name", "--name"]);
    project.run(&["migrate", "dev", "--name", "../"]).fails(&["holds no letter"]);
    assert!(!project.exists("prisma/migrations"));
}

#[test]
fn a_migration_may_be_written_only_and_is_applied_by_the_next_run() {
    let project = project();
    project.run(&["migrate", "dev", "--name", "init", "--create-only"]).succeeds();
    let [name] = migrations(&project).try_into().expect("one");
    assert_eq!(count(&project, "SELECT count(*) FROM sqlite_master WHERE name = 'User'"), 0);
    project.run(&["migrate", "status"]).code_is(1).prints(&name);
    let ran = project.run(&["migrate", "dev", "--skip-generate"]);
    ran.succeeds().prints(&format!("Applied `{name}`"));
    assert_eq!(migrations(&project).len(), 1);
}

#[test]
fn losses_need_consent() {
    let project = begun();
    connection(&project).execute("INSERT INTO User (email) VALUES ('ada@example.com')", []).expect("a row");
    project.write("prisma/schema.prisma", without_email());
    let refused = project.run(&["migrate", "dev", "--name", "drop"]);
    refused.fails(&["the column `email` of `User` is dropped", "1 row", "--accept-data-loss", "--create-only"]);
    assert_eq!(migrations(&project).len(), 1);
    let accepted = project.run(&["migrate", "dev", "--name", "drop", "--accept-data-loss"]);
    assert_eq!(accepted.code, Some(0), "{}", accepted.stderr);
    assert_eq!(count(&project, "SELECT count(*) FROM User"), 1);
    let [_, name] = migrations(&project).try_into().expect("two");
    assert!(!project.exists(&path(&name, "down.sql")));
}

#[test]
fn what_rows_make_impossible_is_said_before_anything_is_written() {
    let project = begun();
    connection(&project).execute("INSERT INTO User (email) VALUES ('ada@example.com')", []).expect("a row");
    project.write("prisma/schema.prisma", SCHEMA.replace("  posts Post[]", "  age   Int\n  posts Post[]"));
    project.run(&["migrate", "dev", "--name", "age"]).fails(&["`age`", "1 row", "--create-only"]);
    assert_eq!(migrations(&project).len(), 1);
}

#[test]
fn drift_is_found_and_never_reset_without_being_asked() {
    let project = begun();
    connection(&project).execute_batch("CREATE TABLE Stray (id INTEGER)").expect("a table");
    project.run(&["migrate", "dev"]).fails(&["create table Stray", "lenslet migrate reset"]);
    assert_eq!(count(&project, "SELECT count(*) FROM Stray"), 0);
}

#[test]
fn an_edited_migration_and_a_lost_one_are_found() {
    let project = begun();
    let [name] = migrations(&project).try_into().expect("one");
    let script = project.read(&path(&name, "migration.sql"));
    project.write(&path(&name, "migration.sql"), format!("{script}\n-- edited\n"));
    project.run(&["migrate", "dev"]).fails(&["edited after it was applied", &name]);
    project.run(&["migrate", "status"]).code_is(1).prints("Edited");
    fs::remove_dir_all(project.path(&path(&name, ""))).expect("a folder");
    project.run(&["migrate", "dev"]).fails(&["not in the folder", &name]);
}

#[test]
fn a_database_that_is_not_there_is_not_up_to_date() {
    let project = project();
    project.run(&["migrate", "status"]).code_is(1).prints("does not exist");
    let status = project.run(&["migrate", "status", "--json"]).code_is(1).json();
    assert_eq!((&status["exists"], &status["clean"]), (&false.into(), &false.into()));
    assert!(!project.exists("dev.db"));
}

#[test]
fn deploy_applies_what_is_pending_and_says_so_to_programs() {
    let project = project();
    project.run(&["migrate", "dev", "--name", "init", "--create-only"]).succeeds();
    let [name] = migrations(&project).try_into().expect("one");
    let answer = project.run(&["migrate", "deploy", "--json"]).succeeds().json();
    assert_eq!(answer["applied"][0], name.as_str());
    assert!(project.run(&["migrate", "deploy"]).succeeds().stdout.contains("has seen all migrations"));
    assert!(!project.exists("db"), "what runs in production generates nothing");
    let status = project.run(&["migrate", "status", "--json"]).succeeds().json();
    assert_eq!((&status["clean"], &status["applied"][0]), (&true.into(), &name.as_str().into()));
}

#[test]
fn a_failed_migration_is_explained_and_can_be_resolved() {
    let project = begun();
    project.write(&path("20990101000000_bad", "migration.sql"), "CREATE TABLE a (id INTEGER);\nCREATE TABEL b (id);\n");
    let failed = project.run(&["migrate", "deploy", "--json"]);
    failed.fails(&["20990101000000_bad", "nothing of it is left"]);
    assert_eq!(failed.json()["error"]["code"], "P3018");
    // One that leaves a part of itself is recorded as such.
    let script = "BEGIN; CREATE TABLE a (id INTEGER); COMMIT;\nCREATE TABEL b (id);\n";
    project.write(&path("20990101000000_bad", "migration.sql"), script);
    project.run(&["migrate", "deploy"]).fails(&["resolve"]);
    project.run(&["migrate", "status"]).code_is(1).prints("Begun and not ended");
    project.run(&["migrate", "deploy"]).fails(&["P3009", "20990101000000_bad"]);
    project.run(&["db", "execute", "--file", "undo.sql"]).fails(&["undo.sql"]);
    project.write("undo.sql", "DROP TABLE a;");
    project.run(&["db", "execute", "--file", "undo.sql"]).succeeds();
    project.run(&["migrate", "resolve", "--rolled-back", "20990101000000_bad"]).succeeds().prints("rolled back");
    project.write(&path("20990101000000_bad", "migration.sql"), "CREATE TABLE a (id INTEGER);");
    project.run(&["migrate", "deploy"]).succeeds().prints("Applied `20990101000000_bad`");
    project.run(&["migrate", "resolve", "--applied", "20990101000000_bad"]).fails(&["P3008"]);
    project.run(&["migrate", "resolve", "--applied", "x", "--rolled-back", "y"]).fails(&["--rolled-back"]);
    project.run(&["migrate", "resolve"]).fails(&["--applied"]);
}

#[test]
fn reset_needs_force_where_nobody_can_be_asked_and_seeds() {
    let project = begun();
    connection(&project).execute("INSERT INTO User (email) VALUES ('ada@example.com')", []).expect("a row");
    project.run(&["migrate", "reset"]).fails(&["rows included", "--force"]);
    assert_eq!(count(&project, "SELECT count(*) FROM User"), 1);
    project.write("lenslet.toml", "seed = \"echo $DATABASE_URL > planted\"\n");
    let ran = project.run(&["migrate", "reset", "--force", "--skip-generate"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(count(&project, "SELECT count(*) FROM User"), 0);
    assert!(!project.exists("db"));
    if cfg!(unix) {
        assert_eq!(project.read("planted"), "file:dev.db\n");
    }
    project.run(&["migrate", "status"]).succeeds();
}

#[test]
fn a_step_that_can_be_undone_is_undone_with_its_record() {
    let project = begun();
    project.write("prisma/schema.prisma", with_views());
    project.run(&["migrate", "dev", "--name", "views", "--skip-generate"]).succeeds();
    let [_, name] = migrations(&project).try_into().expect("two");
    connection(&project)
        .execute_batch("INSERT INTO User VALUES (1, 'a'); INSERT INTO Post (title, views, authorId) VALUES ('t', 5, 1)")
        .expect("rows");
    assert!(project.read(&path(&name, "down.sql")).contains("`views`"), "it says what is lost");
    project.run(&["migrate", "down"]).fails(&[&name, "--force"]);
    project.run(&["migrate", "down", "--force"]).succeeds().prints(&name);
    assert_eq!(count(&project, "SELECT count(*) FROM pragma_table_info('Post') WHERE name = 'views'"), 0);
    assert_eq!(count(&project, "SELECT count(*) FROM Post"), 1);
    project.run(&["migrate", "status"]).code_is(1).prints(&name);
    project.run(&["migrate", "deploy"]).succeeds().prints(&name);
    project.run(&["migrate", "dev"]).succeeds().prints("in sync");
}

#[test]
fn a_script_that_cannot_be_undone_changes_nothing() {
    let project = begun();
    let [name] = migrations(&project).try_into().expect("one");
    project.write(&path(&name, "down.sql"), "DROP TABLE Post;\nDROP TABLE nothing;\n");
    project.run(&["migrate", "down", "--force"]).fails(&["nothing"]);
    assert_eq!(count(&project, "SELECT count(*) FROM Post"), 0);
    project.run(&["migrate", "status"]).succeeds();
    fs::remove_file(project.path(&path(&name, "down.sql"))).expect("a file");
    project.run(&["migrate", "down", "--force"]).fails(&["no down.sql"]);
}

#[test]
fn a_squashed_history_is_accepted_by_old_databases_and_makes_new_ones() {
    let project = begun();
    project.write("prisma/schema.prisma", with_views());
    project.run(&["migrate", "dev", "--name", "views", "--skip-generate"]).succeeds();
    fs::copy(project.path("dev.db"), project.path("partly.db")).expect("a copy");
    fs::copy(project.path("dev.db"), project.path("verbatim.db")).expect("a copy");
    let [_, second] = migrations(&project).try_into().expect("two");

    let partly = rusqlite::Connection::open(project.path("partly.db")).expect("a database");
    partly.execute("DELETE FROM _prisma_migrations WHERE migration_name = ?1", [&second]).expect("a row");
    drop(partly);

    project.run(&["migrate", "squash"]).succeeds().prints("replaces 2 migrations");
    let [squashed] = migrations(&project).try_into().expect("one");
    assert!(squashed.ends_with("_squashed"), "{squashed}");
    assert_eq!(project.read(&path(&squashed, "migration.sql")).matches("CREATE TABLE").count(), 2);
    project.run(&["migrate", "status"]).succeeds();
    project.run(&["migrate", "deploy"]).succeeds().prints("has seen all");
    assert_eq!(
        count(&project, &format!("SELECT count(*) FROM _prisma_migrations WHERE migration_name = '{squashed}'")),
        1
    );
    project.run(&["migrate", "dev"]).succeeds().prints("in sync");

    project.run(&["migrate", "deploy", "--url", "file:new.db"]).succeeds().prints(&squashed);
    let (from, to) = ("file:new.db", "prisma/schema.prisma");
    project.run(&["migrate", "diff", "--from-url", from, "--to-schema", to, "--exit-code"]).succeeds();
    project.run(&["migrate", "deploy", "--url", "file:partly.db"]).fails(&[&squashed, "a part of them"]);

    // Folded once more, databases that have seen only the first migrations still know where they stand.
    project.write(&path("20990101000000_more", "migration.sql"), "INSERT INTO User VALUES (1, 'ada@example.com');\n");
    project.run(&["migrate", "deploy"]).succeeds();
    project.run(&["migrate", "squash", "--name", "again"]).fails(&[
        "20990101000000_more",
        "INSERT INTO User",
        "--verbatim",
    ]);
    project.run(&["migrate", "squash", "--name", "again", "--verbatim"]).succeeds();
    project.run(&["migrate", "status"]).succeeds();
    project.run(&["migrate", "deploy", "--url", "file:verbatim.db"]).fails(&["a part of them"]);
    project.run(&["migrate", "deploy", "--url", "file:fresh.db"]).succeeds();
}

#[test]
fn differences_are_shown_written_and_told_by_the_exit_code() {
    let project = begun();
    let schema = "prisma/schema.prisma";
    project.run(&["migrate", "diff", "--from-empty", "--to-empty"]).fails(&["neither side names one"]);
    project.run(&["migrate", "diff", "--from-empty", "--to-schema", schema]).succeeds().prints("create table User");
    let script = project.run(&["migrate", "diff", "--from-empty", "--to-schema-datamodel", schema, "--script"]);
    script.succeeds().prints("CREATE TABLE \"User\" (");
    for (from, to) in [
        (["--from-url", "file:dev.db"], ["--to-schema", schema]),
        (["--from-migrations", "prisma/migrations"], ["--to-schema", schema]),
        (["--from-migrations", "prisma/migrations"], ["--to-url", "file:dev.db"]),
        (["--from-schema-datasource", schema], ["--to-migrations", "prisma/migrations"]),
    ] {
        let ran = project.run(&[&["migrate", "diff", "--exit-code"][..], &from, &to].concat());
        assert_eq!(ran.succeeds().stdout, "No difference\n");
    }
    project.write(schema, with_views());
    let arguments = ["migrate", "diff", "--from-url", "file:dev.db", "--to-schema", schema];
    project.run(&arguments).succeeds().prints("add column views");
    project.run(&[&arguments[..], &["--exit-code"]].concat()).code_is(2).prints("views");
    project.run(&[&arguments[..], &["--script", "-o", "fix.sql"]].concat()).succeeds();
    project.run(&["db", "execute", "--file", "fix.sql"]).succeeds();
    let answer = project.run(&[&arguments[..], &["--json"]].concat()).succeeds().json();
    assert_eq!(answer["empty"], true);
    project.run(&["migrate", "diff", "--to-empty"]).fails(&["--from-empty"]);
    project.run(&["migrate", "diff", "--from-url", "file:no.db", "--to-schema", schema]).fails(&["P1003", "no.db"]);
    project.run(&["migrate", "diff", "--from-migrations", "no", "--to-schema", schema]).fails(&["`no`"]);
}

#[test]
fn the_folder_may_be_elsewhere() {
    let project = project();
    project.write("lenslet.toml", "migrations = \"database/history\"\n");
    project.run(&["migrate", "dev", "--name", "init", "--skip-generate"]).succeeds();
    assert!(project.exists("database/history/migration_lock.toml"));
    project.run(&["migrate", "status"]).succeeds().prints("1 migration in `database/history`");
}

#[test]
fn the_history_of_another_database_is_refused() {
    let project = begun();
    project.write("prisma/migrations/migration_lock.toml", "provider = \"postgresql\"\n");
    project.run(&["migrate", "deploy"]).fails(&["P3019", "postgresql"]);
}

#[test]
fn a_scratch_database_is_not_the_projects_own() {
    let project = begun();
    let ran = project.run(&["migrate", "dev", "--shadow-database-url", "file:dev.db"]);
    ran.fails(&["`--shadow-database-url`", "everything in a scratch database is dropped"]);
    assert_eq!(count(&project, "SELECT count(*) FROM User"), 0);
    project.write("lenslet.toml", "shadow-database-url = { env = \"SHADOW\" }\n");
    project.run(&["migrate", "dev"]).fails(&["`SHADOW`"]);
    Ran::of(project.command(&["migrate", "dev"]).env("SHADOW", "file:shadow.db")).succeeds();
}

#[test]
fn scripts_come_from_standard_input_as_well() {
    use std::io::Write as _;
    use std::process::Stdio;
    let project = begun();
    let mut command = project.command(&["db", "execute", "--stdin", "--url", "file:dev.db"]);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("starts");
    child.stdin.take().expect("piped").write_all(b"INSERT INTO User VALUES (7, 'x');").expect("lenslet reads");
    Ran::of_output(child.wait_with_output().expect("lenslet ends")).succeeds();
    assert_eq!(count(&project, "SELECT id FROM User"), 7);
    project.write("bad.sql", "SELECT 1;\nSELEKT 2;\n");
    project.run(&["db", "execute", "--file", "bad.sql"]).fails(&["SELEKT"]);
    project.run(&["db", "execute", "--url", "https://pool.example/?api_key=k", "--stdin"]).fails(&["pool"]);
}

#[test]
fn commands_about_structure_want_the_database_itself() {
    let project = Project::with_schema(SCHEMA);
    for arguments in [
        &["migrate", "dev", "--name", "x"][..],
        &["migrate", "deploy"],
        &["migrate", "status"],
        &["migrate", "reset", "--force"],
        &["migrate", "resolve", "--applied", "x"],
        &["migrate", "down", "--force"],
        &["db", "push"],
        &["db", "pull"],
        &["db", "execute", "--stdin"],
    ] {
        for url in ["prisma://p/?api_key=secret", "prisma+postgres://p/?api_key=secret", "https://p/?api_key=secret"] {
            let ran = Ran::of(project.command(arguments).env("DATABASE_URL", url));
            ran.fails(&["`DATABASE_URL` is the address of a pool", "`DIRECT_URL`"]);
            assert!(!ran.stderr.contains("secret"), "{}", ran.stderr);
        }
    }
}

/// On a terminal questions are asked; `script` gives the command one.
#[cfg(target_os = "linux")]
fn answered(project: &Project, arguments: &str, answer: &str) -> Option<(Option<i32>, String)> {
    use std::io::Write as _;
    use std::process::{Command, Stdio};
    let line = format!("{} {arguments}", env!("CARGO_BIN_EXE_lenslet"));
    let mut script = Command::new("script");
    script.args(["-qec", &line, "/dev/null"]).current_dir(project.path(""));
    script.env_remove("CI").env_remove("DATABASE_URL").env_remove("DIRECT_URL");
    let Ok(mut child) = script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn() else {
        eprintln!("skipped: there is no `script`");
        return None;
    };
    child.stdin.take().expect("piped").write_all(answer.as_bytes()).expect("script reads");
    let output = child.wait_with_output().expect("script ends");
    Some((output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned()))
}

#[test]
#[cfg(target_os = "linux")]
fn who_sits_at_a_terminal_is_asked_before_a_reset() {
    let project = begun();
    connection(&project).execute("INSERT INTO User (email) VALUES ('ada@example.com')", []).expect("a row");
    let Some((code, shown)) = answered(&project, "migrate reset --skip-generate", "n\n") else { return };
    assert!(shown.contains("rows included? [y/N]"), "{shown}");
    assert_eq!((code, count(&project, "SELECT count(*) FROM User")), (Some(130), 1));
    let code = answered(&project, "migrate reset --skip-generate", "y\n").and_then(|(code, _)| code);
    assert_eq!((code, count(&project, "SELECT count(*) FROM User")), (Some(0), 0));
}

#[test]
#[cfg(target_os = "linux")]
fn who_sits_at_a_terminal_is_asked_for_a_name_and_whether_to_lose_data() {
    let project = begun();
    connection(&project).execute("INSERT INTO User (email) VALUES ('ada@example.com')", []).expect("a row");
    project.write("prisma/schema.prisma", without_email());
    let Some((code, shown)) = answered(&project, "migrate dev --skip-generate", "no\n") else { return };
    assert!(shown.contains("1 row") && shown.contains("apply the migration? [y/N]"), "{shown}");
    assert_eq!((code, migrations(&project).len()), (Some(130), 1));
    let (code, shown) = answered(&project, "migrate dev --skip-generate", "yes\nNo email\n").expect("as before");
    assert!(shown.contains("What is the migration for?"), "{shown}");
    assert_eq!(code, Some(0), "{shown}");
    assert!(migrations(&project)[1].ends_with("_no_email"), "{shown}");
}

/// A database that disagrees with its history is emptied only by a yes.
#[test]
#[cfg(target_os = "linux")]
fn who_sits_at_a_terminal_is_asked_when_the_history_does_not_agree() {
    let project = begun();
    connection(&project).execute_batch("CREATE TABLE Stray (id INTEGER)").expect("a table");
    let Some((code, shown)) = answered(&project, "migrate dev --skip-generate", "\n") else { return };
    assert!(shown.contains("create table Stray") && shown.contains("apply all migrations? [y/N]"), "{shown}");
    assert_eq!(code, Some(130));
    let (code, shown) = answered(&project, "migrate dev --skip-generate", "y\n").expect("as before");
    assert_eq!(code, Some(0), "{shown}");
    assert_eq!(count(&project, "SELECT count(*) FROM sqlite_schema WHERE name = 'Stray'"), 0);
}
