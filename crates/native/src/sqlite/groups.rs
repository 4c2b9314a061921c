//! Keys of rows, by which they belong to their parents.

use super::bind::{Keys, json_tuples};
use crate::groups::{self, Key, part};
use rusqlite::{
    Result, Row,
    types::{Value as Sql, ValueRef},
};
use std::rc::Rc;

/// The cells of parents that wait for the rows of a relation.
pub(crate) type Groups = groups::Groups<Waiting>;

/// The distinct keys of parents.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    /// Of one column.
    singles: Vec<Sql>,
    /// Of several columns.
    tuples: Vec<Vec<Sql>>,
}

impl Groups {
    /// A cell whose row has a key in these columns. A key with a null has no rows.
    pub(crate) fn wait_for(&mut self, cell: usize, row: &Row<'_>, columns: &[usize]) -> Result<()> {
        let Some(key) = key_of(row, columns.iter().copied())? else {
            return Ok(());
        };
        if self.wait(cell, key) {
            match columns {
                [column] => self.keys.singles.push(owned(row.get_ref(*column)?)),
                _ => {
                    let cells = columns.iter().map(|column| row.get_ref(*column).map(owned));
                    self.keys.tuples.push(cells.collect::<Result<_>>()?);
                }
            }
        }
        Ok(())
    }

    /// The group of a row that begins with its parent's key, of so many columns.
    pub(crate) fn find_for(&mut self, row: &Row<'_>, columns: usize) -> Result<Option<u32>> {
        Ok(key_of(row, 0..columns)?.and_then(|key| self.find(&key)))
    }

    /// The keys, for the statement of the relation.
    pub(crate) fn take_keys(&mut self) -> Keys {
        let Waiting { singles, tuples } = std::mem::take(&mut self.keys);
        if tuples.is_empty() { Keys::Single(Rc::new(singles)) } else { Keys::Tuples(json_tuples(tuples)) }
    }
}

/// The key of a row; `None` where a column of it is null.
pub(super) fn key_of(row: &Row<'_>, columns: impl ExactSizeIterator<Item = usize>) -> Result<Option<Key>> {
    let single = columns.len() == 1;
    let mut bytes = Vec::new();
    for column in columns {
        match row.get_ref(column)? {
            ValueRef::Null => return Ok(None),
            ValueRef::Integer(key) if single => return Ok(Some(Key::Integer(key))),
            ValueRef::Integer(value) => part(&mut bytes, 1, &value.to_le_bytes()),
            ValueRef::Real(value) => part(&mut bytes, 2, &value.to_le_bytes()),
            ValueRef::Text(text) => part(&mut bytes, 3, text),
            ValueRef::Blob(blob) => part(&mut bytes, 4, blob),
        }
    }
    Ok(Some(Key::Bytes(bytes)))
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
