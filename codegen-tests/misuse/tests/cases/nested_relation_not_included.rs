//! A relation of a loaded relation that was not loaded itself.

use golden_blog_edge as db;
use db::{Client, user};

async fn mistake(db: &Client) -> Result<(), db::Error> {
    let users = db.user().find_many().include(user::posts).await?;
    users[0].posts()[0].comments();
    Ok(())
}

fn main() {}
