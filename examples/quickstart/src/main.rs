//! Makes a SQLite file, writes and reads nested rows, prints JSON: `cargo run -p quickstart`.
#![allow(clippy::print_stdout, reason = "a command line program prints")]

lenslet_native::include_client!(mod db);

use db::{Client, Inherit, Role, increment, post, profile, tag, user};
use lenslet_migrate::PushOptions;
use std::error::Error;

const URL: &str = "file:quickstart.db";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    // A migration would change the tables step by step; this makes them what the schema says, and starts with no rows.
    let from_nothing = PushOptions { force_reset: true, ..PushOptions::default() };
    lenslet_migrate::push(URL, &db::CATALOG, from_nothing)?;
    let db = Client::connect(URL).await?;

    write(&db).await?;
    read(&db).await?;
    Ok(())
}

/// A person with everything they have, in one operation; then a second one, who shares a tag with the first.
async fn write(db: &Client) -> Result<(), db::Error> {
    let notes = post::New { title: "Notes on the engine".into(), author_id: Inherit }
        .set(post::published, true)
        .with(post::tags.create([tag::New { name: "computing".into() }, tag::New { name: "history".into() }]));
    let draft = post::New { title: "A draft".into(), author_id: Inherit }.set(post::published, false);
    db.user()
        .create(user::New { email: "ada@example.com".into() })
        .set(user::name, "Ada")
        .set(user::role, Role::Writer)
        .with(user::profile.create(profile::New { bio: "Wrote the first program.".into(), user_id: Inherit }))
        .with(user::posts.create([notes, draft]))
        .await?;

    let grace = db.user().create(user::New { email: "grace@example.com".into() }).set(user::role, Role::Writer).await?;
    db.post()
        .create(post::New { title: "On compilers".into(), author_id: grace.id })
        .set(post::published, true)
        .with(post::tags.connect([tag::name.eq("computing")]))
        .await?;
    db.post().update_many().filter(post::published.eq(true)).set(post::views, increment(10)).await?;
    Ok(())
}

/// People with what they published, as the nested JSON that the schema describes.
async fn read(db: &Client) -> Result<(), Box<dyn Error>> {
    let people = db
        .user()
        .find_many()
        .filter(user::posts.some(post::tags.some(tag::name.eq("computing"))))
        .include(user::profile)
        .include(user::posts.filter(post::published.eq(true)).include(post::tags).order_by(post::id.desc()))
        .order_by(user::name.asc().nulls_last())
        .await?;
    println!("{}", serde_json::to_string_pretty(&people)?);

    // What was loaded is in the type: without its `include` above, `posts()` would not compile.
    for person in &people {
        let name = person.name.as_deref().unwrap_or(&person.email);
        println!(
            "{name}: {} published, {}",
            person.posts().len(),
            if person.profile().is_some() { "introduced" } else { "unknown" }
        );
    }
    Ok(())
}
