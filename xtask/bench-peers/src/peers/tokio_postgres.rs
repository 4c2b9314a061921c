//! `tokio-postgres`, as an expert writes it: prepared once, columns by index, statements that do not depend on each other sent
//! together, lists as one parameter, a user and its posts in one statement.

use std::collections::HashMap;
use std::future::Future;
use std::hint::black_box;
use std::pin::pin;

use ::tokio_postgres::types::ToSql;
use ::tokio_postgres::{Client, NoTls, Row, RowStream, Statement};

use crate::peer::{NEW_POSTS, Peer, Result, hair_color, title, user_name};

pub(crate) struct TokioPostgres {
    client: Client,
    statements: HashMap<&'static str, Statement>,
}

#[allow(dead_code, reason = "reading the fields from the database is the work")]
struct User {
    id: i32,
    name: String,
    hair_color: Option<String>,
}

#[allow(dead_code, reason = "reading the fields from the database is the work")]
struct Post {
    id: i32,
    user_id: i32,
    title: String,
    body: Option<String>,
}

#[allow(dead_code, reason = "reading the fields from the database is the work")]
struct Comment {
    id: i32,
    post_id: i32,
    text: String,
}

type Tree = Vec<(User, Vec<(Post, Vec<Comment>)>)>;
type Answer<T> = std::result::Result<T, ::tokio_postgres::Error>;

fn user(row: &Row) -> Answer<User> {
    Ok(User { id: row.try_get(0)?, name: row.try_get(1)?, hair_color: row.try_get(2)? })
}

fn post(row: &Row, first: usize) -> Answer<Post> {
    Ok(Post {
        id: row.try_get(first)?,
        user_id: row.try_get(first + 1)?,
        title: row.try_get(first + 2)?,
        body: row.try_get(first + 3)?,
    })
}

fn comment(row: &Row) -> Answer<Comment> {
    Ok(Comment { id: row.try_get(0)?, post_id: row.try_get(1)?, text: row.try_get(2)? })
}

/// The rows of a statement, each made into something else as it arrives.
async fn rows<T>(
    client: &Client,
    statement: &Statement,
    parameters: &[&(dyn ToSql + Sync)],
    make: impl Fn(&Row) -> Answer<T>,
) -> Answer<Vec<T>> {
    let stream = client.query_raw(statement, parameters.iter().copied()).await?;
    let mut stream = pin!(stream);
    let mut made = Vec::new();
    while let Some(row) = next(stream.as_mut()).await {
        made.push(make(&row?)?);
    }
    Ok(made)
}

fn next(mut stream: std::pin::Pin<&mut RowStream>) -> impl Future<Output = Option<Answer<Row>>> {
    use futures_core::Stream as _;
    std::future::poll_fn(move |context| stream.as_mut().poll_next(context))
}

impl TokioPostgres {
    pub(crate) async fn connect(url: &str) -> Result<Self> {
        let (client, connection) = ::tokio_postgres::connect(url, NoTls).await?;
        // The runtime has one thread: what moves the bytes runs on it as well.
        tokio::spawn(connection);
        Ok(Self { client, statements: HashMap::new() })
    }

    async fn prepared(&mut self, sql: &'static str) -> Result<Statement> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(sql).await?;
        self.statements.insert(sql, statement.clone());
        Ok(statement)
    }

    /// Three statements in one round trip; each selects by the condition of the one above.
    async fn tree(&mut self, users: &'static str, posts: &'static str, comments: &'static str) -> Result<Tree> {
        let (users, posts, comments) =
            (self.prepared(users).await?, self.prepared(posts).await?, self.prepared(comments).await?);
        let (users, posts, comments) = tokio::try_join!(
            rows(&self.client, &users, &[], user),
            rows(&self.client, &posts, &[], |row| post(row, 0)),
            rows(&self.client, &comments, &[], comment),
        )?;
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
        Ok(users.into_iter().map(with_posts).collect())
    }
}

fn size(tree: &Tree) -> usize {
    let posts = || tree.iter().flat_map(|(_, posts)| posts);
    tree.len() + posts().map(|(_, comments)| 1 + comments.len()).sum::<usize>()
}

impl Peer for TokioPostgres {
    async fn execute(&mut self, sql: &str) -> Result {
        Ok(self.client.batch_execute(sql).await?)
    }

    async fn trivial_query(&mut self) -> Result<usize> {
        let statement = self.prepared("SELECT id, name, hair_color FROM users").await?;
        Ok(black_box(rows(&self.client, &statement, &[], user).await?).len())
    }

    async fn medium_complex_query(&mut self) -> Result<usize> {
        let sql = "SELECT u.id, u.name, u.hair_color, p.id, p.user_id, p.title, p.body FROM users u \
                   LEFT JOIN posts p ON p.user_id = u.id WHERE u.hair_color = $1";
        let statement = self.prepared(sql).await?;
        let make = |row: &Row| {
            let post = if row.try_get::<_, Option<i32>>(3)?.is_some() { Some(post(row, 3)?) } else { None };
            Ok((user(row)?, post))
        };
        Ok(black_box(rows(&self.client, &statement, &[&"black"], make).await?).len())
    }

    async fn insert(&mut self, users: usize) -> Result<usize> {
        let sql = "INSERT INTO users (name, hair_color) SELECT * FROM unnest($1::text[], $2::text[])";
        let statement = self.prepared(sql).await?;
        let names: Vec<String> = (0..users).map(user_name).collect();
        let colors: Vec<String> = (0..users).map(hair_color).collect();
        Ok(usize::try_from(self.client.execute(&statement, &[&names, &colors]).await?)?)
    }

    async fn loading_associations_sequentially(&mut self) -> Result<usize> {
        let tree = self.tree(
            "SELECT id, name, hair_color FROM users",
            "SELECT id, user_id, title, body FROM posts WHERE user_id IN (SELECT id FROM users)",
            "SELECT id, post_id, text FROM comments WHERE post_id IN \
             (SELECT id FROM posts WHERE user_id IN (SELECT id FROM users))",
        );
        Ok(size(&black_box(tree.await?)))
    }

    async fn find_by_id(&mut self, id: i32) -> Result<usize> {
        let statement = self.prepared("SELECT id, name, hair_color FROM users WHERE id = $1").await?;
        let found = self.client.query_opt(&statement, &[&id]).await?;
        let found = found.as_ref().map(user).transpose()?;
        Ok(black_box(found).iter().len())
    }

    async fn filter_page(&mut self) -> Result<usize> {
        let sql = "SELECT id, name, hair_color FROM users WHERE hair_color = $1 AND name >= $2 AND id <= $3 \
                   ORDER BY id DESC LIMIT 20";
        let statement = self.prepared(sql).await?;
        let users = rows(&self.client, &statement, &[&"black", &"User 2", &9_000], user).await?;
        Ok(black_box(users).len())
    }

    async fn nested_create(&mut self) -> Result<usize> {
        let sql = "WITH u AS (INSERT INTO users (name, hair_color) VALUES ($1, $2) RETURNING id, name, hair_color), \
                   p AS (INSERT INTO posts (user_id, title) SELECT u.id, title FROM u, unnest($3::text[]) title) \
                   SELECT id, name, hair_color FROM u";
        let statement = self.prepared(sql).await?;
        let titles: Vec<String> = (0..NEW_POSTS).map(title).collect();
        let row = self.client.query_one(&statement, &[&user_name(0), &hair_color(0), &titles]).await?;
        Ok(black_box(user(&row)?).name.len())
    }

    async fn include_two_levels(&mut self) -> Result<usize> {
        let tree = self.tree(
            "SELECT id, name, hair_color FROM users ORDER BY id LIMIT 10",
            "SELECT id, user_id, title, body FROM posts WHERE user_id IN (SELECT id FROM users ORDER BY id LIMIT 10)",
            "SELECT id, post_id, text FROM comments WHERE post_id IN \
             (SELECT id FROM posts WHERE user_id IN (SELECT id FROM users ORDER BY id LIMIT 10))",
        );
        Ok(size(&black_box(tree.await?)))
    }
}
