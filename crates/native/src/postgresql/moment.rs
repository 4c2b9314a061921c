//! Moments: microseconds since 1970 here, since 2000 there.

/// The microseconds from 1970 to 2000.
const EPOCH: i64 = 946_684_800_000_000;
const DAY: i64 = 86_400_000_000;

/// As a `timestamp` holds it.
pub(crate) fn to_timestamp(moment: i64) -> i64 {
    moment.saturating_sub(EPOCH)
}

/// From what a `timestamp` holds. PostgreSQL's infinities become the first and the last moment.
pub(crate) fn from_timestamp(value: i64) -> i64 {
    value.saturating_add(EPOCH)
}

/// As a `date` holds it.
pub(crate) fn to_date(moment: i64) -> i32 {
    // All days that microseconds can reach fit.
    to_timestamp(moment).div_euclid(DAY) as i32
}

/// From what a `date` holds.
pub(crate) fn from_date(days: i32) -> i64 {
    from_timestamp(i64::from(days).saturating_mul(DAY))
}

/// As a `time` holds it.
pub(crate) fn to_time(moment: i64) -> i64 {
    moment.rem_euclid(DAY)
}

/// `2024-01-31 12:00:00.000000+00`, as PostgreSQL reads it for any type of moments.
pub(crate) fn text(moment: i64) -> String {
    let (year, month, day) = civil(moment.div_euclid(DAY));
    let time = moment.rem_euclid(DAY);
    let (seconds, fraction) = (time / 1_000_000, time % 1_000_000);
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    // There is no year 0: the year before 1 is called 1 BC.
    let (year, era) = if year > 0 { (year, "") } else { (1 - year, " BC") };
    format!("{year:04}-{month:02}-{day:02} {hours:02}:{minutes:02}:{seconds:02}.{fraction:06}+00{era}")
}

/// Year, month and day of a number of days since 1970.
fn civil(days: i64) -> (i64, i64, i64) {
    // Years start in March, so that the day that comes and goes is the last one.
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_keep_their_value() {
        assert_eq!(from_timestamp(to_timestamp(-1_234_567)), -1_234_567);
        assert_eq!(from_date(to_date(951_827_415_123_456)), 951_782_400_000_000);
        assert_eq!(from_date(to_date(-1)), -DAY);
        assert_eq!(to_time(-1), DAY - 1);
        assert_eq!(from_timestamp(i64::MAX), i64::MAX);
    }

    #[test]
    fn moments_are_written() {
        assert_eq!(text(0), "1970-01-01 00:00:00.000000+00");
        assert_eq!(text(951_827_415_123_456), "2000-02-29 12:30:15.123456+00");
        assert_eq!(text(-1), "1969-12-31 23:59:59.999999+00");
        assert_eq!(text(-62_167_219_200_000_000), "0001-01-01 00:00:00.000000+00 BC");
    }
}
