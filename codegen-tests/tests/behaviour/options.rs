//! The options that the story does not come upon: each on rows of its own.

use super::story::Seen;
use golden_blog_edge::{Client, Inherit, Role, comment, divide, increment, post, profile, rt, sql, tag, user};
use lenslet_core::{engine::Engine, error::Error, raw::Sql};
use rt::Filter;
use serde_json::json;

/// Tries them all, on an empty database.
pub(crate) async fn play<E: Engine>(db: &Client<E>, seen: &mut Seen) -> Result<(), Error> {
    fill(db).await?;
    compare(db, seen).await?;
    look_into_documents(db, seen).await?;
    order(db, seen).await?;
    page(db, seen).await?;
    load(db, seen).await?;
    summarize(db, seen).await?;
    write_rows(db, seen).await?;
    write_through(db, seen).await?;
    limit(db, seen).await?;
    send(db, seen).await?;
    let deleted = db.batch((db.comment().delete_many(), db.tag().delete_many(), db.user().delete_many())).await?;
    seen.see(deleted);
    Ok(())
}

/// Three people, one of whom writes nothing; posts whose numbers, texts and nulls differ.
async fn fill<E: Engine>(db: &Client<E>) -> Result<(), Error> {
    let write = |title: &str, body: &str, views: i32, rating: Option<f64>| {
        post::New { title: title.into(), author_id: Inherit }
            .set(post::body, body)
            .set(post::views, views)
            .set(post::rating, rating)
    };
    let names =
        [("ann@x.org", "Ann", Role::Admin), ("Bert@x.org", "bert", Role::Member), ("cy@y.org", "Cy", Role::Member)];
    let documents = [json!({"a": {"b": [1, 2, 3]}, "s": "hello", "n": 5, "t": true}), json!([{"k": "v"}, "end"])];
    for (index, (email, name, role)) in names.into_iter().enumerate() {
        let mut person = user::New { email: email.into() }.set(user::name, name).set(user::role, role);
        if let Some(document) = documents.get(index) {
            let about = profile::New { bio: name.into(), user_id: Inherit }.set(profile::links, document.clone());
            person = person.with(user::profile.create(about));
        }
        if index == 0 {
            let posts = [
                write("alpha", "alpha", 1, None),
                write("beta", "BETA", 20, Some(2.5)),
                write("gamma", "", 5, Some(1.0)),
            ];
            person = person.with(user::posts.create(posts));
        } else if index == 1 {
            let post = write("delta", "a%b_c\\d", 20, Some(2.5))
                .with(post::tags.create([tag::New { name: "one".into() }, tag::New { name: "two".into() }]));
            person = person.with(user::posts.create([post]));
        }
        db.user().create(person).await?;
    }
    Ok(())
}

async fn titles<E: Engine>(db: &Client<E>, filter: Filter<post::Post>) -> Result<Vec<String>, Error> {
    let found = db.post().find_many().filter(filter).order_by(post::title.asc()).await?;
    Ok(found.into_iter().map(|it| it.title).collect())
}

async fn compare<E: Engine>(db: &Client<E>, seen: &mut Seen) -> Result<(), Error> {
    let filters = [
        Filter::all(),
        post::title.eq(post::body),
        post::title.ne(post::body),
        post::title.lt("c"),
        post::title.gte("delta"),
        post::views.gt(1) & !post::views.lt(20),
        post::views.one_of([1, 5]) | post::rating.is_not_null() & post::title.contains("elt"),
        post::rating.eq(None),
        post::rating.ne(2.5),
        post::body.contains("%"),
        post::body.contains("%b_c"),
        post::body.starts_with("a%"),
        !(post::title.eq("alpha") | post::title.eq("beta")),
        post::author.is(user::name.eq("bert")),
        post::author.is_not(user::role.eq(Role::Admin)),
        post::author.is(user::posts.some(post::rating.is_null()) & user::profile.is_not_null()),
        post::tags.none(Filter::all()),
        post::tags.every(tag::name.eq("one")),
        post::published.eq(false) & post::created_at.gt(chrono::DateTime::UNIX_EPOCH),
    ];
    for filter in filters {
        seen.see(titles(db, filter).await?);
    }
    Ok(())
}

async fn look_into_documents<E: Engine>(db: &Client<E>, seen: &mut Seen) -> Result<(), Error> {
    let links = profile::links;
    let filters = [
        links.at(["a", "b"]).eq(json!([1, 2, 3])),
        links.at(["a", "b"]).array_contains(json!([2])),
        links.at(["a", "b"]).array_starts_with(1),
        links.at(["a", "b"]).array_ends_with(3),
        links.at(["s"]).string_contains("ell"),
        links.at(["s"]).string_starts_with("he"),
        links.at(["s"]).string_ends_with("lo"),
        links.at(["n"]).gt(4),
        links.at(["n"]).gte(6),
        links.at(["n"]).lt(6),
        links.at(["n"]).lte(4),
        links.at(["t"]).eq(true),
        links.at(["s"]).ne("other"),
        links.eq(json!([{"k": "v"}, "end"])),
        links.is_not_null(),
        links.is_null(),
    ];
    for filter in filters {
        let found = db.profile().find_many().filter(filter).order_by(profile::bio.asc()).await?;
        seen.see(found.iter().map(|it| &it.bio).collect::<Vec<_>>());
    }
    Ok(())
}

async fn order<E: Engine>(db: &Client<E>, seen: &mut Seen) -> Result<(), Error> {
    let orders = [
        vec![post::views.desc(), post::title.asc()],
        vec![post::rating.asc().nulls_first(), post::title.desc()],
        vec![post::rating.desc().nulls_last(), post::title.asc()],
        vec![post::author.order(user::email.desc()), post::title.desc()],
        vec![post::author.order(user::profile.order(profile::bio.asc())), post::views.asc()],
        vec![post::tags.count_desc(), post::title.asc()],
        vec![post::tags.count_asc(), post::title.desc()],
    ];
    for order in orders {
        let found = db.post().find_many().order_by(order).await?;
        seen.see(found.iter().map(|it| &it.title).collect::<Vec<_>>());
    }
    Ok(())
}

async fn page<E: Engine>(db: &Client<E>, seen: &mut Seen) -> Result<(), Error> {
    let first = db.post().find_many().filter(post::title.eq("beta")).await?.remove(0).id;
    for take in [2, -2] {
        for skip in [0, 1] {
            let from = db.post().find_many().cursor(post::id.eq(first)).order_by(post::title.asc());
            let found = from.take(take).skip(skip).await?;
            seen.see(found.iter().map(|it| &it.title).collect::<Vec<_>>());
        }
    }
    let distinct = db.post().find_many().distinct((post::views, post::rating)).order_by(post::title.asc());
    seen.see(distinct.await?.iter().map(|it| it.title.clone()).collect::<Vec<_>>());
    seen.see(db.post().find_first().order_by(post::title.desc()).skip(1).await?.map(|it| it.title));
    seen.see(db.post().count().filter(post::views.gt(1)).take(2).await?);
    seen.see(db.post().find_first().filter(post::views.gt(1000)).await?.is_none());
    Ok(())
}

async fn load<E: Engine>(db: &Client<E>, seen: &mut Seen) -> Result<(), Error> {
    let pages = user::posts.order_by(post::title.desc()).skip(1).take(1);
    let users = db.user().find_many().order_by(user::id.asc()).include(pages).include(user::profile).await?;
    for user in &users {
        seen.see((&user.email, user.posts().iter().map(|it| &it.title).collect::<Vec<_>>()));
        seen.see(user.profile().map(|it| it.bio.clone()));
    }
    let from = post::author_id_title.eq((users[0].id, "beta"));
    let cursor = user::posts.order_by(post::title.asc()).cursor(from).take(5);
    let ann = db.user().find_unique_or_throw(user::email.eq("ann@x.org")).include(cursor).await?;
    seen.see(ann.posts().iter().map(|it| &it.title).collect::<Vec<_>>());
    let counts: Vec<(Option<String>, i64, i64)> = db
        .user()
        .find_many()
        .order_by(user::id.asc())
        .select((user::name, user::posts.count(), user::posts.filter(post::views.gte(5)).count()))
        .await?;
    seen.see(counts);
    let bios: Vec<(String, Option<String>, Vec<(String, Vec<String>)>)> = db
        .user()
        .find_many()
        .filter(user::role.eq(Role::Member))
        .order_by(user::id.asc())
        .select((
            user::email,
            user::profile.select(profile::bio),
            user::posts.select((post::title, post::tags.order_by(tag::name.asc()).select(tag::name))),
        ))
        .await?;
    seen.see(bios);
    Ok(())
}

async fn summarize<E: Engine>(db: &Client<E>, seen: &mut Seen) -> Result<(), Error> {
    let all: (i64, i64, Option<f64>, Option<i64>, Option<String>, Option<f64>) = db
        .post()
        .aggregate((
            rt::count(),
            post::rating.count(),
            post::views.avg(),
            post::views.sum(),
            post::title.min(),
            post::rating.max(),
        ))
        .filter(post::title.ne("gamma"))
        .await?;
    seen.see(all);
    let page: (i64, Option<i64>) =
        db.post().aggregate((rt::count(), post::views.sum())).order_by(post::views.desc()).take(2).await?;
    seen.see(page);
    let groups: Vec<(i32, Option<f64>, i64, Option<String>)> = db
        .post()
        .group_by((post::views, post::rating))
        .having(post::title.count().gte(1) & !post::views.max().eq(5))
        .select((post::views, post::rating, rt::count(), post::title.max()))
        .order_by([post::title.count().desc(), post::views.asc()])
        .take(5)
        .await?;
    seen.see(groups);
    let either: Vec<(i32, i64)> = db
        .post()
        .group_by(post::views)
        .having(post::rating.avg().lt(2.0) | post::rating.sum().gt(4.0))
        .select((post::views, rt::count()))
        .order_by(post::views.desc())
        .await?;
    seen.see(either);
    Ok(())
}

async fn write_rows<E: Engine>(db: &Client<E>, seen: &mut Seen) -> Result<(), Error> {
    let alpha = || db.post().find_first().filter(post::title.eq("alpha"));
    let id = alpha().await?.map_or(0, |it| it.id);
    // Only while nobody else has changed it: a unique selector with more that must hold.
    let current = post::id.eq(id) & post::views.eq(1);
    seen.see(db.post().update(current.clone()).set(post::views, increment(1)).await?.views);
    seen.fails(db.post().update(current).set(post::views, increment(1)).await);
    seen.fails(db.post().delete(post::id.eq(id) & post::published.eq(true)).await);
    seen.see(db.post().update(post::id.eq(id)).set(post::views, divide(2)).await?.views);
    seen.see(db.post().update(post::id.eq(id)).set(post::rating, increment(1.5)).await?.rating);
    let upsert = |email: &str, posts: &[&str]| {
        let posts: Vec<_> = posts.iter().map(|it| post::New { title: (*it).into(), author_id: Inherit }).collect();
        let new = user::New { email: email.into() }.with(user::posts.create(posts));
        db.user().upsert(user::email.eq(email.to_owned()), new)
    };
    for _ in 0..2 {
        let row = upsert("di@x.org", &["first"])
            .or_update(|user| user.set(user::name, "Di").with(user::posts.delete_many(post::title.eq("first"))))
            .include(user::posts)
            .await?;
        seen.see((row.name.clone(), row.posts().len()));
    }
    seen.see(upsert("di@x.org", &[]).select((user::name, user::role)).await?);
    let rows = ["eve@x.org", "di@x.org"].map(|email| user::New { email: email.into() });
    let made = db.user().create_many_and_return(rows).skip_duplicates().select(user::email).await?;
    seen.see(made);
    Ok(())
}

async fn write_through<E: Engine>(db: &Client<E>, seen: &mut Seen) -> Result<(), Error> {
    let alpha = db.post().find_first_or_throw().filter(post::title.eq("alpha")).await?;
    // A required parent may be made, found, or found else made.
    let author = post::author.connect_or_create(user::email.eq("flo@x.org"), user::New { email: "flo@x.org".into() });
    let made = db
        .comment()
        .create(comment::New {
            text: "root".into(),
            post_id: comment::post.create(post::New { title: "made".into(), author_id: author }),
        })
        .with(
            comment::replies
                .create_many(["r1", "r2"].map(|text| comment::New { text: text.into(), post_id: alpha.id })),
        )
        .include(comment::post.include(post::author))
        .include(comment::replies.order_by(comment::text.asc()).include(comment::parent))
        .await?;
    seen.see((&made.post().title, &made.post().author().email));
    let replies: Vec<_> =
        made.replies().iter().map(|it| (it.text.as_str(), it.parent().map(|it| it.text.as_str()))).collect();
    seen.see(replies);

    let root = || comment::id.eq(made.id.as_str());
    let texts = async |seen: &mut Seen| {
        let root =
            db.comment().find_unique_or_throw(root()).include(comment::replies.order_by(comment::text.asc())).await?;
        seen.see(root.replies().iter().map(|it| it.text.as_str()).collect::<Vec<_>>());
        Ok::<_, Error>(())
    };
    let new = |text: &str| comment::New { text: text.into(), post_id: alpha.id };
    let nobody = || comment::id.eq("nobody");
    db.comment()
        .update(root())
        .with(comment::replies.upsert(nobody(), new("r3"), |it| it.set(comment::text, "never")))
        .with(comment::replies.connect_or_create(nobody(), new("r4")))
        .await?;
    texts(seen).await?;
    let first = made.replies()[0].id.clone();
    db.comment()
        .update(root())
        .with(comment::replies.upsert(comment::id.eq(first.as_str()), new("never"), |it| it.set(comment::text, "r1!")))
        .with(comment::replies.delete_many(comment::text.eq("r4")))
        .await?;
    texts(seen).await?;
    let reply = comment::id.eq(first.as_str());
    let alone = db.comment().update(reply).with(comment::parent.disconnect_one()).include(comment::parent).await?;
    seen.see(alone.parent().is_none());
    texts(seen).await?;
    db.comment().update(root()).with(comment::replies.set([comment::id.eq(first.as_str())])).await?;
    texts(seen).await?;

    let ann = || user::email.eq("ann@x.org");
    let about = |bio: &str| profile::New { bio: bio.into(), user_id: Inherit };
    for bio in ["changed", "again"] {
        let change = user::profile.upsert_one(about("never"), |it| it.set(profile::bio, bio));
        seen.see(db.user().update(ann()).with(change).include(user::profile).await?.profile().map(|it| it.bio.clone()));
    }
    let gone = db.user().update(ann()).with(user::profile.delete_one()).include(user::profile).await?;
    seen.see(gone.profile().is_none());
    let change = user::profile.upsert_one(about("new"), |it| it.set(profile::bio, "never"));
    seen.see(db.user().update(ann()).with(change).include(user::profile).await?.profile().map(|it| it.bio.clone()));
    let deep = user::posts.update_many(post::title.eq("alpha"), |post| post.set(post::views, increment(100)));
    let deeper = user::posts.update(post::author_id_title.eq((alpha.author_id, "beta")), |post| {
        post.set(post::body, "deep").with(post::tags.create([tag::New { name: "three".into() }]))
    });
    let ann = db.user().update(ann()).with(deep).with(deeper);
    let ann = ann.include(user::posts.order_by(post::title.asc()).include(post::tags)).await;
    seen.see(
        ann.map(|it| it.posts().iter().map(|it| (it.title.clone(), it.views, it.tags().len())).collect::<Vec<_>>())
            .map_err(|it| it.kind()),
    );
    Ok(())
}

async fn limit<E: Engine>(db: &Client<E>, seen: &mut Seen) -> Result<(), Error> {
    let small = || post::views.lte(20);
    seen.see(db.post().update_many().filter(small()).limit(2).set(post::published, true).await?);
    seen.see(db.post().count().filter(post::published.eq(true)).await?);
    let rows = db.post().update_many_and_return().filter(small()).limit(1).set(post::body, "limited").await?;
    seen.see(rows.iter().map(|it| &it.body).collect::<Vec<_>>());
    let unanswered = || comment::replies.none(Filter::all());
    seen.see(db.comment().delete_many().filter(unanswered()).limit(1).await?);
    seen.see(db.comment().delete_many().filter(unanswered()).limit(0).await?);
    seen.see(db.comment().count().await?);
    Ok(())
}

async fn send<E: Engine>(db: &Client<E>, seen: &mut Seen) -> Result<(), Error> {
    let level = rt::Isolation::Serializable;
    let (ann, count) =
        db.batch((db.user().find_first().order_by(user::id.asc()), db.tag().count())).isolation(level).await?;
    seen.see((ann.map(|it| it.email), count));
    let several = ["one", "nothing"].map(|name| db.tag().find_unique(tag::name.eq(name)));
    let found = db.batch(Vec::from(several)).await?;
    seen.see(found.iter().map(Option::is_some).collect::<Vec<_>>());
    let text = format!("select count(*) from \"{}\"", "Tag");
    let counted: Vec<(i64,)> = db.query_raw(Sql::from_text_unsafe(text, Vec::new())).await?;
    seen.see(counted);
    let quoted = "x'; drop table \"Tag\"; --";
    let matched: Vec<(String,)> =
        db.query_raw(sql!("select name from \"Tag\" where name in ({}, {}) order by name", quoted, "one")).await?;
    seen.see(matched);

    let names = db
        .transaction()
        .max_wait(std::time::Duration::from_secs(5))
        .run_with_retry(3, async |tx| {
            tx.tag().create(tag::New { name: "retried".into() }).await?;
            tx.tag().find_many().order_by(tag::name.asc()).select(tag::name).await
        })
        .await?;
    seen.see(names);
    Ok(())
}
