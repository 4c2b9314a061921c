//! Rows that are read where they lie: in SQLite's memory, one after the other, while their statement runs.

use super::encode;
use crate::variant::variant;
use lenslet_core::{
    catalog::{Catalog, ScalarType as S},
    cursor::Cursor,
    error::Error,
    value::Value,
};
use lenslet_sql::{Cell, Kind, Level, Type};
use rusqlite::{fallible_streaming_iterator::FallibleStreamingIterator, types::ValueRef};
use std::borrow::Cow;

/// The rows of one statement, without relations.
pub(crate) struct Live<'r> {
    rows: rusqlite::Rows<'r>,
    /// The cells of a row.
    cells: &'r [Cell],
    /// What the statement's columns hold.
    types: &'r [Type],
    catalog: &'r Catalog,
    /// The place of the next cell.
    next: usize,
    count: u64,
    failure: Option<rusqlite::Error>,
}

impl<'r> Live<'r> {
    /// The rows of a level's statement, whose parameters are bound.
    pub(crate) fn new(rows: rusqlite::Rows<'r>, level: &'r Level, catalog: &'r Catalog) -> Self {
        let (cells, types) = (&level.cells, &level.statement.columns);
        Live { rows, cells, types, catalog, next: 0, count: 0, failure: None }
    }

    /// How many rows there were, or why the statement did not finish.
    pub(crate) fn end(self) -> rusqlite::Result<u64> {
        self.failure.map_or(Ok(self.count), Err)
    }

    /// A cell, and what it should hold.
    #[inline]
    fn at(&self, place: usize) -> Result<(Kind, ValueRef<'_>), Error> {
        if let (Some(Cell::Column(at)), Some(row)) = (self.cells.get(place), self.rows.get())
            && let (Some(ty), Ok(cell)) = (self.types.get(*at), row.get_ref(*at))
        {
            return Ok((ty.kind, cell));
        }
        Err(Error::unexpected_answer("a cell"))
    }

    /// The cell at the cursor, which goes on.
    #[inline]
    fn take(&mut self) -> Result<(Kind, ValueRef<'_>), Error> {
        self.next += 1;
        self.at(self.next - 1)
    }

    /// The cell that was just taken, as the schema has it: SQLite's types are loose.
    #[cold]
    fn converted(&self) -> Result<Value, Error> {
        let (kind, cell) = self.at(self.next - 1)?;
        encode::value(cell, Type::one(kind), self.catalog)
    }
}

impl Cursor for Live<'_> {
    fn enter(&mut self) -> Result<usize, Error> {
        Ok(0)
    }

    #[inline]
    fn next_row(&mut self) -> Result<bool, Error> {
        self.next = 0;
        if let Err(error) = self.rows.advance() {
            self.failure = Some(error);
            return Err(Error::unexpected_answer("rows"));
        }
        let is_row = self.rows.get().is_some();
        self.count += u64::from(is_row);
        Ok(is_row)
    }

    fn enter_list(&mut self) -> Result<usize, Error> {
        Err(Error::unexpected_answer("a list"))
    }

    fn next_item(&mut self) -> Result<bool, Error> {
        Err(Error::unexpected_answer("a list"))
    }

    #[inline]
    fn null(&mut self) -> Result<bool, Error> {
        let null = matches!(self.at(self.next)?, (_, ValueRef::Null));
        self.next += usize::from(null);
        Ok(null)
    }

    #[inline]
    fn boolean(&mut self) -> Result<bool, Error> {
        if let (Kind::Scalar(S::Boolean), ValueRef::Integer(value)) = self.take()? {
            return Ok(value != 0);
        }
        match self.converted()? {
            Value::Bool(value) => Ok(value),
            Value::Int(value) => Ok(value != 0),
            _ => Err(Error::unexpected_answer("a boolean")),
        }
    }

    #[inline]
    fn integer(&mut self) -> Result<i64, Error> {
        if let (Kind::Scalar(S::Int | S::BigInt), ValueRef::Integer(value)) = self.take()? {
            return Ok(value);
        }
        match self.converted()? {
            Value::Int(value) => Ok(value),
            Value::Bool(value) => Ok(value.into()),
            _ => Err(Error::unexpected_answer("an integer")),
        }
    }

    #[inline]
    fn float(&mut self) -> Result<f64, Error> {
        if let (Kind::Scalar(S::Float), ValueRef::Real(value)) = self.take()? {
            return Ok(value);
        }
        match self.converted()? {
            Value::Float(value) => Ok(value),
            Value::Int(value) => Ok(value as f64),
            _ => Err(Error::unexpected_answer("a number")),
        }
    }

    #[inline]
    fn text(&mut self) -> Result<Cow<'_, str>, Error> {
        self.text_or_null()?.ok_or_else(|| Error::unexpected_answer("text"))
    }

    #[inline]
    fn text_or_null(&mut self) -> Result<Option<Cow<'_, str>>, Error> {
        self.next += 1;
        let text = match self.at(self.next - 1)? {
            (_, ValueRef::Null) => return Ok(None),
            (Kind::Scalar(S::String | S::Json | S::Decimal), ValueRef::Text(text)) => {
                std::str::from_utf8(text).map_err(|_| Error::unexpected_answer("text in UTF-8"))?
            }
            (Kind::Enum(at), ValueRef::Text(text)) => variant(text, at, self.catalog)?,
            _ => match self.converted()? {
                Value::Text(text) | Value::Json(text) | Value::Decimal(text) => return Ok(Some(Cow::Owned(text))),
                _ => return Err(Error::unexpected_answer("text")),
            },
        };
        Ok(Some(Cow::Borrowed(text)))
    }

    fn bytes(&mut self) -> Result<Vec<u8>, Error> {
        match self.take()? {
            (Kind::Scalar(S::Bytes), ValueRef::Blob(bytes) | ValueRef::Text(bytes)) => Ok(bytes.to_vec()),
            _ => match self.converted()? {
                Value::Bytes(bytes) => Ok(bytes),
                _ => Err(Error::unexpected_answer("bytes")),
            },
        }
    }

    #[inline]
    fn date_time(&mut self) -> Result<i64, Error> {
        if let (Kind::Scalar(S::DateTime), ValueRef::Integer(value)) = self.take()? {
            return encode::milliseconds(value);
        }
        match self.converted()? {
            Value::DateTime(value) => Ok(value),
            _ => Err(Error::unexpected_answer("a moment")),
        }
    }

    fn uuid(&mut self) -> Result<[u8; 16], Error> {
        self.take()?;
        match self.converted()? {
            Value::Uuid(value) => Ok(value),
            _ => Err(Error::unexpected_answer("a UUID")),
        }
    }
}
