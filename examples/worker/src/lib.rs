//! A JSON API on a database: people, what they post, and under which tags.
//!
//! Every handler is a few lines of the client; what can go wrong becomes an answer in one place, in `problem`.

mod posts;
mod problem;
mod users;

use db::Client;
use worker::{Context, Env, Request, Response, Result, RouteContext, Router, event};

/// What a handler knows besides its request.
type Route = RouteContext<Client>;

#[event(fetch)]
async fn fetch(request: Request, env: Env, _context: Context) -> Result<Response> {
    // Reads `DATABASE_URL` and sends nothing: making a client costs nothing, so every request makes one.
    let db = match Client::from_env(&env) {
        Ok(db) => db,
        Err(error) => return problem::response(error.into()),
    };
    Router::with_data(db)
        .get_async("/users", |_, route| async move { problem::catch(users::list(&route).await) })
        .post_async("/users", |request, route| async move { problem::catch(users::create(request, &route).await) })
        .get_async("/users/:id", |_, route| async move { problem::catch(users::show(&route).await) })
        .post_async(
            "/users/:id/posts",
            |request, route| async move { problem::catch(posts::create(request, &route).await) },
        )
        .get_async("/posts", |_, route| async move { problem::catch(posts::list(&route).await) })
        .patch_async("/posts/:id", |request, route| async move { problem::catch(posts::change(request, &route).await) })
        .post_async("/posts/:id/author", |request, route| async move {
            problem::catch(posts::hand_over(request, &route).await)
        })
        .delete_async("/posts/:id", |_, route| async move { problem::catch(posts::delete(&route).await) })
        .run(request, env)
        .await
}
