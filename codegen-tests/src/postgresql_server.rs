//! A PostgreSQL server that lives as long as a test: on loopback, in a temporary folder, on a port of its own.

use std::{
    env,
    ffi::OsStr,
    fs, io,
    net::{Ipv4Addr, TcpListener, TcpStream},
    os::unix::{fs::chown, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tokio_postgres::NoTls;

/// How long a server may take to start.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running server. It is stopped, and its data are deleted, when this is dropped.
pub struct Server {
    programs: PathBuf,
    folder: TempDir,
    user: Option<(u32, u32)>,
    port: u16,
    connections: u32,
    process: Option<Child>,
}

impl Server {
    /// Starts a server. `None`, with a line that says so, where PostgreSQL is not installed; in CI that is a failure.
    ///
    /// # Errors
    /// When it is installed and does not start.
    #[allow(clippy::print_stderr, reason = "who runs the tests must see what was not tested")]
    pub fn start() -> io::Result<Option<Server>> {
        let Some(programs) = programs() else {
            if env::var_os("CI").is_some() {
                return Err(io::Error::other("PostgreSQL is not installed: `initdb` was not found"));
            }
            eprintln!("PostgreSQL is not installed (no `initdb` was found), skipped");
            return Ok(None);
        };
        Self::start_in(programs).map(Some)
    }

    /// Starts a server that has the extension `vector`, which Debian 12 lacks: its programs are in the folder that a variable
    /// names (`cargo xtask conformance migrations` sets it). `None`, with a line that says so, where there is none.
    ///
    /// # Errors
    /// When it does not start.
    #[allow(clippy::print_stderr, reason = "who runs the tests must see what was not tested")]
    pub fn with_vector() -> io::Result<Option<Server>> {
        const PROGRAMS: &str = "LENSLET_POSTGRESQL_WITH_VECTOR";
        match env::var_os(PROGRAMS) {
            Some(programs) => Self::start_in(programs.into()).map(Some),
            None => {
                eprintln!("no server has the extension `vector` ({PROGRAMS} names none), what needs it is skipped");
                Ok(None)
            }
        }
    }

    /// Starts a server whose programs are in a folder.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start_in(programs: PathBuf) -> io::Result<Server> {
        let folder = tempfile::Builder::new().prefix("lenslet-postgresql-").tempdir()?;
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let user = unprivileged();
        if let Some((user, group)) = user {
            chown(folder.path(), Some(user), Some(group))?;
        }
        let mut server = Server { programs, folder, user, port, connections: 200, process: None };
        server.initialize()?;
        server.resume()?;
        Ok(server)
    }

    fn initialize(&self) -> io::Result<()> {
        let arguments = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"];
        let done = self.command("initdb").args(arguments).arg("-D").arg(self.data()).output()?;
        if done.status.success() {
            return Ok(());
        }
        Err(io::Error::other(String::from_utf8_lossy(&done.stderr).into_owned()))
    }

    /// Starts it again after [`stop`](Self::stop), on the same port with the same data.
    ///
    /// # Errors
    /// When it does not answer in time.
    pub fn resume(&mut self) -> io::Result<()> {
        let log = fs::File::create(self.folder.path().join("log"))?;
        let mut command = self.command("postgres");
        command.arg("-D").arg(self.data()).arg("-k").arg(self.folder.path());
        command.args(["-p", &self.port.to_string(), "-h", "127.0.0.1"]);
        // Nothing of a test has to outlive a crash.
        for setting in ["fsync=off", "synchronous_commit=off", "full_page_writes=off"] {
            command.args(["-c", setting]);
        }
        command.args(["-c", &format!("max_connections={}", self.connections)]);
        self.process = Some(command.stdout(Stdio::null()).stderr(log).spawn()?);
        let start = Instant::now();
        while !self.answers() {
            let ended = self.process.as_mut().is_some_and(|it| !matches!(it.try_wait(), Ok(None)));
            if ended || start.elapsed() > PATIENCE {
                let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
                return Err(io::Error::other(format!("PostgreSQL did not start: {log}")));
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    fn answers(&self) -> bool {
        TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok()
            && self
                .command("pg_isready")
                .args(["-q", "-h", "127.0.0.1", "-p", &self.port.to_string()])
                .status()
                .is_ok_and(|status| status.success())
    }

    /// How many connections it takes at most, from the next [`resume`](Self::resume) on; 200 at first.
    pub fn limit_connections(&mut self, most: u32) {
        self.connections = most;
    }

    /// Ends it as a power failure would: nobody is told.
    pub fn kill(&mut self) {
        self.end("immediate");
    }

    /// Stops it, whoever is connected; what was written stays.
    pub fn stop(&mut self) {
        self.end("fast");
    }

    fn end(&mut self, mode: &str) {
        let Some(mut process) = self.process.take() else {
            return;
        };
        let mut stop = self.command("pg_ctl");
        let stop = stop.args(["stop", "-s", "-m", mode, "-D"]).arg(self.data());
        if !stop.status().is_ok_and(|status| status.success()) {
            let _ = process.kill();
        }
        let _ = process.wait();
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command.current_dir(self.folder.path()).env("LC_ALL", "C.UTF-8");
        if let Some((user, group)) = self.user {
            command.uid(user).gid(group);
        }
        command
    }

    /// Starts a PgBouncer in transaction mode in front of it, with two connections for all; `None`, with a line that says
    /// so, where it is not installed.
    ///
    /// # Errors
    /// When it is installed and does not start.
    pub fn bouncer(&self) -> io::Result<Option<Bouncer>> {
        self.bouncer_with(2)
    }

    /// Such a PgBouncer with that many connections for all.
    ///
    /// # Errors
    /// When it is installed and does not start.
    #[allow(clippy::print_stderr, reason = "who runs the tests must see what was not tested")]
    pub fn bouncer_with(&self, connections: u32) -> io::Result<Option<Bouncer>> {
        let program = Path::new("/usr/sbin/pgbouncer");
        if !program.exists() {
            eprintln!("PgBouncer is not installed, skipped");
            return Ok(None);
        }
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let settings = format!(
            "[databases]\npostgres = user=postgres host=127.0.0.1 port={}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
             auth_type = any\npool_mode = transaction\ndefault_pool_size = {connections}\n\
             max_client_conn = 5000\nunix_socket_dir =\n",
            self.port
        );
        let path = self.folder.path().join("pgbouncer.ini");
        fs::write(&path, settings)?;
        let mut command = Command::new(program);
        if let Some((user, group)) = self.user {
            command.uid(user).gid(group);
        }
        let process = command.arg("-q").arg(&path).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let bouncer = Bouncer { process, port };
        let start = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            if start.elapsed() > PATIENCE {
                return Err(io::Error::other("PgBouncer did not start"));
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(Some(bouncer))
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The folder of its socket.
    pub fn socket(&self) -> &Path {
        self.folder.path()
    }

    /// The URL of a database, with options such as `connection_limit=1`.
    pub fn url(&self, database: &str, options: &str) -> String {
        format!("postgresql://postgres@127.0.0.1:{}/{database}?{options}", self.port)
    }

    /// Creates an empty database.
    ///
    /// # Errors
    /// When it exists.
    pub fn create(&self, database: &str) -> Result<(), String> {
        self.execute("postgres", &format!("CREATE DATABASE \"{database}\""))
    }

    /// Runs SQL, with a connection of its own.
    ///
    /// # Errors
    /// What the server says.
    pub fn execute(&self, database: &str, sql: &str) -> Result<(), String> {
        let url = self.url(database, "");
        // Those who ask may be on a runtime already, and this waits for another.
        let executed = thread::scope(|scope| scope.spawn(|| execute(&url, sql)).join());
        executed.unwrap_or_else(|_| Err(String::from("the SQL could not be run")))
    }
}

fn execute(url: &str, sql: &str) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    let executed = runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
        let moving = tokio::spawn(connection);
        let executed = client.batch_execute(sql).await;
        drop(client);
        let _ = moving.await;
        executed
    });
    executed.map_err(|error| error.as_db_error().map_or_else(|| error.to_string(), ToString::to_string))
}

/// A PgBouncer, stopped when it is dropped.
pub struct Bouncer {
    process: Child,
    port: u16,
}

impl Bouncer {
    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The URL of the database `postgres` through it, with options.
    pub fn url(&self, options: &str) -> String {
        format!("postgresql://postgres@127.0.0.1:{}/postgres?{options}", self.port)
    }
}

impl Drop for Bouncer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end("immediate");
    }
}

/// Where PostgreSQL's programs are: on the path, or where Debian puts them; the newest release.
fn programs() -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let path = env::split_paths(&path);
    let releases = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut releases: Vec<PathBuf> = releases.map(|it| it.path().join("bin")).collect();
    releases.sort_by_key(|it| {
        let release = it.parent().and_then(Path::file_name).and_then(OsStr::to_str);
        release.and_then(|it| it.parse::<u32>().ok()).unwrap_or(0)
    });
    let needed = ["initdb", "postgres", "pg_ctl", "pg_isready"];
    let holds_all = |folder: &PathBuf| needed.iter().all(|program| folder.join(program).exists());
    releases.into_iter().rev().chain(path).find(holds_all)
}

/// PostgreSQL refuses to run as root: the user that it was installed with, or else nobody.
fn unprivileged() -> Option<(u32, u32)> {
    use std::os::unix::fs::MetadataExt;
    let own = fs::metadata("/proc/self").ok()?.uid();
    if own != 0 {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").ok()?;
    let user = |wanted: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(wanted))?;
        let mut parts = line.split(':').skip(2);
        Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
    };
    user("postgres").or_else(|| user("nobody"))
}
