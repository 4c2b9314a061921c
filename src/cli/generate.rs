//! `lenslet gen`.

use std::path::{Path, PathBuf};
use std::time::Instant;

use lenslet::codegen::{Written, is_ours};
use lenslet::{Engine, Options, Schema, check::Generator};
use serde_json::{Value, json};

use super::error::Error;
use super::project::{Place, Project};
use super::schema_files::{self, SchemaFiles};
use super::{Outcome, Verdict, terminal, watch};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lenslet gen
  lenslet gen --output crates/db
  lenslet gen --no-engine --output worker/db
  lenslet gen --watch

Flags beat the schema's block:
  generator client {
    provider = \"lenslet\"
    output   = \"../db\"       // relative to the schema file
    engine   = \"native\"      // or \"none\": what --no-engine does
  }

Needs neither a database nor an environment.")]
pub(super) struct Arguments {
    /// The schema: a file, or a folder of *.prisma files
    #[arg(long, value_name = "PATH")]
    schema: Option<PathBuf>,
    /// The folder of the client crate, relative to the working directory
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Write the engine-less client, which posts its queries over HTTP
    #[arg(long)]
    no_engine: bool,
    /// Of several generator blocks, only the one with this name
    #[arg(long, value_name = "NAME")]
    generator: Option<String>,
    /// Write it again at every change of the schema
    #[arg(long)]
    watch: bool,
    /// Print what was written as one JSON object
    #[arg(long, conflicts_with = "watch")]
    json: bool,
}

/// What follows a migration: the clients that the schema's blocks ask for, if there are any.
pub(super) fn after_migration(place: &Place, project: &Project, quiet: bool) -> Result<(), Error> {
    let has_output = |it: &Generator| is_ours(it) && it.output.is_some();
    if !project.schema.generators.iter().any(has_output) {
        return Ok(());
    }
    let files = SchemaFiles::load(place.schema.as_deref())?;
    let (schema, output) = (place.schema.clone(), None);
    let arguments = Arguments { schema, output, no_engine: false, generator: None, watch: false, json: false };
    for client in clients_of(&project.schema, &files, &arguments)? {
        let written = write(&project.schema, &client)?;
        if !quiet {
            terminal::answer(&format!("Generated `{}`: {written}", client.output.display()))?;
        }
    }
    Ok(())
}

/// A crate to be written.
struct Client {
    output: PathBuf,
    options: Options,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    if !arguments.watch {
        return generate(arguments);
    }
    let schema = schema_files::locate(arguments.schema.as_deref())?;
    terminal::progress(&format!("Watching `{}`, Ctrl-C ends it", schema.display()));
    watch::watch(&schema, || {
        if let Err(error) = generate(arguments) {
            terminal::error(&error);
        }
    })
}

fn generate(arguments: &Arguments) -> Outcome {
    let files = SchemaFiles::load(arguments.schema.as_deref())?;
    let Some(schema) = files.check(arguments.json)? else {
        return Ok(Verdict::Bad);
    };
    let mut clients = Vec::new();
    for client in clients_of(&schema, &files, arguments)? {
        let started = Instant::now();
        let written = write(&schema, &client)?;
        if arguments.json {
            clients.push(json(&client, &written));
        } else {
            terminal::answer(&format!("Generated `{}`: {written}", client.output.display()))?;
            terminal::progress(&format!("in {}", terminal::milliseconds(started.elapsed())));
        }
    }
    if arguments.json {
        terminal::json(&json!({ "clients": clients }))?;
    }
    Ok(Verdict::Good)
}

fn write(schema: &Schema, client: &Client) -> Result<Written, Error> {
    let output = lenslet::generate(schema, &client.options).map_err(Error::Generate)?;
    output.write_to(&client.output).map_err(Error::Output)
}

fn json(client: &Client, written: &Written) -> Value {
    json!({
        "output": client.output,
        "changed": written.changed,
        "unchanged": written.unchanged,
        "removed": written.removed,
    })
}

/// The crates that the arguments and the schema's generator blocks ask for.
fn clients_of(schema: &Schema, files: &SchemaFiles, arguments: &Arguments) -> Result<Vec<Client>, Error> {
    let wanted = |block: &&Generator| arguments.generator.as_ref().is_none_or(|name| *name == block.name);
    let blocks: Vec<&Generator> = schema.generators.iter().filter(|it| is_ours(it)).filter(wanted).collect();
    match (blocks.as_slice(), &arguments.generator, &arguments.output) {
        ([], Some(name), _) => Err(Error::NoSuchGenerator { name: name.clone(), schema: files.name() }),
        ([], None, None) => Err(Error::NoGenerator { schema: files.name() }),
        ([], None, Some(output)) => Ok(vec![client(Options::in_folder(output), output.clone(), arguments)]),
        ([_, _, ..], _, Some(_)) => {
            Err(Error::SeveralGenerators { names: blocks.iter().map(|it| it.name.clone()).collect() })
        }
        (blocks, _, output) => {
            blocks.iter().map(|block| client_of_block(block, output.as_deref(), files, arguments)).collect()
        }
    }
}

fn client_of_block(
    block: &Generator,
    output: Option<&Path>,
    files: &SchemaFiles,
    arguments: &Arguments,
) -> Result<Client, Error> {
    let output = match output {
        Some(output) => output.to_path_buf(),
        None => output_of_block(block, files)?,
    };
    let options = Options::of_block(block, &output);
    let options = options.map_err(|error| Error::Block { schema: files.name(), error })?;
    Ok(client(options, output, arguments))
}

fn output_of_block(block: &Generator, files: &SchemaFiles) -> Result<PathBuf, Error> {
    let (generator, schema) = (block.name.clone(), files.name());
    let Some(output) = &block.output else {
        return Err(Error::NoOutput { generator, schema });
    };
    match output.as_str().filter(|text| !text.trim().is_empty()) {
        Some(output) => Ok(files.folder_of_generator(&block.name).join(output)),
        None => Err(Error::OutputIsNoFolder { generator, schema }),
    }
}

fn client(mut options: Options, output: PathBuf, arguments: &Arguments) -> Client {
    if arguments.no_engine {
        options.engine = Engine::None;
    }
    Client { output, options }
}
