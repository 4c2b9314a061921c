//! How the rows of two models belong together.

use crate::{
    plan::{PlanError, Planner},
    writer::{self, Alias, Table, Writer},
};
use lenslet_core::{
    catalog::{Arity, JoinTable, Model, RelationKind, Side},
    query::FieldId,
};

/// A relation as one of its fields sees it: from `near` rows to `far` rows.
#[derive(Clone, Debug)]
pub struct Link<'a> {
    /// The model at this end.
    pub near: &'a Model,
    /// Index of the model at the far end.
    pub far_index: u16,
    /// The model at the far end.
    pub far: &'a Model,
    /// The near model's columns that bind the two: indexes into its fields.
    pub near_fields: Vec<u16>,
    /// The far model's columns, in the same order.
    pub far_fields: Vec<u16>,
    /// The table of pairs, of a many-to-many relation.
    pub join: Option<Join<'a>>,
    /// Whether there can be more than one far row.
    pub many: bool,
    /// Whether the near row holds the foreign key.
    pub holds_key: bool,
}

/// The table of pairs of a many-to-many relation.
#[derive(Clone, Copy, Debug)]
pub struct Join<'a> {
    /// Its name.
    pub table: &'a JoinTable,
    /// The column that refers to near rows.
    pub near: &'static str,
    /// The column that refers to far rows.
    pub far: &'static str,
}

impl<'a> Planner<'a> {
    /// The relation of a field.
    ///
    /// # Errors
    /// When the field is none.
    pub fn link(&self, model: &'a Model, field: FieldId) -> Result<Link<'a>, PlanError> {
        let field = writer::field(model, field.index)?;
        let none = || PlanError::NotARelation { model: model.name.clone(), field: field.name.clone() };
        let end = field.relation().ok_or_else(none)?;
        let relation = self.catalog.relations.get(usize::from(end.relation)).ok_or_else(none)?;
        let far = self.model(end.model)?;
        let mut link = Link {
            near: model,
            far_index: end.model,
            far,
            near_fields: Vec::new(),
            far_fields: Vec::new(),
            join: None,
            many: field.arity == Arity::List,
            holds_key: end.holds_key(self.catalog),
        };
        match (&relation.kind, end.side) {
            (RelationKind::ForeignKey(key), Side::From) => {
                link.near_fields = key.fields.to_vec();
                link.far_fields = key.references.to_vec();
            }
            (RelationKind::ForeignKey(key), Side::To) => {
                link.near_fields = key.references.to_vec();
                link.far_fields = key.fields.to_vec();
            }
            (RelationKind::ManyToMany(table), side) => {
                link.near_fields = primary_key(model);
                link.far_fields = primary_key(far);
                let (near, far) = match side {
                    Side::From => ("A", "B"),
                    Side::To => ("B", "A"),
                };
                link.join = Some(Join { table, near, far });
            }
        }
        if link.near_fields.is_empty() || link.near_fields.len() != link.far_fields.len() {
            return Err(none());
        }
        Ok(link)
    }
}

/// The columns that identify a row: the primary key, or the first unique whose columns are all required.
pub fn primary_key(model: &Model) -> Vec<u16> {
    let required = |index: &&lenslet_core::catalog::Index| {
        index
            .fields
            .iter()
            .all(|it| model.fields.get(usize::from(it.field)).is_some_and(|field| field.arity == Arity::Required))
    };
    let identifier =
        model.primary_key.as_ref().or_else(|| model.uniques().find(required)).or_else(|| model.uniques().next());
    identifier.map_or_else(Vec::new, |index| index.fields.iter().map(|it| it.field).collect())
}

impl<'a> Writer<'a> {
    /// The far rows of a near row: ` FROM far [JOIN pairs] WHERE they belong to near`. Returns the far table; what follows
    /// continues the condition.
    ///
    /// # Errors
    /// When the catalog is not sound.
    pub fn far_rows(&mut self, near: Table<'a>, link: &Link<'a>) -> Result<Table<'a>, PlanError> {
        let far = Table { alias: self.alias(), index: link.far_index, model: link.far };
        self.far_rows_as(near, link, far)?;
        Ok(far)
    }

    /// The far rows of a near row, in a table whose name was chosen before.
    ///
    /// # Errors
    /// When the catalog is not sound.
    pub fn far_rows_as(&mut self, near: Table<'a>, link: &Link<'a>, far: Table<'a>) -> Result<(), PlanError> {
        self.push(" FROM ");
        self.source(far);
        match link.join {
            None => {
                self.push(" WHERE ");
                self.equal_fields(far, &link.far_fields, near, &link.near_fields)?;
            }
            Some(join) => {
                let pairs = self.alias();
                self.join_pairs(far, link, (pairs, join))?;
                self.push(" WHERE ");
                self.pair_column(pairs, join.near);
                self.push(" = ");
                self.fields_of(near, &link.near_fields)?;
            }
        }
        Ok(())
    }

    /// ` JOIN pairs AS t2 ON t2."B" = t1."id"`
    ///
    /// # Errors
    /// When the catalog is not sound.
    pub fn join_pairs(
        &mut self,
        far: Table<'a>,
        link: &Link<'a>,
        (pairs, join): (Alias, Join<'_>),
    ) -> Result<(), PlanError> {
        self.push(" JOIN ");
        self.join_table(join.table);
        self.push(" AS ");
        self.alias_name(pairs);
        self.push(" ON ");
        self.pair_column(pairs, join.far);
        self.push(" = ");
        self.fields_of(far, &link.far_fields)
    }

    /// A column of a table of pairs.
    pub fn pair_column(&mut self, pairs: Alias, column: &'static str) {
        self.alias_name(pairs);
        self.push(".");
        self.name(column);
    }

    /// The columns of a key, separated by commas.
    ///
    /// # Errors
    /// When the catalog is not sound.
    pub fn fields_of(&mut self, table: Table<'_>, fields: &[u16]) -> Result<(), PlanError> {
        for (at, field) in fields.iter().enumerate() {
            self.comma(at);
            self.field(table, FieldId::at(*field))?;
        }
        Ok(())
    }

    /// `t1."authorId" = t0."id"`
    ///
    /// # Errors
    /// When the catalog is not sound.
    pub fn equal_fields(
        &mut self,
        left: Table<'_>,
        left_fields: &[u16],
        right: Table<'_>,
        right_fields: &[u16],
    ) -> Result<(), PlanError> {
        for (at, (one, other)) in left_fields.iter().zip(right_fields).enumerate() {
            self.push(if at > 0 { " AND " } else { "" });
            self.field(left, FieldId::at(*one))?;
            self.push(" = ");
            self.field(right, FieldId::at(*other))?;
        }
        Ok(())
    }
}
