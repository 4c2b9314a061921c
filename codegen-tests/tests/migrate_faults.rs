//! What becomes of a history when a deployment is killed, has no room, or may not write.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use codegen_tests::postgresql_server::Server;
use lenslet_migrate::history::{Migration, deploy, mark_rolled_back, status};
use lenslet_migrate::{Database, Error};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, thread};
use tempfile::TempDir;

/// How long something may take that happens at once.
const SOON: Duration = Duration::from_secs(60);

/// A database that several processes use.
struct Shared {
    url: String,
    /// SQL that takes longer than a test.
    slow: &'static str,
}

const SLOW_ON_SQLITE: &str = "INSERT INTO a WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 4000000000) SELECT max(x) FROM c;";
const SLOW_ON_POSTGRESQL: &str = "SELECT pg_sleep(600);";

fn each(test: impl Fn(&Shared)) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("file:{}", folder.path().join("test.db").display());
    test(&Shared { url, slow: SLOW_ON_SQLITE });
    if let Some(server) = Server::start().unwrap() {
        test(&Shared { url: server.url("test", ""), slow: SLOW_ON_POSTGRESQL });
    }
}

fn migration(name: &str, script: &str) -> Migration {
    Migration::new(name, script)
}

fn first() -> Migration {
    migration("1_first", "CREATE TABLE a (id BIGINT);")
}

fn tables(url: &str) -> Vec<String> {
    let found = Database::open(url).unwrap().describe(&[]).unwrap();
    found.tables.into_iter().map(|table| table.name.name).collect()
}

/// Not a test: the process that is killed. It deploys what its environment says.
#[test]
#[ignore = "is run by other tests"]
fn victim() {
    let (url, script) = (env::var("VICTIM_URL").unwrap(), env::var("VICTIM_SCRIPT").unwrap());
    deploy(&url, &[first(), migration("2_slow", &script)]).unwrap();
}

fn victim_of(shared: &Shared, script: &str) -> Child {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", "victim", "--ignored"]).env("VICTIM_URL", &shared.url).env("VICTIM_SCRIPT", script);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

fn wait_until(is: impl Fn() -> bool) {
    let start = Instant::now();
    while !is() {
        assert!(start.elapsed() < SOON, "it took too long");
        thread::sleep(Duration::from_millis(50));
    }
}

/// Kills a deployment when it is in the middle of the slow statement.
fn kill_in_the_middle(shared: &Shared, script: &str) {
    let mut victim = victim_of(shared, script);
    wait_until(|| is_at_work(shared));
    victim.kill().unwrap();
    victim.wait().unwrap();
    // A server notices only when it looks.
    wait_until(|| !is_at_work(shared));
}

fn is_at_work(shared: &Shared) -> bool {
    match shared.url.strip_prefix("file:") {
        Some(file) => {
            let Ok(connection) = rusqlite::Connection::open(file) else { return false };
            let has_begun =
                connection
                    .query_row("SELECT 1 FROM _prisma_migrations WHERE migration_name = '1_first'", [], |_| Ok(()));
            has_begun.is_ok() && connection.execute_batch("BEGIN IMMEDIATE; ROLLBACK").is_err()
        }
        None => {
            let at_work = "SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep(600)%' AND pid <> pg_backend_pid()";
            let database = Database::open(&shared.url.replace("/test?", "/postgres?"));
            database.unwrap().rows(at_work).is_ok_and(|rows| !rows.is_empty())
        }
    }
}

#[test]
fn a_killed_deployment_leaves_whole_migrations() {
    each(|shared| {
        let script = format!("CREATE TABLE b (id BIGINT); {} CREATE TABLE c (id BIGINT);", shared.slow);
        kill_in_the_middle(shared, &script);
        let left = status(&shared.url, &[first(), migration("2_slow", &script)]).unwrap();
        assert_eq!((left.applied.len(), left.pending.len(), left.failed.len()), (1, 1, 0));
        assert_eq!(tables(&shared.url), ["a"]);
        let quick = migration("2_slow", "CREATE TABLE b (id BIGINT); CREATE TABLE c (id BIGINT);");
        assert_eq!(deploy(&shared.url, &[first(), quick]).unwrap().applied, ["2_slow"]);
    });
}

#[test]
fn what_a_killed_deployment_had_to_leave_half_done_is_known() {
    each(|shared| {
        let script = format!(
            "BEGIN; CREATE TABLE b (id BIGINT); COMMIT; BEGIN; INSERT INTO a VALUES (1); {} COMMIT;",
            shared.slow
        );
        kill_in_the_middle(shared, &script);
        let all = [first(), migration("2_slow", &script)];
        assert_eq!(status(&shared.url, &all).unwrap().failed.len(), 1);
        let error = deploy(&shared.url, &all).unwrap_err();
        assert_eq!(error.code(), Some("P3009"));
        assert!(error.to_string().contains("migrate resolve --applied or --rolled-back"), "{error}");
        assert_eq!(tables(&shared.url), ["a", "b"]);

        Database::open(&shared.url).unwrap().run("DROP TABLE b").unwrap();
        mark_rolled_back(&shared.url, "2_slow").unwrap();
        let quick = migration("2_slow", "CREATE TABLE b (id BIGINT);");
        assert_eq!(deploy(&shared.url, &[first(), quick]).unwrap().applied, ["2_slow"]);
    });
}

#[test]
fn who_waits_too_long_is_told() {
    each(|shared| {
        deploy(&shared.url, &[first()]).unwrap();
        let slow = format!("CREATE TABLE b (id BIGINT); {}", shared.slow);
        let mut other = victim_of(shared, &slow);
        wait_until(|| is_at_work(shared));
        let mut database = Database::open(&shared.url).unwrap();
        database.wait_for_others(Duration::from_secs(1)).unwrap();
        let error = database.deploy(&[first(), migration("2_slow", &slow)]).unwrap_err();
        other.kill().unwrap();
        other.wait().unwrap();
        assert!(matches!(error.code(), Some("P1002" | "P1008")), "{error}");
        assert!(error.to_string().contains("try"), "{error}");
    });
}

/// A file system of its own.
struct Disk(TempDir);

impl Disk {
    /// Absent, with a line that says so, where none may be made.
    fn new(size: &str) -> Option<Disk> {
        let folder = tempfile::tempdir().unwrap();
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size},mode=0777"), "tmpfs"])
            .arg(folder.path())
            .stderr(Stdio::null())
            .status();
        if mount.is_ok_and(|status| status.success()) {
            return Some(Disk(folder));
        }
        eprintln!("no file system can be mounted here, skipped");
        None
    }

    fn forbid_writing(&self) {
        let status = Command::new("mount").args(["-o", "remount,ro"]).arg(self.0.path()).status().unwrap();
        assert!(status.success());
    }

    fn folder(&self, name: &str) -> PathBuf {
        let folder = self.0.path().join(name);
        fs::create_dir(&folder).unwrap();
        folder
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

fn on_disk(disk: &Disk) -> String {
    format!("file:{}", disk.0.path().join("test.db").display())
}

/// The migration that finds no room leaves nothing; with less in it, it is applied.
fn check_full_disk(url: &str, large: &str) {
    let script = format!("CREATE TABLE b (id TEXT); {large} CREATE TABLE c (id BIGINT);");
    let error = deploy(url, &[first(), migration("2_large", &script)]).unwrap_err();
    assert!(matches!(error, Error::MigrationFailed { undone: true, .. }), "{error:?}");
    assert_eq!(error.code(), Some("P3018"));
    assert!(error.to_string().ends_with("disk and try again\nnothing of it is left in the database"), "{error}");
    let left = status(url, &[first(), migration("2_large", &script)]).unwrap();
    assert_eq!((left.applied.len(), left.pending.len(), left.failed.len()), (1, 1, 0));
    assert_eq!(tables(url), ["a"]);
    assert_eq!(
        deploy(url, &[first(), migration("2_large", "CREATE TABLE b (id TEXT);")]).unwrap().applied,
        ["2_large"]
    );
}

#[test]
fn a_full_disk_takes_nothing_by_half() {
    if let Some(disk) = Disk::new("512k") {
        check_full_disk(&on_disk(&disk), "INSERT INTO b VALUES (randomblob(2000000));");
    }
    let Some(server) = Server::start().unwrap() else { return };
    if let Some(disk) = Disk::new("16m") {
        let place = disk.folder("tablespace");
        make_writable_for(&server, &place);
        server.execute("postgres", &format!("CREATE TABLESPACE small LOCATION '{}'", place.display())).unwrap();
        server.execute("postgres", "CREATE DATABASE test TABLESPACE small").unwrap();
        let large = "INSERT INTO b SELECT md5(i::text) FROM generate_series(1, 1000000) AS i;";
        check_full_disk(&server.url("test", ""), large);
        drop(server);
    }
}

/// The server runs as another user than root.
fn make_writable_for(server: &Server, folder: &Path) {
    use std::os::unix::fs::{MetadataExt, chown};
    let owner = fs::metadata(server.socket()).unwrap();
    chown(folder, Some(owner.uid()), Some(owner.gid())).unwrap();
    let mut above = folder.to_owned();
    while above.pop() && above.starts_with(env::temp_dir()) && above != env::temp_dir() {
        fs::set_permissions(&above, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    }
}

fn check_read_only(url: &str) {
    let later = [first(), migration("2_later", "CREATE TABLE b (id BIGINT);")];
    let error = deploy(url, &later).unwrap_err();
    assert!(error.to_string().contains("writable") || error.to_string().contains("takes writes"), "{error}");
    assert_eq!(status(url, &later).unwrap().pending, ["2_later"]);
    assert!(deploy(url, &[first()]).unwrap().applied.is_empty(), "what there is needs no writing");
}

#[test]
fn a_read_only_database_is_named() {
    if let Some(disk) = Disk::new("1m") {
        let url = on_disk(&disk);
        deploy(&url, &[first()]).unwrap();
        disk.forbid_writing();
        check_read_only(&url);
    }
    let Some(server) = Server::start().unwrap() else { return };
    let url = server.url("test", "");
    deploy(&url, &[first()]).unwrap();
    server.execute("postgres", "ALTER DATABASE test SET default_transaction_read_only = on").unwrap();
    check_read_only(&url);
}
