//! A nested write into many rows.

use golden_blog_edge as db;
use db::{Client, user};

async fn mistake(db: &Client) -> Result<(), db::Error> {
    db.user().update_many().with(user::posts.set([])).await?;
    Ok(())
}

fn main() {}
