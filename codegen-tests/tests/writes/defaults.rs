//! What the engine gives columns that are not given.

use crate::database::Database;
use serde_json::{Value, json};
use std::{thread::sleep, time::Duration};

const MODELS: &str = r#"
model Thing {
  id      String    @id @default(uuid(7))
  name    String    @unique
  code    String    @default(cuid(2))
  old     String    @default(cuid())
  sorted  String    @default(ulid())
  short   String    @default(nanoid(7))
  count   Int       @default(3)
  ratio   Float     @default(0.5)
  active  Boolean   @default(true)
  since   DateTime  @default("2020-01-02T03:04:05Z")
  data    Bytes     @default("dGVzdA==")
  color   Color     @default(RED)
  created DateTime  @default(now())
  touched DateTime  @updatedAt
  seen    DateTime? @updatedAt
  note    String?   @default(dbgenerated("'from the database'"))
}

enum Color {
  RED  @map("r")
  BLUE @map("b")
}
"#;

#[test]
fn columns_that_are_not_given_are_filled() {
    let database = Database::new(MODELS);
    let thing = database.ask("Thing.createOne", json!({"data": {"name": "a"}}), Value::Null);
    let length = |key: &str| thing[key].as_str().unwrap().len();
    assert_eq!((length("id"), length("code"), length("old"), length("sorted"), length("short")), (36, 24, 25, 26, 7));
    assert_eq!((&thing["count"], &thing["ratio"], &thing["active"]), (&json!(3), &json!(0.5), &json!(true)));
    assert_eq!((&thing["data"], &thing["color"]), (&json!("dGVzdA=="), &json!("RED")));
    assert_eq!(thing["since"], json!("2020-01-02T03:04:05.000Z"));
    assert_eq!(thing["note"], json!("from the database"));
    assert_eq!(thing["created"], thing["touched"], "an operation has one moment");
}

#[test]
fn given_values_win_over_defaults() {
    let database = Database::new(MODELS);
    let moment = "2001-02-03T04:05:06.000Z";
    let data = json!({"name": "a", "count": 1, "touched": moment, "seen": null, "note": null, "color": "BLUE"});
    let thing = database.ask("Thing.createOne", json!({"data": data}), Value::Null);
    assert_eq!((&thing["count"], &thing["touched"], &thing["color"]), (&json!(1), &json!(moment), &json!("BLUE")));
    assert_eq!((&thing["seen"], &thing["note"]), (&Value::Null, &Value::Null));
    let updated = database.ask(
        "Thing.updateOne",
        json!({"where": {"name": "a"}, "data": {"count": 2, "touched": moment}}),
        Value::Null,
    );
    assert_eq!(updated["touched"], json!(moment));
    assert_ne!(updated["seen"], Value::Null);
}

#[test]
fn rows_of_one_operation_share_its_moment() {
    let database = Database::new(MODELS);
    let rows = json!([{"name": "a"}, {"name": "b", "note": "given"}, {"name": "c", "count": 9}]);
    let made = database.ask("Thing.createManyAndReturn", json!({"data": rows}), Value::Null);
    let made = made.as_array().unwrap();
    assert!(made.iter().all(|thing| thing["created"] == made[0]["created"]));
    assert!(made[0]["id"] != made[1]["id"] && made[1]["id"] != made[2]["id"]);
    let notes: Vec<_> = made.iter().map(|thing| thing["note"].as_str().unwrap()).collect();
    assert_eq!(notes, ["from the database", "given", "from the database"]);
    assert_eq!((&made[0]["count"], &made[2]["count"]), (&json!(3), &json!(9)));
}

#[test]
fn every_change_is_a_change_of_updated_at() {
    let database = Database::new(MODELS);
    let mut last = database.ask("Thing.createOne", json!({"data": {"name": "a"}}), Value::Null)["touched"].clone();
    let changes = [
        ("Thing.updateOne", json!({"where": {"name": "a"}, "data": {"count": {"increment": 1}}})),
        ("Thing.updateMany", json!({"where": {"name": "a"}, "data": {"count": 5}})),
        ("Thing.updateManyAndReturn", json!({"data": {"count": 6}})),
        ("Thing.upsertOne", json!({"where": {"name": "a"}, "create": {"name": "a"}, "update": {"count": 7}})),
    ];
    for (operation, arguments) in changes {
        sleep(Duration::from_millis(2));
        database.ask(operation, arguments, Value::Null);
        let thing = database.ask("Thing.findUnique", json!({"where": {"name": "a"}}), Value::Null);
        assert!(thing["touched"].as_str() > last.as_str(), "{operation}");
        last = thing["touched"].clone();
    }
    let nothing = json!({"where": {"name": "a"}, "data": {}});
    let thing = database.ask("Thing.updateOne", nothing, Value::Null);
    assert_eq!(thing["touched"], last, "where nothing changes, nothing is touched");
}
