//! `lenslet db pull`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use lenslet::pull::{self, PullError, Pulled};
use lenslet::{Datasource, Sources};
use lenslet_core::catalog::Provider;
use lenslet_migrate::Database;
use lenslet_sql::ddl::DatabaseSchema;
use serde_json::{Value, json};

use super::database_url::{self, DatabaseUrl};
use super::environment::Environment;
use super::error::{Error, Refused};
use super::project::ProjectArguments;
use super::schema_files::SchemaFiles;
use super::{Outcome, Verdict, format, terminal};

/// Where a schema is written when there is none.
const NEW_SCHEMA: &str = "schema.prisma";

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lenslet db pull                          Changes the schema where it differs from the database
  lenslet db pull --print                  Prints it instead
  lenslet db pull --force                  Forgets the models that are there
  lenslet db pull --url file:dev.db        Where there is no schema yet, begins one

What a database cannot hold stays as it is: comments, the order of blocks and fields, names given with @map and @@map, \
names of relations, @updatedAt, defaults that the client makes. Other files of a schema folder stay, too; \
new models go to the only file, or to introspected.prisma.")]
pub(super) struct Arguments {
    #[command(flatten)]
    project: ProjectArguments,
    /// Print the schema, and write nothing
    #[arg(long)]
    print: bool,
    /// Write all models anew, as if there were none
    #[arg(long)]
    force: bool,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let present = Present::load(arguments)?;
    let url = present.url(arguments)?;
    terminal::progress(&format!("Reading the structure of `{}`", url.shown()));
    let found = describe(&url, &present.sources)?;
    let pulled = match pull::pull(&present.sources, &found) {
        Ok(pulled) => pulled,
        Err(error) => return fail(error, arguments, &url),
    };
    pulled.warnings.iter().for_each(|warning| terminal::warning(warning));
    let changed = if arguments.print { Vec::new() } else { present.write(&pulled.sources)? };
    report(arguments, &present, &pulled, &changed)?;
    Ok(Verdict::Good)
}

/// The schema that is there, or the beginning of one.
struct Present {
    sources: Sources,
    datasource: Datasource,
    /// What stands in the files, before anything was left out of it.
    written: Sources,
    folder: PathBuf,
    name: String,
}

impl Present {
    fn load(arguments: &Arguments) -> Result<Self, Error> {
        let files = match (SchemaFiles::load(arguments.project.schema.as_deref()), &arguments.project.url) {
            (Err(Error::NoSchema { .. }), Some(url)) => return begin(url),
            (files, _) => files?,
        };
        let sources = if arguments.force { pull::emptied(&files.sources) } else { files.sources.clone() };
        let checked = SchemaFiles { path: files.path.clone(), sources: sources.clone() };
        let schema = checked.check().map_err(|error| match error {
            Error::Refused(refused) if !arguments.force => {
                let help = Some("correct it, or write all models anew, from the datasource alone, with `--force`");
                Error::Refused(Box::new(Refused { help, ..*refused }))
            }
            error => error,
        })?;
        let (datasource, folder, name) = (schema.datasource, files.folder(), files.name());
        Ok(Self { sources, datasource, written: files.sources, folder, name })
    }

    fn url(&self, arguments: &Arguments) -> Result<DatabaseUrl, Error> {
        let url = match &arguments.project.url {
            Some(url) => DatabaseUrl::given(url),
            None => database_url::direct(&self.datasource, &Environment::load(&self.folder)?)?,
        };
        url.fits(self.datasource.provider)?;
        Ok(url)
    }

    /// Writes the files that are new or not what they were, and names them.
    fn write(&self, sources: &Sources) -> Result<Vec<String>, Error> {
        let is_there =
            |name: &str, text: &str| self.written.files().iter().any(|file| file.name == name && file.text == text);
        let mut changed = Vec::new();
        for file in sources.files().iter().filter(|file| !is_there(&file.name, &file.text)) {
            let path = Path::new(&file.name);
            if path.exists() {
                format::replace(path, &file.text)?
            } else {
                create(path, &file.text)?
            }
            changed.push(file.name.clone());
        }
        Ok(changed)
    }
}

/// A new schema for the database of a URL.
fn begin(url: &str) -> Result<Present, Error> {
    let provider = match url.split(':').next() {
        Some("postgresql" | "postgres") => Provider::Postgresql,
        Some("mysql") => Provider::Mysql,
        _ => Provider::Sqlite,
    };
    let sources = pull::blank(provider, NEW_SCHEMA);
    let schema = lenslet::check(&sources).schema.ok_or(Error::NoDatasource { schema: NEW_SCHEMA.to_owned() })?;
    Ok(Present {
        sources,
        datasource: schema.datasource,
        written: Sources::default(),
        folder: PathBuf::new(),
        name: NEW_SCHEMA.to_owned(),
    })
}

/// Never over a file that another one made meanwhile.
fn create(path: &Path, text: &str) -> Result<(), Error> {
    let failed = |source| Error::Write { path: path.to_path_buf(), source };
    let new = path.with_extension(format!("lenslet-{}", std::process::id()));
    let result = fs::write(&new, text).and_then(|()| fs::hard_link(&new, path));
    let removed = fs::remove_file(&new);
    result
        .and(removed.or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) }))
        .map_err(failed)
}

/// What the database has of what the datasource names.
pub(super) fn describe(url: &DatabaseUrl, sources: &Sources) -> Result<DatabaseSchema, Error> {
    let at = url.failure();
    let catalog = lenslet::check(sources).schema.map(|schema| schema.catalog);
    let namespaces: Vec<String> = catalog.iter().flat_map(|it| it.schemas.iter()).map(ToString::to_string).collect();
    let mut database = Database::open(url.as_str()).map_err(&at)?;
    let found = database.describe(&namespaces).map_err(&at)?;
    if found.tables.is_empty() && found.enums.is_empty() && found.views.is_empty() {
        return Err(Error::NothingToPull { place: url.shown() });
    }
    Ok(found)
}

/// What cannot be written may still be looked at.
fn fail(error: PullError, arguments: &Arguments, url: &DatabaseUrl) -> Outcome {
    match error {
        PullError::Invalid { sources, diagnostics } => {
            if arguments.print {
                print(&sources)?;
            }
            terminal::diagnostics(&diagnostics, &sources);
            terminal::complaint(
                "what the database has does not make a valid schema, and nothing was written",
                "look at it with `--print`, correct the database, or write the schema by hand",
            );
            Ok(Verdict::Bad)
        }
        PullError::Database(error) => Err(Error::At { place: url.shown(), error: Box::new(error) }),
        _ => Ok(Verdict::Bad),
    }
}

fn print(sources: &Sources) -> Result<(), Error> {
    let texts: Vec<&str> = sources.files().iter().map(|file| file.text.as_str()).collect();
    terminal::text(&texts.join("\n"))
}

fn report(arguments: &Arguments, present: &Present, pulled: &Pulled, changed: &[String]) -> Result<(), Error> {
    if arguments.project.json {
        let files: Vec<Value> =
            pulled.sources.files().iter().map(|file| json!({ "name": file.name, "text": file.text })).collect();
        return terminal::json(&json!({
            "schema": present.name,
            "models": pulled.models,
            "enums": pulled.enums,
            "changed": changed,
            "warnings": pulled.warnings,
            "files": if arguments.print { files.into() } else { Value::Null },
        }));
    }
    if arguments.print {
        return print(&pulled.sources);
    }
    let models = terminal::counted(pulled.models, "model");
    match changed {
        [] => terminal::answer(&format!("The schema `{}` already says what the database has: {models}", present.name)),
        changed => terminal::answer(&format!("Wrote `{}`: {models}", changed.join("`, `"))),
    }
}
