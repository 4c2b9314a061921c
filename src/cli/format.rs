//! `lenslet format`.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::thread;

use lenslet::{SourceFile, Sources};
use serde_json::json;

use super::error::Error;
use super::schema_files::SchemaFiles;
use super::{Outcome, Verdict, terminal};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lenslet format
  lenslet format --check               For continuous integration: fails where it would write
  lenslet format --stdin < a.prisma    For an editor: formats also what has errors

Needs neither a database nor an environment.")]
pub(super) struct Arguments {
    /// The schema: a file, or a folder of *.prisma files
    #[arg(long, value_name = "PATH")]
    schema: Option<PathBuf>,
    /// Change nothing; name the files that are not formatted, and fail when there is one
    #[arg(long)]
    check: bool,
    /// Read a schema from standard input and write it to standard output
    #[arg(long, conflicts_with = "schema")]
    stdin: bool,
    /// Print the files that are not formatted, or were not, as one JSON object
    #[arg(long, conflicts_with = "stdin")]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    if arguments.stdin { standard_input(arguments.check) } else { files(arguments) }
}

fn files(arguments: &Arguments) -> Outcome {
    let files = SchemaFiles::load(arguments.schema.as_deref())?;
    // Neither needs the other's result, and each takes about as long.
    let (checked, formatted) = thread::scope(|scope| {
        let formatting = scope.spawn(|| lenslet::format(&files.sources));
        let checked = lenslet::check(&files.sources);
        (checked, formatting.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    });
    if !checked.is_accepted() {
        return Err(files.refused(checked));
    }
    let pairs = files.sources.files().iter().zip(formatted.files());
    let changed: Vec<&SourceFile> = pairs.filter(|(old, new)| old.text != new.text).map(|(_, new)| new).collect();
    if !arguments.check {
        changed.iter().try_for_each(|file| replace(Path::new(&file.name), &file.text))?;
    }
    let verdict = if arguments.check && !changed.is_empty() { Verdict::Bad } else { Verdict::Good };
    if arguments.json {
        let names: Vec<&str> = changed.iter().map(|file| file.name.as_str()).collect();
        terminal::json(&json!({ "formatted": verdict == Verdict::Good, "files": names }))?;
        return Ok(verdict);
    }
    if changed.is_empty() {
        terminal::answer(&format!("The schema `{}` is formatted", files.name()))?;
    }
    for file in changed {
        if arguments.check {
            terminal::complaint(&format!("`{}` is not formatted", file.name), "run `lenslet format`");
        } else {
            terminal::answer(&format!("Formatted `{}`", file.name))?;
        }
    }
    Ok(verdict)
}

fn standard_input(check: bool) -> Outcome {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text).map_err(|source| Error::Stdin { source })?;
    let sources = Sources::single("<stdin>", text);
    let formatted = lenslet::format(&sources);
    let same = sources == formatted;
    if check {
        if !same {
            terminal::complaint("standard input is not formatted", "run `lenslet format --stdin`");
        }
        return Ok(if same { Verdict::Good } else { Verdict::Bad });
    }
    for file in formatted.files() {
        terminal::text(&file.text)?;
    }
    Ok(Verdict::Good)
}

/// Writes beside the file and renames, so that a schema is never half-written. A link stays one.
pub(super) fn replace(path: &Path, text: &str) -> Result<(), Error> {
    let write = || {
        let path = fs::canonicalize(path)?;
        let new = path.with_extension(format!("lenslet-{}", std::process::id()));
        let result = fs::write(&new, text)
            .and_then(|()| fs::set_permissions(&new, fs::metadata(&path)?.permissions()))
            .and_then(|()| fs::rename(&new, &path));
        if result.is_err() {
            // The first error is the one to tell.
            let _ = fs::remove_file(&new);
        }
        result
    };
    write().map_err(|source| Error::Write { path: path.to_path_buf(), source })
}
