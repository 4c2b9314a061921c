//! Which rows belong to which parents.

use crate::{
    forest::{Arena, Chain, Offset},
    mixed::Mixed,
};
use std::collections::HashMap;

/// The key of a row, as rows are compared by it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Key {
    /// One integer, which most keys are.
    Integer(i64),
    /// Anything else: its parts one after the other, see [`part`].
    Bytes(Vec<u8>),
}

/// A part of a key: what kind of value it is, and its bytes.
pub(crate) fn part(key: &mut Vec<u8>, kind: u8, content: &[u8]) {
    key.push(kind);
    key.extend_from_slice(&(content.len() as u64).to_le_bytes());
    key.extend_from_slice(content);
}

/// The cells of parents that wait for the rows of a relation, grouped by key.
#[derive(Debug, Default)]
pub(crate) struct Groups<K> {
    integers: HashMap<i64, u32, Mixed>,
    others: HashMap<Vec<u8>, u32>,
    chains: Vec<Chain>,
    cells: Vec<(usize, u32)>,
    /// Rows of one parent tend to follow each other.
    last: Option<(i64, u32)>,
    /// The distinct keys in the order in which they came, as the driver binds them.
    pub(crate) keys: K,
}

impl<K> Groups<K> {
    pub(crate) fn is_empty(&self) -> bool {
        self.chains.is_empty()
    }

    /// A cell whose row has that key. Says whether it is the first.
    #[inline]
    pub(crate) fn wait(&mut self, cell: usize, key: Key) -> bool {
        let next = self.chains.len() as u32;
        let group = match key {
            Key::Integer(key) => *self.integers.entry(key).or_insert(next),
            Key::Bytes(key) => *self.others.entry(key).or_insert(next),
        };
        if group == next {
            self.chains.push(Chain::default());
        }
        self.cells.push((cell, group));
        group == next
    }

    /// The group of a row that has its parent's key.
    #[inline]
    pub(crate) fn find(&mut self, key: &Key) -> Option<u32> {
        match (key, self.last) {
            (Key::Integer(key), Some((last, group))) if *key == last => Some(group),
            (Key::Integer(key), _) => {
                let group = self.integers.get(key).copied();
                self.last = group.map(|group| (*key, group));
                group
            }
            (Key::Bytes(key), _) => self.others.get(key).copied(),
        }
    }

    pub(crate) fn add(&mut self, arena: &mut Arena, group: u32, row: Offset, at_start: bool) {
        if let Some(chain) = self.chains.get_mut(group as usize) {
            arena.link(chain, row, at_start);
        }
    }

    /// Tells the waiting cells their rows.
    pub(crate) fn settle(self, arena: &mut Arena) {
        for (cell, group) in self.cells {
            if let Some(chain) = self.chains.get(group as usize) {
                arena.set_rows(cell, *chain);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_told_apart() {
        let bytes = |parts: &[(u8, &[u8])]| {
            let mut key = Vec::new();
            parts.iter().for_each(|(kind, content)| part(&mut key, *kind, content));
            Key::Bytes(key)
        };
        let keys = || {
            [
                Key::Integer(1),
                Key::Integer(-1),
                bytes(&[(3, b"1")]),
                bytes(&[(4, b"1")]),
                bytes(&[(3, b"ab"), (3, b"c")]),
                bytes(&[(3, b"a"), (3, b"bc")]),
            ]
        };
        let mut groups = Groups::<()>::default();
        assert!(groups.is_empty());
        assert!(keys().into_iter().all(|key| groups.wait(0, key)), "each is the first of its kind");
        assert!(!keys().into_iter().any(|key| groups.wait(0, key)));
        for (at, key) in (0..).zip(keys()) {
            assert_eq!((groups.find(&key), groups.find(&key)), (Some(at), Some(at)));
        }
        assert_eq!((groups.find(&Key::Integer(7)), groups.find(&Key::Integer(1))), (None, Some(0)));
    }
}
