//! A hash of short keys: integers, which most keys of rows are, and the shapes of queries.

use std::hash::{BuildHasher, Hasher, RandomState};

/// Hashes eight bytes by one wide multiplication; the seed keeps stored keys from being chosen to collide.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mixed(u64);

impl Default for Mixed {
    fn default() -> Self {
        Mixed(RandomState::new().hash_one(0_u8))
    }
}

impl BuildHasher for Mixed {
    type Hasher = MixedHasher;
    fn build_hasher(&self) -> MixedHasher {
        MixedHasher(self.0)
    }
}

pub(crate) struct MixedHasher(u64);

impl Hasher for MixedHasher {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        let (chunks, rest) = bytes.as_chunks::<8>();
        chunks.iter().for_each(|chunk| self.write_u64(u64::from_le_bytes(*chunk)));
        match bytes.last_chunk::<8>() {
            _ if rest.is_empty() => {}
            // Some bytes are hashed twice, which is less work than taking the others one by one.
            Some(last) => self.write_u64(u64::from_le_bytes(*last)),
            None => self.write_u64(rest.iter().fold(1, |word, byte| word << 8 | u64::from(*byte))),
        }
    }
    fn write_u64(&mut self, value: u64) {
        let wide = u128::from(self.0 ^ value) * 0x9E37_79B9_7F4A_7C15;
        self.0 = (wide as u64) ^ ((wide >> 64) as u64);
    }
    fn write_usize(&mut self, value: usize) {
        self.write_u64(value as u64);
    }
    fn write_i64(&mut self, value: i64) {
        self.write_u64(value.cast_unsigned());
    }
}
