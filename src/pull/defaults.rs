//! What the defaults of a database's columns are in the language.

use lenslet_core::catalog::ScalarType;
use lenslet_sql::ddl::{Column, Default, Dialect, string as sql_string};

use super::text;
use crate::check::is_json;

/// What a default may be a constant of.
#[derive(Clone, Copy, Debug)]
pub(super) enum Values<'v> {
    Scalar(ScalarType),
    /// Names in the database and in the schema.
    Enum(&'v [(String, String)]),
    /// Nothing that the language has constants for.
    Opaque,
}

/// The argument of `@default`, when the column has a default.
pub(super) fn of_column(dialect: Dialect, column: &Column, values: Values<'_>) -> Option<String> {
    let default = match column.default.as_ref() {
        // SQLite counts up every single integer key, also one with a default of its own.
        Some(default) if !column.autoincrement || dialect == Dialect::Sqlite => default,
        _ => return column.autoincrement.then(|| "autoincrement()".to_owned()),
    };
    Some(match (default, values) {
        (Default::Unknown, _) => "dbgenerated()".to_owned(),
        (Default::Now, Values::Scalar(ScalarType::DateTime)) => "now()".to_owned(),
        (default, values) => constant(default, values).unwrap_or_else(|| match sql(dialect, default) {
            Some(sql) => format!("dbgenerated({})", text::string(&sql)),
            None => "dbgenerated()".to_owned(),
        }),
    })
}

/// The constant, where the language can say it of such a field.
fn constant(default: &Default, values: Values<'_>) -> Option<String> {
    use ScalarType::{BigInt, Boolean, Bytes, DateTime, Decimal, Float, Int, Json, String};
    match (default, values) {
        (Default::List(items), _) => {
            let items: Option<Vec<_>> = items.iter().map(|item| constant(item, values)).collect();
            Some(text::list(&items?))
        }
        (Default::Text(value), Values::Enum(variants)) => {
            variants.iter().find(|(known, _)| known == value).map(|(_, name)| name.clone())
        }
        (Default::Text(value), Values::Scalar(String)) => Some(text::string(value)),
        (Default::Text(value), Values::Scalar(Json)) => is_json(value).then(|| text::string(value)),
        (Default::Text(value), Values::Scalar(DateTime)) => moment(value).map(|it| text::string(&it)),
        (Default::Bytes(value), Values::Scalar(Bytes)) => Some(text::string(&text::base64(value))),
        (Default::Boolean(value), Values::Scalar(Boolean)) => Some(value.to_string()),
        (Default::Number(value), Values::Scalar(Int)) => value.parse::<i32>().ok().map(|it| it.to_string()),
        (Default::Number(value), Values::Scalar(BigInt)) => value.parse::<i64>().ok().map(|it| it.to_string()),
        (Default::Number(value), Values::Scalar(Float | Decimal)) => is_plain(value).then(|| value.clone()),
        _ => None,
    }
}

/// Whether a number is as the language writes it: without an exponent, with digits on both sides of its point.
fn is_plain(number: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit());
    let number = number.strip_prefix('-').unwrap_or(number);
    match number.split_once('.') {
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => digits(number),
    }
}

/// RFC 3339 of `2018-01-27 08:00:00.500 +00:00`, which is how a moment of a schema is told to a database.
fn moment(text: &str) -> Option<String> {
    let mut parts = text.split(' ');
    let (day, time, offset) = (parts.next()?, parts.next()?, parts.next()?);
    let has_shape = |text: &str, shape: &str| {
        text.len() == shape.len()
            && text.bytes().zip(shape.bytes()).all(|(it, wanted)| match wanted {
                b'0' => it.is_ascii_digit(),
                wanted => it == wanted,
            })
    };
    let is_time = has_shape(time, "00:00:00") || has_shape(time, "00:00:00.000");
    let is_offset = offset.starts_with(['+', '-']) && offset.get(1..).is_some_and(|it| has_shape(it, "00:00"));
    let fits = parts.next().is_none() && has_shape(day, "0000-00-00") && is_time && is_offset;
    fits.then(|| format!("{day}T{time}{offset}"))
}

/// The default in the database's own words.
fn sql(dialect: Dialect, default: &Default) -> Option<String> {
    Some(match default {
        Default::Text(value) => sql_string(dialect, value),
        Default::Number(value) => value.clone(),
        Default::Boolean(value) => value.to_string(),
        Default::Bytes(value) => {
            let digits: String = value.iter().map(|byte| format!("{byte:02x}")).collect();
            match dialect {
                Dialect::Sqlite | Dialect::Mysql => format!("X'{digits}'"),
                Dialect::Postgresql => format!("'\\x{digits}'"),
            }
        }
        Default::Now => "CURRENT_TIMESTAMP".to_owned(),
        Default::Expression(sql) => sql.clone(),
        Default::List(items) => {
            let items: Option<Vec<_>> = items.iter().map(|item| self::sql(dialect, item)).collect();
            format!("ARRAY[{}]", items?.join(", "))
        }
        Default::Unknown => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use lenslet_sql::ddl::ColumnType;

    #[test]
    fn constants_are_said_where_the_language_can() {
        let text = |text: &str| Default::Text(text.to_owned());
        let number = |text: &str| Default::Number(text.to_owned());
        let variants = [("admin".to_owned(), "ADMIN".to_owned())];
        let scalar = Values::Scalar;
        let cases = [
            (text("it's"), scalar(ScalarType::String), "\"it's\""),
            (text("{}"), scalar(ScalarType::Json), "\"{}\""),
            (text("{"), scalar(ScalarType::Json), "dbgenerated(\"'{'\")"),
            (text("admin"), Values::Enum(&variants), "ADMIN"),
            (text("other"), Values::Enum(&variants), "dbgenerated(\"'other'\")"),
            (text("2020-01-01 08:00:00.500 +00:00"), scalar(ScalarType::DateTime), "\"2020-01-01T08:00:00.500+00:00\""),
            (text("2020-01-01"), scalar(ScalarType::DateTime), "dbgenerated(\"'2020-01-01'\")"),
            (number("7"), scalar(ScalarType::Int), "7"),
            (number("7.0"), scalar(ScalarType::Int), "dbgenerated(\"7.0\")"),
            (number("1.5"), scalar(ScalarType::Decimal), "1.5"),
            (number("1e3"), scalar(ScalarType::Float), "dbgenerated(\"1e3\")"),
            (Default::Boolean(true), scalar(ScalarType::Int), "dbgenerated(\"true\")"),
            (Default::Now, scalar(ScalarType::DateTime), "now()"),
            (Default::Now, scalar(ScalarType::String), "dbgenerated(\"CURRENT_TIMESTAMP\")"),
            (Default::Bytes(b"test".to_vec()), scalar(ScalarType::Bytes), "\"dGVzdA==\""),
            (Default::List(vec![number("1"), number("2")]), scalar(ScalarType::Int), "[1, 2]"),
            (Default::Expression("a || 'b'".into()), Values::Opaque, "dbgenerated(\"a || 'b'\")"),
            (Default::Unknown, Values::Opaque, "dbgenerated()"),
        ];
        for (default, values, expected) in cases {
            let column = Column {
                name: "c".into(),
                ty: ColumnType::database("TEXT"),
                nullable: false,
                default: Some(default.clone()),
                autoincrement: false,
                counter: None,
                collation: None,
                comment: None,
            };
            assert_eq!(of_column(Dialect::Sqlite, &column, values).as_deref(), Some(expected), "{default:?}");
        }
    }
}
