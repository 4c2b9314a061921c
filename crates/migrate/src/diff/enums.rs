//! Named enum types.

use lenslet_sql::ddl::{AlterEnum, BaseType, Change, Column, DatabaseSchema, Enum, EnumColumn, ObjectName};

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
    let changes = !(added.is_empty() && removed.is_empty());
    changes.then(|| AlterEnum { columns: columns(from, to, &new.name), to: new.clone(), added, removed })
}

/// Columns that have the type before and after.
fn columns(from: &DatabaseSchema, to: &DatabaseSchema, name: &ObjectName) -> Vec<EnumColumn> {
    let has_type = |column: &&Column| matches!(&column.ty.base, BaseType::Enum(it) if it == name);
    let tables = to.tables.iter().filter_map(|new| from.table(&new.name).map(|old| (old, new)));
    let columns = tables.flat_map(|(old, new)| {
        let pairs = new.columns.iter().filter_map(|column| old.column(&column.name).map(|old| (old, column)));
        let kept = pairs.filter(move |(old, new)| has_type(old) && has_type(new));
        kept.map(|(old, column)| EnumColumn { table: new.name.clone(), from: old.clone(), to: column.clone() })
    });
    columns.collect()
}

pub(super) fn find<'s>(schema: &'s DatabaseSchema, name: &ObjectName) -> Option<&'s Enum> {
    schema.enums.iter().find(|it| it.name == *name)
}
