//! Renames that somebody asks for keep the rows, on every database; those that nobody asked for are guessed.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use codegen_tests::postgresql_server::Server;
use lenslet::{Sources, check};
use lenslet_core::catalog::Catalog;
use lenslet_migrate::{
    Database, PushOptions, RenameError, Scratch, describe, diff, diff_renamed, likely_renames, renames, reversed, turns,
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

/// Enums and their values, the list and the defaults of which follow; SQLite holds values as texts.
#[test]
fn enums_and_values_are_renamed_with_their_rows() {
    let server = Server::start().unwrap();
    for (provider, mut database) in databases(server.as_ref()) {
        let list = if provider == "postgresql" { "roles Role[] @default([ADMIN])" } else { "" };
        let before = format!(
            "enum Role {{\n ADMIN\n GUEST\n}}\nmodel User {{\n id Int @id\n role Role @default(ADMIN)\n {list}\n}}"
        );
        let after = before.replace("enum Role", "enum Position").replace(" Role", " Position");
        let after = after.replace("ADMIN\n", "BOSS @map(\"boss\")\n").replace("ADMIN", "BOSS");
        let (before, after) = (catalog(provider, &before), catalog(provider, &after));
        database.push(&before, PushOptions::default()).unwrap();
        database
            .run("INSERT INTO \"User\" (id) VALUES (1); INSERT INTO \"User\" (id, role) VALUES (2, 'GUEST')")
            .unwrap();
        let found = database.describe(&[]).unwrap();
        let target = describe(&after).unwrap();
        // SQLite has no type that could be renamed.
        let written: &[&str] = match provider {
            "postgresql" => &["Role=Position", "Position.ADMIN=BOSS"],
            _ => &["Position.ADMIN=BOSS"],
        };
        let written: Vec<String> = written.iter().map(|it| (*it).to_owned()).collect();
        let asked = renames(&written, &found, &target, &after).unwrap();
        let difference = diff_renamed(database.dialect(), &found, &target, &asked);
        assert_eq!(difference.risks, [], "{provider}");
        let pushed = database.push_renamed(&after, PushOptions::default(), &asked).unwrap();
        if provider == "postgresql" {
            let expected = [
                "ALTER TYPE \"Role\" RENAME TO \"Position\"",
                "ALTER TYPE \"Position\" RENAME VALUE 'ADMIN' TO 'boss'",
            ];
            assert_eq!(pushed.statements, expected, "the defaults follow");
            database.run("INSERT INTO \"User\" (id) VALUES (3)").unwrap();
            let lists = database.rows("SELECT string_agg(roles::text, ' ') FROM \"User\"").unwrap();
            assert_eq!(lists, [[Some("{boss} {boss} {boss}".to_owned())]]);
        }
        let rows = database.rows("SELECT role FROM \"User\" WHERE id < 3 ORDER BY id").unwrap();
        assert_eq!(rows, [[Some("boss".to_owned())], [Some("GUEST".to_owned())]], "{provider}");
        assert!(database.push(&after, PushOptions::default()).unwrap().was_in_sync());

        // And back.
        let found = database.describe(&[]).unwrap();
        let back = diff_renamed(database.dialect(), &found, &describe(&before).unwrap(), &reversed(&asked));
        database.run(&script(database.dialect(), &back.changes).to_string()).unwrap();
        assert!(database.push(&before, PushOptions::default()).unwrap().was_in_sync(), "{provider}");
        let rows = database.rows("SELECT role FROM \"User\" WHERE id < 3 ORDER BY id").unwrap();
        assert_eq!(rows, [[Some("ADMIN".to_owned())], [Some("GUEST".to_owned())]], "{provider}");
    }
}

/// A value that goes while rows hold it is refused, with their number and what to do; on SQLite, too.
#[test]
fn values_that_rows_hold_do_not_go() {
    let server = Server::start().unwrap();
    for (provider, mut database) in databases(server.as_ref()) {
        let schema = |variants: &str| {
            catalog(provider, &format!("enum Role {{\n {variants}\n}}\nmodel User {{\n id Int @id\n role Role\n}}"))
        };
        database.push(&schema("ADMIN\n GUEST"), PushOptions::default()).unwrap();
        database.run("INSERT INTO \"User\" VALUES (1, 'ADMIN'), (2, 'ADMIN'), (3, 'GUEST')").unwrap();
        let accept = PushOptions { accept_data_loss: true, ..PushOptions::default() };
        let refused = database.push(&schema("BOSS\n GUEST"), accept).unwrap_err().to_string();
        assert!(refused.contains(": 2 rows with ") && refused.contains("(--rename Role."), "{provider}: {refused}");
        database.run("UPDATE \"User\" SET role = 'GUEST'").unwrap();
        database.push(&schema("BOSS\n GUEST"), PushOptions::default()).unwrap();
    }
}

#[test]
fn enums_and_values_that_look_renamed_are_found() {
    let before = "enum Role {\n ADMIN\n GUEST\n MEMBER\n}\nmodel User {\n id Int @id\n role Role\n}";
    let after = "enum Position {\n ADMIN\n VISITOR\n MEMBER\n}\nmodel User {\n id Int @id\n position Position\n}";
    let from = describe(&catalog("postgresql", before)).unwrap();
    let to = describe(&catalog("postgresql", after)).unwrap();
    let found = likely_renames(lenslet_sql::ddl::Dialect::Postgresql, &from, &to);
    let found: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert_eq!(found, ["Role=Position", "User.role=position", "Position.GUEST=VISITOR"]);
    let said = found.clone();
    let read = renames(&said, &from, &to, &catalog("postgresql", after)).unwrap();
    assert_eq!(read.iter().map(ToString::to_string).collect::<Vec<_>>(), found);
    let refused =
        |written: &str| renames(&[written.to_owned()], &from, &to, &catalog("postgresql", after)).unwrap_err();
    assert!(matches!(refused("Role=Nothing"), RenameError::Unwanted { .. }));
    assert!(matches!(refused("Role.NOBODY=VISITOR"), RenameError::Missing { .. }));
    assert!(matches!(refused("Role.GUEST=VISITOR"), RenameError::Unwanted { .. }), "its enum goes");
    let same = renames(&["Role.GUEST=ADMIN".to_owned()], &from, &from, &catalog("postgresql", before)).unwrap_err();
    assert!(matches!(same, RenameError::Kept { .. }), "{same}");
}

/// Where a default can stand for them, nulls are filled before their column becomes required; otherwise they are counted.
#[test]
fn nulls_are_filled_or_counted() {
    let server = Server::start().unwrap();
    for (provider, mut database) in databases(server.as_ref()) {
        let schema = |field: &str| catalog(provider, &format!("model User {{\n id Int @id\n {field}\n}}"));
        database.push(&schema("name String?"), PushOptions::default()).unwrap();
        database.run("INSERT INTO \"User\" VALUES (1, NULL), (2, 'Ada')").unwrap();
        let refused = database.push(&schema("name String"), PushOptions::default()).unwrap_err().to_string();
        assert!(refused.contains("the column `name` of `User` becomes required: 1 row with a null in it"), "{refused}");
        assert!(refused.contains("@default"), "{refused}");
        let pushed = database.push(&schema("name String @default(\"it's\")"), PushOptions::default()).unwrap();
        assert_eq!(pushed.losses, []);
        let rows = database.rows("SELECT name FROM \"User\" ORDER BY id").unwrap();
        assert_eq!(rows, [[Some("it's".to_owned())], [Some("Ada".to_owned())]], "{provider}");
    }
}

/// Without foreign keys only the new names of models tell that the ends of a join table change places.
#[test]
fn join_tables_without_foreign_keys_are_turned_round() {
    let models = |user: &str, tag: &str| {
        format!(
            "model {user} {{\n id Int @id\n name String\n tags {tag}[] @relation(\"tags\")\n}}\nmodel {tag} {{\n id Int @id\n \
             word String\n users {user}[] @relation(\"tags\")\n}}"
        )
    };
    let catalog = |provider: &str, user: &str, tag: &str| {
        let head = format!("datasource db {{\n provider = \"{provider}\"\n relationMode = \"prisma\"\n}}\n");
        check(&Sources::single("schema.prisma", head + &models(user, tag))).schema.unwrap().catalog
    };
    let server = Server::start().unwrap();
    // The order stays in the first case; in the last both get another name.
    for (user, tag, written) in [
        ("Visitor", "Tag", &["User=Visitor"][..]),
        ("Account", "Tag", &["User=Account"]),
        ("User", "Word", &["Tag=Word"]),
        ("Account", "Label", &["User=Account", "Tag=Label"]),
    ] {
        for (provider, mut database) in databases(server.as_ref()) {
            let (old, new) = (catalog(provider, "User", "Tag"), catalog(provider, user, tag));
            database.push(&old, PushOptions::default()).unwrap();
            database
                .run("INSERT INTO \"User\" VALUES (1, 'Ada'); INSERT INTO \"Tag\" VALUES (1, 'x'), (2, 'y')")
                .unwrap();
            // Tags are A.
            database.run("INSERT INTO \"_tags\" (\"A\", \"B\") VALUES (2, 1)").unwrap();
            let (found, target) = (database.describe(&[]).unwrap(), describe(&new).unwrap());
            let written: Vec<_> = written.iter().map(|it| (*it).to_owned()).collect();
            let mut said = renames(&written, &found, &target, &new).unwrap();
            said.extend(turns(&found, &new, &said));
            let there = diff_renamed(database.dialect(), &found, &target, &said);
            let back = diff_renamed(database.dialect(), &target, &found, &reversed(&said));
            assert_eq!((there.risks.as_slice(), back.risks.as_slice()), (&[][..], &[][..]), "{provider} {written:?}");
            let pairs = |database: &mut Database, user: &str, tag: &str, tags: &str, users: &str| {
                let sql = format!(
                    "SELECT name, word FROM \"_tags\" p JOIN \"{user}\" u ON u.id = p.\"{users}\" JOIN \"{tag}\" t ON t.id = \
                     p.\"{tags}\""
                );
                database.rows(&sql).unwrap()
            };
            let expected = [["Ada", "y"].map(|it| Some(it.to_owned())).to_vec()];
            let (tags, users) = if tag < user { ("A", "B") } else { ("B", "A") };
            database.run(&script(database.dialect(), &there.changes).to_string()).unwrap();
            assert_eq!(pairs(&mut database, user, tag, tags, users), expected, "{provider} {written:?}");
            assert!(database.push(&new, PushOptions::default()).unwrap().was_in_sync(), "{provider} {written:?}");
            database.run(&script(database.dialect(), &back.changes).to_string()).unwrap();
            assert_eq!(pairs(&mut database, "User", "Tag", "A", "B"), expected, "{provider} {written:?} and back");
            assert!(
                database.push(&old, PushOptions::default()).unwrap().was_in_sync(),
                "{provider} {written:?} and back"
            );
            let pushed = database.push_renamed(&new, PushOptions::default(), &said).unwrap();
            assert!(pushed.losses.is_empty());
            assert_eq!(pairs(&mut database, user, tag, tags, users), expected, "{provider} {written:?} pushed");
        }
    }
}
