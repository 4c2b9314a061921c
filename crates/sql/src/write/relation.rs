//! A relation as a write sees it: from the row that something is said of to the rows at the other end.

use super::failure::Failure;
use crate::{
    link::Link,
    plan::{PlanError, Planner},
    writer,
};
use lenslet_core::{
    catalog::{Arity, Model, RelationKind},
    query::FieldId,
};

/// A relation field, seen from its own model.
#[derive(Clone, Debug)]
pub(super) struct Relation<'p> {
    /// How the two ends are bound.
    pub link: Link<'p>,
    /// The field's model.
    pub near: &'p Model,
    /// Whether a row is bound to one row at most, in both directions.
    pub one_to_one: bool,
    /// Whether the end that holds the foreign key cannot do without.
    pub required: bool,
    name: &'p str,
}

impl<'p> Relation<'p> {
    /// The relation of a field.
    pub(super) fn of(planner: &Planner<'p>, near: &'p Model, field: FieldId) -> Result<Self, PlanError> {
        let link = planner.link(near, field)?;
        let not_a_relation = || PlanError::NotARelation {
            model: near.name.clone(),
            field: near.fields.get(usize::from(field.index)).map_or_else(Default::default, |it| it.name.clone()),
        };
        let of = writer::field(near, field.index)?;
        let end = of.relation().ok_or_else(not_a_relation)?;
        let relation = planner.catalog.relations.get(usize::from(end.relation)).ok_or_else(not_a_relation)?;
        let holder = match &relation.kind {
            RelationKind::ManyToMany(_) => None,
            RelationKind::ForeignKey(_) if link.holds_key => Some(of),
            RelationKind::ForeignKey(_) => Some(writer::field(link.far, end.opposite)?),
        };
        Ok(Relation {
            near,
            one_to_one: matches!(&relation.kind, RelationKind::ForeignKey(key) if key.one_to_one),
            required: holder.is_some_and(|field| field.arity == Arity::Required),
            name: &relation.name,
            link,
        })
    }

    /// Prisma's name for how many rows meet how many.
    fn arity(&self) -> &'static str {
        match () {
            () if self.link.join.is_some() => "many-to-many",
            () if self.one_to_one => "one-to-one",
            () => "one-to-many",
        }
    }

    /// No row was there for a nested operation.
    pub(super) fn missing(&self, operation: &'static str) -> Failure {
        Failure::MissingRelated {
            model: self.link.far.name.to_string(),
            needed: String::new(),
            operation,
            relation: self.name.to_owned(),
            arity: self.arity(),
        }
    }

    /// No row was there, or not all of them, that a nested delete is for.
    pub(super) fn missing_to_delete(&self) -> Failure {
        match self.link.many {
            true => self.not_connected(),
            false => self.missing("a nested delete"),
        }
    }

    /// The row was not there that a key should refer to.
    pub(super) fn missing_to_connect(&self) -> Failure {
        Failure::MissingRelated {
            model: self.link.far.name.to_string(),
            needed: format!(" (needed to create or connect inlined relation for '{}' record(s))", self.near.name),
            operation: "a nested connect",
            relation: self.name.to_owned(),
            arity: self.arity(),
        }
    }

    /// A row would be left without the row that it must refer to.
    pub(super) fn violation(&self) -> Failure {
        let (from, to) = match self.link.holds_key {
            true => (self.near, self.link.far),
            false => (self.link.far, self.near),
        };
        Failure::Violation { relation: self.name.to_owned(), from: from.name.to_string(), to: to.name.to_string() }
    }

    /// The rows are not connected.
    pub(super) fn not_connected(&self) -> Failure {
        Failure::NotConnected {
            relation: self.name.to_owned(),
            parent: self.near.name.to_string(),
            child: self.link.far.name.to_string(),
        }
    }

    /// Not all rows were connected.
    pub(super) fn incomplete(&self, expected: usize) -> Failure {
        match self.link.join {
            Some(_) => Failure::IncompleteInput { expected },
            None => Failure::IncompleteOutput { expected, relation: self.name.to_owned(), arity: self.arity() },
        }
    }
}
