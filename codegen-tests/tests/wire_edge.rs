//! One program on two engines: SQLite itself, and the edge in front of SQLite. What it sees is the same.
#![allow(clippy::unwrap_used)]

use codegen_tests::{generated::golden_schemas, in_process::InProcess};
use golden_blog_edge::{
    CATALOG, Client, ErrorKind, Inherit, Role, comment, increment, post, profile, rt, sql, tag, user,
};
use lenslet_core::{catalog::Catalog, engine::Engine, error::Error};
use lenslet_migrate::{PushOptions, push};
use std::{sync::Arc, time::Duration};
use tempfile::TempDir;

const URL: &str = "https://pool.example/?api_key=secret";

/// A database of the blog's schema.
fn database() -> (TempDir, lenslet_native::Engine, Arc<Catalog>) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("file:{}", folder.path().join("blog.db").display());
    let blog = golden_schemas().into_iter().find(|example| example.name.ends_with("blog")).unwrap();
    let catalog = Arc::new(blog.schema.catalog);
    push(&url, &catalog, PushOptions::default()).unwrap();
    let engine = lenslet_native::Engine::with_catalog(&url, catalog.clone()).unwrap();
    (folder, engine, catalog)
}

fn edge(catalog: Arc<Catalog>, native: lenslet_native::Engine) -> (InProcess, Client) {
    let pool = InProcess::new(catalog, native);
    let engine = rt::Engine::with_transport(URL, &CATALOG, pool.clone()).unwrap();
    (pool, Client::from_engine(engine))
}

/// What the program sees, line by line.
async fn story<E: Engine>(db: &Client<E>) -> Result<Vec<String>, Error> {
    let mut seen = Vec::new();
    let mut see = |what: &dyn std::fmt::Debug| seen.push(format!("{what:?}"));
    let ada = db
        .user()
        .create(user::New { email: "ada@example.com".into() })
        .set(user::name, "Ada \"the\" \u{1f600}\n")
        .set(user::role, Role::Admin)
        .with(
            user::posts.create([
                post::New { title: "Notes".into(), author_id: Inherit }.set(post::views, 3).set(post::rating, 4.25),
                post::New { title: "More".into(), author_id: Inherit }
                    .with(post::tags.create([tag::New { name: "rust".into() }, tag::New { name: "edge".into() }])),
            ]),
        )
        .await?;
    see(&(ada.id, &ada.email, &ada.name, ada.role));
    let document = serde_json::json!({ "web": ["https://example.com"], "n": 1.5, "none": null });
    let made = db
        .profile()
        .create(profile::New { bio: "née".into(), user_id: ada.id })
        .set(profile::links, document)
        .include(profile::user)
        .await?;
    see(&(&made.links, &made.user().email));

    let users = db
        .user()
        .find_many()
        .filter(user::posts.some(post::views.gt(1)) & user::role.one_of([Role::Admin, Role::Member]))
        .include(user::posts.order_by(post::title.asc()).include(post::tags.order_by(tag::name.asc())))
        .include(user::profile)
        .await?;
    for user in &users {
        see(&user.profile().map(|it| &it.bio));
        for post in user.posts() {
            let tags: Vec<&str> = post.tags().iter().map(|tag| tag.name.as_str()).collect();
            see(&(&post.title, post.views, post.rating, post.published, tags));
        }
    }
    let again = db.user().find_unique(user::email.eq("ada@example.com")).await?.map(|it| it.created_at);
    see(&(again == Some(ada.created_at)));
    see(&db.user().find_unique(user::id.eq(99)).await?.is_none());
    let chosen: Vec<(String, i64, Vec<String>)> = db
        .user()
        .find_many()
        .select((user::email, user::posts.count(), user::posts.order_by(post::id.desc()).take(1).select(post::title)))
        .await?;
    see(&chosen);

    let one = post::author_id_title.eq((ada.id, "Notes"));
    let changed = db.post().update(one).set(post::views, increment(4)).set(post::body, "x").await?;
    see(&(changed.views, changed.updated_at >= changed.created_at));
    for _ in 0..2 {
        let made = db
            .tag()
            .upsert(tag::name.eq("new"), tag::New { name: "new".into() })
            .or_update(|tag| tag.set(tag::name, "newer"))
            .await?;
        see(&made.name);
    }
    let comments = ["a", "b", "c"].map(|text| comment::New { text: text.into(), post_id: changed.id });
    see(&db.comment().create_many(comments).await?);
    see(&db.comment().update_many().filter(comment::text.ne("a")).set(comment::text, "z").await?);
    let paged = db.comment().find_many().order_by(comment::text.desc()).skip(1).take(1).await?;
    see(&paged.iter().map(|it| &it.text).collect::<Vec<_>>());
    let (count, posts) = db.batch((db.comment().count(), db.post().find_many().order_by(post::id.asc()))).await?;
    see(&(count, posts.len()));
    let (sum, most): (Option<i64>, Option<f64>) = db.post().aggregate((post::views.sum(), post::rating.max())).await?;
    see(&(sum, most));
    let groups: Vec<(bool, i64)> = db
        .post()
        .group_by(post::published)
        .having(post::views.sum().gte(1))
        .select((post::published, rt::count()))
        .await?;
    see(&groups);
    let rows: Vec<(i64, String, Option<f64>)> =
        db.query_raw(sql!("select id, title, rating from Post where views >= {} order by id", 0)).await?;
    see(&rows);
    see(&db.execute_raw(sql!("update Post set body = {} where id = {}", "y", changed.id)).await?);
    see(&db.comment().delete_many().await?);

    for error in failures(db).await {
        see(&(error.code(), error.message(), error.meta(), error.batch_index()));
    }
    transactions(db, &mut see).await?;
    Ok(seen)
}

async fn failures<E: Engine>(db: &Client<E>) -> Vec<Error> {
    let twice = || db.user().create(user::New { email: "ada@example.com".into() });
    let lost = db.post().create(post::New { title: "t".into(), author_id: 99 }).await;
    vec![
        twice().await.unwrap_err(),
        lost.unwrap_err(),
        db.post().update(post::id.eq(99)).set(post::title, "t").await.unwrap_err(),
        db.user().find_unique_or_throw(user::id.eq(99)).await.unwrap_err(),
        db.batch((db.user().count(), twice())).await.unwrap_err(),
        db.execute_raw(sql!("nonsense")).await.unwrap_err(),
    ]
}

async fn transactions<E: Engine>(db: &Client<E>, see: &mut impl FnMut(&dyn std::fmt::Debug)) -> Result<(), Error> {
    let name = |name: &str| tag::New { name: name.into() };
    let kept = db
        .transaction()
        .run(async |tx| {
            tx.tag().create(name("kept")).await?;
            tx.tag().count().await
        })
        .await?;
    see(&kept);
    let undone: Result<(), Error> = db
        .transaction()
        .run(async |tx| {
            tx.tag().create(name("undone")).await?;
            Err(Error::new(ErrorKind::Input, "no"))
        })
        .await;
    see(&undone.unwrap_err().kind());
    {
        let dropped = db.engine().begin(rt::TransactionOptions::default()).await?;
        Client::from_engine(dropped.clone()).tag().create(name("dropped")).await?;
    }
    see(&db.tag().find_many().order_by(tag::id.asc()).await?.iter().map(|it| &it.name).collect::<Vec<_>>());
    Ok(())
}

#[tokio::test]
async fn the_same_story() {
    let (_folder, native, _) = database();
    let expected = story(&Client::from_engine(native)).await.unwrap();
    let (_folder, native, catalog) = database();
    let (pool, db) = edge(catalog, native);
    let seen = story(&db).await.unwrap();
    assert_eq!(seen, expected, "{}", expected.join("\n"));
    assert_eq!(pool.open_transactions(), 0);
    assert!(expected.len() > 20);
}

#[tokio::test]
async fn futures_can_be_spawned() {
    let (_folder, native, catalog) = database();
    let (_, db) = edge(catalog, native);
    let task = tokio::spawn(async move {
        db.transaction().timeout(Duration::from_secs(9)).run(async |tx| tx.user().count().await).await
    });
    assert_eq!(task.await.unwrap(), Ok(0));
}

#[tokio::test]
async fn over_another_transport() {
    let db = Client::new("http://127.0.0.1:1/?api_key=secret").unwrap();
    let error = db.user().count().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PoolUnreachable, "{error}");
    let (_folder, native, catalog) = database();
    let db = Client::from_engine(db.engine().over(InProcess::new(catalog, native)));
    assert_eq!(db.user().count().await, Ok(0));
}
