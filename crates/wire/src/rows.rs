//! Rows by position, read straight from their text.

use crate::{
    headers,
    json::Scanner,
    scalar::{base64, float, uuid},
};
use lenslet_core::{cache::CacheInfo, cursor::Cursor, error::Error};
use std::borrow::Cow;

/// An answer in the form [`Rows`](crate::answer::Form::Rows): no tree is built, a reader takes cell after cell.
///
/// ```
/// use lenslet_core::{cursor::Cursor, error::Error};
/// # fn read() -> Result<(), Error> {
/// let mut rows = lenslet_wire::rows::Rows::new(r#"[[1,"Ada",null]]"#.into());
/// rows.enter()?;
/// while rows.next_row()? {
///     assert_eq!(rows.integer()?, 1);
///     assert_eq!(rows.text()?, "Ada");
///     assert!(rows.null()?);
/// }
/// # Ok(())
/// # }
/// # read().expect("these are rows");
/// ```
#[derive(Clone, Debug)]
pub struct Rows {
    text: String,
    at: usize,
    /// Whether cells are read, and not rows: a list of rows is left into the row that has it.
    in_row: bool,
    /// What the pool said beside the rows.
    headers: String,
}

impl Rows {
    /// The answer's text.
    pub fn new(text: String) -> Self {
        Rows { text, at: 0, in_row: false, headers: String::new() }
    }

    /// With the headers of the answer, lines of a name in lower case, a colon and a value.
    #[must_use]
    pub fn with_headers(mut self, headers: String) -> Self {
        self.headers = headers;
        self
    }

    /// The answers of a batch.
    ///
    /// # Errors
    /// When the text is no list.
    pub fn batch(text: &str) -> Result<Vec<Self>, Error> {
        let mut scanner = Scanner::new(text);
        let mut answers = Vec::new();
        if !scanner.take(b'[') {
            return Err(unexpected());
        }
        while !scanner.take(b']') {
            scanner.take(b',');
            let answer = scanner.skip().ok_or_else(unexpected)?;
            answers.push(Rows::new(answer.into()));
        }
        Ok(answers)
    }

    /// Takes a cell. Where it is something else, nothing can be taken any more, so that the row's end or the list's next item
    /// fails: that a cell cannot fail leaves out of each model what frees the half of a row.
    fn cell<'r, T: Default>(&'r mut self, take: impl FnOnce(&mut Scanner<'r>) -> Option<T>) -> T {
        let mut scanner = Scanner::resume(&self.text, self.at);
        scanner.take(b',');
        let taken = take(&mut scanner);
        self.at = if taken.is_some() { scanner.position() } else { usize::MAX };
        taken.unwrap_or_default()
    }

    fn null_cell(&mut self) -> bool {
        self.cell(|scanner| match scanner.peek()? {
            b']' => None,
            b'n' => scanner.word("null").then_some(true),
            _ => Some(false),
        })
    }

    fn boolean_cell(&mut self) -> bool {
        self.cell(|scanner| {
            let yes = scanner.word("true");
            (yes || scanner.word("false")).then_some(yes)
        })
    }

    fn integer_cell(&mut self) -> i64 {
        self.cell(Scanner::integer)
    }

    fn integer_32_cell(&mut self) -> i32 {
        self.cell(|scanner| scanner.integer()?.try_into().ok())
    }

    fn text_cell(&mut self) -> Cow<'_, str> {
        self.cell(Scanner::string)
    }

    /// Takes something of the text. (That it is something else is all that is said: more words are kilobytes of a Worker.)
    fn take<'r, T>(&'r mut self, take: impl FnOnce(&mut Scanner<'r>) -> Option<T>) -> Result<T, Error> {
        let mut scanner = Scanner::resume(&self.text, self.at);
        scanner.take(b',');
        let taken = take(&mut scanner);
        let at = scanner.position();
        match taken {
            Some(taken) => {
                self.at = at;
                Ok(taken)
            }
            None => Err(unexpected()),
        }
    }

    fn open(&mut self) -> Result<usize, Error> {
        self.take(|scanner| scanner.take(b'[').then_some(0))
    }
}

#[cold]
fn unexpected() -> Error {
    Error::unexpected_answer("what was asked for")
}

impl Cursor for Rows {
    fn enter(&mut self) -> Result<usize, Error> {
        self.in_row = false;
        self.open()
    }

    fn next_row(&mut self) -> Result<bool, Error> {
        let in_row = self.in_row;
        let next = self.take(|scanner| {
            if in_row && !scanner.take(b']') {
                return None;
            }
            scanner.take(b',');
            let next = scanner.take(b'[');
            (next || scanner.take(b']')).then_some(next)
        })?;
        self.in_row = true;
        Ok(next)
    }

    fn enter_list(&mut self) -> Result<usize, Error> {
        self.open()
    }

    fn next_item(&mut self) -> Result<bool, Error> {
        self.take(|scanner| Some(scanner.peek()? != b']' || !scanner.take(b']')))
    }

    // What cannot fail is inlined, so that whoever asks sees that it cannot.
    #[inline(always)]
    fn null(&mut self) -> Result<bool, Error> {
        Ok(self.null_cell())
    }

    #[inline(always)]
    fn boolean(&mut self) -> Result<bool, Error> {
        Ok(self.boolean_cell())
    }

    #[inline(always)]
    fn integer(&mut self) -> Result<i64, Error> {
        Ok(self.integer_cell())
    }

    #[inline(always)]
    fn integer_32(&mut self) -> Result<i32, Error> {
        Ok(self.integer_32_cell())
    }

    fn float(&mut self) -> Result<f64, Error> {
        self.take(|scanner| match scanner.peek()? {
            b'"' => float::named(&scanner.string()?),
            _ => scanner.number()?.parse().ok(),
        })
    }

    #[inline(always)]
    fn text(&mut self) -> Result<Cow<'_, str>, Error> {
        Ok(self.text_cell())
    }

    fn bytes(&mut self) -> Result<Vec<u8>, Error> {
        self.take(|scanner| base64::read(&scanner.string()?))
    }

    fn date_time(&mut self) -> Result<i64, Error> {
        self.integer()
    }

    fn uuid(&mut self) -> Result<[u8; 16], Error> {
        self.take(|scanner| uuid::read(&scanner.string()?))
    }

    fn cache_info(&self) -> CacheInfo {
        headers::cache_info(&self.headers)
    }
}
