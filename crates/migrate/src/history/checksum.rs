//! How a migration is recognized.

use sha2::{Digest, Sha256};

/// SHA-256 of a script, in hexadecimal digits.
pub(super) fn of(script: &str) -> String {
    Sha256::digest(script.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether a recorded checksum is the script's, line endings left aside: version control may have changed them.
pub(super) fn is_of(checksum: &str, script: &str) -> bool {
    let unix = script.replace("\r\n", "\n");
    [script, &unix, &unix.replace('\n', "\r\n")].iter().any(|script| of(script) == checksum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_sha256() {
        assert_eq!(of("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert!(is_of(&of("a\r\nb"), "a\nb"));
        assert!(is_of(&of("a\nb"), "a\r\nb"));
        assert!(!is_of(&of("a b"), "a\nb"));
    }
}
