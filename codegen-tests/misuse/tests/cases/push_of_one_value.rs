//! A value pushed to a column that is no list, and one of another type.

use golden_everything_edge as db;
use db::{Client, push, push_all, scalars};

async fn mistakes(db: &Client) -> Result<(), db::Error> {
    db.scalars().update(scalars::id.eq(1)).set(scalars::string, push("x")).await?;
    db.scalars().update(scalars::id.eq(1)).set(scalars::ints, push_all(["x"])).await?;
    Ok(())
}

fn main() {}
