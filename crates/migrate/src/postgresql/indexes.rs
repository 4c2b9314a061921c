//! Primary keys, unique constraints and indexes.

use super::introspect::{Cells, Reader, Tables};
use crate::failure::Failure;
use lenslet_core::catalog::IndexAlgorithm;
use lenslet_sql::ddl::{Index, IndexColumn, IndexKind, OperatorClass, PrimaryKey, Table};

/// One column, or expression, of an index.
struct Part {
    table: u32,
    index: String,
    unique: bool,
    primary: bool,
    /// Absent when it is one that the schema language has no word for.
    algorithm: Option<IndexAlgorithm>,
    predicate: Option<String>,
    sql: String,
    /// `p`, `u` or `x` where the index is kept for a constraint.
    constraint: Option<String>,
    /// Absent when it is an expression.
    column: Option<String>,
    descending: bool,
    operator_class: Option<OperatorClass>,
    /// Whether it is only stored in the index (`INCLUDE`).
    included: bool,
}

/// Adds them to their tables. What the schema language cannot say is kept beside the table.
pub(super) fn read(reader: &Reader<'_>, tables: &mut Tables) -> Result<(), Failure> {
    let parts = reader.rows(&query(&reader.list()), part)?;
    for parts in parts.chunk_by(|a, b| a.table == b.table && a.index == b.index) {
        let Some(table) = parts.first().and_then(|part| tables.get_mut(&part.table)) else {
            continue;
        };
        add(table, parts);
    }
    Ok(())
}

fn query(namespaces: &str) -> String {
    format!(
        "SELECT i.indrelid, ic.relname, i.indisunique, i.indisprimary, am.amname, pg_get_expr(i.indpred, i.indrelid),
            pg_get_indexdef(i.indexrelid), k.contype, a.attname, i.indoption[p.ord - 1] & 1 = 1, o.opcname, o.opcdefault,
            p.ord > i.indnkeyatts
         FROM pg_index i
         JOIN pg_class ic ON ic.oid = i.indexrelid JOIN pg_am am ON am.oid = ic.relam
         JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
         CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY p (attnum, ord)
         LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = p.attnum AND p.attnum <> 0
         LEFT JOIN pg_opclass o ON o.oid = i.indclass[p.ord - 1]
         LEFT JOIN pg_constraint k ON k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x')
         WHERE n.nspname IN ({namespaces}) ORDER BY i.indrelid, i.indexrelid, p.ord"
    )
}

fn part(mut cells: Cells) -> Option<Part> {
    Some(Part {
        table: cells.number()?,
        index: cells.text()?,
        unique: cells.is_true(),
        primary: cells.is_true(),
        algorithm: algorithm(&cells.text()?),
        predicate: cells.text(),
        sql: cells.text()?,
        constraint: cells.text(),
        column: cells.text(),
        descending: cells.is_true(),
        // Both are read, and empty for a column that is only stored.
        operator_class: match (cells.text(), cells.is_true()) {
            (Some(name), is_default) => Some(OperatorClass { name, is_default }),
            (None, _) => None,
        },
        included: cells.is_true(),
    })
}

fn algorithm(name: &str) -> Option<IndexAlgorithm> {
    Some(match name {
        "btree" => IndexAlgorithm::BTree,
        "hash" => IndexAlgorithm::Hash,
        "gist" => IndexAlgorithm::Gist,
        "gin" => IndexAlgorithm::Gin,
        "spgist" => IndexAlgorithm::SpGist,
        "brin" => IndexAlgorithm::Brin,
        _ => return None,
    })
}

fn add(table: &mut Table, parts: &[Part]) {
    let Some(first) = parts.first() else { return };
    let columns: Option<Vec<_>> = parts.iter().filter(|part| !part.included).map(index_column).collect();
    match (columns, first.algorithm) {
        (Some(columns), _) if first.primary => {
            table.primary_key = Some(PrimaryKey { name: Some(first.index.clone()), columns });
        }
        (Some(columns), Some(algorithm)) if first.constraint.as_deref() != Some("x") => {
            table.indexes.push(Index {
                name: first.index.clone(),
                kind: if first.unique { IndexKind::Unique } else { IndexKind::Plain },
                columns,
                algorithm: Some(algorithm).filter(|it| *it != IndexAlgorithm::BTree),
                predicate: first.predicate.clone(),
                included: parts.iter().filter(|part| part.included).filter_map(|part| part.column.clone()).collect(),
                constraint: first.constraint.is_some(),
            });
        }
        _ => Reader::attach(table, first.index.clone(), first.sql.clone()),
    }
}

fn index_column(part: &Part) -> Option<IndexColumn> {
    let plain = IndexColumn::plain(part.column.as_ref()?);
    Some(IndexColumn { descending: part.descending, operator_class: part.operator_class.clone(), ..plain })
}
