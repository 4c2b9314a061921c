//! Keys of rows, by which they belong to their parents.

use super::{
    bind::Keys,
    decode::{self, Cell},
    row::Row,
};
use crate::groups::{self, Key, part};
use lenslet_core::{catalog::Catalog, error::Error};
use lenslet_sql::{Kind, Type};

/// The cells of parents that wait for the rows of a relation.
pub(crate) type Groups = groups::Groups<Keys>;

impl Groups {
    /// A cell whose row has a key in these columns. A key with a null has no rows.
    pub(crate) fn wait_for(
        &mut self,
        cell: usize,
        row: &Row<'_>,
        columns: &[usize],
        catalog: &Catalog,
    ) -> Result<(), Error> {
        let Some(key) = key_of(row, columns.iter().copied())? else {
            return Ok(());
        };
        if self.wait(cell, key) && !self.keys.unasked {
            self.keys.columns.resize_with(columns.len(), Vec::new);
            for (column, values) in columns.iter().zip(&mut self.keys.columns) {
                values.push(decode::value(decode::cell(row, *column)?, Type::one(Kind::Any), catalog)?);
            }
        }
        Ok(())
    }

    /// The group of a row that begins with its parent's key, of so many columns.
    pub(crate) fn find_for(&mut self, row: &Row<'_>, columns: usize) -> Result<Option<u32>, Error> {
        Ok(key_of(row, 0..columns)?.and_then(|key| self.find(&key)))
    }
}

/// The key of a row; `None` where a column of it is null.
fn key_of(row: &Row<'_>, columns: impl ExactSizeIterator<Item = usize>) -> Result<Option<Key>, Error> {
    let single = columns.len() == 1;
    let mut bytes = Vec::new();
    for column in columns {
        match decode::cell(row, column)? {
            Cell::Null => return Ok(None),
            Cell::Int(key) if single => return Ok(Some(Key::Integer(key))),
            other => push(&mut bytes, &other),
        }
    }
    Ok(Some(Key::Bytes(bytes)))
}

fn push(bytes: &mut Vec<u8>, key: &Cell<'_>) {
    match key {
        Cell::Null => {}
        Cell::Bool(value) => part(bytes, 0, &[u8::from(*value)]),
        Cell::Int(value) => part(bytes, 1, &value.to_le_bytes()),
        Cell::Float(value) => part(bytes, 2, &value.to_le_bytes()),
        Cell::Text(text) => part(bytes, 3, text),
        Cell::Bytes(content) => part(bytes, 4, content),
        Cell::Moment(value) => part(bytes, 5, &value.to_le_bytes()),
        Cell::Uuid(content) => part(bytes, 6, content),
        Cell::List(items) => items.iter().for_each(|item| push(bytes, item)),
    }
}
