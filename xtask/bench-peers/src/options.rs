//! What the command line asks for.

use crate::{peer::Result, work::Work};

pub(crate) const HELP: &str = "\
The generated client against bare drivers, Diesel, sqlx and SeaORM, on the same work in one run

Options
  --only <TEXT>          Only operations whose name has this text in it, as in `--only insert`
  --peers <NAMES>        Only these libraries, as in `--peers lenslet,diesel`; the bare driver takes part always
  --sqlite               Only SQLite
  --postgresql           Only PostgreSQL
  --processors <WHICH>   Where PostgreSQL and its clients run: `apart`, on a processor each, `together` on one, or on `any`;
                         both of the former where nothing is said
  --quick                Fewer samples
  --samples <N>          So many samples of each row
  --best                 The best sample of each row instead of the median, where the machine has other work
  --json                 Print JSON instead of tables, an array a table
";

/// The options of a run.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) only: Vec<String>,
    pub(crate) peers: Vec<String>,
    pub(crate) sqlite: bool,
    pub(crate) postgresql: bool,
    pub(crate) samples: usize,
    pub(crate) best: bool,
    pub(crate) json: bool,
    /// Where PostgreSQL and its clients run, as whoever started the server says.
    pub(crate) place: String,
}

impl Options {
    /// Reads the words after the name of the program.
    pub(crate) fn parse(words: impl Iterator<Item = String>) -> Result<Self> {
        let mut options = Self {
            only: Vec::new(),
            peers: Vec::new(),
            sqlite: true,
            postgresql: true,
            samples: 51,
            best: false,
            json: false,
            place: String::from("on loopback"),
        };
        let mut words = words;
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or_else(|| format!("`{word}` needs a value"));
            match word.as_str() {
                "--only" => options.only.push(value()?),
                "--peers" => options.peers = value()?.split(',').map(str::to_owned).collect(),
                "--sqlite" => options.postgresql = false,
                "--postgresql" => options.sqlite = false,
                "--quick" => options.samples = 11,
                "--samples" => options.samples = value()?.parse()?,
                "--best" => options.best = true,
                "--json" => options.json = true,
                "--where" => options.place = value()?,
                _ => return Err(format!("there is no option `{word}`\n\n{HELP}").into()),
            }
        }
        Ok(options)
    }

    pub(crate) fn wants(&self, work: Work) -> bool {
        self.only.is_empty() || self.only.iter().any(|text| work.name().contains(text))
    }

    pub(crate) fn admits(&self, peer: &str) -> bool {
        self.peers.is_empty() || self.peers.iter().any(|name| name == peer)
    }
}
