//! Answers the users with their posts.

use db::{Client, user};
use worker::{Context, Env, Request, Response, event};

#[event(fetch)]
async fn fetch(_request: Request, env: Env, _context: Context) -> worker::Result<Response> {
    match users(&env).await {
        Ok(users) => Response::from_json(&users),
        Err(error) => Response::error(error.to_string(), 500),
    }
}

async fn users(env: &Env) -> Result<serde_json::Value, Box<dyn std::error::Error>> {
    // `DATABASE_URL` is the pool's: in `.dev.vars` here, in `npx wrangler secret put DATABASE_URL` out there.
    let db = Client::from_env(env)?;
    let users = db.user().find_many().include(user::posts).order_by(user::id.asc()).await?;
    Ok(serde_json::to_value(&users)?)
}
