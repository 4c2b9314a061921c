//! UUIDs.

use super::writer::hex;

/// Writes it in lower case with hyphens.
pub fn write(out: &mut String, bytes: &[u8; 16]) {
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            out.push('-');
        }
        out.push(hex(byte >> 4));
        out.push(hex(byte & 15));
    }
}

/// Reads it with or without hyphens, in either case.
pub fn read(text: &str) -> Option<[u8; 16]> {
    let mut digits = 0_usize;
    let mut bytes = [0_u8; 16];
    for character in text.chars().filter(|it| *it != '-') {
        let digit = character.to_digit(16)? as u8;
        let byte = bytes.get_mut(digits / 2)?;
        *byte = *byte << 4 | digit;
        digits += 1;
    }
    (digits == 32).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_wrote() {
        let text = "0191f6b2-7c1e-7d3a-9b1c-00000000ffff";
        let bytes = read(text).expect("a UUID");
        let mut out = String::new();
        write(&mut out, &bytes);
        assert_eq!(out, text);
        assert_eq!(read("0191F6B27C1E7D3A9B1C00000000FFFF"), Some(bytes));
        for wrong in ["", "0191f6b2-7c1e-7d3a-9b1c-00000000fff", "0191f6b2-7c1e-7d3a-9b1c-00000000ffff0", "x"] {
            assert_eq!(read(wrong), None);
        }
    }
}
