//! What `wrangler dev` gives a Worker: which file feeds which variable.
//!
//! The rules are wrangler's (tests compare with it): `vars` of the configuration, those of the environment alone where one is
//! named; above them the secrets of `.dev.vars.ENV`, or else of `.dev.vars`, or else, when neither is there, of the `.env` files.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::cli::error::Error;

/// In wrangler's order.
const CONFIGURATIONS: [&str; 3] = ["wrangler.json", "wrangler.jsonc", "wrangler.toml"];

/// A Worker's project.
pub(super) struct Worker {
    /// Its configuration.
    pub(super) configuration: PathBuf,
    /// What it is given, by name.
    pub(super) variables: BTreeMap<String, Variable>,
    /// The environment asked for, where the configuration does not know it.
    pub(super) unknown_environment: Option<String>,
}

/// A variable of a Worker.
pub(super) struct Variable {
    pub(super) value: String,
    /// The file that it stands in.
    pub(super) file: String,
    /// Whether it stands in the configuration, which is in version control.
    pub(super) is_public: bool,
    /// Whether it comes from the files that feed the command line.
    pub(super) is_of_the_command_line: bool,
}

impl Worker {
    /// Reads the Worker in a folder, if there is one.
    pub(super) fn load(folder: &Path, environment: Option<&str>) -> Result<Option<Self>, Error> {
        let found = CONFIGURATIONS.iter().map(|name| folder.join(name)).find(|path| path.is_file());
        let Some(path) = found else {
            return Ok(None);
        };
        let configuration = configuration(&path)?;
        let named = environment.and_then(|name| configuration.get("env")?.get(name));
        let mut worker = Self { configuration: path, variables: BTreeMap::new(), unknown_environment: None };
        if let Some(name) = environment.filter(|_| named.is_none()) {
            worker.unknown_environment = Some(name.to_owned());
        }
        worker.add_public(named.unwrap_or(&configuration));
        worker.add_secrets(folder, environment)?;
        Ok(Some(worker))
    }

    fn add_public(&mut self, section: &Value) {
        let file = self.configuration.display().to_string();
        for (name, value) in section.get("vars").and_then(Value::as_object).into_iter().flatten() {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let variable = Variable { value, file: file.clone(), is_public: true, is_of_the_command_line: false };
            self.variables.insert(name.clone(), variable);
        }
    }

    fn add_secrets(&mut self, folder: &Path, environment: Option<&str>) -> Result<(), Error> {
        let secrets = [environment.map(|name| format!(".dev.vars.{name}")), Some(".dev.vars".to_owned())];
        for name in secrets.into_iter().flatten() {
            if let Some(text) = text(&folder.join(&name))? {
                self.add_file(&folder.join(name), &text, false);
                return Ok(());
            }
        }
        if std::env::var("CLOUDFLARE_LOAD_DEV_VARS_FROM_DOT_ENV").is_ok_and(|value| value == "false") {
            return Ok(());
        }
        // Later ones beat earlier ones.
        let mut files = vec![".env".to_owned()];
        files.extend(environment.map(|name| format!(".env.{name}")));
        files.push(".env.local".to_owned());
        files.extend(environment.map(|name| format!(".env.{name}.local")));
        for name in files {
            if let Some(text) = text(&folder.join(&name))? {
                self.add_file(&folder.join(name), &text, true);
            }
        }
        Ok(())
    }

    fn add_file(&mut self, path: &Path, text: &str, is_of_the_command_line: bool) {
        for (name, value) in assignments(text) {
            let file = path.display().to_string();
            self.variables.insert(name, Variable { value, file, is_public: false, is_of_the_command_line });
        }
    }
}

fn text(path: &Path) -> Result<Option<String>, Error> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Error::Read { path: path.to_path_buf(), source }),
    }
}

fn configuration(path: &Path) -> Result<Value, Error> {
    let text = text(path)?.unwrap_or_default();
    let wrong = |line: usize, message: String| Error::Settings { path: path.to_path_buf(), line, message };
    if path.extension().is_some_and(|it| it == "toml") {
        return toml::from_str(&text).map_err(|error| {
            let before = text.get(..error.span().map_or(0, |span| span.start)).unwrap_or_default();
            wrong(before.matches('\n').count() + 1, error.message().to_owned())
        });
    }
    serde_json::from_str(&plain_json(&text)).map_err(|error| wrong(error.line(), error.to_string()))
}

/// JSON as wrangler takes it, without comments and commas before a closing bracket; lines stay where they are.
fn plain_json(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(it) = rest.chars().next() {
        let length = match it {
            '"' => string_length(rest),
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            it => it.len_utf8(),
        };
        let (piece, after) = rest.split_at(length);
        if it == '/' && length > 1 {
            plain.extend(piece.chars().filter(|it| *it == '\n'));
        } else {
            if it == ']' || it == '}' {
                let end = plain.trim_end().len();
                if plain.get(..end).is_some_and(|it| it.ends_with(',')) {
                    plain.replace_range(end - 1..end, " ");
                }
            }
            plain.push_str(piece);
        }
        rest = after;
    }
    plain
}

fn string_length(text: &str) -> usize {
    let mut is_escaped = false;
    for (at, it) in text.char_indices().skip(1) {
        match it {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Names and values as the JavaScript package `dotenv` reads them; what is no assignment, it skips.
pub(super) fn assignments(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let line = rest.lines().next().unwrap_or_default();
        let (assignment, length) = match assignment(line, rest) {
            Some((name, value, length)) => (Some((name, value)), length),
            None => (None, line.len()),
        };
        found.extend(assignment);
        rest = rest.get(length..).unwrap_or_default();
        rest = rest.split_once('\n').map_or("", |(_, after)| after);
    }
    found
}

/// The assignment that begins with a line, and how long it is; a quoted value may go on for several lines.
fn assignment(line: &str, text: &str) -> Option<(String, String, usize)> {
    let trimmed = line.trim_start();
    let trimmed = trimmed.strip_prefix("export ").map_or(trimmed, str::trim_start);
    let end = trimmed.find(|it: char| !(it.is_ascii_alphanumeric() || "_.-".contains(it)))?;
    let (name, after) = trimmed.split_at_checked(end).filter(|(name, _)| !name.is_empty())?;
    let value = after.trim_start().strip_prefix('=').or_else(|| after.strip_prefix(": "))?;
    let start = line.len() - value.len();
    let whole = text.get(start..)?;
    let lead = whole.len() - whole.trim_start_matches([' ', '\t']).len();
    let quoted = whole.get(lead..)?;
    let quote = quoted.chars().next().filter(|it| "'\"`".contains(*it));
    if let Some((quote, close)) = quote.and_then(|quote| Some((quote, quoted.get(1..)?.find(quote)?))) {
        let value = quoted.get(1..=close)?.to_owned();
        let value = if quote == '"' { value.replace("\\n", "\n").replace("\\r", "\r") } else { value };
        return Some((name.to_owned(), value, start + lead + close + 2));
    }
    let plain = value.split('#').next().unwrap_or_default().trim();
    Some((name.to_owned(), plain.to_owned(), line.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assignments_are_read_as_dotenv_reads_them() {
        let text = "A=1\n# B=2\nexport C = 'x # y'  # z\nD: d\nno assignment\nE=\"one\ntwo\"\nF=\nG=a#b\nH='it\nI=`i`";
        let found = assignments(text);
        let found: Vec<_> = found.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let expected = [
            ("A", "1"),
            ("C", "x # y"),
            ("D", "d"),
            ("E", "one\ntwo"),
            ("F", ""),
            ("G", "a"),
            ("H", "'it"),
            ("I", "i"),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn json_may_have_comments() {
        let text = "{ // one\n /* two\n */ \"a\": \"// no\\\" comment\", \"b\": [1, 2,], }";
        let value: Value = serde_json::from_str(&plain_json(text)).expect("JSON");
        assert_eq!(value, serde_json::json!({ "a": "// no\" comment", "b": [1, 2] }));
    }
}
