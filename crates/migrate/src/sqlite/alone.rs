//! Change a database all or nothing, with nobody writing beside.

use crate::error::Error;
use rusqlite::{Connection, Row, Transaction, TransactionBehavior};

/// How strict SQLite is meanwhile. It can only be told outside of a transaction.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Alone {
    /// Whether foreign keys are enforced at every step, with their actions.
    pub(crate) foreign_keys: bool,
    /// Whether `RENAME` leaves alone what else names the table. Otherwise a view on a table that is built again would keep
    /// it from getting its name back.
    pub(crate) rename_only: bool,
}

impl Alone {
    /// As scripts that people write expect it.
    pub(crate) const STRICT: Alone = Alone { foreign_keys: true, rename_only: false };
    /// So that tables can be built again.
    pub(crate) const LENIENT: Alone = Alone { foreign_keys: false, rename_only: true };
}

/// Runs `change` in a transaction, and leaves SQLite as strict as it was.
pub(crate) fn alone<T>(
    connection: &mut Connection,
    how: Alone,
    change: impl FnOnce(&Transaction<'_>) -> Result<T, Error>,
) -> Result<T, Error> {
    let settings = [("foreign_keys", how.foreign_keys), ("legacy_alter_table", how.rename_only)];
    let before = settings.map(|(name, _)| connection.pragma_query_value(None, name, |row| row.get::<_, bool>(0)));
    for (name, value) in settings {
        connection.pragma_update(None, name, value)?;
    }
    let result = in_transaction(connection, change);
    for ((name, _), value) in settings.into_iter().zip(before) {
        connection.pragma_update(None, name, value?)?;
    }
    result
}

fn in_transaction<T>(
    connection: &mut Connection,
    change: impl FnOnce(&Transaction<'_>) -> Result<T, Error>,
) -> Result<T, Error> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let result = change(&transaction)?;
    transaction.commit()?;
    Ok(result)
}

/// Refuses what `change` did if rows refer to nothing after it that did not do so before.
pub(crate) fn keeping_references<T>(
    connection: &Connection,
    change: impl FnOnce() -> Result<T, Error>,
) -> Result<T, Error> {
    let before = violations(connection);
    let result = change()?;
    match (violations(connection), before) {
        (Ok(after), before) => compare(&before.unwrap_or_default(), after)?,
        // Keys that cannot even be checked, for want of an index on what they refer to, could not be before either.
        (Err(_), Err(_)) => {}
        (Err(error), Ok(_)) => return Err(error.into()),
    }
    Ok(result)
}

/// Rows that refer to nothing, by table and the table referred to.
struct Violation {
    table: String,
    parent: String,
    rows: u64,
}

fn violations(connection: &Connection) -> rusqlite::Result<Vec<Violation>> {
    let sql = "SELECT \"table\", parent, count(*) FROM pragma_foreign_key_check GROUP BY 1, 2 ORDER BY 1, 2";
    let read = |row: &Row<'_>| {
        let rows = row.get::<_, i64>(2)?.unsigned_abs();
        Ok(Violation { table: row.get(0)?, parent: row.get(1)?, rows })
    };
    connection.prepare(sql)?.query_map([], read)?.collect()
}

fn compare(before: &[Violation], after: Vec<Violation>) -> Result<(), Error> {
    for Violation { table, parent, rows } in after {
        let known = before.iter().find(|it| it.table == table && it.parent == parent);
        let rows = rows.saturating_sub(known.map_or(0, |it| it.rows));
        if rows > 0 {
            return Err(Error::ForeignKeys { table, parent, rows });
        }
    }
    Ok(())
}
