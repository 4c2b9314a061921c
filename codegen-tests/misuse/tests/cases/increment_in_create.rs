//! A change of a row that is not there yet.

use golden_blog_edge as db;
use db::{Client, increment, user, post};

async fn mistake(db: &Client) -> Result<(), db::Error> {
    db.post().create(post::New { title: "Notes".into(), author_id: 1 }).set(post::views, increment(1)).await?;
    let _ = user::id;
    Ok(())
}

fn main() {}
