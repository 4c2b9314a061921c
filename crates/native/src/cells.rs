//! An answer as it is read.

use crate::forest::Rows;
#[cfg(feature = "sqlite")]
use crate::sqlite::Live;
use lenslet_core::{
    cache::CacheInfo,
    cursor::{Cursor, RawColumn},
    error::Error,
};
use std::borrow::Cow;

/// The rows of an answer: written down, or those of a statement that still runs.
#[cfg_attr(
    feature = "sqlite",
    allow(clippy::large_enum_variant, reason = "one lies on the stack while an answer is read")
)]
pub(crate) enum Cells<'r> {
    /// Rows that were written down.
    Whole(&'r mut Rows),
    /// Rows that SQLite hands out one after the other.
    #[cfg(feature = "sqlite")]
    Live(Live<'r>),
}

/// Reads an answer, once.
pub(crate) type Sink<'s> = dyn FnMut(&mut Cells<'_>) -> Result<(), Error> + 's;

impl Cells<'_> {
    /// Whether rows of the answer were read before.
    pub(crate) fn are_more(&self) -> bool {
        match self {
            Cells::Whole(rows) => rows.are_more(),
            #[cfg(feature = "sqlite")]
            Cells::Live(_) => false,
        }
    }
}

#[cfg(feature = "sqlite")]
impl Cells<'_> {
    /// How many rows a statement had, or why it did not finish.
    pub(crate) fn end(&mut self) -> rusqlite::Result<u64> {
        match self {
            Cells::Whole(rows) => Ok(rows.len().into()),
            Cells::Live(live) => live.end(),
        }
    }
}

macro_rules! either {
    ($self:ident, $cells:ident => $read:expr) => {
        match $self {
            Cells::Whole($cells) => $read,
            #[cfg(feature = "sqlite")]
            Cells::Live($cells) => $read,
        }
    };
}

impl Cursor for Cells<'_> {
    fn enter(&mut self) -> Result<usize, Error> {
        either!(self, cells => cells.enter())
    }
    fn next_row(&mut self) -> Result<bool, Error> {
        either!(self, cells => cells.next_row())
    }
    fn enter_list(&mut self) -> Result<usize, Error> {
        either!(self, cells => cells.enter_list())
    }
    fn next_item(&mut self) -> Result<bool, Error> {
        either!(self, cells => cells.next_item())
    }
    fn null(&mut self) -> Result<bool, Error> {
        either!(self, cells => cells.null())
    }
    fn boolean(&mut self) -> Result<bool, Error> {
        either!(self, cells => cells.boolean())
    }
    fn integer(&mut self) -> Result<i64, Error> {
        either!(self, cells => cells.integer())
    }
    fn float(&mut self) -> Result<f64, Error> {
        either!(self, cells => cells.float())
    }
    fn text(&mut self) -> Result<Cow<'_, str>, Error> {
        either!(self, cells => cells.text())
    }
    fn text_or_null(&mut self) -> Result<Option<Cow<'_, str>>, Error> {
        either!(self, cells => cells.text_or_null())
    }
    fn bytes(&mut self) -> Result<Vec<u8>, Error> {
        either!(self, cells => cells.bytes())
    }
    fn date_time(&mut self) -> Result<i64, Error> {
        either!(self, cells => cells.date_time())
    }
    fn uuid(&mut self) -> Result<[u8; 16], Error> {
        either!(self, cells => cells.uuid())
    }
    fn columns(&self) -> &[RawColumn] {
        either!(self, cells => cells.columns())
    }
    fn cache_info(&self) -> CacheInfo {
        either!(self, cells => cells.cache_info())
    }
}
