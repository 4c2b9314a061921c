//! Times and sizes as people write them: `250ms`, `30s`, `15m`, `12h`, `90d`; `64 MiB`, `512 KiB`, `1000`.

use serde::{Deserialize, Deserializer, de};
use std::{fmt, str::FromStr, time::Duration};

/// A time, as a configuration and a command line write it.
///
/// ```
/// use lenslet_pool::config::Time;
/// assert_eq!("90d".parse::<Time>().map(|it| it.0.as_secs()), Ok(7_776_000));
/// assert_eq!("250ms".parse::<Time>().map(|it| it.0.as_millis()), Ok(250));
/// assert!("soon".parse::<Time>().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Time(pub Duration);

/// A number of bytes, as a configuration and a command line write it.
///
/// ```
/// use lenslet_pool::config::Size;
/// assert_eq!("64 MiB".parse::<Size>(), Ok(Size(64 << 20)));
/// assert_eq!("1000".parse::<Size>(), Ok(Size(1000)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size(pub usize);

/// A text is neither a time nor a size.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a {wanted}")]
pub struct NotAUnit {
    text: String,
    wanted: &'static str,
}

impl FromStr for Time {
    type Err = NotAUnit;
    fn from_str(text: &str) -> Result<Self, NotAUnit> {
        let wrong = || NotAUnit { text: text.into(), wanted: "time such as `250ms`, `30s`, `15m`, `12h` or `90d`" };
        let (number, unit) = number(text).ok_or_else(wrong)?;
        let milliseconds: u64 = match unit {
            "ms" => 1,
            "s" => 1000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(wrong()),
        };
        number.checked_mul(milliseconds).map(|it| Time(Duration::from_millis(it))).ok_or_else(wrong)
    }
}

impl FromStr for Size {
    type Err = NotAUnit;
    fn from_str(text: &str) -> Result<Self, NotAUnit> {
        let wrong = || NotAUnit { text: text.into(), wanted: "size such as `1000`, `512 KiB`, `64 MiB` or `1 GiB`" };
        let (number, unit) = number(text).ok_or_else(wrong)?;
        let bytes: u64 = match unit {
            "" | "B" => 1,
            "KiB" => 1 << 10,
            "MiB" => 1 << 20,
            "GiB" => 1 << 30,
            _ => return Err(wrong()),
        };
        number.checked_mul(bytes).and_then(|it| usize::try_from(it).ok()).map(Size).ok_or_else(wrong)
    }
}

fn number(text: &str) -> Option<(u64, &str)> {
    let text = text.trim();
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    Some((number.parse().ok()?, unit.trim_start()))
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let milliseconds = self.0.as_millis();
        let units = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1000, "s")];
        match units.iter().find(|(unit, _)| milliseconds > 0 && milliseconds.is_multiple_of(*unit)) {
            Some((unit, name)) => write!(f, "{}{name}", milliseconds / unit),
            None => write!(f, "{milliseconds}ms"),
        }
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [(30, "GiB"), (20, "MiB"), (10, "KiB")];
        match units.iter().find(|(power, _)| self.0 > 0 && self.0.is_multiple_of(1 << power)) {
            Some((power, name)) => write!(f, "{} {name}", self.0 >> power),
            None => write!(f, "{} B", self.0),
        }
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Number(usize),
            Text(String),
        }
        match Written::deserialize(deserializer)? {
            Written::Number(bytes) => Ok(Size(bytes)),
            Written::Text(text) => text.parse().map_err(de::Error::custom),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_they_are_read() {
        for text in ["0ms", "250ms", "1500ms", "30s", "15m", "12h", "90d"] {
            assert_eq!(text.parse::<Time>().map(|it| it.to_string()), Ok(text.into()));
        }
        for text in ["", "s", "-1s", "1.5s", "1w", "99999999999999999999d", "999999999999999d"] {
            assert!(text.parse::<Time>().is_err(), "{text}");
        }
    }

    #[test]
    fn sizes() {
        for (text, bytes) in [("0", 0), ("7 B", 7), ("2KiB", 2048), (" 1 GiB ", 1 << 30)] {
            assert_eq!(text.parse(), Ok(Size(bytes)));
        }
        for text in ["0 B", "7 B", "2 KiB", "1536 B", "64 MiB", "1 GiB"] {
            assert_eq!(text.parse::<Size>().map(|it| it.to_string()), Ok(text.into()));
        }
        for text in ["", "MiB", "1 MB", "1e3", "99999999999 GiB"] {
            assert!(text.parse::<Size>().is_err(), "{text}");
        }
    }
}
