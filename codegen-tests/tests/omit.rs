//! Columns that rows do not hold unless a query asks for them: they do not leave the database.

use codegen_tests::in_process::InProcess;
use golden_omit_edge as edge;
use golden_omit_native::{Client, Inherit, Note, User, note, user};
use lenslet_migrate::PushOptions;
use serde_json::json;
use std::sync::Arc;
use tempfile::TempDir;

/// A database with a user and a note.
async fn made() -> (TempDir, Client) {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("file:{}", folder.path().join("omit.db").display());
    lenslet_migrate::push(&url, &golden_omit_native::CATALOG, PushOptions::default()).expect("tables");
    let db = Client::connect(&url).await.expect("a connection");
    let note = note::New { title: "Notes".into(), body: "long".into(), user_id: Inherit };
    db.user()
        .create(user::New { email: "ada@example.com".into(), password_hash: "secret".into() })
        .with(user::notes.create([note]))
        .await
        .expect("a user");
    (folder, db)
}

#[tokio::test]
async fn omitted_columns_are_read_where_they_are_asked_for() {
    let (_folder, db) = made().await;
    let one = || user::email.eq("ada@example.com");
    let plain: User = db.user().find_unique_or_throw(one()).await.expect("a user");
    assert_eq!(serde_json::to_value(&plain).expect("JSON"), json!({"id": 1, "email": "ada@example.com"}));

    let whole: User<(user::PasswordHash, user::Notes<(note::Body,)>, user::Type)> = db
        .user()
        .find_unique_or_throw(one())
        .include_column::<user::PasswordHash>()
        .include(user::notes.include_column::<note::Body>())
        .include_column::<user::Type>()
        .await
        .expect("a user");
    assert_eq!((whole.password_hash().as_str(), whole.r#type()), ("secret", &None));
    assert_eq!(whole.notes()[0].body(), "long");
    let text = json!({"id": 1, "email": "ada@example.com", "passwordHash": "secret", "type": null,
        "notes": [{"id": 1, "title": "Notes", "userId": 1, "body": "long"}]});
    assert_eq!(serde_json::to_value(&whole).expect("JSON"), text);

    // Everything else can be done with them as with others.
    let found = db.user().count().filter(user::password_hash.eq("secret")).await;
    assert_eq!(found, Ok(1));
    let changed = db.user().update(one()).set(user::password_hash, "other").include_column::<user::PasswordHash>();
    assert_eq!(changed.await.expect("a user").password_hash(), "other");
    let chosen: Vec<(String, String)> =
        db.user().find_many().select((user::email, user::password_hash)).await.expect("columns");
    assert_eq!(chosen, [("ada@example.com".to_owned(), "other".to_owned())]);
    let notes: Vec<Note> = db.note().find_many().await.expect("notes");
    assert_eq!(notes[0].title, "Notes");
}

#[tokio::test]
async fn omitted_columns_stay_in_the_pool() {
    let (_folder, db) = made().await;
    let catalog = Arc::new(golden_omit_native::CATALOG.clone());
    let client = edge::Client::new("https://pool.example/?api_key=key").expect("a client");
    let client = edge::Client::from_engine(client.engine().over(InProcess::new(catalog, db.engine().clone())));
    let plain = client.user().find_many().await.expect("users");
    assert_eq!(plain[0].email, "ada@example.com");
    let whole = client
        .user()
        .find_many()
        .include(edge::user::notes.include_column::<edge::note::Body>())
        .include_column::<edge::user::PasswordHash>()
        .await
        .expect("users");
    assert_eq!((whole[0].password_hash().as_str(), whole[0].notes()[0].body().as_str()), ("secret", "long"));
}
