//! From a query to a plan.

use crate::{
    dialect::Dialect,
    read::Read,
    shape::{Shape, Slots},
    statement::{Encoding, Kind, Source, Statement, Type},
    write::WritePlan,
    writer::Writer,
};
use lenslet_core::{
    catalog::{Catalog, Model},
    error::{Error, ErrorKind},
    query::{Action, Query, Raw},
    raw::{Piece, pieces},
};
use std::{borrow::Cow, fmt};

/// What to execute for a query.
#[derive(Clone, Debug, PartialEq)]
pub enum Plan {
    /// Rows, with the rows of their relations.
    Read(Read),
    /// Steps that write, and what of them is the answer.
    Write(WritePlan),
    /// SQL of one's own.
    Raw(RawPlan),
}

/// SQL of one's own.
#[derive(Clone, Debug, PartialEq)]
pub struct RawPlan {
    /// The statement. What its columns hold is known only when it runs.
    pub statement: Statement,
    /// Whether it answers rows, rather than the number of rows it changed.
    pub rows: bool,
}

/// Why there is no plan for a query.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// The catalog has no such model.
    #[error("the schema has no model at position {0}; generate the client again")]
    UnknownModel(u16),
    /// The model has no such field.
    #[error("the model `{model}` has no field at position {index}; generate the client again")]
    UnknownField {
        /// The model.
        model: Cow<'static, str>,
        /// The position asked for.
        index: u16,
    },
    /// The field is no column, or one that a client cannot hold.
    #[error("`{model}.{field}` is not a column that can be used here")]
    NotAColumn {
        /// The model.
        model: Cow<'static, str>,
        /// The field.
        field: Cow<'static, str>,
    },
    /// The field is no relation.
    #[error("`{model}.{field}` is not a relation")]
    NotARelation {
        /// The model.
        model: Cow<'static, str>,
        /// The field.
        field: Cow<'static, str>,
    },
    /// The database cannot do it.
    #[error("{dialect} does not support {what}")]
    Unsupported {
        /// What was asked for.
        what: &'static str,
        /// The database.
        dialect: &'static str,
    },
    /// The query does not make sense.
    #[error("the query is not valid: {0}")]
    Invalid(&'static str),
}

impl From<PlanError> for Error {
    fn from(error: PlanError) -> Self {
        let kind = match error {
            PlanError::Unsupported { .. } => ErrorKind::Unsupported,
            _ => ErrorKind::QueryInvalid,
        };
        Error::new(kind, error.to_string())
    }
}

/// What a plan is made from.
#[derive(Clone, Copy, Debug)]
pub struct Planner<'a> {
    /// The schema.
    pub catalog: &'a Catalog,
    /// The database.
    pub dialect: &'a Dialect,
    /// Where the query's parameters are.
    pub slots: &'a Slots,
}

impl<'a> Planner<'a> {
    /// A model of the catalog.
    ///
    /// # Errors
    /// When there is none at that position.
    pub fn model(&self, index: u16) -> Result<&'a Model, PlanError> {
        self.catalog.models.get(usize::from(index)).ok_or(PlanError::UnknownModel(index))
    }
}

/// Plans a query: for every query of the same [`Shape`], the same plan.
///
/// # Errors
/// When the query does not fit the catalog, or asks for what the database cannot do.
pub fn plan(catalog: &Catalog, query: &Query, dialect: &Dialect) -> Result<Plan, PlanError> {
    plan_shaped(catalog, query, &Shape::of(query), dialect)
}

/// Plans a query whose shape is known.
///
/// # Errors
/// Those of [`plan`].
pub fn plan_shaped(catalog: &Catalog, query: &Query, shape: &Shape<'_>, dialect: &Dialect) -> Result<Plan, PlanError> {
    let slots = shape.slots();
    let planner = Planner { catalog, dialect, slots: &slots };
    match &query.action {
        Action::FindUnique
        | Action::FindUniqueOrThrow
        | Action::FindFirst
        | Action::FindFirstOrThrow
        | Action::FindMany
        | Action::Aggregate
        | Action::GroupBy(_) => planner.read(query).map(Plan::Read),
        Action::QueryRaw(raw) => planner.raw(raw, true).map(Plan::Raw),
        Action::ExecuteRaw(raw) => planner.raw(raw, false).map(Plan::Raw),
        Action::CreateOne(_)
        | Action::CreateMany(_)
        | Action::CreateManyAndReturn(_)
        | Action::UpdateOne(_)
        | Action::UpdateMany(_)
        | Action::UpdateManyAndReturn(_)
        | Action::UpsertOne(_)
        | Action::DeleteOne
        | Action::DeleteMany => planner.write(query).map(Plan::Write),
    }
}

impl Planner<'_> {
    fn raw(&self, raw: &Raw, rows: bool) -> Result<RawPlan, PlanError> {
        let mut writer = Writer::new(self);
        let parameters = 0..raw.parameters.len() as u32;
        if raw.braces {
            let mut rest = parameters;
            for piece in pieces(&raw.text) {
                match piece {
                    Piece::Text(text) => writer.raw(text),
                    Piece::Parameter => {
                        let at = rest.next().ok_or(PlanError::Invalid("more `{}` than parameters"))?;
                        writer.bind(Source::Parameter(at), Encoding::Value(Type::one(Kind::Any)));
                    }
                }
            }
        } else {
            writer.raw(&raw.text);
            parameters
                .for_each(|at| writer.unwritten_bind(Source::Parameter(at), Encoding::Value(Type::one(Kind::Any))));
        }
        Ok(RawPlan { statement: writer.finish(Vec::new()), rows })
    }
}

impl Plan {
    /// Whether the answer takes reading.
    pub fn reads(&self) -> bool {
        match self {
            Plan::Read(_) => true,
            Plan::Write(write) => write.reads(),
            Plan::Raw(raw) => raw.rows,
        }
    }

    /// The plan as text, for people and snapshots. It is a function of the plan and the catalog it was made with.
    pub fn print(&self, catalog: &Catalog) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = match self {
            Plan::Read(read) => read.print(catalog, &mut text),
            Plan::Write(write) => write.print(catalog, &mut text),
            Plan::Raw(raw) => raw.statement.print(catalog, 0, &mut text),
        };
        text
    }
}

impl Statement {
    /// The statement as text, for people and snapshots: SQL, parameters, columns.
    ///
    /// # Errors
    /// Those of the sink.
    pub fn print(&self, catalog: &Catalog, depth: usize, sink: &mut impl fmt::Write) -> fmt::Result {
        let indent = depth * 2;
        writeln!(sink, "{:indent$}{}", "", self.sql)?;
        for (at, bind) in self.binds.iter().enumerate() {
            writeln!(sink, "{:indent$}  {} ← {}", "", at + 1, bind.print(catalog))?;
        }
        if !self.columns.is_empty() {
            let columns: Vec<_> = self.columns.iter().map(|ty| ty.name(catalog)).collect();
            writeln!(sink, "{:indent$}  → {}", "", columns.join(", "))?;
        }
        Ok(())
    }
}
