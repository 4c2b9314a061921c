//! A column that rows do not hold, and that was not asked for.

use golden_omit_edge as db;
use db::{Client, note, user};

async fn mistakes(db: &Client) -> Result<(), db::Error> {
    let users = db.user().find_many().include_column::<user::Type>().include(user::notes).await?;
    let _ = users[0].r#type();
    let _ = users[0].password_hash;
    let _ = users[0].password_hash();
    let _ = users[0].notes()[0].body();
    let _ = db.user().find_many().include_column::<note::Body>();
    Ok(())
}

fn main() {}
