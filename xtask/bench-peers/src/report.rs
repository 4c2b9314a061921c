//! How results are shown: medians in microseconds, and ratios to the bare driver.

use std::fmt::Write as _;

use crate::options::Options;
use crate::work::{Database, Work};

/// What an operation took, a library; the bare driver first.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) database: Database,
    pub(crate) work: Work,
    pub(crate) times: Vec<(&'static str, f64)>,
}

impl Row {
    fn bare(&self) -> f64 {
        self.times.first().map_or(f64::NAN, |(_, time)| *time)
    }
}

/// The middle one.
pub(crate) fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The smallest one.
pub(crate) fn best(times: Vec<f64>) -> f64 {
    times.into_iter().fold(f64::INFINITY, f64::min)
}

fn name(database: Database, place: &str) -> String {
    match database {
        Database::Sqlite => String::from("SQLite in memory"),
        Database::Postgresql => format!("PostgreSQL, {place}"),
    }
}

pub(crate) fn heading(database: Database, names: &[&str], options: &Options) {
    let statistic = if options.best { "best" } else { "median" };
    let name = name(database, &options.place);
    println!("\n{name}: {statistic} of a call in microseconds, and its ratio to the bare driver's");
    let mut line = format!("{:<36}", "");
    for name in names {
        // Writing to a string cannot fail.
        let _ = write!(line, "{name:>18}");
    }
    println!("{line}");
}

pub(crate) fn row(row: &Row) {
    let mut line = format!("{:<36}", row.work.name());
    for (at, (_, time)) in row.times.iter().enumerate() {
        // Writing to a string cannot fail.
        let _ = match at {
            0 => write!(line, "{time:>18.1}"),
            _ => write!(line, "{time:>11.1} {:>6.2}", time / row.bare()),
        };
    }
    println!("{line}");
}

/// All rows as a JSON array. No name has a letter in it that JSON escapes.
pub(crate) fn json(rows: &[Row], place: &str) -> String {
    let rows: Vec<String> = rows
        .iter()
        .map(|row| {
            let times: Vec<String> = row.times.iter().map(|(name, time)| format!("\"{name}\":{time:.3}")).collect();
            let (database, work) = (name(row.database, place), row.work.name());
            format!("{{\"database\":\"{database}\",\"work\":\"{work}\",\"microseconds\":{{{}}}}}", times.join(","))
        })
        .collect();
    format!("[\n  {}\n]", rows.join(",\n  "))
}
