//! Generated clients, used: what they carry of their schema, and the JSON that their rows become.

use codegen_tests::generated::golden_schemas;
use golden_blog_native::{Client, Inherit, Role, User, comment, post, profile, tag, user};
use lenslet_core::catalog::Catalog;
use lenslet_migrate::PushOptions;
use serde_json::json;

/// The catalog without what no engine reads.
fn undocumented(mut catalog: Catalog) -> Catalog {
    for model in catalog.models.to_mut() {
        model.documentation = None;
        for field in model.fields.to_mut() {
            field.documentation = None;
        }
    }
    for it in catalog.enums.to_mut() {
        it.documentation = None;
        for variant in it.variants.to_mut() {
            variant.documentation = None;
        }
    }
    catalog
}

#[test]
fn a_native_client_carries_its_schema() {
    let carried = [
        ("blog", &golden_blog_native::CATALOG),
        ("cockroach", &golden_cockroach_native::CATALOG),
        ("everything", &golden_everything_native::CATALOG),
        ("mysql", &golden_mysql_native::CATALOG),
        ("names", &golden_names_native::CATALOG),
        ("omit", &golden_omit_native::CATALOG),
        ("relations", &golden_relations_native::CATALOG),
        ("types", &golden_types_native::CATALOG),
    ];
    let schemas = golden_schemas();
    assert_eq!(schemas.len(), carried.len());
    for (example, (name, catalog)) in schemas.into_iter().zip(carried) {
        assert_eq!(example.name, name);
        assert_eq!(undocumented(example.schema.catalog), *catalog, "{name}");
    }
}

#[tokio::test]
async fn rows_become_nested_json() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("file:{}", folder.path().join("blog.db").display());
    lenslet_migrate::push(&url, &golden_blog_native::CATALOG, PushOptions::default()).expect("tables");
    let db = Client::connect(&url).await.expect("a connection");

    let at = chrono::DateTime::from_timestamp_micros(1_582_979_696_789_000).expect("a moment");
    let notes = post::New { title: "Notes".into(), author_id: Inherit }
        .set(post::rating, 4.5)
        .set(post::created_at, at)
        .set(post::updated_at, at)
        .with(post::tags.create([tag::New { name: "rust".into() }]));
    let me = profile::New { bio: "writes".into(), user_id: Inherit };
    db.user()
        .create(user::New { email: "ada@example.com".into() })
        .set(user::role, Role::Admin)
        .set(user::created_at, at)
        .with(user::profile.create(me.set(profile::links, json!({ "home": ["https://example.com", null] }))))
        .with(user::posts.create([notes]))
        .await
        .expect("a user");
    let users: Vec<User<_>> = db
        .user()
        .find_many()
        .include(user::posts.include(post::tags).include(post::comments.include(comment::parent)))
        .include(user::profile.include(profile::user))
        .await
        .expect("users");
    let ada = json!({
        "id": 1, "email": "ada@example.com", "name": null, "role": "ADMIN", "createdAt": "2020-02-29T12:34:56.789Z",
    });
    let mut expected = ada.clone();
    expected["posts"] = json!([{
        "id": 1, "title": "Notes", "body": "", "published": false, "views": 0, "rating": 4.5,
        "createdAt": "2020-02-29T12:34:56.789Z", "updatedAt": "2020-02-29T12:34:56.789Z", "authorId": 1,
        "tags": [{ "id": 1, "name": "rust" }],
        "comments": [],
    }]);
    expected["profile"] = json!({
        "id": 1, "bio": "writes", "links": { "home": ["https://example.com", null] }, "userId": 1, "user": ada,
    });
    assert_eq!(serde_json::to_value(&users).expect("JSON"), json!([expected]));
}
