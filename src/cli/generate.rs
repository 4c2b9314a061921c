//! `lenslet gen`.

use std::path::{Component, Path, PathBuf};
use std::time::Instant;

use lenslet::codegen::{Written, is_ours};
use lenslet::{Engine, Options, Schema, check::Generator};
use serde_json::{Value, json};

use super::error::Error;
use super::project::Project;
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
    #[command(flatten)]
    flags: Flags,
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

/// What follows a change of the database: the clients that the schema's blocks ask for, if there are any.
pub(super) fn after_change(project: &Project) -> Result<Vec<Generated>, Error> {
    let blocks = project.schema.generators.iter().filter(|it| is_ours(it) && it.output.is_some());
    let clients = blocks.map(|block| client_of_block(block, &project.files, &Flags::default()));
    let clients: Vec<Client> = clients.collect::<Result<_, _>>()?;
    clients.into_iter().map(|client| write(&project.schema, client)).collect()
}

/// What flags say about a client.
#[derive(Debug, Default, clap::Args)]
struct Flags {
    /// The folder of the client crate, relative to the working directory
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Write the engine-less client, which posts its queries over HTTP
    #[arg(long)]
    no_engine: bool,
}

/// A crate to be written.
struct Client {
    output: PathBuf,
    options: Options,
}

/// A crate that was written.
pub(super) struct Generated {
    output: PathBuf,
    written: Written,
}

impl Generated {
    /// Says it to people.
    pub(super) fn say(&self) -> Result<(), Error> {
        terminal::answer(&format!("Generated `{}`: {}", self.output.display(), self.written))
    }

    /// The same for programs.
    pub(super) fn json(&self) -> Value {
        json!({
            "output": self.output,
            "changed": self.written.changed,
            "unchanged": self.written.unchanged,
            "removed": self.written.removed,
        })
    }
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
    let schema = files.check()?;
    let mut clients = Vec::new();
    for client in clients_of(&schema, &files, arguments)? {
        let started = Instant::now();
        let generated = write(&schema, client)?;
        if !arguments.json {
            generated.say()?;
            terminal::progress(&format!("in {}", terminal::milliseconds(started.elapsed())));
        }
        clients.push(generated);
    }
    if arguments.json {
        terminal::json(&json!({ "clients": all_as_json(&clients) }))?;
    }
    Ok(Verdict::Good)
}

/// Clients that were written, for programs.
pub(super) fn all_as_json(clients: &[Generated]) -> Value {
    clients.iter().map(Generated::json).collect()
}

fn write(schema: &Schema, client: Client) -> Result<Generated, Error> {
    let output = lenslet::generate(schema, &client.options).map_err(Error::Generate)?;
    let written = replace(|| output.write_to(&client.output)).map_err(Error::Output)?;
    Ok(Generated { output: client.output, written })
}

/// Whoever stops the command meanwhile waits until all files are replaced.
#[cfg(unix)]
fn replace<T>(files: impl FnOnce() -> T) -> T {
    super::interrupt::whole(files)
}

#[cfg(not(unix))]
fn replace<T>(files: impl FnOnce() -> T) -> T {
    files()
}

/// The crates that the arguments and the schema's generator blocks ask for.
fn clients_of(schema: &Schema, files: &SchemaFiles, arguments: &Arguments) -> Result<Vec<Client>, Error> {
    let wanted = |block: &&Generator| arguments.generator.as_ref().is_none_or(|name| *name == block.name);
    let blocks: Vec<&Generator> = schema.generators.iter().filter(|it| is_ours(it)).filter(wanted).collect();
    let flags = &arguments.flags;
    match (blocks.as_slice(), &arguments.generator, &flags.output) {
        ([], Some(name), _) => Err(Error::NoSuchGenerator { name: name.clone(), schema: files.name() }),
        ([], None, None) => Err(Error::NoGenerator { schema: files.name() }),
        ([], None, Some(output)) => Ok(vec![client(Options::in_folder(output), output.clone(), flags)]),
        ([_, _, ..], _, Some(_)) => {
            Err(Error::SeveralGenerators { names: blocks.iter().map(|it| it.name.clone()).collect() })
        }
        (blocks, _, _) => blocks.iter().map(|block| client_of_block(block, files, flags)).collect(),
    }
}

fn client_of_block(block: &Generator, files: &SchemaFiles, flags: &Flags) -> Result<Client, Error> {
    let output = match &flags.output {
        Some(output) => output.clone(),
        None => output_of_block(block, files)?,
    };
    let options = Options::of_block(block, &output);
    let options = options.map_err(|error| Error::Block { schema: files.name(), error })?;
    Ok(client(options, output, flags))
}

fn output_of_block(block: &Generator, files: &SchemaFiles) -> Result<PathBuf, Error> {
    let (generator, schema) = (block.name.clone(), files.name());
    let Some(output) = &block.output else {
        return Err(Error::NoOutput { generator, schema });
    };
    match output.as_str().filter(|text| !text.trim().is_empty()) {
        Some(output) => Ok(tidied(&files.folder_of_generator(&block.name), Path::new(output))),
        None => Err(Error::OutputIsNoFolder { generator, schema }),
    }
}

/// A path below a folder without the way up that the folder is gone down again, as in `prisma/../db`. A link leads elsewhere.
fn tidied(folder: &Path, path: &Path) -> PathBuf {
    let is_plain = |folder: &Path| {
        matches!(folder.components().next_back(), Some(Component::Normal(_)))
            && folder.symlink_metadata().is_ok_and(|it| it.is_dir())
    };
    match path.strip_prefix("..") {
        Ok(rest) if is_plain(folder) => tidied(folder.parent().unwrap_or(Path::new("")), rest),
        _ => folder.join(path.strip_prefix(".").unwrap_or(path)),
    }
}

fn client(mut options: Options, output: PathBuf, flags: &Flags) -> Client {
    if flags.no_engine {
        options.engine = Engine::None;
    }
    Client { output, options }
}
