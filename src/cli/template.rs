//! What `lenslet init` writes.

use clap::ValueEnum;
use lenslet_core::catalog::Provider;

/// Where the schema is written.
pub(super) const SCHEMA: &str = "prisma/schema.prisma";

/// What comes next where the tables are there already.
pub(super) const NEXT_FROM_DATABASE: [(&str, &str); 3] = [
    ("lenslet gen", "makes the client"),
    ("cargo add --path db", "lets a program use the client"),
    ("lenslet doctor", "says what is missing"),
];

/// A program to begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Template {
    /// A program with a SQLite file
    Sqlite,
    /// An HTTP service on PostgreSQL
    Service,
    /// A Cloudflare Worker that reaches PostgreSQL through `lenslet pool`
    Worker,
}

/// A file to be written.
pub(super) struct File {
    pub(super) path: &'static str,
    pub(super) text: String,
    /// Whether what it lacks is added to a file that is there.
    pub(super) joins: bool,
}

impl Template {
    /// The database that it is for.
    pub(super) fn provider(self) -> Provider {
        match self {
            Template::Sqlite => Provider::Sqlite,
            Template::Service | Template::Worker => Provider::Postgresql,
        }
    }
}

/// The files of a project.
pub(super) fn files(template: Option<Template>, provider: Provider, url: Option<&str>, package: &str) -> Vec<File> {
    let mut files = vec![
        file(SCHEMA, schema(template, provider)),
        file(".env", environment(template, url.unwrap_or(example_url(provider)))),
        File { path: ".gitignore", text: ignored(template), joins: true },
    ];
    files.extend(match template {
        None => Vec::new(),
        Some(Template::Sqlite) => vec![
            file("Cargo.toml", include_str!("templates/sqlite/Cargo.toml.txt").replace("PACKAGE", package)),
            file("src/main.rs", include_str!("templates/sqlite/main.rs").to_owned()),
        ],
        Some(Template::Service) => vec![
            file("Cargo.toml", include_str!("templates/service/Cargo.toml.txt").replace("PACKAGE", package)),
            file("src/main.rs", include_str!("templates/service/main.rs").to_owned()),
        ],
        Some(Template::Worker) => vec![
            file("Cargo.toml", include_str!("templates/worker/Cargo.toml.txt").replace("PACKAGE", package)),
            file("src/lib.rs", include_str!("templates/worker/lib.rs").to_owned()),
            file("wrangler.toml", include_str!("templates/worker/wrangler.toml").replace("PACKAGE", package)),
            file(".dev.vars", include_str!("templates/worker/dev.vars").to_owned()),
        ],
    });
    files
}

/// The commands that come next, and what for.
pub(super) fn next(template: Option<Template>) -> [(&'static str, &'static str); 3] {
    const TABLES: (&str, &str) = ("lenslet migrate dev --name init", "makes the tables and the client");
    match template {
        None => [
            TABLES,
            ("cargo add --path db", "lets a program use the client"),
            ("lenslet doctor", "says what is missing"),
        ],
        Some(Template::Sqlite) => {
            [TABLES, ("cargo run", "runs the program"), ("lenslet doctor", "says what is missing")]
        }
        Some(Template::Service) => [
            ("lenslet doctor", "says whether the database of `.env` answers"),
            TABLES,
            ("cargo run", "runs the service"),
        ],
        Some(Template::Worker) => [TABLES, ("lenslet pool", "runs the pool"), ("npx wrangler dev", "runs the Worker")],
    }
}

fn file(path: &'static str, text: String) -> File {
    File { path, text, joins: false }
}

fn schema(template: Option<Template>, provider: Provider) -> String {
    let mut schema = include_str!("templates/schema.prisma").replace("PROVIDER", provider.name());
    if provider == Provider::Cockroachdb {
        schema = schema.replace("autoincrement()", "sequence()");
    }
    if template != Some(Template::Worker) {
        return schema;
    }
    let urls = "  // The Worker's: the pool.\n  url       = env(\"DATABASE_URL\")\n  \
                // The command line's and the pool's: the database.\n  directUrl = env(\"DIRECT_URL\")\n";
    let schema =
        schema.replace("  // From the environment, or from `.env`.\n  url      = env(\"DATABASE_URL\")\n", urls);
    let schema = schema.replace("  output   = \"../db\"\n", "  output   = \"../db\"\n  engine   = \"none\"\n");
    schema.replace("  provider = \"postgresql\"", "  provider  = \"postgresql\"")
}

/// The schema without models.
pub(super) fn without_models(provider: Provider) -> String {
    let schema = schema(None, provider);
    let end = schema.find("\n/// Three slashes").unwrap_or(schema.len());
    schema.get(..end).unwrap_or(&schema).to_owned()
}

fn environment(template: Option<Template>, url: &str) -> String {
    let name = if template == Some(Template::Worker) { "DIRECT_URL" } else { "DATABASE_URL" };
    format!(
        "# For the commands of `lenslet`. Not for version control.\n{name}=\"{}\"\n",
        url.replace('\\', "\\\\").replace('"', "\\\"").replace('$', "\\$")
    )
}

fn ignored(template: Option<Template>) -> String {
    let mut lines = vec!["/target", ".env", "*.db", "*.db-journal", "*.db-shm", "*.db-wal"];
    if template == Some(Template::Worker) {
        lines.extend([".dev.vars", "/build", "/node_modules", "/.wrangler"]);
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn example_url(provider: Provider) -> &'static str {
    match provider {
        Provider::Sqlite => "file:dev.db",
        Provider::Postgresql => "postgresql://postgres:postgres@localhost:5432/app",
        Provider::Cockroachdb => "postgresql://root@localhost:26257/app",
        Provider::Mysql => "mysql://root:root@localhost:3306/app",
        Provider::Sqlserver => "sqlserver://localhost:1433;database=app;user=SA;password=secret",
    }
}
