//! `GET /users` answers the users with their posts; `POST /users` with an email as its body adds one.

use std::error::Error;

use db::{Client, user};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;

type Failure = Box<dyn Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let url = std::env::var("DATABASE_URL").map_err(|_| "DATABASE_URL is not set")?;
    let address = std::env::var("ADDRESS").unwrap_or_else(|_| "127.0.0.1:3000".to_owned());
    // One client for the whole program: it holds the connections.
    let db = Client::connect(&url).await?;
    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("http://{}/users", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        let db = db.clone();
        tokio::spawn(async move {
            let service = service_fn(|request| answer(&db, request));
            let connection = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            if let Err(error) = connection.await {
                eprintln!("{error}");
            }
        });
    }
}

async fn answer(db: &Client, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Failure> {
    let result = match (request.method(), request.uri().path()) {
        (&Method::GET, "/users") => users(db).await,
        (&Method::POST, "/users") => add(db, request).await,
        _ => Ok((StatusCode::NOT_FOUND, "not found".to_owned())),
    };
    let (status, text) = result.unwrap_or_else(|error| (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()));
    Ok(Response::builder().status(status).body(Full::new(text.into()))?)
}

async fn users(db: &Client) -> Result<(StatusCode, String), Failure> {
    let users = db.user().find_many().include(user::posts).order_by(user::id.asc()).await?;
    Ok((StatusCode::OK, serde_json::to_string(&users)?))
}

async fn add(db: &Client, request: Request<Incoming>) -> Result<(StatusCode, String), Failure> {
    let email = String::from_utf8(request.into_body().collect().await?.to_bytes().to_vec())?;
    let user = db.user().create(user::New { email }).await?;
    Ok((StatusCode::CREATED, serde_json::to_string(&user)?))
}
