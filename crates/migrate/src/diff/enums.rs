//! Named enum types.

use lenslet_sql::ddl::{
    AlterEnum, BaseType, Change, Column, DatabaseSchema, Default, Enum, EnumColumn, ObjectName, Table,
};

pub(super) fn create(from: &DatabaseSchema, to: &DatabaseSchema) -> Vec<Change> {
    to.enums.iter().filter(|it| find(from, &it.name).is_none()).map(|it| Change::CreateEnum(it.clone())).collect()
}

pub(super) fn drop(from: &DatabaseSchema, to: &DatabaseSchema) -> Vec<Change> {
    from.enums.iter().filter(|it| find(to, &it.name).is_none()).map(|it| Change::DropEnum(it.name.clone())).collect()
}

pub(super) fn alter(from: &DatabaseSchema, to: &DatabaseSchema) -> Vec<Change> {
    let pairs = to.enums.iter().filter_map(|new| find(from, &new.name).map(|old| (old, new)));
    pairs.filter_map(|(old, new)| altered(from, to, old, new)).map(Change::AlterEnum).collect()
}

/// The order of the values is left as it is.
fn altered(from: &DatabaseSchema, to: &DatabaseSchema, old: &Enum, new: &Enum) -> Option<AlterEnum> {
    let beyond = |some: &Enum, other: &Enum| -> Vec<String> {
        some.variants.iter().filter(|it| !other.variants.contains(it)).cloned().collect()
    };
    let (added, removed) = (beyond(new, old), beyond(old, new));
    if added.is_empty() && removed.is_empty() {
        return None;
    }
    Some(AlterEnum {
        columns: columns(from, to, &new.name),
        left: left(from, to, &new.name),
        uses_added: uses(to, &new.name, &added),
        to: new.clone(),
        added,
        removed,
    })
}

/// Whether one of the values is a default.
fn uses(to: &DatabaseSchema, name: &ObjectName, values: &[String]) -> bool {
    let is_one = |value: &Default| matches!(value, Default::Text(text) if values.contains(text));
    let columns = to.tables.iter().flat_map(|table| &table.columns).filter(|column| has_type(column, name));
    columns.filter_map(|column| column.default.as_ref()).any(|default| match default {
        Default::List(items) => items.iter().any(is_one),
        default => is_one(default),
    })
}

fn has_type(column: &Column, name: &ObjectName) -> bool {
    matches!(&column.ty.base, BaseType::Enum(it) if it == name)
}

/// Columns that have the type before, and another one or no place at all after.
fn left(from: &DatabaseSchema, to: &DatabaseSchema, name: &ObjectName) -> Vec<(ObjectName, Column)> {
    let stays = |table: &Table, column: &Column| {
        let new = to.table(&table.name).and_then(|new| new.column(&column.name));
        new.is_some_and(|new| has_type(new, name) && new.ty.list == column.ty.list)
    };
    let columns = from.tables.iter().flat_map(|table| table.columns.iter().map(move |column| (table, column)));
    let left = columns.filter(|(table, column)| has_type(column, name) && !stays(table, column));
    left.map(|(table, column)| (table.name.clone(), column.clone())).collect()
}

/// Columns that have the type before and after.
fn columns(from: &DatabaseSchema, to: &DatabaseSchema, name: &ObjectName) -> Vec<EnumColumn> {
    let tables = to.tables.iter().filter_map(|new| from.table(&new.name).map(|old| (old, new)));
    let columns = tables.flat_map(|(old, new)| {
        let pairs = new.columns.iter().filter_map(|column| old.column(&column.name).map(|old| (old, column)));
        let kept =
            pairs.filter(move |(old, new)| has_type(old, name) && has_type(new, name) && old.ty.list == new.ty.list);
        kept.map(|(old, column)| EnumColumn { table: new.name.clone(), from: old.clone(), to: column.clone() })
    });
    columns.collect()
}

pub(super) fn find<'s>(schema: &'s DatabaseSchema, name: &ObjectName) -> Option<&'s Enum> {
    schema.enums.iter().find(|it| it.name == *name)
}
