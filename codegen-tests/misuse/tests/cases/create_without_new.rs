//! A model with a required column that the client cannot give has no new rows.

use golden_everything_edge as db;
use db::{Client, located};

async fn mistake(db: &Client) -> Result<(), db::Error> {
    db.located().create(located::New { id: 1 }).await?;
    Ok(())
}

fn main() {}
