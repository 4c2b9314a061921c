//! A relation of another model.

use golden_blog_edge as db;
use db::{Client, user};

async fn mistake(db: &Client) -> Result<(), db::Error> {
    db.post().find_many().include(user::posts).await?;
    Ok(())
}

fn main() {}
