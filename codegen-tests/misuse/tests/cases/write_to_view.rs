//! A view is read only.

use golden_everything_edge as db;
use db::{Client, active_user};

async fn mistake(db: &Client) -> Result<(), db::Error> {
    db.active_user().delete(active_user::id.eq(1)).await?;
    Ok(())
}

fn main() {}
