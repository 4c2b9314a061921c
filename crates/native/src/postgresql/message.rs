//! What is said to a server, and what it says when something fails.

use super::bind::Bound;
use bytes::BytesMut;
use lenslet_core::error::{Error, ErrorKind};
use tokio_postgres::{
    error::{DbError, SqlState},
    types::Type as SqlType,
};

/// What a server says of a failure.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) code: SqlState,
    pub(crate) message: String,
    pub(crate) detail: Option<String>,
    pub(crate) table: Option<String>,
    pub(crate) column: Option<String>,
    pub(crate) constraint: Option<String>,
}

impl Report {
    /// From the body of a message: fields, each with a letter before it and a zero after it.
    #[cold]
    pub(crate) fn read(body: &[u8]) -> Report {
        let mut report = Report {
            code: SqlState::INTERNAL_ERROR,
            message: String::new(),
            detail: None,
            table: None,
            column: None,
            constraint: None,
        };
        for field in body.split(|byte| *byte == 0) {
            let Some((kind, text)) = field.split_first() else { continue };
            let text = String::from_utf8_lossy(text);
            match kind {
                b'C' => report.code = SqlState::from_code(&text),
                b'M' => report.message = text.into_owned(),
                b'D' => report.detail = Some(text.into_owned()),
                b't' => report.table = Some(text.into_owned()),
                b'c' => report.column = Some(text.into_owned()),
                b'n' => report.constraint = Some(text.into_owned()),
                _ => {}
            }
        }
        report
    }
}

impl From<&DbError> for Report {
    fn from(error: &DbError) -> Self {
        Report {
            code: error.code().clone(),
            message: error.message().to_owned(),
            detail: error.detail().map(str::to_owned),
            table: error.table().map(str::to_owned),
            column: error.column().map(str::to_owned),
            constraint: error.constraint().map(str::to_owned),
        }
    }
}

/// Writes a message. Its length comes before what it is the length of.
fn message(out: &mut BytesMut, tag: u8, body: impl FnOnce(&mut BytesMut) -> Result<(), Error>) -> Result<(), Error> {
    out.extend_from_slice(&[tag]);
    sized(out, 4, body)
}

/// What follows a length, which counts so many bytes of itself.
fn sized(out: &mut BytesMut, own: usize, body: impl FnOnce(&mut BytesMut) -> Result<(), Error>) -> Result<(), Error> {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    body(out)?;
    let length = i32::try_from(out.len() - start - 4 + own).map_err(|_| too_large())?;
    out[start..start + 4].copy_from_slice(&length.to_be_bytes());
    Ok(())
}

fn text(out: &mut BytesMut, text: &str) -> Result<(), Error> {
    if text.as_bytes().contains(&0) {
        return Err(Error::new(ErrorKind::DataValidation, "SQL cannot have a zero byte in it"));
    }
    out.extend_from_slice(text.as_bytes());
    out.extend_from_slice(&[0]);
    Ok(())
}

fn count(out: &mut BytesMut, count: usize) -> Result<(), Error> {
    out.extend_from_slice(&u16::try_from(count).map_err(|_| too_large())?.to_be_bytes());
    Ok(())
}

#[cold]
fn too_large() -> Error {
    Error::new(
        ErrorKind::QueryInterpretation,
        "a statement has more or larger parameters than PostgreSQL's protocol can count; write fewer rows at a time",
    )
}

/// Prepares a statement. Types that are not given are the server's choice.
pub(super) fn parse(out: &mut BytesMut, name: &str, sql: &str, types: &[SqlType]) -> Result<(), Error> {
    message(out, b'P', |out| {
        text(out, name)?;
        text(out, sql)?;
        count(out, types.len())?;
        types.iter().for_each(|ty| out.extend_from_slice(&ty.oid().to_be_bytes()));
        Ok(())
    })
}

/// Asks for the parameters and columns of a prepared statement.
pub(super) fn describe(out: &mut BytesMut, name: &str) -> Result<(), Error> {
    named(out, b'D', b'S', name)
}

/// Asks for the columns of what was bound last.
pub(super) fn describe_bound(out: &mut BytesMut) -> Result<(), Error> {
    named(out, b'D', b'P', "")
}

/// Forgets a prepared statement.
pub(super) fn close(out: &mut BytesMut, name: &str) -> Result<(), Error> {
    named(out, b'C', b'S', name)
}

fn named(out: &mut BytesMut, tag: u8, kind: u8, name: &str) -> Result<(), Error> {
    message(out, tag, |out| {
        out.extend_from_slice(&[kind]);
        text(out, name)
    })
}

/// Hands parameters to a prepared statement, each in the form that its type asks for; the answer is to be binary.
pub(super) fn bind(out: &mut BytesMut, name: &str, parameters: &[Bound<'_>], types: &[SqlType]) -> Result<(), Error> {
    if parameters.len() != types.len() {
        return Err(Error::new(
            ErrorKind::QueryInterpretation,
            format!("the statement has {} parameters, and {} were given", types.len(), parameters.len()),
        ));
    }
    message(out, b'B', |out| {
        out.extend_from_slice(&[0]);
        text(out, name)?;
        count(out, parameters.len())?;
        let mut form = out.len() + 1;
        out.resize(out.len() + 2 * parameters.len(), 0);
        count(out, parameters.len())?;
        for (parameter, ty) in parameters.iter().zip(types) {
            if *parameter == Bound::Null {
                out.extend_from_slice(&(-1_i32).to_be_bytes());
            } else {
                sized(out, 0, |out| {
                    out[form] = u8::from(parameter.put(ty, out));
                    Ok(())
                })?;
            }
            form += 2;
        }
        out.extend_from_slice(&[0, 1, 0, 1]);
        Ok(())
    })
}

/// Runs what was bound last, to its end.
pub(super) fn execute(out: &mut BytesMut) {
    out.extend_from_slice(b"E\0\0\0\x09\0\0\0\0\0");
}

/// How many rows a statement gave back or changed, as the end of its tag says.
pub(super) fn affected(tag: &[u8]) -> u64 {
    let tag = tag.strip_suffix(&[0]).unwrap_or(tag);
    let number = tag.rsplit(|byte| *byte == b' ').next().unwrap_or_default();
    std::str::from_utf8(number).ok().and_then(|it| it.parse().ok()).unwrap_or(0)
}

/// The types of parameters, by their numbers.
pub(super) fn parameters(body: &[u8]) -> Vec<u32> {
    let numbers = body.get(2..).unwrap_or_default().chunks_exact(4);
    numbers.filter_map(|it| it.first_chunk::<4>()).map(|it| u32::from_be_bytes(*it)).collect()
}

/// The names of columns, and their types by their numbers.
pub(super) fn columns(body: &[u8]) -> Vec<(String, u32)> {
    let mut rest = body.get(2..).unwrap_or_default();
    let mut columns = Vec::new();
    while let Some(end) = rest.iter().position(|byte| *byte == 0) {
        // Table, column, type, size of the type, modifier, form.
        let Some(about) = rest.get(end + 1..end + 19) else { break };
        let number = about[6..].first_chunk::<4>().map_or(0, |it| u32::from_be_bytes(*it));
        columns.push((String::from_utf8_lossy(&rest[..end]).into_owned(), number));
        rest = &rest[end + 19..];
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_take_the_form_of_their_types() {
        let mut out = BytesMut::new();
        let parameters = [Bound::Int(7), Bound::Null, Bound::Int(7)];
        let types = [SqlType::INT2, SqlType::TEXT, SqlType::NUMERIC];
        bind(&mut out, "s1", &parameters, &types).expect("small");
        let mut expected = b"B\0\0\0\x25\0s1\0\0\x03\0\x01\0\0\0\0\0\x03".to_vec();
        expected.extend_from_slice(b"\0\0\0\x02\0\x07\xff\xff\xff\xff\0\0\0\x017\0\x01\0\x01");
        assert_eq!(out, expected);
        assert!(bind(&mut out, "s1", &parameters, &types[..2]).is_err());
    }

    #[test]
    fn failures_are_read_field_by_field() {
        let report = Report::read(b"SERROR\0C23505\0Mdouble\0DKey (id)=(1) already exists.\0tUser\0nUser_pkey\0\0");
        assert_eq!((report.code, report.message.as_str()), (SqlState::UNIQUE_VIOLATION, "double"));
        assert_eq!(report.detail.as_deref(), Some("Key (id)=(1) already exists."));
        assert_eq!((report.table.as_deref(), report.column), (Some("User"), None));
    }

    #[test]
    fn answers_are_read() {
        assert_eq!((affected(b"INSERT 0 12\0"), affected(b"SELECT 3\0"), affected(b"BEGIN\0")), (12, 3, 0));
        assert_eq!(parameters(&[0, 1, 0, 0, 0, 23]), [23]);
        let mut body = b"\0\x01id\0".to_vec();
        body.extend_from_slice(&[0, 0, 0, 0, 0, 1, 0, 0, 0, 23, 0, 4, 255, 255, 255, 255, 0, 1]);
        assert_eq!(columns(&body), [("id".to_owned(), 23)]);
        for length in 0..body.len() {
            assert!(columns(&body[..length]).is_empty());
        }
    }
}
