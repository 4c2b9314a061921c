//! A key of a parent where there is no parent.

use golden_blog_edge as db;
use db::{Client, Inherit, post};

async fn mistake(db: &Client) -> Result<(), db::Error> {
    db.post().create(post::New { title: "Notes".into(), author_id: Inherit }).await?;
    Ok(())
}

fn main() {}
