use db::{Client, Inherit, post, user};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // `.env` is for the command line; a program decides itself where its settings come from.
    let url = std::env::var("DATABASE_URL").unwrap_or_else(|_| "file:dev.db".to_owned());
    let db = Client::connect(&url).await?;

    let number = db.user().count().await? + 1;
    db.user()
        .create(user::New { email: format!("ada{number}@example.com") })
        .set(user::name, "Ada")
        .with(user::posts.create([post::New { title: "Notes".into(), author_id: Inherit }]))
        .await?;

    for user in db.user().find_many().include(user::posts).order_by(user::id.asc()).await? {
        println!("{}: {} posts", user.email, user.posts().len());
    }
    Ok(())
}
