//! What changes within one table.

use super::{alterations, same};
use lenslet_sql::ddl::{
    Change, Column, DatabaseSchema, Default, Dialect, ForeignKey, Index, IndexColumn, IndexKind, ObjectName,
    Redefinition, Table, TableChange, keeps_values,
};

/// What changes between two states of a table.
pub(super) struct TableDifference<'s> {
    pub(super) dialect: Dialect,
    target: &'s DatabaseSchema,
    pub(super) old: &'s Table,
    pub(super) new: &'s Table,
    pub(super) added_columns: Vec<&'s Column>,
    pub(super) dropped_columns: Vec<&'s Column>,
    pub(super) altered_columns: Vec<(&'s Column, &'s Column)>,
    /// Columns that are both dropped and added, because their values cannot be kept.
    pub(super) replaced_columns: Vec<&'s str>,
    dropped_indexes: Vec<&'s Index>,
    pub(super) added_indexes: Vec<&'s Index>,
    renamed_indexes: Vec<(&'s Index, &'s Index)>,
    /// Indexes that the schema does not know and leaves alone.
    foreign_indexes: Vec<&'s Index>,
    dropped_keys: Vec<&'s ForeignKey>,
    added_keys: Vec<&'s ForeignKey>,
    renamed_keys: Vec<(&'s ForeignKey, &'s ForeignKey)>,
    keeps_primary_key: bool,
}

impl<'s> TableDifference<'s> {
    pub(super) fn of(dialect: Dialect, target: &'s DatabaseSchema, old: &'s Table, new: &'s Table) -> Self {
        let (altered_columns, replaced): (Vec<_>, Vec<_>) = altered_columns(dialect, old, new)
            .into_iter()
            .partition(|(old, new)| keeps_values(dialect, &old.ty, &new.ty));
        let replaced_names: Vec<_> = replaced.iter().map(|(old, _)| old.name.as_str()).collect();
        let is_replaced =
            |columns: &[IndexColumn]| columns.iter().any(|column| replaced_names.contains(&column.name.as_str()));
        let indexes = IndexPairs::of(dialect, target, old, new, |index: &Index| is_replaced(&index.columns));
        let loses_key = old.primary_key.as_ref().is_some_and(|key| is_replaced(&key.columns));
        let keys = KeyPairs::of(dialect, old, new);
        TableDifference {
            dialect,
            target,
            old,
            new,
            added_columns: (new.columns.iter().filter(|it| old.column(&it.name).is_none()))
                .chain(replaced.iter().map(|(_, new)| *new))
                .collect(),
            dropped_columns: (old.columns.iter().filter(|it| new.column(&it.name).is_none()))
                .chain(replaced.iter().map(|(old, _)| *old))
                .collect(),
            altered_columns,
            dropped_indexes: indexes.dropped,
            added_indexes: indexes.added,
            renamed_indexes: indexes.renamed,
            foreign_indexes: foreign_indexes(target, old, new),
            dropped_keys: keys.dropped,
            added_keys: keys.added,
            renamed_keys: keys.renamed,
            keeps_primary_key: !loses_key && keeps_primary_key(dialect, old, new),
            replaced_columns: replaced_names,
        }
    }

    /// Makes foreign keys again that stay, but would be in the way of what changes: of a column's type at either end, or of the
    /// key that they refer to.
    pub(super) fn disturb(&mut self, tables: &[Disturbance<'s>]) {
        if self.dialect.capabilities().foreign_keys_in_table {
            return;
        }
        let is_in_the_way = |key: &ForeignKey| {
            let own = tables.iter().find(|it| it.table == &self.new.name);
            let referred = tables.iter().find(|it| it.table == &key.references);
            own.is_some_and(|it| key.columns.iter().any(|column| it.retyped.contains(&column.as_str())))
                || referred.is_some_and(|it| it.is_in_the_way_of(key))
        };
        let renamed = self.renamed_keys.iter().copied();
        let in_the_way: Vec<_> =
            self.kept_keys().into_iter().chain(renamed).filter(|(old, _)| is_in_the_way(old)).collect();
        for (old, new) in in_the_way {
            self.dropped_keys.push(old);
            self.added_keys.push(new);
            self.renamed_keys.retain(|(renamed, _)| renamed.name != old.name);
        }
    }

    fn kept_keys(&self) -> Vec<(&'s ForeignKey, &'s ForeignKey)> {
        let twin =
            |old: &ForeignKey| self.new.foreign_keys.iter().find(|new| same::foreign_key(self.dialect, old, new));
        self.old.foreign_keys.iter().filter_map(|old| Some((old, twin(old)?))).collect()
    }

    /// What foreign keys of this table and to it may be in the way of.
    pub(super) fn disturbance(&self) -> Disturbance<'s> {
        let retyped = self.altered_columns.iter().filter(|(old, new)| !same::ty(self.dialect, &old.ty, &new.ty));
        let retyped = retyped.map(|(old, _)| old.name.as_str());
        let key = self.old.primary_key.as_ref();
        let uniques = self.old.indexes.iter().filter(|index| index.kind == IndexKind::Unique);
        let is_dropped = |index: &Index| self.dropped_indexes.iter().any(|it| it.name == index.name);
        let keys = key.map(|key| (key.name.as_deref(), &key.columns, !self.keeps_primary_key)).into_iter();
        let keys = keys.chain(uniques.map(|index| (Some(index.name.as_str()), &index.columns, is_dropped(index))));
        Disturbance {
            table: &self.old.name,
            retyped: retyped.chain(self.replaced_columns.iter().copied()).collect(),
            keys: keys.map(|(name, columns, is_dropped)| Key { name, columns, is_dropped }).collect(),
        }
    }

    /// Whether the table has to be built again and its rows copied.
    pub(super) fn is_redefined(&self) -> bool {
        !self.dialect.capabilities().alters_columns
            && !(self.dropped_columns.is_empty()
                && self.altered_columns.is_empty()
                && self.dropped_keys.is_empty()
                && self.added_keys.is_empty()
                && self.keeps_primary_key
                && self.added_columns.iter().all(|column| can_be_added(column))
                && self.dropped_indexes.iter().all(|index| !is_part_of_table(index)))
    }

    pub(super) fn redefinition(&self) -> Option<Redefinition> {
        self.is_redefined().then(|| Redefinition {
            from: self.old.clone(),
            to: Table {
                columns: self.new.columns.iter().map(|column| self.with_collation(column)).collect(),
                indexes: self.new.indexes.iter().chain(self.foreign_indexes.iter().copied()).cloned().collect(),
                ..self.new.clone()
            },
        })
    }

    /// The column, compared as it was before.
    fn with_collation(&self, column: &Column) -> Column {
        let old = self.old.column(&column.name).filter(|old| old.ty == column.ty);
        Column { collation: old.and_then(|old| old.collation.clone()), ..column.clone() }
    }

    pub(super) fn alter(&self) -> Vec<Change> {
        let changes = if self.is_redefined() { Vec::new() } else { alterations(self) };
        let table = || self.new.name.clone();
        let altered = (!changes.is_empty()).then(|| Change::AlterTable { table: table(), changes });
        let names = self.old.primary_key.as_ref().zip(self.new.primary_key.as_ref());
        let names = names.filter(|_| self.keeps_primary_key && self.dialect.capabilities().renames_constraints);
        let renamed = names.and_then(|(old, new)| changed_name(&old.name, &new.name));
        let renamed = renamed.map(|(from, to)| Change::RenamePrimaryKey { table: table(), from, to });
        altered.into_iter().chain(renamed).collect()
    }

    pub(super) fn rename_foreign_keys(&self) -> Vec<Change> {
        let names = self.renamed_keys.iter().filter_map(|(old, new)| changed_name(&old.name, &new.name));
        names.map(|(from, to)| Change::RenameForeignKey { table: self.new.name.clone(), from, to }).collect()
    }

    /// The old primary key's end and the new one's beginning.
    pub(super) fn primary_key_changes(&self) -> (Option<TableChange>, Option<TableChange>) {
        if self.keeps_primary_key {
            return (None, None);
        }
        let old = self.old.primary_key.as_ref();
        let new = self.new.primary_key.as_ref();
        (
            old.map(|key| TableChange::DropPrimaryKey { name: key.name.clone() }),
            new.map(|key| TableChange::AddPrimaryKey(key.clone())),
        )
    }

    /// Whether the new primary key has other columns than the old one.
    pub(super) fn changes_primary_key(&self) -> bool {
        !self.keeps_primary_key
    }

    pub(super) fn drop_foreign_keys(&self) -> Vec<Change> {
        self.dropped_keys.iter().filter_map(|key| drop_foreign_key(self.old, key)).collect()
    }

    pub(super) fn add_foreign_keys(&self) -> Vec<Change> {
        self.added_keys.iter().map(|key| add_foreign_key(self.new, key)).collect()
    }

    /// A table that is built again leaves its old indexes behind and brings its new ones along. Only where another table
    /// wants the name of an old one must that go earlier. An index that comes again with a column goes with it.
    pub(super) fn drop_indexes(&self) -> Vec<Change> {
        let is_wanted = |index: &Index| {
            let others = self.target.tables.iter().filter(|table| table.name != self.new.name);
            others.flat_map(|table| &table.indexes).any(|it| it.name == index.name)
        };
        let comes_again = |index: &Index| {
            let is_replaced = index.columns.iter().any(|column| self.replaced_columns.contains(&column.name.as_str()));
            is_replaced && self.added_indexes.iter().any(|it| it.name == index.name && same::index(index, it))
        };
        let indexes = self.dropped_indexes.iter();
        indexes
            .filter(|index| if self.is_redefined() { is_wanted(index) } else { !comes_again(index) })
            .map(|index| Change::DropIndex {
                table: self.old.name.clone(),
                name: index.name.clone(),
                constraint: index.constraint,
            })
            .collect()
    }

    pub(super) fn create_indexes(&self) -> Vec<Change> {
        let indexes = self.added_indexes.iter().filter(|_| !self.is_redefined());
        indexes.map(|index| create_index(self.new, index)).collect()
    }

    pub(super) fn rename_indexes(&self) -> Vec<Change> {
        let renamed = self.renamed_indexes.iter();
        renamed
            .map(|(old, new)| Change::RenameIndex {
                table: self.new.name.clone(),
                from: old.name.clone(),
                to: new.name.clone(),
            })
            .collect()
    }
}

/// What changes of a table that foreign keys depend on.
pub(super) struct Disturbance<'s> {
    table: &'s ObjectName,
    retyped: Vec<&'s str>,
    keys: Vec<Key<'s>>,
}

/// What rows can be referred to by.
struct Key<'s> {
    name: Option<&'s str>,
    columns: &'s [IndexColumn],
    is_dropped: bool,
}

impl Disturbance<'_> {
    fn is_in_the_way_of(&self, key: &ForeignKey) -> bool {
        key.referenced_columns.iter().any(|it| self.retyped.contains(&it.as_str())) || self.loses_what(key)
    }

    /// Whether what the key relies on goes. Where nobody says what that is, it is what a database would take: the primary key
    /// before indexes.
    fn loses_what(&self, key: &ForeignKey) -> bool {
        let referenced = &key.referenced_columns;
        let fits = |it: &&Key<'_>| {
            it.columns.len() == referenced.len() && it.columns.iter().all(|column| referenced.contains(&column.name))
        };
        let is_meant = |it: &&Key<'_>| key.relies_on.is_none() || it.name == key.relies_on.as_deref();
        self.keys.iter().filter(fits).find(is_meant).is_some_and(|it| it.is_dropped)
    }
}

/// Whether the primary key stays, though it may get another name.
fn keeps_primary_key(dialect: Dialect, old: &Table, new: &Table) -> bool {
    let (old, new) = (old.primary_key.as_ref(), new.primary_key.as_ref());
    let is_renamed = old.zip(new).is_some_and(|(old, new)| same::unnamed_primary_key(old, new));
    same::primary_key(dialect, old, new) || (dialect.capabilities().renames_constraints && is_renamed)
}

fn changed_name(old: &Option<String>, new: &Option<String>) -> Option<(String, String)> {
    old.clone().zip(new.clone()).filter(|(old, new)| old != new)
}

/// Foreign keys by what becomes of them.
struct KeyPairs<'s> {
    dropped: Vec<&'s ForeignKey>,
    added: Vec<&'s ForeignKey>,
    renamed: Vec<(&'s ForeignKey, &'s ForeignKey)>,
}

impl<'s> KeyPairs<'s> {
    /// A name that is in use before is not given to another key: the two might change places.
    fn of(dialect: Dialect, old: &'s Table, new: &'s Table) -> Self {
        let is_in = |keys: &[ForeignKey], key: &ForeignKey| keys.iter().any(|it| same::foreign_key(dialect, it, key));
        let mut dropped: Vec<_> = old.foreign_keys.iter().filter(|key| !is_in(&new.foreign_keys, key)).collect();
        let (mut added, mut renamed) = (Vec::new(), Vec::new());
        for key in new.foreign_keys.iter().filter(|key| !is_in(&old.foreign_keys, key)) {
            let is_free = !old.foreign_keys.iter().any(|it| it.name == key.name);
            let can_be = dialect.capabilities().renames_constraints && is_free;
            match dropped.iter().position(|it| can_be && same::unnamed_foreign_key(it, key)) {
                Some(at) => renamed.push((dropped.remove(at), key)),
                None => added.push(key),
            }
        }
        KeyPairs { dropped, added, renamed }
    }
}

fn altered_columns<'s>(dialect: Dialect, old: &'s Table, new: &'s Table) -> Vec<(&'s Column, &'s Column)> {
    let pairs = new.columns.iter().filter_map(|column| old.column(&column.name).map(|old| (old, column)));
    pairs.filter(|(old, new)| !same::column(dialect, old, new)).collect()
}

/// SQLite adds a column to the rows that are there only when its value is a constant.
fn can_be_added(column: &Column) -> bool {
    !column.autoincrement
        && match &column.default {
            None => column.nullable,
            Some(Default::Now | Default::Expression(_) | Default::Unknown) => false,
            Some(_) => true,
        }
}

/// The index of a `UNIQUE` inside the table's own statement, which cannot be dropped.
pub(super) fn is_part_of_table(index: &Index) -> bool {
    index.name.starts_with("sqlite_autoindex_")
}

/// Indexes by what becomes of them.
#[derive(std::default::Default)]
struct IndexPairs<'s> {
    dropped: Vec<&'s Index>,
    added: Vec<&'s Index>,
    renamed: Vec<(&'s Index, &'s Index)>,
}

impl<'s> IndexPairs<'s> {
    /// Some indexes go in any case, with a column of theirs.
    fn of(
        dialect: Dialect,
        target: &DatabaseSchema,
        old: &'s Table,
        new: &'s Table,
        goes: impl Fn(&Index) -> bool,
    ) -> Self {
        let (gone, mut left): (Vec<&Index>, Vec<&Index>) = old.indexes.iter().partition(|index| goes(index));
        let mut pairs = IndexPairs { dropped: gone, ..IndexPairs::default() };
        let mut unnamed = Vec::new();
        for index in &new.indexes {
            match take(&mut left, |it| it.name == index.name && same::index(it, index)) {
                Some(_) => {}
                None => unnamed.push(index),
            }
        }
        for index in unnamed {
            match take(&mut left, |it| same::index(it, index)) {
                Some(it) if is_part_of_table(it) => {}
                Some(it) if dialect.capabilities().renames_indexes => pairs.renamed.push((it, index)),
                Some(it) => {
                    pairs.dropped.push(it);
                    pairs.added.push(index);
                }
                None => pairs.added.push(index),
            }
        }
        pairs.dropped.extend(left.into_iter().filter(|index| is_managed(target, index)));
        pairs
    }
}

/// Indexes with more in them than schemas can say stay; so do partial ones that were made by hand, until the schema has
/// partial indexes of its own.
fn is_managed(target: &DatabaseSchema, index: &Index) -> bool {
    let mut wanted = target.tables.iter().flat_map(|table| &table.indexes);
    let is_partial = index.predicate.is_some() && !wanted.any(|it| it.predicate.is_some() || it.name == index.name);
    index.included.is_empty() && !is_partial
}

/// Indexes that the schema does not know and leaves alone, as long as their columns are there.
fn foreign_indexes<'s>(target: &DatabaseSchema, old: &'s Table, new: &Table) -> Vec<&'s Index> {
    let fits = |index: &&Index| index.columns.iter().all(|it| new.column(&it.name).is_some());
    old.indexes.iter().filter(|index| !is_managed(target, index)).filter(fits).collect()
}

fn take<'s>(list: &mut Vec<&'s Index>, is: impl Fn(&Index) -> bool) -> Option<&'s Index> {
    let at = list.iter().position(|it| is(it))?;
    Some(list.remove(at))
}

pub(super) fn create_indexes(table: &Table) -> Vec<Change> {
    table.indexes.iter().map(|index| create_index(table, index)).collect()
}

pub(super) fn add_foreign_keys(table: &Table) -> Vec<Change> {
    table.foreign_keys.iter().map(|key| add_foreign_key(table, key)).collect()
}

pub(super) fn drop_foreign_keys(table: &Table) -> Vec<Change> {
    table.foreign_keys.iter().filter_map(|key| drop_foreign_key(table, key)).collect()
}

fn create_index(table: &Table, index: &Index) -> Change {
    Change::CreateIndex { table: table.name.clone(), index: index.clone() }
}

fn add_foreign_key(table: &Table, key: &ForeignKey) -> Change {
    Change::AddForeignKey { table: table.name.clone(), foreign_key: key.clone() }
}

fn drop_foreign_key(table: &Table, key: &ForeignKey) -> Option<Change> {
    Some(Change::DropForeignKey { table: table.name.clone(), name: key.name.clone()? })
}
