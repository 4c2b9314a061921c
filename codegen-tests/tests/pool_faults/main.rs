//! What goes wrong around a pool: databases that die, pools that are told to stop, clients that go away, are slow, or mean harm.
//!
//! Whatever happens, no write is lost that was acknowledged, none is done twice, no transaction stays open, and nothing panics.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod asking;
mod clients_go_away;
mod database_dies;
mod hostile;
mod ledger;
mod pool_stops;
mod slow;

use codegen_tests::{
    pool_server::{RunningPool, pool_of},
    postgresql_server::Server,
};
use lenslet_pool::{Builder, config::Time, limits::Limits};
use std::{num::NonZeroUsize, time::Duration};
use tokio::runtime::Runtime;

const SCHEMA: &str = r#"
datasource db {
  provider = "postgresql"
  url      = env("DIRECT_URL")
}

model Entry {
  id     Int    @id @default(autoincrement())
  client Int
  number Int
  half   Int    @default(0)
}
"#;
const TABLE: &str = r#"CREATE TABLE "Entry" (id serial PRIMARY KEY, client int NOT NULL, number int NOT NULL, half int NOT NULL DEFAULT 0)"#;

/// Connections of each pool.
const CONNECTIONS: usize = 4;

/// A server with an empty ledger; nothing where PostgreSQL is not installed.
fn server() -> Option<Server> {
    let server = Server::start().unwrap()?;
    server.execute("postgres", TABLE).unwrap();
    Some(server)
}

/// What is acknowledged is in the log of a server that is killed.
fn url(server: &Server) -> String {
    server.url("postgres", "application_name=pool&connect_timeout=2&options=-c%20synchronous_commit%3Don")
}

fn builder() -> Builder {
    let limits = Limits {
        connections: NonZeroUsize::new(CONNECTIONS),
        query_time: Time(Duration::from_secs(20)),
        request_time: Time(Duration::from_millis(500)),
        head_time: Time(Duration::from_millis(500)),
        idle_time: Time(Duration::from_millis(500)),
        ..Limits::default()
    };
    pool_of(SCHEMA).unwrap().limits(limits).drain(Duration::from_secs(10))
}

async fn pool(server: &Server) -> RunningPool {
    RunningPool::start(builder(), &url(server)).await.unwrap()
}

/// Runs a test of a server, on threads of its own.
fn run<F: Future<Output = ()>>(test: impl FnOnce(Server) -> F) {
    if let Some(server) = server() {
        let panics = Panics::count();
        Runtime::new().unwrap().block_on(test(server));
        assert_eq!(panics.so_far(), 0, "the pool has panicked");
    }
}

/// Panics of tasks that nobody waits for would pass unnoticed.
struct Panics;

static PANICS: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);

impl Panics {
    fn count() -> Panics {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            PANICS.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            usual(panic);
        }));
        Panics
    }

    fn so_far(&self) -> usize {
        PANICS.load(std::sync::atomic::Ordering::Relaxed)
    }
}

/// The sessions of the pool that are in such a state.
async fn sessions(server: &Server, state: &str) -> i64 {
    let (client, connection) =
        tokio_postgres::connect(&server.url("postgres", ""), tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pool' AND state LIKE $1";
    client.query_one(sql, &[&state]).await.unwrap().get(0)
}

/// Waits until the pool has no session in such a state.
async fn no_sessions(server: &Server, state: &str) {
    for _ in 0..100 {
        if sessions(server, state).await == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the pool still has sessions that are {state}");
}
