//! The generated client.

use crate::peer::{NEW_POSTS, Peer, Result, hair_color, title, user_name};

/// A client of one database, and the same calls for each.
macro_rules! client {
    ($name:ident, $peer:ident, $file:literal) => {
        #[allow(clippy::all, dead_code, missing_docs, non_upper_case_globals, unreachable_pub, unused_imports)]
        mod $name {
            include!(concat!(env!("OUT_DIR"), $file));
        }

        pub(crate) struct $peer($name::Client);

        impl $peer {
            pub(crate) async fn connect(url: &str) -> Result<Self> {
                Ok(Self($name::Client::connect(url).await?))
            }
        }

        impl Peer for $peer {
            async fn execute(&mut self, sql: &str) -> Result {
                self.0.execute_raw(lenslet_native::Sql::from_text_unsafe(sql, Vec::new())).await?;
                Ok(())
            }

            async fn trivial_query(&mut self) -> Result<usize> {
                Ok(self.0.user().find_many().await?.len())
            }

            async fn medium_complex_query(&mut self) -> Result<usize> {
                use $name::user;
                let users = self.0.user().find_many().filter(user::hair_color.eq("black")).include(user::posts).await?;
                Ok(users.len() + users.iter().map(|user| user.posts().len()).sum::<usize>())
            }

            async fn insert(&mut self, users: usize) -> Result<usize> {
                use $name::user;
                let users = (0..users)
                    .map(|number| user::New { name: user_name(number) }.set(user::hair_color, hair_color(number)));
                Ok(usize::try_from(self.0.user().create_many(users).await?)?)
            }

            async fn loading_associations_sequentially(&mut self) -> Result<usize> {
                use $name::{post, user};
                let users = self.0.user().find_many().include(user::posts.include(post::comments)).await?;
                let posts = || users.iter().flat_map(|user| user.posts());
                Ok(users.len() + posts().map(|post| 1 + post.comments().len()).sum::<usize>())
            }

            async fn find_by_id(&mut self, id: i32) -> Result<usize> {
                let user = self.0.user().find_unique($name::user::id.eq(id)).await?;
                Ok(std::hint::black_box(user).iter().len())
            }

            async fn filter_page(&mut self) -> Result<usize> {
                use $name::user;
                let filter = user::hair_color.eq("black") & user::name.gte("User 2") & user::id.lte(9_000);
                Ok(self.0.user().find_many().filter(filter).order_by(user::id.desc()).take(20).await?.len())
            }

            async fn nested_create(&mut self) -> Result<usize> {
                use $name::{post, user};
                let posts =
                    (0..NEW_POSTS).map(|number| post::New { title: title(number), user_id: lenslet_native::Inherit });
                let user = user::New { name: user_name(0) }.set(user::hair_color, hair_color(0));
                let user = self.0.user().create(user).with(user::posts.create(posts)).await?;
                Ok(std::hint::black_box(user).name.len())
            }

            async fn include_two_levels(&mut self) -> Result<usize> {
                use $name::{post, user};
                let users = self.0.user().find_many().order_by(user::id.asc()).take(10);
                let users = users.include(user::posts.include(post::comments)).await?;
                let posts = || users.iter().flat_map(|user| user.posts());
                Ok(users.len() + posts().map(|post| 1 + post.comments().len()).sum::<usize>())
            }
        }
    };
}

client!(sqlite, LensletSqlite, "/sqlite/lib.rs");
client!(postgresql, LensletPostgresql, "/postgresql/lib.rs");
