//! A column of another model.

use golden_blog_edge as db;
use db::{Client, post};

async fn mistake(db: &Client) -> Result<(), db::Error> {
    db.user().find_many().filter(post::id.eq(1)).await?;
    Ok(())
}

fn main() {}
