//! Floating point numbers. The standard library's shortest form costs some 15 kilobytes of WebAssembly; these digits are
//! not always the fewest, but they read back as the same number.

use super::integer;

/// Writes a finite number so that it reads back exactly, always with a decimal point.
pub fn write(out: &mut String, value: f64) {
    if value.is_sign_negative() {
        out.push('-');
    }
    let size = value.abs();
    match short(size) {
        Some((digits, places)) => point(out, digits, places),
        None => exact(out, size),
    }
}

/// What stands for a number that JSON cannot write.
pub fn name(value: f64) -> &'static str {
    if value.is_nan() {
        "NaN"
    } else if value > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    }
}

/// The number that such a name stands for.
pub fn named(name: &str) -> Option<f64> {
    match name {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

/// As digits and the number of them after the point, for numbers that people write. Both are exact as `f64`, and so their
/// quotient is the number that the text means.
fn short(size: f64) -> Option<(u64, usize)> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let mut scale = 1.0;
    for places in 0..=18 {
        let scaled = size * scale;
        if scaled >= EXACT {
            return None;
        }
        let digits = (scaled + 0.5) as u64;
        if digits as f64 / scale == size {
            return Some((digits, places));
        }
        scale *= 10.0;
    }
    None
}

fn point(out: &mut String, digits: u64, places: usize) {
    let mut text = String::new();
    integer::unsigned(&mut text, digits, places + 1);
    let whole = text.len().saturating_sub(places);
    out.push_str(text.get(..whole).unwrap_or_default());
    out.push('.');
    out.push_str(text.get(whole..).filter(|rest| !rest.is_empty()).unwrap_or("0"));
}

/// Every digit: the mantissa times a power of two is a finite decimal.
fn exact(out: &mut String, size: f64) {
    let bits = size.to_bits();
    let stored = (bits >> 52) as i32;
    let fraction = bits & ((1 << 52) - 1);
    let (mantissa, exponent) = match stored {
        0 => (fraction, -1074),
        _ => (fraction | 1 << 52, stored - 1075),
    };
    // The least significant digit first.
    let mut digits = Vec::new();
    let mut rest = mantissa;
    while rest > 0 {
        digits.push((rest % 10) as u8);
        rest /= 10;
    }
    // 2^-n is 5^n with the point moved by n places.
    let factor = if exponent < 0 { 5 } else { 2 };
    for _ in 0..exponent.unsigned_abs() {
        multiply(&mut digits, factor);
    }
    let places = if exponent < 0 { exponent.unsigned_abs() as usize } else { 0 };
    while digits.len() <= places {
        digits.push(0);
    }
    for (left, digit) in digits.iter().enumerate().rev() {
        out.push(char::from(b'0' + digit));
        if left == places {
            out.push('.');
        }
    }
    if places == 0 {
        out.push('0');
    }
}

fn multiply(digits: &mut Vec<u8>, factor: u8) {
    let mut carry = 0;
    for digit in digits.iter_mut() {
        let product = *digit * factor + carry;
        *digit = product % 10;
        carry = product / 10;
    }
    if carry > 0 {
        digits.push(carry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(value: f64, expected: &str) {
        let mut text = String::new();
        write(&mut text, value);
        assert_eq!(text, expected);
    }

    #[test]
    fn as_people_write_them() {
        check(0.0, "0.0");
        check(-0.0, "-0.0");
        check(1.5, "1.5");
        check(-0.1, "-0.1");
        check(1234.5678, "1234.5678");
        check(1e-7, "0.0000001");
        check(1e22, "10000000000000000000000.0");
    }

    #[test]
    fn no_digit_is_lost() {
        for bits in [4504807356412696331, 1, 0x000f_ffff_ffff_ffff, 0x7fef_ffff_ffff_ffff] {
            let mut text = String::new();
            write(&mut text, f64::from_bits(bits));
            assert_eq!(text.parse::<f64>().map(f64::to_bits), Ok(bits));
        }
    }

    proptest! {
        #[test]
        fn reads_back_as_the_same(bits: u64) {
            let value = f64::from_bits(bits);
            prop_assume!(value.is_finite());
            let mut text = String::new();
            write(&mut text, value);
            prop_assert_eq!(text.parse::<f64>().expect("a number").to_bits(), bits);
        }
    }
}
