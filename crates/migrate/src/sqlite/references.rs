//! Rows that refer to nothing.

use crate::error::Error;
use rusqlite::{Connection, Row};

/// Rows that refer to nothing, by table and the table referred to.
pub(super) struct Violation {
    table: String,
    parent: String,
    rows: u64,
}

pub(super) fn violations(connection: &Connection) -> rusqlite::Result<Vec<Violation>> {
    let sql = "SELECT \"table\", parent, count(*) FROM pragma_foreign_key_check GROUP BY 1, 2 ORDER BY 1, 2";
    let read = |row: &Row<'_>| {
        let rows = row.get::<_, i64>(2)?.unsigned_abs();
        Ok(Violation { table: row.get(0)?, parent: row.get(1)?, rows })
    };
    connection.prepare(sql)?.query_map([], read)?.collect()
}

/// Refuses rows that refer to nothing now and did not do so before.
pub(super) fn compare(before: &[Violation], after: Vec<Violation>) -> Result<(), Error> {
    for Violation { table, parent, rows } in after {
        let known = before.iter().find(|it| it.table == table && it.parent == parent);
        let rows = rows.saturating_sub(known.map_or(0, |it| it.rows));
        if rows > 0 {
            return Err(Error::ForeignKeys { table, parent, rows });
        }
    }
    Ok(())
}
