//! An answer as flat bytes: the rows of every level in one arena, read through one cursor.
//!
//! A row is the offset of the next row of its list (0: none), its cells, and an end mark. A cell is a tag and a value; a cell
//! of rows holds the offset of the first and their number. So rows are written once, in the order in which the database
//! sends them, whichever parent they belong to, and a row may be shared by many parents. Offset 0 holds the cell of the
//! answer itself.
//!
//! Offsets are trusted no further than that every read is checked against the bytes: a wrong one is an error.

use lenslet_core::{
    cursor::{Cursor, RawColumn},
    error::{Error, ErrorKind},
    value::Value,
};
use std::borrow::Cow;

const NULL: u8 = 0;
const FALSE: u8 = 1;
const TRUE: u8 = 2;
const INTEGER: u8 = 3;
const FLOAT: u8 = 4;
const TEXT: u8 = 5;
const BYTES: u8 = 6;
const DATE_TIME: u8 = 7;
const UUID: u8 = 8;
const LIST: u8 = 9;
const ROWS: u8 = 10;
const END: u8 = 11;

/// Where a row starts.
pub(crate) type Offset = u32;

/// An answer in the making.
#[derive(Debug)]
pub(crate) struct Arena {
    bytes: Vec<u8>,
    /// How many bytes there may be.
    room: usize,
}

/// The rows of one list.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Chain {
    first: Offset,
    last: Offset,
    count: u32,
}

impl Arena {
    pub(crate) fn new() -> Self {
        Arena::within(usize::MAX)
    }

    /// For an answer that may take so many bytes.
    pub(crate) fn within(room: usize) -> Self {
        let mut arena = Arena { bytes: Vec::with_capacity(256), room };
        arena.rows();
        arena
    }

    /// Says how many bytes may come beside what was written already.
    pub(crate) fn limit(&mut self, room: usize) {
        self.room = self.bytes.len().saturating_add(room);
    }

    /// Starts a row. What is written until [`end_row`](Self::end_row) are its cells.
    pub(crate) fn begin_row(&mut self) -> Result<Offset, Error> {
        if self.bytes.len() > self.room {
            return Err(beyond(self.room));
        }
        let offset = Offset::try_from(self.bytes.len()).map_err(|_| too_large())?;
        self.bytes.extend_from_slice(&[0; 4]);
        Ok(offset)
    }

    pub(crate) fn end_row(&mut self) {
        self.bytes.push(END);
    }

    /// A cell of rows that are not known yet; [`set_rows`](Self::set_rows) says which.
    pub(crate) fn rows(&mut self) -> usize {
        let cell = self.bytes.len();
        self.bytes.push(ROWS);
        self.bytes.extend_from_slice(&[0; 8]);
        cell
    }

    pub(crate) fn set_rows(&mut self, cell: usize, chain: Chain) {
        self.patch(cell + 1, chain.first);
        self.patch(cell + 5, chain.count);
    }

    /// Puts a row at the end of a list, or at its start.
    pub(crate) fn link(&mut self, chain: &mut Chain, row: Offset, at_start: bool) {
        chain.count += 1;
        if chain.first == 0 {
            (chain.first, chain.last) = (row, row);
        } else if at_start {
            self.patch(row as usize, chain.first);
            chain.first = row;
        } else {
            self.patch(chain.last as usize, row);
            chain.last = row;
        }
    }

    fn patch(&mut self, at: usize, value: u32) {
        if let Some(bytes) = self.bytes.get_mut(at..at + 4) {
            bytes.copy_from_slice(&value.to_le_bytes());
        }
    }

    pub(crate) fn null(&mut self) {
        self.bytes.push(NULL);
    }

    pub(crate) fn boolean(&mut self, value: bool) {
        self.bytes.push(if value { TRUE } else { FALSE });
    }

    pub(crate) fn integer(&mut self, value: i64) {
        self.eight(INTEGER, value.to_le_bytes());
    }

    pub(crate) fn float(&mut self, value: f64) {
        self.eight(FLOAT, value.to_le_bytes());
    }

    /// Microseconds since 1970.
    pub(crate) fn date_time(&mut self, value: i64) {
        self.eight(DATE_TIME, value.to_le_bytes());
    }

    fn eight(&mut self, tag: u8, value: [u8; 8]) {
        let mut cell = [tag; 9];
        cell[1..].copy_from_slice(&value);
        self.bytes.extend_from_slice(&cell);
    }

    /// Text; whether it is UTF-8 is found out when it is read.
    pub(crate) fn text(&mut self, text: &[u8]) -> Result<(), Error> {
        self.sized(TEXT, text)
    }

    pub(crate) fn blob(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.sized(BYTES, bytes)
    }

    fn sized(&mut self, tag: u8, bytes: &[u8]) -> Result<(), Error> {
        let length = u32::try_from(bytes.len()).map_err(|_| too_large())?;
        let mut head = [tag; 5];
        head[1..].copy_from_slice(&length.to_le_bytes());
        self.bytes.extend_from_slice(&head);
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    pub(crate) fn uuid(&mut self, bytes: &[u8; 16]) {
        self.bytes.push(UUID);
        self.bytes.extend_from_slice(bytes);
    }

    /// A list of so many scalars, which follow.
    pub(crate) fn list(&mut self, count: usize) -> Result<(), Error> {
        let count = u32::try_from(count).map_err(|_| too_large())?;
        self.bytes.push(LIST);
        self.bytes.extend_from_slice(&count.to_le_bytes());
        Ok(())
    }

    /// A value, as it enters a query: what writes hand back without asking the database.
    pub(crate) fn value(&mut self, value: &Value) -> Result<(), Error> {
        match value {
            Value::Null | Value::Column(_) => self.null(),
            Value::Bool(value) => self.boolean(*value),
            Value::Int(value) => self.integer(*value),
            Value::Float(value) => self.float(*value),
            Value::Decimal(text) | Value::Text(text) | Value::Json(text) => self.text(text.as_bytes())?,
            Value::Enum(name) => self.text(name.as_bytes())?,
            Value::DateTime(value) => self.date_time(*value),
            Value::Bytes(bytes) => self.blob(bytes)?,
            Value::Uuid(bytes) => self.uuid(bytes),
            Value::List(items) => {
                self.list(items.len())?;
                for item in items {
                    self.value(item)?;
                }
            }
        }
        Ok(())
    }

    /// The finished answer: the rows of `roots`.
    pub(crate) fn finish(mut self, roots: Chain) -> Rows {
        self.set_rows(0, roots);
        Rows { bytes: self.bytes, position: 0, open: Vec::new(), items: 0, columns: Vec::new(), earlier: 0 }
    }

    /// A part of the answer, which comes after so many other rows: the rows of `roots`. Others can be written then.
    #[cfg(feature = "postgresql")]
    pub(crate) fn part(&mut self, roots: &mut Chain, earlier: u64) -> Rows {
        let bytes = Vec::with_capacity(self.bytes.len());
        let mut next = Arena { bytes, room: self.room.saturating_sub(self.bytes.len()) };
        next.rows();
        let part = std::mem::replace(self, next).finish(std::mem::take(roots));
        Rows { earlier, ..part }
    }

    /// How many bytes were written.
    #[cfg(feature = "postgresql")]
    pub(crate) fn size(&self) -> usize {
        self.bytes.len()
    }
}

#[cold]
fn too_large() -> Error {
    Error::new(ErrorKind::QueryInterpretation, "the answer is larger than 4 GiB; take fewer rows at a time")
}

/// An answer takes more room than it may.
#[cold]
pub(crate) fn beyond(room: usize) -> Error {
    Error::new(
        ErrorKind::AnswerTooLarge,
        format!(
            "the rows of the answer take more than {room} bytes; ask for fewer rows with `take`, or for fewer columns"
        ),
    )
}

/// How many bytes the answers of a batch may still take, all of them together.
#[derive(Debug)]
pub(crate) struct Room {
    whole: usize,
    left: usize,
}

impl Room {
    pub(crate) fn new(whole: usize) -> Room {
        Room { whole, left: whole }
    }

    /// Takes the room of an answer.
    ///
    /// # Errors
    /// P6009 where it is not there.
    pub(crate) fn take(&mut self, rows: Rows) -> Result<Rows, Error> {
        self.left = self.left.checked_sub(rows.bytes.len()).ok_or_else(|| beyond(self.whole))?;
        Ok(rows)
    }
}

/// The rows of an answer.
#[derive(Debug)]
pub struct Rows {
    bytes: Vec<u8>,
    position: usize,
    open: Vec<Open>,
    /// How many items are left of the list of scalars at the cursor.
    items: u32,
    columns: Vec<RawColumn>,
    /// How many rows of the answer were handed over before these.
    earlier: u64,
}

/// A list of rows that is being read.
#[derive(Clone, Copy, Debug)]
struct Open {
    next: Offset,
    /// How many rows are left: a wrong chain must not go round in circles.
    left: u32,
    /// What comes after the cell of the list.
    after: usize,
}

impl Rows {
    /// An answer of one row of one number.
    pub(crate) fn number(number: i64) -> Rows {
        let mut arena = Arena::new();
        let mut chain = Chain::default();
        // A fresh arena is small: its first row has an offset.
        if let Ok(row) = arena.begin_row() {
            arena.integer(number);
            arena.end_row();
            arena.link(&mut chain, row, false);
        }
        arena.finish(chain)
    }

    /// Says what the columns of an answer of raw SQL are.
    pub(crate) fn with_columns(mut self, columns: Vec<RawColumn>) -> Rows {
        self.columns = columns;
        self
    }

    /// How many rows there are.
    pub(crate) fn len(&self) -> u32 {
        self.four(5).unwrap_or(0)
    }

    /// Whether rows of the answer were handed over before these.
    pub(crate) fn are_more(&self) -> bool {
        self.earlier > 0
    }

    /// How many rows the answer has up to the last of these.
    pub(crate) fn total(&self) -> u64 {
        self.earlier + u64::from(self.len())
    }

    fn four(&self, at: usize) -> Option<u32> {
        let bytes = self.bytes.get(at..)?.first_chunk::<4>()?;
        Some(u32::from_le_bytes(*bytes))
    }

    /// The tag at the cursor, which moves past it when it is the wanted one.
    fn tag(&mut self, wanted: u8, what: &'static str) -> Result<(), Error> {
        if self.bytes.get(self.position) == Some(&wanted) {
            self.position += 1;
            Ok(())
        } else {
            Err(Error::unexpected_answer(what))
        }
    }

    fn chunk<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], Error> {
        let chunk = self.bytes.get(self.position..).and_then(|rest| rest.first_chunk::<N>());
        let chunk = *chunk.ok_or_else(|| Error::unexpected_answer(what))?;
        self.position += N;
        Ok(chunk)
    }

    fn count(&mut self, what: &'static str) -> Result<u32, Error> {
        self.chunk(what).map(u32::from_le_bytes)
    }

    fn slice(&mut self, what: &'static str) -> Result<&[u8], Error> {
        let length = self.count(what)? as usize;
        let slice = self.bytes.get(self.position..self.position.saturating_add(length));
        let slice = slice.ok_or_else(|| Error::unexpected_answer(what))?;
        self.position += length;
        Ok(slice)
    }
}

impl Cursor for Rows {
    fn enter(&mut self) -> Result<usize, Error> {
        self.tag(ROWS, "rows")?;
        let next = self.count("rows")?;
        let left = self.count("rows")?;
        self.open.push(Open { next, left, after: self.position });
        Ok(left as usize)
    }

    fn next_row(&mut self) -> Result<bool, Error> {
        let Some(open) = self.open.last_mut() else {
            return Err(Error::unexpected_answer("rows"));
        };
        if open.left == 0 {
            self.position = open.after;
            self.open.pop();
            return Ok(false);
        }
        self.position = open.next as usize;
        let next = self.count("a row")?;
        if let Some(open) = self.open.last_mut() {
            open.next = next;
            open.left -= 1;
        }
        Ok(true)
    }

    fn enter_list(&mut self) -> Result<usize, Error> {
        self.tag(LIST, "a list")?;
        self.items = self.count("a list")?;
        Ok(self.items.min(1024) as usize)
    }

    fn next_item(&mut self) -> Result<bool, Error> {
        let more = self.items > 0;
        self.items = self.items.saturating_sub(1);
        Ok(more)
    }

    fn null(&mut self) -> Result<bool, Error> {
        match self.bytes.get(self.position) {
            Some(&NULL) => {
                self.position += 1;
                Ok(true)
            }
            Some(&END) | None => Err(Error::unexpected_answer("a cell")),
            Some(_) => Ok(false),
        }
    }

    fn boolean(&mut self) -> Result<bool, Error> {
        let value = match self.bytes.get(self.position) {
            Some(&FALSE) => false,
            Some(&TRUE) => true,
            Some(&INTEGER) => return self.integer().map(|it| it != 0),
            _ => return Err(Error::unexpected_answer("a boolean")),
        };
        self.position += 1;
        Ok(value)
    }

    fn integer(&mut self) -> Result<i64, Error> {
        if let Some(&(FALSE | TRUE)) = self.bytes.get(self.position) {
            return self.boolean().map(i64::from);
        }
        self.tag(INTEGER, "an integer")?;
        self.chunk("an integer").map(i64::from_le_bytes)
    }

    fn float(&mut self) -> Result<f64, Error> {
        if self.bytes.get(self.position) == Some(&INTEGER) {
            return self.integer().map(|it| it as f64);
        }
        self.tag(FLOAT, "a number")?;
        self.chunk("a number").map(f64::from_le_bytes)
    }

    fn text(&mut self) -> Result<Cow<'_, str>, Error> {
        self.tag(TEXT, "text")?;
        let text = std::str::from_utf8(self.slice("text")?);
        text.map(Cow::Borrowed).map_err(|_| Error::unexpected_answer("text in UTF-8"))
    }

    fn bytes(&mut self) -> Result<Vec<u8>, Error> {
        self.tag(BYTES, "bytes")?;
        self.slice("bytes").map(<[u8]>::to_vec)
    }

    fn date_time(&mut self) -> Result<i64, Error> {
        self.tag(DATE_TIME, "a moment")?;
        self.chunk("a moment").map(i64::from_le_bytes)
    }

    fn uuid(&mut self) -> Result<[u8; 16], Error> {
        self.tag(UUID, "a UUID")?;
        self.chunk("a UUID")
    }

    fn columns(&self) -> &[RawColumn] {
        &self.columns
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> Rows {
        let mut arena = Arena::new();
        let (mut roots, mut children) = (Chain::default(), Chain::default());
        let row = arena.begin_row().expect("small");
        arena.text("Ada".as_bytes()).expect("small");
        let cell = arena.rows();
        arena.end_row();
        arena.link(&mut roots, row, false);
        for (number, at_start) in [(2, false), (3, false), (1, true)] {
            let row = arena.begin_row().expect("small");
            arena.integer(number);
            arena.end_row();
            arena.link(&mut children, row, at_start);
        }
        arena.set_rows(cell, children);
        arena.finish(roots)
    }

    #[test]
    fn rows_are_read_in_the_order_of_their_chain() {
        let mut rows = tree();
        assert_eq!(rows.enter(), Ok(1));
        assert_eq!(rows.next_row(), Ok(true));
        assert_eq!(rows.text().as_deref(), Ok("Ada"));
        assert_eq!(rows.enter(), Ok(3));
        let mut numbers = vec![];
        while rows.next_row().expect("rows") {
            numbers.push(rows.integer().expect("a number"));
        }
        assert_eq!(numbers, [1, 2, 3]);
        assert!(rows.null().is_err(), "the row has no third cell");
        assert_eq!(rows.next_row(), Ok(false));
        assert!(rows.next_row().is_err());
    }

    #[test]
    fn broken_bytes_are_errors() {
        let whole = tree();
        for length in 0..whole.bytes.len() {
            let mut rows = tree();
            rows.bytes.truncate(length);
            let mut read = || -> Result<(), Error> {
                rows.enter()?;
                while rows.next_row()? {
                    rows.text()?;
                    rows.enter()?;
                    while rows.next_row()? {
                        rows.integer()?;
                    }
                    rows.null()?;
                }
                Ok(())
            };
            assert!(read().is_err());
        }
    }
}
