//! `lenslet migrate diff`.

use std::borrow::Cow;
use std::fs;
use std::path::{Path, PathBuf};

use lenslet_core::catalog::{Catalog, Provider, RelationMode};
use lenslet_migrate::{Database, Difference, history};
use lenslet_sql::ddl::DatabaseSchema;
use serde_json::json;

use crate::cli::database_url::DatabaseUrl;
use crate::cli::error::Error;
use crate::cli::init::provider_of;
use crate::cli::project::{Project, ProjectArguments, ScratchUrl};
use crate::cli::renames::Renames;
use crate::cli::schema_files::SchemaFiles;
use crate::cli::{Outcome, Verdict, terminal};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lenslet migrate diff --from-empty --to-schema prisma/schema.prisma --script
                           All tables as SQL
  lenslet migrate diff --from-migrations migrations --to-schema schema.prisma --exit-code
                           For continuous integration: 2 when a migration is missing
  lenslet migrate diff --from-url \"$PRODUCTION\" --to-schema schema.prisma --script -o fix.sql
                           What the database lacks
  lenslet migrate diff --from-url \"$URL\" --to-schema schema.prisma --rename User.name=fullName
                           The same, and the column keeps what is in it

Exit code 0; with --exit-code 0 when both are the same and 2 when not. Changes nothing. Migrations are tried on a scratch \
database: in memory for SQLite, else the one of --shadow-database-url.")]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    from: From,
    #[command(flatten)]
    to: To,
    /// Where migrations are tried; everything in it is dropped
    #[arg(long, value_name = "URL")]
    shadow_database_url: Option<String>,
    #[command(flatten)]
    renames: Renames,
    /// Write SQL instead of a summary
    #[arg(long)]
    script: bool,
    /// The file to write to, instead of standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// End with 2 when the sides differ
    #[arg(long)]
    exit_code: bool,
    /// Print it as one JSON object
    #[arg(long, conflicts_with_all = ["script", "output"])]
    json: bool,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct From {
    /// From nothing
    #[arg(long)]
    from_empty: bool,
    /// From what a schema says
    #[arg(long, value_name = "PATH", alias = "from-schema-datamodel")]
    from_schema: Option<PathBuf>,
    /// From the database that a schema names
    #[arg(long, value_name = "PATH")]
    from_schema_datasource: Option<PathBuf>,
    /// From what migrations make of an empty database
    #[arg(long, value_name = "DIR")]
    from_migrations: Option<PathBuf>,
    /// From a database
    #[arg(long, value_name = "URL")]
    from_url: Option<String>,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct To {
    /// To nothing
    #[arg(long)]
    to_empty: bool,
    /// To what a schema says
    #[arg(long, value_name = "PATH", alias = "to-schema-datamodel")]
    to_schema: Option<PathBuf>,
    /// To the database that a schema names
    #[arg(long, value_name = "PATH")]
    to_schema_datasource: Option<PathBuf>,
    /// To what migrations make of an empty database
    #[arg(long, value_name = "DIR")]
    to_migrations: Option<PathBuf>,
    /// To a database
    #[arg(long, value_name = "URL")]
    to_url: Option<String>,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let (from, to) = (Side::read(arguments.from.named())?, Side::read(arguments.to.named())?);
    let sides = Sides::of(&from, &to, arguments.shadow_database_url.as_deref())?;
    let (dialect, before, after) = (sides.dialect()?, sides.structure(&from)?, sides.structure(&to)?);
    let renames = arguments.renames.said(dialect, &before, &after, &to.catalog(sides.provider))?;
    let difference = lenslet_migrate::diff_renamed(dialect, &before, &after, &renames);
    show(arguments, &difference, &sides)?;
    Ok(if arguments.exit_code && !difference.is_empty() { Verdict::Differs } else { Verdict::Good })
}

fn show(arguments: &Arguments, difference: &Difference, sides: &Sides<'_>) -> Result<(), Error> {
    if arguments.json {
        let changes: Vec<String> = difference.changes.iter().map(ToString::to_string).collect();
        let risks: Vec<String> = difference.risks.iter().map(ToString::to_string).collect();
        let empty = difference.is_empty();
        return terminal::json(&json!({ "empty": empty, "changes": changes, "risks": risks }));
    }
    let text = match (arguments.script, difference.is_empty()) {
        (true, true) => "-- This is an empty migration.\n".to_owned(),
        (true, false) => difference.migration(sides.dialect()?),
        (false, true) => "No difference\n".to_owned(),
        (false, false) => difference.changes.iter().map(|change| format!("{change}\n")).collect(),
    };
    match &arguments.output {
        None => terminal::text(&text),
        Some(path) => fs::write(path, text).map_err(|source| Error::Write { path: path.clone(), source }),
    }
}

/// What a flag names.
enum Named<'a> {
    Empty,
    Schema(&'a Path),
    DatabaseOfSchema(&'a Path),
    Migrations(&'a Path),
    Url(&'a str),
}

impl From {
    fn named(&self) -> Named<'_> {
        let Self { from_empty: _, from_schema, from_schema_datasource, from_migrations, from_url } = self;
        named(
            from_schema.as_deref(),
            from_schema_datasource.as_deref(),
            from_migrations.as_deref(),
            from_url.as_deref(),
        )
    }
}

impl To {
    fn named(&self) -> Named<'_> {
        let Self { to_empty: _, to_schema, to_schema_datasource, to_migrations, to_url } = self;
        named(to_schema.as_deref(), to_schema_datasource.as_deref(), to_migrations.as_deref(), to_url.as_deref())
    }
}

/// The parser lets one through.
fn named<'a>(
    schema: Option<&'a Path>,
    database_of_schema: Option<&'a Path>,
    migrations: Option<&'a Path>,
    url: Option<&'a str>,
) -> Named<'a> {
    let schema = schema.map(Named::Schema).or(database_of_schema.map(Named::DatabaseOfSchema));
    schema.or(migrations.map(Named::Migrations)).or(url.map(Named::Url)).unwrap_or(Named::Empty)
}

/// A side, as far as it can be read without a database.
enum Side {
    Empty,
    Schema(Box<Catalog>),
    Migrations(PathBuf),
    Database { url: DatabaseUrl, namespaces: Vec<String> },
}

impl Side {
    fn read(named: Named<'_>) -> Result<Self, Error> {
        Ok(match named {
            Named::Empty => Side::Empty,
            Named::Migrations(folder) if folder.is_dir() => Side::Migrations(folder.to_path_buf()),
            Named::Migrations(folder) => return Err(Error::NoMigrations { folder: folder.to_path_buf() }),
            Named::Url(url) => Side::Database { url: DatabaseUrl::given(url), namespaces: Vec::new() },
            Named::Schema(path) => Side::Schema(Box::new(SchemaFiles::load(Some(path))?.check()?.catalog)),
            Named::DatabaseOfSchema(path) => {
                let project = Project::load(&ProjectArguments::of_schema(path))?;
                Side::Database { url: project.url()?, namespaces: project.namespaces() }
            }
        })
    }

    fn provider(&self) -> Option<Provider> {
        match self {
            Side::Empty => None,
            Side::Schema(catalog) => Some(catalog.provider),
            Side::Migrations(folder) => history::provider(folder),
            Side::Database { url, .. } => provider_of(url.as_str()),
        }
    }

    /// The names that a schema has for what is in the database; of anything else there are none.
    fn catalog(&self, provider: Provider) -> Cow<'_, Catalog> {
        match self {
            Side::Schema(catalog) => Cow::Borrowed(&**catalog),
            Side::Empty | Side::Migrations(_) | Side::Database { .. } => Cow::Owned(Catalog {
                provider,
                relation_mode: RelationMode::ForeignKeys,
                schemas: [].as_slice().into(),
                extensions: [].as_slice().into(),
                models: [].as_slice().into(),
                enums: [].as_slice().into(),
                relations: [].as_slice().into(),
            }),
        }
    }

    /// The schemas of PostgreSQL that it lists.
    fn namespaces(&self) -> Vec<String> {
        match self {
            Side::Schema(catalog) => catalog.schemas.iter().map(ToString::to_string).collect(),
            Side::Database { namespaces, .. } => namespaces.clone(),
            Side::Empty | Side::Migrations(_) => Vec::new(),
        }
    }
}

/// What both sides share.
struct Sides<'a> {
    provider: Provider,
    namespaces: Vec<String>,
    scratch: ScratchUrl,
    shadow: Option<&'a str>,
}

impl<'a> Sides<'a> {
    fn of(from: &Side, to: &Side, shadow: Option<&'a str>) -> Result<Self, Error> {
        let provider = to.provider().or(from.provider()).or(shadow.and_then(provider_of)).ok_or(Error::NoProvider)?;
        if let Some(other) = from.provider().filter(|it| *it != provider) {
            return Err(Error::TwoProviders { first: other.name(), second: provider.name() });
        }
        let mut namespaces = to.namespaces();
        if namespaces.is_empty() {
            namespaces = from.namespaces();
        }
        // A server that a side names may be the one in production: no database is made there unasked.
        let scratch = shadow.map_or(ScratchUrl::Memory, |url| ScratchUrl::At(url.to_owned()));
        Ok(Self { provider, namespaces, scratch, shadow })
    }

    fn dialect(&self) -> Result<lenslet_sql::ddl::Dialect, Error> {
        lenslet_migrate::dialect(self.provider).map_err(Error::migrate)
    }

    fn structure(&self, side: &Side) -> Result<DatabaseSchema, Error> {
        match side {
            Side::Empty => Ok(DatabaseSchema::default()),
            Side::Schema(catalog) => lenslet_migrate::describe(catalog).map_err(Error::migrate),
            Side::Migrations(folder) => self.after(folder),
            Side::Database { url, .. } => self.found(url),
        }
    }

    fn found(&self, url: &DatabaseUrl) -> Result<DatabaseSchema, Error> {
        url.fits(self.provider)?;
        if self.shadow.is_some_and(|shadow| DatabaseUrl::given(shadow).is_same(url)) {
            return Err(Error::ShadowIsTheDatabase { origin: "`--shadow-database-url`".to_owned() });
        }
        let at = url.failure();
        Database::open(url.as_str()).map_err(&at)?.describe(&self.namespaces).map_err(&at)
    }

    fn after(&self, folder: &Path) -> Result<DatabaseSchema, Error> {
        let migrations = history::read(folder, self.provider).map_err(Error::migrate)?;
        if self.provider != Provider::Sqlite && matches!(self.scratch, ScratchUrl::Memory) {
            return Err(Error::NoScratch);
        }
        let mut database = self.scratch.database().map_err(Error::scratch)?;
        history::structure(&mut database, &migrations, &self.namespaces).map_err(Error::scratch)
    }
}
