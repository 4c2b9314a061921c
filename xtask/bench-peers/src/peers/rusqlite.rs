//! `rusqlite`, as an expert writes it: prepared statements from its cache, columns by index, one transaction a change.

use std::collections::HashMap;
use std::hint::black_box;

use ::rusqlite::{Connection, Row, params, params_from_iter};

use crate::peer::{NEW_POSTS, Peer, Result, hair_color, title, user_name};

pub(crate) struct Rusqlite(Connection);

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

fn user(row: &Row<'_>) -> ::rusqlite::Result<User> {
    Ok(User { id: row.get(0)?, name: row.get(1)?, hair_color: row.get(2)? })
}

fn post(row: &Row<'_>, first: usize) -> ::rusqlite::Result<Post> {
    Ok(Post {
        id: row.get(first)?,
        user_id: row.get(first + 1)?,
        title: row.get(first + 2)?,
        body: row.get(first + 3)?,
    })
}

fn comment(row: &Row<'_>) -> ::rusqlite::Result<Comment> {
    Ok(Comment { id: row.get(0)?, post_id: row.get(1)?, text: row.get(2)? })
}

const USERS: &str = "SELECT id, name, hair_color FROM users";
const POSTS: &str = "SELECT id, user_id, title, body FROM posts";
const COMMENTS: &str = "SELECT id, post_id, text FROM comments";

impl Rusqlite {
    pub(crate) fn connect() -> Result<Self> {
        let connection = Connection::open_in_memory()?;
        connection.set_prepared_statement_cache_capacity(256);
        Ok(Self(connection))
    }

    fn users(&self, sql: &str) -> ::rusqlite::Result<Vec<User>> {
        self.0.prepare_cached(sql)?.query_map([], user)?.collect()
    }

    /// One statement a level; each selects by the condition of the one above.
    fn tree(&self, users: Vec<User>, limit: &str) -> ::rusqlite::Result<Tree> {
        let parents = format!("SELECT id FROM users {limit}");
        let posts = format!("{POSTS} WHERE user_id IN ({parents})");
        let comments = format!("{COMMENTS} WHERE post_id IN (SELECT id FROM posts WHERE user_id IN ({parents}))");
        let mut of_post: HashMap<i32, Vec<Comment>> = HashMap::new();
        for comment in self.0.prepare_cached(&comments)?.query_map([], comment)? {
            let comment = comment?;
            of_post.entry(comment.post_id).or_default().push(comment);
        }
        let mut of_user: HashMap<i32, Vec<(Post, Vec<Comment>)>> = HashMap::with_capacity(users.len());
        for post in self.0.prepare_cached(&posts)?.query_map([], |row| post(row, 0))? {
            let post = post?;
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

impl Peer for Rusqlite {
    async fn execute(&mut self, sql: &str) -> Result {
        Ok(self.0.execute_batch(sql)?)
    }

    async fn trivial_query(&mut self) -> Result<usize> {
        Ok(black_box(self.users(USERS)?).len())
    }

    async fn medium_complex_query(&mut self) -> Result<usize> {
        let sql = "SELECT u.id, u.name, u.hair_color, p.id, p.user_id, p.title, p.body FROM users u \
                   LEFT JOIN posts p ON p.user_id = u.id WHERE u.hair_color = ?1";
        let mut statement = self.0.prepare_cached(sql)?;
        let rows = statement.query_map(["black"], |row| {
            let post = if row.get_ref(3)? == ::rusqlite::types::ValueRef::Null { None } else { Some(post(row, 3)?) };
            Ok((user(row)?, post))
        })?;
        let rows: Vec<(User, Option<Post>)> = rows.collect::<::rusqlite::Result<_>>()?;
        Ok(black_box(rows).len())
    }

    async fn insert(&mut self, users: usize) -> Result<usize> {
        let sql = format!("INSERT INTO users (name, hair_color) VALUES (?, ?){}", ", (?, ?)".repeat(users - 1));
        let values = (0..users).flat_map(|number| [user_name(number), hair_color(number)]);
        Ok(self.0.prepare_cached(&sql)?.execute(params_from_iter(values))?)
    }

    async fn loading_associations_sequentially(&mut self) -> Result<usize> {
        let users = self.users(USERS)?;
        Ok(size(&black_box(self.tree(users, "")?)))
    }

    async fn find_by_id(&mut self, id: i32) -> Result<usize> {
        use ::rusqlite::OptionalExtension as _;
        let mut statement = self.0.prepare_cached("SELECT id, name, hair_color FROM users WHERE id = ?1")?;
        let found = statement.query_row([id], user).optional()?;
        Ok(black_box(found).iter().len())
    }

    async fn filter_page(&mut self) -> Result<usize> {
        let sql = "SELECT id, name, hair_color FROM users WHERE hair_color = ?1 AND name >= ?2 AND id <= ?3 \
                   ORDER BY id DESC LIMIT 20";
        let mut statement = self.0.prepare_cached(sql)?;
        let users = statement.query_map(params!["black", "User 2", 9_000], user)?;
        let users: Vec<User> = users.collect::<::rusqlite::Result<_>>()?;
        Ok(black_box(users).len())
    }

    async fn nested_create(&mut self) -> Result<usize> {
        let transaction = self.0.transaction()?;
        let insert = "INSERT INTO users (name, hair_color) VALUES (?1, ?2) RETURNING id, name, hair_color";
        let user = transaction.prepare_cached(insert)?.query_row(params![user_name(0), hair_color(0)], user)?;
        {
            let insert = "INSERT INTO posts (user_id, title) VALUES (?1, ?2)";
            let mut insert = transaction.prepare_cached(insert)?;
            for number in 0..NEW_POSTS {
                insert.execute(params![user.id, title(number)])?;
            }
        }
        transaction.commit()?;
        Ok(black_box(user).name.len())
    }

    async fn include_two_levels(&mut self) -> Result<usize> {
        let users = self.users("SELECT id, name, hair_color FROM users ORDER BY id LIMIT 10")?;
        Ok(size(&black_box(self.tree(users, "ORDER BY id LIMIT 10")?)))
    }
}
