//! A required row cannot be left out of what is loaded.

use golden_blog_edge as db;
use db::{Client, post, user};

async fn mistake(db: &Client) -> Result<(), db::Error> {
    db.post().find_many().include(post::author.filter(user::name.eq("Ada"))).await?;
    Ok(())
}

fn main() {}
