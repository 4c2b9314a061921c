//! Rows that were chosen are loaded; what is written through a relation is not asked of some of its rows.

use golden_blog_edge as db;
use db::{Client, post, user};

async fn mistakes(db: &Client) -> Result<(), db::Error> {
    let published = || user::posts.filter(post::published.eq(true));
    db.user().find_many().filter(published().some(post::views.gt(1))).await?;
    db.user().update(user::id.eq(1)).with(published().disconnect([post::id.eq(1)])).await?;
    Ok(())
}

fn main() {}
