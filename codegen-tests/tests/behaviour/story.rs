//! What a program does with a client, and what it sees.

use super::{odd, options};
use golden_blog_edge::{
    Client, ErrorKind, Inherit, Role, comment, decrement, increment, multiply, post, profile, rt, sql, tag, user,
};
use lenslet_core::{engine::Engine, error::Error};
use std::{fmt::Debug, time::Duration};

/// What is seen, a line each.
pub(crate) struct Seen(pub(crate) Vec<String>);

impl Seen {
    pub(crate) fn see(&mut self, what: impl Debug) {
        self.0.push(format!("{what:?}"));
    }

    /// A failure as programs tell them apart.
    pub(crate) fn fails<T: Debug>(&mut self, result: Result<T, Error>) {
        let error = result.unwrap_err();
        self.see((error.kind(), error.get("target"), error.get("cause"), error.batch_index()));
    }
}

/// The whole story, on an empty database.
pub(crate) async fn play<E: Engine>(db: &Client<E>) -> Result<Vec<String>, Error> {
    let mut seen = Seen(Vec::new());
    create(db, &mut seen).await?;
    read(db, &mut seen).await?;
    filter(db, &mut seen).await?;
    update(db, &mut seen).await?;
    relate(db, &mut seen).await?;
    summarize(db, &mut seen).await?;
    several(db, &mut seen).await?;
    write_sql(db, &mut seen).await?;
    fail(db, &mut seen).await;
    transact(db, &mut seen).await?;
    delete(db, &mut seen).await?;
    options::play(db, &mut seen).await?;
    odd::play(db, &mut seen).await?;
    Ok(seen.0)
}

async fn create<E: Engine>(db: &Client<E>, seen: &mut Seen) -> Result<(), Error> {
    seen.see(db.user().find_many().await?.len());
    let ada = db
        .user()
        .create(user::New { email: "ada@example.com".into() })
        .set(user::name, "Ada \"the\" \\ \u{1f600}\n\t\u{7f}'")
        .set(user::role, Role::Admin)
        .with(
            user::posts.create([
                post::New { title: "Notes".into(), author_id: Inherit }.set(post::views, 3).set(post::rating, 4.25),
                post::New { title: "More".into(), author_id: Inherit }
                    .with(post::tags.create([tag::New { name: "rust".into() }, tag::New { name: "edge".into() }])),
            ]),
        )
        .await?;
    seen.see((ada.id, &ada.email, &ada.name, ada.role));
    let document =
        serde_json::json!({ "web": ["https://example.com", ""], "n": 1.5, "none": null, "deep": {"a": [[]]} });
    let made = db
        .profile()
        .create(profile::New { bio: "née".into(), user_id: ada.id })
        .set(profile::links, document)
        .include(profile::user)
        .await?;
    seen.see((&made.links, &made.user().email));
    let many =
        ["bob", "eve", "max"].map(|name| user::New { email: format!("{name}@example.com") }.set(user::name, name));
    seen.see(db.user().create_many(many).await?);
    let again = ["eve", "zoe"].map(|name| user::New { email: format!("{name}@example.com") });
    seen.see(db.user().create_many(again).skip_duplicates().await?);
    let returned = db.tag().create_many_and_return(["a", "b"].map(|name| tag::New { name: name.into() })).await?;
    seen.see(returned.iter().map(|it| &it.name).collect::<Vec<_>>());
    Ok(())
}

async fn read<E: Engine>(db: &Client<E>, seen: &mut Seen) -> Result<(), Error> {
    let users = db
        .user()
        .find_many()
        .filter(user::posts.some(post::views.gt(1)) & user::role.one_of([Role::Admin, Role::Member]))
        .include(user::posts.order_by(post::title.asc()).include(post::tags.order_by(tag::name.asc())))
        .include(user::profile)
        .await?;
    for user in &users {
        seen.see(user.profile().map(|it| &it.bio));
        for post in user.posts() {
            let tags: Vec<&str> = post.tags().iter().map(|tag| tag.name.as_str()).collect();
            seen.see((&post.title, post.views, post.rating, post.published, tags));
        }
    }
    let ada = db.user().find_unique(user::email.eq("ada@example.com")).await?;
    let again = db.user().find_first().filter(user::role.eq(Role::Admin)).await?;
    seen.see(ada.map(|it| it.created_at) == again.map(|it| it.created_at));
    seen.see(db.user().find_unique(user::id.eq(99)).await?.is_none());
    let chosen: Vec<(String, i64, Vec<String>)> = db
        .user()
        .find_many()
        .order_by(user::email.asc())
        .select((user::email, user::posts.count(), user::posts.order_by(post::id.desc()).take(1).select(post::title)))
        .await?;
    seen.see(chosen);
    for (skip, take) in [(0, 2), (1, 2), (0, -2), (4, 9), (0, 0)] {
        let page = db.user().find_many().order_by(user::email.desc()).skip(skip).take(take).await?;
        seen.see(page.iter().map(|it| &it.email).collect::<Vec<_>>());
    }
    let from = user::email.eq("bob@example.com");
    let page = db.user().find_many().order_by(user::email.asc()).cursor(from).skip(1).take(2).await?;
    seen.see(page.iter().map(|it| &it.email).collect::<Vec<_>>());
    let nulls = db.user().find_many().order_by([user::name.asc().nulls_last(), user::id.asc()]).await?;
    seen.see(nulls.iter().map(|it| it.name.as_deref().unwrap_or("none").len()).collect::<Vec<_>>());
    let distinct = db.user().find_many().distinct(user::role).order_by(user::id.asc()).await?;
    seen.see(distinct.iter().map(|it| &it.email).collect::<Vec<_>>());
    let busy = db.user().find_many().order_by([user::posts.count_desc(), user::email.asc()]).take(2).await?;
    seen.see(busy.iter().map(|it| &it.email).collect::<Vec<_>>());
    Ok(())
}

async fn filter<E: Engine>(db: &Client<E>, seen: &mut Seen) -> Result<(), Error> {
    let filters = [
        user::name.is_null(),
        user::name.is_not_null() & user::email.starts_with("e"),
        !(user::name.eq("bob")),
        user::name.ne("bob"),
        user::email.contains("b@ex") | user::email.contains("max@"),
        user::email.ends_with("e@example.com"),
        user::email.none_of(["bob@example.com", "eve@example.com"]),
        user::id.gt(1) & user::id.lte(3),
        user::email.one_of(Vec::<String>::new()),
        user::posts.none(post::views.gte(0)),
        user::posts.every(post::views.gt(0)),
        user::posts.some(post::tags.some(tag::name.eq("edge"))),
        user::profile.is(profile::bio.contains("é")),
        user::profile.is_null(),
        user::profile.is_not(profile::bio.eq("other")),
    ];
    for filter in filters {
        let found = db.user().find_many().filter(filter).order_by(user::email.asc()).await?;
        seen.see(found.iter().map(|it| it.email.split('@').next().unwrap()).collect::<Vec<_>>());
    }
    Ok(())
}

async fn update<E: Engine>(db: &Client<E>, seen: &mut Seen) -> Result<(), Error> {
    let one = || post::author_id_title.eq((1, "Notes"));
    let changed = db.post().update(one()).set(post::views, increment(4)).set(post::body, "x").await?;
    seen.see((changed.views, changed.updated_at >= changed.created_at));
    let changed = db.post().update(one()).set(post::views, multiply(3)).await?;
    seen.see((changed.views, &changed.body));
    let changed = db.post().update(one()).set(post::views, decrement(1)).set(post::rating, None).await?;
    seen.see((changed.views, changed.rating));
    for _ in 0..2 {
        let made = db
            .tag()
            .upsert(tag::name.eq("new"), tag::New { name: "new".into() })
            .or_update(|tag| tag.set(tag::name, "newer"))
            .await?;
        seen.see(&made.name);
    }
    seen.see(db.user().update_many().filter(user::name.is_null()).set(user::name, "nobody").await?);
    let updated = db.user().update_many_and_return().filter(user::id.lt(3)).set(user::role, Role::Member).await?;
    let mut roles: Vec<_> = updated.iter().map(|it| (it.id, it.role)).collect();
    roles.sort_by_key(|(id, _)| *id);
    seen.see(roles);
    Ok(())
}

async fn relate<E: Engine>(db: &Client<E>, seen: &mut Seen) -> Result<(), Error> {
    let notes = || post::author_id_title.eq((1, "Notes"));
    let tags = async |seen: &mut Seen| {
        let post = db.post().find_unique(notes()).include(post::tags.order_by(tag::name.asc())).await?.unwrap();
        seen.see(post.tags().iter().map(|it| it.name.as_str()).collect::<Vec<_>>());
        Ok::<_, Error>(())
    };
    let named = |name: &str| tag::name.eq(name);
    db.post().update(notes()).with(post::tags.connect([named("a"), named("rust")])).await?;
    tags(seen).await?;
    let new = tag::New { name: "made".into() };
    db.post().update(notes()).with(post::tags.connect_or_create(named("made"), new)).await?;
    tags(seen).await?;
    db.post().update(notes()).with(post::tags.disconnect([named("a")])).await?;
    tags(seen).await?;
    db.post().update(notes()).with(post::tags.set([named("b"), named("edge")])).await?;
    tags(seen).await?;
    db.post()
        .update(notes())
        .with(post::tags.update(named("b"), |tag| tag.set(tag::name, "c")))
        .with(post::author.update_one(|author| author.set(user::name, "Ada L.")))
        .await?;
    tags(seen).await?;
    db.post().update(notes()).with(post::tags.delete([named("c")])).await?;
    tags(seen).await?;
    let moved = db
        .post()
        .update(notes())
        .with(post::author.connect(user::email.eq("bob@example.com")))
        .include(post::author)
        .await?;
    seen.see((&moved.title, &moved.author().email));
    let bob = user::email.eq("bob@example.com");
    let posts = ["x", "y"].map(|title| post::New { title: title.into(), author_id: Inherit });
    let bob = db
        .user()
        .update(bob)
        .with(user::posts.create_many(posts))
        .with(user::posts.update_many(post::title.ne("x"), |post| post.set(post::published, true)))
        .with(user::posts.delete_many(post::title.eq("y")))
        .include(user::posts.order_by(post::title.asc()))
        .await?;
    seen.see(bob.posts().iter().map(|it| (it.title.as_str(), it.published)).collect::<Vec<_>>());
    Ok(())
}

async fn summarize<E: Engine>(db: &Client<E>, seen: &mut Seen) -> Result<(), Error> {
    let (sum, most): (Option<i64>, Option<f64>) = db.post().aggregate((post::views.sum(), post::rating.max())).await?;
    seen.see((sum, most));
    let groups: Vec<(bool, i64)> = db
        .post()
        .group_by(post::published)
        .having(post::views.sum().gte(1))
        .select((post::published, rt::count()))
        .await?;
    seen.see(groups);
    seen.see(db.post().count().filter(post::title.one_of(["x", "Notes"])).await?);
    Ok(())
}

async fn several<E: Engine>(db: &Client<E>, seen: &mut Seen) -> Result<(), Error> {
    let (count, posts) = db.batch((db.comment().count(), db.post().find_many().order_by(post::id.asc()))).await?;
    seen.see((count, posts.iter().map(|it| &it.title).collect::<Vec<_>>()));
    let comment = |text: &str| comment::New { text: text.into(), post_id: posts[0].id };
    let (made, changed, left) = db
        .batch((
            db.comment().create(comment("first")),
            db.comment().update_many().set(comment::text, "second"),
            db.comment().find_many(),
        ))
        .await?;
    seen.see((made.text, changed, left.iter().map(|it| &it.text).collect::<Vec<_>>()));
    let undone =
        db.batch((db.comment().delete_many(), db.user().create(user::New { email: "eve@example.com".into() })));
    seen.fails(undone.await);
    seen.see(db.comment().count().await?);
    Ok(())
}

async fn write_sql<E: Engine>(db: &Client<E>, seen: &mut Seen) -> Result<(), Error> {
    let rows: Vec<(i64, String, Option<f64>)> =
        db.query_raw(sql!("select id, title, rating from \"Post\" where views >= {} order by id", 0)).await?;
    seen.see(rows);
    seen.see(db.execute_raw(sql!("update \"Post\" set body = {} where id = {}", "it's {}", 1)).await?);
    seen.see(db.post().find_unique(post::id.eq(1)).await?.map(|it| it.body));
    Ok(())
}

async fn fail<E: Engine>(db: &Client<E>, seen: &mut Seen) {
    let twice = || db.user().create(user::New { email: "ada@example.com".into() });
    seen.fails(twice().await);
    seen.fails(db.post().create(post::New { title: "t".into(), author_id: 99 }).await);
    seen.fails(db.post().update(post::id.eq(99)).set(post::title, "t").await);
    seen.fails(db.post().delete(post::id.eq(99)).await);
    seen.fails(db.user().find_unique_or_throw(user::id.eq(99)).await);
    seen.fails(db.user().find_first_or_throw().filter(user::email.eq("nobody")).await);
    seen.fails(db.batch((db.user().count(), twice())).await);
    seen.fails(db.tag().update(tag::name.eq("rust")).with(tag::posts.connect([post::id.eq(99)])).await);
    seen.see(db.execute_raw(sql!("nonsense")).await.unwrap_err().kind());
}

/// Transactions inside of a transaction: kept, undone by an error of the database, undone with one inside of it.
async fn nest<E: Engine>(db: &Client<E>, seen: &mut Seen) -> Result<(), Error> {
    let name = |name: &str| tag::New { name: name.into() };
    let no = || Error::new(ErrorKind::Input, "no");
    let nested = db
        .transaction()
        .run(async |tx| {
            tx.tag().create(name("outer")).await?;
            let kept = tx.transaction().run(async |tx| tx.tag().create(name("nested")).await).await?;
            let twice = tx.transaction().run(async |tx| {
                tx.tag().create(name("lost")).await?;
                tx.tag().create(name("nested")).await
            });
            let twice = twice.await.unwrap_err().kind();
            let undone: Result<(), Error> = tx
                .transaction()
                .run(async |tx| {
                    tx.transaction().run(async |tx| tx.tag().create(name("inner")).await).await?;
                    Err(no())
                })
                .await;
            tx.tag().create(name("outer again")).await?;
            Ok::<_, Error>((kept.name, twice, undone.unwrap_err().kind(), tx.tag().count().await?))
        })
        .await?;
    seen.see(nested);
    Ok(())
}

async fn transact<E: Engine>(db: &Client<E>, seen: &mut Seen) -> Result<(), Error> {
    let name = |name: &str| tag::New { name: name.into() };
    let kept = db
        .transaction()
        .isolation(rt::Isolation::Serializable)
        .run(async |tx| {
            tx.tag().create(name("kept")).await?;
            let (count, _) = tx.batch((tx.tag().count(), tx.user().count())).await?;
            Ok::<_, Error>(count)
        })
        .await?;
    seen.see(kept);
    let undone: Result<(), Error> = db
        .transaction()
        .run(async |tx| {
            tx.tag().create(name("undone")).await?;
            Err(Error::new(ErrorKind::Input, "no"))
        })
        .await;
    seen.see(undone.unwrap_err().kind());
    let caught: i64 = db
        .transaction()
        .run(async |tx| {
            let kind = tx.tag().update(tag::name.eq("nothing")).set(tag::name, "x").await.unwrap_err().kind();
            assert_eq!(kind, ErrorKind::RecordMissing);
            tx.tag().create(name("after")).await?;
            tx.tag().count().await
        })
        .await?;
    seen.see(caught);
    nest(db, seen).await?;
    let expired: Result<i64, Error> = db
        .transaction()
        .timeout(Duration::from_millis(100))
        .run(async |tx| {
            tx.tag().create(name("expired")).await?;
            super::pause(Duration::from_millis(300)).await;
            tx.tag().count().await
        })
        .await;
    seen.see(expired.unwrap_err().kind());
    {
        let dropped = db.engine().begin(rt::TransactionOptions::default()).await?;
        Client::from_engine(dropped.clone()).tag().create(name("dropped")).await?;
    }
    // What was dropped is undone in its own time.
    while db.tag().find_unique(tag::name.eq("dropped")).await?.is_some() {
        super::pause(Duration::from_millis(5)).await;
    }
    seen.see(db.tag().find_many().order_by(tag::id.asc()).await?.iter().map(|it| &it.name).collect::<Vec<_>>());
    Ok(())
}

async fn delete<E: Engine>(db: &Client<E>, seen: &mut Seen) -> Result<(), Error> {
    let gone = db.comment().find_first().await?.unwrap();
    seen.see(db.comment().delete(comment::id.eq(gone.id)).include(comment::post).await?.post().title.clone());
    seen.see(db.post().delete_many().filter(post::title.eq("x")).await?);
    let ada = db.user().delete(user::email.eq("ada@example.com")).await?;
    seen.see(ada.name);
    seen.see((db.post().count().await?, db.profile().count().await?, db.user().count().await?));
    seen.see(db.user().delete_many().await?);
    Ok(())
}
