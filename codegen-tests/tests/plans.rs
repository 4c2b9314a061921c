//! Plans of reads, printed per dialect: a schema, requests in their JSON form, and what is executed for them.
#![allow(clippy::unwrap_used)]

use lenslet::{Sources, check};
use lenslet_core::{catalog::Catalog, query::Query};
use lenslet_sql::{Dialect, plan};
use lenslet_wire::decode::{Limits, Request, request};
use std::fmt::Write;

const SHOP: &str = r#"
datasource db {
  provider = "postgresql"
  url      = env("DATABASE_URL")
  schemas  = ["shop", "people"]
}

model User {
  id       Int      @id @default(autoincrement())
  email    String   @unique
  name     String?  @map("full_name")
  role     Role     @default(MEMBER)
  born     DateTime?
  settings Json?
  secret   Unsupported("tsvector")?
  posts    Post[]
  profile  Profile?
  teamOrg  String?
  teamNo   Int?
  team     Team?    @relation(fields: [teamOrg, teamNo], references: [org, no])
  bossId   Int?
  boss     User?    @relation("boss", fields: [bossId], references: [id])
  reports  User[]   @relation("boss")

  @@map("users")
  @@schema("people")
}

model Team {
  org   String
  no    Int
  title String
  users User[]

  @@id([org, no])
  @@schema("people")
}

model Profile {
  id     String @id @default(uuid())
  bio    String
  user   User   @relation(fields: [userId], references: [id])
  userId Int    @unique

  @@schema("people")
}

model Post {
  id       Int      @id @default(autoincrement())
  title    String
  views    Int      @default(0)
  price    Decimal?
  created  DateTime @default(now())
  author   User     @relation(fields: [authorId], references: [id])
  authorId Int
  tags     Tag[]

  @@index([authorId])
  @@schema("shop")
}

model Tag {
  id    Int    @id
  name  String @unique
  posts Post[]

  @@schema("shop")
}

enum Role {
  MEMBER @map("member")
  ADMIN

  @@map("user_role")
  @@schema("people")
}
"#;

fn query(catalog: &Catalog, text: &str) -> Query {
    match request(text, catalog, &Limits::default()) {
        Ok(Request::One(query)) => query,
        other => panic!("{text}: {other:?}"),
    }
}

/// Compares the printed plan of each request with the snapshot of that name, for each dialect. What a database cannot do
/// is part of the snapshot, too.
fn check_plans(name: &str, requests: &[(&str, &str, &str, &str)]) {
    let catalog = check(&Sources::single("schema.prisma", SHOP)).schema.unwrap().catalog;
    let mut text = String::new();
    for (model, action, arguments, selection) in requests {
        let body = format!(
            r#"{{"modelName":"{model}","action":"{action}","query":{{"arguments":{arguments},"selection":{selection}}}}}"#
        );
        let query = query(&catalog, &body);
        for dialect in [&Dialect::SQLITE, &Dialect::POSTGRESQL, &Dialect::MYSQL] {
            let printed =
                plan(&catalog, &query, dialect).map_or_else(|error| format!("{error}\n"), |plan| plan.print(&catalog));
            writeln!(text, "── {model}.{action} {arguments} {selection} ({})", dialect.name).unwrap();
            writeln!(text, "{printed}").unwrap();
        }
    }
    insta::with_settings!({omit_expression => true}, {
        insta::assert_snapshot!(name, text);
    });
}

const ID: &str = r#"{"id":true}"#;

#[test]
fn finding() {
    check_plans(
        "finding",
        &[
            ("User", "findUnique", r#"{"where":{"id":1}}"#, r#"{"$scalars":true}"#),
            ("Team", "findUniqueOrThrow", r#"{"where":{"org_no":{"org":"a","no":1}}}"#, r#"{"title":true}"#),
            ("User", "findFirst", "{}", ID),
            ("User", "findMany", r#"{"orderBy":[{"name":{"sort":"asc","nulls":"last"}}],"take":-3,"skip":1}"#, ID),
            ("User", "findMany", r#"{"orderBy":[{"name":"desc"}],"cursor":{"id":3},"take":2}"#, ID),
            ("User", "findMany", r#"{"distinct":["role"],"orderBy":[{"email":"asc"}],"take":2}"#, ID),
            ("User", "findMany", r#"{"orderBy":[{"team":{"title":"asc"}},{"posts":{"_count":"desc"}}]}"#, ID),
            (
                "User",
                "findMany",
                "{}",
                r#"{"id":true,"_count":{"selection":{"posts":{"arguments":{"where":{"views":{"gt":1}}}},"reports":true}}}"#,
            ),
        ],
    );
}

#[test]
fn filters() {
    check_plans(
        "filters",
        &[
            (
                "User",
                "findMany",
                r#"{"where":{"name":null,"NOT":{"email":{"in":["a","b"]}},"OR":[{"id":{"lt":3}},{"role":{"notIn":["ADMIN"]}}]}}"#,
                ID,
            ),
            ("User", "findMany", r#"{"where":{"OR":[],"email":{"contains":"a","mode":"insensitive"}}}"#, ID),
            ("User", "findMany", r#"{"where":{"email":{"startsWith":"a"},"name":{"endsWith":"z","not":"b"}}}"#, ID),
            (
                "User",
                "findMany",
                r#"{"where":{"posts":{"some":{"title":"a"},"every":{"views":{"gte":1}},"none":{"tags":{"some":{"name":"x"}}}}}}"#,
                ID,
            ),
            (
                "User",
                "findMany",
                r#"{"where":{"team":{"is":{"title":"a"}},"profile":{"isNot":{"bio":"b"}},"boss":null}}"#,
                ID,
            ),
            (
                "Post",
                "findMany",
                r#"{"where":{"views":{"gt":{"$type":"FieldRef","value":{"_ref":"authorId","_container":"Post"}}}}}"#,
                ID,
            ),
            ("User", "findMany", r#"{"where":{"settings":{"path":["theme"],"equals":"\"dark\""}}}"#, ID),
            ("User", "findMany", r#"{"where":{"settings":{"path":["tags"],"array_contains":"[\"a\"]"}}}"#, ID),
            ("User", "findMany", r#"{"where":{"settings":{"path":["name"],"string_contains":"a"}}}"#, ID),
        ],
    );
}

#[test]
fn relations() {
    check_plans(
        "relations",
        &[
            (
                "User",
                "findMany",
                "{}",
                r#"{"id":true,"posts":{"arguments":{},"selection":{"title":true,"tags":{"arguments":{"orderBy":[{"name":"asc"}]},"selection":{"name":true}}}},"profile":{"selection":{"bio":true}}}"#,
            ),
            (
                "Post",
                "findMany",
                "{}",
                r#"{"title":true,"author":{"selection":{"team":{"selection":{"title":true}}}}}"#,
            ),
            (
                "Post",
                "findMany",
                r#"{"where":{"views":{"gt":1}},"orderBy":[{"title":"asc"}],"take":3}"#,
                r#"{"title":true,"author":{"selection":{"email":true}}}"#,
            ),
            (
                "User",
                "findMany",
                "{}",
                r#"{"id":true,"posts":{"arguments":{"where":{"views":{"gt":1}}},"selection":{"title":true}}}"#,
            ),
            ("Team", "findMany", "{}", r#"{"users":{"selection":{"email":true}}}"#),
            (
                "User",
                "findMany",
                "{}",
                r#"{"posts":{"arguments":{"where":{"views":{"gt":1}},"orderBy":[{"created":"desc"}],"take":3,"skip":1},"selection":{"id":true}}}"#,
            ),
            ("User", "findMany", "{}", r#"{"reports":{"arguments":{"take":-2},"selection":{"id":true}}}"#),
            (
                "User",
                "findMany",
                "{}",
                r#"{"posts":{"arguments":{"distinct":["title"],"take":2},"selection":{"id":true}}}"#,
            ),
            (
                "Tag",
                "findMany",
                "{}",
                r#"{"posts":{"arguments":{"cursor":{"id":1},"take":2},"selection":{"id":true}}}"#,
            ),
        ],
    );
}

#[test]
fn numbers() {
    check_plans(
        "numbers",
        &[
            (
                "Post",
                "aggregate",
                r#"{"where":{"views":{"gt":1}}}"#,
                r#"{"_count":{"selection":{"_all":true,"price":true}},"_sum":{"selection":{"views":true}},"_avg":{"selection":{"views":true,"price":true}},"_max":{"selection":{"created":true}}}"#,
            ),
            (
                "Post",
                "aggregate",
                r#"{"take":10,"orderBy":[{"views":"desc"}]}"#,
                r#"{"_count":{"selection":{"_all":true}},"_min":{"selection":{"views":true}}}"#,
            ),
            (
                "Post",
                "groupBy",
                r#"{"by":["authorId"],"having":{"views":{"_sum":{"gt":10}}},"orderBy":[{"_count":{"id":"desc"}}],"take":3}"#,
                r#"{"authorId":true,"_count":{"selection":{"_all":true}}}"#,
            ),
        ],
    );
}

#[test]
fn searches() {
    check_plans(
        "searches",
        &[
            (
                "Post",
                "findMany",
                r#"{"where":{"title":{"search":"a"},"author":{"is":{"name":{"search":"a"}}}}}"#,
                r#"{"id":true}"#,
            ),
            (
                "User",
                "findMany",
                r#"{"where":{"name":{"search":"a","startsWith":"b"},"email":{"search":"a"},"AND":[{"email":{"search":"c"}}]}}"#,
                r#"{"id":true}"#,
            ),
            (
                "User",
                "findMany",
                r#"{"where":{"OR":[{"name":{"search":"a"}},{"email":{"search":"a"}},{"email":{"search":"b"}}]}}"#,
                r#"{"id":true}"#,
            ),
        ],
    );
    let catalog = check(&Sources::single("schema.prisma", SHOP)).schema.unwrap().catalog;
    let key = |name: &str, email: &str| {
        let body = format!(
            r#"{{"modelName":"User","action":"findMany","query":{{"arguments":{{"where":{{"name":{{"search":"{name}"}},"email":{{"search":"{email}"}}}}}},"selection":{{"id":true}}}}}}"#
        );
        lenslet_sql::Shape::of(&query(&catalog, &body)).into_key()
    };
    assert_eq!(key("a", "a"), key("b", "b"));
    assert_eq!(key("a", "b"), key("b", "a"));
    assert_ne!(key("a", "a"), key("a", "b"), "the same search is one, others are two");
}

/// What Prisma 7.10 plans: `onUpdate` is `Cascade` where nothing is said, and without the database `NoAction` is `Restrict`.
#[test]
fn relations_without_foreign_keys_are_kept_sound() {
    let planned = |actions: &str, action: &str, data: &str| {
        let text = format!(
            "datasource db {{\n  provider = \"mysql\"\n  relationMode = \"prisma\"\n}}\nmodel P {{\n  id Int @id\n  \
             name String @unique\n  cs C[]\n}}\nmodel C {{\n  id Int @id\n  pn String\n  \
             p P @relation(fields: [pn], references: [name]{actions})\n  @@index([pn])\n}}\n"
        );
        let catalog = check(&Sources::single("schema.prisma", text)).schema.expect(actions).catalog;
        let body = format!(
            r#"{{"modelName":"P","action":"{action}","query":{{"arguments":{{"where":{{"id":1}}{data}}},"selection":{{"id":true}}}}}}"#
        );
        plan(&catalog, &query(&catalog, &body), &Dialect::SQLITE).unwrap().print(&catalog)
    };
    let update = |actions: &str| planned(actions, "updateOne", r#","data":{"name":"x"}"#);
    assert_eq!(update(""), update(", onUpdate: Cascade"));
    assert_eq!(update(", onUpdate: NoAction"), update(", onUpdate: Restrict"));
    assert_ne!(update(", onUpdate: NoAction"), update(", onUpdate: Cascade"));
    let delete = |actions: &str| planned(actions, "deleteOne", "");
    assert_eq!(delete(""), delete(", onDelete: Restrict"));
    assert_eq!(delete(", onDelete: NoAction"), delete(", onDelete: Restrict"));
}

#[test]
fn plans_do_not_depend_on_values() {
    let catalog = check(&Sources::single("schema.prisma", SHOP)).schema.unwrap().catalog;
    let planned = |arguments: &str| {
        let body = format!(
            r#"{{"modelName":"User","action":"findMany","query":{{"arguments":{arguments},"selection":{{"id":true}}}}}}"#
        );
        let query = query(&catalog, &body);
        let key = lenslet_sql::Shape::of(&query).into_key();
        (key, plan(&catalog, &query, &Dialect::POSTGRESQL).unwrap())
    };
    let same = |one: &str, other: &str| {
        let (one, other) = (planned(one), planned(other));
        assert_eq!(one.0 == other.0, one.1 == other.1, "the key says what the plan says");
        one.0 == other.0
    };
    assert!(same(r#"{"where":{"id":1}}"#, r#"{"where":{"id":2}}"#));
    assert!(same(r#"{"where":{"id":{"in":[1]}}}"#, r#"{"where":{"id":{"in":[]}}}"#));
    assert!(same(r#"{"take":7,"skip":2}"#, r#"{"take":8,"skip":1}"#));
    assert!(!same(r#"{"take":10}"#, r#"{"take":20}"#), "PostgreSQL is told limits of usual sizes");
    assert!(!same(r#"{"take":1}"#, r#"{"take":-1}"#));
    assert!(!same(r#"{"where":{"name":"a"}}"#, r#"{"where":{"name":null}}"#));
    assert!(!same(r#"{"where":{"id":{"gt":1}}}"#, r#"{"where":{"id":{"lt":1}}}"#));
    assert!(!same(r#"{"where":{"id":1}}"#, r#"{"where":{"bossId":1}}"#));
}
