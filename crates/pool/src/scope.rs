//! What a key may do: which operations, on which models, whether by SQL of its own.
//!
//! A query names models and fields, never SQL, and everything it reaches is in it. So what a key may do is decided by
//! looking at the query alone: at the model it is about, and at every relation that a filter, an order, a selection, a
//! count or a nested write goes through. What the database does by itself (cascades, triggers, the contents of a view) is
//! the schema's decision and not looked at.

use lenslet_core::{
    catalog::{Catalog, Model, RelationEnd, RelationKind},
    error::{Error, ErrorKind},
    query::{
        Action, Arguments, Assignment, Condition, CreateMany, FieldId, Nested, OrderBy, Query, Selected, Upsert, Write,
    },
};
use std::collections::BTreeSet;

/// What a key may do. Answers that were cached for one scope are never given to another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Scope {
    /// Whether it may only read.
    pub read_only: bool,
    /// The models that it may reach; all of them when absent.
    pub models: Option<BTreeSet<String>>,
    /// What it may do; everything when absent. What is nested in a write counts as the operation that it is.
    pub operations: Option<BTreeSet<Operation>>,
    /// Whether it may send SQL of its own, which reaches everything that the pool's database user reaches.
    pub raw: bool,
}

macro_rules! operations {
    ($($operation:ident $name:literal $writes:literal)*) => {
        /// An operation, by its name in Prisma's JSON protocol.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Operation {
            $(#[doc = concat!("`", $name, "`.")] $operation,)*
        }

        impl Operation {
            /// Every operation.
            pub const EVERY: &[Operation] = &[$(Operation::$operation),*];

            /// Its name, `findMany` for instance.
            pub const fn name(self) -> &'static str {
                match self { $(Operation::$operation => $name,)* }
            }

            /// Whether it changes rows.
            const fn writes(self) -> bool {
                match self { $(Operation::$operation => $writes,)* }
            }
        }
    };
}

operations! {
    FindUnique "findUnique" false
    FindUniqueOrThrow "findUniqueOrThrow" false
    FindFirst "findFirst" false
    FindFirstOrThrow "findFirstOrThrow" false
    FindMany "findMany" false
    Aggregate "aggregate" false
    GroupBy "groupBy" false
    CreateOne "createOne" true
    CreateMany "createMany" true
    CreateManyAndReturn "createManyAndReturn" true
    UpdateOne "updateOne" true
    UpdateMany "updateMany" true
    UpdateManyAndReturn "updateManyAndReturn" true
    UpsertOne "upsertOne" true
    DeleteOne "deleteOne" true
    DeleteMany "deleteMany" true
    QueryRaw "queryRaw" true
    ExecuteRaw "executeRaw" true
}

impl Operation {
    /// The operation of that name.
    pub fn named(name: &str) -> Option<Operation> {
        Operation::EVERY.iter().copied().find(|it| it.name() == name)
    }

    fn of(action: &Action) -> Operation {
        match action {
            Action::FindUnique => Operation::FindUnique,
            Action::FindUniqueOrThrow => Operation::FindUniqueOrThrow,
            Action::FindFirst => Operation::FindFirst,
            Action::FindFirstOrThrow => Operation::FindFirstOrThrow,
            Action::FindMany => Operation::FindMany,
            Action::Aggregate => Operation::Aggregate,
            Action::GroupBy(_) => Operation::GroupBy,
            Action::CreateOne(_) => Operation::CreateOne,
            Action::CreateMany(_) => Operation::CreateMany,
            Action::CreateManyAndReturn(_) => Operation::CreateManyAndReturn,
            Action::UpdateOne(_) => Operation::UpdateOne,
            Action::UpdateMany(_) => Operation::UpdateMany,
            Action::UpdateManyAndReturn(_) => Operation::UpdateManyAndReturn,
            Action::UpsertOne(_) => Operation::UpsertOne,
            Action::DeleteOne => Operation::DeleteOne,
            Action::DeleteMany => Operation::DeleteMany,
            Action::QueryRaw(_) => Operation::QueryRaw,
            Action::ExecuteRaw(_) => Operation::ExecuteRaw,
        }
    }
}

/// Whether a query only reads, so that its answer may be kept.
pub(crate) fn only_reads(query: &Query) -> bool {
    !Operation::of(&query.action).writes()
}

impl Scope {
    /// Everything, SQL of one's own included.
    pub fn everything() -> Self {
        Scope { raw: true, ..Scope::default() }
    }

    /// Whether a query stays within.
    ///
    /// # Errors
    /// P6002, naming what the key may not do.
    pub fn permits(&self, query: &Query, catalog: &Catalog) -> Result<(), Error> {
        let operation = Operation::of(&query.action);
        if let Action::QueryRaw(_) | Action::ExecuteRaw(_) = query.action {
            return if self.raw { self.may(operation) } else { Err(refused("send SQL of its own", "--raw")) };
        }
        self.may(operation)?;
        if self.models.is_none() && !operation.writes() {
            return Ok(());
        }
        Walk { scope: self, catalog }.query(query)
    }

    fn may(&self, operation: Operation) -> Result<(), Error> {
        // SQL may write, and who may read every table is not limited to some.
        if self.read_only && operation.writes() {
            return Err(refused(&format!("`{}`: it may only read", operation.name()), ""));
        }
        match &self.operations {
            Some(operations) if !operations.contains(&operation) => {
                let name = operation.name();
                Err(refused(&format!("`{name}`"), &format!("--operation {name}")))
            }
            _ => Ok(()),
        }
    }
}

#[cold]
fn refused(what: &str, flag: &str) -> Error {
    let way = if flag.is_empty() { String::new() } else { format!("; a key made with `{flag}` may") };
    Error::new(ErrorKind::Forbidden, format!("the key may not {what}{way}"))
}

/// Walks through a query along its relations.
#[derive(Clone, Copy)]
struct Walk<'a> {
    scope: &'a Scope,
    catalog: &'a Catalog,
}

type Checked = Result<(), Error>;

impl<'a> Walk<'a> {
    fn model(self, index: u16) -> Result<&'a Model, Error> {
        let model = self.catalog.models.get(usize::from(index));
        let model = model.ok_or_else(|| refused("ask for a model that the schema does not have", ""))?;
        match &self.scope.models {
            Some(models) if !models.contains(model.name.as_ref()) => {
                let name = &model.name;
                Err(refused(&format!("reach `{name}`"), &format!("--model {name}")))
            }
            _ => Ok(model),
        }
    }

    /// The model that a relation leads to.
    fn through(self, from: &Model, field: FieldId) -> Result<(&'a Model, RelationEnd), Error> {
        let end = from.fields.get(usize::from(field.index)).and_then(|field| field.relation());
        let end = end.ok_or_else(|| refused("go through a relation that the schema does not have", ""))?;
        Ok((self.model(end.model)?, end.clone()))
    }

    fn query(self, query: &Query) -> Checked {
        let model = self.model(query.model.index)?;
        match &query.action {
            Action::CreateOne(write) => self.write(model, write, true)?,
            Action::UpdateOne(write) | Action::UpdateMany(write) | Action::UpdateManyAndReturn(write) => {
                self.write(model, write, false)?;
            }
            Action::CreateMany(many) | Action::CreateManyAndReturn(many) => self.create_many(model, many)?,
            Action::UpsertOne(upsert) => self.upsert(model, upsert)?,
            Action::GroupBy(group) => group.having.iter().try_for_each(|it| self.condition(model, it))?,
            Action::FindUnique
            | Action::FindUniqueOrThrow
            | Action::FindFirst
            | Action::FindFirstOrThrow
            | Action::FindMany
            | Action::DeleteOne
            | Action::DeleteMany
            | Action::Aggregate => {}
            Action::QueryRaw(_) | Action::ExecuteRaw(_) => return Err(refused("send SQL of its own", "--raw")),
        }
        self.arguments(model, &query.arguments)?;
        self.selection(model, &query.selection)
    }

    fn arguments(self, model: &Model, arguments: &Arguments) -> Checked {
        arguments.filter.iter().chain(arguments.cursor.as_deref()).try_for_each(|it| self.condition(model, it))?;
        arguments.order.iter().try_for_each(|it| self.order(model, &it.by))
    }

    fn condition(self, model: &Model, condition: &Condition) -> Checked {
        match condition {
            Condition::Compare(_) | Condition::Compound(..) => Ok(()),
            Condition::Related(field, _, inner) => self.condition(self.through(model, *field)?.0, inner),
            Condition::All(list) | Condition::Any(list) => list.iter().try_for_each(|it| self.condition(model, it)),
            Condition::Not(inner) => self.condition(model, inner),
        }
    }

    fn order(self, model: &Model, by: &OrderBy) -> Checked {
        match by {
            OrderBy::Column(_) | OrderBy::Aggregate(..) | OrderBy::Relevance(..) => Ok(()),
            OrderBy::Related(field, inner) => self.order(self.through(model, *field)?.0, inner),
            OrderBy::RelationCount(field) => self.through(model, *field).map(drop),
        }
    }

    fn selection(self, model: &Model, selection: &[Selected]) -> Checked {
        selection.iter().try_for_each(|selected| match selected {
            Selected::Columns(_) | Selected::Aggregate(..) => Ok(()),
            Selected::Relation(relation) => {
                let (related, _) = self.through(model, relation.field)?;
                self.arguments(related, &relation.arguments)?;
                self.selection(related, &relation.selection)
            }
            Selected::RelationCounts(counts) => counts.iter().try_for_each(|(field, filter)| {
                let (related, _) = self.through(model, *field)?;
                filter.iter().try_for_each(|it| self.condition(related, it))
            }),
        })
    }

    fn create_many(self, model: &Model, many: &CreateMany) -> Checked {
        many.rows.iter().try_for_each(|row| self.write(model, row, true))
    }

    fn upsert(self, model: &Model, upsert: &Upsert) -> Checked {
        self.write(model, &upsert.create, true)?;
        self.write(model, &upsert.update, false)
    }

    fn write(self, model: &Model, write: &Write, creates: bool) -> Checked {
        write.assignments.iter().try_for_each(|assignment| match assignment {
            Assignment::Set(..) | Assignment::Change(..) => Ok(()),
            Assignment::Nested(field, nested) => {
                let (related, end) = self.through(model, *field)?;
                self.nested(related, &end, nested, creates)
            }
        })
    }

    fn nested(self, model: &Model, end: &RelationEnd, nested: &Nested, creates: bool) -> Checked {
        match nested {
            Nested::Create(rows) => {
                self.scope.may(Operation::CreateOne)?;
                rows.iter().try_for_each(|row| self.write(model, row, true))
            }
            Nested::CreateMany(many) => {
                self.scope.may(Operation::CreateMany)?;
                self.create_many(model, many)
            }
            Nested::Connect(selectors) => {
                self.binds(end, creates)?;
                self.conditions(model, selectors)
            }
            Nested::Set(selectors) => {
                self.binds(end, creates)?;
                self.conditions(model, selectors)
            }
            Nested::Disconnect(selectors) => {
                self.binds(end, creates)?;
                self.conditions(model, selectors.iter().flatten())
            }
            Nested::ConnectOrCreate(list) => {
                self.scope.may(Operation::CreateOne)?;
                self.binds(end, creates)?;
                list.iter().try_for_each(|(selector, row)| {
                    self.condition(model, selector)?;
                    self.write(model, row, true)
                })
            }
            Nested::Update(list) => {
                self.scope.may(Operation::UpdateOne)?;
                list.iter().try_for_each(|(selector, row)| {
                    self.conditions(model, selector)?;
                    self.write(model, row, false)
                })
            }
            Nested::Upsert(list) => {
                self.scope.may(Operation::UpsertOne)?;
                list.iter().try_for_each(|(selector, upsert)| {
                    self.conditions(model, selector)?;
                    self.upsert(model, upsert)
                })
            }
            Nested::UpdateMany(list) => {
                self.scope.may(Operation::UpdateMany)?;
                list.iter().try_for_each(|(filter, row)| {
                    self.condition(model, filter)?;
                    self.write(model, row, false)
                })
            }
            Nested::Delete(selectors) => {
                self.scope.may(Operation::DeleteOne)?;
                self.conditions(model, selectors.iter().flatten())
            }
            Nested::DeleteMany(filters) => {
                self.scope.may(Operation::DeleteMany)?;
                self.conditions(model, filters)
            }
        }
    }

    /// Connecting rows and letting go of them changes existing rows, unless the key is in the row that is just being made, or
    /// in a table of pairs.
    fn binds(self, end: &RelationEnd, creates: bool) -> Checked {
        let relation = self.catalog.relations.get(usize::from(end.relation));
        let pairs = relation.is_some_and(|it| matches!(it.kind, RelationKind::ManyToMany(_)));
        if pairs || (creates && end.holds_key(self.catalog)) {
            return Ok(());
        }
        self.scope.may(Operation::UpdateOne)
    }

    fn conditions<'q>(self, model: &Model, list: impl IntoIterator<Item = &'q Condition>) -> Checked {
        list.into_iter().try_for_each(|it| self.condition(model, it))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lenslet_wire::decode::{Limits, Request, request};

    fn catalog() -> Catalog {
        let text = r#"
            datasource db {
              provider = "postgresql"
              url      = env("DIRECT_URL")
            }
            model User {
              id      Int      @id
              email   String   @unique
              posts   Post[]
              profile Profile?
            }
            model Post {
              id       Int    @id
              title    String
              authorId Int?
              author   User?  @relation(fields: [authorId], references: [id])
              tags     Tag[]
            }
            model Profile {
              id     Int  @id
              userId Int  @unique
              user   User @relation(fields: [userId], references: [id])
            }
            model Tag {
              id    Int    @id
              posts Post[]
            }"#;
        let checked = lenslet::check(&lenslet::Sources::single("schema.prisma", text));
        checked.schema.expect("the schema is valid").catalog
    }

    fn scope(models: &[&str], operations: &[&str]) -> Scope {
        let operations: BTreeSet<_> = operations.iter().filter_map(|it| Operation::named(it)).collect();
        Scope {
            models: (!models.is_empty()).then(|| models.iter().map(ToString::to_string).collect()),
            operations: (!operations.is_empty()).then_some(operations),
            ..Scope::default()
        }
    }

    /// What the scope says of a query, `ok` or the refusal.
    #[track_caller]
    fn check(scope: &Scope, model: &str, action: &str, arguments: &str, selection: &str, expected: &str) {
        let catalog = catalog();
        let body = format!(
            r#"{{"modelName":"{model}","action":"{action}","query":{{"arguments":{arguments},"selection":{selection}}}}}"#
        );
        let query = match request(&body, &catalog, &Limits::default()) {
            Ok(Request::One(query)) => query,
            other => panic!("one query, not {other:?}"),
        };
        let said = scope.permits(&query, &catalog).map_or_else(|error| error.message().to_owned(), |()| "ok".into());
        assert_eq!(said.split(';').next(), Some(expected));
    }

    #[test]
    fn models_are_not_reached_through_relations() {
        let user = scope(&["User"], &[]);
        let no = "the key may not reach `Post`";
        let all = r#"{"$scalars":true}"#;
        check(&user, "User", "findMany", "{}", all, "ok");
        check(&user, "Post", "findMany", "{}", all, no);
        check(&user, "User", "findMany", "{}", r#"{"id":true,"posts":{"selection":{"id":true}}}"#, no);
        check(&user, "User", "findMany", "{}", r#"{"_count":{"selection":{"posts":true}}}"#, no);
        check(&user, "User", "findMany", r#"{"where":{"posts":{"some":{"title":"x"}}}}"#, all, no);
        check(&user, "User", "findMany", r#"{"where":{"NOT":{"OR":[{"posts":{"none":{}}}]}}}"#, all, no);
        check(&user, "User", "findMany", r#"{"orderBy":[{"posts":{"_count":"asc"}}]}"#, all, no);
        check(
            &user,
            "User",
            "findMany",
            r#"{"orderBy":[{"profile":{"id":"asc"}}]}"#,
            all,
            "the key may not reach `Profile`",
        );
        check(&user, "User", "findUnique", r#"{"where":{"id":1,"posts":{"some":{}}}}"#, all, no);
        check(
            &user,
            "User",
            "aggregate",
            r#"{"where":{"posts":{"some":{}}}}"#,
            r#"{"_count":{"selection":{"_all":true}}}"#,
            no,
        );
        for nested in [
            r#"{"create":[{"id":1,"title":"x"}]}"#,
            r#"{"createMany":{"data":[{"id":1,"title":"x"}]}}"#,
            r#"{"connect":[{"id":1}]}"#,
            r#"{"connectOrCreate":[{"where":{"id":1},"create":{"id":1,"title":"x"}}]}"#,
        ] {
            check(
                &user,
                "User",
                "createOne",
                &format!(r#"{{"data":{{"id":1,"email":"a","posts":{nested}}}}}"#),
                all,
                no,
            );
        }
        for nested in [
            r#"{"set":[{"id":1}]}"#,
            r#"{"disconnect":[{"id":1}]}"#,
            r#"{"update":[{"where":{"id":1},"data":{"title":"x"}}]}"#,
            r#"{"upsert":[{"where":{"id":1},"create":{"id":1,"title":"x"},"update":{"title":"x"}}]}"#,
            r#"{"updateMany":[{"where":{},"data":{"title":"x"}}]}"#,
            r#"{"delete":[{"id":1}]}"#,
            r#"{"deleteMany":[{}]}"#,
        ] {
            check(
                &user,
                "User",
                "updateOne",
                &format!(r#"{{"where":{{"id":1}},"data":{{"posts":{nested}}}}}"#),
                all,
                no,
            );
        }
    }

    #[test]
    fn deeper_relations_count_as_well() {
        let both = scope(&["User", "Post"], &[]);
        let tag = "the key may not reach `Tag`";
        check(&both, "User", "findMany", "{}", r#"{"posts":{"selection":{"author":{"selection":{"id":true}}}}}"#, "ok");
        check(&both, "User", "findMany", "{}", r#"{"posts":{"selection":{"tags":{"selection":{"id":true}}}}}"#, tag);
        check(
            &both,
            "User",
            "findMany",
            "{}",
            r#"{"posts":{"arguments":{"where":{"tags":{"some":{}}}},"selection":{"id":true}}}"#,
            tag,
        );
        let data =
            r#"{"data":{"id":1,"email":"a","posts":{"create":[{"id":1,"title":"x","tags":{"connect":[{"id":1}]}}]}}}"#;
        check(&both, "User", "createOne", data, r#"{"id":true}"#, tag);
    }

    #[test]
    fn operations_hold_for_what_is_nested() {
        let create = scope(&[], &["createOne"]);
        let id = r#"{"id":true}"#;
        check(&create, "User", "findMany", "{}", id, "the key may not `findMany`");
        let data = |nested: &str| format!(r#"{{"data":{{"id":1,"email":"a","posts":{nested}}}}}"#);
        check(&create, "User", "createOne", &data(r#"{"create":[{"id":1,"title":"x"}]}"#), id, "ok");
        check(&create, "User", "createOne", &data(r#"{"createMany":{"data":[]}}"#), id, "the key may not `createMany`");
        // The post of somebody else would become the new user's.
        check(&create, "User", "createOne", &data(r#"{"connect":[{"id":1}]}"#), id, "the key may not `updateOne`");
        let own = r#"{"data":{"id":1,"title":"x","author":{"connect":{"id":1}},"tags":{"connect":[{"id":1}]}}}"#;
        check(&create, "Post", "createOne", own, id, "ok");
        let update = scope(&[], &["updateOne"]);
        let data = |nested: &str| format!(r#"{{"where":{{"id":1}},"data":{{"posts":{nested}}}}}"#);
        check(&update, "User", "updateOne", &data(r#"{"set":[]}"#), id, "ok");
        check(&update, "User", "updateOne", &data(r#"{"deleteMany":[{}]}"#), id, "the key may not `deleteMany`");
        check(&update, "User", "updateOne", &data(r#"{"delete":[{"id":1}]}"#), id, "the key may not `deleteOne`");
    }

    #[test]
    fn who_may_only_read_writes_nothing() {
        let reader = Scope { read_only: true, raw: true, ..Scope::default() };
        check(&reader, "User", "findMany", "{}", r#"{"id":true}"#, "ok");
        check(
            &reader,
            "User",
            "deleteMany",
            "{}",
            r#"{"count":true}"#,
            "the key may not `deleteMany`: it may only read",
        );
        let catalog = catalog();
        for action in ["queryRaw", "executeRaw"] {
            let body = format!(
                r#"{{"action":"{action}","query":{{"arguments":{{"query":"SELECT 1","parameters":"[]"}},"selection":{{}}}}}}"#
            );
            let Ok(Request::One(query)) = request(&body, &catalog, &Limits::default()) else { panic!("one query") };
            assert!(reader.permits(&query, &catalog).is_err());
            assert!(Scope::default().permits(&query, &catalog).is_err());
            assert!(Scope::everything().permits(&query, &catalog).is_ok());
        }
    }
}
