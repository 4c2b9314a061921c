//! Read the structure of a live SQLite database.

use super::{default_text, index_sql, type_name};
use lenslet_core::catalog::ReferentialAction;
use lenslet_sql::ddl::{
    Attachment, Column, ColumnType, DatabaseSchema, Default, ForeignKey, Index, IndexColumn, IndexKind, ObjectName,
    PrimaryKey, Table,
};
use rusqlite::{Connection, Row, types::FromSql};

/// Tables that belong to the machinery around a database: history, replication (Litestream), hosting (Cloudflare D1).
const FOREIGN_TABLES: &[&str] =
    &["_prisma_migrations", "_litestream_lock", "_litestream_seq", "_cf_kv", "_cf_metadata"];

/// Everything in the main database, but for virtual tables and what belongs to them.
pub(super) fn introspect(connection: &Connection) -> rusqlite::Result<DatabaseSchema> {
    let names = table_names(connection)?;
    let mut tables: Vec<_> = names.iter().map(|name| table(connection, name)).collect::<Result<_, _>>()?;
    refer_to_keys(&mut tables);
    let views = texts(connection, "SELECT name FROM sqlite_schema WHERE type = 'view' ORDER BY rowid", [])?;
    let views = views.into_iter().map(ObjectName::plain).collect();
    Ok(DatabaseSchema { tables, views, ..DatabaseSchema::default() })
}

/// The order of creation, which is that of the schema on a database made from one.
fn table_names(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let names = texts(
        connection,
        "SELECT s.name FROM sqlite_schema s JOIN pragma_table_list l ON l.name = s.name AND l.schema = 'main'
         WHERE s.type = 'table' AND l.type = 'table' AND s.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY s.rowid",
        [],
    )?;
    let is_ours = |name: &String| !FOREIGN_TABLES.iter().any(|it| name.eq_ignore_ascii_case(it));
    Ok(names.into_iter().filter(is_ours).collect())
}

fn table(connection: &Connection, name: &str) -> rusqlite::Result<Table> {
    let columns = columns(connection, name)?;
    let primary_key = primary_key(&columns);
    let (indexes, mut attachments) = indexes(connection, name)?;
    attachments.extend(triggers(connection, name)?);
    Ok(Table {
        name: ObjectName::plain(name),
        columns: columns.into_iter().map(|declared| declared.column).collect(),
        primary_key,
        indexes,
        foreign_keys: foreign_keys(connection, name)?,
        attachments,
        comment: None,
    })
}

/// A column, with its place in the primary key, counted from 1.
struct Declared {
    column: Column,
    key: i64,
}

fn columns(connection: &Connection, table: &str) -> rusqlite::Result<Vec<Declared>> {
    let sql = "SELECT name, type, \"notnull\", dflt_value, pk, hidden FROM pragma_table_xinfo(?1) ORDER BY cid";
    let mut columns = rows(connection, sql, [table], declared)?;
    // Only the single column of a key that is declared exactly so is another name of the row's number.
    let is_single_key = columns.iter().filter(|it| it.key > 0).count() == 1;
    for Declared { column, .. } in &mut columns {
        column.autoincrement &= is_single_key;
        column.nullable &= !column.autoincrement;
        column.collation = collation(connection, table, &column.name)?;
    }
    Ok(columns)
}

/// `BINARY` is what SQLite takes anyway.
fn collation(connection: &Connection, table: &str, column: &str) -> rusqlite::Result<Option<String>> {
    let (_, collation, ..) = connection.column_metadata(Some("main"), table, column)?;
    let collation = collation.map(|it| it.to_string_lossy().into_owned());
    Ok(collation.filter(|it| !it.eq_ignore_ascii_case("BINARY")))
}

fn declared(row: &Row<'_>) -> rusqlite::Result<Declared> {
    let ty: String = row.get(1)?;
    let key = row.get(4)?;
    let name = type_name::canonical(&ty);
    let default: Option<String> = row.get(3)?;
    let is_generated = row.get::<_, i64>(5)? != 0;
    Ok(Declared {
        column: Column {
            name: row.get(0)?,
            nullable: row.get::<_, i64>(2)? == 0,
            default: match is_generated {
                true => Some(Default::Unknown),
                false => default.and_then(|text| default_text::parse(&text, &name)),
            },
            autoincrement: key > 0 && ty.eq_ignore_ascii_case("integer"),
            counter: None,
            collation: None,
            comment: None,
            ty: ColumnType::database(name),
        },
        key,
    })
}

fn primary_key(columns: &[Declared]) -> Option<PrimaryKey> {
    let mut key: Vec<_> = columns.iter().filter(|it| it.key > 0).collect();
    key.sort_by_key(|it| it.key);
    let columns: Vec<_> = key.into_iter().map(|it| IndexColumn::plain(&it.column.name)).collect();
    (!columns.is_empty()).then_some(PrimaryKey { name: None, columns })
}

/// Indexes that the schema language can say, and statements of those that it cannot.
fn indexes(connection: &Connection, table: &str) -> rusqlite::Result<(Vec<Index>, Vec<Attachment>)> {
    let sql = "SELECT l.name, l.\"unique\", s.sql FROM pragma_index_list(?1) l
               JOIN sqlite_schema s ON s.type = 'index' AND s.name = l.name WHERE l.origin != 'pk' ORDER BY s.rowid";
    let found: Vec<(String, bool, Option<String>)> =
        rows(connection, sql, [table], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let (mut indexes, mut attachments) = (Vec::new(), Vec::new());
    for (name, unique, sql) in found {
        match index_columns(connection, &name)? {
            Some(columns) => indexes.push(index(name, unique, columns, sql.as_deref())),
            None => attachments.extend(sql.map(|sql| Attachment { name, sql })),
        }
    }
    Ok((indexes, attachments))
}

fn index(name: String, unique: bool, columns: Vec<IndexColumn>, sql: Option<&str>) -> Index {
    let kind = if unique { IndexKind::Unique } else { IndexKind::Plain };
    let predicate = sql.and_then(index_sql::predicate);
    Index { name, kind, columns, algorithm: None, predicate, included: Vec::new(), constraint: false }
}

/// Absent when a part of the index is an expression.
fn index_columns(connection: &Connection, index: &str) -> rusqlite::Result<Option<Vec<IndexColumn>>> {
    let sql = "SELECT name, \"desc\" FROM pragma_index_xinfo(?1) WHERE key = 1 ORDER BY seqno";
    let columns: Vec<(Option<String>, bool)> = rows(connection, sql, [index], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let column =
        |(name, descending): (Option<String>, bool)| Some(IndexColumn { descending, ..IndexColumn::plain(name?) });
    Ok(columns.into_iter().map(column).collect())
}

fn triggers(connection: &Connection, table: &str) -> rusqlite::Result<Vec<Attachment>> {
    let sql =
        "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = ?1 COLLATE NOCASE ORDER BY rowid";
    rows(connection, sql, [table], |row| Ok(Attachment { name: row.get(0)?, sql: row.get(1)? }))
}

/// One column of a foreign key.
struct KeyPart {
    id: i64,
    references: String,
    from: String,
    /// Absent when the primary key is meant.
    to: Option<String>,
    on_update: String,
    on_delete: String,
}

/// SQLite lists the last one first.
fn foreign_keys(connection: &Connection, table: &str) -> rusqlite::Result<Vec<ForeignKey>> {
    let sql = "SELECT id, \"table\", \"from\", \"to\", on_update, on_delete FROM pragma_foreign_key_list(?1)
               ORDER BY id DESC, seq";
    let parts = rows(connection, sql, [table], |row| {
        Ok(KeyPart {
            id: row.get(0)?,
            references: row.get(1)?,
            from: row.get(2)?,
            to: row.get(3)?,
            on_update: row.get(4)?,
            on_delete: row.get(5)?,
        })
    })?;
    Ok(parts.chunk_by(|a, b| a.id == b.id).filter_map(foreign_key).collect())
}

fn foreign_key(parts: &[KeyPart]) -> Option<ForeignKey> {
    let first = parts.first()?;
    Some(ForeignKey {
        name: None,
        columns: parts.iter().map(|part| part.from.clone()).collect(),
        references: ObjectName::plain(&first.references),
        referenced_columns: parts.iter().filter_map(|part| part.to.clone()).collect(),
        on_delete: action(&first.on_delete),
        on_update: action(&first.on_update),
        relies_on: None,
    })
}

fn action(name: &str) -> ReferentialAction {
    match name {
        "CASCADE" => ReferentialAction::Cascade,
        "RESTRICT" => ReferentialAction::Restrict,
        "SET NULL" => ReferentialAction::SetNull,
        "SET DEFAULT" => ReferentialAction::SetDefault,
        _ => ReferentialAction::NoAction,
    }
}

/// A foreign key without columns means the other table's primary key, and its table's name is in any case.
fn refer_to_keys(tables: &mut [Table]) {
    let keys: Vec<(ObjectName, Vec<String>)> = tables
        .iter()
        .map(|table| {
            let key = table.primary_key.iter().flat_map(|key| &key.columns);
            (table.name.clone(), key.map(|column| column.name.clone()).collect())
        })
        .collect();
    for foreign_key in tables.iter_mut().flat_map(|table| &mut table.foreign_keys) {
        let named = |(name, _): &&(ObjectName, _)| name.name.eq_ignore_ascii_case(&foreign_key.references.name);
        let Some((name, key)) = keys.iter().find(named) else {
            continue;
        };
        foreign_key.references = name.clone();
        if foreign_key.referenced_columns.is_empty() {
            foreign_key.referenced_columns.clone_from(key);
        }
    }
}

fn texts<P: rusqlite::Params>(connection: &Connection, sql: &str, parameters: P) -> rusqlite::Result<Vec<String>> {
    rows(connection, sql, parameters, first)
}

fn first<T: FromSql>(row: &Row<'_>) -> rusqlite::Result<T> {
    row.get(0)
}

fn rows<T, P: rusqlite::Params>(
    connection: &Connection,
    sql: &str,
    parameters: P,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Vec<T>> {
    connection.prepare_cached(sql)?.query_map(parameters, read)?.collect()
}
