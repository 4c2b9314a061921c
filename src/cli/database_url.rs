//! Which database a command talks to.

use std::path::Path;

use lenslet::Datasource;
use lenslet::check::Url;
use lenslet_core::catalog::Provider;

use super::environment::Environment;
use super::error::Error;
use super::secret::redacted;

/// The URL of a database, and where it came from.
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
        Self { url: url.to_owned(), origin: "`--url`".to_owned() }
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

    /// The file it names, when that is relative to where we are.
    pub(super) fn relative_file(&self) -> Option<&Path> {
        let path = Path::new(file(&self.url)?);
        (path.is_relative() && path != Path::new(":memory:")).then_some(path)
    }

    /// Refuses the address of a pool, and a URL for another kind of database.
    pub(super) fn fits(&self, provider: Provider) -> Result<(), Error> {
        let scheme = self.url.split(':').next().filter(|scheme| scheme.len() < self.url.len()).unwrap_or_default();
        if ["http", "https", "prisma", "prisma+postgres"].contains(&scheme) {
            return Err(Error::PoolUrl { origin: self.origin.clone() });
        }
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
