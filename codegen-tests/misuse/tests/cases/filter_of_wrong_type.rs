//! A value that the column cannot hold.

use golden_blog_edge as db;
use db::{Client, user};

async fn mistake(db: &Client) -> Result<(), db::Error> {
    db.user().find_many().filter(user::id.eq("Ada")).await?;
    Ok(())
}

fn main() {}
