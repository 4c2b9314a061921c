//! Exact decimal numbers as text.

/// More digits than any database keeps; beyond that an exponent is an attack.
const MOST_DIGITS: usize = 20_000;

/// The number in plain notation: no exponent, no plus sign, no needless zero before the point.
pub(crate) fn plain(text: &str) -> Option<String> {
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let (number, exponent) = match rest.split_once(['e', 'E']) {
        Some((number, exponent)) => (number, exponent.parse::<i64>().ok()?),
        None => (rest, 0),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = [whole, fraction].concat();
    if digits.is_empty() || digits.len() > MOST_DIGITS || !digits.bytes().all(|it| it.is_ascii_digit()) {
        return None;
    }
    let point = usize::try_from(exponent.checked_add(whole.len() as i64)?.checked_add(MOST_DIGITS as i64)?).ok()?;
    if point > 2 * MOST_DIGITS {
        return None;
    }
    let mut out = String::from(sign);
    match point.checked_sub(MOST_DIGITS) {
        Some(point) if point > 0 => {
            let (whole, fraction) = digits.split_at(point.min(digits.len()));
            let zeros = "0".repeat(point - whole.len());
            let whole = [whole, &zeros].concat();
            let trimmed = whole.trim_start_matches('0');
            out.push_str(if trimmed.is_empty() { "0" } else { trimmed });
            if !fraction.is_empty() {
                out.push('.');
                out.push_str(fraction);
            }
        }
        _ => {
            out.push_str("0.");
            out.push_str(&"0".repeat(MOST_DIGITS - point));
            out.push_str(&digits);
        }
    }
    Some(out)
}

/// Without zeros at the end of the fraction, as Prisma answers.
pub(crate) fn normal(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(plain(text).as_deref(), expected, "{text}");
    }

    #[test]
    fn plain_notation() {
        check("12.50", Some("12.50"));
        check("-0012.5", Some("-12.5"));
        check("+1", Some("1"));
        check(".5", Some("0.5"));
        check("1e3", Some("1000"));
        check("1.25e1", Some("12.5"));
        check("1.25E+4", Some("12500"));
        check("125e-4", Some("0.0125"));
        check("0e0", Some("0"));
        for wrong in ["", "-", ".", "1e", "1e99999999999", "1e9999999999999999999999", "1e-99999", "0x1", "1_0", "NaN"]
        {
            check(wrong, None);
        }
        assert_eq!(normal("12.500"), "12.5");
        assert_eq!(normal("100.000"), "100");
        assert_eq!(normal("100"), "100");
    }
}
