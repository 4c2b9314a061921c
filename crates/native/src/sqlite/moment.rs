//! Moments as SQLite files hold them: Prisma's engines write milliseconds since 1970, its driver adapters ISO 8601 text,
//! `CURRENT_TIMESTAMP` gives `2024-01-31 12:00:00`.

/// A moment in text, in microseconds since 1970.
pub(crate) fn parse(text: &str) -> Option<i64> {
    let (date, rest) = text.trim().split_at_checked(10)?;
    let mut parts = date.splitn(3, '-');
    let year: i64 = number(parts.next()?)?;
    let month: i64 = number(parts.next()?)?;
    let day: i64 = number(parts.next()?)?;
    let valid = (1..=12).contains(&month) && (1..=31).contains(&day);
    let days = valid.then(|| days(year, month, day))?;
    let (time, offset) = split_offset(rest.strip_prefix(['T', 't', ' ']).unwrap_or(rest))?;
    days.checked_mul(86_400_000_000)?.checked_add(time_of_day(time)?)?.checked_sub(offset)
}

fn number(text: &str) -> Option<i64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

/// Days since 1970-01-01 of the Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> i64 {
    // Years start in March, so that the day that comes and goes is the last one.
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

fn split_offset(text: &str) -> Option<(&str, i64)> {
    if let Some(time) = text.strip_suffix(['Z', 'z']) {
        return Some((time, 0));
    }
    let Some(at) = text.rfind(['+', '-']) else {
        return Some((text, 0));
    };
    let (time, offset) = text.split_at_checked(at)?;
    let sign = if offset.starts_with('-') { -1 } else { 1 };
    let digits: String = offset.chars().filter(char::is_ascii_digit).collect();
    let hours = number(digits.get(..2)?)?;
    let minutes = digits.get(2..4).map_or(Some(0), number)?;
    Some((time, sign * (hours * 60 + minutes) * 60_000_000))
}

fn time_of_day(text: &str) -> Option<i64> {
    if text.is_empty() {
        return Some(0);
    }
    let mut parts = text.trim().splitn(3, ':');
    let hours = number(parts.next()?)?;
    let minutes = number(parts.next()?)?;
    let (seconds, fraction) = match parts.next() {
        None => (0, 0),
        Some(seconds) => {
            let (seconds, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
            let six = format!("{fraction:0<6}");
            (number(seconds)?, number(six.get(..6)?)?)
        }
    };
    let valid = hours < 24 && minutes < 60 && seconds <= 60;
    valid.then_some(((hours * 60 + minutes) * 60 + seconds) * 1_000_000 + fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<i64>) {
        assert_eq!(parse(text), expected, "{text}");
    }

    #[test]
    fn moments_are_read_from_text() {
        check("1970-01-01T00:00:00Z", Some(0));
        check("1970-01-01", Some(0));
        check("2000-02-29 12:30:15", Some(951_827_415_000_000));
        check("2000-02-29T12:30:15.123456+00:00", Some(951_827_415_123_456));
        check("2000-02-29T14:30:15.5+02:00", Some(951_827_415_500_000));
        check("1900-10-10T01:10:10.001Z", Some(-2_184_619_789_999_000));
        check("1969-12-31T23:59:59.999Z", Some(-1000));
        check("tomorrow", None);
        check("2000-13-01", None);
        check("2000-01-01T25:00:00Z", None);
        check("2000-01-01é", None);
    }
}
