//! `cargo xtask bench sqlite`: the generated client against hand-written rusqlite, on the same work, in one run.
//!
//! Each side has a database of its own with the same rows and the same settings. The sides take turns, and each goes first
//! as often as the other, so that what else the machine does hits both. Only the ratios mean something.
#![allow(clippy::print_stdout, reason = "it prints what it measured")]

mod by_hand;

use std::error::Error;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use lenslet_migrate::PushOptions;
use rusqlite::Connection;

lenslet_native::include_client!(mod db);
use db::{Client, user};

const USERS: u32 = 10_000;
/// The first users have posts, so that a page of users has many.
const AUTHORS: u32 = 1_000;
const POSTS: u32 = 5;

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result {
    let folder = folder()?;
    println!("databases in {}", folder.path().display());
    let (ours, theirs) = (folder.path().join("lenslet.db"), folder.path().join("by-hand.db"));
    for file in [&ours, &theirs] {
        fill(file)?;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    runtime.block_on(async {
        let client = Client::connect(&format!("file:{}", ours.display())).await?;
        measure(&client, open(&theirs)?).await
    })
}

/// Memory, where the system has a folder there: the flush of a disk takes a thousand times longer than what is compared.
fn folder() -> Result<tempfile::TempDir> {
    let memory = Path::new("/dev/shm");
    Ok(if memory.is_dir() { tempfile::tempdir_in(memory)? } else { tempfile::tempdir()? })
}

/// The settings of the client's connections.
fn open(file: &Path) -> Result<Connection> {
    let connection = Connection::open(file)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    Ok(connection)
}

fn fill(file: &Path) -> Result {
    let sources = lenslet::Sources::single("schema.prisma", include_str!("../schema.prisma"));
    let schema = lenslet::check(&sources).schema.ok_or("the schema is valid")?;
    lenslet_migrate::push(&format!("file:{}", file.display()), &schema.catalog, PushOptions::default())?;
    let mut connection = open(file)?;
    let transaction = connection.transaction()?;
    for index in 0..USERS {
        let email = format!("user{index}@example.com");
        let name = (index % 3 != 0).then(|| format!("User number {index}"));
        transaction.execute(
            "INSERT INTO user (email, name, age, score, active) VALUES (?1, ?2, ?3, ?4, ?5)",
            rusqlite::params![email, name, 20 + index % 60, f64::from(index) / 7.0, index % 2 == 0],
        )?;
        for post in 0..if index < AUTHORS { POSTS } else { 0 } {
            let sql = "INSERT INTO post (title, views, author_id) VALUES (?1, ?2, ?3)";
            transaction.execute(sql, rusqlite::params![format!("Post {post} of user {index}"), post, index + 1])?;
        }
    }
    transaction.commit()?;
    connection.execute_batch("ANALYZE; PRAGMA wal_checkpoint(TRUNCATE);")?;
    Ok(())
}

/// Times both sides in turn. `$calls` calls make one sample; the two expressions are the same work.
macro_rules! race {
    ($name:literal, $samples:literal x $calls:literal, ours: $ours:expr, by hand: $theirs:expr) => {{
        let mut times = [Vec::new(), Vec::new()];
        for sample in 0..$samples + 2 {
            for turn in 0..2 {
                let side = (sample + turn) % 2;
                let started = Instant::now();
                for _ in 0..$calls {
                    if side == 0 {
                        black_box($ours);
                    } else {
                        black_box($theirs);
                    }
                }
                // The first samples fill caches: those of statements, of pages, of plans.
                if sample >= 2 {
                    times[side].push(started.elapsed() / $calls);
                }
            }
        }
        row($name, times.map(median));
    }};
}

async fn measure(client: &Client, mut connection: Connection) -> Result {
    println!("median, microseconds             lenslet     by hand    ratio");
    race!("find one by id", 101 x 500,
        ours: client.user().find_unique(user::id.eq(4711)).await?,
        by hand: by_hand::user_by_id(&connection, 4711)?);
    race!("read 1 row", 101 x 500,
        ours: client.user().find_many().order_by(user::id.asc()).take(1).await?,
        by hand: by_hand::users(&connection, 1)?);
    race!("read 100 rows", 101 x 50,
        ours: client.user().find_many().order_by(user::id.asc()).take(100).await?,
        by hand: by_hand::users(&connection, 100)?);
    race!("read 10,000 rows", 51 x 2,
        ours: client.user().find_many().order_by(user::id.asc()).take(10_000).await?,
        by hand: by_hand::users(&connection, 10_000)?);
    race!("read 100 users with their posts", 101 x 20,
        ours: client.user().find_many().order_by(user::id.asc()).take(100).include(user::posts).await?,
        by hand: by_hand::users_with_posts(&connection, 100)?);

    let mut emails = 0..;
    let mut email = || format!("new{}@example.com", emails.next().unwrap_or(0));
    race!("insert 1 row", 101 x 10,
        ours: client.user().create(new(email())).set(user::name, "Ada").await?,
        by hand: by_hand::insert(&connection, &email())?);
    race!("insert 100 rows", 51 x 2,
        ours: {
            let rows: Vec<_> = (0..100).map(|_| new(email()).set(user::name, "Ada")).collect();
            client.user().create_many(rows).await?
        },
        by hand: by_hand::insert_many(&mut connection, (0..100).map(|_| email()).collect())?);
    Ok(())
}

fn new(email: String) -> user::New {
    user::New { email, age: 36, score: 1.5, active: true }
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times.get(times.len() / 2).map_or(f64::NAN, |time| time.as_secs_f64() * 1e6)
}

fn row(name: &str, [ours, theirs]: [f64; 2]) {
    println!("{name:<32} {ours:>8.1} {theirs:>11.1} {:>8.2}", ours / theirs);
}
