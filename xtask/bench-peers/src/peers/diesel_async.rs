//! diesel-async, with the tables of [`diesel`](super::diesel).

use std::hint::black_box;

use ::diesel::prelude::{
    BelongingToDsl, BoolExpressionMethods, ExpressionMethods, OptionalExtension, QueryDsl, SelectableHelper,
    SqliteConnection,
};
use ::diesel_async::{
    AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection,
    sync_connection_wrapper::SyncConnectionWrapper,
};

use super::diesel::{Comment, NewPost, NewUser, Post, User, assembled, posts, users};
use crate::peer::{Peer, Result};

macro_rules! peer {
    ($peer:ident, $connection:ty, $insert:ident) => {
        pub(crate) struct $peer($connection);

        impl $peer {
            pub(crate) async fn connect(url: &str) -> Result<Self> {
                Ok(Self(<$connection>::establish(url).await?))
            }
        }

        impl Peer for $peer {
            async fn execute(&mut self, sql: &str) -> Result {
                Ok(self.0.batch_execute(sql).await?)
            }

            async fn trivial_query(&mut self) -> Result<usize> {
                let users = users::table.select(User::as_select()).load(&mut self.0).await?;
                Ok(black_box(users).len())
            }

            async fn medium_complex_query(&mut self) -> Result<usize> {
                let rows: Vec<(User, Option<Post>)> = users::table
                    .left_join(posts::table)
                    .filter(users::hair_color.eq("black"))
                    .select((User::as_select(), Option::<Post>::as_select()))
                    .load(&mut self.0)
                    .await?;
                Ok(black_box(rows).len())
            }

            async fn insert(&mut self, users: usize) -> Result<usize> {
                let users: Vec<NewUser> = (0..users).map(NewUser::numbered).collect();
                Ok($insert!(users::table, users, &mut self.0))
            }

            async fn loading_associations_sequentially(&mut self) -> Result<usize> {
                let users = users::table.select(User::as_select()).load(&mut self.0).await?;
                let posts = Post::belonging_to(&users).select(Post::as_select()).load(&mut self.0).await?;
                let comments = Comment::belonging_to(&posts).select(Comment::as_select()).load(&mut self.0).await?;
                Ok(assembled(users, posts, comments))
            }

            async fn find_by_id(&mut self, id: i32) -> Result<usize> {
                let user = users::table.find(id).select(User::as_select()).first(&mut self.0).await.optional()?;
                Ok(black_box(user).iter().len())
            }

            async fn filter_page(&mut self) -> Result<usize> {
                let users = users::table
                    .filter(users::hair_color.eq("black").and(users::name.ge("User 2")).and(users::id.le(9_000)))
                    .order(users::id.desc())
                    .limit(20)
                    .select(User::as_select())
                    .load(&mut self.0)
                    .await?;
                Ok(black_box(users).len())
            }

            async fn nested_create(&mut self) -> Result<usize> {
                let create = self.0.transaction(async |connection| {
                    let user = ::diesel::insert_into(users::table)
                        .values(NewUser::numbered(0))
                        .returning(User::as_returning())
                        .get_result(connection)
                        .await?;
                    $insert!(posts::table, NewPost::of(&user), connection);
                    ::diesel::QueryResult::Ok(user)
                });
                Ok(black_box(create.await?).name.len())
            }

            async fn include_two_levels(&mut self) -> Result<usize> {
                let users = users::table.order(users::id.asc()).limit(10).select(User::as_select());
                let users = users.load(&mut self.0).await?;
                let posts = Post::belonging_to(&users).select(Post::as_select()).load(&mut self.0).await?;
                let comments = Comment::belonging_to(&posts).select(Comment::as_select()).load(&mut self.0).await?;
                Ok(assembled(users, posts, comments))
            }
        }
    };
}

/// On SQLite it takes no list of rows.
macro_rules! each {
    ($table:expr, $rows:expr, $connection:expr) => {{
        let insert = AsyncConnection::transaction($connection, async |connection| {
            let mut count = 0;
            for row in $rows {
                count += ::diesel::insert_into($table).values(row).execute(connection).await?;
            }
            ::diesel::QueryResult::Ok(count)
        });
        insert.await?
    }};
}

macro_rules! all {
    ($table:expr, $rows:expr, $connection:expr) => {
        ::diesel::insert_into($table).values($rows).execute($connection).await?
    };
}

peer!(DieselAsyncSqlite, SyncConnectionWrapper<SqliteConnection>, each);
peer!(DieselAsyncPostgresql, AsyncPgConnection, all);
