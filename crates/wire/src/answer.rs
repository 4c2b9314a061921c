//! Answers become text: the JSON of Prisma's clients, or rows by position.
//!
//! Both are written straight from the [`Cursor`] of the engine. What a cell holds follows from the query and the catalog.

use crate::{
    error,
    json::Writer,
    names,
    scalar::{base64, decimal, moment, sixteen, uuid},
    words,
};
use lenslet_core::{
    catalog::{Arity, Catalog, Field, Model, Provider, ScalarType},
    cursor::{Cursor, RawColumn, RawType},
    error::{Error, ErrorKind},
    query::{Action, Aggregate, FieldId, Query, Selected},
};
use std::borrow::Cow;

use crate::decode::Type;

/// How an answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// As Prisma's clients read it: objects, and tags on values that JSON has no form for.
    Objects,
    /// [`ROWS`]: a list of rows, a row the list of its cells in the order of the selection. Moments are microseconds,
    /// decimals and documents are text, bytes are base64.
    Rows,
}

/// Bytes of an answer of a row or a few.
const USUAL: usize = 512;

/// The media type of [`Form::Rows`].
pub const ROWS: &str = "application/vnd.lenslet.rows+json";

/// The whole answer of one query: its rows, or why there are none.
pub fn one<C: Cursor>(form: Form, query: &Query, catalog: &Catalog, answer: Result<C, Error>) -> String {
    answer
        .and_then(|cursor| found(form, query, catalog, cursor))
        .unwrap_or_else(|error| error::write(&words::of(form, &error)))
}

/// The whole answer of a query that has one.
///
/// # Errors
/// P2025 where the operation needs a row and there is none; those of the cursor.
pub fn found<C: Cursor>(form: Form, query: &Query, catalog: &Catalog, mut cursor: C) -> Result<String, Error> {
    let mut out = Writer::with_capacity(USUAL);
    entry(form, query, catalog, &mut cursor, &mut out)?;
    Ok(out.finish())
}

/// The whole answer of a batch, one entry a query. In a transaction the first error is the answer; otherwise an error is
/// the answer of its own query only.
pub fn batch<C: Cursor>(
    form: Form,
    catalog: &Catalog,
    answers: impl IntoIterator<Item = Result<(Query, C), Error>>,
    transaction: bool,
) -> String {
    let mut out = Writer::with_capacity(USUAL);
    if form == Form::Objects {
        out.open('{');
        out.key("batchResult");
    }
    out.open('[');
    for (index, answer) in answers.into_iter().enumerate() {
        let begin = out.length();
        let written = answer.and_then(|(query, mut cursor)| entry(form, &query, catalog, &mut cursor, &mut out));
        match written {
            Ok(()) => {}
            Err(error) if transaction && error.batch_index().is_none() => {
                return error::write(&words::of(form, &error.in_batch(index)));
            }
            Err(error) if transaction => return error::write(&words::of(form, &error)),
            Err(error) => {
                out.truncate(begin);
                out.raw(&error::write(&words::of(form, &error)));
            }
        }
    }
    out.close(']');
    if form == Form::Objects {
        out.close('}');
    }
    out.finish()
}

/// The answer of one query, as it stands by itself or in a batch.
fn entry<C: Cursor>(
    form: Form,
    query: &Query,
    catalog: &Catalog,
    cursor: &mut C,
    out: &mut Writer,
) -> Result<(), Error> {
    if form == Form::Rows {
        return write(form, query, catalog, cursor, out);
    }
    let model = catalog.models.get(usize::from(query.model.index));
    let name = model.map_or("", |model| model.name.as_ref());
    out.open('{');
    out.key("data");
    out.open('{');
    out.key(&names::operation(query.action.name(), name));
    write(form, query, catalog, cursor, out)?;
    out.close('}');
    out.close('}');
    Ok(())
}

/// What the engine answered, without anything around it.
///
/// # Errors
/// Those of the cursor, or P2025 where the operation needs a row and there is none. What was written so far is then to be
/// thrown away.
pub fn write<C: Cursor>(
    form: Form,
    query: &Query,
    catalog: &Catalog,
    cursor: &mut C,
    out: &mut Writer,
) -> Result<(), Error> {
    let answer = Answer { form, catalog, rows: form == Form::Rows };
    match &query.action {
        Action::QueryRaw(_) => answer.raw(cursor, out),
        Action::ExecuteRaw(_) => answer.number(cursor, None, out),
        Action::CreateMany(_) | Action::UpdateMany(_) | Action::DeleteMany => answer.number(cursor, Some("count"), out),
        action => {
            let Some(model) = catalog.models.get(usize::from(query.model.index)) else {
                return Err(Error::unexpected_answer("a model of the schema"));
            };
            let expected = expected(action);
            answer.list(model, &query.selection, expected, cursor, out)
        }
    }
}

/// How many rows there may be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expected {
    Many,
    Perhaps,
    One,
}

fn expected(action: &Action) -> Expected {
    match action {
        Action::FindUnique | Action::FindFirst => Expected::Perhaps,
        Action::FindMany
        | Action::CreateManyAndReturn(_)
        | Action::UpdateManyAndReturn(_)
        | Action::GroupBy(_)
        | Action::QueryRaw(_) => Expected::Many,
        _ => Expected::One,
    }
}

struct Answer<'c> {
    form: Form,
    catalog: &'c Catalog,
    rows: bool,
}

impl Answer<'_> {
    /// A list of rows; where one row at most is expected and objects are written, that row or null.
    fn list<C: Cursor>(
        &self,
        model: &Model,
        selection: &[Selected],
        expected: Expected,
        cursor: &mut C,
        out: &mut Writer,
    ) -> Result<(), Error> {
        let brackets = self.rows || expected == Expected::Many;
        cursor.enter()?;
        if brackets {
            out.open('[');
        }
        let mut found = false;
        while cursor.next_row()? {
            if found && expected != Expected::Many {
                return Err(Error::unexpected_answer("one row at most"));
            }
            found = true;
            self.row(model, selection, cursor, out)?;
        }
        match (found, expected) {
            (false, Expected::One) => return Err(missing()),
            (false, Expected::Perhaps) if !brackets => out.null(),
            _ => {}
        }
        if brackets {
            out.close(']');
        }
        Ok(())
    }

    fn row<C: Cursor>(
        &self,
        model: &Model,
        selection: &[Selected],
        cursor: &mut C,
        out: &mut Writer,
    ) -> Result<(), Error> {
        out.open(if self.rows { '[' } else { '{' });
        for selected in selection {
            match selected {
                Selected::Columns(columns) => {
                    for column in columns.iter() {
                        self.key(model, *column, out);
                        self.column(model, *column, None, cursor, out)?;
                    }
                }
                Selected::Relation(relation) => {
                    self.key(model, relation.field, out);
                    let field = model.fields.get(usize::from(relation.field.index));
                    let to = field.and_then(|field| Some((field.arity, field.relation()?.model)));
                    let (arity, to) = to.ok_or_else(|| Error::unexpected_answer("a relation of the schema"))?;
                    let to = self.catalog.models.get(usize::from(to));
                    let to = to.ok_or_else(|| Error::unexpected_answer("a model of the schema"))?;
                    let expected = match arity {
                        Arity::List => Expected::Many,
                        _ => Expected::Perhaps,
                    };
                    self.list(to, &relation.selection, expected, cursor, out)?;
                }
                Selected::RelationCounts(counts) => self.group("_count", out, |out| {
                    counts.iter().try_for_each(|(relation, _)| {
                        self.key(model, *relation, out);
                        out.integer(cursor.integer()?);
                        Ok(())
                    })
                })?,
                Selected::Aggregate(aggregate, fields) => self.group(aggregate.name(), out, |out| {
                    fields.iter().try_for_each(|field| match field {
                        Some(field) => {
                            self.key(model, *field, out);
                            self.column(model, *field, Some(*aggregate), cursor, out)
                        }
                        None => {
                            self.name("_all", out);
                            out.integer(cursor.integer()?);
                            Ok(())
                        }
                    })
                })?,
            }
        }
        out.close(if self.rows { ']' } else { '}' });
        Ok(())
    }

    /// Cells that stand together under a name.
    fn group(
        &self,
        name: &str,
        out: &mut Writer,
        cells: impl FnOnce(&mut Writer) -> Result<(), Error>,
    ) -> Result<(), Error> {
        if self.rows {
            return cells(out);
        }
        out.key(name);
        out.open('{');
        cells(out)?;
        out.close('}');
        Ok(())
    }

    fn key(&self, model: &Model, field: FieldId, out: &mut Writer) {
        if let Some(field) = model.fields.get(usize::from(field.index)) {
            self.name(&field.name, out);
        }
    }

    fn name(&self, name: &str, out: &mut Writer) {
        if !self.rows {
            out.key(name);
        }
    }

    fn column<C: Cursor>(
        &self,
        model: &Model,
        field: FieldId,
        aggregate: Option<Aggregate>,
        cursor: &mut C,
        out: &mut Writer,
    ) -> Result<(), Error> {
        let field = model.fields.get(usize::from(field.index));
        let ty = field.and_then(|field| Some((field, Type::of(field.column()?)?)));
        let (field, ty) = ty.ok_or_else(|| Error::unexpected_answer("a column of the schema"))?;
        let ty = match aggregate {
            Some(Aggregate::Count) => Type::Scalar(ScalarType::Int),
            Some(Aggregate::Avg) if !ty.is(ScalarType::Decimal) => Type::Scalar(ScalarType::Float),
            _ => ty,
        };
        let list = field.arity == Arity::List && matches!(aggregate, None | Some(Aggregate::Min | Aggregate::Max));
        if cursor.null()? {
            // A list that was never given is null in the database, and empty for everyone else.
            match list && aggregate.is_none() {
                true => out.raw("[]"),
                false => out.null(),
            }
            return Ok(());
        }
        let oid = || field.column().and_then(|it| it.native_type.as_ref()).is_some_and(|native| native.name == "Oid");
        if ty.is(ScalarType::Int) && !list && aggregate.is_none() && self.form == Form::Objects && !oid() {
            return fitting(&field.name, cursor.integer()?).map(|value| out.integer(value));
        }
        if ty.is(ScalarType::Decimal) && aggregate.is_some() && self.computes_floats() {
            let text = cursor.text()?;
            let computed = text.parse().ok().filter(|_| text.contains('.'));
            let rounded = computed.map(|value| Cow::Owned(sixteen::digits(value).to_string()));
            tagged("Decimal", out, |out| out.text(decimal::normal(&rounded.unwrap_or(text))));
            return Ok(());
        }
        if aggregate == Some(Aggregate::Avg) && ty.is(ScalarType::Float) && self.averages_exactly(field) {
            float(cursor.float()?, out);
            return Ok(());
        }
        if !list {
            return self.scalar(ty, cursor, out);
        }
        out.open('[');
        cursor.enter_list()?;
        while cursor.next_item()? {
            match cursor.null()? {
                true => out.null(),
                false => self.scalar(ty, cursor, out)?,
            }
        }
        out.close(']');
        Ok(())
    }

    /// Whether aggregates of decimals are numbers of sixteen digits: SQLite computes them as floating point numbers.
    fn computes_floats(&self) -> bool {
        self.form == Form::Objects && self.catalog.provider == Provider::Sqlite
    }

    /// Whether the average of a column is a decimal number first: that of whole numbers is, but on SQLite.
    fn averages_exactly(&self, field: &Field) -> bool {
        let whole = |ty: Type| ty.is(ScalarType::Int) || ty.is(ScalarType::BigInt);
        self.catalog.provider != Provider::Sqlite && field.column().and_then(Type::of).is_some_and(whole)
    }

    /// A cell that is not null.
    fn scalar<C: Cursor>(&self, ty: Type, cursor: &mut C, out: &mut Writer) -> Result<(), Error> {
        let scalar = match ty {
            Type::Uuid => {
                let bytes = cursor.uuid()?;
                out.plain(|out| uuid::write(out, &bytes));
                return Ok(());
            }
            Type::Enum(_) => ScalarType::String,
            Type::Scalar(scalar) => scalar,
        };
        match scalar {
            ScalarType::String => out.text(&cursor.text()?),
            ScalarType::Boolean => out.boolean(cursor.boolean()?),
            ScalarType::Int => out.integer(cursor.integer()?),
            ScalarType::Float if self.rows => float(cursor.float()?, out),
            ScalarType::Float => float(sixteen::digits(cursor.float()?), out),
            ScalarType::BigInt if self.rows => out.integer(cursor.integer()?),
            ScalarType::BigInt => {
                let value = cursor.integer()?;
                tagged("BigInt", out, |out| out.plain(|out| crate::scalar::integer::write(out, value)));
            }
            ScalarType::Decimal => {
                let text = cursor.text()?;
                self.tagged("Decimal", out, |out| out.text(decimal::normal(&text)));
            }
            ScalarType::Json => {
                let text = cursor.text()?;
                match self.form {
                    Form::Rows => out.text(&text),
                    Form::Objects => tagged("Json", out, |out| out.text(&compact(&text))),
                }
            }
            ScalarType::Bytes => {
                let bytes = cursor.bytes()?;
                self.tagged("Bytes", out, |out| out.plain(|out| base64::write(out, &bytes)));
            }
            ScalarType::DateTime if self.rows => out.integer(cursor.date_time()?),
            ScalarType::DateTime => {
                let micros = cursor.date_time()?;
                tagged("DateTime", out, |out| {
                    out.plain(|out| {
                        moment::write(out, micros, moment::Fraction::Milliseconds);
                        out.push('Z');
                    });
                });
            }
        }
        Ok(())
    }

    fn tagged(&self, tag: &str, out: &mut Writer, value: impl FnOnce(&mut Writer)) {
        match self.form {
            Form::Rows => value(out),
            Form::Objects => tagged(tag, out, value),
        }
    }

    /// How many rows were written, or nothing of that when there is no row: zero.
    fn number<C: Cursor>(&self, cursor: &mut C, name: Option<&str>, out: &mut Writer) -> Result<(), Error> {
        cursor.enter()?;
        let mut count = 0;
        while cursor.next_row()? {
            count = cursor.integer()?;
        }
        if self.rows {
            out.open('[');
            out.open('[');
            out.integer(count);
            out.close(']');
            out.close(']');
        } else if let Some(name) = name {
            out.open('{');
            out.key(name);
            out.integer(count);
            out.close('}');
        } else {
            out.integer(count);
        }
        Ok(())
    }

    /// Rows of raw SQL, for Prisma's clients with the names and types of the columns.
    fn raw<C: Cursor>(&self, cursor: &mut C, out: &mut Writer) -> Result<(), Error> {
        cursor.enter()?;
        let columns = cursor.columns().to_vec();
        if !self.rows {
            out.open('{');
            out.key("columns");
            out.open('[');
            columns.iter().for_each(|column| out.text(&column.name));
            out.close(']');
            out.key("types");
            out.open('[');
            columns.iter().for_each(|column| out.text(&raw_name(column)));
            out.close(']');
            out.key("rows");
        }
        out.open('[');
        while cursor.next_row()? {
            out.open('[');
            for column in &columns {
                self.raw_cell(column, cursor, out)?;
            }
            out.close(']');
        }
        out.close(']');
        if !self.rows {
            out.close('}');
        }
        Ok(())
    }

    fn raw_cell<C: Cursor>(&self, column: &RawColumn, cursor: &mut C, out: &mut Writer) -> Result<(), Error> {
        if cursor.null()? {
            out.null();
            return Ok(());
        }
        if !column.list {
            return self.raw_scalar(column.ty, cursor, out);
        }
        out.open('[');
        cursor.enter_list()?;
        while cursor.next_item()? {
            match cursor.null()? {
                true => out.null(),
                false => self.raw_scalar(column.ty, cursor, out)?,
            }
        }
        out.close(']');
        Ok(())
    }

    fn raw_scalar<C: Cursor>(&self, ty: RawType, cursor: &mut C, out: &mut Writer) -> Result<(), Error> {
        match ty {
            RawType::Boolean => out.boolean(cursor.boolean()?),
            RawType::Int => out.integer(cursor.integer()?),
            RawType::BigInt if self.rows => out.integer(cursor.integer()?),
            RawType::BigInt => {
                let value = cursor.integer()?;
                out.plain(|out| crate::scalar::integer::write(out, value));
            }
            RawType::Float | RawType::Double => float(cursor.float()?, out),
            RawType::Decimal | RawType::Text | RawType::Enum => out.text(&cursor.text()?),
            RawType::Json if self.rows => out.text(&cursor.text()?),
            RawType::Json => out.raw(&cursor.text()?),
            RawType::Bytes => {
                let bytes = cursor.bytes()?;
                out.plain(|out| base64::write(out, &bytes));
            }
            RawType::Uuid => {
                let bytes = cursor.uuid()?;
                out.plain(|out| uuid::write(out, &bytes));
            }
            RawType::DateTime | RawType::Date | RawType::Time => {
                let micros = cursor.date_time()?;
                if self.rows {
                    out.integer(micros);
                } else {
                    out.plain(|out| raw_moment(ty, micros, out));
                }
            }
        }
        Ok(())
    }
}

fn raw_moment(ty: RawType, micros: i64, out: &mut String) {
    match ty {
        RawType::Date => moment::write_date(out, micros),
        RawType::Time => moment::write_time(out, micros, moment::Fraction::AsNeeded),
        _ => {
            moment::write(out, micros, moment::Fraction::AsNeeded);
            out.push_str("+00:00");
        }
    }
}

fn raw_name(column: &RawColumn) -> String {
    let name = match column.ty {
        RawType::Boolean => "bool",
        RawType::Int => "int",
        RawType::BigInt => "bigint",
        RawType::Float => "float",
        RawType::Double => "double",
        RawType::Decimal => "decimal",
        // Which columns are of an enum is not what Prisma's clients ask for.
        RawType::Text | RawType::Enum => "string",
        RawType::Bytes => "bytes",
        RawType::Json => "json",
        RawType::Uuid => "uuid",
        RawType::DateTime => "datetime",
        RawType::Date => "date",
        RawType::Time => "time",
    };
    [name, if column.list { "-array" } else { "" }].concat()
}

/// A document without the spaces that the database puts between its parts, as Prisma's engine sends it.
fn compact(document: &str) -> Cow<'_, str> {
    if !document.bytes().any(|byte| byte.is_ascii_whitespace()) {
        return Cow::Borrowed(document);
    }
    let mut kept = String::with_capacity(document.len());
    let (mut quoted, mut escaped) = (false, false);
    for letter in document.chars() {
        if quoted || !letter.is_ascii_whitespace() {
            kept.push(letter);
        }
        quoted ^= letter == '"' && !escaped;
        escaped = letter == '\\' && !escaped;
    }
    Cow::Owned(kept)
}

fn tagged(tag: &str, out: &mut Writer, value: impl FnOnce(&mut Writer)) {
    out.open('{');
    out.key("$type");
    out.text(tag);
    out.key("value");
    value(out);
    out.close('}');
}

/// The fewest digits that read back as the same number.
fn float(value: f64, out: &mut Writer) {
    if !value.is_finite() {
        return out.float(value);
    }
    let text = format!("{value:?}");
    out.raw(text.strip_suffix(".0").unwrap_or(&text));
}

/// A number of a column of 32 bits, which SQLite does not keep to.
fn fitting(column: &str, value: i64) -> Result<i64, Error> {
    i32::try_from(value).map(i64::from).map_err(|_| {
        let message = format!("Conversion failed: {value} in column '{column}' does not fit into 32 bits");
        Error::new(ErrorKind::ColumnDataInvalid, format!("Inconsistent column data: {message}"))
            .with("message", lenslet_core::value::Value::Text(message))
    })
}

fn missing() -> Error {
    let cause = "No record was found for a query.";
    let message = "An operation failed because it depends on one or more records that were required but not found.";
    Error::new(ErrorKind::RecordMissing, format!("{message} {cause}"))
        .with("cause", lenslet_core::value::Value::Text(cause.into()))
}
