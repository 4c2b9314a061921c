//! `lenslet pool key`: who may ask a pool.

use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::path::PathBuf;

use lenslet_pool::config::{FILE, Time};
use lenslet_pool::key_file::{self, NewKey};
use lenslet_pool::keys::Key;
use lenslet_pool::scope::{Operation, Scope};

use serde_json::{Value, json};

use super::pool::PoolError;
use super::{Outcome, Verdict, terminal};

#[derive(Clone, Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Make a key, which is shown once
    Create(Create),
    /// List the keys, without themselves
    List(List),
    /// Revoke a key: a pool that runs refuses it from the next request on
    Revoke(Revoke),
}

#[derive(Clone, Debug, clap::Args)]
struct File {
    /// The pool's configuration, which holds the keys' hashes
    #[arg(long, value_name = "FILE", default_value = FILE)]
    config: PathBuf,
    /// Print the answer as one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lenslet pool key create --name worker
  lenslet pool key create --name dashboard --read-only --model User --model Post --expires 90d
  lenslet pool key create --name importer --operation createMany --model Event

The key is printed once and kept nowhere: the configuration holds its hash. Clients use it as `https://HOST/?api_key=KEY`.
A key that is limited to some models reaches others neither by an include nor a filter nor a nested write. Operations have \
the names of Prisma's JSON protocol; what is nested in a write counts as the operation that it is.")]
pub(super) struct Create {
    /// What to call it in lists and logs
    #[arg(long)]
    name: String,
    /// It may only read
    #[arg(long, conflicts_with = "raw")]
    read_only: bool,
    /// A model that it may reach; repeat it for several; all of them if it is not given
    #[arg(long, value_name = "MODEL", conflicts_with = "raw")]
    model: Vec<String>,
    /// What it may do, as `findMany`; repeat it for several; everything if it is not given
    #[arg(long, value_name = "OPERATION", value_parser = operation)]
    operation: Vec<Operation>,
    /// It may send SQL of its own, which reaches whatever the pool's database user reaches
    #[arg(long)]
    raw: bool,
    /// How long it may be used, as `90d` or `12h`; for ever if it is not given
    #[arg(long, value_name = "TIME")]
    expires: Option<Time>,
    /// How many requests it may make a second
    #[arg(long, value_name = "NUMBER")]
    requests_per_second: Option<NonZeroU32>,
    #[command(flatten)]
    file: File,
}

#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lenslet pool key list
  lenslet pool key list --json")]
pub(super) struct List {
    #[command(flatten)]
    file: File,
}

#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lenslet pool key revoke dashboard

A pool that runs looks at its configuration at every request: nothing has to be started again.")]
pub(super) struct Revoke {
    /// The name of the key
    name: String,
    #[command(flatten)]
    file: File,
}

fn operation(name: &str) -> Result<Operation, String> {
    let every: Vec<&str> = Operation::EVERY.iter().map(|it| it.name()).collect();
    Operation::named(name).ok_or_else(|| format!("operations are {}", every.join(", ")))
}

pub(super) fn run(command: &Command) -> Outcome {
    match command {
        Command::Create(arguments) => create(arguments),
        Command::List(arguments) => list(&arguments.file),
        Command::Revoke(arguments) => revoke(&arguments.name, &arguments.file),
    }
}

fn create(arguments: &Create) -> Outcome {
    let Create { name, read_only, model, operation, raw, expires, requests_per_second, file } = arguments;
    let some = |models: &[String]| (!models.is_empty()).then(|| models.iter().cloned().collect::<BTreeSet<_>>());
    let scope = Scope {
        read_only: *read_only,
        models: some(model),
        operations: (!operation.is_empty()).then(|| operation.iter().copied().collect()),
        raw: *raw,
    };
    let expires = match expires {
        Some(time) => Some(key_file::after(*time).ok_or(PoolError::TooLong(*time))?),
        None => None,
    };
    let new = NewKey { name: name.clone(), scope, expires, requests_per_second: *requests_per_second };
    let secret = key_file::create(&file.config, &new).map_err(PoolError::Keys)?;
    if file.json {
        terminal::json(&json!({ "name": name, "key": secret.reveal() }))?;
    } else {
        terminal::answer(secret.reveal())?;
    }
    let place = file.config.display();
    terminal::message(&format!("This is the only time the key is shown; its hash is in `{place}`."));
    Ok(Verdict::Good)
}

fn list(file: &File) -> Outcome {
    // Before the first key there need not be a configuration.
    let keys = if file.config.exists() { key_file::list(&file.config).map_err(PoolError::Keys)? } else { Vec::new() };
    if file.json {
        terminal::json(&json!({ "keys": keys.iter().map(as_json).collect::<Vec<_>>() }))?;
        return Ok(Verdict::Good);
    }
    if keys.is_empty() {
        terminal::message(&format!(
            "`{}` has no keys; `lenslet pool key create --name NAME` makes one.",
            file.config.display()
        ));
        return Ok(Verdict::Good);
    }
    let header = ["NAME", "MAY", "CREATED", "EXPIRES"].map(String::from);
    let rows: Vec<[String; 4]> = std::iter::once(header).chain(keys.iter().map(row)).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let [first, second, third] = [width(0), width(1), width(2)];
    for [name, may, created, expires] in &rows {
        let line = format!("{name:first$}  {may:second$}  {created:third$}  {expires}");
        terminal::answer(line.trim_end())?;
    }
    Ok(Verdict::Good)
}

fn as_json(key: &Key) -> Value {
    let Scope { read_only, models, operations, raw } = &key.scope;
    let operations = operations.as_ref().map(|it| it.iter().map(|it| it.name()).collect::<Vec<_>>());
    const MOMENT: &str = "%Y-%m-%dT%H:%M:%SZ";
    json!({
        "name": key.name,
        "readOnly": read_only,
        "models": models,
        "operations": operations,
        "raw": raw,
        "requestsPerSecond": key.requests_per_second,
        "created": key.created.map(|at| at.format(MOMENT).to_string()),
        "expires": key.expires.map(|at| at.format(MOMENT).to_string()),
        "expired": key.has_expired(),
    })
}

fn row(key: &Key) -> [String; 4] {
    let created = key.created.map(|at| at.format("%Y-%m-%d").to_string());
    let expires = match key.expires {
        None => "never".to_owned(),
        Some(at) => format!("{}{}", at.format("%Y-%m-%d %H:%M UTC"), if key.has_expired() { ", expired" } else { "" }),
    };
    [key.name.clone(), may(key), created.unwrap_or_default(), expires]
}

/// What a key may do, in words.
fn may(key: &Key) -> String {
    let Scope { read_only, models, operations, raw } = &key.scope;
    let mut words = match (operations, read_only) {
        (Some(operations), _) => operations.iter().map(|it| it.name()).collect::<Vec<_>>().join(", "),
        (None, true) => "read".to_owned(),
        (None, false) => "read, write".to_owned(),
    };
    if let Some(models) = models {
        words.push_str(&format!(" on {}", models.iter().map(String::as_str).collect::<Vec<_>>().join(", ")));
    }
    if *raw {
        words.push_str(", raw SQL");
    }
    if let Some(rate) = key.requests_per_second {
        words.push_str(&format!(", {rate}/s"));
    }
    words
}

fn revoke(name: &str, file: &File) -> Outcome {
    key_file::revoke(&file.config, name).map_err(PoolError::Keys)?;
    if file.json {
        terminal::json(&json!({ "revoked": name }))?;
    } else {
        terminal::message(&format!("Revoked `{name}`."));
    }
    Ok(Verdict::Good)
}
