//! Ask the rows what a change would cost.

use crate::diff::Risk;
use crate::push::Finding;
use lenslet_sql::ddl::{Dialect, ObjectName, quoted};
use rusqlite::Connection;

/// The risks that concern at least one row.
pub(super) fn find(connection: &Connection, risks: Vec<Risk>) -> rusqlite::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for risk in risks {
        let rows = match count(&risk) {
            Some(sql) => connection.query_row(&sql, [], |row| row.get::<_, i64>(0))?.unsigned_abs(),
            None => 0,
        };
        if rows > 0 {
            findings.push(Finding { risk, rows });
        }
    }
    Ok(findings)
}

/// SQLite has no enums that could lose values.
fn count(risk: &Risk) -> Option<String> {
    Some(match risk {
        Risk::DropTable { table } | Risk::AddRequiredColumn { table, .. } => {
            format!("SELECT count(*) FROM {}", table_name(table))
        }
        Risk::DropColumn { table, column } | Risk::ChangeType { table, column, .. } => {
            format!("SELECT count({}) FROM {}", name(column), table_name(table))
        }
        Risk::ForbidNull { table, column } => {
            format!("SELECT count(*) FROM {} WHERE {} IS NULL", table_name(table), name(column))
        }
        Risk::AddUnique { table, present, .. } => duplicates(table, present),
        Risk::DropVariants { .. } => return None,
    })
}

/// Rows that another row equals in all of the columns; a null equals nothing.
fn duplicates(table: &ObjectName, columns: &[String]) -> String {
    let table = table_name(table);
    let columns: Vec<_> = columns.iter().map(|column| name(column)).collect();
    if columns.is_empty() {
        return format!("SELECT CASE WHEN count(*) > 1 THEN count(*) ELSE 0 END FROM {table}");
    }
    let given: Vec<_> = columns.iter().map(|column| format!("{column} IS NOT NULL")).collect();
    let (given, columns) = (given.join(" AND "), columns.join(", "));
    let groups = format!("SELECT count(*) AS alike FROM {table} WHERE {given} GROUP BY {columns} HAVING count(*) > 1");
    format!("SELECT coalesce(sum(alike), 0) FROM ({groups})")
}

fn name(name: &str) -> String {
    quoted(Dialect::Sqlite, name)
}

fn table_name(table: &ObjectName) -> String {
    name(&table.name)
}
