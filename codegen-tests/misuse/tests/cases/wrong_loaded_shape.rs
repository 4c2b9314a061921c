//! A function that needs more than was loaded.

use golden_blog_edge as db;
use db::{Client, Post, post};

async fn mistake(db: &Client) -> Result<(), db::Error> {
    fn tagged(post: &Post<(post::Tags,)>) -> usize {
        post.tags().len()
    }
    let posts = db.post().find_many().include(post::author).await?;
    tagged(&posts[0]);
    Ok(())
}

fn main() {}
