//! What `wrangler dev` gives a Worker: which file feeds which variable.
//!
//! The rules are wrangler's, and tests compare with it. What it does is decided by an environment of its own: that of the
//! process, then the `.env` files where it runs. `CLOUDFLARE_ENV` there, or `--env`, chooses the section of the configuration,
//! whose `vars` come first. Above them are the secrets: of `.dev.vars.ENV` (only `--env` counts), or else of `.dev.vars`, or else,
//! when neither is there, of the `.env` files beside the configuration. `--var` beats everything.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::dotenv::{assignments, expanded};
use crate::cli::error::Error;

/// In wrangler's order.
const CONFIGURATIONS: [&str; 3] = ["wrangler.json", "wrangler.jsonc", "wrangler.toml"];

/// How `wrangler dev` is called.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "What `wrangler dev` is called with")]
pub(super) struct Call {
    /// The environment of the Worker
    #[arg(long, value_name = "NAME")]
    env: Option<String>,
    /// A variable of the Worker; may be repeated
    #[arg(long, value_name = "NAME:VALUE")]
    var: Vec<String>,
    /// A file of variables, instead of `.dev.vars` and `.env`; may be repeated
    #[arg(long, value_name = "FILE")]
    env_file: Vec<PathBuf>,
    /// The folder of the Worker, where wrangler runs
    #[arg(long = "worker", value_name = "DIR")]
    folder: Option<PathBuf>,
}

impl Call {
    fn folder(&self) -> &Path {
        self.folder.as_deref().unwrap_or(Path::new(""))
    }
}

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
#[derive(Clone)]
pub(super) struct Variable {
    pub(super) value: String,
    pub(super) source: Source,
}

/// Where a variable of a Worker stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// In the configuration, which is in version control.
    Configuration(PathBuf),
    /// In a file of the Worker's secrets.
    Secrets(PathBuf),
    /// In a file that feeds the command line.
    CommandLine(PathBuf),
    /// In the environment of wrangler.
    Process,
    /// In the call of wrangler.
    Flag,
}

impl Source {
    /// As messages name it.
    pub(super) fn name(&self) -> String {
        match self {
            Source::Configuration(path) | Source::Secrets(path) | Source::CommandLine(path) => {
                path.display().to_string()
            }
            Source::Process => "the environment".to_owned(),
            Source::Flag => "--var".to_owned(),
        }
    }
}

impl Worker {
    /// Reads the Worker in a folder, if there is one.
    pub(super) fn load(call: &Call) -> Result<Option<Self>, Error> {
        let Some(path) = find(call.folder()) else { return Ok(None) };
        let process = Process::load(call)?;
        let configuration = configuration(&path)?;
        // An empty name is that of no environment.
        let environment = call.env.as_deref().or(process.get("CLOUDFLARE_ENV")).filter(|name| !name.is_empty());
        let named = environment.and_then(|name| configuration.get("env")?.get(name));
        let mut worker = Self { configuration: path, variables: BTreeMap::new(), unknown_environment: None };
        if let Some(name) = environment.filter(|_| named.is_none()) {
            worker.unknown_environment = Some(name.to_owned());
        }
        let section = named.unwrap_or(&configuration);
        worker.add_public(section);
        let secrets = worker.secrets(call, &process, section.get("secrets").is_some())?;
        worker.add_secrets(secrets, section);
        worker.add_flags(&call.var);
        Ok(Some(worker))
    }

    fn add_public(&mut self, section: &Value) {
        for (name, value) in section.get("vars").and_then(Value::as_object).into_iter().flatten() {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let source = Source::Configuration(self.configuration.clone());
            self.variables.insert(name.clone(), Variable { value, source });
        }
    }

    fn secrets(&self, call: &Call, process: &Process, are_listed: bool) -> Result<BTreeMap<String, Variable>, Error> {
        let folder = self.configuration.parent().unwrap_or(Path::new(""));
        let files = [call.env.as_ref().map(|name| format!(".dev.vars.{name}")), Some(".dev.vars".to_owned())];
        for path in files.into_iter().flatten().filter(|_| call.env_file.is_empty()).map(|name| folder.join(name)) {
            if let Some(text) = text(&path)? {
                let variable = |value| Variable { value, source: Source::Secrets(path.clone()) };
                return Ok(assignments(&text).into_iter().map(|(name, value)| (name, variable(value))).collect());
            }
        }
        if process.is("CLOUDFLARE_LOAD_DEV_VARS_FROM_DOT_ENV", false) {
            return Ok(BTreeMap::new());
        }
        let process = (are_listed || process.is("CLOUDFLARE_INCLUDE_PROCESS_ENV", true)).then_some(process);
        merged(folder, call, process)
    }

    /// Where the configuration lists secrets, those, and what it has in `vars`; else all of them.
    fn add_secrets(&mut self, secrets: BTreeMap<String, Variable>, section: &Value) {
        let listed = section.get("secrets").map(|it| it.get("required").and_then(Value::as_array));
        let is_listed =
            |name: &str| listed.is_none_or(|it| it.into_iter().flatten().any(|it| it.as_str() == Some(name)));
        for (name, variable) in secrets {
            if is_listed(&name) || self.variables.contains_key(&name) {
                self.variables.insert(name, variable);
            }
        }
    }

    fn add_flags(&mut self, flags: &[String]) {
        for flag in flags {
            let (name, value) = flag.split_once(':').unwrap_or((flag, ""));
            self.variables.insert(name.to_owned(), Variable { value: value.to_owned(), source: Source::Flag });
        }
    }
}

/// The environment that wrangler sees: that of the process, then the `.env` files where it runs.
struct Process {
    variables: BTreeMap<String, Variable>,
}

impl Process {
    fn load(call: &Call) -> Result<Self, Error> {
        let name = |name: std::ffi::OsString| name.to_string_lossy().into_owned();
        let variable = |value: std::ffi::OsString| Variable {
            value: value.to_string_lossy().into_owned(),
            source: Source::Process,
        };
        let own = std::env::vars_os().map(|(it, value)| (name(it), variable(value))).collect();
        Ok(Self { variables: merged(call.folder(), call, Some(&Self { variables: own }))? })
    }

    /// A variable that is not empty.
    fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(|it| it.value.as_str()).filter(|it| !it.is_empty())
    }

    fn is(&self, name: &str, value: bool) -> bool {
        self.get(name).is_some_and(|it| it.eq_ignore_ascii_case(if value { "true" } else { "false" }))
    }
}

/// What the `.env` files of a folder say, above that what the process says, where it counts.
fn merged(folder: &Path, call: &Call, process: Option<&Process>) -> Result<BTreeMap<String, Variable>, Error> {
    let mut files = call.env_file.clone();
    if files.is_empty() {
        files.extend([".env".into(), ".env.local".into()]);
        files.extend(
            call.env.iter().flat_map(|name| [format!(".env.{name}").into(), format!(".env.{name}.local").into()]),
        );
    }
    let mut found = BTreeMap::new();
    for path in files.iter().map(|name| folder.join(name)) {
        for (name, value) in text(&path)?.iter().flat_map(|text| assignments(text)) {
            let is_named = !call.env_file.is_empty();
            let source = if is_named { Source::Secrets(path.clone()) } else { Source::CommandLine(path.clone()) };
            found.insert(name, Variable { value, source });
        }
    }
    for (name, variable) in process.into_iter().flat_map(|it| &it.variables) {
        // An empty one beats nothing.
        if !variable.value.is_empty() || !found.contains_key(name) {
            found.insert(name.clone(), variable.clone());
        }
    }
    let values: BTreeMap<String, String> = found.iter().map(|(name, it)| (name.clone(), it.value.clone())).collect();
    for variable in found.values_mut().filter(|it| it.source != Source::Process) {
        variable.value = expanded(&variable.value, &values);
    }
    Ok(found)
}

/// The configuration in a folder or above it, as wrangler looks for it: each name in all of them before the next.
fn find(folder: &Path) -> Option<PathBuf> {
    let depth = fs::canonicalize(folder.join(".")).map_or(1, |it| it.ancestors().count());
    let folders: Vec<PathBuf> =
        (0..depth).map(|up| (0..up).fold(folder.to_path_buf(), |path, _| path.join(".."))).collect();
    CONFIGURATIONS.iter().flat_map(|name| folders.iter().map(move |it| it.join(name))).find(|path| path.is_file())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_may_have_comments() {
        let text = "{ // one\n /* two\n */ \"a\": \"// no\\\" comment\", \"b\": [1, 2,], }";
        let value: Value = serde_json::from_str(&plain_json(text)).expect("JSON");
        assert_eq!(value, serde_json::json!({ "a": "// no\" comment", "b": [1, 2] }));
    }
}
