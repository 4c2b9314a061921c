//! A change where a value is meant.

use golden_blog_edge as db;
use db::{Client, increment, post};

async fn mistake(db: &Client) -> Result<(), db::Error> {
    db.post().find_many().filter(post::views.eq(increment(1))).await?;
    Ok(())
}

fn main() {}
