//! `lenslet doctor`; what it says of a Worker is compared with wrangler itself.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

#[cfg(unix)]
use crate::postgresql_server::Server;
use crate::project::{Project, Ran, SCHEMA};

/// What stands in a line of the answer.
#[track_caller]
fn says(ran: &Ran, level: &str, pieces: &[&str]) {
    let fits = |line: &str| line.trim_start().starts_with(level) && pieces.iter().all(|piece| line.contains(piece));
    assert!(ran.stdout.lines().any(fits), "no {level} with {pieces:?} in:\n{}", ran.stdout);
}

#[test]
fn it_says_which_file_feeds_what_without_values() {
    let schema = SCHEMA.replace("env(\"DATABASE_URL\")", "env(\"DATABASE_URL\")\n  directUrl = env(\"DIRECT\")");
    let project = Project::with_schema(&schema);
    project.write("prisma/.env", "DATABASE_URL=\"https://pool.example/?api_key=secret\"\nDIRECT=file:dev.db\n");
    let ran = project.run(&["doctor", "--offline"]);
    ran.succeeds();
    says(&ran, "ok", &["the URL is `DIRECT`", "`prisma/.env`"]);
    says(&ran, "ok", &["`url` is `DATABASE_URL`", "`prisma/.env`"]);
    assert!(!ran.stdout.contains("secret"), "{}", ran.stdout);
    let ran = Ran::of(project.command(&["doctor", "--offline"]).env("DIRECT", "file:other.db"));
    says(&ran, "ok", &["the URL is `DIRECT`", "the environment"]);
}

#[test]
fn a_missing_variable_is_an_error_with_its_name() {
    let ran = Project::with_schema(SCHEMA).run(&["doctor"]);
    says(ran.code_is(1), "error", &["`DATABASE_URL`", ".env"]);
}

#[test]
fn a_file_says_its_version_and_what_is_pending() {
    let project = Project::with_schema(SCHEMA);
    project.write(".env", "DATABASE_URL=file:dev.db\n");
    says(project.run(&["doctor"]).succeeds(), "warning", &["does not exist"]);
    assert!(!project.exists("dev.db"));
    project.run(&["migrate", "dev", "--name", "init", "--skip-generate"]).succeeds();
    let ran = project.run(&["doctor"]);
    says(ran.succeeds(), "ok", &["SQLite 3."]);
    says(&ran, "ok", &["seen all of 1 migration"]);
    project.write("prisma/migrations/20990101000000_next/migration.sql", "SELECT 1;");
    says(project.run(&["doctor"]).succeeds(), "warning", &["pending", "20990101000000_next", "lenslet migrate deploy"]);
    project.write("dev.db", "no database, but a letter. ".repeat(400));
    says(project.run(&["doctor"]).code_is(1), "error", &["database"]);
}

#[test]
#[cfg(unix)]
fn a_server_says_its_version_and_how_many_connections_it_has() {
    let Some(server) = Server::start().expect("a server") else { return };
    let project = Project::with_schema(&SCHEMA.replace("\"sqlite\"", "\"postgresql\""));
    let url = |options: &str| server.url("postgres", options);
    let ran = project.run(&["doctor", "--url", &url("connection_limit=7")]);
    says(ran.succeeds(), "ok", &["PostgreSQL "]);
    says(&ran, "ok", &["not encrypted, on this machine"]);
    says(&ran, "ok", &["200 connections", "up to 7", "`connection_limit`"]);
    let ran = project.run(&["doctor", "--url", &url("connection_limit=150")]);
    says(ran.succeeds(), "warning", &["two of them"]);
    let ran = project.run(&["doctor", "--url", &url("connection_limit=500")]);
    says(ran.code_is(1), "error", &["lower `connection_limit`"]);
    let ran = project.run(&["doctor", "--url", "postgresql://ada:secret@127.0.0.1:1/shop", "--json"]);
    assert_eq!(ran.code_is(1).json()["healthy"], false);
    assert!(!ran.stdout.contains("secret"), "{}", ran.stdout);
}

/// A project with a Worker.
fn worker(files: &[(&str, &str)]) -> Project {
    let project = Project::with_schema(&SCHEMA.replace("env(\"DATABASE_URL\")", "\"file:dev.db\""));
    project.write("wrangler.toml", CONFIGURATION);
    for (name, text) in files {
        project.write(name, text);
    }
    project
}

const CONFIGURATION: &str = "name = \"worker\"
main = \"worker.js\"
compatibility_date = \"2025-09-01\"

[vars]
PUBLIC = \"wrangler.toml\"
SHARED = \"wrangler.toml\"

[env.staging.vars]
STAGING = \"wrangler.toml\"
";

#[test]
fn what_leaks_into_a_worker_is_an_error() {
    let project = worker(&[(".env", "DATABASE_URL=postgresql://ada:hunter2@db/shop\nDIRECT_URL=file:x.db\nOTHER=1\n")]);
    let ran = project.run(&["doctor", "--offline"]);
    says(ran.code_is(1), "error", &["`DATABASE_URL`", "`.env`", "wants that of the pool"]);
    says(&ran, "error", &["`DIRECT_URL`", "leaks", ".dev.vars"]);
    says(&ran, "warning", &["`OTHER`", "no `.dev.vars`"]);
    assert!(!ran.stdout.contains("hunter2"), "{}", ran.stdout);

    project.write(".dev.vars", "DATABASE_URL=\"https://pool.example/?api_key=k\"\n");
    let ran = project.run(&["doctor", "--offline"]);
    says(ran.succeeds(), "ok", &["`DATABASE_URL`", "`.dev.vars`"]);
    assert!(!ran.stdout.contains("OTHER"), "{}", ran.stdout);

    let key = CONFIGURATION.replace("\nPUBLIC = \"wrangler.toml\"", "\nDATABASE_URL = \"https://pool/?api_key=k\"");
    project.write("wrangler.toml", key);
    project.write(".dev.vars", "");
    says(project.run(&["doctor", "--offline"]).code_is(1), "error", &["`DATABASE_URL`", "version control"]);
    says(project.run(&["doctor", "--offline", "--env", "nope"]).code_is(1), "error", &["`nope`"]);
    project.write("wrangler.toml", "name = \n");
    project.run(&["doctor", "--offline"]).fails(&["`wrangler.toml`, line 1"]);
}

/// Each file gives each variable its own name as the value, so that the Worker says where its variables are from.
#[test]
#[cfg(unix)]
fn wrangler_gives_the_worker_what_was_said() {
    let Some(wrangler) = std::env::var_os("LENSLET_WRANGLER").map(PathBuf::from) else {
        eprintln!("wrangler is not installed, skipped; `cargo xtask test` installs it");
        return;
    };
    let env = (".env", "SHARED=.env\nA=.env\nL='.env'\nS=\".env\"\nSL=.env # said\n");
    let local = (".env.local", "export L=.env.local\nONLY_LOCAL=.env.local\n");
    let staging = (".env.staging", "S=.env.staging\nSL=.env.staging\n");
    let staging_local = (".env.staging.local", "SL: .env.staging.local\n");
    let secrets = (".dev.vars", "SHARED=.dev.vars\nSECRET=`.dev.vars`\n");
    let secrets_staging = (".dev.vars.staging", "SECRET_STAGING=.dev.vars.staging\n");
    let all_env = [env, local, staging, staging_local];
    check(&wrangler, &all_env, None);
    check(&wrangler, &all_env, Some("staging"));
    check(&wrangler, &[env, secrets], None);
    check(&wrangler, &[env, secrets, secrets_staging], Some("staging"));
    check(&wrangler, &[env, secrets_staging], None);
    check(&wrangler, &[env, (".dev.vars", "")], Some("staging"));
    let json = "{ // said\n \"name\": \"w\", \"main\": \"worker.js\", \"compatibility_date\": \"2025-09-01\",\n \"vars\": { \"FROM\": \"wrangler.jsonc\", }, }";
    check(&wrangler, &[("wrangler.jsonc", json), secrets], None);
}

#[cfg(unix)]
#[track_caller]
fn check(wrangler: &std::path::Path, files: &[(&str, &str)], environment: Option<&str>) {
    let project = worker(files);
    project.write("worker.js", "export default { fetch(_, env) { return Response.json(env) } }\n");
    let flags: Vec<&str> = environment.map(|name| ["--env", name]).into_iter().flatten().collect();
    let answer = project.run(&[&["doctor", "--offline", "--json"][..], &flags].concat()).json();
    let text = |object: &serde_json::Value| -> BTreeMap<String, String> {
        let entries = object.as_object().expect("variables").iter();
        entries.map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned())).collect()
    };
    let given = serde_json::from_str::<serde_json::Value>(&given(wrangler, &project, &flags)).expect("JSON");
    assert_eq!(text(&answer["worker"]), text(&given), "{environment:?} {files:?}");
}

/// What the Worker answers.
#[cfg(unix)]
fn given(wrangler: &std::path::Path, project: &Project, flags: &[&str]) -> String {
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|it| it.local_addr()).expect("a port").port();
    let mut command = Command::new(wrangler.join("node_modules/.bin/wrangler"));
    command.args(["dev", "--local", "--port", &port.to_string(), "--inspector-port", "0"]).args(flags);
    command.current_dir(project.path("")).env("CI", "1").env("WRANGLER_SEND_METRICS", "false");
    command.env("HOME", project.path("home")).env_remove("CLOUDFLARE_ENV");
    let log = std::fs::File::create(project.path("wrangler.log")).expect("a file");
    command.stdin(Stdio::null()).stdout(log.try_clone().expect("a file")).stderr(log);
    let mut running = Running(command.spawn().expect("wrangler starts"));
    let started = Instant::now();
    loop {
        let ended = !matches!(running.0.try_wait(), Ok(None));
        match answer(port) {
            Some(answer) => return answer,
            None if ended || started.elapsed() > Duration::from_secs(60) => {
                panic!("wrangler does not answer: {}", project.read("wrangler.log"))
            }
            None => std::thread::sleep(Duration::from_millis(200)),
        }
    }
}

#[cfg(unix)]
fn answer(port: u16) -> Option<String> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
    stream.write_all(b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n").ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let object = body.get(body.find('{')?..=body.rfind('}')?)?;
    head.contains(" 200 ").then(|| object.to_owned())
}

/// Ended with what it started, also when a test fails.
#[cfg(unix)]
struct Running(Child);

#[cfg(unix)]
impl Drop for Running {
    fn drop(&mut self) {
        let asked = Command::new("kill").arg(self.0.id().to_string()).status();
        let started = Instant::now();
        while asked.is_ok() && matches!(self.0.try_wait(), Ok(None)) && started.elapsed() < Duration::from_secs(10) {
            std::thread::sleep(Duration::from_millis(50));
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
