//! Diesel, as its guide has it.

use std::hint::black_box;

use ::diesel::prelude::*;

use crate::peer::{NEW_POSTS, Peer, Result, hair_color, title, user_name};

::diesel::table! {
    users {
        id -> Integer,
        name -> Text,
        hair_color -> Nullable<Text>,
    }
}

::diesel::table! {
    posts {
        id -> Integer,
        user_id -> Integer,
        title -> Text,
        body -> Nullable<Text>,
    }
}

::diesel::table! {
    comments {
        id -> Integer,
        post_id -> Integer,
        text -> Text,
    }
}

::diesel::joinable!(posts -> users (user_id));
::diesel::joinable!(comments -> posts (post_id));
::diesel::allow_tables_to_appear_in_same_query!(users, posts, comments);

#[derive(Queryable, Selectable, Identifiable)]
#[diesel(table_name = users)]
#[allow(dead_code, reason = "reading the fields from the database is the work")]
pub(crate) struct User {
    id: i32,
    pub(crate) name: String,
    hair_color: Option<String>,
}

#[derive(Queryable, Selectable, Identifiable, Associations)]
#[diesel(table_name = posts, belongs_to(User))]
#[allow(dead_code, reason = "reading the fields from the database is the work")]
pub(crate) struct Post {
    id: i32,
    user_id: i32,
    title: String,
    body: Option<String>,
}

#[derive(Queryable, Selectable, Identifiable, Associations)]
#[diesel(table_name = comments, belongs_to(Post))]
#[allow(dead_code, reason = "reading the fields from the database is the work")]
pub(crate) struct Comment {
    id: i32,
    post_id: i32,
    text: String,
}

#[derive(Insertable)]
#[diesel(table_name = users, treat_none_as_default_value = false)]
pub(crate) struct NewUser {
    name: String,
    hair_color: Option<String>,
}

#[derive(Insertable)]
#[diesel(table_name = posts, treat_none_as_default_value = false)]
pub(crate) struct NewPost {
    user_id: i32,
    title: String,
}

impl NewUser {
    pub(crate) fn numbered(number: usize) -> Self {
        Self { name: user_name(number), hair_color: Some(hair_color(number)) }
    }
}

impl NewPost {
    pub(crate) fn of(user: &User) -> Vec<Self> {
        (0..NEW_POSTS).map(|number| Self { user_id: user.id, title: title(number) }).collect()
    }
}

/// What was loaded level by level, as a tree; and how many rows are in it.
pub(crate) fn assembled(users: Vec<User>, posts: Vec<Post>, comments: Vec<Comment>) -> usize {
    let size = users.len() + posts.len() + comments.len();
    let comments = comments.grouped_by(&posts);
    let posts = posts.into_iter().zip(comments).grouped_by(&users);
    black_box(users.into_iter().zip(posts).collect::<Vec<(User, Vec<(Post, Vec<Comment>)>)>>());
    size
}

macro_rules! peer {
    ($peer:ident, $connection:ty) => {
        pub(crate) struct $peer($connection);

        impl $peer {
            pub(crate) fn connect(url: &str) -> Result<Self> {
                Ok(Self(<$connection>::establish(url)?))
            }
        }

        impl Peer for $peer {
            async fn execute(&mut self, sql: &str) -> Result {
                use ::diesel::connection::SimpleConnection as _;
                Ok(self.0.batch_execute(sql)?)
            }

            async fn trivial_query(&mut self) -> Result<usize> {
                let users = users::table.select(User::as_select()).load(&mut self.0)?;
                Ok(black_box(users).len())
            }

            async fn medium_complex_query(&mut self) -> Result<usize> {
                let rows: Vec<(User, Option<Post>)> = users::table
                    .left_join(posts::table)
                    .filter(users::hair_color.eq("black"))
                    .select((User::as_select(), Option::<Post>::as_select()))
                    .load(&mut self.0)?;
                Ok(black_box(rows).len())
            }

            async fn insert(&mut self, users: usize) -> Result<usize> {
                let users: Vec<NewUser> = (0..users).map(NewUser::numbered).collect();
                Ok(::diesel::insert_into(users::table).values(&users).execute(&mut self.0)?)
            }

            async fn loading_associations_sequentially(&mut self) -> Result<usize> {
                let users = users::table.select(User::as_select()).load(&mut self.0)?;
                let posts = Post::belonging_to(&users).select(Post::as_select()).load(&mut self.0)?;
                let comments = Comment::belonging_to(&posts).select(Comment::as_select()).load(&mut self.0)?;
                Ok(assembled(users, posts, comments))
            }

            async fn find_by_id(&mut self, id: i32) -> Result<usize> {
                let user = users::table.find(id).select(User::as_select()).first(&mut self.0).optional()?;
                Ok(black_box(user).iter().len())
            }

            async fn filter_page(&mut self) -> Result<usize> {
                let users = users::table
                    .filter(users::hair_color.eq("black").and(users::name.ge("User 2")).and(users::id.le(9_000)))
                    .order(users::id.desc())
                    .limit(20)
                    .select(User::as_select())
                    .load(&mut self.0)?;
                Ok(black_box(users).len())
            }

            async fn nested_create(&mut self) -> Result<usize> {
                let user = self.0.transaction(|connection| {
                    let user = ::diesel::insert_into(users::table)
                        .values(NewUser::numbered(0))
                        .returning(User::as_returning())
                        .get_result(connection)?;
                    ::diesel::insert_into(posts::table).values(NewPost::of(&user)).execute(connection)?;
                    ::diesel::QueryResult::Ok(user)
                })?;
                Ok(black_box(user).name.len())
            }

            async fn include_two_levels(&mut self) -> Result<usize> {
                let users =
                    users::table.order(users::id.asc()).limit(10).select(User::as_select()).load(&mut self.0)?;
                let posts = Post::belonging_to(&users).select(Post::as_select()).load(&mut self.0)?;
                let comments = Comment::belonging_to(&posts).select(Comment::as_select()).load(&mut self.0)?;
                Ok(assembled(users, posts, comments))
            }
        }
    };
}

peer!(DieselSqlite, SqliteConnection);
peer!(DieselPostgresql, PgConnection);
