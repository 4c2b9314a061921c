//! From an action to its plan: the steps, and what of them is the answer.

use super::{
    Answer, Check, Failure, Target, WritePlan, WritePlanner, is_flat, nested,
    plan::Step,
    relation::Relation,
    rows::{Row, Rows},
};
use crate::{
    link::primary_key,
    plan::{PlanError, Planner},
    read::{self, Level, Projected, Projection},
    statement::{Source, Statement},
};
use lenslet_core::query::{Action, CreateMany, Nested, Query, Upsert, Write};

impl<'p> Planner<'p> {
    /// Plans a write.
    ///
    /// # Errors
    /// When it does not fit the catalog, or asks for what the database cannot do.
    pub(crate) fn write(&'p self, query: &'p Query) -> Result<WritePlan, PlanError> {
        let planner = WritePlanner::new(self);
        let mut plan = match &query.action {
            Action::CreateOne(write) => planner.create_one(query, write),
            Action::CreateMany(many) => planner.create_many(query, many),
            Action::CreateManyAndReturn(many) => planner.create_many_and_return(query, many),
            Action::UpdateOne(write) => planner.update_query(query, write),
            Action::UpdateMany(write) => planner.update_many(query, write),
            Action::UpdateManyAndReturn(write) => planner.update_many_and_return(query, write),
            Action::UpsertOne(upsert) => planner.upsert_one(query, upsert),
            Action::DeleteOne => planner.delete_one(query),
            Action::DeleteMany => planner.delete_many(query),
            _ => Err(PlanError::Invalid("not a write")),
        }?;
        // What is never possible is said before anything is looked for.
        if let Some(failure) = refused(&plan.steps) {
            plan.steps = vec![Step::Fail(failure.clone())];
        }
        plan.required = matches!(query.action, Action::CreateOne(_) | Action::UpdateOne(_) | Action::UpsertOne(_));
        if let Some(at_once) = &mut plan.at_once {
            at_once.required = plan.required;
        }
        Ok(plan)
    }
}

/// Whether only new rows are nested in a row.
fn creates_only(write: &Write) -> bool {
    nested(write).all(|(_, nested)| matches!(nested, Nested::Create(_) | Nested::CreateMany(_)))
}

/// Why the steps cannot all be done, whatever the database holds.
fn refused(steps: &[Step]) -> Option<&Failure> {
    steps.iter().find_map(|step| match step {
        Step::Fail(failure) => Some(failure),
        Step::Branch { then, otherwise, .. } => refused(then).or_else(|| refused(otherwise)),
        Step::Run(_) | Step::Insert(_) => None,
    })
}

/// How the rows of the answer are had.
enum Rest<'q> {
    /// A statement that writes can give back every column.
    Returned(Projection<'q>, Vec<u16>),
    /// They have to be read.
    Read,
}

impl<'p> WritePlanner<'p> {
    fn create_one(mut self, query: &'p Query, write: &'p Write) -> Result<WritePlan, PlanError> {
        let index = query.model.index;
        if is_flat(write)
            && let Rest::Returned(projection, columns) = self.rest(query)?
        {
            let row = self.row(index, columns)?;
            self.create_into(&row, write, Vec::new(), Target::Answer)?;
            return self.returned(query, projection);
        }
        if creates_only(write)
            && let Rest::Returned(projection, columns) = self.rest(query)?
            && projection.relations.is_empty()
        {
            // What is created beside the row leaves it as it is.
            let wanted = columns;
            let row = self.row(index, self.needed(index, &[write], &wanted)?)?;
            let at_once = self.create_at_once(&row, write, &wanted)?;
            self.create(&row, write, Vec::new())?;
            let level = self.planner.level(index, projection, Statement::default(), (0, false))?;
            let at_once = at_once.map(|statement| {
                let mut alone = WritePlanner::new(self.planner);
                alone.run_checked(statement, Target::Answer, None);
                Box::new(alone.finish(Answer::Returned(level.clone())))
            });
            return Ok(WritePlan { at_once, ..self.finish(Answer::Held(row.register, level)) });
        }
        let row = self.kept(query, &[write])?;
        self.create(&row, write, Vec::new())?;
        self.read_after(query, &row)
    }

    fn create_many(mut self, query: &'p Query, many: &'p CreateMany) -> Result<WritePlan, PlanError> {
        let row = self.row(query.model.index, Vec::new())?;
        self.insert_all(&row, many, Target::Answer)?;
        Ok(self.counted())
    }

    fn create_many_and_return(mut self, query: &'p Query, many: &'p CreateMany) -> Result<WritePlan, PlanError> {
        if let Rest::Returned(projection, columns) = self.rest(query)? {
            let row = self.row(query.model.index, columns)?;
            self.insert_all(&row, many, Target::Answer)?;
            return self.returned(query, projection);
        }
        let row = self.kept(query, &[])?;
        self.insert_all(&row, many, Target::Register(row.register))?;
        self.read_after(query, &row)
    }

    fn insert_all(&mut self, row: &Row<'p>, many: &'p CreateMany, into: Target) -> Result<(), PlanError> {
        if many.rows.iter().any(|row| !is_flat(row)) {
            return Err(PlanError::Invalid("nothing can be nested in rows that are created at once"));
        }
        match many.rows.as_slice() {
            [] => Ok(()),
            rows => self.create_rows(row, rows, many.skip_duplicates, &[], into),
        }
    }

    fn update_query(mut self, query: &'p Query, write: &'p Write) -> Result<WritePlan, PlanError> {
        let rows = self.selected(query)?;
        let changes = !self.assigns(rows.model, write)?.is_empty();
        let missing = match nested(write).next() {
            // What is to be deleted is what is missed then, as Prisma says it.
            Some((field, Nested::Delete(selectors))) if !changes && !selectors.is_empty() => {
                Relation::of(self.planner, rows.model, field)?.missing_to_delete()
            }
            _ => Failure::Missing { operation: "an update" },
        };
        if is_flat(write)
            && changes
            && let Rest::Returned(projection, columns) = self.rest(query)?
        {
            let assigns = self.assigns(rows.model, write)?;
            let rows = self.follow_update(&rows, &assigns)?;
            let statement = self.update(&rows, &assigns, &columns)?;
            self.run_checked(statement, Target::Answer, Some((Check::Some, missing)));
            return self.returned(query, projection);
        }
        let row = self.kept(query, &[write])?;
        self.update_one(&rows, &row, write, missing)?;
        self.read_after(query, &row)
    }

    fn update_many(mut self, query: &'p Query, write: &'p Write) -> Result<WritePlan, PlanError> {
        let rows = self.limited(query)?;
        self.update_rows(&rows, write, Target::Answer, &[])?;
        Ok(self.counted())
    }

    fn update_many_and_return(mut self, query: &'p Query, write: &'p Write) -> Result<WritePlan, PlanError> {
        let rows = self.limited(query)?;
        if let Rest::Returned(projection, columns) = self.rest(query)? {
            self.update_rows(&rows, write, Target::Answer, &columns)?;
            return self.returned(query, projection);
        }
        let row = self.kept(query, &[])?;
        self.update_rows(&rows, write, Target::Register(row.register), &row.columns)?;
        self.read_after(query, &row)
    }

    fn upsert_one(mut self, query: &'p Query, upsert: &'p Upsert) -> Result<WritePlan, PlanError> {
        let rows = self.selected(query)?;
        let filter = query.arguments.filter.as_ref();
        if is_flat(&upsert.create)
            && is_flat(&upsert.update)
            && let Rest::Returned(projection, columns) = self.rest(query)?
        {
            let row = self.row(query.model.index, columns)?;
            self.upsert(&rows, filter, upsert, &row, Target::Answer)?;
            return self.returned(query, projection);
        }
        let row = self.kept(query, &[&upsert.create, &upsert.update])?;
        self.upsert(&rows, filter, upsert, &row, Target::Register(row.register))?;
        self.read_after(query, &row)
    }

    fn delete_one(mut self, query: &'p Query) -> Result<WritePlan, PlanError> {
        let check = Some((Check::Some, Failure::Missing { operation: "a delete" }));
        let rows = self.selected(query)?;
        let rest = self.rest(query)?;
        // The rows of relations are read as they were, so before.
        if let Rest::Returned(projection, columns) = rest
            && projection.relations.is_empty()
        {
            let rows = self.follow_delete(&rows)?;
            let statement = self.delete(&rows, &columns)?;
            self.run_checked(statement, Target::Answer, check);
            return self.returned(query, projection);
        }
        let level = self.planner.rows(query.model.index, &query.selection, read::Rows::Of(&query.arguments))?;
        let rows = self.follow_delete(&rows)?;
        let statement = self.delete(&rows, &[])?;
        self.run_checked(statement, Target::Nothing, check);
        Ok(self.finish(Answer::Before(level)))
    }

    fn delete_many(mut self, query: &'p Query) -> Result<WritePlan, PlanError> {
        let rows = self.limited(query)?;
        let rows = self.follow_delete(&rows)?;
        let statement = self.delete(&rows, &[])?;
        self.run_checked(statement, Target::Answer, None);
        Ok(self.counted())
    }

    /// The rows of the query's filter.
    fn selected(&self, query: &'p Query) -> Result<Rows<'p>, PlanError> {
        let filter = query.arguments.filter.as_ref();
        Ok(self.rows(query.model.index)?.given(filter.filter(|it| !crate::filter::is_true(it))))
    }

    /// The rows of the query's filter, at most as many as it says.
    fn limited(&self, query: &'p Query) -> Result<Rows<'p>, PlanError> {
        let rows = self.selected(query)?;
        let Some(count) = &query.arguments.take else {
            return Ok(rows);
        };
        let slot = self.planner.slots.number(count).ok_or(PlanError::Invalid("a number from outside the query"))?;
        Ok(rows.limited(Source::Parameter(slot)))
    }

    fn rest(&self, query: &'p Query) -> Result<Rest<'p>, PlanError> {
        let projection = self.planner.projection(query.model.index, &query.selection)?;
        let fields = projection.columns.iter().map(|column| match column {
            Projected::Field(field) => Some(*field),
            Projected::Count(..) => None,
        });
        Ok(match fields.collect() {
            Some(columns) if self.planner.dialect.returning => Rest::Returned(projection, columns),
            _ => Rest::Read,
        })
    }

    /// A register for the row that will be read again.
    fn kept(&mut self, query: &'p Query, writes: &[&'p Write]) -> Result<Row<'p>, PlanError> {
        let index = query.model.index;
        let identity = primary_key(self.planner.model(index)?);
        let columns = self.needed(index, writes, &identity)?;
        self.row(index, columns)
    }

    fn counted(self) -> WritePlan {
        self.finish(Answer::Count)
    }

    fn returned(self, query: &'p Query, projection: Projection<'_>) -> Result<WritePlan, PlanError> {
        let index = query.model.index;
        let level = self.planner.level(index, projection, Statement::default(), (0, false))?;
        Ok(self.finish(Answer::Returned(level)))
    }

    fn read_after(self, query: &'p Query, row: &Row<'p>) -> Result<WritePlan, PlanError> {
        let level = self.read_kept(query, row)?;
        Ok(self.finish(Answer::After(level)))
    }

    fn read_kept(&self, query: &'p Query, row: &Row<'p>) -> Result<Level, PlanError> {
        let key = primary_key(row.model).into_iter().map(|field| {
            let held = row.columns.iter().zip(0..).find(|(it, _)| **it == field);
            held.map(|(_, at)| at).ok_or(PlanError::UnknownModel(row.index))
        });
        let columns: Vec<u32> = key.collect::<Result<_, _>>()?;
        let rows = read::Rows::Registered { step: row.register, columns: &columns };
        self.planner.rows(query.model.index, &query.selection, rows)
    }

    fn finish(self, answer: Answer) -> WritePlan {
        WritePlan { steps: self.steps, registers: self.registers, answer, required: false, at_once: None }
    }
}

impl WritePlan {
    /// Whether it does nothing but these steps, and they are one statement, which needs no transaction of its own.
    pub fn is_single(&self, steps: &[Step]) -> bool {
        !self.reads() && matches!(steps, [Step::Run(run)] if run.each.is_none())
    }

    /// Whether the answer takes reading beside the steps.
    pub fn reads(&self) -> bool {
        match &self.answer {
            Answer::Returned(level) => !level.children.is_empty(),
            Answer::Count | Answer::Held(..) => false,
            Answer::After(_) | Answer::Before(_) => true,
        }
    }
}
