//! Rows that are read where they lie: in SQLite's memory, one after the other, while their statement runs.

use super::{encode, groups::key_of};
use crate::{groups::Key, variant::variant};
use lenslet_core::{
    catalog::{Catalog, ScalarType as S},
    cursor::Cursor,
    error::Error,
    value::Value,
};
use lenslet_sql::{Cell, JoinedRelation, Kind, Type};
use rusqlite::{fallible_streaming_iterator::FallibleStreamingIterator, types::ValueRef};
use std::{borrow::Cow, iter};

/// The rows of one statement, each with the rows of joined relations.
pub(crate) struct Live<'r> {
    rows: rusqlite::Rows<'r>,
    /// What the statement's columns hold.
    types: &'r [Type],
    catalog: &'r Catalog,
    /// The cells of a row, and the relations among them.
    cells: &'r [Cell],
    relations: &'r [JoinedRelation],
    /// Whether there is only one row.
    single: bool,
    /// The cells of the row at the cursor: of a relation's, or of the answer's.
    open: &'r [Cell],
    /// The place of the next cell.
    next: usize,
    entered: bool,
    related: Option<Related<'r>>,
    /// Whether the row at the cursor was come upon while rows of a relation were looked for.
    ahead: bool,
    /// The key of the row of the answer whose relation is being read.
    key: Option<Key>,
    count: u64,
    failure: Option<rusqlite::Error>,
}

/// A relation that is being read.
struct Related<'r> {
    relation: &'r JoinedRelation,
    started: bool,
    /// The place of the cell after it.
    after: usize,
}

impl<'r> Live<'r> {
    /// The rows of a statement whose parameters are bound.
    pub(crate) fn new(
        rows: rusqlite::Rows<'r>,
        types: &'r [Type],
        (cells, relations): (&'r [Cell], &'r [JoinedRelation]),
        single: bool,
        catalog: &'r Catalog,
    ) -> Self {
        Live {
            rows,
            types,
            catalog,
            cells,
            relations,
            // More rows than one of the statement may be one row of the answer.
            single: single && relations.is_empty(),
            open: cells,
            next: 0,
            entered: false,
            related: None,
            ahead: false,
            key: None,
            count: 0,
            failure: None,
        }
    }

    /// How many rows there were, or why the statement did not finish.
    pub(crate) fn end(&mut self) -> rusqlite::Result<u64> {
        self.failure.take().map_or(Ok(self.count), Err)
    }

    /// Goes to the statement's next row, if there is one.
    #[inline]
    fn advance(&mut self) -> Result<bool, Error> {
        match self.rows.advance() {
            Ok(()) => Ok(self.rows.get().is_some()),
            Err(error) => Err(self.failed(error)),
        }
    }

    #[cold]
    fn failed(&mut self, error: rusqlite::Error) -> Error {
        self.failure = Some(error);
        Error::unexpected_answer("rows")
    }

    /// The key of the row at the cursor.
    fn key(&mut self, column: usize) -> Result<Option<Key>, Error> {
        let key = self.rows.get().map(|row| key_of(row, iter::once(column)));
        key.unwrap_or(Ok(None)).map_err(|error| self.failed(error))
    }

    /// Goes to the next row of a relation.
    fn next_related(&mut self) -> Result<bool, Error> {
        let Some(related) = &mut self.related else {
            return Ok(false);
        };
        let relation = related.relation;
        let is_row = if !related.started {
            related.started = true;
            let cell = self.rows.get().map(|row| row.get_ref(relation.key));
            let is_row = matches!(cell, Some(Ok(cell)) if cell != ValueRef::Null);
            if let Some(parent) = relation.parent.filter(|_| is_row) {
                self.key = self.key(parent)?;
            }
            is_row
        } else if let Some(parent) = relation.parent
            && self.advance()?
        {
            self.ahead = self.key(parent)? != self.key;
            !self.ahead
        } else {
            false
        };
        if is_row {
            self.next = 0;
        } else if let Some(related) = self.related.take() {
            (self.open, self.next) = (self.cells, related.after);
        }
        Ok(is_row)
    }

    /// A cell, and what it should hold.
    #[inline]
    fn at(&self, place: usize) -> Result<(Kind, ValueRef<'_>), Error> {
        if let (Some(Cell::Column(at)), Some(row)) = (self.open.get(place), self.rows.get())
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
        if !std::mem::replace(&mut self.entered, true) {
            return Ok(0);
        }
        match self.open.get(self.next).map(|cell| (cell, &self.related)) {
            Some((Cell::Rows(at), None)) if let Some(relation) = self.relations.get(*at) => {
                self.related = Some(Related { relation, started: false, after: self.next + 1 });
                self.open = &relation.cells;
                Ok(0)
            }
            _ => Err(Error::unexpected_answer("rows")),
        }
    }

    #[inline]
    fn next_row(&mut self) -> Result<bool, Error> {
        if self.related.is_some() {
            return self.next_related();
        }
        if self.single && self.count > 0 {
            return Ok(false);
        }
        self.next = 0;
        if !std::mem::take(&mut self.ahead) && !self.advance()? {
            return Ok(false);
        }
        self.count += 1;
        Ok(true)
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
