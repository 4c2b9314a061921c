//! What a schema asks of its database.

mod defaults;
mod join_table;
mod mysql;
mod postgresql;
mod sqlite;

use crate::error::Error;
use lenslet_core::catalog::{self, Arity, Catalog, FieldKind, Model, ModelKind, Provider, RelationKind, RelationMode};
use lenslet_sql::ddl::{
    Column, ColumnType, DatabaseSchema, Default, Dialect, Enum, Extension, ForeignKey, Index, IndexColumn, IndexKind,
    ObjectName, OperatorClass, PrimaryKey, Table,
};
use std::collections::BTreeSet;

/// The dialect of a schema's database.
pub fn dialect(provider: Provider) -> Result<Dialect, Error> {
    match provider {
        Provider::Sqlite => Ok(Dialect::Sqlite),
        Provider::Postgresql => Ok(Dialect::Postgresql),
        Provider::Mysql => Ok(Dialect::Mysql),
        Provider::Cockroachdb | Provider::Sqlserver => Err(Error::Unsupported { provider: provider.name() }),
    }
}

/// Everything that the schema wants its database to hold.
pub fn describe(catalog: &Catalog) -> Result<DatabaseSchema, Error> {
    let describer = Describer { catalog, dialect: dialect(catalog.provider)? };
    let models = catalog.models.iter().filter(|model| model.kind == ModelKind::Table);
    Ok(DatabaseSchema {
        schemas: describer.schemas(),
        extensions: catalog.extensions.iter().map(extension).collect(),
        enums: describer.enums(),
        tables: models.map(|model| describer.table(model)).chain(describer.join_tables()).collect(),
        views: Vec::new(),
    })
}

/// The columns of a schema's tables that have an enum type: table, column, and which enum.
pub(crate) fn enum_columns(catalog: &Catalog) -> impl Iterator<Item = (ObjectName, String, usize)> {
    let tables = catalog.models.iter().filter(|model| model.kind == ModelKind::Table);
    tables.flat_map(|model| {
        let columns = model.columns().filter_map(|(_, _, column)| match column.ty {
            catalog::ColumnType::Enum(at) => Some((table_name(model), column.db_name.to_string(), usize::from(at))),
            _ => None,
        });
        columns.collect::<Vec<_>>()
    })
}

/// A catalog, read for one dialect.
struct Describer<'c> {
    catalog: &'c Catalog,
    dialect: Dialect,
}

fn extension(it: &catalog::Extension) -> Extension {
    Extension {
        name: it.name.to_string(),
        schema: it.schema.as_ref().map(ToString::to_string),
        version: it.version.as_ref().map(ToString::to_string),
    }
}

impl Describer<'_> {
    /// Those that hold something.
    fn schemas(&self) -> Vec<String> {
        match self.dialect {
            Dialect::Postgresql if self.catalog.schemas.is_empty() => vec!["public".to_owned()],
            Dialect::Postgresql => {
                let tables = self.catalog.models.iter().filter(|model| model.kind == ModelKind::Table);
                let tables = tables.filter_map(|model| model.schema.as_ref());
                let enums = self.catalog.enums.iter().filter_map(|it| it.schema.as_ref());
                let used: BTreeSet<_> = tables.chain(enums).map(ToString::to_string).collect();
                used.into_iter().collect()
            }
            Dialect::Sqlite | Dialect::Mysql => Vec::new(),
        }
    }

    fn enums(&self) -> Vec<Enum> {
        match self.dialect {
            Dialect::Postgresql => self.catalog.enums.iter().map(enumeration).collect(),
            Dialect::Sqlite | Dialect::Mysql => Vec::new(),
        }
    }

    fn table(&self, model: &Model) -> Table {
        Table {
            name: table_name(model),
            columns: model.columns().map(|(_, field, column)| self.column(model, field, column)).collect(),
            primary_key: model.primary_key.as_ref().map(|key| self.primary_key(model, key)),
            indexes: model.indexes.iter().map(|it| index(model, it)).collect(),
            foreign_keys: self.foreign_keys(model),
            attachments: Vec::new(),
            comment: None,
        }
    }

    fn column(&self, model: &Model, field: &catalog::Field, column: &catalog::Column) -> Column {
        let list = field.arity == Arity::List;
        let ty = ColumnType { list, ..self.column_type(column) };
        Column {
            name: column.db_name.to_string(),
            nullable: field.arity != Arity::Required,
            default: self.default(column),
            autoincrement: self.counts_up(model, field, column),
            counter: None,
            collation: None,
            comment: None,
            ty,
        }
    }

    fn column_type(&self, column: &catalog::Column) -> ColumnType {
        match self.dialect {
            Dialect::Sqlite => sqlite::column_type(column),
            Dialect::Postgresql => postgresql::column_type(self.catalog, column),
            Dialect::Mysql => mysql::column_type(self.catalog, column),
        }
    }

    fn default(&self, column: &catalog::Column) -> Option<Default> {
        defaults::of_column(self.catalog, self.dialect, column)
    }

    fn counts_up(&self, model: &Model, field: &catalog::Field, column: &catalog::Column) -> bool {
        match self.dialect {
            Dialect::Sqlite => sqlite::counts_up(model, field, column),
            Dialect::Postgresql => is_counted(column) && postgresql::can_count(&self.column_type(column)),
            Dialect::Mysql => is_counted(column),
        }
    }

    fn primary_key(&self, model: &Model, key: &catalog::Index) -> PrimaryKey {
        let name = key.db_name.as_ref().map(ToString::to_string);
        PrimaryKey {
            name: name.filter(|_| self.dialect.capabilities().names_primary_keys),
            columns: index_columns(model, key),
        }
    }

    fn foreign_keys(&self, model: &Model) -> Vec<ForeignKey> {
        if self.catalog.relation_mode == RelationMode::Prisma {
            return Vec::new();
        }
        let held = model.relations().filter(|(_, _, end)| end.holds_key(self.catalog));
        held.filter_map(|(_, _, end)| self.catalog.relations.get(usize::from(end.relation)))
            .filter_map(|relation| self.foreign_key(relation))
            .collect()
    }

    fn foreign_key(&self, relation: &catalog::Relation) -> Option<ForeignKey> {
        let RelationKind::ForeignKey(key) = &relation.kind else {
            return None;
        };
        let from = self.catalog.models.get(usize::from(relation.from.model))?;
        let to = self.catalog.models.get(usize::from(relation.to.model))?;
        // A view has no rows of its own that a key could refer to or hold.
        if from.kind == ModelKind::View || to.kind == ModelKind::View {
            return None;
        }
        Some(ForeignKey {
            name: Some(key.db_name.to_string()),
            columns: column_names(from, &key.fields),
            references: table_name(to),
            referenced_columns: column_names(to, &key.references),
            on_delete: key.on_delete,
            on_update: key.on_update,
            relies_on: None,
        })
    }
}

fn is_counted(column: &catalog::Column) -> bool {
    matches!(column.default, Some(catalog::Default::Autoincrement))
}

fn enumeration(it: &catalog::Enum) -> Enum {
    Enum { name: enum_name(it), variants: it.variants.iter().map(|variant| variant.db_name.to_string()).collect() }
}

pub(crate) fn enum_name(it: &catalog::Enum) -> ObjectName {
    ObjectName { schema: it.schema.as_ref().map(ToString::to_string), name: it.db_name.to_string() }
}

pub(crate) fn table_name(model: &Model) -> ObjectName {
    ObjectName { schema: model.schema.as_ref().map(ToString::to_string), name: model.db_name.to_string() }
}

fn column_name(model: &Model, field: u16) -> Option<String> {
    match &model.fields.get(usize::from(field))?.kind {
        FieldKind::Column(column) => Some(column.db_name.to_string()),
        FieldKind::Relation(_) => None,
    }
}

fn column_names(model: &Model, fields: &[u16]) -> Vec<String> {
    fields.iter().filter_map(|&field| column_name(model, field)).collect()
}

fn index(model: &Model, it: &catalog::Index) -> Index {
    let columns = index_columns(model, it);
    Index {
        name: it.db_name.as_ref().map(ToString::to_string).unwrap_or_default(),
        kind: match it.kind {
            catalog::IndexKind::PrimaryKey | catalog::IndexKind::Unique => IndexKind::Unique,
            catalog::IndexKind::Plain => IndexKind::Plain,
            catalog::IndexKind::Fulltext => IndexKind::Fulltext,
        },
        columns,
        algorithm: it.algorithm.filter(|it| *it != catalog::IndexAlgorithm::BTree),
        predicate: it.predicate.as_ref().map(ToString::to_string),
        included: Vec::new(),
        constraint: false,
    }
}

/// Only the database knows whether it would take it anyway.
fn operator_class(name: &catalog::Text) -> OperatorClass {
    OperatorClass { name: name.to_string(), is_default: false }
}

fn index_columns(model: &Model, it: &catalog::Index) -> Vec<IndexColumn> {
    let column = |field: &catalog::IndexField| {
        Some(IndexColumn {
            name: column_name(model, field.field)?,
            descending: field.sort == Some(catalog::Sort::Desc),
            says_ascending: field.sort == Some(catalog::Sort::Asc),
            length: field.length,
            operator_class: field.operator_class.as_ref().map(operator_class),
        })
    };
    it.fields.iter().filter_map(column).collect()
}
