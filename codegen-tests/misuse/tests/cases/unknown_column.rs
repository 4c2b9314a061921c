//! A column that the schema does not have.

use golden_blog_edge as db;
use db::{Client, user};

async fn mistake(db: &Client) -> Result<(), db::Error> {
    db.user().find_many().filter(user::nickname.eq("Ada")).await?;
    Ok(())
}

fn main() {}
