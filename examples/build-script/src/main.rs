//! Counts the notes in the database that `DATABASE_URL` names.
#![allow(clippy::print_stdout, reason = "a command line program prints")]

lenslet_native::include_client!(mod db);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), db::Error> {
    let db = db::Client::from_env(&db::rt::Env)?;
    let about_lenses = db.note().count().filter(db::note::text.contains("lens")).await?;
    println!("{about_lenses} notes about lenses");
    Ok(())
}
