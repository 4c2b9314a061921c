//! A relation that was not loaded.

use golden_blog_edge as db;
use db::{Client, user};

async fn mistake(db: &Client) -> Result<(), db::Error> {
    let users = db.user().find_many().filter(user::id.gt(1)).await?;
    users[0].posts();
    Ok(())
}

fn main() {}
