//! Options in combinations that are seldom written.

use super::story::Seen;
use golden_blog_edge::{Client, Inherit, Role, comment, decrement, increment, multiply, post, profile, rt, tag, user};
use lenslet_core::{engine::Engine, error::Error};
use rt::Filter;
use serde_json::json;

/// Tries them all, and leaves nothing behind.
pub(crate) async fn play<E: Engine>(db: &Client<E>, seen: &mut Seen) -> Result<(), Error> {
    fill(db).await?;
    group(db, seen).await?;
    page(db, seen).await?;
    filter(db, seen).await?;
    answer(db, seen).await?;
    connect(db, seen).await?;
    nest(db, seen).await?;
    seen.see(db.batch((db.comment().delete_many(), db.tag().delete_many(), db.user().delete_many())).await?);
    Ok(())
}

/// Two people; the first one's posts have tags and comments with replies.
async fn fill<E: Engine>(db: &Client<E>) -> Result<(), Error> {
    for (name, count) in [("gil", 4), ("hal", 3)] {
        let posts = (0..count).map(|at| {
            post::New { title: format!("{name} {at}"), author_id: Inherit }
                .set(post::views, at % 2 * 10)
                .set(post::rating, if at == 0 { None } else { Some(f64::from(at) / 2.0) })
                .set(post::published, at > 1)
                .with(post::tags.connect_or_create(tag::name.eq("even"), tag::New { name: "even".into() }))
        });
        let about = profile::New { bio: name.into(), user_id: Inherit }
            .set(profile::links, json!([{"at": name, "n": count}, [count, name], null]));
        db.user()
            .create(user::New { email: format!("{name}@x.org") })
            .set(user::name, if name == "gil" { Some("Gil".to_owned()) } else { None })
            .set(user::role, if name == "gil" { Role::Admin } else { Role::Member })
            .with(user::posts.create(posts.collect::<Vec<_>>()))
            .with(user::profile.create(about))
            .await?;
    }
    let first = db.post().find_first_or_throw().order_by(post::title.asc()).await?;
    let new = |text: &str| comment::New { text: text.into(), post_id: first.id };
    db.comment().create(new("root")).with(comment::replies.create([new("left"), new("right")])).await?;
    Ok(())
}

async fn group<E: Engine>(db: &Client<E>, seen: &mut Seen) -> Result<(), Error> {
    let having = |condition: rt::Having<post::Post>| {
        db.post().group_by((post::published, post::views)).having(condition).select((
            post::published,
            post::views,
            rt::count(),
            post::rating.count(),
            post::rating.sum(),
        ))
    };
    let conditions = || {
        [
            !(post::id.count().gt(2) | post::rating.sum().gt(3.0)),
            !(post::id.count().gt(1) & !post::rating.avg().lte(1.0)) & post::views.min().gte(0),
            (post::rating.count().eq(0) | post::rating.max().gte(1.5))
                & !(rt::Having::from(post::views.eq(0)) & post::id.count().one_of([1, 2])),
            post::title.max().starts_with("hal") & !post::title.min().contains("1"),
            post::title.min().ends_with("2") | rt::Having::from(post::published.eq(false) & post::views.gt(0)),
        ]
    };
    for condition in conditions() {
        seen.see(having(condition).order_by([post::published.asc(), post::views.asc()]).await?);
    }
    for condition in conditions() {
        let page = having(condition).order_by([rt::count().desc(), post::views.desc(), post::published.asc()]);
        seen.see(page.skip(1).take(2).await?);
    }
    let by_author = db.post().group_by(post::author_id).filter(post::author.is(user::role.eq(Role::Admin)));
    let by_author = by_author.having(post::views.sum().gt(1)).select((post::views.sum(), post::title.min()));
    seen.see(by_author.order_by(post::author_id.desc()).await?);
    Ok(())
}

async fn page<E: Engine>(db: &Client<E>, seen: &mut Seen) -> Result<(), Error> {
    let titles = |found: Vec<post::Post>| found.into_iter().map(|it| it.title).collect::<Vec<_>>();
    let gil = db.user().find_unique_or_throw(user::email.eq("gil@x.org")).await?.id;
    let from = || post::author_id_title.eq((gil, "gil 2"));
    for take in [-3, -1, 0, 1, 3] {
        let order = || [post::views.desc(), post::title.asc()];
        let all = || db.post().find_many().order_by(order());
        seen.see(titles(all().cursor(from()).take(take).await?));
        seen.see(titles(all().cursor(from()).skip(1).take(take).await?));
        seen.see(titles(all().distinct((post::views, post::published)).take(take).await?));
        seen.see(titles(all().distinct((post::views, post::published)).skip(1).take(take).await?));
        seen.see(titles(all().distinct(post::author_id).filter(post::rating.is_not_null()).take(take).await?));
        seen.see(titles(all().cursor(from()).filter(post::published.eq(true)).take(take).await?));
    }
    let ordered =
        || db.post().find_many().order_by([post::author.order(user::name.asc().nulls_last()), post::title.desc()]);
    seen.see(titles(ordered().take(2).await?));
    seen.see(titles(ordered().cursor(from()).take(-2).await?));
    let deep = db.comment().find_many().order_by([
        comment::parent.order(comment::text.asc().nulls_first()),
        comment::replies.count_desc(),
        comment::text.desc(),
    ]);
    seen.see(deep.select(comment::text).await?);
    let far = comment::post.order(post::author.order(user::posts.count_asc()));
    seen.see(db.comment().find_many().order_by([far, comment::text.asc()]).select(comment::text).await?);
    seen.see(db.post().count().cursor(from()).order_by(post::title.asc()).skip(1).await?);
    let counted: (i64, i64, Option<i32>) = db
        .post()
        .aggregate((rt::count(), post::rating.count(), post::views.max()))
        .cursor(from())
        .order_by(post::title.desc())
        .take(3)
        .await?;
    seen.see(counted);
    let first = db.post().find_first().cursor(from()).distinct(post::views).order_by(post::title.desc()).skip(1);
    seen.see(first.await?.map(|it| it.title));
    Ok(())
}

async fn filter<E: Engine>(db: &Client<E>, seen: &mut Seen) -> Result<(), Error> {
    let links = profile::links;
    let people = [
        links.at([""; 0]).array_contains(json!([{"at": "gil", "n": 4}])),
        links.at([""; 0]).array_contains(json!([null])),
        links.at(["1"]).array_contains(json!([null])),
        links.at(["1"]).array_contains(json!([true])),
        links.at(["1"]).array_contains(json!([3.0])),
        links.at(["1"]).array_contains(json!(["hal", 3])),
        links.at(["1"]).array_contains(json!(["hal", 4])),
        links.at(["0", "at"]).eq("hal"),
        links.at(["0", "at"]).string_starts_with("g"),
        links.at(["1"]).array_contains(json!(["hal"])),
        links.at(["1"]).array_starts_with(4),
        links.at(["1"]).array_ends_with("gil"),
        links.at(["0", "n"]).gt(3) | links.at(["1", "0"]).lt(4),
        links.at(["2"]).eq(json!(null)),
        !links.at(["0", "n"]).eq(3),
        links.at(["nowhere"]).eq(1),
        profile::user.is(user::posts.every(post::tags.some(tag::name.contains("v")))),
        profile::user.is_not(user::name.is_null()),
        profile::user.is(user::posts.none(post::views.gt(post::id)) | user::name.eq("Gil")),
    ];
    for filter in people {
        let found = db.profile().find_many().filter(filter).order_by(profile::bio.asc());
        seen.see(found.select(profile::bio).await?);
    }
    let posts = [
        post::id.one_of(Vec::<i32>::new()),
        post::id.none_of(Vec::<i32>::new()) & post::title.ends_with("0"),
        post::rating.one_of([0.5, 1.5]) & post::rating.none_of([1.5]),
        post::comments.some(comment::replies.some(comment::text.eq("left"))),
        post::comments.every(comment::parent.is_null()),
        post::comments.some(comment::parent.is(comment::replies.none(comment::text.eq("none")))),
        post::author.is(user::email.eq("hal@x.org")) & !post::published.eq(true),
        post::updated_at.gte(post::created_at) & post::title.eq("gil 1"),
        post::views.ne(post::id) & post::title.gt(post::body),
    ];
    for filter in posts {
        seen.see(db.post().find_many().filter(filter).order_by(post::title.asc()).select(post::title).await?);
    }
    Ok(())
}

/// What writes answer.
async fn answer<E: Engine>(db: &Client<E>, seen: &mut Seen) -> Result<(), Error> {
    let admins = || post::author.is(user::role.eq(Role::Admin)) & post::tags.some(Filter::all());
    seen.see(db.post().update_many().filter(admins()).limit(3).set(post::views, multiply(2)).await?);
    let rows = db
        .post()
        .update_many_and_return()
        .filter(admins() & post::views.gt(0))
        .set(post::views, decrement(1))
        .set(post::rating, None)
        .include(post::author)
        .await?;
    let mut rows: Vec<_> = rows.iter().map(|it| (&it.title, it.views, it.rating, &it.author().email)).collect();
    rows.sort_by_key(|it| it.0);
    seen.see(rows);
    let chosen = db.post().update_many_and_return().filter(post::title.eq("hal 2")).set(post::body, "b");
    seen.see(chosen.select((post::title, post::body)).await?);
    let gone = db.post().delete(post::id.eq(first(db, "hal 0").await?)).include(post::author).include(post::tags);
    let gone = gone.await?;
    seen.see((&gone.title, &gone.author().email, gone.tags().iter().map(|it| &it.name).collect::<Vec<_>>()));
    let hal = db.user().find_unique_or_throw(user::email.eq("hal@x.org")).await?;
    let key = || post::author_id_title.eq((hal.id, "hal 1"));
    let selected = db.post().update(key()).set(post::title, "hal one").set(post::created_at, hal.created_at);
    seen.see(selected.select((post::title, post::author.select(user::email), post::tags.count())).await?);
    seen.fails(db.post().update(key()).set(post::title, "never").await);
    // Found and left as it is; not found, with a key of its own.
    let new = |title: &str| post::New { title: title.into(), author_id: hal.id };
    for title in ["hal one", "hal new"] {
        let upsert = db.post().upsert(post::author_id_title.eq((hal.id, title)), new(title)).or_update(|it| it);
        seen.see(upsert.select((post::title, post::views)).await?);
    }
    let upsert = db.post().upsert(post::author_id_title.eq((hal.id, "hal new")), new("hal new"));
    let upsert = upsert.or_update(|it| it.set(post::views, increment(5)).set(post::title, "hal newer"));
    seen.see(upsert.include(post::author.include(user::profile)).await?.author().profile().map(|it| it.bio.clone()));
    seen.see(
        db.user().update(user::id.eq(hal.id)).set(user::id, hal.id + 1000).include(user::posts).await?.posts().len(),
    );
    seen.see(db.post().delete_many().filter(post::author.is(user::id.eq(hal.id + 1000))).limit(1).await?);
    Ok(())
}

async fn first<E: Engine>(db: &Client<E>, title: &str) -> Result<i32, Error> {
    Ok(db.post().find_first_or_throw().filter(post::title.eq(title)).await?.id)
}

/// Rows that are connected deep inside of others.
async fn connect<E: Engine>(db: &Client<E>, seen: &mut Seen) -> Result<(), Error> {
    let tag = |name: &str| tag::New { name: name.into() };
    let gil = || user::email.eq("gil@x.org");
    let id = db.user().find_unique_or_throw(gil()).await?.id;
    let one = || post::author_id_title.eq((id, "gil 1"));
    let other = first(db, "gil 3").await?;
    let answer = user::posts
        .filter(post::title.starts_with("gil 1"))
        .include(post::tags.order_by(tag::name.asc()).include(tag::posts.count()));
    let change = db
        .user()
        .update(gil())
        .with(user::posts.update(one(), |it| {
            it.with(post::tags.connect_or_create(tag::name.eq("odd"), tag("odd")))
                .with(post::tags.connect_or_create(tag::name.eq("even"), tag("never")))
                .with(post::tags.disconnect([tag::name.eq("even")]))
                .with(post::comments.create([comment::New { text: "deep".into(), post_id: Inherit }.with(
                    comment::parent.connect_or_create(
                        comment::id.eq("top"),
                        comment::New { text: "top".into(), post_id: other }.set(comment::id, "top"),
                    ),
                )]))
        }))
        .include(answer);
    match change.await {
        Ok(user) => {
            let tags = |it: &post::Post<_>| {
                it.tags().iter().map(|it| (it.name.clone(), it.count(tag::posts))).collect::<Vec<_>>()
            };
            seen.see(user.posts().iter().map(tags).collect::<Vec<_>>());
        }
        Err(error) => seen.see(error.kind()),
    }
    let post = db.post().update(one()).with(post::tags.set([tag::name.eq("even"), tag::name.eq("odd")]));
    seen.see(post.include(post::tags.order_by(tag::name.desc())).await?.tags().len());
    let post = db.post().update(one()).with(post::tags.delete([tag::name.eq("odd")])).include(post::tags);
    seen.see(post.await?.tags().len());
    seen.fails(db.post().update(one()).with(post::tags.delete([tag::name.eq("odd")])).await);
    seen.fails(db.post().update(one()).with(post::tags.connect([tag::name.eq("nowhere")])).await);
    Ok(())
}

/// Transactions within transactions.
async fn nest<E: Engine>(db: &Client<E>, seen: &mut Seen) -> Result<(), Error> {
    let add = |name: &str| tag::New { name: name.into() };
    let kept = db
        .transaction()
        .run(async |outer| {
            outer.tag().create(add("outer")).await?;
            let undone = outer.transaction().run(async |inner| {
                inner.batch((inner.tag().create(add("inner")), inner.tag().count())).await?;
                inner.tag().create(add("outer")).await.map(drop)
            });
            let undone = undone.await.map_err(|error| error.kind());
            outer.transaction().run(async |inner| inner.tag().create(add("second")).await.map(drop)).await?;
            let names = outer.tag().find_many().order_by(tag::name.asc()).select(tag::name).await?;
            Ok::<_, Error>((undone, names))
        })
        .await?;
    seen.see(kept);
    Ok(())
}
