//! The hidden tables of implicit many-to-many relations, with the names that Prisma 6 gives them.

use super::{Describer, column_name, table_name};
use lenslet_core::catalog::{JoinTable, Model, ReferentialAction, Relation, RelationField, RelationKind, RelationMode};
use lenslet_sql::ddl::{Column, Dialect, ForeignKey, Index, IndexColumn, IndexKind, ObjectName, PrimaryKey, Table};

impl Describer<'_> {
    /// In the order of the fields that are `A`, as Prisma writes them.
    pub(super) fn join_tables(&self) -> Vec<Table> {
        let mut relations: Vec<_> = self.catalog.relations.iter().collect();
        relations.sort_by_key(|relation| (relation.from.model, relation.from.field));
        let tables = relations.into_iter().filter_map(|relation| match &relation.kind {
            RelationKind::ManyToMany(table) => self.join_table(relation, table),
            RelationKind::ForeignKey(_) => None,
        });
        tables.collect()
    }

    fn join_table(&self, relation: &Relation, table: &JoinTable) -> Option<Table> {
        let name = &*table.db_name;
        let both = || vec![IndexColumn::plain("A"), IndexColumn::plain("B")];
        let ends = [self.end("A", relation.from)?, self.end("B", relation.to)?];
        let keyed = self.dialect == Dialect::Postgresql;
        let pairs = index(format!("{name}_AB_unique"), IndexKind::Unique, both());
        let backwards = index(format!("{name}_B_index"), IndexKind::Plain, vec![IndexColumn::plain("B")]);
        Some(Table {
            name: ObjectName { schema: table.schema.as_ref().map(ToString::to_string), name: name.to_owned() },
            columns: ends.iter().map(|end| end.column.clone()).collect(),
            primary_key: keyed.then(|| PrimaryKey { name: Some(format!("{name}_AB_pkey")), columns: both() }),
            indexes: (!keyed).then_some(pairs).into_iter().chain([backwards]).collect(),
            foreign_keys: self.join_keys(name, &ends),
            attachments: Vec::new(),
            comment: None,
        })
    }

    fn join_keys(&self, name: &str, ends: &[End; 2]) -> Vec<ForeignKey> {
        match self.catalog.relation_mode {
            RelationMode::ForeignKeys => ends.iter().map(|end| end.foreign_key(name)).collect(),
            RelationMode::Prisma => Vec::new(),
        }
    }

    fn end(&self, name: &str, field: RelationField) -> Option<End> {
        let model = self.catalog.models.get(usize::from(field.model))?;
        let id = model.fields.get(usize::from(single_key(model)?))?;
        let column = self.column(model, id, id.column()?);
        Some(End {
            column: Column { name: name.to_owned(), default: None, autoincrement: false, nullable: false, ..column },
            references: table_name(model),
            referenced_column: column_name(model, single_key(model)?)?,
        })
    }
}

/// The field that identifies a row by itself: the id, or else a unique.
fn single_key(model: &Model) -> Option<u16> {
    model.uniques().find_map(|index| match &*index.fields {
        [only] => Some(only.field),
        _ => None,
    })
}

struct End {
    column: Column,
    references: ObjectName,
    referenced_column: String,
}

impl End {
    fn foreign_key(&self, table: &str) -> ForeignKey {
        ForeignKey {
            name: Some(format!("{table}_{}_fkey", self.column.name)),
            columns: vec![self.column.name.clone()],
            references: self.references.clone(),
            referenced_columns: vec![self.referenced_column.clone()],
            on_delete: ReferentialAction::Cascade,
            on_update: ReferentialAction::Cascade,
            relies_on: None,
        }
    }
}

fn index(name: String, kind: IndexKind, columns: Vec<IndexColumn>) -> Index {
    Index { name, kind, columns, algorithm: None, predicate: None, included: Vec::new(), constraint: false }
}
