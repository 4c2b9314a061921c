//! The number of rows of a relation that was loaded, but not counted.

use golden_blog_edge as db;
use db::{Client, user};

async fn mistake(db: &Client) -> Result<(), db::Error> {
    let users = db.user().find_many().include(user::posts).await?;
    users[0].count(user::posts);
    Ok(())
}

fn main() {}
