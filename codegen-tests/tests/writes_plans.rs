//! Plans of writes, printed per dialect: a schema, requests in their JSON form, and what is executed for them.
#![allow(clippy::unwrap_used)]

use lenslet::{Sources, check};
use lenslet_core::query::Query;
use lenslet_sql::{Dialect, Shape, plan};
use lenslet_wire::decode::{Limits, Request, request};
use std::fmt::Write;

const BLOG: &str = r#"
datasource db {
  provider = "postgresql"
  url      = env("DATABASE_URL")
}

model User {
  id      Int      @id @default(autoincrement())
  email   String   @unique
  name    String?
  role    Role     @default(MEMBER)
  touched DateTime @updatedAt
  posts   Post[]
  profile Profile?
}

model Profile {
  id     String @id @default(uuid())
  bio    String @default("none")
  user   User   @relation(fields: [userId], references: [id])
  userId Int    @unique
}

model Post {
  id       Int      @id @default(autoincrement())
  title    String
  views    Int      @default(0)
  created  DateTime @default(now())
  author   User?    @relation(fields: [authorId], references: [id])
  authorId Int?
  tags     Tag[]
}

model Tag {
  id    Int    @id
  name  String @unique
  posts Post[]
}

enum Role {
  MEMBER
  ADMIN
}
"#;

fn query(catalog: &lenslet_core::catalog::Catalog, text: &str) -> Query {
    match request(text, catalog, &Limits::default()) {
        Ok(Request::One(query)) => query,
        other => panic!("{text}: {other:?}"),
    }
}

/// Compares the printed plan of each request, for each dialect, with the snapshot of that name.
fn check_plans(name: &str, schema: &str, requests: &[(&str, &str, &str, &str)]) {
    insta::with_settings!({omit_expression => true}, {
        insta::assert_snapshot!(name, printed(schema, requests));
    });
}

fn printed(schema: &str, requests: &[(&str, &str, &str, &str)]) -> String {
    let catalog = check(&Sources::single("schema.prisma", schema)).schema.unwrap().catalog;
    let mut text = String::new();
    for (model, action, arguments, selection) in requests {
        let body = format!(
            r#"{{"modelName":"{model}","action":"{action}","query":{{"arguments":{arguments},"selection":{selection}}}}}"#
        );
        let query = query(&catalog, &body);
        for dialect in [&Dialect::SQLITE, &Dialect::POSTGRESQL] {
            let plan = plan(&catalog, &query, dialect).unwrap_or_else(|error| panic!("{body}: {error}"));
            writeln!(text, "── {model}.{action} {arguments} ({})", dialect.name).unwrap();
            writeln!(text, "{}", plan.print(&catalog)).unwrap();
        }
    }
    text
}

#[test]
fn one_row() {
    check_plans(
        "one_row",
        BLOG,
        &[
            ("User", "createOne", r#"{"data":{"email":"a"}}"#, r#"{"$scalars":true}"#),
            ("User", "updateOne", r#"{"where":{"id":1},"data":{"name":"b"}}"#, r#"{"id":true}"#),
            (
                "Post",
                "updateOne",
                r#"{"where":{"id":1},"data":{"views":{"increment":1}}}"#,
                r#"{"views":true,"author":true}"#,
            ),
            ("User", "deleteOne", r#"{"where":{"email":"a"}}"#, r#"{"id":true}"#),
            ("User", "deleteOne", r#"{"where":{"email":"a"}}"#, r#"{"id":true,"posts":true}"#),
            (
                "User",
                "upsertOne",
                r#"{"where":{"email":"a"},"create":{"email":"a"},"update":{"name":"b"}}"#,
                r#"{"id":true}"#,
            ),
        ],
    );
}

#[test]
fn many_rows() {
    check_plans(
        "many_rows",
        BLOG,
        &[
            (
                "User",
                "createMany",
                r#"{"data":[{"email":"a"},{"email":"b","name":"c"}],"skipDuplicates":true}"#,
                r#"{"count":true}"#,
            ),
            (
                "Post",
                "updateMany",
                r#"{"where":{"title":"a"},"data":{"views":{"increment":1}},"limit":3}"#,
                r#"{"count":true}"#,
            ),
            ("Post", "updateManyAndReturn", r#"{"data":{"title":"b"}}"#, r#"{"id":true,"author":true}"#),
            ("Post", "deleteMany", r#"{"where":{"title":"a"},"limit":3}"#, r#"{"count":true}"#),
        ],
    );
}

#[test]
fn nested_rows() {
    check_plans(
        "nested_rows",
        BLOG,
        &[
            (
                "User",
                "createOne",
                r#"{"data":{"email":"a","posts":{"create":[{"title":"b"},{"title":"c"}]},"profile":{"create":{"bio":"d"}}}}"#,
                r#"{"id":true,"posts":true}"#,
            ),
            (
                "User",
                "createOne",
                r#"{"data":{"email":"a","posts":{"create":[{"title":"b"},{"title":"c"}]},"profile":{"create":{"bio":"d"}}}}"#,
                r#"{"email":true}"#,
            ),
            (
                "Post",
                "createOne",
                r#"{"data":{"title":"a","author":{"connectOrCreate":{"where":{"email":"b"},"create":{"email":"b"}}},"tags":{"connect":[{"id":1},{"id":2}]}}}"#,
                r#"{"id":true}"#,
            ),
            (
                "User",
                "updateOne",
                r#"{"where":{"id":1},"data":{"posts":{"set":[{"id":1}],"update":{"where":{"id":1},"data":{"title":"b"}},"delete":[{"id":3}]}}}"#,
                r#"{"id":true}"#,
            ),
            (
                "Post",
                "updateOne",
                r#"{"where":{"id":1},"data":{"author":{"disconnect":true},"tags":{"set":[{"id":1}]}}}"#,
                r#"{"id":true}"#,
            ),
            (
                "User",
                "updateOne",
                r#"{"where":{"id":1},"data":{"profile":{"upsert":{"create":{"bio":"a"},"update":{"bio":"b"}}}}}"#,
                r#"{"id":true}"#,
            ),
        ],
    );
}

/// Requests that differ only in values and in the lengths of lists without nesting have one shape, and so one plan.
#[test]
fn plans_do_not_depend_on_values() {
    let catalog = check(&Sources::single("schema.prisma", BLOG)).schema.unwrap().catalog;
    let planned = |action: &str, arguments: &str| {
        let body = format!(
            r#"{{"modelName":"User","action":"{action}","query":{{"arguments":{arguments},"selection":{{"id":true}}}}}}"#
        );
        let query = query(&catalog, &body);
        let plan = plan(&catalog, &query, &Dialect::SQLITE).unwrap();
        (Shape::of(&query).into_key(), plan)
    };
    let rows = |count: usize| {
        let rows: Vec<String> = (0..count).map(|at| format!(r#"{{"email":"{at}","name":"n"}}"#)).collect();
        format!(r#"{{"data":[{}]}}"#, rows.join(","))
    };
    let posts = |email: &str, count: usize| {
        let posts: Vec<String> = (0..count).map(|at| format!(r#"{{"title":"{at}"}}"#)).collect();
        format!(r#"{{"data":{{"email":"{email}","posts":{{"create":[{}]}}}}}}"#, posts.join(","))
    };
    let upsert = |one: &str, other: &str| {
        format!(r#"{{"where":{{"email":"{one}"}},"create":{{"email":"{other}"}},"update":{{"name":"{one}"}}}}"#)
    };
    assert_eq!(planned("createManyAndReturn", &rows(1)), planned("createManyAndReturn", &rows(50)));
    assert_eq!(planned("createOne", &posts("a", 1)), planned("createOne", &posts("b", 9)));
    assert_eq!(planned("upsertOne", &upsert("a", "a")), planned("upsertOne", &upsert("a", "b")));
    let uneven = r#"{"data":[{"email":"a"},{"email":"b","name":"c"}]}"#;
    assert_ne!(planned("createManyAndReturn", &rows(2)).0, planned("createManyAndReturn", uneven).0);
}
