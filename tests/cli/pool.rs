//! `lenslet pool`, as a process: its keys, its signals.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Stdio};

use crate::project::{Project, SCHEMA};

fn project() -> Project {
    let project = Project::with_schema(SCHEMA);
    project.write(".env", "DATABASE_URL=file:dev.db\n");
    project.run(&["db", "push"]).succeeds();
    project
}

/// A pool on a port that the system chose, and what it said so far.
struct Running {
    process: Child,
    address: SocketAddr,
    said: BufReader<std::process::ChildStderr>,
}

impl Running {
    fn start(project: &Project) -> Self {
        let mut command = project.command(&["pool", "--listen", "127.0.0.1:0", "--log-json"]);
        let mut process = command.stderr(Stdio::piped()).spawn().expect("lenslet starts");
        let mut said = BufReader::new(process.stderr.take().expect("it is piped"));
        let mut line = String::new();
        said.read_line(&mut line).expect("it says where it is");
        let address = line.split("http://").nth(1).and_then(|rest| rest.split('/').next()).expect(&line);
        Running { address: address.parse().expect(&line), process, said }
    }

    /// The status and the rest of what a key's question is answered.
    fn ask(&self, key: &str) -> String {
        let body = r#"{"modelName":"User","action":"findMany","query":{"arguments":{},"selection":{"email":true}}}"#;
        let mut stream = TcpStream::connect(self.address).expect("it listens");
        write!(
            stream,
            "POST /1/1/graphql HTTP/1.1\r\nhost: x\r\nconnection: close\r\nlenslet-protocol: 1\r\nauthorization: Bearer {key}\r\n\
             accept: application/vnd.lenslet.rows+json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
        .expect("it is sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        answer
    }

    #[cfg(unix)]
    fn signal(&self, name: &str) {
        let mut kill = std::process::Command::new("kill");
        assert!(kill.args([name, &self.process.id().to_string()]).status().is_ok_and(|it| it.success()));
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn keys_are_made_listed_and_revoked() {
    let project = project();
    let made = project.run(&[
        "pool",
        "key",
        "create",
        "--name",
        "worker",
        "--read-only",
        "--model",
        "User",
        "--expires",
        "90d",
    ]);
    let key = made.stdout.trim();
    assert!(made.code == Some(0) && key.starts_with("lens_"), "{}{}", made.stdout, made.stderr);
    assert!(!project.read("lenslet-pool.toml").contains(key));
    project.run(&["pool", "key", "create", "--name", "other", "--operation", "findMany", "--operation", "createOne"]);
    let list = project.run(&["pool", "key", "list"]);
    let lines: Vec<&str> = list.succeeds().stdout.lines().collect();
    assert!(lines[1].starts_with("worker  read on User"), "{lines:?}");
    assert!(lines[2].starts_with("other   findMany, createOne"), "{lines:?}");
    project
        .run(&["pool", "key", "create", "--name", "worker"])
        .fails(&["there is a key called `worker` already", "help: "]);
    let listed = project.run(&["pool", "key", "list", "--json"]).succeeds().json();
    assert_eq!(
        (&listed["keys"][0]["name"], &listed["keys"][1]["operations"][0]),
        (&"worker".into(), &"findMany".into())
    );
    assert!(!listed.to_string().contains("lens_"), "{listed}");
    assert_eq!(
        Project::empty().run(&["pool", "key", "list", "--json"]).succeeds().json(),
        serde_json::json!({ "keys": [] })
    );
    project.run(&["pool", "key", "revoke", "nobody"]).fails(&["there is no key called `nobody`", "help: "]);
    project.run(&["pool", "key", "create", "--name", "a b"]).fails(&["a key is called by"]);
    project.run(&["pool", "key", "create", "--name", "x", "--raw", "--read-only"]).fails(&["--raw"]);
    project
        .run(&["pool", "key", "create", "--name", "x", "--operation", "find"])
        .fails(&["operations are findUnique, "]);
    project.run(&["pool", "--listen", "0.0.0.0:0", "--config", "empty.toml"]).fails(&["cannot read `empty.toml`"]);
    let revoked = project.run(&["pool", "key", "revoke", "worker"]);
    assert_eq!((revoked.code, revoked.stderr.as_str()), (Some(0), "Revoked `worker`.\n"));
}

#[test]
fn nobody_listens_to_the_world_without_a_key() {
    let project = project();
    project.run(&["pool", "--listen", "0.0.0.0:0"]).fails(&["without a key", "lenslet pool key create"]);
    project.write("lenslet-pool.toml", "[limits]\nquery-tim = \"1s\"\n");
    project.run(&["pool"]).fails(&["`lenslet-pool.toml`: line 2: unknown field `query-tim`"]);
}

#[cfg(unix)]
#[test]
fn a_pool_takes_over_keys_and_ends_when_it_is_told_to() {
    let project = project();
    let key = project.run(&["pool", "key", "create", "--name", "a"]).stdout;
    let mut pool = Running::start(&project);
    assert!(pool.ask(key.trim()).ends_with("\r\n\r\n[]"));
    assert!(pool.ask("lens_other").starts_with("HTTP/1.1 401 "));
    // It would end a program that does not know it.
    pool.signal("-HUP");
    let other = project.run(&["pool", "key", "create", "--name", "b"]).stdout;
    project.run(&["pool", "key", "revoke", "a"]);
    assert!(pool.ask(key.trim()).starts_with("HTTP/1.1 401 "));
    assert!(pool.ask(other.trim()).ends_with("\r\n\r\n[]"));
    pool.signal("-TERM");
    assert_eq!(pool.process.wait().ok().and_then(|it| it.code()), Some(0));
    let mut log = String::new();
    pool.said.read_to_string(&mut log).expect("it is text");
    for line in log.lines() {
        let event: serde_json::Value = serde_json::from_str(line).expect(line);
        assert!(event["level"].is_string(), "{line}");
    }
    assert!(log.contains("\"drained\"") && log.contains("\"code\":\"P5007\""), "{log}");
    assert!(!log.contains(key.trim()) && !log.contains(other.trim()), "{log}");
}
