//! sqlx, as its documentation has it: `query_as` with derived rows.

use std::collections::HashMap;
use std::hint::black_box;

use ::sqlx::{
    AssertSqlSafe, Connection as _, Executor as _, FromRow, PgConnection, QueryBuilder, Row as _, SqliteConnection,
    query_as,
};

use crate::peer::{NEW_POSTS, Peer, Result, hair_color, title, user_name};

#[derive(FromRow)]
#[allow(dead_code, reason = "reading the fields from the database is the work")]
struct User {
    id: i32,
    name: String,
    hair_color: Option<String>,
}

#[derive(FromRow)]
#[allow(dead_code, reason = "reading the fields from the database is the work")]
struct Post {
    id: i32,
    user_id: i32,
    title: String,
    body: Option<String>,
}

#[derive(FromRow)]
#[allow(dead_code, reason = "reading the fields from the database is the work")]
struct Comment {
    id: i32,
    post_id: i32,
    text: String,
}

const USERS: &str = "SELECT id, name, hair_color FROM users";
const FIRST_USERS: &str = "SELECT id, name, hair_color FROM users ORDER BY id LIMIT 10";
const POSTS: &str = "SELECT id, user_id, title, body FROM posts WHERE user_id";
const COMMENTS: &str = "SELECT id, post_id, text FROM comments WHERE post_id";

fn assembled(users: Vec<User>, posts: Vec<Post>, comments: Vec<Comment>) -> usize {
    let size = users.len() + posts.len() + comments.len();
    let mut of_post: HashMap<i32, Vec<Comment>> = HashMap::with_capacity(posts.len());
    for comment in comments {
        of_post.entry(comment.post_id).or_default().push(comment);
    }
    let mut of_user: HashMap<i32, Vec<(Post, Vec<Comment>)>> = HashMap::with_capacity(users.len());
    for post in posts {
        let comments = of_post.remove(&post.id).unwrap_or_default();
        of_user.entry(post.user_id).or_default().push((post, comments));
    }
    let with_posts = |user: User| {
        let posts = of_user.remove(&user.id).unwrap_or_default();
        (user, posts)
    };
    black_box(users.into_iter().map(with_posts).collect::<Vec<(User, Vec<(Post, Vec<Comment>)>)>>());
    size
}

macro_rules! peer {
    ($peer:ident, $connection:ident, $list:ident) => {
        pub(crate) struct $peer($connection);

        impl $peer {
            pub(crate) async fn connect(url: &str) -> Result<Self> {
                Ok(Self($connection::connect(url).await?))
            }

            async fn tree(&mut self, users: &'static str) -> Result<usize> {
                let users: Vec<User> = query_as(users).fetch_all(&mut self.0).await?;
                let keys: Vec<i32> = users.iter().map(|user| user.id).collect();
                let posts: Vec<Post> = $list!(POSTS, keys, self.0);
                let keys: Vec<i32> = posts.iter().map(|post| post.id).collect();
                let comments: Vec<Comment> = $list!(COMMENTS, keys, self.0);
                Ok(assembled(users, posts, comments))
            }
        }

        impl Peer for $peer {
            async fn execute(&mut self, sql: &str) -> Result {
                self.0.execute(AssertSqlSafe(sql.to_owned())).await?;
                Ok(())
            }

            async fn trivial_query(&mut self) -> Result<usize> {
                let users: Vec<User> = query_as(USERS).fetch_all(&mut self.0).await?;
                Ok(black_box(users).len())
            }

            async fn medium_complex_query(&mut self) -> Result<usize> {
                let sql = "SELECT u.id, u.name, u.hair_color, p.id AS post_id, p.user_id, p.title, p.body FROM users u \
                           LEFT JOIN posts p ON p.user_id = u.id WHERE u.hair_color = $1";
                let rows = ::sqlx::query(sql).bind("black").fetch_all(&mut self.0).await?;
                let mut users = Vec::with_capacity(rows.len());
                for row in &rows {
                    let post = match row.try_get::<Option<i32>, _>(3)? {
                        None => None,
                        Some(id) => {
                            Some(Post { id, user_id: row.try_get(4)?, title: row.try_get(5)?, body: row.try_get(6)? })
                        }
                    };
                    let user = User { id: row.try_get(0)?, name: row.try_get(1)?, hair_color: row.try_get(2)? };
                    users.push((user, post));
                }
                Ok(black_box(users).len())
            }

            async fn insert(&mut self, users: usize) -> Result<usize> {
                let mut insert = QueryBuilder::new("INSERT INTO users (name, hair_color) ");
                insert.push_values(0..users, |mut row, number| {
                    row.push_bind(user_name(number)).push_bind(hair_color(number));
                });
                let done = insert.build().execute(&mut self.0).await?;
                Ok(usize::try_from(done.rows_affected())?)
            }

            async fn loading_associations_sequentially(&mut self) -> Result<usize> {
                self.tree(USERS).await
            }

            async fn find_by_id(&mut self, id: i32) -> Result<usize> {
                let sql = "SELECT id, name, hair_color FROM users WHERE id = $1";
                let user: Option<User> = query_as(sql).bind(id).fetch_optional(&mut self.0).await?;
                Ok(black_box(user).iter().len())
            }

            async fn filter_page(&mut self) -> Result<usize> {
                let sql = "SELECT id, name, hair_color FROM users WHERE hair_color = $1 AND name >= $2 AND id <= $3 \
                           ORDER BY id DESC LIMIT 20";
                let users = query_as(sql).bind("black").bind("User 2").bind(9_000);
                let users: Vec<User> = users.fetch_all(&mut self.0).await?;
                Ok(black_box(users).len())
            }

            async fn nested_create(&mut self) -> Result<usize> {
                let mut transaction = self.0.begin().await?;
                let sql = "INSERT INTO users (name, hair_color) VALUES ($1, $2) RETURNING id, name, hair_color";
                let user = query_as(sql).bind(user_name(0)).bind(hair_color(0));
                let user: User = user.fetch_one(&mut *transaction).await?;
                let mut insert = QueryBuilder::new("INSERT INTO posts (user_id, title) ");
                insert.push_values(0..NEW_POSTS, |mut row, number| {
                    row.push_bind(user.id).push_bind(title(number));
                });
                insert.build().execute(&mut *transaction).await?;
                transaction.commit().await?;
                Ok(black_box(user).name.len())
            }

            async fn include_two_levels(&mut self) -> Result<usize> {
                self.tree(FIRST_USERS).await
            }
        }
    };
}

/// SQLite takes a list as so many parameters.
macro_rules! parameters {
    ($select:ident, $keys:ident, $connection:expr) => {{
        let mut select = QueryBuilder::new($select);
        let mut list = select.push(" IN (").separated(", ");
        for key in $keys {
            list.push_bind(key);
        }
        select.push(")");
        select.build_query_as().fetch_all(&mut $connection).await?
    }};
}

/// PostgreSQL takes a list as one parameter.
macro_rules! array {
    ($select:ident, $keys:ident, $connection:expr) => {{
        let mut select = QueryBuilder::new($select);
        select.push(" = ANY(").push_bind($keys).push(")");
        select.build_query_as().fetch_all(&mut $connection).await?
    }};
}

peer!(SqlxSqlite, SqliteConnection, parameters);
peer!(SqlxPostgresql, PgConnection, array);
