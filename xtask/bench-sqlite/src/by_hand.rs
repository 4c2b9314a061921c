//! What an expert writes with rusqlite: prepared statements from its cache, columns by index, one transaction a change, and
//! limits as part of the text (SQLite prepares a statement again whenever a bound limit is bound anew).
#![allow(dead_code, reason = "the fields are read from the database; that is the work")]

use std::collections::HashMap;

use rusqlite::{Connection, Result, Row, params};

pub(crate) struct User {
    pub(crate) id: i32,
    pub(crate) email: String,
    pub(crate) name: Option<String>,
    pub(crate) age: i32,
    pub(crate) score: f64,
    pub(crate) active: bool,
}

pub(crate) struct Post {
    pub(crate) id: i32,
    pub(crate) title: String,
    pub(crate) views: i32,
    pub(crate) author_id: i32,
}

fn user(row: &Row<'_>) -> Result<User> {
    Ok(User {
        id: row.get(0)?,
        email: row.get(1)?,
        name: row.get(2)?,
        age: row.get(3)?,
        score: row.get(4)?,
        active: row.get(5)?,
    })
}

fn post(row: &Row<'_>) -> Result<Post> {
    Ok(Post { id: row.get(0)?, title: row.get(1)?, views: row.get(2)?, author_id: row.get(3)? })
}

const USERS: &str = "SELECT id, email, name, age, score, active FROM user";

pub(crate) fn users(connection: &Connection, count: u32) -> Result<Vec<User>> {
    let mut statement = connection.prepare_cached(&format!("{USERS} ORDER BY id LIMIT {count}"))?;
    statement.query_map([], user)?.collect()
}

pub(crate) fn user_by_id(connection: &Connection, id: i32) -> Result<Option<User>> {
    use rusqlite::OptionalExtension as _;
    connection.prepare_cached(&format!("{USERS} WHERE id = ?1"))?.query_row([id], user).optional()
}

/// Two statements; the second one selects by the first one's condition, and its rows come grouped.
pub(crate) fn users_with_posts(connection: &Connection, count: u32) -> Result<Vec<(User, Vec<Post>)>> {
    let users = users(connection, count)?;
    let sql = format!(
        "SELECT id, title, views, author_id FROM post WHERE author_id IN (SELECT id FROM user ORDER BY id LIMIT {count})"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut by_author: HashMap<i32, Vec<Post>> = HashMap::with_capacity(users.len());
    for post in statement.query_map([], post)? {
        let post = post?;
        by_author.entry(post.author_id).or_default().push(post);
    }
    Ok(users
        .into_iter()
        .map(|user| {
            let posts = by_author.remove(&user.id).unwrap_or_default();
            (user, posts)
        })
        .collect())
}

const INSERT: &str = "INSERT INTO user (email, name, age, score, active) VALUES (?1, ?2, ?3, ?4, ?5)";

/// One row, and what the database made of it.
pub(crate) fn insert(connection: &Connection, email: &str) -> Result<User> {
    let sql = format!("{INSERT} RETURNING id, email, name, age, score, active");
    connection.prepare_cached(&sql)?.query_row(params![email, "Ada", 36, 1.5, true], user)
}

/// Many rows: one prepared statement, stepped once a row, in one transaction.
pub(crate) fn insert_many(connection: &mut Connection, emails: Vec<String>) -> Result<usize> {
    let transaction = connection.transaction()?;
    let mut count = 0;
    {
        let mut statement = transaction.prepare_cached(INSERT)?;
        for email in emails {
            count += statement.execute(params![email, "Ada", 36, 1.5, true])?;
        }
    }
    transaction.commit()?;
    Ok(count)
}
