//! Ask the rows what a change would cost.

use crate::database::Database;
use crate::diff::Risk;
use crate::error::Error;
use crate::failure::Failure;
use crate::push::Finding;
use crate::session::Session;
use lenslet_sql::ddl::{Dialect, ObjectName, qualified, quoted, string};

impl Database {
    /// Which of the risks of a change concern rows that are there, and how many.
    ///
    /// # Errors
    /// When the database fails.
    pub fn findings(&mut self, risks: &[Risk]) -> Result<Vec<Finding>, Error> {
        Ok(find(&mut *self.session, risks.to_vec())?)
    }
}

/// The risks that concern at least one row.
pub(crate) fn find(session: &mut dyn Session, risks: Vec<Risk>) -> Result<Vec<Finding>, Failure> {
    let mut findings = Vec::new();
    for risk in risks {
        let rows = match (Counting { dialect: session.dialect() }).query(&risk) {
            Some(sql) => session.count(&sql)?,
            None => 0,
        };
        if rows > 0 {
            findings.push(Finding { risk, rows });
        }
    }
    Ok(findings)
}

struct Counting {
    dialect: Dialect,
}

impl Counting {
    fn query(&self, risk: &Risk) -> Option<String> {
        Some(match risk {
            Risk::DropTable { table } | Risk::AddRequiredColumn { table, .. } => {
                format!("SELECT count(*) FROM {}", self.table(table))
            }
            Risk::DropColumn { table, column } | Risk::ChangeType { table, column, .. } => {
                format!("SELECT count({}) FROM {}", self.name(column), self.table(table))
            }
            Risk::ForbidNull { table, column, .. } => {
                format!("SELECT count(*) FROM {} WHERE {} IS NULL", self.table(table), self.name(column))
            }
            Risk::AddUnique { table, present, .. } => self.duplicates(table, present),
            Risk::DropVariants { variants, columns, .. } => self.users(variants, columns)?,
            Risk::UnknownVariants { variants, table, column, .. } => {
                let variants: Vec<_> = variants.iter().map(|it| string(self.dialect, it)).collect();
                let (table, column, variants) = (self.table(table), self.name(column), variants.join(", "));
                format!("SELECT count(*) FROM {table} WHERE {column} NOT IN ({variants})")
            }
        })
    }

    /// Rows that another row equals in all of the columns; a null equals nothing.
    fn duplicates(&self, table: &ObjectName, columns: &[String]) -> String {
        let table = self.table(table);
        let columns: Vec<_> = columns.iter().map(|column| self.name(column)).collect();
        if columns.is_empty() {
            return format!("SELECT CASE WHEN count(*) > 1 THEN count(*) ELSE 0 END FROM {table}");
        }
        let given: Vec<_> = columns.iter().map(|column| format!("{column} IS NOT NULL")).collect();
        let (given, columns) = (given.join(" AND "), columns.join(", "));
        let groups =
            format!("SELECT count(*) AS alike FROM {table} WHERE {given} GROUP BY {columns} HAVING count(*) > 1");
        format!("SELECT coalesce(sum(alike), 0) FROM ({groups}) AS groups")
    }

    /// Values in columns that keep the type. None where no column does.
    fn users(&self, variants: &[String], columns: &[(ObjectName, String)]) -> Option<String> {
        let variants: Vec<_> = variants.iter().map(|it| string(self.dialect, it)).collect();
        let variants = format!("ARRAY[{}]", variants.join(", "));
        let counts = columns.iter().map(|(table, column)| {
            let (table, column) = (self.table(table), self.name(column));
            // A list's text begins with a brace; its elements are looked at as those of a list of texts.
            format!(
                "(SELECT count(*) FROM {table} WHERE CASE WHEN pg_typeof({column})::text LIKE '%[]'
                    THEN {column}::text::text[] && {variants}::text[] ELSE {column}::text = ANY ({variants}) END)"
            )
        });
        let counts: Vec<_> = counts.collect();
        (!counts.is_empty()).then(|| format!("SELECT {}", counts.join(" + ")))
    }

    fn name(&self, name: &str) -> String {
        quoted(self.dialect, name)
    }

    fn table(&self, table: &ObjectName) -> String {
        qualified(self.dialect, table)
    }
}
