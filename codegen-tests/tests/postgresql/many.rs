//! Many rows at once: one statement whatever their number, which takes values for what the statement for one row takes them for.

use super::{Bound, Database, kind, options::number, wire::Wire};
use lenslet_core::{
    engine::Engine as _,
    error::ErrorKind,
    query::{Action, Assignment, CreateMany, Query, Write},
};
use lenslet_native::Engine;
use serde_json::{Value, json};

fn users(count: usize, name: &str) -> Value {
    let data: Vec<Value> = (0..count).map(|at| json!({"email": format!("{name}{count}-{at}"), "age": at})).collect();
    json!({"arguments": {"data": data}, "selection": {"id": true, "age": true}})
}

#[tokio::test]
async fn one_statement_serves_every_number_of_rows() {
    let Some(database) = Database::users() else { return };
    let wire = Wire::to(database.server.port());
    let engine = Engine::with_catalog(&wire.url("connection_limit=1"), database.catalog.clone()).unwrap();
    let create = async |count| {
        let created = database.ask(&engine, "User", "createManyAndReturn", users(count, "user")).await.unwrap();
        (created, wire.trips())
    };
    create(2).await;
    for count in [3, 10, 40_000] {
        let (created, trips) = create(count).await;
        let created = created.as_array().unwrap();
        assert_eq!((created.len(), trips), (count, 1), "{count} rows");
        let ages = created.iter().map(|row| row["age"].as_u64().unwrap());
        assert!(ages.eq(0..count as u64), "answered in the order given");
        let ids: Vec<i64> = created.iter().map(|row| row["id"].as_i64().unwrap()).collect();
        assert!(ids.is_sorted(), "written in the order given");
    }
    let known = "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'INSERT%'";
    assert_eq!(number(&engine, known).await, 1);
}

#[tokio::test]
async fn duplicates_among_many_are_left_out() {
    let Some(database) = Database::users() else { return };
    let engine = database.engine("");
    let emails = |list: &[&str]| -> Value { list.iter().map(|it| json!({"email": it})).collect() };
    for (list, expected) in [(&["a", "b", "a"][..], 2), (&["c", "b"], 1), (&["a", "b"], 0)] {
        let data = json!({"arguments": {"data": emails(list), "skipDuplicates": true}, "selection": {"count": true}});
        let created = database.ask(&engine, "User", "createMany", data).await.unwrap();
        assert_eq!(created, json!({"count": expected}));
    }
    assert_eq!(database.emails(&engine).await, ["a", "b", "c"]);
}

#[tokio::test]
async fn one_of_many_fails_as_it_does_alone() {
    let Some(database) = Database::users() else { return };
    let engine = database.engine("");
    database.create(&engine, "taken").await.unwrap();
    let cases = [
        ("User", json!({"email": "taken"}), json!({"email": "free"})),
        ("User", json!({"email": "x", "name": "longer than ten"}), json!({"email": "y", "name": "short"})),
        ("Post", json!({"title": "x", "userId": 999}), json!({"title": "y", "userId": 1})),
    ];
    for (model, wrong, right) in cases {
        let create = async |data: Value| {
            let query = json!({"arguments": {"data": data}, "selection": {"count": true}});
            database.ask(&engine, model, "createMany", query).await.unwrap_err()
        };
        let alone = create(json!([wrong])).await;
        for data in [json!([wrong, right]), json!([right, wrong])] {
            let among_many = create(data).await;
            assert_eq!(format!("{among_many:?}"), format!("{alone:?}"));
        }
    }
    assert_eq!(database.emails(&engine).await, ["taken"]);
}

#[tokio::test]
async fn columns_need_not_be_of_the_schemas_types() {
    const SCHEMA: &str = "
        datasource db {
          provider = \"postgresql\"
          url      = env(\"DATABASE_URL\")
        }
        model Thing {
          id   Int      @id
          text String
          at   DateTime
          mail String
        }";
    const TABLES: &str = "
        CREATE DOMAIN mail AS VARCHAR(9) CHECK (VALUE LIKE '%@%');
        CREATE TABLE \"Thing\" (id SMALLINT PRIMARY KEY, text UUID NOT NULL, at TIMESTAMPTZ NOT NULL, mail mail NOT NULL);
        ALTER DATABASE postgres SET timezone TO 'America/New_York';
        CREATE ROLE writer LOGIN;
        GRANT INSERT ON \"Thing\" TO writer;";
    let Some(database) = Database::start(SCHEMA, TABLES) else { return };
    let row = |id: i32, mail: &str| {
        json!({"id": id, "text": "0b1f0f6e-7c1f-4c39-9a4c-3f2a8a5a5a11", "mail": mail,
            "at": {"$type": "DateTime", "value": "2000-02-29T12:30:15.123Z"}})
    };
    let many = |rows: &[Value]| json!({"arguments": {"data": rows}, "selection": {"count": true}});
    for (options, first) in [("", 1), ("statement_cache_size=0", 3)] {
        // Who may only insert need not be allowed to look.
        let url = database.server.url("postgres", options).replace("postgres@", "writer@");
        let writer = Engine::with_catalog(&url, database.catalog.clone()).unwrap();
        let rows = [row(first, "a@b"), row(first + 1, "c@d")];
        database.ask(&writer, "Thing", "createMany", many(&rows)).await.unwrap();
        for mail in ["nobody", "a@too.long"] {
            let refused = database.ask(&writer, "Thing", "createMany", many(&[row(8, "a@b"), row(9, mail)])).await;
            let alone = database.ask(&writer, "Thing", "createMany", many(&[row(9, mail)])).await;
            assert_eq!(kind(refused), kind(alone), "{mail}");
        }
    }
    let engine = database.engine("");
    let all = json!({"arguments": {"orderBy": [{"id": "asc"}]}, "selection": {"id": true, "at": true, "mail": true}});
    let found = database.ask(&engine, "Thing", "findMany", all).await.unwrap();
    let expected = |id: i32, mail: &str| json!({"id": id, "at": row(id, mail)["at"], "mail": mail});
    assert_eq!(found, json!([expected(1, "a@b"), expected(2, "c@d"), expected(3, "a@b"), expected(4, "c@d")]));
}

#[tokio::test]
async fn what_is_too_large_for_one_statement_takes_several() {
    let Some(database) = Database::users() else { return };
    let wire = Wire::to(database.server.port());
    let engine = Engine::with_catalog(&wire.url("connection_limit=1"), database.catalog.clone()).unwrap();
    let user = database.create(&engine, "ada").await.unwrap()["id"].clone();
    let data = json!([{"title": "x", "userId": user}, {"title": "x", "userId": 999}]);
    let query = json!({"arguments": {"data": data}, "selection": {"count": true}});
    let query = database.query(&json!({"modelName": "Post", "action": "createMany", "query": query}));
    let Action::CreateMany(CreateMany { rows, .. }) = query.action.clone() else { panic!("rows are created") };
    let large = |row: &Write| {
        let mut row = row.clone();
        for assignment in &mut row.assignments {
            if let Assignment::Set(_, title @ Bound::Text(_)) = assignment {
                *title = Bound::Text("x".repeat(1 << 20));
            }
        }
        row
    };
    let create = async |rows: Vec<Write>| {
        let action = Action::CreateMany(CreateMany { rows, skip_duplicates: false });
        engine.execute(Query { action, ..query.clone() }).await
    };
    let (right, wrong) = (large(&rows[0]), large(&rows[1]));
    let posts = async || number(&engine, "SELECT count(*) FROM \"Post\"").await;
    create(vec![right.clone(); 80]).await.unwrap();
    assert_eq!(posts().await, 80);
    let last = [vec![right; 80], vec![wrong]].concat();
    assert_eq!(kind(create(last).await), ErrorKind::ForeignKeyConstraint);
    assert_eq!(posts().await, 80, "all of them or none");
}
