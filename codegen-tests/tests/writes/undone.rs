//! What an operation did before it failed, which does not stay.

use crate::database::Database;
use codegen_tests::itself;
use serde_json::{Value, json};

const MODELS: &str = r#"
model User {
  id     Int    @id @default(autoincrement())
  name   String @unique
  boss   User?  @relation("Boss", fields: [bossId], references: [id], onDelete: SetNull)
  bossId Int?
  staff  User[] @relation("Boss")
}
"#;

/// Ada, who is her own boss, and Bob, whose boss she is.
fn database() -> Database {
    let database = Database::new(MODELS);
    for (name, boss) in [("ada", 1), ("bob", 1)] {
        database.ask(
            "User.createOne",
            json!({"data": {"id": boss + i32::from(name == "bob"), "name": name, "bossId": boss}}),
            Value::Null,
        );
    }
    database
}

fn users(database: &Database) -> Value {
    database.ask("User.findMany", everybody(), Value::Null)
}

fn everybody() -> Value {
    json!({"orderBy": {"id": "asc"}})
}

#[test]
fn a_row_that_deletes_itself_stays() {
    let database = database();
    let before = users(&database);
    for (action, arguments) in itself::deletions() {
        let (operation, said) = (format!("User.{action}"), format!("{action} {arguments}"));
        let error = database.refuse(&operation, arguments.clone());
        assert_eq!(error.code(), "P2025", "{said}: {error}");
        assert_eq!(users(&database), before, "{said}");
        let inside = database.in_transaction(&[(&operation, arguments)], ("User.findMany", everybody()));
        assert_eq!(inside, before, "{said} in a transaction");
    }
}
