//! Guess what is a rename, and ask.

use super::{Rename, all_renamed, renamed};
use crate::diff::{enums, same};
use lenslet_sql::ddl::{Column, DatabaseSchema, Dialect, Enum, Table};

/// What looks like a rename: an enum, table, column or value that goes, beside one like it that comes. Each stands in one
/// rename at most. Columns of tables and values of enums that are renamed are part of it.
pub fn likely_renames(dialect: Dialect, from: &DatabaseSchema, to: &DatabaseSchema) -> Vec<Rename> {
    let affirmed = ask_renames(dialect, from, to, Vec::new(), |_| Ok::<_, std::convert::Infallible>(true));
    affirmed.unwrap_or_default()
}

/// Asks of everything that looks like a rename, beyond what was said already, whether it is one. Gives what was said and
/// what was affirmed. Of a table or enum that is no rename the parts are not asked for.
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
    let mut after = all_renamed(from, &said);
    let mut renames = said;
    // Of each kind what the ones before it leave; columns are found by their types, which are renamed first.
    for likely in [likely_enums, likely_tables, likely_columns, likely_variants] {
        for rename in likely(dialect, &after, to) {
            if is_one(&rename)? {
                after = renamed(&after, &rename);
                renames.push(rename);
            }
        }
    }
    Ok(renames)
}

fn likely_enums(_: Dialect, from: &DatabaseSchema, to: &DatabaseSchema) -> Vec<Rename> {
    let dropped = from.enums.iter().filter(|it| enums::find(to, &it.name).is_none());
    let created = to.enums.iter().filter(|it| enums::find(from, &it.name).is_none());
    let pairs = alikes(dropped, created, share).into_iter();
    pairs.map(|(old, new)| Rename::Enum { from: old.name.clone(), to: new.name.name.clone() }).collect()
}

/// What goes and what comes, by twos: each that comes beside the one most like it, if it is like enough; of several the first.
fn alikes<'s, T>(
    dropped: impl Iterator<Item = &'s T>,
    created: impl Iterator<Item = &'s T>,
    score: impl Fn(&T, &T) -> usize,
) -> Vec<(&'s T, &'s T)> {
    let mut dropped: Vec<&T> = dropped.collect();
    let mut pairs = Vec::new();
    for new in created {
        let scored = dropped.iter().enumerate().map(|(at, old)| (score(old, new), at));
        let Some((score, at)) = scored.max_by_key(|(score, at)| (*score, usize::MAX - at)) else { continue };
        if score >= LIKELY {
            pairs.push((dropped.remove(at), new));
        }
    }
    pairs
}

/// How many of a hundred values two enums share.
fn share(old: &Enum, new: &Enum) -> usize {
    let shared = old.variants.iter().filter(|it| new.variants.contains(it)).count();
    let all = old.variants.len().max(new.variants.len()).max(1);
    if old.name.schema == new.name.schema { shared * 100 / all } else { 0 }
}

/// Of several values that fit, the one with the most similar name.
fn likely_variants(_: Dialect, from: &DatabaseSchema, to: &DatabaseSchema) -> Vec<Rename> {
    let kept = to.enums.iter().filter_map(|new| enums::find(from, &new.name).map(|old| (old, new)));
    kept.flat_map(|(old, new)| {
        let mut removed: Vec<&String> = old.variants.iter().filter(|it| !new.variants.contains(it)).collect();
        let added = new.variants.iter().filter(|it| !old.variants.contains(it));
        let rename = |to: &String| {
            let scored = removed.iter().enumerate().map(|(at, from)| (similarity(from, to), usize::MAX - at));
            let (_, at) = scored.max()?;
            let from = removed.remove(usize::MAX - at).clone();
            Some(Rename::Variant { of: new.name.clone(), from, to: to.clone(), columns: Vec::new() })
        };
        added.filter_map(rename).collect::<Vec<_>>()
    })
    .collect()
}

fn likely_tables(dialect: Dialect, from: &DatabaseSchema, to: &DatabaseSchema) -> Vec<Rename> {
    let dropped = from.tables.iter().filter(|table| to.table(&table.name).is_none());
    let created = to.tables.iter().filter(|table| from.table(&table.name).is_none());
    let pairs = alikes(dropped, created, |old, new| alike(dialect, old, new)).into_iter();
    pairs.map(|(old, new)| Rename::Table { from: old.name.clone(), to: new.name.name.clone() }).collect()
}

/// Of a hundred columns or values, how many have to be the same.
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

fn likely_columns(dialect: Dialect, from: &DatabaseSchema, to: &DatabaseSchema) -> Vec<Rename> {
    let kept = to.tables.iter().filter_map(|new| from.table(&new.name).map(|old| (old, new)));
    kept.flat_map(|(old, new)| likely_columns_of(dialect, old, new)).collect()
}

/// Of several that fit, the one with the most similar name.
fn likely_columns_of(dialect: Dialect, old: &Table, new: &Table) -> Vec<Rename> {
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
