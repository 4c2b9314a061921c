//! `lenslet init`.

#[cfg(unix)]
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
#[cfg(unix)]
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
#[cfg(unix)]
use std::process::Stdio;

use crate::project::{Project, Ran};

/// Its three commands are the last lines.
#[track_caller]
fn next_commands(ran: &Ran) -> Vec<String> {
    let (_, next) = ran.stdout.split_once("\nNext:\n").expect("next commands");
    next.lines().map(|line| line.split('#').next().unwrap_or_default().trim().to_owned()).collect()
}

#[test]
fn a_project_begins_with_a_schema_that_is_valid_and_formatted() {
    for provider in ["sqlite", "postgresql", "mysql", "cockroachdb", "sqlserver"] {
        let project = Project::empty();
        let ran = project.run(&["init", "--provider", provider]);
        assert_eq!(next_commands(ran.succeeds()).len(), 3);
        project.run(&["validate"]).succeeds();
        project.run(&["format", "--check"]).succeeds();
        project.run(&["gen"]).succeeds();
        assert!(project.read("prisma/schema.prisma").contains(&format!("provider = \"{provider}\"")));
        assert!(project.read(".gitignore").lines().any(|line| line == ".env"));
    }
}

#[test]
fn the_url_chooses_the_database() {
    let project = Project::empty();
    project.run(&["init", "--url", "postgresql://ada:p$a\"b@db.example/shop"]).succeeds();
    assert!(project.read("prisma/schema.prisma").contains("provider = \"postgresql\""));
    assert!(project.read(".env").contains("DATABASE_URL=\"postgresql://ada:p\\$a\\\"b@db.example/shop\""));
    let ran = Project::empty().run(&["init", "--url", "mysql://x/y", "--provider", "sqlite"]);
    ran.fails(&["sqlite", "mysql"]);
    Project::empty().run(&["init", "--provider", "oracle"]).fails(&["oracle", "sqlite, postgresql"]);
}

#[test]
fn the_models_may_come_from_a_database() {
    let project = Project::with_schema(crate::project::SCHEMA);
    project.run(&["db", "push", "--url", "file:old.db"]).succeeds();
    std::fs::remove_dir_all(project.path("prisma")).expect("a folder");
    project.run(&["init", "--from-database", "file:no.db"]).fails(&["no.db", "P1003"]);
    assert!(!project.exists("prisma") && !project.exists(".env"));
    let ran = project.run(&["init", "--from-database", "file:old.db"]);
    assert_eq!(next_commands(ran.succeeds()).len(), 3);
    assert!(project.read(".env").contains("DATABASE_URL=\"file:old.db\""));
    assert!(project.read("prisma/schema.prisma").contains("model Post {"));
    project.run(&["gen"]).succeeds();
    project.run(&["format", "--check"]).succeeds();
    let schema = "prisma/schema.prisma";
    project.run(&["migrate", "diff", "--from-url", "file:old.db", "--to-schema", schema, "--exit-code"]).succeeds();
    Project::empty().run(&["init", "--from-database", "https://pool/?api_key=k"]).fails(&["pool"]);
}

#[test]
fn nothing_is_overwritten() {
    let project = Project::with_schema("mine");
    project.write("Cargo.toml", "mine");
    let ran = project.run(&["init", "--template", "worker"]);
    ran.fails(&["`prisma/schema.prisma`", "`Cargo.toml`", "nothing was written"]);
    assert_eq!(project.read("prisma/schema.prisma"), "mine");
    for file in [".env", ".gitignore", "wrangler.toml", "src/lib.rs"] {
        assert!(!project.exists(file), "{file}");
    }
}

#[test]
fn lines_are_added_to_what_git_ignores() {
    let project = Project::empty();
    project.write(".gitignore", "/target\nmine");
    project.run(&["init"]).succeeds();
    let ignored = project.read(".gitignore");
    assert!(ignored.starts_with("/target\nmine\n.env\n"), "{ignored}");
}

#[test]
fn json_says_what_was_written_and_what_comes_next() {
    let answer = Project::empty().run(&["init", "--template", "worker", "--json"]).succeeds().json();
    assert!(answer["files"].as_array().expect("a list").contains(&".dev.vars".into()), "{answer}");
    assert_eq!(answer["next"].as_array().expect("a list").len(), 3);
}

#[test]
fn a_worker_has_the_pool_in_its_variables_and_the_database_in_the_command_lines() {
    let project = Project::empty();
    project.run(&["init", "--template", "worker"]).succeeds();
    project.run(&["format", "--check"]).succeeds();
    assert!(project.read(".env").contains("DIRECT_URL=\"postgresql://"));
    assert!(!project.read(".env").contains("DATABASE_URL"));
    assert!(project.read(".dev.vars").contains("DATABASE_URL=\"http://127.0.0.1:4466/?api_key="));
    for secret in [".env", ".dev.vars"] {
        assert!(project.read(".gitignore").lines().any(|line| line == secret), "{secret}");
    }
}

#[test]
fn the_program_with_a_file_builds_and_runs() {
    if !compiles() {
        return;
    }
    let project = Project::empty();
    let ran = project.run(&["init", "--template", "sqlite"]);
    assert_eq!(next_commands(ran.succeeds()), ["lenslet migrate dev --name init", "cargo run", "lenslet doctor"]);
    project.run(&["migrate", "dev", "--name", "init"]).succeeds();
    let ran = Ran::of(&mut cargo(&project, "run"));
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "ada1@example.com: 1 posts\n"), "{}", ran.stderr);
    project.run(&["doctor"]).succeeds();
}

#[test]
#[cfg(unix)]
fn the_service_builds_and_runs() {
    if !compiles() {
        return;
    }
    let Some(server) = crate::postgresql_server::Server::start().expect("a server") else { return };
    let project = Project::empty();
    project.run(&["init", "--template", "service"]).succeeds();
    project.write(".env", format!("DATABASE_URL=\"{}\"\n", server.url("app", "")));
    project.run(&["migrate", "dev", "--name", "init"]).succeeds();
    let ran = Ran::of(&mut cargo(&project, "build"));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);

    let mut service = cargo(&project, "run");
    service.env("DATABASE_URL", server.url("app", "")).env("ADDRESS", "127.0.0.1:0").stdout(Stdio::piped());
    let mut service = Running(service.spawn().expect("cargo starts"));
    let mut line = String::new();
    BufReader::new(service.0.stdout.take().expect("piped")).read_line(&mut line).expect("a line");
    let address = line.trim().strip_prefix("http://").and_then(|it| it.strip_suffix("/users")).expect("an address");
    assert!(ask(address, "POST", "ada@example.com").contains(" 201 "));
    let users = ask(address, "GET", "");
    assert!(
        users.contains(" 200 ") && users.contains("\"email\":\"ada@example.com\"") && users.contains("\"posts\":[]"),
        "{users}"
    );
}

#[cfg(unix)]
fn ask(address: &str, method: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("it listens");
    let length = body.len();
    let request =
        format!("{method} /users HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}");
    stream.write_all(request.as_bytes()).expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    answer
}

/// Ended also when a test fails. `cargo run` becomes the program that it runs.
#[cfg(unix)]
struct Running(std::process::Child);

#[cfg(unix)]
impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// In workerd, with its three commands; `cargo xtask test` builds it before, and says where.
#[test]
#[cfg(unix)]
fn the_worker_runs() {
    let folder = |variable| std::env::var_os(variable).map(std::path::PathBuf::from);
    let (Some(built), Some(tools)) = (folder("LENSLET_WORKER_TEMPLATE"), folder("LENSLET_WORKER_TOOLS")) else {
        eprintln!("the Worker of `lenslet init` is not built, skipped; `cargo xtask test` builds it");
        return;
    };
    let Some(server) = crate::postgresql_server::Server::start().expect("a server") else { return };
    let project = Project::empty();
    let ran = project.run(&["init", "--template", "worker"]);
    assert_eq!(next_commands(ran.succeeds()), ["lenslet migrate dev --name init", "lenslet pool", "npx wrangler dev"]);
    project.write(".env", format!("DIRECT_URL=\"{}\"\n", server.url("app", "")));
    project.run(&["migrate", "dev", "--name", "init"]).succeeds().prints("Generated `db`");
    let post = "INSERT INTO \"User\" (email) VALUES ('ada@example.com'); \
                INSERT INTO \"Post\" (title, \"authorId\") VALUES ('Notes', 1)";
    server.execute("app", post).expect("SQL");

    let mut pool = project.command(&["pool", "--listen", "127.0.0.1:0"]);
    let mut pool = Running(pool.stderr(Stdio::piped()).spawn().expect("the pool starts"));
    let line = line_with("http://", pool.0.stderr.take().expect("piped"));
    let pool_address = line.split("http://").nth(1).and_then(|it| it.split('/').next()).expect("an address").to_owned();

    let variables = project.read(".dev.vars");
    let url = variables.lines().find_map(|line| line.strip_prefix("DATABASE_URL=")).expect("the URL of the pool");
    let url = url.trim_matches('"').replace("127.0.0.1:4466", &pool_address);
    let mut worker = Command::new("node");
    worker.arg("serve.mjs").arg(built).current_dir(tools).stdin(Stdio::piped()).stdout(Stdio::piped());
    worker.env("BINDINGS", "DATABASE_URL").env("DATABASE_URL", url);
    let mut worker = Running(worker.spawn().expect("node starts"));
    let line = line_with("http://", worker.0.stdout.take().expect("piped"));
    let answer = ask(line.trim_start_matches("http://").trim_end_matches('/'), "GET", "");
    assert!(answer.contains(" 200 ") && answer.contains("\"title\":\"Notes\""), "{answer}");
    assert!(answer.contains("\"email\":\"ada@example.com\""), "{answer}");
}

/// The first line that holds something.
#[cfg(unix)]
fn line_with(piece: &str, stream: impl std::io::Read) -> String {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    lines.find(|line| line.contains(piece)).expect("it says where it listens")
}

/// What takes minutes is left out of a plain `cargo test`; `cargo xtask test` asks for it.
fn compiles() -> bool {
    let asked = std::env::var_os("LENSLET_COMPILE_REAL_SCHEMAS").is_some();
    if !asked {
        eprintln!("skipped: LENSLET_COMPILE_REAL_SCHEMAS is not set");
    }
    asked
}

/// Cargo in a project, with the crates of this workspace and the versions that it has tried.
fn cargo(project: &Project, command: &str) -> Command {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    std::fs::copy(root.join("Cargo.lock"), project.path("Cargo.lock")).expect("a lock file");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("templates");
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args([command, "--quiet", "--offline"]).current_dir(project.path("")).env("CARGO_TARGET_DIR", target);
    for name in ["core", "sql", "native", "wire", "edge"] {
        let path = root.join("crates").join(name);
        cargo.arg("--config").arg(format!("patch.crates-io.lenslet-{name}.path={path:?}"));
    }
    cargo.env_remove("DATABASE_URL");
    cargo
}
