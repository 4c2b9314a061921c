//! Floating point numbers as Prisma's engine knows them.

/// The number of sixteen digits that is next. Prisma reads and writes no others, so one that was answered is found again.
pub(crate) fn digits(value: f64) -> f64 {
    format!("{value:.15e}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_more_digits() {
        assert_eq!(digits(11.0 / 3.0), 3.666_666_666_666_667);
        assert_eq!(digits(0.1 + 0.2), 0.3);
        assert_eq!(digits(-1.5), -1.5);
        assert!(digits(f64::INFINITY).is_infinite());
    }
}
