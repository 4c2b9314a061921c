//! `/users`.

use crate::{Route, problem::Problem};
use db::{Role, post, profile, tag, user};
use serde::Deserialize;
use worker::{Request, Response};

/// `GET /users`: people, with what they published.
pub async fn list(route: &Route) -> Result<Response, Problem> {
    let size = route.var("PAGE_SIZE")?.to_string().parse().unwrap_or(20);
    let users = route
        .data
        .user()
        .find_many()
        .include(user::posts.filter(post::published.eq(true)).order_by(post::id.desc()))
        .order_by(user::id.asc())
        .take(size)
        .await?;
    Ok(Response::from_json(&users)?)
}

/// `GET /users/:id`: one of them, with everything.
pub async fn show(route: &Route) -> Result<Response, Problem> {
    let user = route
        .data
        .user()
        .find_unique_or_throw(user::id.eq(id(route)?))
        .include(user::profile)
        .include(user::posts.include(post::tags.order_by(tag::name.asc())).order_by(post::id.asc()))
        .await?;
    Ok(Response::from_json(&user)?)
}

#[derive(Deserialize)]
struct NewUser {
    email: String,
    name: Option<String>,
    bio: Option<String>,
}

/// `POST /users`: a new one, with a profile where there is a `bio`. One request, one transaction.
pub async fn create(mut request: Request, route: &Route) -> Result<Response, Problem> {
    let NewUser { email, name, bio } = body(&mut request).await?;
    let mut new = user::New { email }.set(user::name, name).set(user::role, Role::Writer);
    if let Some(bio) = bio {
        new = new.with(user::profile.create(profile::New { bio, user_id: db::Inherit }));
    }
    let user = route.data.user().create(new).include(user::profile).await?;
    Ok(Response::from_json(&user)?.with_status(201))
}

/// The number in the path.
pub fn id(route: &Route) -> Result<i32, Problem> {
    let id = route.param("id").and_then(|id| id.parse().ok());
    id.ok_or_else(|| Problem::Request("the id in the path must be a number".to_owned()))
}

/// What was sent, as JSON.
pub async fn body<T: for<'de> Deserialize<'de>>(request: &mut Request) -> Result<T, Problem> {
    let text = request.text().await?;
    serde_json::from_str(&text).map_err(|error| Problem::Request(error.to_string()))
}
