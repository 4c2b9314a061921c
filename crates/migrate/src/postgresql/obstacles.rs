//! What keeps an enum from being replaced: conditions of indexes and constraints that compare with its values.

use super::connection::Connection;
use crate::failure::Failure;

/// Enums, and what compares with values of theirs: what it is, how it goes, and how it is made again.
const QUERY: &str = "
SELECT format_type(t.oid, NULL), format('the constraint `%s` of `%s`', c.conname, c.conrelid::regclass),
    format('ALTER TABLE %s DROP CONSTRAINT %I', c.conrelid::regclass, c.conname),
    format('ALTER TABLE %s ADD CONSTRAINT %I %s', c.conrelid::regclass, c.conname, pg_get_constraintdef(c.oid))
FROM pg_type t JOIN pg_depend d ON d.refclassid = 'pg_type'::regclass AND d.refobjid IN (t.oid, t.typarray)
JOIN pg_constraint c ON d.classid = 'pg_constraint'::regclass AND c.oid = d.objid
WHERE t.typtype = 'e' AND c.contype = 'c' AND c.conrelid <> 0
UNION
SELECT format_type(t.oid, NULL), format('the index `%s` of `%s`', i.indexrelid::regclass, i.indrelid::regclass),
    format('DROP INDEX %s', i.indexrelid::regclass), pg_get_indexdef(i.indexrelid)
FROM pg_type t JOIN pg_depend d ON d.refclassid = 'pg_type'::regclass AND d.refobjid IN (t.oid, t.typarray)
JOIN pg_index i ON d.classid = 'pg_class'::regclass AND i.indexrelid = d.objid
WHERE t.typtype = 'e'
ORDER BY 1, 2";

/// What to write by hand, where a condition compares a column of a new type with a value of the old one. PostgreSQL says no
/// more than that it cannot; the transaction that tried it has been undone.
pub(super) fn advice(connection: &Connection, failure: &Failure) -> Option<String> {
    if failure.database_code().as_deref() != Some("42883") {
        return None;
    }
    let operands = failure.message()?.split_once(": ")?.1.to_owned();
    let rows = connection.rows(QUERY).ok()?;
    let found: Vec<_> = rows.into_iter().filter_map(|row| obstacle(row, &operands)).collect();
    if found.is_empty() { None } else { Some(found.concat()) }
}

/// `"Mood_new" = "Mood"` is about the enum `Mood`.
fn obstacle(row: Vec<Option<String>>, operands: &str) -> Option<String> {
    let [Some(name), Some(what), Some(drop), Some(create)] = row.as_slice() else { return None };
    let is_meant = [format!("{name} "), format!("{name}[] ")].iter().any(|it| operands.starts_with(it))
        || [format!(" {name}"), format!(" {name}[]")].iter().any(|it| operands.ends_with(it));
    is_meant.then(|| {
        format!(
            "\n{what} compares with values of the enum, which cannot be replaced below it. Take it away first, and make it \
             again afterwards; in a migration, at the beginning and at the end of its script:\n{drop};\n{create};"
        )
    })
}
