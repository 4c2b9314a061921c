//! Only many new rows at once leave out some.

use golden_blog_edge as db;
use db::{Client, tag, post};

async fn mistake(db: &Client) -> Result<(), db::Error> {
    let tags = post::tags.create([tag::New { name: "a".into() }]).skip_duplicates();
    db.post().update(post::id.eq(1)).with(tags).await?;
    Ok(())
}

fn main() {}
