//! Columns of another model do not tell rows apart.

use golden_blog_edge as db;
use db::{Client, post, user};

async fn mistakes(db: &Client) -> Result<(), db::Error> {
    db.user().find_many().distinct(post::title).await?;
    db.user().find_many().include(user::posts.distinct((post::title, user::name))).await?;
    Ok(())
}

fn main() {}
