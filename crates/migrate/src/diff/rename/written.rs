//! Read renames as people write them.

use super::{Rename, renamed};
use crate::describe::{enum_columns, enum_name, table_name};
use crate::diff::enums;
use lenslet_core::catalog::{self, Catalog, ModelKind};
use lenslet_sql::ddl::{DatabaseSchema, Enum, ObjectName, Table};

/// Why a rename that somebody asked for cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RenameError {
    /// It is not written as a rename is.
    #[error(
        "`{0}` is no rename; write `User=Person` for a table or enum, `User.name=fullName` for a column, `Role.ADMIN=BOSS` for a value"
    )]
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

/// Reads renames as they are written (`User=Person`, `User.name=fullName`, `Role.ADMIN=BOSS`), by the names of the database or
/// of the schema. Tables and enums are renamed first; of a renamed one both names may be said.
///
/// # Errors
/// When one cannot be read, or does not lead from what the database has to what the schema asks for.
pub fn renames(
    written: &[String],
    from: &DatabaseSchema,
    to: &DatabaseSchema,
    catalog: &Catalog,
) -> Result<Vec<Rename>, RenameError> {
    let written: Vec<Written<'_>> = written.iter().map(|it| Written::read(it)).collect::<Result<_, _>>()?;
    let mut reading = Reading { from: from.clone(), to, catalog, renames: Vec::new() };
    let (wholes, parts): (Vec<_>, Vec<_>) = written.iter().partition(|it| reading.is_whole(it));
    for it in wholes {
        let rename = reading.whole(it)?;
        reading.take(rename);
    }
    let (columns, variants): (Vec<_>, Vec<_>) = parts.into_iter().partition(|it| reading.is_column(it));
    for it in columns {
        let rename = reading.column(it)?;
        reading.take(rename);
    }
    for it in variants {
        let rename = reading.variant(it)?;
        reading.take(rename);
    }
    Ok(reading.renames)
}

/// A rename as it is written.
struct Written<'w> {
    text: &'w str,
    old: &'w str,
    new: &'w str,
}

impl<'w> Written<'w> {
    fn read(text: &'w str) -> Result<Self, RenameError> {
        let (old, new) = text.split_once('=').unwrap_or_default();
        let (old, new) = (old.trim(), new.trim());
        match old.is_empty() || new.is_empty() {
            true => Err(RenameError::Unreadable(text.to_owned())),
            false => Ok(Written { text, old, new }),
        }
    }

    /// Of what a part is renamed, and the part.
    fn part(&self) -> Option<(&'w str, &'w str)> {
        self.old.rsplit_once('.')
    }

    fn missing(&self, what: String) -> RenameError {
        RenameError::Missing { rename: self.text.to_owned(), what }
    }

    fn unwanted(&self, what: String) -> RenameError {
        RenameError::Unwanted { rename: self.text.to_owned(), what }
    }

    fn kept(&self, what: String) -> RenameError {
        RenameError::Kept { rename: self.text.to_owned(), what }
    }
}

/// What has been read so far.
struct Reading<'r> {
    /// The structure, with the renames so far.
    from: DatabaseSchema,
    to: &'r DatabaseSchema,
    catalog: &'r Catalog,
    renames: Vec<Rename>,
}

impl Reading<'_> {
    fn take(&mut self, rename: Rename) {
        self.from = renamed(&self.from, &rename);
        self.renames.push(rename);
    }

    /// Whether a table or enum is meant. Names may hold points.
    fn is_whole(&self, it: &Written<'_>) -> bool {
        let is_meant = |name: &ObjectName| is_called(name, it.old);
        self.from.tables.iter().any(|table| is_meant(&table.name))
            || self.from.enums.iter().any(|it| is_meant(&it.name))
    }

    fn whole(&self, it: &Written<'_>) -> Result<Rename, RenameError> {
        match self.from.tables.iter().find(|table| is_called(&table.name, it.old)) {
            Some(table) => self.table(it, table),
            None => self.enumeration(it),
        }
    }

    fn table(&self, it: &Written<'_>, old: &Table) -> Result<Rename, RenameError> {
        let new = find_table(self.to, self.catalog, it.new);
        let new = &new.ok_or_else(|| it.unwanted(format!("table `{}`", it.new)))?.name;
        if new.schema != old.name.schema {
            return Err(it.unwanted(format!("table `{}` in the same namespace", it.new)));
        }
        if self.to.table(&old.name).is_some() {
            return Err(it.kept(format!("the table `{}`", old.name)));
        }
        if self.from.table(new).is_some() {
            return Err(it.kept(format!("the table `{new}`")));
        }
        Ok(Rename::Table { from: old.name.clone(), to: new.name.clone() })
    }

    fn enumeration(&self, it: &Written<'_>) -> Result<Rename, RenameError> {
        let old = self.from.enums.iter().find(|old| is_called(&old.name, it.old));
        let old = &old.ok_or_else(|| it.missing(format!("table or enum `{}`", it.old)))?.name;
        let new = find_enum(self.to, self.catalog, it.new);
        let new = &new.ok_or_else(|| it.unwanted(format!("enum `{}`", it.new)))?.name;
        if new.schema != old.schema {
            return Err(it.unwanted(format!("enum `{}` in the same namespace", it.new)));
        }
        if enums::find(self.to, old).is_some() {
            return Err(it.kept(format!("the enum `{old}`")));
        }
        if enums::find(&self.from, new).is_some() {
            return Err(it.kept(format!("the enum `{new}`")));
        }
        Ok(Rename::Enum { from: old.clone(), to: new.name.clone() })
    }

    /// The present name of what had another one before.
    fn now(&self, said: &str) -> String {
        let renamed = self.renames.iter().find_map(|it| match it {
            Rename::Table { from, to } | Rename::Enum { from, to } if from.to_string() == said => {
                Some(ObjectName { name: to.clone(), ..from.clone() }.to_string())
            }
            _ => None,
        });
        renamed.unwrap_or_else(|| said.to_owned())
    }

    fn is_column(&self, it: &Written<'_>) -> bool {
        it.part().is_some_and(|(table, _)| find_table(&self.from, self.catalog, &self.now(table)).is_some())
    }

    fn column(&self, it: &Written<'_>) -> Result<Rename, RenameError> {
        let (table, old) = it.part().unwrap_or_default();
        let table = find_table(&self.from, self.catalog, &self.now(table));
        let table = table.ok_or_else(|| it.missing(format!("table or enum `{}`", it.old)))?;
        let target = self.to.table(&table.name);
        let target = target.ok_or_else(|| it.unwanted(format!("table `{}`", table.name)))?;
        if table.column(old).is_none() {
            return Err(it.missing(format!("column `{old}` in `{}`", table.name)));
        }
        let field = || {
            let models = &self.catalog.models;
            let model = models.iter().find(|it| it.kind == ModelKind::Table && table_name(it) == target.name)?;
            Some(model.field(it.new)?.1.column()?.db_name.to_string())
        };
        let wanted = target.column(it.new).map(|it| it.name.clone()).or_else(field);
        let wanted = wanted.ok_or_else(|| it.unwanted(format!("column `{}` in `{}`", it.new, table.name)))?;
        if target.column(old).is_some() {
            return Err(it.kept(format!("the column `{old}`")));
        }
        if table.column(&wanted).is_some() {
            return Err(it.kept(format!("the column `{wanted}`")));
        }
        Ok(Rename::Column { table: table.name.clone(), from: old.to_owned(), to: wanted })
    }

    fn variant(&self, it: &Written<'_>) -> Result<Rename, RenameError> {
        let missing = || it.missing(format!("table or enum `{}`", it.old));
        let (name, old) = it.part().ok_or_else(missing)?;
        let name = self.now(name);
        if let Some(found) = find_enum(&self.from, self.catalog, &name) {
            if !found.variants.iter().any(|value| value == old) {
                return Err(it.missing(format!("value `{old}` in `{name}`")));
            }
            let target = enums::find(self.to, &found.name);
            let target = target.ok_or_else(|| it.unwanted(format!("enum `{}`", found.name)))?;
            let declared = self.catalog.enums.iter().find(|it| enum_name(it) == found.name);
            let to = new_value(it, old, &target.variants, declared)?;
            if found.variants.contains(&to) {
                return Err(it.kept(format!("the value `{to}`")));
            }
            return Ok(Rename::Variant { of: found.name.clone(), from: old.to_owned(), to, columns: Vec::new() });
        }
        // A database without enum types (SQLite) knows the values only as texts in its rows.
        let mut declared = self.catalog.enums.iter().enumerate().filter(|_| self.to.enums.is_empty());
        let declared = declared.find(|(_, it)| *it.name == *name || *it.db_name == *name).ok_or_else(missing)?;
        let (at, declared) = declared;
        let variants: Vec<String> = declared.variants.iter().map(|it| it.db_name.to_string()).collect();
        let to = new_value(it, old, &variants, Some(declared))?;
        Ok(Rename::Variant { of: enum_name(declared), from: old.to_owned(), to, columns: self.columns_of(at) })
    }

    /// The columns of an enum of the schema that the database has.
    fn columns_of(&self, at: usize) -> Vec<(ObjectName, String)> {
        let columns = enum_columns(self.catalog).filter(|(_, _, it)| *it == at);
        let is_there = |table: &ObjectName, column: &str| self.from.table(table)?.column(column);
        let there = columns.filter(|(table, column, _)| is_there(table, column).is_some());
        there.map(|(table, column, _)| (table, column)).collect()
    }
}

/// The value that is meant, by its name in the database or in the schema.
fn new_value(
    it: &Written<'_>,
    old: &str,
    wanted: &[String],
    declared: Option<&catalog::Enum>,
) -> Result<String, RenameError> {
    let by_name =
        || declared?.variants.iter().find(|value| *value.name == *it.new).map(|value| value.db_name.to_string());
    let to = wanted.iter().find(|value| *value == it.new).cloned().or_else(by_name);
    let to = to.ok_or_else(|| it.unwanted(format!("value `{}`", it.new)))?;
    match wanted.iter().any(|value| value == old) {
        true => Err(it.kept(format!("the value `{old}`"))),
        false => Ok(to),
    }
}

/// With its namespace, or without.
fn is_called(name: &ObjectName, said: &str) -> bool {
    name.name == said || name.to_string() == said
}

/// A table by its own name or by its model's.
fn find_table<'s>(schema: &'s DatabaseSchema, catalog: &Catalog, said: &str) -> Option<&'s Table> {
    let by_model = || {
        let model = catalog.models.iter().find(|it| it.kind == ModelKind::Table && it.name == said)?;
        schema.table(&table_name(model))
    };
    schema.tables.iter().find(|table| is_called(&table.name, said)).or_else(by_model)
}

/// An enum by its type's name or by its own.
fn find_enum<'s>(schema: &'s DatabaseSchema, catalog: &Catalog, said: &str) -> Option<&'s Enum> {
    let by_name = || enums::find(schema, &enum_name(catalog.enums.iter().find(|it| it.name == said)?));
    schema.enums.iter().find(|it| is_called(&it.name, said)).or_else(by_name)
}
