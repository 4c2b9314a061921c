//! Who may ask: keys, known to the pool by their hashes only.
//!
//! A key is 160 random bits. Nobody guesses it, so a plain SHA-256 of it is as good at rest as the slow hashes that
//! passwords need, and costs a request 200 nanoseconds instead of 100 milliseconds. For the same reason a key is looked up
//! by its hash in a table: how long that takes depends on the hash of what the caller sent, and a hash that shares a
//! beginning with a stored one cannot be made on purpose. There is nothing that a clock could be used to learn.

use crate::{
    limits::Rate,
    scope::{Operation, Scope},
};
use chrono::{DateTime, Utc};
use lenslet_core::error::{Error, ErrorKind};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use std::{
    collections::{BTreeSet, HashMap},
    fmt,
    num::NonZeroU32,
    sync::Arc,
};

/// What every key begins with, so that people and scanners recognise a leaked one.
const PREFIX: &str = "lens_";
/// Lower case letters and digits that are not taken for each other; 32 of them carry 160 bits.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
const LETTERS: usize = 32;

/// A key, as its owner keeps it. It is shown once.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// A new key.
    pub fn generate() -> Self {
        let random: [u8; LETTERS] = rand::random();
        let letters = random.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)]));
        Secret(PREFIX.chars().chain(letters).collect())
    }

    /// The text of the key.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

/// The SHA-256 of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Hash([u8; 32]);

impl Hash {
    /// The hash of a key.
    pub fn of(key: &str) -> Self {
        Hash(Sha256::digest(key.as_bytes()).into())
    }

    /// A number that stands for the key among those of a pool.
    pub(crate) fn number(self) -> u64 {
        let [a, b, c, d, e, f, g, h, ..] = self.0;
        u64::from_be_bytes([a, b, c, d, e, f, g, h])
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let wrong = || serde::de::Error::custom("a hash is 64 hexadecimal digits; `lenslet pool key create` writes it");
        let digits = text.as_bytes();
        if digits.len() != 64 || !digits.iter().all(u8::is_ascii_hexdigit) {
            return Err(wrong());
        }
        let mut hash = [0; 32];
        for (byte, at) in hash.iter_mut().zip((0..64).step_by(2)) {
            let digits = text.get(at..at + 2).ok_or_else(wrong)?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| wrong())?;
        }
        Ok(Hash(hash))
    }
}

/// A key, as the pool knows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    /// What people call it; logs and metrics do, too.
    pub name: String,
    /// Its hash.
    pub hash: Hash,
    /// What it may do.
    pub scope: Scope,
    /// When it was made.
    pub created: Option<DateTime<Utc>>,
    /// From when on it is refused.
    pub expires: Option<DateTime<Utc>>,
    /// How many requests it may make a second; as many as the pool lets every key when absent.
    pub requests_per_second: Option<NonZeroU32>,
}

impl Key {
    /// Whether it is refused by now.
    pub fn has_expired(&self) -> bool {
        has_passed(self.expires)
    }
}

fn has_passed(expires: Option<DateTime<Utc>>) -> bool {
    expires.is_some_and(|at| at <= Utc::now())
}

/// A key, as the configuration writes it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Written {
    name: String,
    hash: Hash,
    #[serde(default)]
    read_only: bool,
    models: Option<BTreeSet<String>>,
    operations: Option<Vec<String>>,
    #[serde(default)]
    raw: bool,
    created: Option<toml_edit::Datetime>,
    expires: Option<toml_edit::Datetime>,
    requests_per_second: Option<NonZeroU32>,
}

impl TryFrom<Written> for Key {
    type Error = String;
    fn try_from(written: Written) -> Result<Self, String> {
        let Written { name, hash, read_only, models, operations, raw, created, expires, requests_per_second } = written;
        let operation = |it: String| Operation::named(&it).ok_or(format!("key `{name}`: `{it}` is no operation"));
        let operations = match operations {
            Some(list) => Some(list.into_iter().map(operation).collect::<Result<_, _>>()?),
            None => None,
        };
        let scope = Scope { read_only, models, operations, raw };
        if let Some(problem) = contradiction(&scope) {
            return Err(format!("key `{name}`: {problem}"));
        }
        let moment = |it: Option<toml_edit::Datetime>| match it {
            None => Ok(None),
            Some(it) => match DateTime::parse_from_rfc3339(&it.to_string()) {
                Ok(it) => Ok(Some(it.to_utc())),
                Err(_) => Err(format!("key `{name}`: `{it}` is no moment such as 2027-01-01T00:00:00Z")),
            },
        };
        let (created, expires) = (moment(created)?, moment(expires)?);
        Ok(Key { name, hash, scope, created, expires, requests_per_second })
    }
}

/// What of a scope cannot be kept, in words.
pub(crate) fn contradiction(scope: &Scope) -> Option<&'static str> {
    if scope.raw && scope.read_only {
        return Some("SQL of one's own cannot be kept from writing, so a key with it is not read-only");
    }
    if scope.raw && scope.models.is_some() {
        return Some("SQL of one's own reaches every table, so a key with it is not limited to some models");
    }
    None
}

/// The keys of a pool.
#[derive(Debug, Default)]
pub struct Keys(HashMap<Hash, Arc<Admitted>>);

/// A key with what it has used up.
#[derive(Debug)]
pub(crate) struct Admitted {
    pub(crate) name: Arc<str>,
    pub(crate) scope: Arc<Scope>,
    /// Stands for the key among those of a pool.
    pub(crate) number: u64,
    expires: Option<DateTime<Utc>>,
    rate: Option<Arc<Rate>>,
}

impl Keys {
    /// These keys; those that say nothing else may make that many requests a second, or any number.
    pub fn new(keys: impl IntoIterator<Item = Key>, requests_per_second: Option<NonZeroU32>) -> Self {
        let admitted = keys.into_iter().map(|key| {
            let rate = key.requests_per_second.or(requests_per_second).map(|rate| Arc::new(Rate::new(rate)));
            let number = key.hash.number();
            let admitted =
                Admitted { name: key.name.into(), scope: Arc::new(key.scope), number, expires: key.expires, rate };
            (key.hash, Arc::new(admitted))
        });
        Keys(admitted.collect())
    }

    /// One key of one's own choice, for programs that embed a pool and for tests.
    pub fn single(key: &str, scope: Scope) -> Self {
        let (name, hash) = ("single".to_owned(), Hash::of(key));
        Keys::new([Key { name, hash, scope, created: None, expires: None, requests_per_second: None }], None)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The key of a request, by its header `Authorization`.
    ///
    /// # Errors
    /// P5007 when there is none, or it is not known, or has expired.
    pub(crate) fn find(&self, authorization: Option<&str>) -> Result<Arc<Admitted>, Error> {
        let refused = |message| Err(Error::new(ErrorKind::Unauthorized, message));
        let bearer = authorization.and_then(|it| it.split_once(' '));
        let Some((_, key)) = bearer.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")) else {
            return refused("the request has no key: the URL of the pool ends with `?api_key=…`");
        };
        match self.0.get(&Hash::of(key.trim())) {
            None => refused("the key is not known to this pool, or it was revoked; see `lenslet pool key list`"),
            Some(key) if has_passed(key.expires) => {
                refused("the key has expired; make a new one with `lenslet pool key create`")
            }
            Some(key) => Ok(Arc::clone(key)),
        }
    }

    /// These keys instead of others, which go on with what they have used up.
    #[must_use]
    pub(crate) fn after(self, before: &Keys) -> Keys {
        let kept = self.0.into_iter().map(|(hash, key)| match before.0.get(&hash) {
            Some(old) if old.rate.as_deref().map(Rate::limit) == key.rate.as_deref().map(Rate::limit) => {
                let Admitted { name, scope, number, expires, .. } = key.as_ref();
                let (name, scope) = (Arc::clone(name), Arc::clone(scope));
                let key = Admitted { name, scope, number: *number, expires: *expires, rate: old.rate.clone() };
                (hash, Arc::new(key))
            }
            _ => (hash, key),
        });
        Keys(kept.collect())
    }
}

impl Admitted {
    /// Who asks where no key is needed.
    pub(crate) fn anyone() -> Self {
        Admitted { name: "".into(), scope: Arc::new(Scope::everything()), number: 0, expires: None, rate: None }
    }

    /// Counts a request.
    ///
    /// # Errors
    /// P5011 when there were too many lately.
    pub(crate) fn spend(&self) -> Result<(), Error> {
        self.rate.as_ref().map_or(Ok(()), |rate| rate.spend())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_long_and_never_the_same() {
        let keys: BTreeSet<String> = (0..1000).map(|_| Secret::generate().reveal().to_owned()).collect();
        assert_eq!(keys.len(), 1000);
        assert!(keys.iter().all(|key| key.len() == PREFIX.len() + LETTERS && key.starts_with(PREFIX)));
        assert_eq!(ALPHABET.iter().collect::<BTreeSet<_>>().len(), 32);
        assert!(!format!("{:?}", Secret::generate()).contains(PREFIX));
    }

    #[track_caller]
    fn check(keys: &Keys, authorization: Option<&str>, expected: &str) {
        let said = keys.find(authorization).map_or_else(|error| error.message().to_owned(), |key| key.name.to_string());
        assert!(said.starts_with(expected), "{said}");
    }

    #[test]
    fn who_may_ask() {
        let key = |name: &str, secret: &str, expires| Key {
            name: name.into(),
            hash: Hash::of(secret),
            scope: Scope::default(),
            created: None,
            expires,
            requests_per_second: None,
        };
        let hour = chrono::TimeDelta::hours(1);
        let (past, future) = (Utc::now() - hour, Utc::now() + hour);
        let keys = [key("a", "lens_a", None), key("b", "lens_b", Some(past)), key("c", "lens_c", Some(future))];
        let keys = Keys::new(keys, None);
        check(&keys, Some("Bearer lens_a"), "a");
        check(&keys, Some("bearer lens_c"), "c");
        check(&keys, Some("Bearer lens_b"), "the key has expired");
        check(&keys, Some("Bearer lens_d"), "the key is not known");
        check(&keys, Some(&format!("Bearer {}", Hash::of("lens_a"))), "the key is not known");
        for none in [None, Some(""), Some("lens_a"), Some("Basic lens_a")] {
            check(&keys, none, "the request has no key");
        }
    }

    #[test]
    fn a_reload_does_not_give_a_key_its_allowance_again() {
        let keys = || {
            let hash = Hash::of("lens_a");
            let rate = NonZeroU32::new(1);
            let (name, scope) = ("a".into(), Scope::default());
            Keys::new([Key { name, hash, scope, created: None, expires: None, requests_per_second: rate }], None)
        };
        let before = keys();
        let find = |keys: &Keys| keys.find(Some("Bearer lens_a")).expect("it is known");
        assert!(find(&before).spend().is_ok());
        let after = keys().after(&before);
        assert_eq!(find(&after).spend().map_err(|error| error.code()), Err("P5011"));
    }
}
