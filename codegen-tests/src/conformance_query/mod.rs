//! Compares what the engine answers with what Prisma's engine answered, case by case, in process.
//!
//! The cases are not part of the repository; where their folder is missing there is nothing to compare.

mod compare;
mod play;
mod postgresql;
mod sqlite;

pub use compare::difference;
pub use play::Player;
pub use postgresql::play as play_on_postgresql;
pub use sqlite::play as play_on_sqlite;

use crate::schema_conformance::{Score, folder};
use lenslet::{Sources, check};
use lenslet_core::catalog::Catalog;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufRead, BufReader},
    path::Path,
};

/// A case: a schema, its tables, and what is asked and expected step by step.
#[derive(Clone, Debug)]
pub struct Case(Value);

impl Case {
    /// What it is called.
    pub fn id(&self) -> &str {
        self.text("id")
    }

    /// What it is about.
    pub fn topic(&self) -> &str {
        self.text("topic")
    }

    /// The database it is for.
    pub fn provider(&self) -> &str {
        self.text("provider")
    }

    /// The SQL that creates its tables.
    pub fn tables(&self) -> &str {
        self.text("ddl")
    }

    /// What its schema means; `None` where the schema is refused.
    pub fn catalog(&self) -> Option<Catalog> {
        Some(check(&Sources::single("schema.prisma", self.text("schema"))).schema?.catalog)
    }

    fn steps(&self) -> impl Iterator<Item = &Value> {
        self.0["steps"].as_array().into_iter().flatten()
    }

    fn text(&self, key: &str) -> &str {
        self.0[key].as_str().unwrap_or_default()
    }
}

/// The cases of a file for a database; `None` where the file is not there.
pub fn cases(file: &str, provider: &str) -> Option<Vec<Case>> {
    read(&folder().join("../conformance/query").join(file), provider)
}

/// The cases of the repository's own for a database: what was found to differ from Prisma's engine, and its answers.
pub fn own_cases(provider: &str) -> Option<Vec<Case>> {
    read(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/recorded/queries.jsonl")), provider)
}

fn read(path: &Path, provider: &str) -> Option<Vec<Case>> {
    let lines = BufReader::new(File::open(path).ok()?).lines();
    let cases = lines.map_while(Result::ok).filter_map(|line| serde_json::from_str(&line).ok().map(Case));
    Some(cases.filter(|case| case.provider() == provider).collect())
}

/// How many cases agree.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The agreement by topic.
    pub topics: BTreeMap<String, Score>,
    /// A line a case that differs.
    pub differences: Vec<String>,
}

impl Report {
    /// Counts a case.
    pub fn add(&mut self, case: &Case, difference: Option<String>) {
        let score = self.topics.entry(case.topic().to_owned()).or_default();
        score.all += 1;
        score.agree += usize::from(difference.is_none());
        if let Some(difference) = difference {
            self.differences.push(format!("{} [{}] {difference}", case.id(), case.topic()));
        }
    }

    /// All topics together.
    pub fn total(&self) -> Score {
        self.topics
            .values()
            .fold(Score::default(), |sum, score| Score { agree: sum.agree + score.agree, all: sum.all + score.all })
    }

    /// A table of the topics.
    pub fn table(&self) -> String {
        let total = (String::from("total"), self.total());
        let topics = self.topics.iter().map(|(topic, score)| (topic.clone(), *score));
        let lines =
            topics.chain([total]).map(|(topic, score)| format!("{topic:<50} {:>5} / {:>5}\n", score.agree, score.all));
        lines.collect()
    }
}
