//! Change a SQLite database, all or nothing.

use super::{findings, introspect};
use crate::describe::describe;
use crate::diff::diff;
use crate::error::{Error, Findings};
use crate::push::{Finding, PushOptions, Pushed};
use lenslet_core::catalog::Catalog;
use lenslet_sql::ddl::{Dialect, quoted, script};
use rusqlite::{Connection, Transaction, TransactionBehavior};

/// Brings an open database to what the schema says, in one transaction.
pub fn push(connection: &mut Connection, catalog: &Catalog, options: PushOptions) -> Result<Pushed, Error> {
    let how = Alone {
        foreign_keys: false,
        old_rename: true,
    };
    alone(connection, how, |transaction| {
        let mut statements = if options.force_reset {
            reset(transaction)?
        } else {
            Vec::new()
        };
        let present = introspect(transaction)?;
        let difference = diff(Dialect::Sqlite, &present, &describe(catalog)?);
        let losses = permit(findings::find(transaction, difference.risks)?, options)?;
        let script = script(Dialect::Sqlite, &difference.changes);
        script
            .statements()
            .try_for_each(|statement| execute(transaction, statement))?;
        statements.extend(script.statements().map(str::to_owned));
        Ok(Pushed {
            created_database: false,
            statements,
            losses,
        })
    })
}

/// How a change is made. Neither can be said within a transaction.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Alone {
    /// Foreign keys are enforced at every step, actions included; otherwise they are only checked at the end.
    pub(crate) foreign_keys: bool,
    /// `RENAME` does not look at what else names the table. Without it, a view on a table that is built again would keep it
    /// from getting its name back.
    pub(crate) old_rename: bool,
}

/// Runs `change` in a transaction that nobody else writes beside.
pub(crate) fn alone<T>(
    connection: &mut Connection,
    how: Alone,
    change: impl FnOnce(&Transaction<'_>) -> Result<T, Error>,
) -> Result<T, Error> {
    let settings = [
        ("foreign_keys", how.foreign_keys),
        ("legacy_alter_table", how.old_rename),
    ];
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
    // What was broken before is not this change's doing.
    let broken = violations(&transaction).unwrap_or_default();
    let result = change(&transaction)?;
    check_foreign_keys(&transaction, &broken)?;
    transaction.commit()?;
    Ok(result)
}

fn execute(connection: &Connection, statement: &str) -> Result<(), Error> {
    connection.execute_batch(statement).map_err(|source| Error::Statement {
        statement: statement.to_owned(),
        source,
    })
}

/// Losses that are accepted.
fn permit(findings: Vec<Finding>, options: PushOptions) -> Result<Vec<Finding>, Error> {
    let (prohibitive, losses): (Vec<_>, Vec<_>) = findings.into_iter().partition(|it| it.risk.is_prohibitive());
    if !prohibitive.is_empty() {
        return Err(Error::Impossible(Findings(prohibitive)));
    }
    if !losses.is_empty() && !options.accept_data_loss {
        return Err(Error::DataLoss(Findings(losses)));
    }
    Ok(losses)
}

/// Drops everything, the history of migrations included. What belongs to virtual tables goes with them.
fn reset(connection: &Connection) -> Result<Vec<String>, Error> {
    let sql = "SELECT type, name FROM pragma_table_list WHERE schema = 'main' AND type IN ('view', 'virtual', 'table')
               AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY type = 'table', type = 'virtual', name";
    let found: Vec<(String, String)> = connection
        .prepare(sql)?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let drops: Vec<_> = found
        .into_iter()
        .map(|(kind, name)| {
            let kind = if kind == "view" { "VIEW" } else { "TABLE" };
            format!("DROP {kind} {}", quoted(Dialect::Sqlite, &name))
        })
        .collect();
    drops.iter().try_for_each(|statement| execute(connection, statement))?;
    Ok(drops)
}

/// Rows that refer to nothing, by table and the table referred to.
struct Violation {
    table: String,
    parent: String,
    rows: u64,
}

fn violations(connection: &Connection) -> rusqlite::Result<Vec<Violation>> {
    let sql = "SELECT \"table\", parent, count(*) FROM pragma_foreign_key_check GROUP BY 1, 2 ORDER BY 1, 2";
    let read = |row: &rusqlite::Row<'_>| {
        let rows = row.get::<_, i64>(2)?.unsigned_abs();
        Ok(Violation {
            table: row.get(0)?,
            parent: row.get(1)?,
            rows,
        })
    };
    connection.prepare(sql)?.query_map([], read)?.collect()
}

fn check_foreign_keys(connection: &Connection, before: &[Violation]) -> Result<(), Error> {
    for Violation { table, parent, rows } in violations(connection)? {
        let known = before
            .iter()
            .find(|it| it.table == table && it.parent == parent)
            .map_or(0, |it| it.rows);
        if rows > known {
            return Err(Error::ForeignKeys {
                table,
                parent,
                rows: rows - known,
            });
        }
    }
    Ok(())
}
