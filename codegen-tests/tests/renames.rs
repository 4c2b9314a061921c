//! Renames that somebody asks for keep the rows, on every database; those that nobody asked for are guessed.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use codegen_tests::postgresql_server::Server;
use lenslet::{Sources, check};
use lenslet_core::catalog::Catalog;
use lenslet_migrate::{
    Database, PushOptions, RenameError, Scratch, describe, diff, diff_renamed, likely_renames, renames,
};
use lenslet_sql::ddl::script;

const BEFORE: &str = "
model User {
  id    Int    @id @default(autoincrement())
  email String @unique
  name  String?
  posts Post[]
  @@index([name])
}
model Post {
  id       Int    @id @default(autoincrement())
  title    String
  authorId Int
  author   User   @relation(fields: [authorId], references: [id])
}
";

const AFTER: &str = "
model Person {
  id       Int    @id @default(autoincrement())
  mail     String @unique
  fullName String? @map(\"full_name\")
  notes    Note[]
  @@index([fullName])
  @@map(\"people\")
}
model Note {
  id       Int    @id @default(autoincrement())
  title    String
  personId Int
  person   Person @relation(fields: [personId], references: [id])
}
";

fn catalog(provider: &str, models: &str) -> Catalog {
    let text = format!("datasource db {{\n  provider = \"{provider}\"\n}}\n{models}");
    check(&Sources::single("schema.prisma", text)).schema.unwrap().catalog
}

fn databases(server: Option<&Server>) -> Vec<(&'static str, Database)> {
    let url = server.map(|server| server.url("postgres", ""));
    let postgresql = url.map(|url| ("postgresql", Database::scratch(Scratch::Beside(&url)).unwrap()));
    let sqlite = ("sqlite", Database::scratch(Scratch::Memory).unwrap());
    [sqlite].into_iter().chain(postgresql).collect()
}

const WRITTEN: [&str; 5] =
    ["User=Person", "Post=Note", "User.name=fullName", "people.email=mail", "Note.authorId=personId"];

fn written() -> Vec<String> {
    WRITTEN.map(str::to_owned).into()
}

#[test]
fn what_is_renamed_keeps_its_rows() {
    let server = Server::start().unwrap();
    for (provider, mut database) in databases(server.as_ref()) {
        let (before, after) = (catalog(provider, BEFORE), catalog(provider, AFTER));
        database.push(&before, PushOptions::default()).unwrap();
        let insert = "INSERT INTO \"User\" (email, name) VALUES ('a@b.c', 'Ada'); INSERT INTO \"Post\" (title, \"authorId\") VALUES ('x', 1);";
        database.run(insert).unwrap();
        let found = database.describe(&[]).unwrap();
        let target = describe(&after).unwrap();
        let asked = renames(&written(), &found, &target, &after).unwrap();
        let pushed = database.push_renamed(&after, PushOptions::default(), &asked).unwrap();
        assert!(pushed.losses.is_empty());
        let sql = "SELECT p.mail, p.full_name, n.title FROM people p JOIN \"Note\" n ON n.\"personId\" = p.id";
        let row: Vec<_> = ["a@b.c", "Ada", "x"].map(|it| Some(it.to_owned())).into();
        assert_eq!(database.rows(sql).unwrap(), [row], "{provider}");
        let left = diff(database.dialect(), &database.describe(&[]).unwrap(), &target);
        assert!(left.is_empty(), "{provider}: {}", script(database.dialect(), &left.changes));
        assert!(database.push(&after, PushOptions::default()).unwrap().was_in_sync());
    }
}

/// The text of a migration is tried on a database with rows, too.
#[test]
fn a_migration_of_renames_keeps_the_rows() {
    let server = Server::start().unwrap();
    for (provider, mut database) in databases(server.as_ref()) {
        let (before, after) = (catalog(provider, BEFORE), catalog(provider, AFTER));
        database.push(&before, PushOptions::default()).unwrap();
        database.run("INSERT INTO \"User\" (email, name) VALUES ('a@b.c', 'Ada')").unwrap();
        let found = database.describe(&[]).unwrap();
        let target = describe(&after).unwrap();
        let asked = renames(&written(), &found, &target, &after).unwrap();
        let difference = diff_renamed(database.dialect(), &found, &target, &asked);
        assert_eq!(difference.risks, [], "{provider}");
        let text = difference.migration(database.dialect());
        assert!(!text.contains("DROP TABLE") && !text.contains("DROP CONSTRAINT"), "{text}");
        database.run(&text).unwrap();
        let left = diff(database.dialect(), &database.describe(&[]).unwrap(), &target);
        assert!(left.is_empty(), "{provider}: {text}\n{}", script(database.dialect(), &left.changes));
        assert_eq!(database.rows("SELECT mail FROM people").unwrap(), [[Some("a@b.c".to_owned())]]);
    }
}

#[test]
fn what_looks_like_a_rename_is_found() {
    let (before, after) = (catalog("sqlite", BEFORE), catalog("sqlite", AFTER));
    let (from, to) = (describe(&before).unwrap(), describe(&after).unwrap());
    let dialect = lenslet_sql::ddl::Dialect::Sqlite;
    let of_tables = BEFORE.replace("model User", "model Member").replace("  User ", "  Member ");
    let tables = describe(&catalog("sqlite", &of_tables)).unwrap();
    let found: Vec<String> = likely_renames(dialect, &from, &tables).iter().map(ToString::to_string).collect();
    assert_eq!(found, ["User=Member"]);
    let of_columns =
        BEFORE.replace("name  String?", "surname String?").replace("[name]", "[surname]").replace("title ", "heading ");
    let columns = describe(&catalog("sqlite", &of_columns)).unwrap();
    let found: Vec<String> = likely_renames(dialect, &from, &columns).iter().map(ToString::to_string).collect();
    assert_eq!(found, ["User.name=surname", "Post.title=heading"]);
    // Of `User` and `people` too much is different at once.
    let found: Vec<String> = likely_renames(dialect, &from, &to).iter().map(ToString::to_string).collect();
    assert_eq!(found, ["Post=Note", "Note.authorId=personId"]);
    assert_eq!(likely_renames(dialect, &from, &from), []);
}

#[test]
fn renames_that_cannot_be_are_refused() {
    let (before, after) = (catalog("sqlite", BEFORE), catalog("sqlite", AFTER));
    let (from, to) = (describe(&before).unwrap(), describe(&after).unwrap());
    let refused = |written: &str| renames(&[written.to_owned()], &from, &to, &after).unwrap_err();
    assert!(matches!(refused("User"), RenameError::Unreadable(_)));
    assert!(matches!(refused("User="), RenameError::Unreadable(_)));
    assert!(matches!(refused("Nobody=Person"), RenameError::Missing { .. }));
    assert!(matches!(refused("User=Nobody"), RenameError::Unwanted { .. }));
    let same = renames(&["User.name=email".to_owned()], &from, &from, &before).unwrap_err();
    assert!(matches!(same, RenameError::Kept { .. }), "{same}");
}
