//! Arithmetic on text.

use golden_blog_edge as db;
use db::{Client, increment, post};

async fn mistake(db: &Client) -> Result<(), db::Error> {
    db.post().update(post::id.eq(1)).set(post::title, increment(1)).await?;
    Ok(())
}

fn main() {}
