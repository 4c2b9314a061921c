//! `lenslet.toml`: what a project wants of the command line, and a schema cannot say.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::error::Error;

/// Where settings are: in the working directory.
pub(super) const FILE: &str = "lenslet.toml";

/// What may stand there.
pub(super) const HELP: &str = "what it may hold, all of it optional, paths relative to the file:\n
schema = \"prisma/schema.prisma\"          # a file, or a folder of *.prisma files
migrations = \"prisma/migrations\"         # else the folder `migrations` beside the schema
seed = \"cargo run --example seed\"        # what `lenslet db seed` runs
shadow-database-url = \"postgresql://…\"   # or { env = \"SHADOW_DATABASE_URL\" }";

/// The settings of a project. Flags beat them.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Settings {
    /// The file or folder of the schema.
    pub(super) schema: Option<PathBuf>,
    /// The folder of migrations.
    pub(super) migrations: Option<PathBuf>,
    /// The command that fills a database.
    pub(super) seed: Option<String>,
    /// A database that migrations may be tried on.
    pub(super) shadow_database_url: Option<Text>,
}

/// A text, or the variable that holds it.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "expected a text, or { env = \"NAME\" }")]
pub(super) enum Text {
    /// The text.
    Literal(String),
    /// The variable.
    Variable(Variable),
}

/// The name of a variable.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Variable {
    /// The name.
    pub(super) env: String,
}

impl Settings {
    /// Reads them; where there is no file, there are none.
    pub(super) fn load() -> Result<Self, Error> {
        match fs::read_to_string(FILE) {
            Ok(text) => Self::parse(&text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(source) => Err(Error::Read { path: FILE.into(), source }),
        }
    }

    fn parse(text: &str) -> Result<Self, Error> {
        toml::from_str(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            let line = text.get(..start).unwrap_or_default().matches('\n').count() + 1;
            let message = error.message().replace('\n', "; ");
            Error::Settings { path: Path::new(FILE).to_path_buf(), line, message }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, said: &[&str]) {
        let error = Settings::parse(text).expect_err("refused").to_string();
        assert!(said.iter().all(|piece| error.contains(piece)), "{error}");
    }

    #[test]
    fn what_is_not_understood_is_named_with_its_line() {
        check("schema = \"a\"\nmigration = \"b\"\n", &["line 2", "`migration`", "`migrations`"]);
        check("# settings\n\nseed = 5\n", &["line 3", "string"]);
        check("schema = \"a\nseed = \"b\"\n", &["line 1"]);
        check("\nshadow-database-url = { environment = \"A\" }", &["line 2", "{ env = \"NAME\" }"]);
    }

    #[test]
    fn a_text_may_be_that_of_a_variable() {
        let settings = Settings::parse("shadow-database-url = { env = \"SHADOW\" }").expect("settings");
        assert!(matches!(settings.shadow_database_url, Some(Text::Variable(it)) if it.env == "SHADOW"));
        assert!(Settings::parse("").expect("settings").schema.is_none());
    }
}
