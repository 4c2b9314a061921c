//! Integers.

/// Writes it in decimal notation.
pub fn write(out: &mut String, value: i64) {
    if value < 0 {
        out.push('-');
    }
    unsigned(out, value.unsigned_abs(), 1);
}

/// Writes it with at least so many digits.
pub fn unsigned(out: &mut String, mut value: u64, width: usize) {
    let mut digits = [b'0'; 20];
    let mut used = 0;
    for digit in digits.iter_mut().rev() {
        if value == 0 && used >= width {
            break;
        }
        // A remainder by ten fits into a byte.
        *digit = b'0' + (value % 10) as u8;
        value /= 10;
        used += 1;
    }
    for digit in digits.iter().skip(digits.len() - used) {
        out.push(char::from(*digit));
    }
}
