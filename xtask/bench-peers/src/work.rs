//! What is measured: the operations, their sizes, and the rows that are there before.

/// An operation, see [`Peer`](crate::peer::Peer).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    TrivialQuery,
    MediumComplexQuery,
    Insert,
    LoadingAssociations,
    FindById,
    FilterPage,
    NestedCreate,
    IncludeTwoLevels,
}

/// An operation on so many rows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Work {
    pub(crate) operation: Operation,
    pub(crate) size: usize,
}

/// A database that is measured on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Database {
    Sqlite,
    Postgresql,
}

impl Operation {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Operation::TrivialQuery => "trivial_query",
            Operation::MediumComplexQuery => "medium_complex_query",
            Operation::Insert => "insert",
            Operation::LoadingAssociations => "loading_associations_sequentially",
            Operation::FindById => "find_by_id",
            Operation::FilterPage => "filter_page",
            Operation::NestedCreate => "nested_create",
            Operation::IncludeTwoLevels => "include_two_levels",
        }
    }

    fn sizes(self) -> &'static [usize] {
        match self {
            Operation::TrivialQuery | Operation::MediumComplexQuery => &[1, 10, 100, 1_000, 10_000],
            Operation::Insert => &[1, 10, 25, 50, 100],
            _ => &[1],
        }
    }
}

impl Work {
    /// All that is measured.
    pub(crate) fn all() -> impl Iterator<Item = Work> {
        use Operation as O;
        let operations = [
            O::TrivialQuery,
            O::MediumComplexQuery,
            O::Insert,
            O::LoadingAssociations,
            O::FindById,
            O::FilterPage,
            O::NestedCreate,
            O::IncludeTwoLevels,
        ];
        operations
            .into_iter()
            .flat_map(|operation| operation.sizes().iter().map(move |size| Work { operation, size: *size }))
    }

    pub(crate) fn name(self) -> String {
        match self.operation.sizes() {
            [_] => self.operation.name().to_owned(),
            _ => format!("{} {}", self.operation.name(), self.size),
        }
    }

    /// Whether rows are inserted, which must go away again before the next sample.
    pub(crate) fn writes(self) -> bool {
        matches!(self.operation, Operation::Insert | Operation::NestedCreate)
    }

    /// How many users there are, posts of each, and comments on each of those.
    fn rows(self, database: Database) -> (usize, usize, usize) {
        match self.operation {
            Operation::TrivialQuery | Operation::MediumComplexQuery => (self.size, 0, 0),
            Operation::Insert | Operation::NestedCreate => (0, 0, 0),
            Operation::LoadingAssociations if database == Database::Sqlite => (9, 10, 10),
            Operation::LoadingAssociations | Operation::IncludeTwoLevels => (100, 10, 10),
            Operation::FindById | Operation::FilterPage => (10_000, 0, 0),
        }
    }

    /// The statements that put the rows there which the operation works on, and no others.
    pub(crate) fn fill(self, database: Database) -> Vec<String> {
        let (users, posts, comments) = self.rows(database);
        let mut statements = clear(database);
        let numbers = |count: usize| {
            format!("WITH RECURSIVE numbers(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < {count})")
        };
        if users > 0 {
            statements.push(format!(
                "{} INSERT INTO users (id, name, hair_color) SELECT i, 'User ' || i, \
                 CASE WHEN i % 2 = 1 THEN 'black' ELSE 'brown' END FROM numbers",
                numbers(users)
            ));
        }
        if posts > 0 {
            let count = users * posts;
            statements.push(format!(
                "{} INSERT INTO posts (id, user_id, title, body) SELECT i, (i - 1) / {posts} + 1, 'Post ' || i, \
                 'Body of post ' || i FROM numbers",
                numbers(count)
            ));
            statements.push(format!(
                "{} INSERT INTO comments (id, post_id, text) SELECT i, (i - 1) / {comments} + 1, 'Comment ' || i FROM numbers",
                numbers(count * comments)
            ));
        }
        statements.push(String::from("ANALYZE"));
        statements
    }
}

/// The statements that make the tables.
pub(crate) fn tables(database: Database) -> Vec<String> {
    let key = match database {
        Database::Sqlite => "INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT",
        Database::Postgresql => "SERIAL PRIMARY KEY",
    };
    let mut statements = vec![
        format!("CREATE TABLE users (id {key}, name TEXT NOT NULL, hair_color TEXT)"),
        format!(
            "CREATE TABLE posts (id {key}, user_id INTEGER NOT NULL REFERENCES users (id), title TEXT NOT NULL, body TEXT)"
        ),
        String::from("CREATE INDEX posts_user_id_idx ON posts (user_id)"),
        format!("CREATE TABLE comments (id {key}, post_id INTEGER NOT NULL REFERENCES posts (id), text TEXT NOT NULL)"),
        String::from("CREATE INDEX comments_post_id_idx ON comments (post_id)"),
    ];
    if database == Database::Sqlite {
        // What Lenslet's connections do by themselves.
        statements.insert(0, String::from("PRAGMA foreign_keys = ON"));
    }
    statements
}

/// The statements that remove all rows.
pub(crate) fn clear(database: Database) -> Vec<String> {
    match database {
        Database::Sqlite => {
            ["comments", "posts", "users", "sqlite_sequence"].map(|table| format!("DELETE FROM {table}")).to_vec()
        }
        Database::Postgresql => vec![String::from("TRUNCATE users, posts, comments RESTART IDENTITY")],
    }
}
