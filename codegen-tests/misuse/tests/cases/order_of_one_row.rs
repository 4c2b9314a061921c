//! An order where there is one row.

use golden_blog_edge as db;
use db::{Client, user};

async fn mistake(db: &Client) -> Result<(), db::Error> {
    db.user().find_unique(user::id.eq(1)).order_by(user::name.asc()).await?;
    Ok(())
}

fn main() {}
