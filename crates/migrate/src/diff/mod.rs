//! What has to change for one database structure to become another, and what that may cost.

mod condition;
mod enums;
mod reconcile;
mod rename;
mod risk;
mod same;
mod table;
mod turned;

pub use reconcile::reconcile;
pub use rename::{Rename, RenameError, ask_renames, diff_renamed, likely_renames, renames, reversed};
pub use risk::{Risk, unknown_variants};
pub use turned::turns;

use lenslet_sql::ddl::{Change, Column, DatabaseSchema, Dialect, ObjectName, Table, TableChange, script};
use table::TableDifference;

/// The way from one structure to another.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Difference {
    /// The steps, in an order in which a database takes them.
    pub changes: Vec<Change>,
    /// What may be lost on the way, or may not be possible; whether it is so depends on the rows.
    pub risks: Vec<Risk>,
}

impl Difference {
    /// Whether the two are the same.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// The same, with nulls turned into defaults before their column becomes required, where a default can stand for them.
    /// (SQLite's tables are built again, which does so anyway. Prisma's scripts leave it out and fail.)
    #[must_use]
    pub fn filling(self) -> Self {
        let mut changes = Vec::new();
        for change in self.changes {
            if let Change::AlterTable { table, changes: parts } = &change {
                changes.extend(parts.iter().filter_map(|part| fill(table, part)));
            }
            changes.push(change);
        }
        let is_left = |risk: &Risk| !matches!(risk, Risk::ForbidNull { has_default: true, .. });
        Difference { changes, risks: self.risks.into_iter().filter(is_left).collect() }
    }

    /// The text of a migration: what it may lose, and its SQL.
    pub fn migration(&self, dialect: Dialect) -> String {
        let script = script(dialect, &self.changes);
        if self.risks.is_empty() {
            return script.to_string();
        }
        let warnings: String = self.risks.iter().map(|risk| format!("  - {risk}\n")).collect();
        format!("/*\n  Warnings:\n\n{warnings}\n*/\n{script}")
    }
}

/// Compares two structures. Views are left alone, and so is what `from` holds beyond the schema language.
pub fn diff(dialect: Dialect, from: &DatabaseSchema, to: &DatabaseSchema) -> Difference {
    let turned = turned::tables(from, to);
    if turned.is_empty() { straight(dialect, from, to) } else { turned_round(dialect, from, to, &turned) }
}

/// Join tables whose columns change places first.
fn turned_round(dialect: Dialect, from: &DatabaseSchema, to: &DatabaseSchema, turned: &[ObjectName]) -> Difference {
    let renames: Vec<_> = turned.iter().flat_map(turned::renames).collect();
    rename::after_renames(&renames, from, |after| straight(dialect, after, to))
}

fn straight(dialect: Dialect, from: &DatabaseSchema, to: &DatabaseSchema) -> Difference {
    let pairs = Pairs::of(from, to);
    let mut tables: Vec<_> = pairs.kept.iter().map(|(old, new)| TableDifference::of(dialect, to, old, new)).collect();
    let disturbances: Vec<_> = tables.iter().map(TableDifference::disturbance).collect();
    tables.iter_mut().for_each(|table| table.disturb(&disturbances));
    let mut changes = namespaces(from, to);
    changes.extend(enums::create(from, to));
    changes.extend(enums::alter(from, to));
    changes.extend(drop_foreign_keys(dialect, from, to, &tables));
    changes.extend(tables.iter().flat_map(TableDifference::drop_indexes));
    changes.extend(tables.iter().flat_map(TableDifference::alter));
    changes.extend(pairs.dropped.iter().map(|table| Change::DropTable(table.name.clone())));
    changes.extend(enums::drop(from, to));
    changes.extend(pairs.created.iter().map(|table| Change::CreateTable((*table).clone())));
    changes.extend(redefine(&tables));
    if !dialect.capabilities().indexes_in_table {
        changes.extend(pairs.created.iter().flat_map(|table| table::create_indexes(table)));
    }
    changes.extend(tables.iter().flat_map(TableDifference::create_indexes));
    changes.extend(add_foreign_keys(dialect, from, to, &tables));
    changes.extend(tables.iter().flat_map(TableDifference::rename_foreign_keys));
    changes.extend(tables.iter().flat_map(TableDifference::rename_indexes));
    let risks = risk::of(from, to, &pairs, &tables);
    Difference { changes, risks }
}

/// Tables by what becomes of them.
struct Pairs<'s> {
    dropped: Vec<&'s Table>,
    created: Vec<&'s Table>,
    kept: Vec<(&'s Table, &'s Table)>,
}

impl<'s> Pairs<'s> {
    fn of(from: &'s DatabaseSchema, to: &'s DatabaseSchema) -> Self {
        Pairs {
            dropped: from.tables.iter().filter(|table| to.table(&table.name).is_none()).collect(),
            created: to.tables.iter().filter(|table| from.table(&table.name).is_none()).collect(),
            kept: to.tables.iter().filter_map(|new| from.table(&new.name).map(|old| (old, new))).collect(),
        }
    }
}

/// Namespaces and extensions are never dropped: others may use them.
fn namespaces(from: &DatabaseSchema, to: &DatabaseSchema) -> Vec<Change> {
    let schemas = to.schemas.iter().filter(|name| !from.schemas.contains(name));
    let is_there = |name: &str| from.extensions.iter().any(|it| it.name == name);
    let extensions = to.extensions.iter().filter(|it| !is_there(&it.name));
    let schemas = schemas.map(|name| Change::CreateSchema(name.clone()));
    schemas.chain(extensions.map(|it| Change::CreateExtension(it.clone()))).collect()
}

/// Those of tables that go, and of tables that change, in the order of the tables.
fn drop_foreign_keys(
    dialect: Dialect,
    from: &DatabaseSchema,
    to: &DatabaseSchema,
    tables: &[TableDifference<'_>],
) -> Vec<Change> {
    if dialect.capabilities().foreign_keys_in_table {
        return Vec::new();
    }
    let keys = from.tables.iter().flat_map(|table| match to.table(&table.name) {
        None => table::drop_foreign_keys(table),
        Some(_) => difference_of(tables, table).map(TableDifference::drop_foreign_keys).unwrap_or_default(),
    });
    keys.collect()
}

/// Those of tables that come, and of tables that change, in the order of the tables.
fn add_foreign_keys(
    dialect: Dialect,
    from: &DatabaseSchema,
    to: &DatabaseSchema,
    tables: &[TableDifference<'_>],
) -> Vec<Change> {
    if dialect.capabilities().foreign_keys_in_table {
        return Vec::new();
    }
    let keys = to.tables.iter().flat_map(|table| match from.table(&table.name) {
        None => table::add_foreign_keys(table),
        Some(_) => difference_of(tables, table).map(TableDifference::add_foreign_keys).unwrap_or_default(),
    });
    keys.collect()
}

fn difference_of<'d, 's>(tables: &'d [TableDifference<'s>], table: &Table) -> Option<&'d TableDifference<'s>> {
    tables.iter().find(|it| it.new.name == table.name)
}

fn fill(table: &ObjectName, part: &TableChange) -> Option<Change> {
    match part {
        TableChange::AlterColumn { from, to } if from.ty == to.ty && risk::fills_nulls(from, to) => {
            Some(Change::FillNulls { table: table.clone(), column: (**to).clone() })
        }
        _ => None,
    }
}

fn redefine(tables: &[TableDifference<'_>]) -> Option<Change> {
    let tables: Vec<_> = tables.iter().filter_map(TableDifference::redefinition).collect();
    (!tables.is_empty()).then_some(Change::RedefineTables(tables))
}

/// The column changes of a table that is altered where it is.
fn alterations(difference: &TableDifference<'_>) -> Vec<TableChange> {
    let drop = |column: &Column| TableChange::DropColumn(column.name.clone());
    let add = |column: &Column| TableChange::AddColumn(column.clone());
    let is_replaced = |column: &Column| difference.replaced_columns.contains(&column.name.as_str());
    let dropped = difference.dropped_columns.iter().filter(|it| !is_replaced(it)).map(|it| drop(it));
    let added = difference.added_columns.iter().filter(|it| !is_replaced(it)).map(|it| add(it));
    let kept = difference.new.columns.iter().flat_map(|column| match is_replaced(column) {
        true => vec![drop(column), add(column)],
        false => {
            let altered = difference.altered_columns.iter().find(|(_, new)| new.name == column.name);
            // Names that mean the same type are no change of it.
            let ty = |old: &Column, new: &Column| match same::ty(difference.dialect, &old.ty, &new.ty) {
                true => new.ty.clone(),
                false => old.ty.clone(),
            };
            let from = |old: &Column, new: &Column| Column { ty: ty(old, new), ..old.clone() };
            let alter = |&(old, new): &(&Column, &Column)| (Box::new(from(old, new)), Box::new(new.clone()));
            altered.map(alter).map(|(from, to)| TableChange::AlterColumn { from, to }).into_iter().collect()
        }
    });
    let (drop_key, add_key) = difference.primary_key_changes();
    drop_key.into_iter().chain(dropped).chain(added).chain(kept).chain(add_key).collect()
}
