//! Tables and columns that get another name and keep what is in them.
//!
//! No comparison can tell a rename from a drop beside a creation; somebody has to say it. [`likely_renames`] finds what to
//! ask, and [`diff_renamed`] makes the change.

use super::{Difference, Risk, diff, same};
use lenslet_core::catalog::{Catalog, Model, ModelKind};
use lenslet_sql::ddl::{Change, Column, DatabaseSchema, Dialect, ForeignKey, ObjectName, PrimaryKey, Table};
use std::fmt;

/// A table or column that gets another name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rename {
    /// A table, within its namespace.
    Table {
        /// Its present name.
        from: ObjectName,
        /// Its new name.
        to: String,
    },
    /// A column.
    Column {
        /// Its table, by the name that it has afterwards.
        table: ObjectName,
        /// Its present name.
        from: String,
        /// Its new name.
        to: String,
    },
}

/// Why a rename that somebody asked for cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RenameError {
    /// It is not written as a rename is.
    #[error("`{0}` is no rename; write `User=Person` for a table, `User.name=fullName` for a column")]
    Unreadable(String),
    /// There is nothing to rename.
    #[error("`{rename}`: the database has no {what}")]
    Missing {
        /// As it was written.
        rename: String,
        /// What is not there.
        what: String,
    },
    /// The schema does not have the new name.
    #[error("`{rename}`: the schema asks for no {what}")]
    Unwanted {
        /// As it was written.
        rename: String,
        /// What is not asked for.
        what: String,
    },
    /// The old name is in use by the schema, or the new one by the database.
    #[error("`{rename}`: {what} is there before and after")]
    Kept {
        /// As it was written.
        rename: String,
        /// What stays.
        what: String,
    },
}

/// As it is said to a command: `User=Person`, `User.name=fullName`.
impl fmt::Display for Rename {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Rename::Table { from, to } => write!(f, "{from}={to}"),
            Rename::Column { table, from, to } => write!(f, "{table}.{from}={to}"),
        }
    }
}

impl Rename {
    /// For people: what becomes of what.
    pub fn sentence(&self) -> String {
        match self {
            Rename::Table { from, to } => format!("the table `{from}` becomes `{to}`"),
            Rename::Column { table, from, to } => format!("the column `{from}` of `{table}` becomes `{to}`"),
        }
    }

    fn change(&self) -> Change {
        match self.clone() {
            Rename::Table { from, to } => Change::RenameTable { from, to },
            Rename::Column { table, from, to } => Change::RenameColumn { table, from, to },
        }
    }
}

/// Reads renames as they are written (`User=Person`, `User.name=fullName`), by the names of the database or of the schema.
/// Tables are renamed first; of a renamed table both names may be said.
///
/// # Errors
/// When one cannot be read, or does not lead from what the database has to what the schema asks for.
pub fn renames(
    written: &[String],
    from: &DatabaseSchema,
    to: &DatabaseSchema,
    catalog: &Catalog,
) -> Result<Vec<Rename>, RenameError> {
    let mut tables = Vec::new();
    let mut columns = Vec::new();
    for rename in written {
        let unreadable = || RenameError::Unreadable(rename.clone());
        let (old, new) = rename.split_once('=').ok_or_else(unreadable)?;
        let (old, new) = (old.trim(), new.trim());
        if old.is_empty() || new.is_empty() {
            return Err(unreadable());
        }
        match table_rename(rename, old, new, from, to, catalog)? {
            Some(found) => tables.push(found),
            None => columns.push((rename, old, new)),
        }
    }
    let renamed = tables.iter().fold(from.clone(), |schema, it| renamed(&schema, it));
    for (rename, old, new) in columns {
        let (table, column) = old.rsplit_once('.').ok_or_else(|| missing(rename, &format!("table `{old}`")))?;
        let before = tables.iter().find_map(|it| match it {
            Rename::Table { from, to } if from.to_string() == table => {
                Some(ObjectName { name: to.clone(), ..from.clone() })
            }
            _ => None,
        });
        let table = before.map_or_else(|| table.to_owned(), |it| it.to_string());
        tables.push(column_rename(rename, &table, column, new, &renamed, to, catalog)?);
    }
    Ok(tables)
}

fn missing(rename: &str, what: &str) -> RenameError {
    RenameError::Missing { rename: rename.to_owned(), what: what.to_owned() }
}

fn unwanted(rename: &str, what: &str) -> RenameError {
    RenameError::Unwanted { rename: rename.to_owned(), what: what.to_owned() }
}

fn kept(rename: &str, what: &str) -> RenameError {
    RenameError::Kept { rename: rename.to_owned(), what: what.to_owned() }
}

fn model<'c>(catalog: &'c Catalog, name: &str) -> Option<&'c Model> {
    catalog.models.iter().find(|it| it.kind == ModelKind::Table && it.name == name)
}

fn model_table(model: &Model) -> ObjectName {
    ObjectName { schema: model.schema.as_ref().map(ToString::to_string), name: model.db_name.to_string() }
}

/// A table by its own name, with its namespace where there is one, or by its model's.
fn find<'s>(schema: &'s DatabaseSchema, catalog: &Catalog, name: &str) -> Option<&'s Table> {
    let named = schema.tables.iter().find(|table| table.name.to_string() == name || table.name.name == name);
    named.or_else(|| schema.table(&model_table(model(catalog, name)?)))
}

/// The rename of a table, unless it is one of a column.
fn table_rename(
    rename: &str,
    old: &str,
    new: &str,
    from: &DatabaseSchema,
    to: &DatabaseSchema,
    catalog: &Catalog,
) -> Result<Option<Rename>, RenameError> {
    let Some(table) = from.tables.iter().find(|it| it.name.to_string() == old || it.name.name == old) else {
        return Ok(None);
    };
    let target = find(to, catalog, new).ok_or_else(|| unwanted(rename, &format!("table `{new}`")))?;
    if target.name.schema != table.name.schema {
        return Err(unwanted(rename, &format!("table `{new}` in the same namespace")));
    }
    if to.table(&table.name).is_some() || from.table(&target.name).is_some() {
        let stays = if to.table(&table.name).is_some() { &table.name } else { &target.name };
        return Err(kept(rename, &format!("the table `{stays}`")));
    }
    Ok(Some(Rename::Table { from: table.name.clone(), to: target.name.name.clone() }))
}

fn column_rename(
    rename: &str,
    table: &str,
    old: &str,
    new: &str,
    from: &DatabaseSchema,
    to: &DatabaseSchema,
    catalog: &Catalog,
) -> Result<Rename, RenameError> {
    let table = find(from, catalog, table).ok_or_else(|| missing(rename, &format!("table `{table}`")))?;
    let target = to.table(&table.name).ok_or_else(|| unwanted(rename, &format!("table `{}`", table.name)))?;
    let field = |name: &str| {
        let model = catalog.models.iter().find(|it| it.kind == ModelKind::Table && model_table(it) == target.name)?;
        Some(model.field(name)?.1.column()?.db_name.to_string())
    };
    if table.column(old).is_none() {
        return Err(missing(rename, &format!("column `{old}` in `{}`", table.name)));
    }
    let wanted = target.column(new).map(|it| it.name.clone()).or_else(|| field(new));
    let wanted = wanted.ok_or_else(|| unwanted(rename, &format!("column `{new}` in `{}`", table.name)))?;
    if target.column(old).is_some() || table.column(&wanted).is_some() {
        let stays = if target.column(old).is_some() { old } else { &wanted };
        return Err(kept(rename, &format!("the column `{stays}`")));
    }
    Ok(Rename::Column { table: table.name.clone(), from: old.to_owned(), to: wanted })
}

/// What looks like a rename: a table or column that goes, beside one like it that comes. Each stands in one rename at most.
/// Columns of tables that are renamed are part of it.
pub fn likely_renames(dialect: Dialect, from: &DatabaseSchema, to: &DatabaseSchema) -> Vec<Rename> {
    let mut renames = likely_tables(dialect, from, to);
    let renamed = renames.iter().fold(from.clone(), |schema, it| renamed(&schema, it));
    let kept = to.tables.iter().filter_map(|new| renamed.table(&new.name).map(|old| (old, new)));
    renames.extend(kept.flat_map(|(old, new)| likely_columns(dialect, old, new)));
    renames
}

/// Asks of everything that looks like a rename, beyond what was said already, whether it is one. Gives what was said and
/// what was affirmed. Of a table that is no rename the columns are not asked for.
///
/// # Errors
/// What asking gives.
pub fn ask_renames<E>(
    dialect: Dialect,
    from: &DatabaseSchema,
    to: &DatabaseSchema,
    said: Vec<Rename>,
    mut is_one: impl FnMut(&Rename) -> Result<bool, E>,
) -> Result<Vec<Rename>, E> {
    let mut after = said.iter().fold(from.clone(), |schema, rename| renamed(&schema, rename));
    let mut renames = said;
    for rename in likely_tables(dialect, &after, to) {
        if is_one(&rename)? {
            after = renamed(&after, &rename);
            renames.push(rename);
        }
    }
    for (old, new) in to.tables.iter().filter_map(|new| after.table(&new.name).map(|old| (old, new))) {
        for rename in likely_columns(dialect, old, new) {
            if is_one(&rename)? {
                renames.push(rename);
            }
        }
    }
    Ok(renames)
}

/// The renames that take these back.
pub fn reversed(renames: &[Rename]) -> Vec<Rename> {
    let table = |rename: &Rename| match rename {
        Rename::Table { from, to } => {
            Some(Rename::Table { from: ObjectName { name: to.clone(), ..from.clone() }, to: from.name.clone() })
        }
        Rename::Column { .. } => None,
    };
    let column = |rename: &Rename| match rename {
        Rename::Table { .. } => None,
        Rename::Column { table, from, to } => {
            Some(Rename::Column { table: before(renames, table), from: to.clone(), to: from.clone() })
        }
    };
    renames.iter().filter_map(table).chain(renames.iter().filter_map(column)).collect()
}

/// The name of a table before the renames.
fn before(renames: &[Rename], table: &ObjectName) -> ObjectName {
    let before = renames.iter().find_map(|it| match it {
        Rename::Table { from, to } if from.schema == table.schema && *to == table.name => Some(from.clone()),
        _ => None,
    });
    before.unwrap_or_else(|| table.clone())
}

fn likely_tables(dialect: Dialect, from: &DatabaseSchema, to: &DatabaseSchema) -> Vec<Rename> {
    let mut dropped: Vec<&Table> = from.tables.iter().filter(|table| to.table(&table.name).is_none()).collect();
    let mut renames = Vec::new();
    for new in to.tables.iter().filter(|table| from.table(&table.name).is_none()) {
        let scored = dropped.iter().enumerate().map(|(at, old)| (alike(dialect, old, new), at));
        let Some((score, at)) = scored.max_by_key(|(score, at)| (*score, usize::MAX - at)) else { continue };
        if score >= LIKELY {
            let old = dropped.remove(at);
            renames.push(Rename::Table { from: old.name.clone(), to: new.name.name.clone() });
        }
    }
    renames
}

/// Of a hundred columns, how many have to be the same.
const LIKELY: usize = 60;

/// How many of a hundred columns two tables share, by name and type. Join tables share theirs with all others, and so say
/// nothing unless they refer to the same tables.
fn alike(dialect: Dialect, old: &Table, new: &Table) -> usize {
    let is_same = |column: &&Column| new.column(&column.name).is_some_and(|it| same::ty(dialect, &column.ty, &it.ty));
    let shared = old.columns.iter().filter(is_same).count();
    let all = old.columns.len().max(new.columns.len()).max(1);
    let refers = |table: &Table| {
        let mut tables: Vec<_> = table.foreign_keys.iter().map(|key| key.references.clone()).collect();
        tables.sort();
        tables
    };
    let is_small = old.columns.len() <= 2 && refers(old) != refers(new);
    if old.name.schema != new.name.schema || is_small { 0 } else { shared * 100 / all }
}

/// Of several that fit, the one with the most similar name.
fn likely_columns(dialect: Dialect, old: &Table, new: &Table) -> Vec<Rename> {
    let mut dropped: Vec<&Column> = old.columns.iter().filter(|it| new.column(&it.name).is_none()).collect();
    let added: Vec<&Column> = new.columns.iter().filter(|it| old.column(&it.name).is_none()).collect();
    let mut renames = Vec::new();
    for column in added {
        let fits = |old: &Column| same::ty(dialect, &old.ty, &column.ty) && old.autoincrement == column.autoincrement;
        let fitting = dropped.iter().enumerate().filter(|(_, old)| fits(old));
        let scored = fitting.map(|(at, old)| (similarity(&old.name, &column.name), usize::MAX - at));
        let Some((_, at)) = scored.max() else { continue };
        let old = dropped.remove(usize::MAX - at);
        renames.push(Rename::Column { table: new.name.clone(), from: old.name.clone(), to: column.name.clone() });
    }
    renames
}

/// How many pairs of neighbouring letters two names share, of a hundred.
fn similarity(one: &str, other: &str) -> usize {
    let pairs = |name: &str| {
        let letters: Vec<char> = name.to_lowercase().chars().filter(|it| it.is_alphanumeric()).collect();
        letters.windows(2).map(<[char]>::to_vec).collect::<Vec<_>>()
    };
    let (one, mut other) = (pairs(one), pairs(other));
    let all = one.len() + other.len();
    let mut shared = 0;
    for pair in one {
        if let Some(at) = other.iter().position(|it| *it == pair) {
            other.swap_remove(at);
            shared += 2;
        }
    }
    shared * 100 / all.max(1)
}

/// Compares two structures, of which some tables and columns only have another name. Risks are told by the names that the
/// database has now.
pub fn diff_renamed(dialect: Dialect, from: &DatabaseSchema, to: &DatabaseSchema, renames: &[Rename]) -> Difference {
    let (mut changes, after) = rename_changes(dialect, from, to, renames);
    let difference = diff(dialect, &after, to);
    changes.extend(difference.changes);
    let risks = difference.risks.into_iter().map(|risk| said_before(risk, renames)).collect();
    Difference { changes, risks }
}

/// The renames, with those of the constraints that follow, and the structure after them.
pub(crate) fn rename_changes(
    dialect: Dialect,
    from: &DatabaseSchema,
    to: &DatabaseSchema,
    renames: &[Rename],
) -> (Vec<Change>, DatabaseSchema) {
    let mut changes: Vec<Change> = renames.iter().map(Rename::change).collect();
    let mut after = renames.iter().fold(from.clone(), |schema, rename| renamed(&schema, rename));
    changes.extend(rename_constraints(dialect, &mut after, to, renames));
    (changes, after)
}

/// The structure after a rename. Names of indexes and constraints stay.
fn renamed(schema: &DatabaseSchema, rename: &Rename) -> DatabaseSchema {
    let mut schema = schema.clone();
    match rename {
        Rename::Table { from, to } => {
            let to = ObjectName { name: to.clone(), ..from.clone() };
            for table in &mut schema.tables {
                if table.name == *from {
                    table.name = to.clone();
                }
                let keys = table.foreign_keys.iter_mut().filter(|key| key.references == *from);
                keys.for_each(|key| key.references = to.clone());
            }
        }
        Rename::Column { table: name, from, to } => {
            let rename = |column: &mut String| {
                if column == from {
                    column.clone_from(to);
                }
            };
            for table in &mut schema.tables {
                let keys = table.foreign_keys.iter_mut().filter(|key| key.references == *name);
                keys.flat_map(|key| &mut key.referenced_columns).for_each(rename);
                if table.name == *name {
                    rename_column(table, rename);
                }
            }
        }
    }
    schema
}

fn rename_column(table: &mut Table, rename: impl Fn(&mut String)) {
    table.columns.iter_mut().for_each(|column| rename(&mut column.name));
    let key = table.primary_key.iter_mut().flat_map(|key| &mut key.columns);
    let indexed = table.indexes.iter_mut().flat_map(|index| &mut index.columns);
    key.chain(indexed).for_each(|column| rename(&mut column.name));
    table.foreign_keys.iter_mut().flat_map(|key| &mut key.columns).for_each(rename);
}

/// Keys of renamed tables and columns that are only called otherwise follow, where they have names.
fn rename_constraints(
    dialect: Dialect,
    after: &mut DatabaseSchema,
    to: &DatabaseSchema,
    renames: &[Rename],
) -> Vec<Change> {
    if dialect != Dialect::Postgresql {
        return Vec::new();
    }
    let is_renamed = |name: &ObjectName| {
        renames.iter().any(|it| match it {
            Rename::Table { from, to } => from.schema == name.schema && *to == name.name,
            Rename::Column { table, .. } => table == name,
        })
    };
    let mut changes = Vec::new();
    for table in after.tables.iter_mut().filter(|table| is_renamed(&table.name)) {
        let Some(wanted) = to.table(&table.name) else { continue };
        let key = table.primary_key.as_mut().zip(wanted.primary_key.as_ref());
        let mut renamed: Vec<_> = key.and_then(|(old, new)| follow_primary(dialect, old, new)).into_iter().collect();
        let names: Vec<_> = table.foreign_keys.iter().map(|key| key.name.clone()).collect();
        for old in &mut table.foreign_keys {
            let is_free = |new: &&ForeignKey| !names.contains(&new.name);
            let twin = wanted
                .foreign_keys
                .iter()
                .filter(is_free)
                .find(|new| same::foreign_key(dialect, &ForeignKey { name: new.name.clone(), ..old.clone() }, new));
            renamed.extend(twin.and_then(|new| follow(&mut old.name, &new.name)));
        }
        let table = table.name.clone();
        let change = |(from, to)| Change::RenameConstraint { table: table.clone(), from, to };
        changes.extend(renamed.into_iter().map(change));
    }
    changes
}

fn follow_primary(dialect: Dialect, old: &mut PrimaryKey, new: &PrimaryKey) -> Option<(String, String)> {
    let named = PrimaryKey { name: new.name.clone(), ..old.clone() };
    same::primary_key(dialect, Some(&named), Some(new)).then(|| follow(&mut old.name, &new.name)).flatten()
}

fn follow(old: &mut Option<String>, new: &Option<String>) -> Option<(String, String)> {
    let pair = old.clone().zip(new.clone()).filter(|(old, new)| old != new)?;
    old.clone_from(new);
    Some(pair)
}

/// A risk by the names before the renames.
fn said_before(risk: Risk, renames: &[Rename]) -> Risk {
    let table_before = |name: ObjectName| before(renames, &name);
    let column_before = |table: &ObjectName, column: String| {
        let before = renames.iter().find_map(|it| match it {
            Rename::Column { table: renamed, from, to } if renamed == table && *to == column => Some(from.clone()),
            _ => None,
        });
        before.unwrap_or(column)
    };
    match risk {
        Risk::DropTable { table } => Risk::DropTable { table },
        Risk::AddRequiredColumn { table, column } => Risk::AddRequiredColumn { table: table_before(table), column },
        Risk::DropColumn { table, column } => {
            let column = column_before(&table, column);
            Risk::DropColumn { table: table_before(table), column }
        }
        Risk::ChangeType { table, column, from, to } => {
            let column = column_before(&table, column);
            Risk::ChangeType { table: table_before(table), column, from, to }
        }
        Risk::ForbidNull { table, column } => {
            let column = column_before(&table, column);
            Risk::ForbidNull { table: table_before(table), column }
        }
        Risk::AddUnique { table, columns, present } => {
            let before = |list: Vec<String>| list.into_iter().map(|it| column_before(&table, it)).collect();
            let (columns, present) = (before(columns), before(present));
            Risk::AddUnique { table: table_before(table), columns, present }
        }
        Risk::DropVariants { name, variants, columns } => {
            let before = |(table, column): (ObjectName, String)| {
                let column = column_before(&table, column);
                (table_before(table), column)
            };
            Risk::DropVariants { name, variants, columns: columns.into_iter().map(before).collect() }
        }
    }
}
