//! A service that moves money between accounts. `DATABASE_URL` names its PostgreSQL, `ADDRESS` where it listens.
#![allow(clippy::print_stdout, reason = "who starts it must see where it listens")]

mod api;
mod problem;
lenslet_native::include_client!(mod db);

use std::{env, error::Error, io};

use lenslet_migrate::{Embedded, embed};

/// The history of the database is a part of the program.
static MIGRATIONS: Embedded = embed!("prisma/migrations");

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = env::var("DATABASE_URL").map_err(|_| "DATABASE_URL is not set")?;
    let address = env::var("ADDRESS").unwrap_or_else(|_| "127.0.0.1:3000".to_owned());

    // Several of it may start at once: each migration is applied by one of them, and the others wait.
    let of_migrations = url.clone();
    let deployed = tokio::task::spawn_blocking(move || MIGRATIONS.deploy(&of_migrations)).await??;
    for name in deployed.applied {
        println!("applied {name}");
    }

    // One client for the whole program: it holds the connections.
    let client = db::Client::connect(&url).await?;
    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("http://{}", listener.local_addr()?);
    axum::serve(listener, api::routes(client)).with_graceful_shutdown(asked_to_stop()).await?;
    Ok(())
}

async fn asked_to_stop() {
    let stopped: io::Result<()> = tokio::signal::ctrl_c().await;
    if stopped.is_err() {
        // Without the signal the process is only ever ended from outside.
        std::future::pending::<()>().await;
    }
}
