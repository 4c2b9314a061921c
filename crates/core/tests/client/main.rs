//! The client as its user writes it, on engines of canned answers: one whose futures are `Send`, one as in a Worker.
#![allow(missing_docs, clippy::unwrap_used)]
mod db;

use db::{Client, Inherit, Post, Role, User, count, increment, post, sql, ttl, user};
use lenslet_core::{
    cursor::Cursor,
    engine::{Engine, Isolation, TransactionOptions},
    error::{Error, ErrorKind},
    query::{Action, Query, Selected},
    value::Value,
};
use std::{borrow::Cow, cell::Cell as Counter, future::Future, pin::Pin, rc::Rc};

/// An answer as a tree, read back to front: the simplest thing that is a cursor.
enum Cell {
    Value(Value),
    Rows(Vec<Vec<Cell>>),
}
struct Canned {
    lists: Vec<std::vec::IntoIter<Vec<Cell>>>,
    cells: Vec<std::vec::IntoIter<Cell>>,
    next: Option<Cell>,
    text: String,
}

impl Canned {
    fn new(rows: Vec<Vec<Cell>>) -> Self {
        Canned { lists: vec![], cells: vec![], next: Some(Cell::Rows(rows)), text: String::new() }
    }
    fn take(&mut self) -> Result<Cell, Error> {
        self.next.take().or_else(|| self.cells.last_mut()?.next()).ok_or_else(|| Error::unexpected_answer("a cell"))
    }
    fn value(&mut self) -> Result<Value, Error> {
        match self.take()? {
            Cell::Value(value) => Ok(value),
            Cell::Rows(_) => Err(Error::unexpected_answer("a value")),
        }
    }
}
impl Cursor for Canned {
    fn enter(&mut self) -> Result<usize, Error> {
        match self.take()? {
            Cell::Rows(rows) => {
                let count = rows.len();
                self.lists.push(rows.into_iter());
                self.cells.push(vec![].into_iter());
                Ok(count)
            }
            Cell::Value(_) => Err(Error::unexpected_answer("rows")),
        }
    }
    fn next_row(&mut self) -> Result<bool, Error> {
        match self.lists.last_mut().and_then(Iterator::next) {
            Some(cells) => *self.cells.last_mut().unwrap() = cells.into_iter(),
            None => {
                self.lists.pop();
                self.cells.pop();
                return Ok(false);
            }
        }
        Ok(true)
    }
    fn enter_list(&mut self) -> Result<usize, Error> {
        Err(Error::unexpected_answer("no lists here"))
    }
    fn next_item(&mut self) -> Result<bool, Error> {
        Ok(false)
    }
    fn null(&mut self) -> Result<bool, Error> {
        let cell = self.take()?;
        let null = matches!(cell, Cell::Value(Value::Null));
        if !null {
            self.next = Some(cell);
        }
        Ok(null)
    }
    fn boolean(&mut self) -> Result<bool, Error> {
        Ok(self.integer()? != 0)
    }
    fn integer(&mut self) -> Result<i64, Error> {
        match self.value()? {
            Value::Int(value) => Ok(value),
            _ => Err(Error::unexpected_answer("an integer")),
        }
    }
    fn float(&mut self) -> Result<f64, Error> {
        self.integer().map(|it| it as f64)
    }
    fn text(&mut self) -> Result<Cow<'_, str>, Error> {
        match self.value()? {
            Value::Text(text) => {
                self.text = text;
                Ok(Cow::Borrowed(&self.text))
            }
            _ => Err(Error::unexpected_answer("text")),
        }
    }
    fn bytes(&mut self) -> Result<Vec<u8>, Error> {
        self.text().map(|text| text.as_bytes().into())
    }
    fn date_time(&mut self) -> Result<i64, Error> {
        self.integer()
    }
    fn uuid(&mut self) -> Result<[u8; 16], Error> {
        Err(Error::unexpected_answer("no UUIDs here"))
    }
}

fn text(it: &str) -> Cell {
    Cell::Value(Value::Text(it.into()))
}
fn int(it: i64) -> Cell {
    Cell::Value(Value::Int(it))
}
fn user_cells() -> Vec<Cell> {
    vec![int(1), text("ada@example.com"), text("Ada"), text("ADMIN")]
}
fn post_cells() -> Vec<Cell> {
    vec![int(7), text("Notes"), int(3), int(1)]
}

/// Answers what the selection asks for, as an engine must.
fn cells(model: u16, selection: &[Selected]) -> Vec<Cell> {
    let mut row = vec![];
    for selected in selection {
        match selected {
            Selected::Columns(columns) => {
                let mut all: Vec<_> = match model {
                    0 => user_cells(),
                    _ => post_cells(),
                }
                .into_iter()
                .map(Some)
                .collect();
                row.extend(columns.iter().map(|it| all[usize::from(it.index)].take().unwrap()));
            }
            Selected::Relation(relation) => row.push(Cell::Rows(vec![cells(1 - model, &relation.selection)])),
            Selected::RelationCounts(counts) => row.extend(counts.iter().map(|_| int(1))),
            Selected::Aggregate(_, fields) => row.extend(fields.iter().map(|_| int(2))),
        }
    }
    row
}
fn answer(query: Query) -> Canned {
    Canned::new(match query.action {
        Action::CreateMany(many) => vec![vec![int(many.rows.len() as i64)]],
        Action::UpdateMany(_) | Action::DeleteMany => vec![vec![int(2)]],
        Action::QueryRaw(_) => vec![vec![int(7), text("Notes")]],
        _ => vec![cells(query.model.index, &query.selection)],
    })
}

macro_rules! engine {
    ($name:ident $($send:tt)*) => {
        impl Engine for $name {
            type Rows = Canned;
            type Answer = Pin<Box<dyn Future<Output = Result<Canned, Error>> $($send)*>>;
            type Answers = Pin<Box<dyn Future<Output = Result<Vec<Canned>, Error>> $($send)*>>;
            type SoFar<O> = ();
            fn execute(&self, query: Query) -> Self::Answer {
                let held = self.clone();
                Box::pin(async move { let _held = held; Ok(answer(query)) })
            }
            fn batch(&self, queries: Vec<Query>, _: Option<Isolation>) -> Self::Answers {
                Box::pin(async move { Ok(queries.into_iter().map(answer).collect()) })
            }
            async fn begin(&self, _: TransactionOptions) -> Result<Self, Error> { Ok(self.clone()) }
            async fn commit(&self) -> Result<(), Error> { Ok(()) }
            async fn rollback(&self) -> Result<(), Error> { Ok(()) }
        }
    };
}
#[derive(Clone)]
struct Threads;
engine!(Threads + Send);
#[derive(Clone)]
struct Local(#[allow(dead_code)] Rc<()>);
engine!(Local);

async fn tour<E: Engine>(db: &Client<E>) -> Result<(), Error> {
    let ada: User = db
        .user()
        .create(user::New { email: "ada@example.com".into() })
        .set(user::name, "Ada")
        .set(user::role, Role::Admin)
        .with(user::posts.create([post::New { title: "Notes".into(), author_id: Inherit }.set(post::views, 3)]))
        .await?;
    assert_eq!(ada.email, "ada@example.com");

    let users = db
        .user()
        .find_many()
        .filter(user::email.ends_with("@example.com") & user::posts.some(post::views.gt(1)))
        .include(user::posts.filter(post::views.gt(1)).order_by(post::id.desc()).take(3))
        .order_by(user::name.asc())
        .take(10)
        .cache(ttl(60).swr(30).tag("users"))
        .await?;
    assert_eq!(users.iter().map(|u| (u.email.as_str(), u.posts().len())).collect::<Vec<_>>(), [("ada@example.com", 1)]);
    assert_eq!(card(&users[0]), "ada@example.com: Notes");

    let picked: Vec<(String, Vec<String>)> =
        db.user().find_many().select((user::email, user::posts.select(post::title))).await?;
    assert_eq!(picked[0].1, ["Notes"]);

    // A post by itself needs its author: a key, or something done through the relation.
    let post = db.post().create(post::New { title: "Notes".into(), author_id: ada.id }).include(post::author).await?;
    assert_eq!(post.author().name.as_deref(), Some("Ada"));
    let author = post::author.connect(user::email.eq("ada@example.com"));
    db.post().create(post::New { title: "Notes".into(), author_id: author }).await?;
    let author = post::author.create(user::New { email: "x@y.z".into() });
    db.post().create(post::New { title: "Notes".into(), author_id: author }).await?;
    let two = [post::New { title: "a".into(), author_id: 1 }, post::New { title: "b".into(), author_id: 1 }];
    assert_eq!(db.post().create_many(two).skip_duplicates().await?, 2);

    let one: Option<User> =
        db.user().find_unique(user::email.eq("ada@example.com") & user::role.eq(Role::Admin)).await?;
    assert!(one.is_some());
    assert!(db.post().find_unique(post::title_author_id.eq(("Notes", 1))).await?.is_some());
    let changed = db.post().update(post::id.eq(1)).set(post::title, "New").set(post::views, increment(1)).await?;
    assert_eq!(changed.id, 7);
    db.user()
        .upsert(user::id.eq(1), user::New { email: "a@b.c".into() })
        .or_update(|u| u.set(user::name, None))
        .await?;
    let email = String::from("a@b.c");
    db.user().find_many().filter(user::id.one_of([1, 2]) | !user::email.eq(&email) | user::name.is_null()).await?;
    db.post().find_many().filter(post::views.gt(post::author_id) & post::author.is(user::id.eq(1))).await?;
    db.post().find_many().order_by(post::author.order(user::name.asc().nulls_last())).await?;
    db.user().find_many().order_by([user::posts.count_desc(), user::id.asc()]).await?;

    let (n, posts) = db.batch((db.user().count(), db.post().find_many())).await?;
    assert_eq!((n, posts.len()), (2, 1));
    let (n, sum, avg): (i64, Option<i64>, Option<f64>) =
        db.post().aggregate((count(), post::views.sum(), post::views.avg())).filter(post::views.gt(1)).await?;
    assert_eq!((n, sum, avg), (2, Some(2), Some(2.0)));
    let groups: Vec<(i32, i64)> = db
        .post()
        .group_by(post::author_id)
        .having(post::views.avg().gt(1.5) | post::id.count().gt(3))
        .order_by(post::views.sum().desc())
        .select((post::author_id, count()))
        .await?;
    assert_eq!(groups, [(1, 2)]);
    db.user().find_many().filter(user::name.insensitive().contains("ada")).await?;
    let rows: Vec<(i64, String)> = db.query_raw(sql!("select id, title from post where views > {}", 2)).await?;
    assert_eq!(rows, [(7, "Notes".into())]);

    let wanted = String::from("Ada");
    let id = db
        .transaction()
        .isolation(Isolation::Serializable)
        .run(async |tx| {
            let made = tx.user().create(user::New { email: "x@y.z".into() }).set(user::name, wanted.as_str()).await?;
            tx.post().find_many().await?;
            Ok::<_, Error>(made.id)
        })
        .await?;
    assert_eq!(id, 1);

    // The third attempt meets no conflict; an error that is none is not tried again.
    let attempts = Counter::new(0);
    let conflict = |kind| Error::new(kind, "as the database says");
    let third = db
        .transaction()
        .run_with_retry(5, async |_| {
            attempts.set(attempts.get() + 1);
            if attempts.get() < 3 { Err(conflict(ErrorKind::WriteConflict)) } else { Ok(attempts.get()) }
        })
        .await?;
    assert_eq!(third, 3);
    let failed: Result<(), Error> = db
        .transaction()
        .run_with_retry(5, async |_| {
            attempts.set(attempts.get() + 1);
            Err(conflict(ErrorKind::UniqueConstraint))
        })
        .await;
    assert_eq!((failed.map_err(|error| error.kind()), attempts.get()), (Err(ErrorKind::UniqueConstraint), 4));
    Ok(())
}

fn card(u: &User<(user::Posts,)>) -> String {
    format!("{}: {}", u.email, u.posts()[0].title)
}

/// Works for every user whose posts were loaded, whatever else was.
fn first<L, P, I>(u: &User<L>) -> Option<&Post<P>>
where
    L: lenslet_core::model::Get<user::Posts<P>, I>,
{
    u.posts().first()
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_server() {
    let db = Client::from_engine(Threads);
    let task = tokio::spawn(async move {
        let loaded = db.user().find_many().include(user::posts.include(post::author)).await.unwrap();
        assert_eq!(first(&loaded[0]).map(|p| p.id), Some(7));
        assert_eq!(loaded[0].posts()[0].author().id, 1);
        // An interactive transaction inside a spawned task: its future must be `Send`.
        let wanted = String::from("Ada");
        let id = db
            .transaction()
            .run(async |tx| {
                let made =
                    tx.user().create(user::New { email: "x@y.z".into() }).set(user::name, wanted.as_str()).await?;
                tx.post().find_many().await?;
                Ok::<_, Error>(made.id)
            })
            .await
            .unwrap();
        assert_eq!(id, 1);
        let counted = async |tx: &Client<Threads>| Ok::<_, Error>(tx.post().count().await?);
        assert_eq!(db.transaction().run_with_retry(2, counted).await.unwrap(), 2);
    });
    task.await.unwrap();
    tour(&Client::from_engine(Threads)).await.unwrap();
}

#[tokio::test(flavor = "current_thread")]
async fn in_a_worker() {
    tour(&Client::from_engine(Local(Rc::new(())))).await.unwrap();
}
