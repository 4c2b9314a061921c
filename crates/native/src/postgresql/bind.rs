//! Parameters on their way into a statement.
//!
//! What a statement is prepared for decides the form: a value goes in PostgreSQL's binary form where it is of the type
//! that the statement wants, and as text otherwise, which the server reads as that type or refuses.

use super::moment;
use crate::inputs::unknown;
use crate::inputs::{Input, Inputs};
use bytes::BytesMut;
use lenslet_core::{catalog::Catalog, error::Error, query::JsonPath, value::Value};
use lenslet_sql::{Bind, Encoding, Kind, Parameter, Source, Type};
use std::{
    borrow::Cow,
    fmt::{self, Write as _},
};
use tokio_postgres::types::{Kind as SqlKind, Type as SqlType};

/// What is bound: borrowed from the query where that is possible.
#[derive(Clone, PartialEq)]
pub(crate) enum Bound<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Cow<'a, str>),
    /// Microseconds since 1970.
    Moment(i64),
    Bytes(Cow<'a, [u8]>),
    Uuid([u8; 16]),
    List(Vec<Bound<'a>>),
}

/// Whoever writes parameters into a log must ask for them, see [`shown`].
impl fmt::Debug for Bound<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("_")
    }
}

/// Parameters, for those who may see them.
pub(crate) fn shown(parameters: &[Bound<'_>]) -> String {
    let shown = parameters.iter().map(|it| {
        let mut text = String::new();
        match it {
            Bound::Null => text.push_str("NULL"),
            it => it.put_text(&mut text),
        }
        text
    });
    format!("[{}]", shown.collect::<Vec<_>>().join(", "))
}

/// The keys of the parent rows: for each column of the key, one list.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keys {
    pub(crate) columns: Vec<Vec<Value>>,
    /// Whether nobody asks for them.
    pub(crate) unasked: bool,
}

/// The parameters of a statement.
pub(crate) fn bind<'a>(
    binds: &'a [Bind],
    inputs: &Inputs<'a>,
    keys: Option<&Keys>,
    catalog: &'a Catalog,
) -> Result<Vec<Bound<'a>>, Error> {
    binds.iter().map(|bind| resolve(bind, inputs, keys, catalog)).collect()
}

/// One parameter of a statement.
pub(crate) fn resolve<'a>(
    bind: &'a Bind,
    inputs: &Inputs<'a>,
    keys: Option<&Keys>,
    catalog: &'a Catalog,
) -> Result<Bound<'a>, Error> {
    match &bind.source {
        Source::Parameter(at) => match inputs.parameters.get(*at as usize) {
            Some(Parameter::Value(value)) => Ok(encode(value, bind.encoding, catalog)),
            Some(Parameter::Number(number)) => inputs.number(**number, bind.encoding).map(Bound::Int),
            Some(Parameter::Path(path)) => Ok(Bound::List(json_path(path))),
            Some(Parameter::Rows(_)) | None => Err(unknown(&bind.source)),
        },
        Source::Number(number) => Ok(Bound::Int(*number)),
        Source::Constant(value) => Ok(encode(value, bind.encoding, catalog)),
        Source::Keys(column) => {
            let column = usize::from(column.unwrap_or(0));
            let values = keys.and_then(|keys| keys.columns.get(column)).ok_or_else(|| unknown(&bind.source))?;
            let ty = type_of(bind.encoding);
            Ok(Bound::List(values.iter().map(|value| scalar(value, ty, catalog).into_owned()).collect()))
        }
        source => match inputs.steps.input(source) {
            Some(Input::Value(value)) => Ok(encode(&value, bind.encoding, catalog).into_owned()),
            Some(Input::List(values)) => {
                let ty = type_of(bind.encoding);
                Ok(Bound::List(values.into_iter().map(|value| scalar(value, ty, catalog).into_owned()).collect()))
            }
            Some(Input::Tuples(_)) | None => Err(unknown(source)),
        },
    }
}

fn type_of(encoding: Encoding) -> Type {
    match encoding {
        Encoding::Value(ty) | Encoding::List(ty) => ty.item(),
        _ => Type::one(Kind::Any),
    }
}

/// A value of the query, in the form that a statement asks for.
pub(crate) fn encode<'a>(value: &'a Value, encoding: Encoding, catalog: &'a Catalog) -> Bound<'a> {
    match encoding {
        Encoding::Value(ty) => scalar(value, ty, catalog),
        Encoding::List(ty) => match value {
            Value::List(items) => Bound::List(items.iter().map(|item| scalar(item, ty, catalog)).collect()),
            one => Bound::List(vec![scalar(one, ty, catalog)]),
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
            Bound::Text(format!("{before}{text}{after}").into())
        }
        _ => Bound::Null,
    }
}

fn scalar<'a>(value: &'a Value, ty: Type, catalog: &'a Catalog) -> Bound<'a> {
    match value {
        Value::Null | Value::Column(_) => Bound::Null,
        Value::List(items) => Bound::List(items.iter().map(|item| scalar(item, ty.item(), catalog)).collect()),
        // What is pushed to a list is a list, too.
        one if ty.list => Bound::List(vec![scalar(one, ty.item(), catalog)]),
        Value::Bool(value) => Bound::Bool(*value),
        Value::Int(value) => Bound::Int(*value),
        Value::Float(value) => Bound::Float(*value),
        Value::Decimal(text) | Value::Text(text) | Value::Json(text) => Bound::Text(Cow::Borrowed(text)),
        Value::Enum(name) => Bound::Text(Cow::Borrowed(variant(name, ty, catalog))),
        Value::DateTime(microseconds) => Bound::Moment(*microseconds),
        Value::Bytes(bytes) => Bound::Bytes(Cow::Borrowed(bytes)),
        Value::Uuid(bytes) => Bound::Uuid(*bytes),
    }
}

/// The name of a variant in the database.
fn variant<'a>(name: &'a str, ty: Type, catalog: &'a Catalog) -> &'a str {
    let Kind::Enum(at) = ty.kind else { return name };
    let variants = catalog.enums.get(usize::from(at)).map(|it| &it.variants);
    let found = variants.and_then(|variants| variants.iter().find(|it| it.name == name));
    found.map_or(name, |variant| &variant.db_name)
}

/// `{a,0}`: the steps of a path. Clients of other databases write `$.a[0]`.
fn json_path<'a>(path: &'a JsonPath) -> Vec<Bound<'a>> {
    match path {
        JsonPath::Steps(steps) => steps.iter().map(|step| Bound::Text(Cow::Borrowed(step))).collect(),
        JsonPath::Expression(text) => {
            let steps = text.trim_start_matches('$').split(['.', '[', ']']);
            let steps = steps.map(|step| step.trim_matches('"')).filter(|step| !step.is_empty());
            steps.map(|step| Bound::Text(Cow::Borrowed(step))).collect()
        }
    }
}

/// The types of the parameters of SQL of the user's own. Text is left open, so that it can be compared with a column of any
/// type.
pub(crate) fn types_of(parameters: &[Bound<'_>]) -> Vec<SqlType> {
    let one = |bound: &Bound<'_>| match bound {
        Bound::Bool(_) => SqlType::BOOL,
        Bound::Int(_) => SqlType::INT8,
        Bound::Float(_) => SqlType::FLOAT8,
        Bound::Moment(_) => SqlType::TIMESTAMPTZ,
        Bound::Bytes(_) => SqlType::BYTEA,
        Bound::Uuid(_) => SqlType::UUID,
        Bound::List(items) => match items.first() {
            Some(Bound::Int(_)) => SqlType::INT8_ARRAY,
            Some(Bound::Float(_)) => SqlType::FLOAT8_ARRAY,
            Some(Bound::Bool(_)) => SqlType::BOOL_ARRAY,
            _ => SqlType::UNKNOWN,
        },
        Bound::Null | Bound::Text(_) => SqlType::UNKNOWN,
    };
    parameters.iter().map(one).collect()
}

impl Bound<'_> {
    /// Without borrowing from anything.
    pub(crate) fn into_owned<'b>(self) -> Bound<'b> {
        match self {
            Bound::Null => Bound::Null,
            Bound::Bool(value) => Bound::Bool(value),
            Bound::Int(value) => Bound::Int(value),
            Bound::Float(value) => Bound::Float(value),
            Bound::Text(text) => Bound::Text(Cow::Owned(text.into_owned())),
            Bound::Moment(value) => Bound::Moment(value),
            Bound::Bytes(bytes) => Bound::Bytes(Cow::Owned(bytes.into_owned())),
            Bound::Uuid(bytes) => Bound::Uuid(bytes),
            Bound::List(items) => Bound::List(items.into_iter().map(Bound::into_owned).collect()),
        }
    }

    /// Whether it has a binary form as a value of that type.
    fn is_binary(&self, ty: &SqlType) -> bool {
        match (self, ty) {
            (Bound::Null, _) => true,
            (Bound::Bool(_), &SqlType::BOOL) => true,
            (Bound::Int(value), &SqlType::INT2) => i16::try_from(*value).is_ok(),
            (Bound::Int(value), &SqlType::INT4) => i32::try_from(*value).is_ok(),
            (Bound::Int(value), &SqlType::OID) => u32::try_from(*value).is_ok(),
            (Bound::Int(_), &(SqlType::INT8 | SqlType::FLOAT8)) => true,
            // As text, so that the database refuses what would be infinite in single precision.
            (Bound::Float(value), &SqlType::FLOAT4) => (*value as f32).is_finite() || !value.is_finite(),
            (Bound::Float(_), &SqlType::FLOAT8) => true,
            (
                Bound::Text(_),
                &(SqlType::TEXT | SqlType::VARCHAR | SqlType::BPCHAR | SqlType::JSON | SqlType::JSONB),
            ) => true,
            (Bound::Text(_), ty) => matches!(ty.kind(), SqlKind::Enum(_)),
            (
                Bound::Moment(_),
                &(SqlType::TIMESTAMP | SqlType::TIMESTAMPTZ | SqlType::DATE | SqlType::TIME | SqlType::TIMETZ),
            ) => true,
            (Bound::Bytes(_), &SqlType::BYTEA) => true,
            (Bound::Uuid(_), &SqlType::UUID) => true,
            (Bound::List(items), ty) => match ty.kind() {
                SqlKind::Array(item) => items.iter().all(|it| !matches!(it, Bound::List(_)) && it.is_binary(item)),
                _ => false,
            },
            _ => false,
        }
    }

    /// Writes it as a value of that type. Says whether in its binary form, rather than as text.
    pub(crate) fn put(&self, ty: &SqlType, out: &mut BytesMut) -> bool {
        if self.is_binary(ty) {
            self.put_binary(ty, out);
            return true;
        }
        let mut text = String::new();
        self.put_text(&mut text);
        out.extend_from_slice(text.as_bytes());
        false
    }

    fn put_binary(&self, ty: &SqlType, out: &mut BytesMut) {
        match self {
            Bound::Null => {}
            Bound::Bool(value) => out.extend_from_slice(&[u8::from(*value)]),
            Bound::Int(value) => put_integer(*value, ty, out),
            Bound::Float(value) if *ty == SqlType::FLOAT4 => out.extend_from_slice(&(*value as f32).to_be_bytes()),
            Bound::Float(value) => out.extend_from_slice(&value.to_be_bytes()),
            Bound::Text(text) => {
                out.extend_from_slice(if *ty == SqlType::JSONB { &[1] } else { &[] });
                out.extend_from_slice(text.as_bytes());
            }
            Bound::Moment(value) => match *ty {
                SqlType::DATE => out.extend_from_slice(&moment::to_date(*value).to_be_bytes()),
                SqlType::TIME => out.extend_from_slice(&moment::to_time(*value).to_be_bytes()),
                SqlType::TIMETZ => {
                    out.extend_from_slice(&moment::to_time(*value).to_be_bytes());
                    out.extend_from_slice(&[0; 4]);
                }
                _ => out.extend_from_slice(&moment::to_timestamp(*value).to_be_bytes()),
            },
            Bound::Bytes(bytes) => out.extend_from_slice(bytes),
            Bound::Uuid(bytes) => out.extend_from_slice(bytes),
            Bound::List(items) => {
                if let SqlKind::Array(item) = ty.kind() {
                    put_array(items, item, out);
                }
            }
        }
    }

    /// As PostgreSQL reads values of any type.
    fn put_text(&self, out: &mut String) {
        // Writing to a string cannot fail.
        let _ = match self {
            Bound::Null => write!(out, "NULL"),
            Bound::Bool(value) => write!(out, "{value}"),
            Bound::Int(value) => write!(out, "{value}"),
            Bound::Float(value) => write!(out, "{value}"),
            Bound::Text(text) => {
                out.push_str(text);
                Ok(())
            }
            Bound::Moment(value) => {
                out.push_str(&moment::text(*value));
                Ok(())
            }
            Bound::Bytes(bytes) => {
                out.push_str("\\x");
                bytes.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
            }
            Bound::Uuid(bytes) => {
                out.push_str(&uuid(bytes));
                Ok(())
            }
            Bound::List(items) => {
                put_list(items, out);
                Ok(())
            }
        };
    }
}

/// A UUID in its usual form.
pub(crate) fn uuid(bytes: &[u8; 16]) -> String {
    uuid::Uuid::from_bytes(*bytes).hyphenated().to_string()
}

fn put_integer(value: i64, ty: &SqlType, out: &mut BytesMut) {
    // Whether it fits has been checked.
    match *ty {
        SqlType::INT2 => out.extend_from_slice(&(value as i16).to_be_bytes()),
        SqlType::INT4 => out.extend_from_slice(&(value as i32).to_be_bytes()),
        SqlType::OID => out.extend_from_slice(&(value as u32).to_be_bytes()),
        SqlType::FLOAT8 => out.extend_from_slice(&(value as f64).to_be_bytes()),
        _ => out.extend_from_slice(&value.to_be_bytes()),
    }
}

/// Dimensions, whether there are nulls, the type of the items; the length and the lower bound of the one dimension; each
/// item with its length.
fn put_array(items: &[Bound<'_>], item: &SqlType, out: &mut BytesMut) {
    let nulls = items.contains(&Bound::Null);
    out.extend_from_slice(&i32::from(!items.is_empty()).to_be_bytes());
    out.extend_from_slice(&i32::from(nulls).to_be_bytes());
    out.extend_from_slice(&item.oid().to_be_bytes());
    if items.is_empty() {
        return;
    }
    out.extend_from_slice(&(items.len() as i32).to_be_bytes());
    out.extend_from_slice(&1_i32.to_be_bytes());
    for it in items {
        if *it == Bound::Null {
            out.extend_from_slice(&(-1_i32).to_be_bytes());
            continue;
        }
        let start = out.len();
        out.extend_from_slice(&[0; 4]);
        it.put_binary(item, out);
        let length = (out.len() - start - 4) as i32;
        out[start..start + 4].copy_from_slice(&length.to_be_bytes());
    }
}

/// `{"a",NULL}`
fn put_list(items: &[Bound<'_>], out: &mut String) {
    out.push('{');
    for (at, item) in items.iter().enumerate() {
        out.push_str(if at > 0 { "," } else { "" });
        match item {
            Bound::Null => out.push_str("NULL"),
            Bound::List(items) => put_list(items, out),
            item => {
                let mut text = String::new();
                item.put_text(&mut text);
                out.push('"');
                for letter in text.chars() {
                    if matches!(letter, '"' | '\\') {
                        out.push('\\');
                    }
                    out.push(letter);
                }
                out.push('"');
            }
        }
    }
    out.push('}');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bound: &Bound<'_>, ty: SqlType, expected: &[u8], binary: bool) {
        let mut out = BytesMut::new();
        let form = bound.put(&ty, &mut out);
        assert_eq!((&out[..], form), (expected, binary), "{bound:?} as {ty}");
    }

    #[test]
    fn values_take_the_form_that_the_statement_wants() {
        check(&Bound::Int(7), SqlType::INT2, &[0, 7], true);
        check(&Bound::Int(7), SqlType::INT4, &[0, 0, 0, 7], true);
        check(&Bound::Int(1 << 40), SqlType::INT4, b"1099511627776", false);
        check(&Bound::Int(7), SqlType::NUMERIC, b"7", false);
        check(&Bound::Int(7), SqlType::UNKNOWN, b"7", false);
        check(&Bound::Float(1.5), SqlType::FLOAT4, &1.5_f32.to_be_bytes(), true);
        check(&Bound::Float(f64::INFINITY), SqlType::FLOAT4, &f32::INFINITY.to_be_bytes(), true);
        check(&Bound::Float(1e39), SqlType::FLOAT4, format!("{}", 1e39).as_bytes(), false);
        check(&Bound::Text("12.50".into()), SqlType::NUMERIC, b"12.50", false);
        check(&Bound::Text("{}".into()), SqlType::JSONB, b"\x01{}", true);
        check(&Bound::Text("10.0.0.1".into()), SqlType::INET, b"10.0.0.1", false);
        check(&Bound::Bytes(vec![1, 255].into()), SqlType::UNKNOWN, b"\\x01ff", false);
        check(&Bound::Moment(0), SqlType::DATE, &(-10957_i32).to_be_bytes(), true);
        check(&Bound::Moment(1_500_000), SqlType::UNKNOWN, b"1970-01-01 00:00:01.500000+00", false);
    }

    #[test]
    fn lists_are_arrays() {
        let numbers = Bound::List(vec![Bound::Int(1), Bound::Null]);
        let mut expected = vec![0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 23, 0, 0, 0, 2, 0, 0, 0, 1];
        expected.extend_from_slice(&[0, 0, 0, 4, 0, 0, 0, 1, 255, 255, 255, 255]);
        check(&numbers, SqlType::INT4_ARRAY, &expected, true);
        check(&numbers, SqlType::NUMERIC_ARRAY, b"{\"1\",NULL}", false);
        let texts = Bound::List(vec![Bound::Text("a\"b\\c,".into()), Bound::Text("".into())]);
        check(&texts, SqlType::UNKNOWN, br#"{"a\"b\\c,",""}"#, false);
        check(&Bound::List(vec![]), SqlType::TEXT_ARRAY, &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 25], true);
    }
}
