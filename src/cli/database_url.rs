//! Which database a command talks to.

use std::path::Path;

use lenslet::Datasource;
use lenslet::check::Url;
use lenslet_core::catalog::Provider;

use super::environment::Environment;
use super::error::Error;
use super::secret::redacted;
use super::settings::{Settings, Text, Variable};

/// The URL of a database, and where it came from.
#[derive(Clone)]
pub(super) struct DatabaseUrl {
    url: String,
    origin: String,
}

/// The URL for commands that read or change the database's structure: the direct one, where there is one.
pub(super) fn direct(datasource: &Datasource, environment: &Environment) -> Result<DatabaseUrl, Error> {
    if let Some(url) = &datasource.direct_url {
        return resolve(url, "directUrl", environment);
    }
    if let Some(url) = environment.get("DIRECT_URL") {
        return Ok(DatabaseUrl { url, origin: "`DIRECT_URL`".to_owned() });
    }
    if let Some(url) = &datasource.url {
        return resolve(url, "url", environment);
    }
    match environment.get("DATABASE_URL") {
        Some(url) => Ok(DatabaseUrl { url, origin: "`DATABASE_URL`".to_owned() }),
        None => Err(Error::NoUrl { datasource: datasource.name.clone() }),
    }
}

/// The URL of a database that migrations may be tried on, where one is named.
pub(super) fn shadow(
    datasource: &Datasource,
    settings: &Settings,
    environment: &Environment,
) -> Result<Option<DatabaseUrl>, Error> {
    if let Some(url) = &datasource.shadow_database_url {
        return resolve(url, "shadowDatabaseUrl", environment).map(Some);
    }
    match &settings.shadow_database_url {
        None => Ok(None),
        Some(Text::Literal(url)) => Ok(Some(DatabaseUrl::given_as("`shadow-database-url` of `lenslet.toml`", url))),
        Some(Text::Variable(Variable { env })) => match environment.get(env) {
            Some(url) => Ok(Some(DatabaseUrl::given_as(&format!("`{env}`"), &url))),
            None => Err(Error::VariableMissing { name: env.clone(), property: "shadow-database-url" }),
        },
    }
}

fn resolve(url: &Url, property: &'static str, environment: &Environment) -> Result<DatabaseUrl, Error> {
    match url {
        Url::Literal(url) => Ok(DatabaseUrl { url: url.clone(), origin: format!("the schema's `{property}`") }),
        Url::Env(name) => match environment.get(name) {
            Some(url) => Ok(DatabaseUrl { url, origin: format!("`{name}`") }),
            None => Err(Error::VariableMissing { name: name.clone(), property }),
        },
    }
}

impl DatabaseUrl {
    /// The URL of the arguments.
    pub(super) fn given(url: &str) -> Self {
        Self::given_as("`--url`", url)
    }

    /// The URL of something else.
    pub(super) fn given_as(origin: &str, url: &str) -> Self {
        Self { url: url.to_owned(), origin: origin.to_owned() }
    }

    /// Where it comes from, as a message names it.
    pub(super) fn origin(&self) -> &str {
        &self.origin
    }

    /// Whether it names the same database, parameters left aside.
    pub(super) fn is_same(&self, other: &DatabaseUrl) -> bool {
        let place = |url: &str| url.split('?').next().unwrap_or_default().trim_end_matches('/').to_owned();
        place(&self.url) == place(&other.url)
    }

    pub(super) fn as_str(&self) -> &str {
        &self.url
    }

    /// As it may be shown.
    pub(super) fn shown(&self) -> String {
        match file(&self.url) {
            Some(path) => path.to_owned(),
            None => redacted(&self.url),
        }
    }

    /// What went wrong there.
    pub(super) fn failure(&self) -> impl Fn(lenslet_migrate::Error) -> Error + use<> {
        let place = self.shown();
        move |error| Error::At { place: place.clone(), error: Box::new(error) }
    }

    /// The file it names, when that is relative to where we are.
    pub(super) fn relative_file(&self) -> Option<&Path> {
        let path = Path::new(file(&self.url)?);
        (path.is_relative() && path != Path::new(":memory:")).then_some(path)
    }

    /// The value of a parameter.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        let (_, parameters) = self.url.split_once('?')?;
        parameters.split('&').find_map(|it| it.strip_prefix(name)?.strip_prefix('='))
    }

    /// Whether its server is on the machine that we are on.
    pub(super) fn is_on_this_machine(&self) -> bool {
        let place = self.url.split('?').next().unwrap_or_default().rsplit('@').next().unwrap_or_default();
        let host = place.rsplit("//").next().unwrap_or_default();
        ["localhost", "127.0.0.1", "[::1]", "/"].iter().any(|local| host.starts_with(local))
    }

    /// Refuses the address of a pool.
    pub(super) fn is_of_a_database(&self) -> Result<(), Error> {
        if ["http", "https", "prisma", "prisma+postgres"].contains(&self.scheme()) {
            return Err(Error::PoolUrl { origin: self.origin.clone() });
        }
        Ok(())
    }

    fn scheme(&self) -> &str {
        self.url.split(':').next().filter(|scheme| scheme.len() < self.url.len()).unwrap_or_default()
    }

    /// Refuses the address of a pool, and a URL for another kind of database.
    pub(super) fn fits(&self, provider: Provider) -> Result<(), Error> {
        self.is_of_a_database()?;
        let scheme = self.scheme();
        let schemes: &'static [&'static str] = match provider {
            Provider::Sqlite => &["file"],
            Provider::Postgresql | Provider::Cockroachdb => &["postgresql", "postgres"],
            Provider::Mysql => &["mysql"],
            Provider::Sqlserver => &["sqlserver"],
        };
        if schemes.contains(&scheme) {
            return Ok(());
        }
        Err(Error::OtherDatabase { origin: self.origin.clone(), provider: provider.name(), schemes })
    }
}

fn file(url: &str) -> Option<&str> {
    let path = url.strip_prefix("file:")?.split('?').next()?;
    Some(path.strip_prefix("//").unwrap_or(path))
}
