//! What can go wrong at run time: one type, the same on every engine, with Prisma's codes.

use crate::value::Value;
use std::{borrow::Cow, fmt};

/// A failed operation. Branch on [`Error::kind`], show the `Display` text; both survive the wire.
#[derive(Clone, PartialEq)]
pub struct Error(Box<Inner>);

#[derive(Clone, Debug, PartialEq)]
struct Inner {
    kind: ErrorKind,
    message: String,
    meta: Vec<(Cow<'static, str>, Value)>,
    batch_index: Option<usize>,
}

macro_rules! kinds {
    ($($code:literal $kind:ident $doc:literal)*) => {
        /// What went wrong. The codes are Prisma's, from its error reference
        /// (<https://www.prisma.io/docs/orm/reference/error-reference>).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ErrorKind {
            $(#[doc = concat!($code, ": ", $doc)] $kind,)*
        }

        impl ErrorKind {
            /// Prisma's code, `P2002` for instance.
            pub const fn code(self) -> &'static str {
                match self { $(ErrorKind::$kind => $code,)* }
            }

            /// The kind that has this code. Numbers and a loop: a `match` of so many strings is kilobytes of a Worker.
            pub fn from_code(code: &str) -> Option<Self> {
                const EVERY: &[(u16, ErrorKind)] = &[$((number($code), ErrorKind::$kind)),*];
                let wanted = number(code);
                EVERY.iter().find(|(number, _)| *number == wanted).map(|(_, kind)| *kind)
            }
        }
    };
}

/// The number of a code, which is a `P` and four digits; of anything else, a number that no code has.
const fn number(code: &str) -> u16 {
    let [b'P', digits @ ..] = code.as_bytes() else { return 0 };
    let (mut rest, mut number) = (digits, 0);
    while let [digit, after @ ..] = rest {
        if !digit.is_ascii_digit() || number > 999 {
            return 0;
        }
        number = number * 10 + (*digit - b'0') as u16;
        rest = after;
    }
    number
}

kinds! {
    "P1000" Authentication "the database refused the user or password."
    "P1001" Unreachable "the database cannot be reached."
    "P1002" ConnectTimeout "the database was reached and did not answer in time."
    "P1003" DatabaseMissing "the database does not exist."
    "P1008" OperationTimeout "the operation took too long."
    "P1010" AccessDenied "the user may not use the database."
    "P1011" Tls "the connection could not be made secure."
    "P1012" SchemaInvalid "the schema is not valid."
    "P1013" InvalidUrl "the database URL is not valid."
    "P1017" ConnectionClosed "the database closed the connection."
    "P2000" ValueTooLong "a value is too long for its column."
    "P2002" UniqueConstraint "a unique constraint was violated."
    "P2003" ForeignKeyConstraint "a foreign key constraint was violated."
    "P2004" Constraint "another constraint of the database was violated."
    "P2005" StoredValueInvalid "a stored value does not fit the field's type."
    "P2006" ValueInvalid "a given value does not fit the field's type."
    "P2007" DataValidation "the database refused a value."
    "P2008" QueryUnparsable "the query could not be parsed."
    "P2009" QueryInvalid "the query does not fit the schema."
    "P2010" RawQuery "a raw query failed."
    "P2011" NullConstraint "a null was given to a required column."
    "P2012" ValueMissing "a required value is missing."
    "P2013" ArgumentMissing "a required argument is missing."
    "P2014" RelationViolation "the change would break a required relation."
    "P2015" RelatedRecordMissing "a related record does not exist."
    "P2016" QueryInterpretation "the query could not be executed as asked."
    "P2017" NotConnected "the records of a relation are not connected."
    "P2018" ConnectedRecordsMissing "the records to connect were not found."
    "P2019" Input "the input is not valid."
    "P2020" ValueOutOfRange "a value is out of the type's range."
    "P2021" TableMissing "a table does not exist in the database."
    "P2022" ColumnMissing "a column does not exist in the database."
    "P2023" ColumnDataInvalid "a column holds data that does not fit the schema."
    "P2024" PoolTimeout "no connection became free in time."
    "P2025" RecordMissing "a record that the operation needs does not exist."
    "P2026" Unsupported "the database does not support what the query asks for."
    "P2027" Several "several errors of the database."
    "P2028" Transaction "an interactive transaction failed, ended or timed out."
    "P2029" ParameterLimit "the query has more parameters than the database takes."
    "P2030" FulltextIndexMissing "a full-text search has no index to use."
    "P2033" NumberTooLarge "a number does not fit into 64 bits."
    "P2034" WriteConflict "the transaction met a write conflict or a deadlock; try it again."
    "P2035" Assertion "the database found an inconsistency of its own."
    "P2036" External "a driver failed in a way that has no other code."
    "P2037" TooManyConnections "the database has no connections left."
    "P5000" BadRequest "the pool did not understand the request."
    "P5003" NotFound "the pool does not know what was asked for."
    "P5006" PoolFailed "the pool failed."
    "P5007" Unauthorized "the pool refused the key."
    "P5008" UsageExceeded "the key's allowance is used up."
    "P5009" PoolTimedOut "the pool did not answer in time."
    "P5010" PoolUnreachable "the pool cannot be reached."
    "P5011" TooManyRequests "the pool is refusing requests for now."
    "P5012" VersionUnsupported "the pool does not speak the client's version."
    "P6000" PoolError "the pool met an error that has no other code."
    "P6001" InvalidPoolUrl "the pool's URL is not valid."
    "P6002" Forbidden "the key may not do what was asked."
    "P6004" QueryTimeout "the query took longer than the pool allows."
    "P6005" ParameterRefused "the pool does not allow a parameter of the request."
    "P6008" PoolConnection "the pool could not reach the database."
    "P6009" AnswerTooLarge "the answer is larger than the pool allows."
}

impl Error {
    /// An error that says what happened and what to do next.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Error(Box::new(Inner { kind, message: message.into(), meta: Vec::new(), batch_index: None }))
    }

    /// An error as a pool told it.
    #[doc(hidden)]
    pub fn answered(
        kind: ErrorKind,
        message: String,
        meta: Vec<(Cow<'static, str>, Value)>,
        batch_index: Option<usize>,
    ) -> Self {
        Error(Box::new(Inner { kind, message, meta, batch_index }))
    }

    /// The answer does not have the form that was asked for.
    #[cold]
    pub fn unexpected_answer(wanted: &str) -> Self {
        Error::new(
            ErrorKind::ColumnDataInvalid,
            // Neither `format!` nor `concat`, which can panic in words: this is compiled into every Worker.
            ["the answer does not hold ", wanted, " where the client expects it; generate the client again"]
                .into_iter()
                .collect::<String>(),
        )
    }

    /// Adds a fact for programs: Prisma's `meta` (`target`, `modelName`, `cause`, …).
    #[must_use]
    pub fn with(mut self, key: impl Into<Cow<'static, str>>, value: Value) -> Self {
        self.0.meta.push((key.into(), value));
        self
    }

    /// Says which operation of a batch failed, counted from 0.
    #[must_use]
    pub fn in_batch(mut self, index: usize) -> Self {
        self.0.batch_index = Some(index);
        self
    }

    /// What went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Prisma's code, `P2002` for instance.
    pub fn code(&self) -> &'static str {
        self.0.kind.code()
    }

    /// The text for people, without the code.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Every fact for programs, in the order in which they were added.
    pub fn meta(&self) -> &[(Cow<'static, str>, Value)] {
        &self.0.meta
    }

    /// A fact for programs.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.meta.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// Which operation of a batch failed, counted from 0.
    pub fn batch_index(&self) -> Option<usize> {
        self.0.batch_index
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())?;
        f.write_str(": ")?;
        f.write_str(self.message())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("message", &self.0.message)
            .field("meta", &self.0.meta)
            .finish_non_exhaustive()
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_found_again() {
        assert_eq!(ErrorKind::from_code("P2002"), Some(ErrorKind::UniqueConstraint));
        for unknown in ["", "P", "P0000", "P9999", "P200", "P20020", "P200x", "2002", "Q2002"] {
            assert_eq!(ErrorKind::from_code(unknown), None, "{unknown}");
        }
        let error = Error::new(ErrorKind::RecordMissing, "no such user").with("modelName", Value::Text("User".into()));
        assert_eq!(error.to_string(), "P2025: no such user");
        assert_eq!(error.get("modelName"), Some(&Value::Text("User".into())));
    }
}
