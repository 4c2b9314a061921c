//! Rows as the server sends them.

use lenslet_core::error::Error;
use std::sync::Arc;
use tokio_postgres::types::Type as SqlType;

/// A column of a statement.
#[derive(Debug)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) ty: SqlType,
}

/// The columns of a statement.
pub(crate) type Columns = Arc<[Column]>;

/// A row, where it arrived.
#[derive(Debug)]
pub(crate) struct Row<'a> {
    pub(crate) columns: &'a [Column],
    body: &'a [u8],
    /// Where each cell is; a null has no end.
    places: &'a [Place],
}

/// Where a cell is in the body of its row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    start: u32,
    /// Less than nothing: null.
    length: i32,
}

impl<'a> Row<'a> {
    /// A row of these columns, from the body of its message. The places are written to a list that is used again and again.
    pub(crate) fn read(columns: &'a [Column], body: &'a [u8], places: &'a mut Vec<Place>) -> Result<Row<'a>, Error> {
        places.clear();
        let mut start = 2;
        for _ in columns {
            let length = body.get(start..).and_then(|rest| rest.first_chunk::<4>()).ok_or_else(broken)?;
            let length = i32::from_be_bytes(*length);
            start += 4;
            // A message is shorter than 4 GiB.
            places.push(Place { start: start as u32, length });
            start += usize::try_from(length).unwrap_or(0);
        }
        let counted = body.first_chunk::<2>().map(|it| usize::from(u16::from_be_bytes(*it)));
        if start != body.len() || counted != Some(columns.len()) {
            return Err(broken());
        }
        Ok(Row { columns, body, places })
    }

    pub(crate) fn len(&self) -> usize {
        self.columns.len()
    }

    pub(crate) fn body(&self) -> &'a [u8] {
        self.body
    }

    /// A cell: its type, and its bytes where it is not null.
    #[inline]
    pub(crate) fn cell(&self, at: usize) -> Result<(&'a SqlType, Option<&'a [u8]>), Error> {
        let (Some(column), Some(place)) = (self.columns.get(at), self.places.get(at)) else {
            return Err(Error::unexpected_answer("a column"));
        };
        let Ok(length) = usize::try_from(place.length) else { return Ok((&column.ty, None)) };
        let start = place.start as usize;
        let bytes = self.body.get(start..start + length).ok_or_else(broken)?;
        Ok((&column.ty, Some(bytes)))
    }
}

#[cold]
fn broken() -> Error {
    Error::unexpected_answer("a row of as many columns as the statement has")
}

/// Rows that are looked at later.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    bodies: Vec<u8>,
    /// Where each row ends.
    ends: Vec<usize>,
}

impl Kept {
    pub(crate) fn push(&mut self, body: &[u8]) {
        self.bodies.extend_from_slice(body);
        self.ends.push(self.bodies.len());
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Hands over each row.
    pub(crate) fn each(
        &self,
        columns: &[Column],
        mut take: impl FnMut(&Row<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut places = Vec::with_capacity(columns.len());
        let mut start = 0;
        for end in &self.ends {
            take(&Row::read(columns, self.bodies.get(start..*end).unwrap_or_default(), &mut places)?)?;
            start = *end;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns() -> Vec<Column> {
        let column = |name: &str, ty| Column { name: name.into(), ty };
        vec![column("id", SqlType::INT4), column("name", SqlType::TEXT)]
    }

    #[test]
    fn cells_are_found() {
        let body = [0, 2, 0, 0, 0, 4, 0, 0, 0, 7, 255, 255, 255, 255];
        let (columns, mut places) = (columns(), Vec::new());
        let row = Row::read(&columns, &body, &mut places).expect("a row");
        assert_eq!(row.cell(0), Ok((&SqlType::INT4, Some(&[0, 0, 0, 7][..]))));
        assert_eq!(row.cell(1), Ok((&SqlType::TEXT, None)));
        assert!(row.cell(2).is_err());
    }

    #[test]
    fn broken_rows_are_errors() {
        let body = [0, 2, 0, 0, 0, 4, 0, 0, 0, 7, 0, 0, 0, 1, 65];
        let (columns, mut places) = (columns(), Vec::new());
        assert!(Row::read(&columns, &body, &mut places).is_ok());
        for length in 0..body.len() {
            assert!(Row::read(&columns, &body[..length], &mut places).is_err(), "{length}");
        }
        assert!(Row::read(&columns[..1], &body, &mut places).is_err());
    }
}
