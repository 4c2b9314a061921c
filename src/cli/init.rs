//! `lenslet init`.

use std::fs;
use std::path::{Path, PathBuf};

use lenslet::Sources;
use lenslet_core::catalog::Provider;
use serde_json::json;

use super::database_url::DatabaseUrl;
use super::error::Error;
use super::template::{File, Template};
use super::{Outcome, Verdict, db_pull, template, terminal};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lenslet init                                 A schema for SQLite, `.env` and `.gitignore`
  lenslet init --provider postgresql           The same for PostgreSQL
  lenslet init --template sqlite               A program with a SQLite file
  lenslet init --template service              An HTTP service on PostgreSQL
  lenslet init --template worker               A Cloudflare Worker in front of `lenslet pool`
  lenslet init --from-database file:dev.db     A schema that says what the database has

Nothing is overwritten: when one of the files is there, none is written. Only to `.gitignore` lines are added.")]
pub(super) struct Arguments {
    /// The database: sqlite (if nothing else says it), postgresql, mysql, cockroachdb or sqlserver
    #[arg(long, value_name = "NAME", alias = "datasource-provider", value_parser = provider)]
    provider: Option<Provider>,
    /// Also a program that uses the client
    #[arg(long, value_name = "NAME", value_enum)]
    template: Option<Template>,
    /// The URL for `.env`
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// Take the models from a database that is there; its URL goes to `.env`
    #[arg(long, value_name = "URL", conflicts_with_all = ["template", "url"])]
    from_database: Option<String>,
    /// Print what was written as one JSON object
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let provider = chosen(arguments)?;
    let mut files = template::files(arguments.template, provider, url(arguments), &package_name());
    let existing: Vec<PathBuf> =
        files.iter().filter(|file| !file.joins && Path::new(file.path).exists()).map(|it| it.path.into()).collect();
    if !existing.is_empty() {
        return Err(Error::WouldOverwrite { files: existing });
    }
    if let Some(url) = &arguments.from_database {
        // Read before anything is written.
        let schema = pulled(&DatabaseUrl::given_as("`--from-database`", url), provider)?;
        files.iter_mut().filter(|file| file.path == template::SCHEMA).for_each(|file| file.text.clone_from(&schema));
    }
    let mut written = Vec::new();
    for file in &files {
        if write(file)? {
            written.push(file.path);
        }
    }
    let next = match &arguments.from_database {
        None => template::next(arguments.template),
        Some(_) => template::NEXT_FROM_DATABASE,
    };
    if arguments.json {
        let next: Vec<&str> = next.iter().map(|(command, _)| *command).collect();
        terminal::json(&json!({ "files": written, "next": next }))?;
        return Ok(Verdict::Good);
    }
    for path in written {
        terminal::answer(&format!("Wrote `{path}`"))?;
    }
    terminal::answer("\nNext:")?;
    for (command, purpose) in next {
        terminal::answer(&format!("  {command:36}# {purpose}"))?;
    }
    Ok(Verdict::Good)
}

/// The database that flags, template or URL mean.
fn chosen(arguments: &Arguments) -> Result<Provider, Error> {
    let of_url = url(arguments).and_then(provider_of);
    let of_template = arguments.template.map(Template::provider);
    let of_flag = arguments.provider;
    let choices: Vec<Provider> = [of_flag, of_template, of_url].into_iter().flatten().collect();
    match choices.as_slice() {
        [] => Ok(Provider::Sqlite),
        [first, rest @ ..] => match rest.iter().find(|it| *it != first) {
            Some(other) => Err(Error::TwoProviders { first: first.name(), second: other.name() }),
            None => Ok(*first),
        },
    }
}

fn url(arguments: &Arguments) -> Option<&str> {
    arguments.url.as_deref().or(arguments.from_database.as_deref())
}

/// The schema of a database that is there.
fn pulled(url: &DatabaseUrl, provider: Provider) -> Result<String, Error> {
    url.fits(provider)?;
    let sources = Sources::single(template::SCHEMA, template::without_models(provider));
    let found = db_pull::describe(url, &sources)?;
    let pulled = lenslet::pull::pull(&sources, &found).map_err(|error| Error::Pull(error.to_string()))?;
    pulled.warnings.iter().for_each(|warning| terminal::warning(warning));
    Ok(pulled.sources.files().iter().map(|file| file.text.as_str()).collect())
}

/// The kind of database that a URL is for.
pub(super) fn provider_of(url: &str) -> Option<Provider> {
    match url.split(':').next()? {
        "file" => Some(Provider::Sqlite),
        "postgresql" | "postgres" => Some(Provider::Postgresql),
        "mysql" => Some(Provider::Mysql),
        "sqlserver" => Some(Provider::Sqlserver),
        _ => None,
    }
}

fn provider(name: &str) -> Result<Provider, String> {
    let all = [Provider::Sqlite, Provider::Postgresql, Provider::Mysql, Provider::Cockroachdb, Provider::Sqlserver];
    let found = all.into_iter().find(|it| it.name() == name || (name == "postgres" && *it == Provider::Postgresql));
    found.ok_or_else(|| format!("the databases are {}", all.map(Provider::name).join(", ")))
}

/// The name of the working directory, as cargo takes it.
fn package_name() -> String {
    let folder = std::env::current_dir().ok();
    let name = folder.as_deref().and_then(Path::file_name).map(|name| name.to_string_lossy().to_lowercase());
    let name: String = name
        .unwrap_or_default()
        .chars()
        .map(|it| if it.is_ascii_alphanumeric() || it == '_' { it } else { '-' })
        .collect();
    let name = name.trim_matches('-');
    // Names that cargo refuses, or that are the client's.
    let refused = ["", "db", "core", "std", "alloc", "test", "build", "deps", "examples", "incremental"];
    if name.starts_with(|it: char| it.is_ascii_digit()) || refused.contains(&name) {
        return format!("app-{name}").trim_end_matches('-').to_owned();
    }
    name.to_owned()
}

/// Writes a file, or adds to one what it lacks. Says whether there was something to do.
fn write(file: &File) -> Result<bool, Error> {
    let path = Path::new(file.path);
    let failed = |source| Error::Write { path: path.to_path_buf(), source };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let old = if file.joins && path.exists() { fs::read_to_string(path).map_err(failed)? } else { String::new() };
    let missing: Vec<&str> = file.text.lines().filter(|line| !old.lines().any(|it| it.trim() == *line)).collect();
    if missing.is_empty() {
        return Ok(false);
    }
    let text = match old.as_str() {
        "" => file.text.clone(),
        old => format!("{}\n{}\n", old.trim_end(), missing.join("\n")),
    };
    fs::write(path, text).map_err(failed)?;
    Ok(true)
}
