//! Moments in time: microseconds since 1970-01-01T00:00:00Z, and RFC 3339.

use super::integer::unsigned;

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;

/// How many digits of a second are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fraction {
    /// Three, as JavaScript has it.
    Milliseconds,
    /// As many groups of three as are not zero.
    AsNeeded,
}

/// Writes `2026-11-20T23:38:37.636`, without a zone.
pub fn write(out: &mut String, micros: i64, fraction: Fraction) {
    write_date(out, micros);
    out.push('T');
    write_time(out, micros, fraction);
}

/// Writes `2026-11-20`.
pub fn write_date(out: &mut String, micros: i64) {
    let (year, month, day) = date(micros.div_euclid(DAY));
    if !(0..=9999).contains(&year) {
        out.push(if year < 0 { '-' } else { '+' });
    }
    let width = if (0..=9999).contains(&year) { 4 } else { 6 };
    unsigned(out, year.unsigned_abs(), width);
    out.push('-');
    unsigned(out, month, 2);
    out.push('-');
    unsigned(out, day, 2);
}

/// Writes `23:38:37.636`.
pub fn write_time(out: &mut String, micros: i64, fraction: Fraction) {
    let within = micros.rem_euclid(DAY).unsigned_abs();
    let seconds = within / SECOND.unsigned_abs();
    unsigned(out, seconds / 3600, 2);
    out.push(':');
    unsigned(out, seconds / 60 % 60, 2);
    out.push(':');
    unsigned(out, seconds % 60, 2);
    let micros = within % SECOND.unsigned_abs();
    let (digits, width) = match fraction {
        Fraction::AsNeeded if micros == 0 => return,
        Fraction::AsNeeded if !micros.is_multiple_of(1000) => (micros, 6),
        _ => (micros / 1000, 3),
    };
    out.push('.');
    unsigned(out, digits, width);
}

/// Year, month and day of a day counted from 1970-01-01. (Howard Hinnant's `civil_from_days`.)
fn date(days: i64) -> (i64, u64, u64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month.unsigned_abs(), day.unsigned_abs())
}

/// The day counted from 1970-01-01 of a year, month and day. (`days_from_civil`.)
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let shifted_month = (month + 9) % 12;
    let day_of_year = (153 * shifted_month + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Reads RFC 3339; digits beyond microseconds are dropped.
pub fn read(text: &str) -> Option<i64> {
    let mut bytes = text.as_bytes();
    let year = digits(&mut bytes, 4)?;
    skip(&mut bytes, b"-")?;
    let month = digits(&mut bytes, 2)?;
    skip(&mut bytes, b"-")?;
    let day = digits(&mut bytes, 2)?;
    skip(&mut bytes, b"Tt ")?;
    let hour = digits(&mut bytes, 2)?;
    skip(&mut bytes, b":")?;
    let minute = digits(&mut bytes, 2)?;
    skip(&mut bytes, b":")?;
    let second = digits(&mut bytes, 2)?;
    let micros = if skip(&mut bytes, b".").is_some() { fraction(&mut bytes)? } else { 0 };
    let offset = offset(&mut bytes)?;
    let start = days(year, month, day);
    // A day that the month does not have comes out as one of the next month.
    let exists = (1..=12).contains(&month) && date(start) == (year, month.unsigned_abs(), day.unsigned_abs());
    if !bytes.is_empty() || !exists || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let seconds = start * 86_400 + hour * 3600 + minute * 60 + second - offset * 60;
    Some(seconds * SECOND + micros)
}

fn skip(bytes: &mut &[u8], one_of: &[u8]) -> Option<u8> {
    let (first, rest) = bytes.split_first()?;
    one_of.contains(first).then(|| {
        *bytes = rest;
        *first
    })
}

fn digits(bytes: &mut &[u8], count: usize) -> Option<i64> {
    let (number, rest) = bytes.split_at_checked(count)?;
    *bytes = rest;
    number.iter().try_fold(0, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + i64::from(digit - b'0')))
}

fn fraction(bytes: &mut &[u8]) -> Option<i64> {
    let (mut micros, mut weight) = (0, SECOND);
    let start = bytes.len();
    while let Some((digit, rest)) = bytes.split_first().filter(|(digit, _)| digit.is_ascii_digit()) {
        weight /= 10;
        micros += i64::from(digit - b'0') * weight;
        *bytes = rest;
    }
    (bytes.len() < start).then_some(micros)
}

/// The zone, in minutes.
fn offset(bytes: &mut &[u8]) -> Option<i64> {
    let sign = match skip(bytes, b"Zz+-")? {
        b'+' => 1,
        b'-' => -1,
        _ => return Some(0),
    };
    let hours = digits(bytes, 2)?;
    skip(bytes, b":")?;
    let minutes = digits(bytes, 2)?;
    (hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(text: &str, micros: i64, written: &str) {
        assert_eq!(read(text), Some(micros), "{text}");
        let mut out = String::new();
        write(&mut out, micros, Fraction::AsNeeded);
        assert_eq!(out, written);
    }

    #[test]
    fn moments() {
        check("1970-01-01T00:00:00Z", 0, "1970-01-01T00:00:00");
        check("2026-11-20T23:38:37.636Z", 1_795_217_917_636_000, "2026-11-20T23:38:37.636");
        check("2000-02-29 12:00:00+02:00", 951_818_400_000_000, "2000-02-29T10:00:00");
        check("1969-12-31T23:59:59.999999999Z", -1, "1969-12-31T23:59:59.999999");
        for wrong in [
            "",
            "2026-11-20",
            "2026-02-30T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-11-20T24:00:00Z",
            "2026-11-20T00:00:00",
            "2026-11-20T00:00:00.Z",
            "2026-11-20T00:00:00Zx",
            "é026-11-20T00:00:00Z",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn reads_what_it_wrote(micros in -62_167_219_200_000_000_i64..253_402_300_800_000_000) {
            let mut out = String::new();
            write(&mut out, micros, Fraction::AsNeeded);
            out.push('Z');
            prop_assert_eq!(read(&out), Some(micros));
        }
    }
}
