//! A key of a parent that is not the one around it.

use golden_blog_edge as db;
use db::{Client, Inherit, comment, post, tag};

async fn mistake(db: &Client) -> Result<(), db::Error> {
    let posts = tag::posts.create([post::New { title: "Notes".into(), author_id: Inherit }]);
    db.tag().update(tag::id.eq(1)).with(posts).await?;
    let _ = comment::id;
    Ok(())
}

fn main() {}
