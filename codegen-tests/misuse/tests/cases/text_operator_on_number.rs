//! A text operator on a number.

use golden_blog_edge as db;
use db::{Client, post};

async fn mistake(db: &Client) -> Result<(), db::Error> {
    db.post().find_many().filter(post::views.contains("1")).await?;
    Ok(())
}

fn main() {}
