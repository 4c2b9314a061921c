//! A PostgreSQL server to measure on.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::{fs::MetadataExt, process::CommandExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::postgresql;
use crate::run::{Failure, Result};

/// How long a server may take to start.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where Debian puts each version, the newest one; or on the path.
fn programs() -> Option<PathBuf> {
    let release = |folder: &PathBuf| folder.file_name().and_then(|it| it.to_str()?.parse::<u32>().ok()).unwrap_or(0);
    let releases = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut releases: Vec<PathBuf> = releases.map(|release| release.path()).collect();
    releases.sort_by_key(release);
    let folders = releases.into_iter().rev().map(|release| release.join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders = folders.chain(std::env::split_paths(&path));
    folders.find(|folder| folder.join("initdb").is_file())
}

/// A server on loopback with its data in memory, where the machine has a folder for that. It is stopped, and its data are
/// deleted, when this is dropped.
pub(crate) struct Server {
    folder: PathBuf,
    port: u16,
    process: Child,
}

impl Server {
    /// Starts a server that keeps nothing safe: what is measured is not the disk.
    pub(crate) fn start() -> Result<Self> {
        postgresql::ensure()?;
        let programs = programs().ok_or_else(|| Failure::new("PostgreSQL's `initdb` was not found"))?;
        Self::start_with(&programs).map_err(|error| Failure::new(format!("PostgreSQL does not start: {error}")))
    }

    fn start_with(programs: &Path) -> io::Result<Self> {
        let memory = Path::new("/dev/shm");
        let parent = if memory.is_dir() { memory.to_path_buf() } else { std::env::temp_dir() };
        let folder = parent.join(format!("lenslet-postgresql-{}", std::process::id()));
        fs::create_dir(&folder)?;
        let user = unprivileged();
        if let Some((user, group)) = user {
            std::os::unix::fs::chown(&folder, Some(user), Some(group))?;
        }
        let command = |program: &str| {
            let mut command = Command::new(programs.join(program));
            command.current_dir(&folder).env("LC_ALL", "C.UTF-8").stdin(Stdio::null()).stdout(Stdio::null());
            if let Some((user, group)) = user {
                command.uid(user).gid(group);
            }
            command
        };
        let arguments = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "-D", "data"];
        if !command("initdb").args(arguments).status()?.success() {
            return Err(io::Error::other("`initdb` failed"));
        }
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let mut server = command("postgres");
        server.args(["-D", "data", "-k", "", "-h", "127.0.0.1", "-p", &port.to_string()]);
        for setting in ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off"] {
            server.args(["-c", setting]);
        }
        let log = fs::File::create(folder.join("log"))?;
        let server = Self { process: server.stderr(log).spawn()?, folder: folder.clone(), port };
        let started = Instant::now();
        let mut ready = command("pg_isready");
        ready.args(["-q", "-h", "127.0.0.1", "-p", &port.to_string()]);
        while !ready.status()?.success() {
            if started.elapsed() > PATIENCE {
                return Err(io::Error::other(fs::read_to_string(folder.join("log")).unwrap_or_default()));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(server)
    }

    /// The number of its process.
    pub(crate) fn process(&self) -> u32 {
        self.process.id()
    }

    /// The URL of the server, to which `/` and the name of a database are added.
    pub(crate) fn url(&self) -> String {
        format!("postgresql://postgres@127.0.0.1:{}", self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Killed, it leaves nothing but files and memory that it notices to be gone; both are deleted. What cannot be is scratch.
        let _ = Command::new("kill").args(["-QUIT", &self.process.id().to_string()]).status();
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// PostgreSQL refuses to run as root: the user that it was installed with, or else nobody.
fn unprivileged() -> Option<(u32, u32)> {
    if fs::metadata("/proc/self").ok()?.uid() != 0 {
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
