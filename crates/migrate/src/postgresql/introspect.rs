//! Read the structure of a live PostgreSQL database.

use super::connection::Connection;
use super::{default_text, indexes, type_name};
use crate::failure::Failure;
use crate::session::Row;
use lenslet_core::catalog::ReferentialAction;
use lenslet_sql::ddl::{
    Attachment, BaseType, Column, ColumnType, Counter, DatabaseSchema, Default, Dialect, Enum, Extension, ForeignKey,
    ObjectName, Table, string,
};
use std::collections::BTreeMap;

/// Everything that the schema language can say, in the order in which it was made. What belongs to an extension belongs to
/// nobody else, and a partition is a part of its table.
pub(super) fn introspect(connection: &Connection, own: &str, namespaces: &[String]) -> Result<DatabaseSchema, Failure> {
    let reader = Reader { connection, own, namespaces };
    let mut tables = reader.tables()?;
    reader.columns(&mut tables)?;
    indexes::read(&reader, &mut tables)?;
    reader.foreign_keys(&mut tables)?;
    Ok(DatabaseSchema {
        schemas: reader.schemas()?,
        extensions: reader.extensions()?,
        enums: reader.enums()?,
        tables: tables.into_values().collect(),
        views: reader.views()?,
    })
}

/// Tables by their number in the database, which counts up.
pub(super) type Tables = BTreeMap<u32, Table>;

pub(super) struct Reader<'c> {
    connection: &'c Connection,
    own: &'c str,
    namespaces: &'c [String],
}

/// The columns of a row, one after the other.
pub(super) struct Cells(std::vec::IntoIter<Option<String>>);

impl Cells {
    pub(super) fn text(&mut self) -> Option<String> {
        self.0.next().flatten()
    }

    pub(super) fn is_true(&mut self) -> bool {
        self.text().as_deref() == Some("t")
    }

    pub(super) fn number(&mut self) -> Option<u32> {
        self.text()?.parse().ok()
    }
}

impl Reader<'_> {
    /// Reads every row, and leaves out those that lack what they must have.
    pub(super) fn rows<T>(&self, sql: &str, read: impl FnMut(Cells) -> Option<T>) -> Result<Vec<T>, Failure> {
        let rows: Vec<Row> = self.connection.rows(sql)?;
        Ok(rows.into_iter().map(|row| Cells(row.into_iter())).filter_map(read).collect())
    }

    /// The schemas that are read, as a list of SQL.
    pub(super) fn list(&self) -> String {
        let own = [self.own.to_owned()];
        let namespaces = if self.namespaces.is_empty() { &own } else { self.namespaces };
        let names: Vec<_> = namespaces.iter().map(|name| string(Dialect::Postgresql, name)).collect();
        names.join(", ")
    }

    /// A name as schemas say it: without its namespace where that is the only one.
    fn name(&self, schema: String, name: String) -> ObjectName {
        let is_own = self.namespaces.is_empty() && schema == self.own;
        ObjectName { schema: (!is_own).then_some(schema), name }
    }

    /// Where only one namespace is meant, schemas call it `public`.
    fn schemas(&self) -> Result<Vec<String>, Failure> {
        let sql =
            "SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' ORDER BY 1";
        let found = self.rows(sql, |mut cells| cells.text())?;
        Ok(match self.namespaces {
            [] if found.iter().any(|name| name == self.own) => vec!["public".to_owned()],
            [] => Vec::new(),
            _ => found,
        })
    }

    fn extensions(&self) -> Result<Vec<Extension>, Failure> {
        let sql = "SELECT e.extname, n.nspname, e.extversion FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
                   WHERE e.extname <> 'plpgsql' ORDER BY 1";
        self.rows(sql, |mut cells| Some(Extension { name: cells.text()?, schema: cells.text(), version: cells.text() }))
    }

    fn enums(&self) -> Result<Vec<Enum>, Failure> {
        let sql = format!(
            "SELECT n.nspname, t.typname, e.enumlabel FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
             LEFT JOIN pg_enum e ON e.enumtypid = t.oid
             WHERE t.typtype = 'e' AND n.nspname IN ({}) AND {} ORDER BY t.oid, e.enumsortorder",
            self.list(),
            is_alone("pg_type", "t.oid")
        );
        let rows = self.rows(&sql, |mut cells| Some((self.name(cells.text()?, cells.text()?), cells.text())))?;
        let mut enums: Vec<Enum> = Vec::new();
        for (name, variant) in rows {
            match enums.last_mut() {
                Some(last) if last.name == name => last.variants.extend(variant),
                _ => enums.push(Enum { name, variants: variant.into_iter().collect() }),
            }
        }
        Ok(enums)
    }

    fn views(&self) -> Result<Vec<ObjectName>, Failure> {
        let sql = format!(
            "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE c.relkind IN ('v', 'm') AND n.nspname IN ({}) AND {} ORDER BY c.oid",
            self.list(),
            is_alone("pg_class", "c.oid")
        );
        self.rows(&sql, |mut cells| Some(self.name(cells.text()?, cells.text()?)))
    }

    fn tables(&self) -> Result<Tables, Failure> {
        let sql = format!(
            "SELECT c.oid, n.nspname, c.relname, obj_description(c.oid, 'pg_class')
             FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> '_prisma_migrations'
             AND n.nspname IN ({}) AND {}",
            self.list(),
            is_alone("pg_class", "c.oid")
        );
        let tables = self.rows(&sql, |mut cells| {
            let oid = cells.number()?;
            let name = self.name(cells.text()?, cells.text()?);
            Some((oid, Table { comment: cells.text(), ..Table::named(name) }))
        })?;
        Ok(tables.into_iter().collect())
    }

    fn columns(&self, tables: &mut Tables) -> Result<(), Failure> {
        // A list's elements have their type behind `element`; a type's own spelling tells its arguments.
        let sql = format!(
            "SELECT a.attrelid, a.attname, NOT a.attnotnull, t.typcategory = 'A' AND t.typelem <> 0, b.typtype, bn.nspname,
                b.typname, format_type(b.oid, a.atttypmod), pg_get_expr(d.adbin, d.adrelid), a.attidentity <> '',
                a.attgenerated <> '', sn.nspname, s.relname, col_description(a.attrelid, a.attnum)
             FROM pg_attribute a
             JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
             JOIN pg_type t ON t.oid = a.atttypid
             JOIN pg_type b ON b.oid = CASE WHEN t.typcategory = 'A' AND t.typelem <> 0 THEN t.typelem ELSE t.oid END
             JOIN pg_namespace bn ON bn.oid = b.typnamespace
             LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
             LEFT JOIN pg_depend sd ON sd.classid = 'pg_attrdef'::regclass AND sd.objid = d.oid
                AND sd.refclassid = 'pg_class'::regclass AND sd.refobjsubid = 0
                AND EXISTS (SELECT FROM pg_class WHERE oid = sd.refobjid AND relkind = 'S')
             LEFT JOIN pg_class s ON s.oid = sd.refobjid
             LEFT JOIN pg_namespace sn ON sn.oid = s.relnamespace
             WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p') AND n.nspname IN ({})
             ORDER BY a.attrelid, a.attnum",
            self.list()
        );
        for (table, column) in self.rows(&sql, |cells| self.column(cells))? {
            if let Some(table) = tables.get_mut(&table) {
                table.columns.push(column);
            }
        }
        Ok(())
    }

    fn column(&self, mut cells: Cells) -> Option<(u32, Column)> {
        let (table, name, nullable, list) = (cells.number()?, cells.text()?, cells.is_true(), cells.is_true());
        let (kind, schema, type_name, spelled) = (cells.text()?, cells.text()?, cells.text()?, cells.text()?);
        let base = match kind.as_str() {
            "e" => BaseType::Enum(self.name(schema, type_name)),
            _ => BaseType::Database(type_name::of(&type_name, &spelled)),
        };
        let ty = ColumnType { base, list };
        let (expression, is_identity, is_generated) = (cells.text(), cells.is_true(), cells.is_true());
        let sequence = cells.text().zip(cells.text()).map(|(schema, name)| self.name(schema, name));
        let counter = match (is_identity, sequence) {
            (true, _) => Some(Counter::Identity),
            (false, Some(sequence)) if counts_up(expression.as_deref()) => Some(Counter::Sequence(sequence)),
            _ => None,
        };
        let default = match (&counter, expression) {
            (Some(_), _) | (_, None) => None,
            _ if is_generated => Some(Default::Unknown),
            (None, Some(sql)) => default_text::parse(&sql, &ty),
        };
        let autoincrement = counter.is_some();
        let column =
            Column { name, ty, nullable, default, autoincrement, counter, collation: None, comment: cells.text() };
        Some((table, column))
    }

    fn foreign_keys(&self, tables: &mut Tables) -> Result<(), Failure> {
        let sql = format!(
            "SELECT k.conrelid, k.conname, fn.nspname, f.relname, k.confdeltype, k.confupdtype, a.attname, fa.attname,
                r.relname, p.ord = 1
             FROM pg_constraint k
             JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
             JOIN pg_class f ON f.oid = k.confrelid JOIN pg_namespace fn ON fn.oid = f.relnamespace
             CROSS JOIN LATERAL unnest(k.conkey, k.confkey) WITH ORDINALITY p (own, referred, ord)
             JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = p.own
             LEFT JOIN pg_class r ON r.oid = k.conindid
             JOIN pg_attribute fa ON fa.attrelid = k.confrelid AND fa.attnum = p.referred
             WHERE k.contype = 'f' AND k.conparentid = 0 AND n.nspname IN ({}) ORDER BY k.oid, p.ord",
            self.list()
        );
        let parts = self.rows(&sql, |mut cells| {
            let (table, name) = (cells.number()?, cells.text()?);
            let references = self.name(cells.text()?, cells.text()?);
            let (on_delete, on_update) = (action(&cells.text()?), action(&cells.text()?));
            let (columns, referenced_columns) = (vec![cells.text()?], vec![cells.text()?]);
            let relies_on = cells.text();
            let name = Some(name);
            let key = ForeignKey { name, columns, references, referenced_columns, on_delete, on_update, relies_on };
            Some((table, key, cells.is_true()))
        })?;
        for (table, key, is_first) in parts {
            let Some(table) = tables.get_mut(&table) else { continue };
            match table.foreign_keys.last_mut().filter(|_| !is_first) {
                Some(last) => {
                    last.columns.extend(key.columns);
                    last.referenced_columns.extend(key.referenced_columns);
                }
                None => table.foreign_keys.push(key),
            }
        }
        Ok(())
    }

    /// Keeps what the schema language cannot say beside the table.
    pub(super) fn attach(table: &mut Table, name: String, sql: String) {
        table.attachments.push(Attachment { name, sql });
    }
}

/// That something belongs to no extension.
fn is_alone(class: &str, oid: &str) -> String {
    format!(
        "NOT EXISTS (SELECT FROM pg_depend x WHERE x.classid = '{class}'::regclass AND x.objid = {oid} AND x.deptype = 'e')"
    )
}

/// Whether a default is the next number of a sequence, and nothing more.
fn counts_up(default: Option<&str>) -> bool {
    default.is_some_and(|sql| sql.starts_with("nextval(") && sql.ends_with("::regclass)"))
}

fn action(letter: &str) -> ReferentialAction {
    match letter {
        "c" => ReferentialAction::Cascade,
        "r" => ReferentialAction::Restrict,
        "n" => ReferentialAction::SetNull,
        "d" => ReferentialAction::SetDefault,
        _ => ReferentialAction::NoAction,
    }
}
