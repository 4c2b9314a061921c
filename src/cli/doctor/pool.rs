//! What `lenslet pool` here would do.

use std::path::Path;

use lenslet_pool::config::{Config, ConfigError, FILE};

use super::{Level, Section};
use crate::cli::terminal;

/// The pool's configuration, if there is one.
pub(super) fn configuration() -> Option<Result<Config, ConfigError>> {
    let path = Path::new(FILE);
    path.is_file().then(|| Config::read(path))
}

pub(super) fn section(configuration: &Result<Config, ConfigError>) -> Section {
    let mut section = Section::new(format!("The pool of `{FILE}`"));
    match configuration {
        Ok(config) => examine(&mut section, config),
        Err(error) => section.say(Level::Wrong, error.to_string()),
    }
    section
}

fn examine(section: &mut Section, config: &Config) {
    let url = match config.database_url {
        Some(_) => "its database is `database-url` there, not that of the commands",
        None => "its database is that of the commands",
    };
    section.say(Level::Good, url);
    let is_open = config.listen.is_some_and(|address| !address.ip().is_loopback());
    match (config.keys.len(), is_open) {
        (0, true) => {
            section.say(Level::Wrong, format!("{NO_KEY}, and it would answer other machines: it does not start"))
        }
        (0, false) => {
            section.say(Level::Warning, format!("{NO_KEY}: every program on this machine may ask for everything"))
        }
        (count, _) => section.say(Level::Good, terminal::counted(count, "key")),
    }
    if let Some(tls) = &config.tls {
        for path in [&tls.certificate, &tls.key].into_iter().filter(|path| !path.is_file()) {
            section.say(Level::Wrong, format!("its file `{}` is not there", path.display()));
        }
    }
}

const NO_KEY: &str = "there is no key (`lenslet pool key create --name NAME` makes one)";
