//! A column that many rows may share, where one row is meant.

use golden_blog_edge as db;
use db::{Client, user};

async fn mistake(db: &Client) -> Result<(), db::Error> {
    db.user().find_unique(user::name.eq("Ada")).await?;
    Ok(())
}

fn main() {}
