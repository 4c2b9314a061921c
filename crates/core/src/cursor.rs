//! How an answer is read: column by position, depth first, whatever the engine holds it in.

use crate::{cache::CacheInfo, error::Error};
use std::borrow::Cow;

/// Reads an answer from front to back.
///
/// An answer is a list of rows; a row is the cells that [`Selected`](crate::query::Selected) describes; a cell is a scalar,
/// a list of scalars or a list of rows. A reader calls [`enter`](Cursor::enter), then [`next_row`](Cursor::next_row) until
/// it says `false`, and after each `true` reads every cell of the row in order. A cell of another kind than the one asked
/// for, or a cell past the end of the row, is an error, never a panic: rows may come from a network.
///
/// Scalar methods convert where databases differ in what they send: a boolean may be stored as a number, a moment as text.
pub trait Cursor {
    /// Opens the list of rows at the cursor; the answer itself first of all. Returns about how many rows it has, as a hint
    /// for capacity only.
    fn enter(&mut self) -> Result<usize, Error>;
    /// Goes to the first cell of the next row, or closes the list.
    fn next_row(&mut self) -> Result<bool, Error>;
    /// Opens the list of scalars at the cursor. Returns about how many there are.
    fn enter_list(&mut self) -> Result<usize, Error>;
    /// Goes to the next scalar of the list, or closes it.
    fn next_item(&mut self) -> Result<bool, Error>;
    /// Whether the cell is null; if so, it has been read.
    fn null(&mut self) -> Result<bool, Error>;
    /// Reads a boolean.
    fn boolean(&mut self) -> Result<bool, Error>;
    /// Reads an integer.
    fn integer(&mut self) -> Result<i64, Error>;
    /// Reads an integer of 32 bits.
    fn integer_32(&mut self) -> Result<i32, Error> {
        self.integer()?.try_into().map_err(|_| Error::unexpected_answer("a 32 bit integer"))
    }
    /// Reads a floating point number.
    fn float(&mut self) -> Result<f64, Error>;
    /// Reads text; also an enum's variant by its name in the schema, a decimal in plain notation, a JSON document.
    fn text(&mut self) -> Result<Cow<'_, str>, Error>;
    /// Reads text, or `None` where the cell is null. A cursor that has to fetch a cell to look at it does so once.
    fn text_or_null(&mut self) -> Result<Option<Cow<'_, str>>, Error> {
        if self.null()? { Ok(None) } else { self.text().map(Some) }
    }
    /// Reads bytes.
    fn bytes(&mut self) -> Result<Vec<u8>, Error>;
    /// Reads a moment: microseconds since 1970-01-01T00:00:00Z.
    fn date_time(&mut self) -> Result<i64, Error>;
    /// Reads a UUID.
    fn uuid(&mut self) -> Result<[u8; 16], Error>;
    /// The columns of an answer of raw SQL, for those who write it down without knowing what was asked; empty for every
    /// other answer. They are known before the first row is.
    fn columns(&self) -> &[RawColumn] {
        &[]
    }
    /// Where the answer comes from. An engine without a cache says nothing.
    fn cache_info(&self) -> CacheInfo {
        CacheInfo::default()
    }
}

/// A column of an answer of raw SQL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawColumn {
    /// Its name in the answer.
    pub name: String,
    /// What its cells hold.
    pub ty: RawType,
    /// Whether each cell is a list of them.
    pub list: bool,
}

/// What the cells of a column of raw SQL hold, and so how they are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RawType {
    /// A boolean.
    Boolean,
    /// An integer of up to 32 bits.
    Int,
    /// An integer of up to 64 bits.
    BigInt,
    /// A single precision number.
    Float,
    /// A double precision number.
    Double,
    /// A decimal, read as text.
    Decimal,
    /// Text, and whatever has no type of its own here.
    Text,
    /// An enum's variant, read as text.
    Enum,
    /// Bytes.
    Bytes,
    /// A JSON document, read as text.
    Json,
    /// A UUID.
    Uuid,
    /// A moment.
    DateTime,
    /// A day, read as the moment at which it begins in UTC.
    Date,
    /// A time of day, read as a moment of 1970-01-01.
    Time,
}
