//! What commands about a database's structure work on: a schema, the database it names, the folder of migrations beside it.

use std::path::{Path, PathBuf};

use lenslet::Schema;
use lenslet_migrate::history::{self, Migration};
use lenslet_migrate::{Database, Scratch};
use lenslet_sql::ddl::{DatabaseSchema, Dialect};

use super::database_url::{self, DatabaseUrl};
use super::environment::Environment;
use super::error::Error;
use super::schema_files::SchemaFiles;
use super::settings::Settings;

/// What every command about a project takes.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct ProjectArguments {
    /// The schema: a file, or a folder of *.prisma files
    #[arg(long, value_name = "PATH")]
    pub(super) schema: Option<PathBuf>,
    /// The database, instead of the one that schema and environment name
    #[arg(long, value_name = "URL")]
    pub(super) url: Option<String>,
    /// Print the answer as one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

impl ProjectArguments {
    /// The project of a schema.
    pub(super) fn of_schema(schema: &Path) -> Self {
        Self { schema: Some(schema.to_path_buf()), url: None, json: false }
    }
}

/// A schema and what belongs to it.
#[derive(Debug)]
pub(super) struct Project {
    pub(super) schema: Schema,
    pub(super) files: SchemaFiles,
    pub(super) environment: Environment,
    pub(super) settings: Settings,
    pub(super) folder: PathBuf,
    url: Option<String>,
}

impl Project {
    /// Reads the schema, `.env` files and settings.
    pub(super) fn load(arguments: &ProjectArguments) -> Result<Self, Error> {
        let files = SchemaFiles::load(arguments.schema.as_deref())?;
        let schema = files.check()?;
        let folder = files.folder_of_datasource();
        Ok(Self {
            environment: Environment::load(&folder)?,
            settings: Settings::load()?,
            url: arguments.url.clone(),
            folder,
            files,
            schema,
        })
    }

    /// The database.
    pub(super) fn url(&self) -> Result<DatabaseUrl, Error> {
        let datasource = &self.schema.datasource;
        let url = match &self.url {
            Some(url) => DatabaseUrl::given(url),
            None => database_url::direct(datasource, &self.environment)?,
        };
        url.fits(datasource.provider)?;
        Ok(url)
    }

    /// The schemas of PostgreSQL that the datasource lists.
    pub(super) fn namespaces(&self) -> Vec<String> {
        self.schema.catalog.schemas.iter().map(ToString::to_string).collect()
    }

    /// The words of the database.
    pub(super) fn dialect(&self) -> Result<Dialect, Error> {
        lenslet_migrate::dialect(self.schema.datasource.provider).map_err(Error::migrate)
    }

    /// What the schema asks for.
    pub(super) fn wanted(&self) -> Result<DatabaseSchema, Error> {
        lenslet_migrate::describe(&self.schema.catalog).map_err(Error::migrate)
    }

    /// Where migrations are: where `lenslet.toml` says it, else beside the file with the datasource.
    pub(super) fn migrations_folder(&self) -> PathBuf {
        self.settings.migrations.clone().unwrap_or_else(|| self.folder.join("migrations"))
    }

    /// The migrations, oldest first.
    pub(super) fn migrations(&self) -> Result<Vec<Migration>, Error> {
        history::read(&self.migrations_folder(), self.schema.datasource.provider).map_err(Error::migrate)
    }

    /// What a database holds after some migrations, found out on a scratch database.
    pub(super) fn after(&self, migrations: &[Migration], scratch: &ScratchUrl) -> Result<DatabaseSchema, Error> {
        let mut database = scratch.database().map_err(Error::scratch)?;
        history::structure(&mut database, migrations, &self.namespaces()).map_err(Error::scratch)
    }

    /// Where migrations may be tried: what the arguments say, the schema's `shadowDatabaseUrl`, `lenslet.toml`, or a new
    /// database beside the project's own.
    pub(super) fn scratch(&self, given: Option<&str>, beside: Option<&DatabaseUrl>) -> Result<ScratchUrl, Error> {
        let shadow = match given {
            Some(url) => Some(DatabaseUrl::given_as("`--shadow-database-url`", url)),
            None => database_url::shadow(&self.schema.datasource, &self.settings, &self.environment)?,
        };
        let Some(shadow) = shadow else {
            return Ok(beside.map_or(ScratchUrl::Memory, |url| ScratchUrl::Beside(url.as_str().to_owned())));
        };
        shadow.fits(self.schema.datasource.provider)?;
        if beside.is_some_and(|url| url.is_same(&shadow)) {
            return Err(Error::ShadowIsTheDatabase { origin: shadow.origin().to_owned() });
        }
        Ok(ScratchUrl::At(shadow.as_str().to_owned()))
    }
}

/// Where a scratch database is made.
#[derive(Clone, Debug)]
pub(super) enum ScratchUrl {
    Memory,
    Beside(String),
    At(String),
}

impl ScratchUrl {
    /// An empty database, gone when it is dropped, or to be emptied by who needs it next.
    pub(super) fn database(&self) -> Result<Database, lenslet_migrate::Error> {
        Database::scratch(match self {
            ScratchUrl::Memory => Scratch::Memory,
            ScratchUrl::Beside(url) => Scratch::Beside(url),
            ScratchUrl::At(url) => Scratch::At(url),
        })
    }
}

/// A path as messages name it.
pub(super) fn shown(path: &Path) -> String {
    path.display().to_string()
}
