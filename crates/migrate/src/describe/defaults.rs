//! Which defaults the database is told, and in which form.

use crate::sqlite::default_text;
use lenslet_core::catalog::{self, Catalog, ColumnType, Literal, ScalarType};
use lenslet_sql::ddl::{Default, Dialect};

/// Absent where the engine makes the value, or the column counts up.
pub(super) fn of_column(catalog: &Catalog, dialect: Dialect, column: &catalog::Column) -> Option<Default> {
    match column.default.as_ref()? {
        catalog::Default::Literal(value) => literal(catalog, column, value),
        catalog::Default::Now => Some(Default::Now),
        catalog::Default::DbGenerated(Some(sql)) if !sql.trim().is_empty() => expression(dialect, column, sql),
        catalog::Default::DbGenerated(_) => Some(Default::Unknown),
        catalog::Default::Autoincrement
        | catalog::Default::Uuid(_)
        | catalog::Default::Cuid(_)
        | catalog::Default::Ulid
        | catalog::Default::Nanoid(_)
        | catalog::Default::Sequence(_) => None,
    }
}

fn literal(catalog: &Catalog, column: &catalog::Column, value: &Literal) -> Option<Default> {
    Some(match value {
        Literal::Boolean(value) => Default::Boolean(*value),
        Literal::Int(value) => Default::Number(value.to_string()),
        Literal::Number(value) => Default::Number(value.to_string()),
        Literal::String(value) => match column.ty {
            ColumnType::Scalar(ScalarType::Bytes) => Default::Bytes(base64(value)?),
            ColumnType::Scalar(ScalarType::DateTime) => Default::Text(moment(value)),
            _ => Default::Text(value.to_string()),
        },
        Literal::Variant(at) => Default::Text(variant(catalog, column, *at)?),
        Literal::List(items) => {
            Default::List(items.iter().map(|item| literal(catalog, column, item)).collect::<Option<_>>()?)
        }
    })
}

fn variant(catalog: &Catalog, column: &catalog::Column, at: u16) -> Option<String> {
    let ColumnType::Enum(index) = column.ty else {
        return None;
    };
    let variant = catalog.enums.get(usize::from(index))?.variants.get(usize::from(at))?;
    Some(variant.db_name.to_string())
}

/// SQLite and MySQL give an expression back without its outer parentheses; only PostgreSQL wants none added.
fn expression(dialect: Dialect, column: &catalog::Column, sql: &str) -> Option<Default> {
    match dialect {
        Dialect::Sqlite => default_text::parse(sql, &super::sqlite::type_name(column)),
        Dialect::Postgresql => Some(Default::Expression(sql.to_owned())),
        Dialect::Mysql => Some(Default::Expression(default_text::without_parentheses(sql).to_owned())),
    }
}

/// RFC 3339 in the form that every database reads, and that Prisma writes: `2018-01-27 08:00:00.500 +00:00`.
fn moment(text: &str) -> String {
    let Some((day, rest)) = text.split_once(['T', 't', ' ']) else {
        return text.to_owned();
    };
    let at = rest.find(['Z', 'z', '+', '-']).unwrap_or(rest.len());
    let (time, offset) = rest.split_at(at);
    let offset = if offset.len() > 1 { offset } else { "+00:00" };
    match time.split_once('.') {
        Some((time, fraction)) => format!("{day} {time}.{fraction:0<3} {offset}"),
        None => format!("{day} {time} {offset}"),
    }
}

/// Standard base64, with or without padding; the check has refused anything else.
fn base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0_u32, 0);
    for byte in text.bytes().filter(|&byte| byte != b'=') {
        bits = bits << 6 | sextet(byte)?;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 0xFF) as u8);
        }
    }
    Some(bytes)
}

fn sextet(byte: u8) -> Option<u32> {
    let value = match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    };
    Some(u32::from(value))
}

#[cfg(test)]
mod tests {
    use super::{base64, moment};

    #[test]
    fn moments_are_written_as_databases_read_them() {
        assert_eq!(moment("2018-01-27T08:00:00Z"), "2018-01-27 08:00:00 +00:00");
        assert_eq!(moment("2018-01-27t08:00:00.5-02:30"), "2018-01-27 08:00:00.500 -02:30");
    }

    #[test]
    fn base64_gives_the_bytes() {
        assert_eq!(base64("dGVzdA=="), Some(b"test".to_vec()));
        assert_eq!(base64("dGVz"), Some(b"tes".to_vec()));
        assert_eq!(base64(""), Some(Vec::new()));
        assert_eq!(base64("a b"), None);
    }
}
