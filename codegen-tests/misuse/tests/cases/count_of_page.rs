//! A page of rows is not counted: the number would be another one.

use golden_blog_edge as db;
use db::{Client, user};

async fn mistake(db: &Client) -> Result<(), db::Error> {
    db.user().find_many().include(user::posts.take(3).count()).await?;
    Ok(())
}

fn main() {}
