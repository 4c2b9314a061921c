//! Say what a database has in the words of what is wanted, where the two mean the same.

use super::{enums, same};
use lenslet_sql::ddl::{Column, DatabaseSchema, Dialect, Enum, ForeignKey, Index, Table};

/// `found`, with everything that a comparison takes for the same as in `wanted` written as it is there: defaults that a
/// schema does not say, names that the database does not keep, conditions that the database writes otherwise.
///
/// What is left different is what [`diff`](super::diff()) would change.
pub fn reconcile(dialect: Dialect, found: &DatabaseSchema, wanted: &DatabaseSchema) -> DatabaseSchema {
    DatabaseSchema {
        enums: found.enums.iter().map(|it| enumeration(it, wanted)).collect(),
        tables: found
            .tables
            .iter()
            .map(|it| match wanted.table(&it.name) {
                Some(wanted) => table(dialect, it, wanted),
                None => it.clone(),
            })
            .collect(),
        ..found.clone()
    }
}

fn enumeration(found: &Enum, wanted: &DatabaseSchema) -> Enum {
    let twin = enums::find(wanted, &found.name).filter(|it| {
        it.variants.len() == found.variants.len() && it.variants.iter().all(|value| found.variants.contains(value))
    });
    twin.unwrap_or(found).clone()
}

fn table(dialect: Dialect, found: &Table, wanted: &Table) -> Table {
    let columns = found.columns.iter().map(|it| column(dialect, it, wanted.column(&it.name))).collect();
    let keeps_key = same::primary_key(dialect, found.primary_key.as_ref(), wanted.primary_key.as_ref());
    Table {
        name: found.name.clone(),
        columns,
        primary_key: if keeps_key { wanted.primary_key.clone() } else { found.primary_key.clone() },
        indexes: indexes(&found.indexes, &wanted.indexes),
        foreign_keys: found.foreign_keys.iter().map(|it| foreign_key(dialect, it, &wanted.foreign_keys)).collect(),
        attachments: found.attachments.clone(),
        comment: found.comment.clone(),
    }
}

fn column(dialect: Dialect, found: &Column, wanted: Option<&Column>) -> Column {
    match wanted {
        Some(wanted) if same::column(dialect, found, wanted) => wanted.clone(),
        Some(wanted) if same::ty(dialect, &found.ty, &wanted.ty) => Column { ty: wanted.ty.clone(), ..found.clone() },
        _ => found.clone(),
    }
}

/// Each wanted index stands for one that is found.
fn indexes(found: &[Index], wanted: &[Index]) -> Vec<Index> {
    let mut left: Vec<&Index> = wanted.iter().collect();
    let mut take = |is: &dyn Fn(&Index) -> bool| {
        let at = left.iter().position(|it| is(it))?;
        Some(left.remove(at).clone())
    };
    let named: Vec<_> = found.iter().map(|it| take(&|new| new.name == it.name && same::index(it, new))).collect();
    let pairs = found.iter().zip(named);
    pairs
        .map(|(it, named)| {
            let unnamed = || take(&|new| super::table::is_part_of_table(it) && same::index(it, new));
            named.or_else(unnamed).unwrap_or_else(|| it.clone())
        })
        .collect()
}

fn foreign_key(dialect: Dialect, found: &ForeignKey, wanted: &[ForeignKey]) -> ForeignKey {
    wanted.iter().find(|it| same::foreign_key(dialect, found, it)).unwrap_or(found).clone()
}
