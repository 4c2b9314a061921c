//! Making, listing and revoking the keys in a configuration file.
//!
//! Comments and order of the file stay as they are. A changed file replaces the old one in one step, is readable by its
//! owner only, and two commands at once do not undo each other's work.

use crate::{
    config::{Config, ConfigError, Time},
    keys::{Hash, Key, Secret, contradiction},
    scope::Scope,
};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    num::NonZeroU32,
    path::{Path, PathBuf},
};
use toml_edit::{Array, ArrayOfTables, Datetime, DocumentMut, Item, Table, value};

/// What a new key is like.
#[derive(Clone, Debug, Default)]
pub struct NewKey {
    /// What people call it.
    pub name: String,
    /// What it may do.
    pub scope: Scope,
    /// From when on it is refused.
    pub expires: Option<DateTime<Utc>>,
    /// How many requests it may make a second.
    pub requests_per_second: Option<NonZeroU32>,
}

/// Why keys could not be changed.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// The file cannot be used as it is.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The file cannot be written.
    #[error("cannot write `{}`", .path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// There is such a key already.
    #[error("there is a key called `{0}` already")]
    NameTaken(String),
    /// There is no such key.
    #[error("there is no key called `{0}`")]
    NoSuchKey(String),
    /// A key needs a name that can be shown in a line.
    #[error("a key is called by 1 to 64 letters, digits, `-`, `_` or `.`")]
    BadName,
    /// What the key is to do contradicts itself.
    #[error("{0}")]
    Contradiction(&'static str),
}

/// The moment after that time; none where the calendar ends before.
pub fn after(time: Time) -> Option<DateTime<Utc>> {
    Utc::now().checked_add_signed(TimeDelta::from_std(time.0).ok()?)
}

/// Makes a key and writes its hash into the file, which is made when it is not there. The key itself is in no file.
///
/// # Errors
/// When there is such a key already, or the file cannot be read or written.
pub fn create(path: &Path, new: &NewKey) -> Result<Secret, KeyFileError> {
    let named = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    if new.name.is_empty() || new.name.len() > 64 || !new.name.chars().all(named) {
        return Err(KeyFileError::BadName);
    }
    if let Some(problem) = contradiction(&new.scope) {
        return Err(KeyFileError::Contradiction(problem));
    }
    let secret = Secret::generate();
    change(path, |config, document| {
        if config.keys.iter().any(|key| key.name == new.name) {
            return Err(KeyFileError::NameTaken(new.name.clone()));
        }
        let keys = document.entry("keys").or_insert(Item::ArrayOfTables(ArrayOfTables::new()));
        match keys {
            Item::ArrayOfTables(keys) => keys.push(entry(new, Hash::of(secret.reveal()))),
            // `keys = []` is as good a way to have none.
            other => {
                let mut keys = ArrayOfTables::new();
                keys.push(entry(new, Hash::of(secret.reveal())));
                *other = Item::ArrayOfTables(keys);
            }
        }
        Ok(())
    })?;
    Ok(secret)
}

/// The keys of the file, as it has them.
///
/// # Errors
/// When the file cannot be read.
pub fn list(path: &Path) -> Result<Vec<Key>, KeyFileError> {
    Ok(Config::read(path)?.keys)
}

/// Removes a key from the file. A pool that runs refuses it from the next request on.
///
/// # Errors
/// When there is no such key, or the file cannot be read or written.
pub fn revoke(path: &Path, name: &str) -> Result<(), KeyFileError> {
    change(path, |_, document| {
        let is_it = |key: &Table| key.get("name").and_then(Item::as_str) == Some(name);
        let keys = document.get_mut("keys").and_then(Item::as_array_of_tables_mut);
        let keys = keys.ok_or_else(|| KeyFileError::NoSuchKey(name.into()))?;
        let before = keys.len();
        keys.retain(|key| !is_it(key));
        if keys.len() == before {
            return Err(KeyFileError::NoSuchKey(name.into()));
        }
        if keys.is_empty() {
            document.remove("keys");
        }
        Ok(())
    })
}

fn entry(new: &NewKey, hash: Hash) -> Table {
    let mut table = Table::new();
    table.insert("name", value(new.name.as_str()));
    table.insert("hash", value(hash.to_string()));
    table.insert("created", moment(Utc::now()));
    if let Some(expires) = new.expires {
        table.insert("expires", moment(expires));
    }
    let Scope { read_only, models, operations, raw } = &new.scope;
    for (name, said) in [("read-only", *read_only), ("raw", *raw)] {
        if said {
            table.insert(name, value(true));
        }
    }
    if let Some(models) = models {
        table.insert("models", value(models.iter().map(String::as_str).collect::<Array>()));
    }
    if let Some(operations) = operations {
        table.insert("operations", value(operations.iter().map(|it| it.name()).collect::<Array>()));
    }
    if let Some(rate) = new.requests_per_second {
        table.insert("requests-per-second", value(i64::from(rate.get())));
    }
    table
}

fn moment(at: DateTime<Utc>) -> Item {
    let text = at.to_rfc3339_opts(SecondsFormat::Secs, true);
    // RFC 3339 is what TOML has taken its moments from.
    text.parse::<Datetime>().map_or_else(|_| value(text), value)
}

/// Reads the file, changes it, and puts the new one into its place.
fn change(
    path: &Path,
    edit: impl FnOnce(&Config, &mut DocumentMut) -> Result<(), KeyFileError>,
) -> Result<(), KeyFileError> {
    let failed = |source| KeyFileError::Write { path: path.into(), source };
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let _lock = lock(folder).map_err(failed)?;
    let text = match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        other => other.map_err(|source| ConfigError::Read { path: path.into(), source })?,
    };
    let wrong = |message| ConfigError::Text { path: path.into(), message };
    let config = Config::parse(&text).map_err(wrong)?;
    let mut document: DocumentMut =
        text.parse().map_err(|error: toml_edit::TomlError| wrong(error.message().to_owned()))?;
    edit(&config, &mut document)?;
    replace(path, &document.to_string()).map_err(failed)
}

/// Keeps others from changing the folder's configuration meanwhile. The file itself would not do: it is replaced.
fn lock(folder: &Path) -> io::Result<Option<File>> {
    if !cfg!(unix) {
        return Ok(None);
    }
    let folder = File::open(folder)?;
    folder.lock()?;
    Ok(Some(folder))
}

fn replace(path: &Path, text: &str) -> io::Result<()> {
    let mut name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_owned();
    name.push(format!(".{:016x}", rand::random::<u64>()));
    let temporary = path.with_file_name(name);
    let written = write(&temporary, text).and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    written
}

/// Readable by its owner only: hashes tell nothing, but a configuration may hold the URL of the database.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scope::Operation;

    fn named(name: &str) -> NewKey {
        NewKey { name: name.into(), ..NewKey::default() }
    }

    #[test]
    fn a_key_is_made_listed_and_revoked() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("lenslet-pool.toml");
        let before = "# ours\nlisten = \"127.0.0.1:1\" # here\n\n[limits]\nconnections = 3\n";
        fs::write(&path, before).expect("it is written");
        let expires = DateTime::parse_from_rfc3339("2030-01-02T03:04:05Z").expect("a moment").to_utc();
        let scope = Scope {
            read_only: true,
            models: Some(["User".into(), "Post".into()].into()),
            operations: Some([Operation::FindMany].into()),
            raw: false,
        };
        let new = NewKey { expires: Some(expires), scope, requests_per_second: NonZeroU32::new(5), ..named("worker") };
        let secret = create(&path, &new).expect("it is made");
        create(&path, &named("other")).expect("it is made");
        let text = fs::read_to_string(&path).expect("it is there");
        assert!(text.starts_with(before) && !text.contains(secret.reveal()), "{text}");
        let keys = list(&path).expect("they are listed");
        let [worker, other] = keys.as_slice() else { panic!("two keys") };
        assert_eq!(worker.hash, Hash::of(secret.reveal()));
        assert_eq!((&worker.scope, worker.expires), (&new.scope, new.expires));
        assert_eq!(worker.requests_per_second, new.requests_per_second);
        assert_eq!((other.name.as_str(), &other.scope), ("other", &Scope::default()));
        assert!(matches!(create(&path, &named("worker")), Err(KeyFileError::NameTaken(_))));
        revoke(&path, "worker").expect("it is revoked");
        revoke(&path, "other").expect("it is revoked");
        assert!(matches!(revoke(&path, "other"), Err(KeyFileError::NoSuchKey(_))));
        assert_eq!(fs::read_to_string(&path).expect("it is there").trim_end(), before.trim_end());
    }

    #[cfg(unix)]
    #[test]
    fn only_its_owner_reads_the_file() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("keys.toml");
        fs::write(&path, "").expect("it is written");
        fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).expect("it is opened");
        create(&path, &named("a")).expect("it is made");
        assert_eq!(fs::metadata(&path).expect("it is there").permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
    }

    #[test]
    fn commands_at_once_do_not_undo_each_other() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("keys.toml");
        std::thread::scope(|scope| {
            for number in 0..8 {
                let path = &path;
                scope.spawn(move || create(path, &named(&format!("key-{number}"))).map(drop));
            }
        });
        assert_eq!(list(&path).expect("they are listed").len(), 8);
    }

    #[test]
    fn mistakes() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("keys.toml");
        for name in ["", "a b", "a\n", &"a".repeat(65)] {
            assert!(matches!(create(&path, &named(name)), Err(KeyFileError::BadName)));
        }
        let scope = Scope { raw: true, read_only: true, ..Scope::default() };
        assert!(matches!(create(&path, &NewKey { scope, ..named("a") }), Err(KeyFileError::Contradiction(_))));
        fs::write(&path, "listen = 1").expect("it is written");
        assert!(matches!(create(&path, &named("a")), Err(KeyFileError::Config(_))));
        assert_eq!(fs::read_to_string(&path).expect("it is there"), "listen = 1");
    }
}
