//! Errors: their kinds, and what they say to programs.

use crate::blog::{
    Blog, ID, NAME, POST, POST_AUTHOR_ID, USER, ask, blog, catalog, columns, create, execute, filtered, find, is, raw,
};
use lenslet_core::query::{Action, Assignment, Query, Write};
use lenslet_native::{Engine, Environment, Error, ErrorKind, Execute, FieldId, ModelId, Value};
use std::sync::Arc;

async fn fails(engine: &Engine, query: Query) -> Error {
    engine.execute(query).await.unwrap_err()
}

fn post(author: Value) -> Query {
    let write = Write {
        assignments: vec![Assignment::Set(NAME, Value::Text("title".into())), Assignment::Set(POST_AUTHOR_ID, author)],
    };
    Query { selection: vec![columns(&[ID])], ..Query::new(POST, Action::CreateOne(write)) }
}

#[tokio::test]
async fn constraints_are_named_as_the_schema_names_them() {
    let Blog { engine, .. } = &blog();
    let error = fails(engine, create("ada")).await;
    assert_eq!(error.kind(), ErrorKind::UniqueConstraint);
    assert_eq!(error.get("modelName"), Some(&Value::Text("User".into())));
    let target = Value::List(vec![Value::Text("email".into())]);
    assert_eq!(error.get("target"), Some(&target));
    assert_eq!(fails(engine, post(Value::Int(99))).await.kind(), ErrorKind::ForeignKeyConstraint);
    assert_eq!(fails(engine, post(Value::Null)).await.kind(), ErrorKind::NullConstraint);
}

#[tokio::test]
async fn what_is_missing_is_said() {
    let Blog { engine, .. } = &blog();
    let none = Query {
        arguments: filtered(is(ID, Value::Int(99))),
        selection: vec![columns(&[ID])],
        ..Query::new(USER, Action::FindUniqueOrThrow)
    };
    assert_eq!(fails(engine, none).await.kind(), ErrorKind::RecordMissing);
    engine.execute(execute("ALTER TABLE users RENAME COLUMN mail TO post")).await.unwrap();
    let users = || find(USER, Default::default(), vec![columns(&[NAME])]);
    let error = fails(engine, users()).await;
    assert_eq!((error.kind(), error.get("column")), (ErrorKind::ColumnMissing, Some(&Value::Text("mail".into()))));
    engine.execute(execute("DROP TABLE _PostToTag")).await.unwrap();
    engine.execute(execute("DROP TABLE Post")).await.unwrap();
    engine.execute(execute("DROP TABLE users")).await.unwrap();
    let error = fails(engine, users()).await;
    assert_eq!((error.kind(), error.get("table")), (ErrorKind::TableMissing, Some(&Value::Text("users".into()))));
}

#[tokio::test]
async fn queries_that_do_not_fit_the_schema_are_refused() {
    let Blog { engine, .. } = &blog();
    let unknown = find(ModelId::at(9), Default::default(), vec![columns(&[ID])]);
    assert_eq!(fails(engine, unknown).await.kind(), ErrorKind::QueryInvalid);
    let unknown = find(USER, Default::default(), vec![columns(&[FieldId::at(9)])]);
    assert_eq!(fails(engine, unknown).await.kind(), ErrorKind::QueryInvalid);
    let relation = find(USER, Default::default(), vec![columns(&[crate::blog::USER_POSTS])]);
    assert_eq!(fails(engine, relation).await.kind(), ErrorKind::QueryInvalid);
}

#[tokio::test]
async fn raw_sql_fails_with_what_the_database_says() {
    let Blog { engine, .. } = &blog();
    let error = fails(engine, raw("SELECT nothing")).await;
    assert_eq!(error.kind(), ErrorKind::RawQuery);
    assert!(error.message().contains("nothing"), "{error}");
}

#[tokio::test]
async fn stored_values_that_do_not_fit_are_errors() {
    let Blog { engine, .. } = &blog();
    engine.execute(execute("UPDATE Post SET views = 'many' WHERE id = 1")).await.unwrap();
    let query = find(POST, filtered(is(ID, Value::Int(1))), vec![columns(&[crate::blog::POST_VIEWS])]);
    let error = ask(engine, query, "i").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ColumnDataInvalid);
    assert!(error.message().contains("many"), "{error}");
}

#[tokio::test]
async fn databases_that_cannot_be_opened_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let open = |url: String| Engine::with_catalog(&url, Arc::new(catalog(true)));
    assert_eq!(open("dev.db".into()).unwrap_err().kind(), ErrorKind::InvalidUrl);
    let missing = open(format!("file:{}/none/dev.db", folder.path().display())).unwrap();
    assert_eq!(missing.connect().await.unwrap_err().kind(), ErrorKind::DatabaseMissing);
    let text = folder.path().join("text.db");
    std::fs::write(&text, "this is no database, however long it may be".repeat(100)).unwrap();
    let text = open(format!("file:{}", text.display())).unwrap();
    assert_eq!(text.connect().await.unwrap_err().kind(), ErrorKind::Unreachable);
}

#[test]
fn a_variable_that_is_not_set_is_named() {
    struct Nothing;
    impl Environment for Nothing {
        fn variable(&self, _: &str) -> Option<String> {
            None
        }
    }
    let catalog = Box::leak(Box::new(catalog(true)));
    let error = Engine::from_env(&Nothing, "DATABASE_URL", catalog).unwrap_err();
    assert!(error.message().contains("DATABASE_URL"), "{error}");
}
