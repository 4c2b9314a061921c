//! Write a migration's folder.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use lenslet_core::catalog::Provider;
use lenslet_migrate::history::Migration;

use crate::cli::error::Error;

/// Prisma's limit for the part after the moment.
const LONGEST_NAME: usize = 200;

/// What of a name a folder is called: lower case, letters and digits, the rest as `_`.
pub(super) fn slug(name: &str) -> Result<String, Error> {
    let mut slug = String::new();
    for it in name.trim().chars().flat_map(char::to_lowercase).take(LONGEST_NAME) {
        if it.is_ascii_alphanumeric() {
            slug.push(it);
        } else if !slug.ends_with('_') {
            slug.push('_');
        }
    }
    let slug = slug.trim_matches('_').to_owned();
    if slug.is_empty() { Err(Error::NoName(name.to_owned())) } else { Ok(slug) }
}

/// The name of a migration made now, after all that are there.
pub(super) fn name(slug: &str, migrations: &[Migration]) -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let mut moment: u64 = digits(seconds);
    let last: Option<u64> = migrations.last().and_then(|it| it.name.get(..14)).and_then(|digits| digits.parse().ok());
    if let Some(last) = last.filter(|last| *last >= moment) {
        // Two within a second, or a clock that went back: order matters more than the moment.
        moment = last + 1;
    }
    format!("{moment:014}_{slug}")
}

/// `20260131235959`, in UTC.
fn digits(seconds: u64) -> u64 {
    let (year, month, day) = date(seconds / 86_400);
    let second = seconds % 86_400;
    let time = second / 3600 * 10_000 + second / 60 % 60 * 100 + second % 60;
    (year * 10_000 + month * 100 + day) * 1_000_000 + time
}

/// Year, month and day of a number of days since 1970.
fn date(mut days: u64) -> (u64, u64, u64) {
    let is_leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let mut year = 1970;
    while days >= 365 + u64::from(is_leap(year)) {
        days -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let february = 28 + u64::from(is_leap(year));
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    (year, month, days + 1)
}

/// The files of a migration.
pub(super) struct Files<'t> {
    /// `migration.sql`.
    pub(super) up: &'t str,
    /// `down.sql`, where it can be undone.
    pub(super) down: Option<&'t str>,
    /// `replaces`, one name a line, where it stands for others.
    pub(super) replaces: Option<&'t str>,
}

/// Writes them, and the lock that says for which database the history is. Gives the folder.
pub(super) fn write(migrations: &Path, provider: Provider, name: &str, files: &Files<'_>) -> Result<PathBuf, Error> {
    let folder = migrations.join(name);
    let failed = |path: &Path, source: io::Error| Error::Write { path: path.to_path_buf(), source };
    fs::create_dir_all(&folder).map_err(|error| failed(&folder, error))?;
    let lock = migrations.join("migration_lock.toml");
    if !lock.exists() {
        let text = format!(
            "# Keep this file in version control. It says for which database the migrations are.\nprovider = \"{}\"\n",
            provider.name()
        );
        fs::write(&lock, text).map_err(|error| failed(&lock, error))?;
    }
    // The script comes last: without it the folder is no migration.
    for (file, text) in [("replaces", files.replaces), ("down.sql", files.down), ("migration.sql", Some(files.up))] {
        let path = folder.join(file);
        if let Some(text) = text {
            fs::write(&path, text).map_err(|error| failed(&path, error))?;
        }
    }
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_folders() {
        assert_eq!(slug("Add Posts, and  Tags!").expect("a name"), "add_posts_and_tags");
        assert_eq!(slug("über/../x").expect("a name"), "ber_x");
        assert!(slug("../ ..").is_err());
        assert_eq!(slug(&"a".repeat(300)).expect("a name").len(), LONGEST_NAME);
    }

    #[test]
    fn moments_are_digits() {
        assert_eq!(digits(0), 19_700_101_000_000);
        assert_eq!(digits(951_782_400), 20_000_229_000_000);
        assert_eq!(digits(1_767_225_599), 20_251_231_235_959);
        assert_eq!(digits(4_107_542_400), 21_000_301_000_000);
    }

    #[test]
    fn a_new_migration_is_the_last() {
        let last = Migration::new("99990101000000_far", "");
        assert_eq!(name("next", &[last]), "99990101000001_next");
    }
}
