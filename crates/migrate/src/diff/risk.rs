//! What a change may lose, and what may keep it from being made.

use super::table::TableDifference;
use super::{Pairs, Rename, enums, rename, same};
use crate::describe::enum_columns;
use lenslet_core::catalog::Catalog;
use lenslet_sql::ddl::{
    BaseType, Change, Column, ColumnType, DatabaseSchema, Default, Dialect, Index, IndexKind, ObjectName, PrimaryKey,
};
use std::fmt;

/// Something about a change that depends on the rows that are there.
#[derive(Clone, Debug, PartialEq)]
pub enum Risk {
    /// A table goes with its rows.
    DropTable {
        /// The table.
        table: ObjectName,
    },
    /// A column goes with its values.
    DropColumn {
        /// The table.
        table: ObjectName,
        /// The column.
        column: String,
    },
    /// Values have to be turned into another type.
    ChangeType {
        /// The table.
        table: ObjectName,
        /// The column.
        column: String,
        /// Its type.
        from: ColumnType,
        /// Its new type.
        to: ColumnType,
    },
    /// A column is added that every row must have a value of, and nothing gives it one.
    AddRequiredColumn {
        /// The table.
        table: ObjectName,
        /// The column.
        column: String,
    },
    /// A column no longer takes nulls, and nothing replaces those that are there.
    ForbidNull {
        /// The table.
        table: ObjectName,
        /// The column.
        column: String,
        /// Whether its default could ([`Difference::filling`](super::Difference::filling)).
        has_default: bool,
    },
    /// No two rows may be alike any longer.
    AddUnique {
        /// The table.
        table: ObjectName,
        /// The columns.
        columns: Vec<String>,
        /// Those of them that were there before. The others hold the same in every row.
        present: Vec<String>,
    },
    /// Values of an enum go.
    DropVariants {
        /// The enum.
        name: ObjectName,
        /// Its values.
        variants: Vec<String>,
        /// The columns that keep the type: table and name.
        columns: Vec<(ObjectName, String)>,
    },
    /// A column holds texts of which some may be no values of its enum (SQLite, which has no enum types).
    UnknownVariants {
        /// The enum.
        name: String,
        /// Its values.
        variants: Vec<String>,
        /// The table.
        table: ObjectName,
        /// The column.
        column: String,
    },
}

impl Risk {
    /// Whether rows that it concerns make the change impossible. Otherwise they are lost.
    pub fn is_prohibitive(&self) -> bool {
        match self {
            Risk::DropTable { .. } | Risk::DropColumn { .. } | Risk::ChangeType { .. } => false,
            Risk::AddRequiredColumn { .. }
            | Risk::ForbidNull { .. }
            | Risk::AddUnique { .. }
            | Risk::DropVariants { .. }
            | Risk::UnknownVariants { .. } => true,
        }
    }
}

impl fmt::Display for Risk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Risk::DropTable { table } => write!(f, "the table `{table}` is dropped"),
            Risk::DropColumn { table, column } => write!(f, "the column `{column}` of `{table}` is dropped"),
            Risk::ChangeType { table, column, from, to } => {
                write!(f, "the column `{column}` of `{table}` changes from {from} to {to}")
            }
            Risk::AddRequiredColumn { table, column } => {
                write!(f, "the required column `{column}` is added to `{table}` without a default")
            }
            Risk::ForbidNull { table, column, .. } => write!(f, "the column `{column}` of `{table}` becomes required"),
            Risk::AddUnique { table, columns, .. } => {
                write!(f, "rows of `{table}` have to differ in `{}`", columns.join("`, `"))
            }
            Risk::DropVariants { name, variants, .. } => {
                write!(f, "the enum `{name}` loses `{}`", variants.join("`, `"))
            }
            Risk::UnknownVariants { name, variants, table, column } => {
                let variants = variants.join("`, `");
                write!(f, "the column `{column}` of `{table}` can hold `{variants}`, the values of `{name}`")
            }
        }
    }
}

pub(super) fn of(
    from: &DatabaseSchema,
    to: &DatabaseSchema,
    pairs: &Pairs<'_>,
    tables: &[TableDifference<'_>],
) -> Vec<Risk> {
    let dropped = pairs.dropped.iter().map(|table| Risk::DropTable { table: table.name.clone() });
    let variants = enums::alter(from, to).into_iter().filter_map(dropped_variants);
    dropped.chain(tables.iter().flat_map(within)).chain(variants).collect()
}

/// Texts that are no values of their enum, in a database without enum types: rows that hold a value that the enum had once.
/// Told by the names before the renames; a value that only gets another name is one.
pub fn unknown_variants(dialect: Dialect, found: &DatabaseSchema, catalog: &Catalog, renames: &[Rename]) -> Vec<Risk> {
    if dialect != Dialect::Sqlite {
        return Vec::new();
    }
    let after = rename::all_renamed(found, renames);
    let risk = |(table, column, at): (ObjectName, String, usize)| {
        after.table(&table)?.column(&column)?;
        let it = catalog.enums.get(at)?;
        let old = renames.iter().filter_map(|rename| match rename {
            Rename::Variant { of, from, .. } if of.name == *it.db_name => Some(from.clone()),
            _ => None,
        });
        let variants = it.variants.iter().map(|variant| variant.db_name.to_string()).chain(old).collect();
        let risk = Risk::UnknownVariants { name: it.name.to_string(), variants, table, column };
        Some(rename::said_before(risk, renames))
    };
    enum_columns(catalog).filter_map(risk).collect()
}

fn dropped_variants(change: Change) -> Option<Risk> {
    match change {
        Change::AlterEnum(it) if !it.removed.is_empty() => {
            let columns = it.columns.into_iter().map(|column| (column.table, column.to.name)).collect();
            Some(Risk::DropVariants { name: it.to.name, variants: it.removed, columns })
        }
        _ => None,
    }
}

fn within(difference: &TableDifference<'_>) -> Vec<Risk> {
    let table = &difference.new.name;
    let dropped = difference.dropped_columns.iter();
    let dropped = dropped.map(|it| Risk::DropColumn { table: table.clone(), column: it.name.clone() });
    let added = difference.added_columns.iter().filter(|it| !has_value(it));
    let added = added.map(|it| Risk::AddRequiredColumn { table: table.clone(), column: it.name.clone() });
    let altered = difference.altered_columns.iter().flat_map(|(old, new)| altered(difference, old, new));
    dropped.chain(added).chain(altered).chain(uniques(difference)).collect()
}

/// Whether a row that is there gets a value of a new column.
fn has_value(column: &Column) -> bool {
    column.nullable || column.autoincrement || is_known(column)
}

fn is_known(column: &Column) -> bool {
    !matches!(column.default, None | Some(Default::Unknown))
}

fn altered(difference: &TableDifference<'_>, old: &Column, new: &Column) -> Vec<Risk> {
    let table = &difference.new.name;
    let mut risks = Vec::new();
    let column = || new.name.clone();
    let is_same = same::ty(difference.dialect, &old.ty, &new.ty);
    if !is_same && !is_widening(&old.ty, &new.ty) {
        let (from, to) = (old.ty.clone(), new.ty.clone());
        risks.push(Risk::ChangeType { table: table.clone(), column: column(), from, to });
    }
    if old.nullable && !new.nullable && !(difference.is_redefined() && is_known(new)) {
        let has_default = is_same && fills_nulls(old, new);
        risks.push(Risk::ForbidNull { table: table.clone(), column: column(), has_default });
    }
    risks
}

/// Whether the nulls of a column that becomes required can turn into its default before.
pub(super) fn fills_nulls(old: &Column, new: &Column) -> bool {
    old.nullable && !new.nullable && is_known(new)
}

/// Whether every value of the one type is a value of the other.
fn is_widening(from: &ColumnType, to: &ColumnType) -> bool {
    let (BaseType::Database(old), BaseType::Database(new)) = (&from.base, &to.base) else {
        return false;
    };
    let (old, new) = (old.as_str(), new.as_str());
    let is_text = |name: &str| name == "TEXT" || name == "LONGTEXT";
    from.list == to.list
        && match (old, new) {
            (_, new) if is_text(new) => true,
            ("INTEGER", "BIGINT") | ("SMALLINT", "INTEGER" | "BIGINT") | ("REAL", "DOUBLE PRECISION") => true,
            ("BOOLEAN", "INTEGER" | "BIGINT") => true,
            (old, new) if old.starts_with("ENUM(") => variants(old).all(|it| variants(new).any(|other| it == other)),
            ("INTEGER" | "BIGINT" | "SMALLINT" | "REAL", "DECIMAL" | "DECIMAL(65,30)") => true,
            ("INTEGER" | "SMALLINT", "REAL" | "DOUBLE PRECISION" | "DOUBLE") => true,
            (old, new) => is_longer(old, new),
        }
}

/// The values of MySQL's `ENUM('a', 'b')`.
fn variants(ty: &str) -> impl Iterator<Item = &str> {
    let list = ty.strip_prefix("ENUM(").and_then(|it| it.strip_suffix(')'));
    list.unwrap_or_default().split(", ")
}

/// `VARCHAR(20)` to `VARCHAR(30)`.
fn is_longer(old: &str, new: &str) -> bool {
    let parts = |name: &str| {
        let (word, rest) = name.split_once('(')?;
        let size: u32 = rest.strip_suffix(')')?.parse().ok()?;
        matches!(word, "VARCHAR" | "VARBINARY" | "VARBIT").then(|| (word.to_owned(), size))
    };
    match (parts(old), parts(new)) {
        (Some((old, from)), Some((new, to))) => old == new && from <= to,
        _ => false,
    }
}

/// New keys, unless rows differ already, or a new column makes all rows different: by its nulls, by counting up, or as an
/// expression may.
fn uniques(difference: &TableDifference<'_>) -> Vec<Risk> {
    let known = unique_columns(difference.old.primary_key.as_ref(), &difference.old.indexes);
    let added = difference.added_indexes.iter().copied();
    let new_key = difference.new.primary_key.as_ref();
    let new_key = new_key.filter(|_| difference.changes_primary_key());
    let is_told_apart = |columns: &[String]| {
        let mut added = difference.added_columns.iter();
        known.iter().any(|it| it == columns) || added.any(|it| columns.contains(&it.name) && tells_apart(it))
    };
    unique_columns(new_key, added)
        .into_iter()
        .filter(|columns| !is_told_apart(columns))
        .map(|columns| Risk::AddUnique {
            table: difference.new.name.clone(),
            present: columns.iter().filter(|it| difference.old.column(it).is_some()).cloned().collect(),
            columns,
        })
        .collect()
}

/// The columns of everything that makes rows differ.
fn unique_columns<'s>(key: Option<&PrimaryKey>, indexes: impl IntoIterator<Item = &'s Index>) -> Vec<Vec<String>> {
    let indexes = indexes.into_iter().filter(|index| index.kind == IndexKind::Unique && index.predicate.is_none());
    let lists = indexes.map(|index| &index.columns).chain(key.map(|key| &key.columns));
    lists.map(|columns| columns.iter().map(|column| column.name.clone()).collect()).collect()
}

/// Whether a new column holds something else in every row that is there.
fn tells_apart(column: &Column) -> bool {
    column.autoincrement || matches!(column.default, None | Some(Default::Expression(_) | Default::Unknown))
}
