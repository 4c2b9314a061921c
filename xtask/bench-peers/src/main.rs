//! `cargo xtask bench peers`: the generated client, bare drivers, Diesel, sqlx and SeaORM on the same work, in one process.
//!
//! Each library has a connection to a database of its own with the same rows. The libraries take turns, and each goes first as
//! often as the others, so that what else the machine does hits all. Only the ratios mean something.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it prints what it measured")]

mod options;
mod peer;
mod peers;
mod report;
mod work;

use std::env;
use std::time::Duration;

use options::Options;
use peer::{Racer, Result};
use peers::{
    diesel::{DieselPostgresql, DieselSqlite},
    diesel_async::{DieselAsyncPostgresql, DieselAsyncSqlite},
    lenslet::{LensletPostgresql, LensletSqlite},
    rusqlite::Rusqlite,
    sea_orm::SeaOrm,
    sqlx::{SqlxPostgresql, SqlxSqlite},
    tokio_postgres::TokioPostgres,
};
use report::Row;
use work::{Database, Work};

/// How long the bare driver should take for the calls of one sample.
const SAMPLE: Duration = Duration::from_millis(2);
/// The first samples fill caches: those of statements, of pages, of plans.
const WARM_UP: usize = 3;

/// A library in the race.
struct Entrant {
    name: &'static str,
    racer: Box<dyn Racer>,
}

fn main() -> Result {
    let words: Vec<String> = env::args().skip(1).collect();
    if words.iter().any(|word| word == "--help" || word == "-h") {
        print!("{}", options::HELP);
        return Ok(());
    }
    let options = Options::parse(words.into_iter())?;
    // One thread: what an async driver does beside waiting need not be fetched from another processor.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut rows = Vec::new();
        if options.sqlite {
            let entrants = sqlite(&options).await?;
            rows.extend(race(Database::Sqlite, entrants, &options).await?);
        }
        if options.postgresql {
            match env::var("BENCH_POSTGRESQL_URL") {
                Ok(url) => {
                    let entrants = postgresql(&url, &options).await?;
                    rows.extend(race(Database::Postgresql, entrants, &options).await?);
                }
                Err(_) => eprintln!("BENCH_POSTGRESQL_URL is not set: PostgreSQL is not measured"),
            }
        }
        if options.json {
            println!("{}", report::json(&rows, &options.place));
        }
        Ok(())
    })
}

async fn sqlite(options: &Options) -> Result<Vec<Entrant>> {
    let mut entrants = vec![Entrant { name: "rusqlite", racer: Box::new(Rusqlite::connect()?) }];
    if options.admits("lenslet") {
        let racer = Box::new(LensletSqlite::connect("file::memory:").await?);
        entrants.push(Entrant { name: "lenslet", racer });
    }
    if options.admits("diesel") {
        entrants.push(Entrant { name: "diesel", racer: Box::new(DieselSqlite::connect(":memory:")?) });
    }
    if options.admits("diesel-async") {
        let racer = Box::new(DieselAsyncSqlite::connect(":memory:").await?);
        entrants.push(Entrant { name: "diesel-async", racer });
    }
    if options.admits("sqlx") {
        entrants.push(Entrant { name: "sqlx", racer: Box::new(SqlxSqlite::connect("sqlite::memory:").await?) });
    }
    if options.admits("sea-orm") {
        entrants.push(Entrant { name: "sea-orm", racer: Box::new(SeaOrm::connect("sqlite::memory:").await?) });
    }
    Ok(entrants)
}

async fn postgresql(url: &str, options: &Options) -> Result<Vec<Entrant>> {
    let mut admin = TokioPostgres::connect(&format!("{url}/postgres")).await?;
    let mut entrants = Vec::new();
    for name in ["tokio-postgres", "lenslet", "diesel", "diesel-async", "sqlx", "sea-orm"] {
        if name != "tokio-postgres" && !options.admits(name) {
            continue;
        }
        let database = format!("bench_{}", name.replace('-', "_"));
        peer::Peer::execute(&mut admin, &format!("DROP DATABASE IF EXISTS {database}")).await?;
        peer::Peer::execute(&mut admin, &format!("CREATE DATABASE {database}")).await?;
        let url = format!("{url}/{database}");
        let racer: Box<dyn Racer> = match name {
            "tokio-postgres" => Box::new(TokioPostgres::connect(&url).await?),
            "lenslet" => Box::new(LensletPostgresql::connect(&format!("{url}?connection_limit=1")).await?),
            "diesel" => Box::new(DieselPostgresql::connect(&url)?),
            "diesel-async" => Box::new(DieselAsyncPostgresql::connect(&url).await?),
            "sqlx" => Box::new(SqlxPostgresql::connect(&url).await?),
            _ => Box::new(SeaOrm::connect(&url).await?),
        };
        entrants.push(Entrant { name, racer });
    }
    Ok(entrants)
}

async fn race(database: Database, mut entrants: Vec<Entrant>, options: &Options) -> Result<Vec<Row>> {
    for entrant in &mut entrants {
        for statement in work::tables(database) {
            entrant.racer.execute(&statement).await?;
        }
    }
    let names: Vec<&'static str> = entrants.iter().map(|entrant| entrant.name).collect();
    if !options.json {
        report::heading(database, &names, options);
    }
    let mut rows = Vec::new();
    for work in Work::all().filter(|work| options.wants(*work)) {
        let times = measure(database, work, &mut entrants, options).await;
        let times = times.map_err(|error| format!("{}: {error}", work.name()))?;
        let row = Row { database, work, times: names.iter().copied().zip(times).collect() };
        if !options.json {
            report::row(&row);
        }
        rows.push(row);
    }
    Ok(rows)
}

/// The median time of a call, a library.
async fn measure(database: Database, work: Work, entrants: &mut [Entrant], options: &Options) -> Result<Vec<f64>> {
    for entrant in &mut *entrants {
        for statement in work.fill(database) {
            entrant.racer.execute(&statement).await?;
        }
    }
    let calls = calls(database, work, entrants).await?;
    let mut times: Vec<Vec<f64>> = entrants.iter().map(|_| Vec::with_capacity(options.samples)).collect();
    let mut expected = None;
    for sample in 0..options.samples + WARM_UP {
        for turn in 0..entrants.len() {
            let side = (sample + turn) % entrants.len();
            let (Some(entrant), Some(times)) = (entrants.get_mut(side), times.get_mut(side)) else { continue };
            let (time, count) =
                entrant.racer.run(work, calls).await.map_err(|error| format!("{}: {error}", entrant.name))?;
            let expected = *expected.get_or_insert(count);
            if count != expected {
                return Err(format!("{} has {count} rows, others {expected}", entrant.name).into());
            }
            if sample >= WARM_UP {
                times.push(time.as_secs_f64() * 1e6 / f64::from(calls));
            }
            if work.writes() {
                for statement in work::clear(database) {
                    entrant.racer.execute(&statement).await?;
                }
            }
        }
    }
    let one = if options.best { report::best } else { report::median };
    Ok(times.into_iter().map(one).collect())
}

/// How many calls make a sample: so many that a clock can tell.
async fn calls(database: Database, work: Work, entrants: &mut [Entrant]) -> Result<u32> {
    let Some(bare) = entrants.first_mut() else { return Ok(1) };
    bare.racer.run(work, 1).await?;
    let (time, _) = bare.racer.run(work, 5).await?;
    if work.writes() {
        for statement in work::clear(database) {
            bare.racer.execute(&statement).await?;
        }
    }
    let calls = SAMPLE.as_secs_f64() * 5.0 / time.as_secs_f64().max(1e-7);
    // What is inserted stays until the sample ends, and the table should not grow large meanwhile.
    Ok((calls as u32).clamp(1, if work.writes() { 50 } else { 1_000 }))
}
