use worker::{Context, Env, Request, Response, Result, event};

#[event(fetch)]
async fn fetch(_request: Request, env: Env, _context: Context) -> Result<Response> {
    match answer(&env).await {
        Ok(text) => Response::ok(text),
        Err(message) => Response::error(message, 500),
    }
}
