use db::{Error, increment, post, profile, user};

/// One `find_many` with an include, one create, one update, on three models.
async fn story(db: &db::Client) -> Result<String, Error> {
    let mut text = String::new();
    let users = db
        .user()
        .find_many()
        .filter(user::email.ends_with("@example.com"))
        .include(user::posts.filter(post::published.eq(true)).order_by(post::id.desc()).take(3))
        .order_by(user::name.asc())
        .take(10)
        .await?;
    for user in &users {
        text.push_str(&user.email);
        for post in user.posts() {
            text.push_str(&post.title);
        }
    }
    if let Some(user) = users.first() {
        let made = db.profile().create(profile::New { bio: "writes".into(), user_id: user.id }).await?;
        text.push_str(&made.bio);
    }
    let changed = db.post().update(post::id.eq(1)).set(post::title, "New").set(post::views, increment(1)).await?;
    text.push_str(&changed.title);
    Ok(text)
}
