//! A write that shall be cached.

use golden_blog_edge as db;
use db::{Client, ttl, user};

async fn mistake(db: &Client) -> Result<(), db::Error> {
    db.user().delete(user::id.eq(1)).cache(ttl(60)).await?;
    Ok(())
}

fn main() {}
