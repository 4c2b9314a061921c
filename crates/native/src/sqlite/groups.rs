//! Which rows belong to which parents.

use super::bind::{Keys, json_tuples};
use crate::{
    forest::{Arena, Chain, Offset},
    mixed::Mixed,
};
use rusqlite::{
    Row,
    types::{Value as Sql, ValueRef},
};
use std::{collections::HashMap, rc::Rc};

/// The cells of parents that wait for the rows of a relation, grouped by key.
#[derive(Debug)]
pub(crate) struct Groups {
    integers: HashMap<i64, u32, Mixed>,
    others: HashMap<Vec<u8>, u32>,
    /// The distinct keys, in the order in which they came.
    singles: Vec<Sql>,
    tuples: Vec<Vec<Sql>>,
    chains: Vec<Chain>,
    cells: Vec<(usize, u32)>,
    /// Rows of one parent tend to follow each other.
    last: (i64, u32),
}

impl Groups {
    pub(crate) fn new() -> Self {
        Groups {
            integers: HashMap::default(),
            others: HashMap::new(),
            singles: Vec::new(),
            tuples: Vec::new(),
            chains: Vec::new(),
            cells: Vec::new(),
            last: (0, u32::MAX),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.chains.is_empty()
    }

    /// A cell whose row has that key. A key with a null has no rows.
    pub(crate) fn wait(&mut self, cell: usize, row: &Row<'_>, columns: &[usize]) -> rusqlite::Result<()> {
        let group = match columns {
            [column] => self.wait_single(row.get_ref(*column)?),
            _ => self.wait_tuple(row, columns)?,
        };
        if let Some(group) = group {
            self.cells.push((cell, group));
        }
        Ok(())
    }

    fn wait_single(&mut self, key: ValueRef<'_>) -> Option<u32> {
        let next = self.chains.len() as u32;
        let group = match key {
            ValueRef::Null => return None,
            ValueRef::Integer(key) => *self.integers.entry(key).or_insert(next),
            other => *self.others.entry(bytes_of(other)).or_insert(next),
        };
        if group == next {
            self.chains.push(Chain::default());
            self.singles.push(owned(key));
        }
        Some(group)
    }

    fn wait_tuple(&mut self, row: &Row<'_>, columns: &[usize]) -> rusqlite::Result<Option<u32>> {
        let Some(key) = tuple_of(row, columns.iter().copied())? else {
            return Ok(None);
        };
        let next = self.chains.len() as u32;
        let group = *self.others.entry(key).or_insert(next);
        if group == next {
            self.chains.push(Chain::default());
            let cells = columns.iter().map(|column| row.get_ref(*column).map(owned));
            self.tuples.push(cells.collect::<rusqlite::Result<_>>()?);
        }
        Ok(Some(group))
    }

    /// The group of a row that begins with its parent's key.
    pub(crate) fn find(&mut self, row: &Row<'_>, columns: usize) -> rusqlite::Result<Option<u32>> {
        if columns != 1 {
            let key = tuple_of(row, 0..columns)?;
            return Ok(key.and_then(|key| self.others.get(&key).copied()));
        }
        Ok(match row.get_ref(0)? {
            ValueRef::Null => None,
            ValueRef::Integer(key) if self.last == (key, self.last.1) && self.last.1 != u32::MAX => Some(self.last.1),
            ValueRef::Integer(key) => {
                let group = self.integers.get(&key).copied();
                self.last = (key, group.unwrap_or(u32::MAX));
                group
            }
            other => self.others.get(&bytes_of(other)).copied(),
        })
    }

    pub(crate) fn add(&mut self, arena: &mut Arena, group: u32, row: Offset, at_start: bool) {
        if let Some(chain) = self.chains.get_mut(group as usize) {
            arena.link(chain, row, at_start);
        }
    }

    /// The keys, for the statement of the relation.
    pub(crate) fn keys(&mut self) -> Keys {
        if self.tuples.is_empty() {
            Keys::Single(Rc::new(std::mem::take(&mut self.singles)))
        } else {
            Keys::Tuples(json_tuples(std::mem::take(&mut self.tuples)))
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

fn owned(key: ValueRef<'_>) -> Sql {
    match key {
        ValueRef::Null => Sql::Null,
        ValueRef::Integer(value) => Sql::Integer(value),
        ValueRef::Real(value) => Sql::Real(value),
        ValueRef::Text(text) => Sql::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(blob) => Sql::Blob(blob.into()),
    }
}

fn bytes_of(key: ValueRef<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    push(&mut bytes, key);
    bytes
}

/// Several columns as one key; `None` when one is null.
fn tuple_of(row: &Row<'_>, columns: impl Iterator<Item = usize>) -> rusqlite::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    for column in columns {
        match row.get_ref(column)? {
            ValueRef::Null => return Ok(None),
            key => push(&mut bytes, key),
        }
    }
    Ok(Some(bytes))
}

fn push(bytes: &mut Vec<u8>, key: ValueRef<'_>) {
    let mut sized = |tag: u8, content: &[u8]| {
        bytes.push(tag);
        bytes.extend_from_slice(&(content.len() as u64).to_le_bytes());
        bytes.extend_from_slice(content);
    };
    match key {
        ValueRef::Null => {}
        ValueRef::Integer(value) => sized(1, &value.to_le_bytes()),
        ValueRef::Real(value) => sized(2, &value.to_le_bytes()),
        ValueRef::Text(text) => sized(3, text),
        ValueRef::Blob(blob) => sized(4, blob),
    }
}
