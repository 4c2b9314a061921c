//! Change a SQLite database, all or nothing.

use super::alone::{Alone, alone, keeping_references};
use super::{findings, introspect};
use crate::describe::describe;
use crate::diff::diff;
use crate::error::{Error, Findings};
use crate::push::{Finding, PushOptions, Pushed};
use lenslet_core::catalog::Catalog;
use lenslet_sql::ddl::{Dialect, quoted, script};
use rusqlite::Connection;

/// Brings an open database to what the schema says, in one transaction.
pub fn push(connection: &mut Connection, catalog: &Catalog, options: PushOptions) -> Result<Pushed, Error> {
    let target = describe(catalog)?;
    alone(connection, Alone::LENIENT, |transaction| {
        let mut statements = if options.force_reset { reset(transaction)? } else { Vec::new() };
        let difference = diff(Dialect::Sqlite, &introspect(transaction)?, &target);
        let losses = permit(findings::find(transaction, difference.risks)?, options)?;
        if !difference.changes.is_empty() {
            let script = script(Dialect::Sqlite, &difference.changes);
            keeping_references(transaction, || {
                script.statements().try_for_each(|statement| execute(transaction, statement))
            })?;
            statements.extend(script.statements().map(str::to_owned));
        }
        Ok(Pushed { created_database: false, statements, losses })
    })
}

fn execute(connection: &Connection, statement: &str) -> Result<(), Error> {
    connection.execute_batch(statement).map_err(|source| Error::Statement { statement: statement.to_owned(), source })
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
    let found: Vec<(String, String)> =
        connection.prepare(sql)?.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
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
