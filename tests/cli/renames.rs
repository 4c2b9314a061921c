//! Renames, as `db push`, `migrate dev` and `migrate diff` take them.

use crate::project::{Project, SCHEMA};

fn renamed() -> String {
    SCHEMA.replace("  email String @unique\n", "  mail  String @unique\n")
}

fn mails(project: &Project) -> Vec<String> {
    let connection = rusqlite::Connection::open(project.path("dev.db")).expect("it opens");
    let mut statement = connection.prepare("SELECT mail FROM User").expect("the column is there");
    let rows = statement.query_map([], |row| row.get(0)).expect("rows");
    rows.collect::<Result<_, _>>().expect("texts")
}

fn insert(project: &Project) {
    let insert = "INSERT INTO User (email) VALUES ('ada@example.com')";
    rusqlite::Connection::open(project.path("dev.db")).and_then(|it| it.execute_batch(insert)).expect("the SQL runs");
}

#[test]
fn a_push_that_looks_like_a_rename_says_how_to_say_it() {
    let project = Project::with_schema(SCHEMA);
    project.run(&["db", "push", "--url", "file:dev.db"]).succeeds();
    insert(&project);
    project.write("prisma/schema.prisma", renamed());
    let push = ["db", "push", "--url", "file:dev.db"];
    project.run(&push).fails(&["looks like a rename", "--rename User.email=mail"]);
    project.run(&["db", "push", "--url", "file:dev.db", "--rename", "User.email=mail"]).succeeds();
    assert_eq!(mails(&project), ["ada@example.com"]);
    project.run(&push).succeeds().prints("already");
}

#[test]
fn a_migration_renames_and_can_be_undone() {
    let project = Project::with_schema(SCHEMA);
    project.write(".env", "DATABASE_URL=file:dev.db\n");
    project.run(&["migrate", "dev", "--name", "first", "--skip-generate"]).succeeds();
    insert(&project);
    project.write("prisma/schema.prisma", renamed());
    let dev = ["migrate", "dev", "--name", "mail", "--skip-generate", "--rename", "User.email=mail"];
    project.run(&dev).succeeds();
    assert_eq!(mails(&project), ["ada@example.com"]);
    project.run(&["migrate", "down", "--force"]).succeeds();
    project.run(&["migrate", "deploy"]).succeeds();
    assert_eq!(mails(&project), ["ada@example.com"]);
}

#[test]
fn a_comparison_is_told_of_renames() {
    let project = Project::with_schema(SCHEMA);
    project.write("renamed.prisma", renamed());
    let diff =
        ["migrate", "diff", "--from-schema", "prisma/schema.prisma", "--to-schema", "renamed.prisma", "--script"];
    let untold = project.run(&diff);
    assert!(untold.stderr.contains("--rename User.email=mail"), "{}", untold.stderr);
    untold.prints("new_User");
    let told = project.run(&[&diff[..], &["--rename", "User.email=mail"]].concat());
    told.succeeds().prints("ALTER TABLE \"User\" RENAME COLUMN \"email\" TO \"mail\";");
    project.run(&[&diff[..], &["--rename", "User.email=name"]].concat()).fails(&["`name`"]);
}

const ROLES: &str = "datasource db {\n  provider = \"sqlite\"\n  url = env(\"DATABASE_URL\")\n}\nenum Role {\n  ADMIN\n  GUEST\n}\nmodel User {\n  id Int @id @default(autoincrement())\n  email String @default(\"\")\n  role Role @default(ADMIN)\n}\n";

/// SQLite holds values as texts: without the rename nothing would change but the default, and the rows could not be read.
#[test]
fn a_value_of_an_enum_is_renamed_by_a_migration() {
    let project = Project::with_schema(ROLES);
    project.write(".env", "DATABASE_URL=file:dev.db\n");
    project.run(&["migrate", "dev", "--name", "first", "--skip-generate"]).succeeds();
    insert(&project);
    project.write("prisma/schema.prisma", ROLES.replace("ADMIN", "BOSS"));
    let dev = ["migrate", "dev", "--name", "boss", "--skip-generate"];
    project.run(&dev).fails(&["1 row", "--rename Role."]);
    project.run(&[&dev[..], &["--rename", "Role.ADMIN=BOSS"]].concat()).succeeds();
    let connection = rusqlite::Connection::open(project.path("dev.db")).expect("it opens");
    let role = || connection.query_row("SELECT role FROM User", [], |row| row.get::<_, String>(0)).expect("a row");
    assert_eq!(role(), "BOSS");
    project.run(&["migrate", "down", "--force"]).succeeds();
    assert_eq!(role(), "ADMIN");
}

#[test]
fn a_rename_that_cannot_be_is_refused() {
    let project = Project::with_schema(SCHEMA);
    project.run(&["db", "push", "--url", "file:dev.db"]).succeeds();
    let rename = |it: &str| project.run(&["db", "push", "--url", "file:dev.db", "--rename", it]);
    rename("User").fails(&["`User`", "User=Person"]);
    rename("Nobody=Person").fails(&["no table or enum `Nobody`"]);
    rename("User.email=mail").fails(&["no column `mail`"]);
}
