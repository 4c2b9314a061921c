//! Users with posts, posts with tags: a catalog, a database, and short ways to ask and to read.

use lenslet_core::{
    operation::Sendable,
    query::{
        Action, Arguments, Assignment, Compare, Condition, CreateMany, Operator, Order, OrderBy, Query, Raw, Selected,
        SelectedRelation, Sort, Write,
    },
};
use lenslet_native::{
    Cursor, Engine, Error, Execute, FieldId, ModelId, Options, Value,
    catalog::{
        Arity, Catalog, Column, ColumnType, Field, FieldKind, ForeignKey, Index, IndexField, IndexKind, JoinTable,
        Model, ModelKind, Provider, ReferentialAction, Relation, RelationEnd, RelationField, RelationKind,
        RelationMode, ScalarType, Side,
    },
};
use std::{borrow::Cow, cell::RefCell, future::poll_fn};
use tempfile::TempDir;

pub(crate) const USER: ModelId = ModelId::at(0);
pub(crate) const POST: ModelId = ModelId::at(1);
pub(crate) const TAG: ModelId = ModelId::at(2);
/// Of every model.
pub(crate) const ID: FieldId = FieldId::at(0);
/// A user's email, a post's title, a tag's name.
pub(crate) const NAME: FieldId = FieldId::at(1);
pub(crate) const USER_POSTS: FieldId = FieldId::at(2);
pub(crate) const POST_VIEWS: FieldId = FieldId::at(2);
pub(crate) const POST_AUTHOR_ID: FieldId = FieldId::at(3);
pub(crate) const POST_AUTHOR: FieldId = FieldId::at(4);
pub(crate) const POST_TAGS: FieldId = FieldId::at(5);

const DDL: &str = r#"
CREATE TABLE users (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, mail TEXT NOT NULL UNIQUE);
CREATE TABLE Post (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    title TEXT NOT NULL,
    views INTEGER,
    authorId INTEGER NOT NULL REFERENCES users (id)
);
CREATE TABLE Tag (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL);
CREATE TABLE _PostToTag (A INTEGER NOT NULL REFERENCES Post (id), B INTEGER NOT NULL REFERENCES Tag (id));
CREATE UNIQUE INDEX pairs ON _PostToTag (A, B);
INSERT INTO users VALUES (1, 'ada'), (2, 'bob'), (3, 'eve');
INSERT INTO Post VALUES (1, 'a1', 10, 1), (2, 'a2', NULL, 1), (3, 'a3', 30, 1), (4, 'b1', 5, 2);
INSERT INTO Tag VALUES (1, 'red'), (2, 'blue');
INSERT INTO _PostToTag VALUES (1, 1), (1, 2), (3, 1);
"#;

fn column(name: &'static str, db_name: &'static str, ty: ScalarType, arity: Arity) -> Field {
    Field {
        name: name.into(),
        documentation: None,
        arity,
        ignored: false,
        kind: FieldKind::Column(Column {
            db_name: db_name.into(),
            ty: ColumnType::Scalar(ty),
            native_type: None,
            default: None,
            updated_at: false,
        }),
    }
}

fn end(name: &'static str, arity: Arity, end: RelationEnd) -> Field {
    Field { name: name.into(), documentation: None, arity, ignored: false, kind: FieldKind::Relation(end) }
}

fn index(kind: IndexKind, field: u16) -> Index {
    Index {
        kind,
        name: None,
        db_name: None,
        fields: Cow::Owned(vec![IndexField { field, sort: None, length: None, operator_class: None }]),
        algorithm: None,
        clustered: None,
        predicate: None,
    }
}

fn model(name: &'static str, db_name: &'static str, fields: Vec<Field>, indexes: Vec<Index>) -> Model {
    Model {
        name: name.into(),
        db_name: db_name.into(),
        schema: None,
        kind: ModelKind::Table,
        documentation: None,
        ignored: false,
        fields: fields.into(),
        primary_key: Some(index(IndexKind::PrimaryKey, 0)),
        indexes: indexes.into(),
    }
}

/// The catalog. Whether the foreign key of posts is indexed decides how pages of posts are taken.
pub(crate) fn catalog(indexed: bool) -> Catalog {
    let id = || column("id", "id", ScalarType::Int, Arity::Required);
    let end_of = |relation, model, opposite, side| RelationEnd { relation, model, opposite, side };
    let users = vec![
        id(),
        column("email", "mail", ScalarType::String, Arity::Required),
        end("posts", Arity::List, end_of(0, 1, 4, Side::To)),
    ];
    let posts = vec![
        id(),
        column("title", "title", ScalarType::String, Arity::Required),
        column("views", "views", ScalarType::Int, Arity::Optional),
        column("authorId", "authorId", ScalarType::Int, Arity::Required),
        end("author", Arity::Required, end_of(0, 0, 2, Side::From)),
        end("tags", Arity::List, end_of(1, 2, 2, Side::From)),
    ];
    let tags = vec![
        id(),
        column("name", "name", ScalarType::String, Arity::Required),
        end("posts", Arity::List, end_of(1, 1, 5, Side::To)),
    ];
    let author = ForeignKey {
        fields: Cow::Borrowed(&[3]),
        references: Cow::Borrowed(&[0]),
        one_to_one: false,
        on_delete: ReferentialAction::Restrict,
        on_update: ReferentialAction::Cascade,
        db_name: "Post_authorId_fkey".into(),
    };
    let pairs = JoinTable { db_name: "_PostToTag".into(), schema: None };
    let posts_indexes = if indexed { vec![index(IndexKind::Plain, 3)] } else { vec![] };
    Catalog {
        provider: Provider::Sqlite,
        relation_mode: RelationMode::ForeignKeys,
        schemas: Cow::Borrowed(&[]),
        extensions: Cow::Borrowed(&[]),
        models: Cow::Owned(vec![
            model("User", "users", users, vec![index(IndexKind::Unique, 1)]),
            model("Post", "Post", posts, posts_indexes),
            model("Tag", "Tag", tags, vec![]),
        ]),
        enums: Cow::Borrowed(&[]),
        relations: Cow::Owned(vec![
            Relation {
                name: "PostToUser".into(),
                from: RelationField { model: 1, field: 4 },
                to: RelationField { model: 0, field: 2 },
                kind: RelationKind::ForeignKey(author),
            },
            Relation {
                name: "PostToTag".into(),
                from: RelationField { model: 1, field: 5 },
                to: RelationField { model: 2, field: 2 },
                kind: RelationKind::ManyToMany(pairs),
            },
        ]),
    }
}

/// A database file with rows, and an engine on it.
pub(crate) struct Blog {
    pub(crate) folder: TempDir,
    pub(crate) engine: Engine,
}

impl Blog {
    #[cfg(feature = "metrics")]
    pub(crate) fn catalog(&self) -> Catalog {
        catalog(true)
    }
}

pub(crate) fn blog() -> Blog {
    blog_with("", true)
}

pub(crate) fn blog_with(options: &str, indexed: bool) -> Blog {
    blog_watched(options, indexed, Options::new())
}

pub(crate) fn blog_watched(options: &str, indexed: bool, told: Options) -> Blog {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("blog.db");
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.execute_batch(DDL).unwrap();
    let url = format!("file:{}{options}", path.display());
    let engine = Engine::with_options(&url, catalog(indexed), told).unwrap();
    Blog { folder, engine }
}

pub(crate) fn columns(fields: &[FieldId]) -> Selected {
    Selected::Columns(fields.to_vec().into())
}

pub(crate) fn related(field: FieldId, arguments: Arguments, selection: Vec<Selected>) -> Selected {
    Selected::Relation(Box::new(SelectedRelation { field, arguments, selection }))
}

pub(crate) fn find(model: ModelId, arguments: Arguments, selection: Vec<Selected>) -> Query {
    Query { arguments, selection, ..Query::new(model, Action::FindMany) }
}

pub(crate) fn by(field: FieldId, sort: Sort) -> Vec<Order> {
    vec![Order { by: OrderBy::Column(field), sort, nulls: None }]
}

pub(crate) fn is(field: FieldId, value: Value) -> Condition {
    Condition::Compare(Compare::new(field, Operator::Equals, value))
}

pub(crate) fn filtered(condition: Condition) -> Arguments {
    Arguments { filter: Some(condition), ..Arguments::default() }
}

pub(crate) fn create(email: &str) -> Query {
    let write = Write { assignments: vec![Assignment::Set(NAME, Value::Text(email.into()))] };
    let rows = CreateMany { rows: vec![write], skip_duplicates: false };
    Query::new(USER, Action::CreateMany(rows))
}

pub(crate) fn raw(text: &'static str) -> Query {
    Query::new(Query::RAW, Action::QueryRaw(Box::new(sql(text))))
}

pub(crate) fn execute(text: &'static str) -> Query {
    Query::new(Query::RAW, Action::ExecuteRaw(Box::new(sql(text))))
}

fn sql(text: &'static str) -> Raw {
    Raw { text: text.into(), braces: false, parameters: vec![] }
}

/// What a cell is read as: `i` an integer, `t` text, `(…)` rows of such cells. Nulls are read as such.
pub(crate) fn read(rows: &mut impl Cursor, cells: &str) -> Result<String, Error> {
    let mut text = String::from("[");
    rows.enter()?;
    while rows.next_row()? {
        text.push_str(if text.len() > 1 { "; " } else { "" });
        let mut rest = cells;
        let mut first = true;
        while let Some(cell) = rest.chars().next() {
            text.push_str(if first { "" } else { " " });
            first = false;
            rest = &rest[1..];
            match cell {
                '(' => {
                    let end = matching(rest);
                    text.push_str(&read(rows, &rest[..end])?);
                    rest = &rest[end + 1..];
                }
                _ if rows.null()? => text.push('-'),
                'i' => text.push_str(&rows.integer()?.to_string()),
                _ => text.push_str(&rows.text()?),
            }
        }
    }
    text.push(']');
    Ok(text)
}

fn matching(text: &str) -> usize {
    let mut depth = 1;
    text.chars()
        .position(|letter| {
            depth += match letter {
                '(' => 1,
                ')' => -1,
                _ => 0,
            };
            depth == 0
        })
        .unwrap()
}

/// Asks, and prints the answer. What only reads is asked twice: rows that are written down first and rows that are read where
/// they lie must be the same.
pub(crate) async fn ask(engine: &Engine, query: Query, cells: &str) -> Result<String, Error> {
    let again = query.action.only_reads().then(|| query.clone());
    let printed = match engine.execute(query).await {
        Ok(mut rows) => read(&mut rows, cells),
        Err(error) => Err(error),
    };
    if let Some(query) = again {
        let (mut answer, mut so_far) = (engine.execute(query), None);
        let lying = poll_fn(|context| {
            // Whoever reads knows what it asked for; here that is known at run time only.
            CELLS.set(cells.to_owned());
            Engine::poll_read::<Printed>(&mut answer, &mut so_far, context)
        });
        assert_eq!(lying.await, printed);
    }
    printed
}

thread_local! {
    static CELLS: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Prints cells while they are read.
struct Printed(Query);

impl Sendable for Printed {
    type Out = String;
    fn into_query(self) -> Query {
        self.0
    }
    fn read<C: Cursor>(cursor: &mut C) -> Result<String, Error> {
        CELLS.with_borrow(|cells| read(cursor, cells))
    }
}

pub(crate) async fn count(engine: &Engine) -> i64 {
    let mut rows = engine.execute(raw("SELECT COUNT(*) FROM users")).await.unwrap();
    rows.enter().unwrap();
    rows.next_row().unwrap();
    rows.integer().unwrap()
}
