//! A required column that is not given.

use golden_blog_edge as db;
use db::{Client, user};

async fn mistake(db: &Client) -> Result<(), db::Error> {
    db.user().create(user::New {}).await?;
    Ok(())
}

fn main() {}
