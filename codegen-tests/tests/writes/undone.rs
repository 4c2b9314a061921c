//! What an operation did before it failed, which does not stay.

use crate::database::Database;
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
    let deletions = [
        json!({"staff": {"delete": [{"name": "ada"}]}}),
        json!({"staff": {"deleteMany": {}}}),
        json!({"boss": {"delete": true}}),
        json!({"name": "eve", "staff": {"create": {"name": "new"}, "deleteMany": {"name": "eve"}}}),
    ];
    for data in deletions {
        let update = json!({"where": {"name": "ada"}, "data": data});
        let upsert = json!({"where": {"name": "ada"}, "update": data, "create": {"name": "unused"}});
        for (operation, arguments) in [("User.updateOne", update), ("User.upsertOne", upsert)] {
            let error = database.refuse(operation, arguments.clone());
            assert_eq!(error.code(), "P2025", "{operation} {data}: {error}");
            assert_eq!(users(&database), before, "{operation} {data}");
            let inside = database.in_transaction(&[(operation, arguments)], ("User.findMany", everybody()));
            assert_eq!(inside, before, "{operation} {data} in a transaction");
        }
    }
}
