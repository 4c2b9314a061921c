//! Which rows belong to which parents.

use super::{
    bind::Keys,
    decode::{self, Cell},
};
use crate::{
    forest::{Arena, Chain, Offset},
    mixed::Mixed,
};
use lenslet_core::{catalog::Catalog, error::Error};
use lenslet_sql::{Kind, Type};
use std::collections::HashMap;
use tokio_postgres::Row;

/// The cells of parents that wait for the rows of a relation, grouped by key.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    integers: HashMap<i64, u32, Mixed>,
    others: HashMap<Vec<u8>, u32>,
    /// The distinct keys, in the order in which they came.
    keys: Keys,
    chains: Vec<Chain>,
    cells: Vec<(usize, u32)>,
    /// Rows of one parent tend to follow each other.
    last: Option<(i64, u32)>,
}

impl Groups {
    pub(crate) fn is_empty(&self) -> bool {
        self.chains.is_empty()
    }

    /// A cell whose row has that key. A key with a null has no rows.
    pub(crate) fn wait(&mut self, cell: usize, row: &Row, columns: &[usize], catalog: &Catalog) -> Result<(), Error> {
        let next = self.chains.len() as u32;
        let group = match columns {
            [column] => match decode::cell(row, *column)? {
                Cell::Null => return Ok(()),
                Cell::Int(key) => *self.integers.entry(key).or_insert(next),
                other => *self.others.entry(bytes_of(&other)).or_insert(next),
            },
            _ => match tuple_of(row, columns.iter().copied())? {
                None => return Ok(()),
                Some(key) => *self.others.entry(key).or_insert(next),
            },
        };
        if group == next {
            self.chains.push(Chain::default());
            self.keys.0.resize_with(columns.len(), Vec::new);
            for (column, values) in columns.iter().zip(&mut self.keys.0) {
                values.push(decode::value(decode::cell(row, *column)?, Type::one(Kind::Any), catalog)?);
            }
        }
        self.cells.push((cell, group));
        Ok(())
    }

    /// The group of a row that begins with its parent's key.
    pub(crate) fn find(&mut self, row: &Row, columns: usize) -> Result<Option<u32>, Error> {
        if columns != 1 {
            let key = tuple_of(row, 0..columns)?;
            return Ok(key.and_then(|key| self.others.get(&key).copied()));
        }
        Ok(match decode::cell(row, 0)? {
            Cell::Null => None,
            Cell::Int(key) => match self.last {
                Some((last, group)) if last == key => Some(group),
                _ => {
                    let group = self.integers.get(&key).copied();
                    self.last = group.map(|group| (key, group));
                    group
                }
            },
            other => self.others.get(&bytes_of(&other)).copied(),
        })
    }

    pub(crate) fn add(&mut self, arena: &mut Arena, group: u32, row: Offset, at_start: bool) {
        if let Some(chain) = self.chains.get_mut(group as usize) {
            arena.link(chain, row, at_start);
        }
    }

    /// The keys, for the statement of the relation.
    pub(crate) fn keys(&self) -> &Keys {
        &self.keys
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

fn bytes_of(key: &Cell<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    push(&mut bytes, key);
    bytes
}

/// Several columns as one key; `None` when one is null.
fn tuple_of(row: &Row, columns: impl Iterator<Item = usize>) -> Result<Option<Vec<u8>>, Error> {
    let mut bytes = Vec::new();
    for column in columns {
        match decode::cell(row, column)? {
            Cell::Null => return Ok(None),
            key => push(&mut bytes, &key),
        }
    }
    Ok(Some(bytes))
}

fn push(bytes: &mut Vec<u8>, key: &Cell<'_>) {
    let mut sized = |tag: u8, content: &[u8]| {
        bytes.push(tag);
        bytes.extend_from_slice(&(content.len() as u64).to_le_bytes());
        bytes.extend_from_slice(content);
    };
    match key {
        Cell::Null => {}
        Cell::Bool(value) => sized(0, &[u8::from(*value)]),
        Cell::Int(value) => sized(1, &value.to_le_bytes()),
        Cell::Float(value) => sized(2, &value.to_le_bytes()),
        Cell::Text(text) => sized(3, text),
        Cell::Bytes(content) => sized(4, content),
        Cell::Moment(value) => sized(5, &value.to_le_bytes()),
        Cell::Uuid(content) => sized(6, content),
        Cell::List(items) => items.iter().for_each(|item| push(bytes, item)),
    }
}
