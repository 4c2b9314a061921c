//! Parameters on their way into a statement.

use crate::inputs::unknown;
use crate::{
    inputs::{Input, Inputs},
    write::given,
};
use lenslet_core::{
    catalog::{Catalog, ScalarType},
    error::Error,
    query::{JsonPath, Write},
    value::Value,
};
use lenslet_sql::{Bind, Encoding, Kind, Parameter, Source, Type, write::Cell};
use rusqlite::{
    Result, Statement, ToSql,
    types::{ToSqlOutput, Value as Sql, ValueRef},
};
use std::{fmt::Write as _, rc::Rc};

/// A list that is bound as one parameter.
pub(crate) type SqlList = Rc<Vec<Sql>>;

/// The keys of the parent rows, as the driver takes them.
#[derive(Clone, Debug)]
pub(crate) enum Keys {
    /// Keys of one column.
    Single(SqlList),
    /// Keys of several columns, as a JSON array of arrays.
    Tuples(String),
}

/// What is bound: borrowed from the query where that is possible.
enum Bound<'a> {
    Null,
    Integer(i64),
    Real(f64),
    Text(&'a str),
    Blob(&'a [u8]),
    Owned(Sql),
    List(SqlList),
}

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        Ok(match self {
            Bound::Null => ToSqlOutput::Borrowed(ValueRef::Null),
            Bound::Integer(value) => ToSqlOutput::Borrowed(ValueRef::Integer(*value)),
            Bound::Real(value) => ToSqlOutput::Borrowed(ValueRef::Real(*value)),
            Bound::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Bound::Blob(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
            Bound::Owned(value) => ToSqlOutput::Borrowed(value.into()),
            Bound::List(list) => return list.to_sql(),
        })
    }
}

impl Bound<'_> {
    fn into_sql(self) -> Sql {
        match self {
            Bound::Null | Bound::List(_) => Sql::Null,
            Bound::Integer(value) => Sql::Integer(value),
            Bound::Real(value) => Sql::Real(value),
            Bound::Text(text) => Sql::Text(text.into()),
            Bound::Blob(bytes) => Sql::Blob(bytes.into()),
            Bound::Owned(value) => value,
        }
    }
}

/// Why a parameter cannot be bound.
pub(crate) enum BindError {
    /// The driver refuses it.
    Driver(rusqlite::Error),
    /// The engine does.
    Engine(Error),
}

impl From<rusqlite::Error> for BindError {
    fn from(error: rusqlite::Error) -> Self {
        BindError::Driver(error)
    }
}

/// Binds the parameters of a statement.
pub(crate) fn bind(
    statement: &mut Statement<'_>,
    binds: &[Bind],
    inputs: &Inputs<'_>,
    keys: Option<&Keys>,
    catalog: &Catalog,
) -> Result<(), BindError> {
    for (at, bind) in (1..).zip(binds) {
        let bound = resolve(bind, inputs, keys, catalog).map_err(BindError::Engine)?;
        statement.raw_bind_parameter(at, bound)?;
    }
    Ok(())
}

/// Binds a row of a list after others: what it gives, and for the rest what the plan says.
pub(crate) fn bind_row(
    statement: &mut Statement<'_>,
    position: usize,
    cells: &[Cell],
    row: &Write,
    inputs: &Inputs<'_>,
    catalog: &Catalog,
) -> Result<(), BindError> {
    for (at, cell) in cells.iter().enumerate() {
        let bound = match cell.given.and_then(|field| given(row, field, at)) {
            Some(value) => encode(value, cell.bind.encoding, catalog),
            None => resolve(&cell.bind, inputs, None, catalog).map_err(BindError::Engine)?,
        };
        statement.raw_bind_parameter(position * cells.len() + at + 1, bound)?;
    }
    Ok(())
}

fn resolve<'a>(
    bind: &'a Bind,
    inputs: &Inputs<'a>,
    keys: Option<&Keys>,
    catalog: &'a Catalog,
) -> Result<Bound<'a>, Error> {
    match &bind.source {
        Source::Parameter(at) => match inputs.parameters.get(*at as usize) {
            Some(Parameter::Value(value)) => Ok(encode(value, bind.encoding, catalog)),
            Some(Parameter::Number(number)) => inputs.number(**number, bind.encoding).map(Bound::Integer),
            Some(Parameter::Path(path)) => Ok(Bound::Owned(Sql::Text(json_path(path)))),
            Some(Parameter::Rows(_)) | None => Err(unknown(&bind.source)),
        },
        Source::Number(number) => Ok(Bound::Integer(*number)),
        Source::Constant(value) => Ok(encode(value, bind.encoding, catalog)),
        Source::Keys(_) => match keys {
            Some(Keys::Single(list)) => Ok(Bound::List(Rc::clone(list))),
            Some(Keys::Tuples(json)) => Ok(Bound::Owned(Sql::Text(json.clone()))),
            None => Err(unknown(&bind.source)),
        },
        source => match inputs.steps.input(source) {
            Some(Input::Value(value)) => Ok(Bound::Owned(encode(&value, bind.encoding, catalog).into_sql())),
            Some(Input::List(values)) => {
                let ty = match bind.encoding {
                    Encoding::Value(ty) | Encoding::List(ty) => ty.item(),
                    _ => Type::one(Kind::Any),
                };
                let list = values.into_iter().map(|value| scalar(value, ty, catalog).into_sql());
                Ok(Bound::List(Rc::new(list.collect())))
            }
            Some(Input::Tuples(tuples)) => {
                let tuples = tuples.into_iter().map(|tuple| {
                    let cells = tuple.into_iter().map(|value| scalar(value, Type::one(Kind::Any), catalog).into_sql());
                    cells.collect::<Vec<_>>()
                });
                Ok(Bound::Owned(Sql::Text(json_tuples(tuples))))
            }
            None => Err(unknown(source)),
        },
    }
}

fn encode<'a>(value: &'a Value, encoding: Encoding, catalog: &'a Catalog) -> Bound<'a> {
    match encoding {
        Encoding::Value(ty) => scalar(value, ty, catalog),
        Encoding::List(ty) => match value {
            Value::List(items) => {
                let items = items.iter().map(|item| scalar(item, ty, catalog).into_sql());
                Bound::List(Rc::new(items.collect()))
            }
            one => Bound::List(Rc::new(vec![scalar(one, ty, catalog).into_sql()])),
        },
        Encoding::Contains => pattern("%", value, "%"),
        Encoding::StartsWith => pattern("", value, "%"),
        Encoding::EndsWith => pattern("%", value, ""),
        Encoding::Tuples | Encoding::Magnitude | Encoding::Through(_) | Encoding::JsonPath => {
            scalar(value, Type::one(Kind::Any), catalog)
        }
    }
}

fn pattern<'a>(before: &str, value: &Value, after: &str) -> Bound<'a> {
    match value {
        Value::Text(text) | Value::Decimal(text) | Value::Json(text) => {
            Bound::Owned(Sql::Text(format!("{before}{text}{after}")))
        }
        _ => Bound::Null,
    }
}

/// A value as SQLite stores it: booleans as numbers, moments as milliseconds, decimals as numbers, everything else as it is.
fn scalar<'a>(value: &'a Value, ty: Type, catalog: &'a Catalog) -> Bound<'a> {
    match value {
        Value::Null | Value::Column(_) => Bound::Null,
        Value::Bool(value) => Bound::Integer((*value).into()),
        Value::Int(value) => match ty.kind {
            Kind::Scalar(ScalarType::Float) => Bound::Real(*value as f64),
            _ => Bound::Integer(*value),
        },
        Value::Float(value) => Bound::Real(*value),
        Value::Decimal(text) => decimal(text),
        Value::Text(text) => Bound::Text(text),
        Value::Enum(name) => Bound::Text(variant(name, ty, catalog)),
        Value::DateTime(microseconds) => Bound::Integer(microseconds.div_euclid(1000)),
        Value::Json(text) => Bound::Text(text),
        Value::Bytes(bytes) => Bound::Blob(bytes),
        Value::Uuid(bytes) => Bound::Owned(Sql::Text(uuid(bytes))),
        // SQLite has no lists: the planner does not let one come here, but raw SQL might.
        Value::List(items) => {
            let items = items.iter().map(|item| scalar(item, ty.item(), catalog).into_sql());
            Bound::List(Rc::new(items.collect()))
        }
    }
}

fn decimal(text: &str) -> Bound<'_> {
    if let Ok(integer) = text.parse() {
        return Bound::Integer(integer);
    }
    match text.parse() {
        Ok(real) => Bound::Real(real),
        Err(_) => Bound::Text(text),
    }
}

/// The name of a variant in the database.
fn variant<'a>(name: &'a str, ty: Type, catalog: &'a Catalog) -> &'a str {
    let Kind::Enum(at) = ty.kind else { return name };
    let variants = catalog.enums.get(usize::from(at)).map(|it| &it.variants);
    let found = variants.and_then(|variants| variants.iter().find(|it| it.name == name));
    found.map_or(name, |variant| &variant.db_name)
}

pub(crate) fn uuid(bytes: &[u8; 16]) -> String {
    let mut text = String::with_capacity(36);
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// `$."a"[0]`
fn json_path(path: &JsonPath) -> String {
    match path {
        JsonPath::Expression(text) => text.clone(),
        JsonPath::Steps(steps) => {
            let mut text = String::from("$");
            for step in steps {
                let position = !step.is_empty() && step.bytes().all(|byte| byte.is_ascii_digit());
                // SQLite knows no escapes in keys; one with a quote cannot be reached.
                let _ = if position { write!(text, "[{step}]") } else { write!(text, ".\"{step}\"") };
            }
            text
        }
    }
}

/// `[[1,"a"],[2,"b"]]`
pub(crate) fn json_tuples(tuples: impl IntoIterator<Item = Vec<Sql>>) -> String {
    let mut text = String::from("[");
    for (at, tuple) in tuples.into_iter().enumerate() {
        text.push_str(if at > 0 { ",[" } else { "[" });
        for (at, cell) in tuple.iter().enumerate() {
            text.push_str(if at > 0 { "," } else { "" });
            json_cell(&mut text, cell);
        }
        text.push(']');
    }
    text.push(']');
    text
}

fn json_cell(text: &mut String, cell: &Sql) {
    // Writing to a string cannot fail.
    let _ = match cell {
        Sql::Null => write!(text, "null"),
        Sql::Integer(value) => write!(text, "{value}"),
        Sql::Real(value) => write!(text, "{value:?}"),
        Sql::Text(value) => {
            json_text(text, value);
            Ok(())
        }
        Sql::Blob(bytes) => {
            text.push('"');
            for byte in bytes {
                let _ = write!(text, "{byte:02x}");
            }
            text.push('"');
            Ok(())
        }
    };
}

fn json_text(text: &mut String, value: &str) {
    text.push('"');
    for letter in value.chars() {
        let _ = match letter {
            '"' | '\\' => write!(text, "\\{letter}"),
            '\0'..='\u{1f}' => write!(text, "\\u{:04x}", u32::from(letter)),
            _ => write!(text, "{letter}"),
        };
    }
    text.push('"');
}
