//! `cargo xtask bench pool`: requests a second and how long they take, for a pool, for PgBouncer, and for the engine alone.
//!
//! All three ask the same server for the same rows over as many connections to it, and take turns, so that what else the
//! machine does hits all of them. The clients run on the same machine as well: only ratios mean something.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it prints what it measured")]

mod alone;
mod backends;
mod bouncer;
mod executor;
mod http;
mod pool;
mod work;

use std::{
    error::Error,
    path::{Path, PathBuf},
    time::Duration,
};

use codegen_tests::postgresql_server::Server;

use backends::Backends;
use executor::Executor;
use pool::PoolProcess;
use work::{Measured, QUERIES, Query, USERS};

/// As `lenslet` has it, whose process the pool is.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Failed = Box<dyn Error + Send + Sync>;
type Result<T = ()> = std::result::Result<T, Failed>;

/// Connections to the database, for each of them.
const CONNECTIONS: u32 = 10;
const CLIENTS: [usize; 3] = [1, 50, 200];
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(1);
const SCHEMA: &str = include_str!("../schema.prisma");

/// What is measured, in the order of the columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Pool,
    Bouncer,
    Executor,
    Alone,
}

const SIDES: [(Side, &str); 4] = [
    (Side::Pool, "pool"),
    (Side::Bouncer, "pgbouncer"),
    (Side::Executor, "prisma 7 executor"),
    (Side::Alone, "engine alone"),
];

fn main() -> Result {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let lenslet = arguments.next().ok_or("usage: bench-pool PATH-OF-LENSLET [FOLDER-OF-EXECUTOR]")?;
    let executor = arguments.next();
    let Some(mut server) = Server::start()? else {
        return Ok(());
    };
    server.execute("postgres", include_str!("setup.sql"))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(compare(&server, &lenslet, executor.as_deref()))?;
    server.stop();
    server.limit_connections(20);
    server.resume()?;
    runtime.block_on(crowd(&server, &lenslet))
}

async fn compare(server: &Server, lenslet: &Path, executor: Option<&Path>) -> Result {
    let pool = PoolProcess::start(lenslet, &server.url("postgres", "application_name=pool"), CONNECTIONS).await?;
    let bouncer = server.bouncer_with(CONNECTIONS)?;
    let executor = match executor {
        Some(folder) => Some(Executor::start(folder, &server.url("postgres", "")).await?),
        None => None,
    };
    let engine = alone::engine(&server.url("postgres", &format!("connection_limit={CONNECTIONS}")))?;
    let backends = Backends::watch(&server.url("postgres", ""), "pool").await?;
    println!(
        "{CONNECTIONS} connections, {USERS} users with 5 posts each, medians of {ROUNDS} rounds of {} s\n",
        ROUND.as_secs()
    );
    println!(
        "| query | clients | | requests/s | p50 ms | p99 ms | of pgbouncer |\n| --- | --: | --- | --: | --: | --: | --: |"
    );
    for query in &QUERIES {
        for clients in CLIENTS {
            let mut rounds: Vec<(Side, Measured)> = Vec::new();
            for _ in 0..ROUNDS {
                for (side, _) in SIDES {
                    let measured = match side {
                        Side::Pool => http::measure(&pool.target, query, clients, ROUND).await?,
                        Side::Bouncer => match &bouncer {
                            Some(bouncer) => bouncer::measure(bouncer, query, clients, ROUND).await?,
                            None => continue,
                        },
                        Side::Executor => match &executor {
                            Some(executor) => http::measure(&executor.target, query, clients, ROUND).await?,
                            None => continue,
                        },
                        Side::Alone => alone::measure(&engine, query, clients, ROUND).await?,
                    };
                    rounds.push((side, measured));
                }
            }
            report(query, clients, &rounds);
        }
    }
    let most = backends.most();
    println!("\nBackends of the pool in use at once, as pg_stat_activity says: {most} of {CONNECTIONS}");
    if most > u64::from(CONNECTIONS) {
        return Err("the pool has opened more connections than it may".into());
    }
    Ok(())
}

fn report(query: &Query, clients: usize, rounds: &[(Side, Measured)]) {
    let of = |side| rounds.iter().filter(move |(it, _)| *it == side).map(|(_, it)| *it);
    for (side, name) in SIDES {
        if of(side).next().is_none() {
            continue;
        }
        let rate = median(of(side).map(|it| it.rate));
        let (p50, p99) = (median(of(side).map(|it| it.p50)), median(of(side).map(|it| it.p99)));
        // Within a round both have had the same machine.
        let ratio = median(of(side).zip(of(Side::Bouncer)).map(|(it, bouncer)| it.rate / bouncer.rate));
        println!("| {} | {clients} | {name} | {rate:.0} | {p50:.2} | {p99:.2} | {ratio:.2} |", query.name);
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Many more clients than PostgreSQL has connections.
async fn crowd(server: &Server, lenslet: &Path) -> Result {
    const MANY: usize = 2000;
    const EACH: usize = 20;
    let pool = PoolProcess::start(lenslet, &server.url("postgres", "application_name=pool"), CONNECTIONS).await?;
    let backends = Backends::watch(&server.url("postgres", ""), "pool").await?;
    let query = QUERIES.first().ok_or("a query")?;
    let (answered, failed, took) = http::crowd(&pool.target, query, MANY, EACH).await?;
    println!(
        "\n{MANY} clients at once, {EACH} requests each, PostgreSQL with max_connections = 20: {answered} answered, {failed} failed, \
         {:.0} requests/s, at most {} backends",
        answered as f64 / took.as_secs_f64(),
        backends.most(),
    );
    if failed > 0 { Err("requests failed".into()) } else { Ok(()) }
}
