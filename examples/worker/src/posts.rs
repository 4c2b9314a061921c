//! `/posts`, and what a person posts.

use crate::{
    Route,
    problem::Problem,
    users::{body, id},
};
use db::{Client, increment, post, rt::CacheStatus, tag, ttl, user};
use serde::Deserialize;
use worker::{Request, Response};

/// The tag of cached answers that hold posts.
const POSTS: &str = "posts";

/// `GET /posts`: what was published, newest first. The pool may answer without asking the database for a minute, and says so.
pub async fn list(route: &Route) -> Result<Response, Problem> {
    let (posts, info) = route
        .data
        .post()
        .find_many()
        .filter(post::published.eq(true))
        .include(post::author)
        .include(post::tags.order_by(tag::name.asc()))
        .order_by(post::id.desc())
        .cache(ttl(60).swr(30).tag(POSTS))
        .with_cache_info()
        .await?;
    let status = match info.status {
        CacheStatus::None => "none",
        CacheStatus::Miss => "miss",
        CacheStatus::Fresh => "fresh",
        CacheStatus::Stale => "stale",
    };
    let mut response = Response::from_json(&posts)?;
    response.headers_mut().set("x-cache", status)?;
    Ok(response)
}

#[derive(Deserialize)]
struct NewPost {
    title: String,
    #[serde(default)]
    tags: Vec<String>,
}

/// `POST /users/:id/posts`: a new post, with tags that exist or are made.
pub async fn create(mut request: Request, route: &Route) -> Result<Response, Problem> {
    let NewPost { title, tags } = body(&mut request).await?;
    let mut new = post::New { title, author_id: id(route)? }.set(post::published, true);
    for name in tags {
        let named = tag::name.eq(name.as_str());
        new = new.with(post::tags.connect_or_create(named, tag::New { name }));
    }
    let post = route.data.post().create(new).include(post::tags.order_by(tag::name.asc())).await?;
    route.data.invalidate([POSTS]).await?;
    Ok(Response::from_json(&post)?.with_status(201))
}

#[derive(Deserialize)]
struct Change {
    title: Option<String>,
    published: Option<bool>,
    #[serde(default)]
    views: i32,
}

/// `PATCH /posts/:id`: changes what is given; `views` are added, in the database.
pub async fn change(mut request: Request, route: &Route) -> Result<Response, Problem> {
    let Change { title, published, views } = body(&mut request).await?;
    let mut update = route.data.post().update(post::id.eq(id(route)?)).set(post::views, increment(views));
    if let Some(title) = title {
        update = update.set(post::title, title);
    }
    if let Some(published) = published {
        update = update.set(post::published, published);
    }
    let post = update.await?;
    route.data.invalidate([POSTS]).await?;
    Ok(Response::from_json(&post)?)
}

#[derive(Deserialize)]
struct NewAuthor {
    email: String,
}

/// `POST /posts/:id/author`: hands a post over to another writer. What is read decides what is written, so both happen in one
/// transaction, which is undone when either fails.
pub async fn hand_over(mut request: Request, route: &Route) -> Result<Response, Problem> {
    let NewAuthor { email } = body(&mut request).await?;
    let id = id(route)?;
    let hand_over = async |db: &Client| {
        db.post().update(post::id.eq(id)).set(post::published, false).await?;
        let author = db.user().find_unique_or_throw(user::email.eq(email)).await?;
        db.post().update(post::id.eq(id)).set(post::author_id, author.id).include(post::author).await
    };
    let post = route.data.transaction().run(hand_over).await?;
    route.data.invalidate([POSTS]).await?;
    Ok(Response::from_json(&post)?)
}

/// `DELETE /posts/:id`.
pub async fn delete(route: &Route) -> Result<Response, Problem> {
    route.data.post().delete(post::id.eq(id(route)?)).await?;
    route.data.invalidate([POSTS]).await?;
    Ok(Response::empty()?.with_status(204))
}
