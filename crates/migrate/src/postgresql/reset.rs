//! Empty the schemas of a database.
//!
//! The schemas themselves stay: with them would go who may use them, which hosting companies set up.

use super::connection::Connection;
use crate::failure::Failure;
use lenslet_sql::ddl::{Dialect, string};

/// The statements that drop everything in some schemas: views and tables, then what they are made of. Extensions that live
/// there are dropped as a whole, and what is a part of something else goes with it.
pub(super) fn drops(connection: &Connection, namespaces: &[String]) -> Result<Vec<String>, Failure> {
    let list: Vec<_> = namespaces.iter().map(|it| string(Dialect::Postgresql, it)).collect();
    connection.texts(&query(&list.join(", ")))
}

/// `IF EXISTS`, because what depends on something that is dropped goes with it.
fn query(namespaces: &str) -> String {
    let alone = |class: &str, oid: &str| {
        format!(
            "NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = '{class}'::regclass AND d.objid = {oid} AND d.deptype IN ('e', 'i'))"
        )
    };
    format!(
        "SELECT statement FROM (
            SELECT 0 AS step, e.oid, format('DROP EXTENSION IF EXISTS %I CASCADE', e.extname) AS statement
            FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE n.nspname IN ({namespaces})
          UNION ALL
            SELECT CASE WHEN c.relkind IN ('v', 'm') THEN 1 WHEN c.relkind = 'S' THEN 3 ELSE 2 END, c.oid,
                format('DROP %s IF EXISTS %I.%I CASCADE', CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW'
                    WHEN 'f' THEN 'FOREIGN TABLE' WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, n.nspname, c.relname)
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname IN ({namespaces}) AND c.relkind IN ('v', 'm', 'r', 'p', 'f', 'S') AND {relation}
          UNION ALL
            SELECT 4, p.oid, format('DROP ROUTINE IF EXISTS %s CASCADE', p.oid::regprocedure)
            FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname IN ({namespaces}) AND {routine}
          UNION ALL
            SELECT 5, t.oid, format('DROP TYPE IF EXISTS %I.%I CASCADE', n.nspname, t.typname)
            FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_class c ON c.oid = t.typrelid
            WHERE n.nspname IN ({namespaces}) AND (t.typtype IN ('e', 'd', 'r') OR c.relkind = 'c') AND {ty}
        ) AS drops ORDER BY step, oid",
        relation = alone("pg_class", "c.oid"),
        routine = alone("pg_proc", "p.oid"),
        ty = alone("pg_type", "t.oid"),
    )
}
