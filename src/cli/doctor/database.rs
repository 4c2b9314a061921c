//! How the database is.

use std::num::NonZeroUsize;
use std::time::Instant;

use lenslet_migrate::{Database, history};
use lenslet_pool::config::FILE;
use lenslet_sql::ddl::Dialect;

use super::{Level, Section};
use crate::cli::database_url::DatabaseUrl;
use crate::cli::project::{Project, shown};
use crate::cli::terminal;

/// `pool_connections` is what the pool's configuration says of them.
pub(super) fn section(project: &Project, pool_connections: Option<NonZeroUsize>) -> Section {
    let url = match project.url() {
        Ok(url) => url,
        Err(_) => {
            let mut section = Section::new("The database");
            section.say(Level::Warning, "not asked, since its URL is not known");
            return section;
        }
    };
    let mut section = Section::new(format!("The database `{}`", url.shown()));
    if let Err(error) = examine(&mut section, project, &url, pool_connections) {
        let code = error.code().map_or_else(String::new, |code| format!("{code}: "));
        section.say(Level::Wrong, format!("{code}{error}{}", advice(&error, &url)));
    }
    section
}

/// The next step, where the error does not say it.
fn advice(error: &lenslet_migrate::Error, url: &DatabaseUrl) -> &'static str {
    let refuses_plain = error.to_string().contains("no encryption");
    match refuses_plain && url.parameter("sslmode") == Some("disable") {
        true => "; the server wants an encrypted connection: leave `sslmode=disable` out of the URL",
        false => "",
    }
}

fn examine(
    section: &mut Section,
    project: &Project,
    url: &DatabaseUrl,
    pool_connections: Option<NonZeroUsize>,
) -> Result<(), lenslet_migrate::Error> {
    lenslet_migrate::dialect(project.schema.datasource.provider)?;
    terminal::progress(&format!("Connecting to `{}`", url.shown()));
    let started = Instant::now();
    let Some(mut database) = Database::existing(url.as_str())? else {
        section.say(Level::Warning, "it does not exist; `lenslet migrate dev` or `deploy` makes it");
        return Ok(());
    };
    section.say(Level::Good, format!("it answers, in {}", terminal::milliseconds(started.elapsed())));
    match database.dialect() {
        Dialect::Sqlite => sqlite(section, &mut database)?,
        Dialect::Postgresql => postgresql(section, &mut database, url, pool_connections)?,
        Dialect::Mysql => {}
    }
    migrations(section, project, &mut database)
}

fn sqlite(section: &mut Section, database: &mut Database) -> Result<(), lenslet_migrate::Error> {
    if let Some(version) = one(database, "SELECT sqlite_version()")? {
        section.say(Level::Good, format!("SQLite {version}"));
    }
    Ok(())
}

fn postgresql(
    section: &mut Section,
    database: &mut Database,
    url: &DatabaseUrl,
    pool_connections: Option<NonZeroUsize>,
) -> Result<(), lenslet_migrate::Error> {
    if let Some(version) = one(database, "SHOW server_version")? {
        section.say(Level::Good, format!("PostgreSQL {version}"));
    }
    tls(section, database, url)?;
    connections(section, database, url, pool_connections)
}

fn tls(section: &mut Section, database: &mut Database, url: &DatabaseUrl) -> Result<(), lenslet_migrate::Error> {
    let sql = "SELECT version, cipher FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl";
    match database.rows(sql)?.into_iter().next().as_deref() {
        Some([Some(version), Some(cipher)]) => {
            section.say(Level::Good, format!("the connection is encrypted: {version}, {cipher}"));
        }
        _ if url.is_on_this_machine() => section.say(Level::Good, "the connection is not encrypted, on this machine"),
        _ => section.say(Level::Warning, "the connection is not encrypted; add `sslmode=require` to the URL"),
    }
    Ok(())
}

/// What the server has against what one client takes.
fn connections(
    section: &mut Section,
    database: &mut Database,
    url: &DatabaseUrl,
    of_pool: Option<NonZeroUsize>,
) -> Result<(), lenslet_migrate::Error> {
    let sql = "SELECT current_setting('max_connections'), current_setting('superuser_reserved_connections'), \
               (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')";
    let rows = database.rows(sql)?;
    let numbers: Vec<usize> = rows.iter().flatten().flatten().filter_map(|text| text.parse().ok()).collect();
    let [most, reserved, taken] = numbers.as_slice() else {
        return Ok(());
    };
    let free = most.saturating_sub(*reserved);
    let of_url = url.parameter("connection_limit").and_then(|text| text.parse::<usize>().ok());
    let client = of_url.unwrap_or_else(default_connections);
    let pool = of_pool.map(NonZeroUsize::get).or(of_url).unwrap_or(POOL);
    let taken_by_one = match (of_pool, of_url) {
        (Some(_), _) => format!("a client takes up to {client}, a pool {pool} (`connections` of `{FILE}`)"),
        (None, Some(limit)) => format!("a client or pool takes up to {limit} (`connection_limit` of the URL)"),
        (None, None) => {
            format!("a client takes up to {client}, a pool {pool} (no `connection_limit` in the URL)")
        }
    };
    let (limit, setting) = match of_pool {
        Some(_) if pool > client => (pool, "connections"),
        _ => (client.max(pool), "connection_limit"),
    };
    let counts = format!("{most} connections ({reserved} reserved, {taken} taken); {taken_by_one}");
    match limit.saturating_mul(2) > free {
        false => section.say(Level::Good, counts),
        true if limit > free => {
            section.say(Level::Wrong, format!("{counts}; that is more than there are: lower `{setting}`"))
        }
        true => section.say(Level::Warning, format!("{counts}; two of them, as during a deployment, are too many")),
    }
    Ok(())
}

/// What `lenslet pool` opens at most when nothing says it.
const POOL: usize = 10;

/// What the native client opens at most when its URL does not say it.
fn default_connections() -> usize {
    std::thread::available_parallelism().map_or(2, NonZeroUsize::get) * 2 + 1
}

fn migrations(section: &mut Section, project: &Project, database: &mut Database) -> Result<(), lenslet_migrate::Error> {
    let folder = project.migrations_folder();
    let migrations = history::read(&folder, project.schema.datasource.provider)?;
    if migrations.is_empty() {
        section.say(Level::Good, format!("no migrations in `{}`", shown(&folder)));
        return Ok(());
    }
    let status = database.status(&migrations)?;
    if status.is_clean() {
        let count = terminal::counted(migrations.len(), "migration");
        section.say(Level::Good, format!("it has seen all of {count}"));
    }
    let lists = [
        (Level::Warning, "pending", &status.pending, "lenslet migrate deploy"),
        (Level::Wrong, "edited after they were applied", &status.edited, "lenslet migrate status"),
        (Level::Wrong, "seen, and not in the folder", &status.missing, "lenslet migrate status"),
    ];
    for (level, what, names, command) in lists {
        if !names.is_empty() {
            let count = terminal::counted(names.len(), "migration");
            section.say(level, format!("{count} {what}: {}; see `{command}`", names.join(", ")));
        }
    }
    for record in &status.failed {
        section.say(
            Level::Wrong,
            format!("the migration `{}` began and did not end; see `lenslet migrate resolve`", record.name),
        );
    }
    Ok(())
}

fn one(database: &mut Database, sql: &str) -> Result<Option<String>, lenslet_migrate::Error> {
    Ok(database.rows(sql)?.into_iter().flatten().flatten().next())
}
