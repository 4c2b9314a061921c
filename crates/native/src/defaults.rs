//! Identifiers that the engine makes: `uuid()`, `cuid()`, `ulid()`, `nanoid()`, and the moment of `now()`.

use lenslet_core::value::Value;
use lenslet_sql::write::Generator;
use rand::{Rng, RngExt};
use std::{
    process,
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

/// A new identifier.
pub(crate) fn generate(generator: Generator) -> Value {
    Value::Text(match generator {
        Generator::Uuid(version) => uuid(version).to_string(),
        Generator::NativeUuid(version) => return Value::Uuid(uuid(version).into_bytes()),
        Generator::Cuid(2) => cuid2(&mut rand::rng()),
        Generator::Cuid(_) => cuid1(milliseconds(), &mut rand::rng()),
        Generator::Ulid => ulid(milliseconds(), &mut rand::rng()),
        Generator::Nanoid(length) => nanoid(usize::from(length), &mut rand::rng()),
    })
}

/// The present moment in microseconds, cut to milliseconds: what Prisma stores, and what every database can hold.
pub(crate) fn now() -> Value {
    Value::DateTime(i64::try_from(milliseconds()).unwrap_or(i64::MAX / 1000) * 1000)
}

fn milliseconds() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

fn uuid(version: u8) -> uuid::Uuid {
    match version {
        7 => uuid::Uuid::now_v7(),
        _ => uuid::Uuid::new_v4(),
    }
}

const BASE_36: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const NANOID: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";

/// The last `width` digits of a number.
fn digits<const BASE: usize>(mut number: u128, alphabet: &[u8; BASE], width: usize) -> String {
    let mut text = vec![b'0'; width];
    for digit in text.iter_mut().rev() {
        *digit = alphabet[(number % BASE as u128) as usize];
        number /= BASE as u128;
    }
    text.into_iter().map(char::from).collect()
}

/// `c`, the time, a counter, what tells this process from others, and chance.
fn cuid1(milliseconds: u64, random: &mut impl Rng) -> String {
    static COUNTER: AtomicU32 = AtomicU32::new(0);
    let count = COUNTER.fetch_add(1, Ordering::Relaxed);
    format!(
        "c{}{}{}{}",
        digits(milliseconds.into(), BASE_36, 8),
        digits(count.into(), BASE_36, 4),
        fingerprint(),
        digits(random.random(), BASE_36, 8),
    )
}

/// Two digits of the process number and two drawn once: a host name, which the format's first author took, says less in a
/// container.
fn fingerprint() -> &'static str {
    static FINGERPRINT: OnceLock<String> = OnceLock::new();
    FINGERPRINT.get_or_init(|| {
        let process = digits(process::id().into(), BASE_36, 2);
        process + &digits(rand::rng().random(), BASE_36, 2)
    })
}

/// A letter and 23 digits in base 36. The format hashes time, counter and fingerprint to hide them and to stretch weak
/// randomness; from a cryptographic source plain chance has the same properties.
fn cuid2(random: &mut impl Rng) -> String {
    let letter = char::from(random.random_range(b'a'..=b'z'));
    format!("{letter}{}", digits(random.random(), BASE_36, 23))
}

/// 48 bits of time and 80 of chance, so that identifiers sort by their time.
fn ulid(milliseconds: u64, random: &mut impl Rng) -> String {
    let chance = random.random::<u128>() >> 48;
    digits((u128::from(milliseconds) << 80) | chance, CROCKFORD, 26)
}

fn nanoid(length: usize, random: &mut impl Rng) -> String {
    let mut bytes = vec![0; length];
    random.fill_bytes(&mut bytes);
    bytes.into_iter().map(|byte| char::from(NANOID[usize::from(byte & 63)])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn text(generator: Generator) -> String {
        match generate(generator) {
            Value::Text(text) => text,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn each_format_keeps_its_length_and_alphabet() {
        let base_36 = |c: char| c.is_ascii_digit() || c.is_ascii_lowercase();
        let cases: [(Generator, usize, fn(char) -> bool); 6] = [
            (Generator::Uuid(4), 36, |c| c.is_ascii_hexdigit() || c == '-'),
            (Generator::Uuid(7), 36, |c| c.is_ascii_hexdigit() || c == '-'),
            (Generator::Cuid(1), 25, base_36),
            (Generator::Cuid(2), 24, base_36),
            (Generator::Ulid, 26, |c| CROCKFORD.contains(&(c as u8))),
            (Generator::Nanoid(21), 21, |c| NANOID.contains(&(c as u8))),
        ];
        for (generator, length, allowed) in cases {
            let made: BTreeSet<String> = (0..1000).map(|_| text(generator)).collect();
            assert_eq!(made.len(), 1000, "{generator:?} repeats itself");
            assert!(made.iter().all(|it| it.len() == length && it.chars().all(allowed)), "{generator:?}");
        }
    }

    #[test]
    fn versions_and_first_letters_are_as_the_formats_say() {
        assert_eq!(text(Generator::Uuid(4)).as_bytes()[14], b'4');
        assert_eq!(text(Generator::Uuid(7)).as_bytes()[14], b'7');
        assert!(text(Generator::Cuid(1)).starts_with('c'));
        assert!((0..200).all(|_| text(Generator::Cuid(2)).starts_with(|c: char| c.is_ascii_lowercase())));
        assert_eq!(text(Generator::Nanoid(5)).len(), 5);
        assert!(matches!(generate(Generator::NativeUuid(7)), Value::Uuid(bytes) if bytes[6] >> 4 == 7));
    }

    #[test]
    fn times_are_written_in_front() {
        assert!(ulid(1_469_918_176_385, &mut rand::rng()).starts_with("01ARYZ6S41"));
        assert!(cuid1(1_469_918_176_385, &mut rand::rng()).starts_with("cir9rbvr5"));
        let mut made: Vec<String> = (0..500).map(|_| text(Generator::Uuid(7))).collect();
        let before = made.clone();
        made.sort();
        assert_eq!(made, before, "identifiers of version 7 sort by their time");
    }

    #[test]
    fn now_has_milliseconds() {
        let Value::DateTime(moment) = now() else { panic!("no moment") };
        assert!(moment > 1_600_000_000_000_000 && moment % 1000 == 0);
    }
}
