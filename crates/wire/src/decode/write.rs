//! `data`, `create`, `update`, and what is nested in them.

use super::{
    Client, Decoder, Of,
    arguments::some,
    each,
    fault::At,
    value::{JsonNull, Type, json_null, plain_object, takes_null, untag},
};
use crate::{json::Json, names};
use lenslet_core::{
    catalog::{Arity, Column, Field, RelationEnd, RelationKind, ScalarType},
    error::Error,
    query::{Assignment, Change, Condition, CreateMany, FieldId, Nested, Upsert, Write},
    value::Value,
};

/// Whether a row is new, and whether something can be nested in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Create,
    CreateMany,
    Update,
    UpdateMany,
}

impl Verb {
    fn is_new(self) -> bool {
        matches!(self, Verb::Create | Verb::CreateMany)
    }
    fn input(self) -> &'static str {
        if self.is_new() { "CreateInput" } else { "UpdateInput" }
    }
    fn nests(self) -> bool {
        matches!(self, Verb::Create | Verb::Update)
    }
}

/// A row to write: of a model, and where it is nested the relation of that model that leads to the parent. That relation
/// and its columns are not said again.
#[derive(Clone, Copy)]
struct Row<'c> {
    of: Of<'c>,
    verb: Verb,
    parent: Option<u16>,
}

/// A relation that is written through.
#[derive(Clone, Copy)]
struct Through<'c> {
    field: &'c Field,
    end: &'c RelationEnd,
    of: Of<'c>,
    new: bool,
}

impl<'c> Decoder<'c> {
    /// A row of `data`.
    pub(crate) fn data(&self, of: Of<'c>, verb: Verb, json: &Json<'_>, at: At<'_>) -> Result<Write, Error> {
        let row = Row { of, verb, parent: None };
        self.row(row, json, at)
    }

    /// Rows of `createMany`.
    pub(crate) fn rows(&self, of: Of<'c>, json: &Json<'_>, at: At<'_>) -> Result<Vec<Write>, Error> {
        each(json).iter().map(|row| self.data(of, Verb::CreateMany, row, at)).collect()
    }

    fn row(&self, row: Row<'c>, json: &Json<'_>, at: At<'_>) -> Result<Write, Error> {
        let input = || row.of.named(row.verb.input());
        let Some(entries) = plain_object(json) else {
            return Err(at.wrong_type(&input(), json));
        };
        let hidden = self.hidden(row);
        let mut assignments = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            let step = at.argument(key);
            let at = at.inside(&step);
            let found = row.of.field(key).filter(|(index, _)| !hidden.contains(index));
            let unknown = || at.unknown_field(&input(), &row.of.names());
            let (index, field) = found.ok_or_else(unknown)?;
            let id = FieldId::at(index);
            match (field.column(), field.relation()) {
                (Some(column), _) => assignments.push(self.assignment(row.verb, id, field, column, value, at)?),
                (_, Some(end)) if row.verb.nests() => {
                    let through = Through { field, end, of: self.of(end.model), new: row.verb.is_new() };
                    let nested = self.nested(through, value, at)?;
                    assignments.extend(nested.into_iter().map(|it| Assignment::Nested(id, it)));
                }
                _ => return Err(unknown()),
            }
        }
        let write = Write { assignments };
        if self.client == Client::Prisma {
            self.keys_not_mixed(row, &write, &hidden, at)?;
        }
        if row.verb.is_new() {
            self.complete(row, &write, &hidden, at)?;
        }
        Ok(write)
    }

    /// Whether a row may be given by columns of foreign keys and through relations.
    fn mixed(&self) -> bool {
        self.client == Client::Lenslet
    }

    /// What cannot be said of a nested row, since its parent says it.
    fn hidden(&self, row: Row<'c>) -> Vec<u16> {
        let keys = row.parent.map(|field| self.key(row.of, field)).unwrap_or_default();
        row.parent.into_iter().chain(keys.iter().copied()).collect()
    }

    /// The columns of the foreign key behind a relation field, where its own model has them.
    fn key(&self, of: Of<'c>, field: u16) -> &'c [u16] {
        let end = of.model.fields.get(usize::from(field)).and_then(Field::relation);
        let Some(end) = end.filter(|end| end.holds_key(self.catalog)) else {
            return &[];
        };
        match self.catalog.relations.get(usize::from(end.relation)).map(|it| &it.kind) {
            Some(RelationKind::ForeignKey(key)) => key.fields.as_ref(),
            _ => &[],
        }
    }

    /// Every foreign key of a model: its relation field and its columns.
    fn keys(&self, of: Of<'c>) -> impl Iterator<Item = (u16, &'c Field, &'c [u16])> {
        of.model
            .relations()
            .map(move |(index, field, _)| (index, field, self.key(of, index)))
            .filter(|(_, _, key)| !key.is_empty())
    }

    /// Prisma's rule: columns of foreign keys are written, or relations that have such columns, but not both.
    fn keys_not_mixed(&self, row: Row<'c>, write: &Write, hidden: &[u16], at: At<'_>) -> Result<(), Error> {
        let through = self.keys(row.of).any(|(relation, _, _)| nests(write, relation));
        let column = self
            .keys(row.of)
            .flat_map(|(_, _, key)| key)
            .find(|column| !hidden.contains(column) && sets(write, **column));
        match column.and_then(|column| row.of.model.fields.get(usize::from(*column))) {
            Some(field) if through => {
                let step = at.argument(&field.name);
                let input = row.of.named(row.verb.input());
                Err(at.inside(&step).unknown_field(&input, &row.of.names()))
            }
            _ => Ok(()),
        }
    }

    /// Whether everything is given that a new row needs: columns of foreign keys by themselves or through a relation.
    fn complete(&self, row: Row<'c>, write: &Write, hidden: &[u16], at: At<'_>) -> Result<(), Error> {
        let by_relation = self.keys(row.of).any(|(relation, _, _)| nests(write, relation));
        let by_column = self.keys(row.of).flat_map(|(_, _, key)| key).any(|column| sets(write, *column));
        let in_key = |column: u16| self.keys(row.of).any(|(_, _, key)| key.contains(&column));
        for (index, field, column) in row.of.model.columns() {
            let given = hidden.contains(&index) || sets(write, index);
            if given || !is_needed(field, column) || in_key(index) {
                continue;
            }
            let step = at.argument(&field.name);
            let ty = Type::of(column).map_or("value", |ty| self.type_name(ty));
            return Err(at.inside(&step).missing(ty));
        }
        let missing_column = self
            .keys(row.of)
            .flat_map(|(_, _, key)| key)
            .find(|column| self.key_column_missing(row.of, **column, write, hidden));
        let missing_relation = self.keys(row.of).find(|(relation, field, key)| {
            let given = hidden.contains(relation) || nests(write, *relation);
            !given && field.arity == Arity::Required && !self.has_defaults(row.of, key)
        });
        let columns_do = missing_column.is_none() && (!by_relation || self.mixed());
        let relations_do = missing_relation.is_none() && !by_column && row.verb.nests();
        if columns_do || relations_do {
            return Ok(());
        }
        let column = missing_column.and_then(|column| row.of.model.fields.get(usize::from(*column)));
        let name = match (missing_relation, column) {
            (Some((_, field, _)), _) if row.verb.nests() && !by_column => &field.name,
            (_, Some(field)) => &field.name,
            _ => return Ok(()),
        };
        let step = at.argument(name);
        Err(at.inside(&step).missing("value"))
    }

    fn key_column_missing(&self, of: Of<'c>, column: u16, write: &Write, hidden: &[u16]) -> bool {
        let Some(field) = of.model.fields.get(usize::from(column)) else {
            return false;
        };
        let through =
            || self.mixed() && self.keys(of).any(|(relation, _, key)| key.contains(&column) && nests(write, relation));
        let needed = field.column().is_some_and(|it| is_needed(field, it));
        needed && !hidden.contains(&column) && !sets(write, column) && !through()
    }

    fn has_defaults(&self, of: Of<'c>, columns: &[u16]) -> bool {
        columns.iter().all(|index| {
            let field = of.model.fields.get(usize::from(*index));
            field.and_then(Field::column).is_some_and(|column| column.default.is_some())
        })
    }

    fn assignment(
        &self,
        verb: Verb,
        id: FieldId,
        field: &Field,
        column: &Column,
        json: &Json<'_>,
        at: At<'_>,
    ) -> Result<Assignment, Error> {
        let Some(ty) = Type::of(column) else {
            return Err(at.wrong_value("column", "the client cannot write columns of this type"));
        };
        let list = field.arity == Arity::List;
        // A list of documents is told from a document by its brackets; a document is never looked into.
        let operations = plain_object(json).filter(|_| list || (!verb.is_new() && !ty.is(ScalarType::Json)));
        let Some(entries) = operations else {
            return self.written(field, ty, json, at).map(|value| Assignment::Set(id, value));
        };
        let [(key, value)] = entries else {
            return Err(at.too_many("FieldUpdateOperationsInput", &["set"]));
        };
        let step = at.argument(key);
        let at = at.inside(&step);
        match (key.as_ref(), names::change_of(key)) {
            ("set", _) => self.written(field, ty, value, at).map(|value| Assignment::Set(id, value)),
            (_, Some(Change::Push)) if list && !verb.is_new() => {
                let value = match value {
                    Json::List(items) if !self.is_pushed_document(items, ty) => self.values(items, ty, at)?,
                    item => self.value(item, ty, at)?,
                };
                Ok(Assignment::Change(id, Change::Push, value))
            }
            (_, Some(change)) if change != Change::Push && !list && !verb.is_new() && is_number(ty) => {
                self.value(value, ty, at).map(|value| Assignment::Change(id, change, value))
            }
            _ => Err(at.unknown_field("FieldUpdateOperationsInput", &["set"])),
        }
    }

    /// Whether a list is one document for a list of documents. For Prisma it is, unless it holds tagged documents.
    fn is_pushed_document(&self, items: &[Json<'_>], ty: Type) -> bool {
        self.client == Client::Prisma
            && ty == Type::Scalar(ScalarType::Json)
            && (items.is_empty() || items.iter().any(|item| untag(item).0.is_none()))
    }

    /// The value that a column becomes.
    fn written(&self, field: &Field, ty: Type, json: &Json<'_>, at: At<'_>) -> Result<Value, Error> {
        if field.arity == Arity::List {
            return match json {
                Json::List(items) => self.values(items, ty, at),
                _ => Err(at.wrong_type(&[self.type_name(ty), "[]"].concat(), json)),
            };
        }
        if ty.is(ScalarType::Json) {
            match json_null(json) {
                Some(JsonNull::Document) => return Ok(Value::Json("null".into())),
                Some(JsonNull::Database) if takes_null(field) => return Ok(Value::Null),
                Some(_) => return Err(at.wrong_value("JsonNullValueInput", "expected a document or `JsonNull`")),
                None => {}
            }
        }
        match json {
            Json::Null if takes_null(field) => Ok(Value::Null),
            // A document there must be, so it is the document null.
            Json::Null if ty.is(ScalarType::Json) => Ok(Value::Json("null".into())),
            Json::Null => Err(at.missing(self.type_name(ty))),
            json => self.value(json, ty, at),
        }
    }

    /// Everything that is done through a relation.
    fn nested(&self, through: Through<'c>, json: &Json<'_>, at: At<'_>) -> Result<Vec<Nested>, Error> {
        let Some(entries) = plain_object(json) else {
            return Err(match json {
                Json::Null => at.missing(&through.of.named("NestedInput")),
                _ => at.wrong_type(&through.of.named("NestedInput"), json),
            });
        };
        let mut all = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            let step = at.argument(key);
            let at = at.inside(&step);
            if !self.operations(through).contains(&key.as_ref()) {
                return Err(at.unknown_field(&through.of.named("NestedInput"), &self.operations(through)));
            }
            all.extend(self.nested_operation(through, key, value, at)?);
        }
        Ok(all)
    }

    /// What can be done through a relation, by its arity and by whether the row that has it is new.
    fn operations(&self, through: Through<'c>) -> Vec<&'static str> {
        let Through { field, end, new, .. } = through;
        let list = field.arity == Arity::List;
        let mut names = vec!["create", "connect", "connectOrCreate"];
        let relation = self.catalog.relations.get(usize::from(end.relation));
        if list && relation.is_some_and(|it| matches!(it.kind, RelationKind::ForeignKey(_))) {
            names.push("createMany");
        }
        if !new {
            names.extend(["update", "upsert"]);
            if list {
                names.extend(["set", "disconnect", "delete", "updateMany", "deleteMany"]);
            } else if field.arity == Arity::Optional {
                names.extend(["disconnect", "delete"]);
            }
        }
        names
    }

    fn nested_operation(
        &self,
        through: Through<'c>,
        key: &str,
        json: &Json<'_>,
        at: At<'_>,
    ) -> Result<Option<Nested>, Error> {
        let of = through.of;
        let items = each(json);
        if through.field.arity != Arity::List
            && let (Json::List(_), [_, _, ..] | []) = (json, items)
        {
            return Err(at.wrong_type("one row", json));
        }
        let row = |verb, json: &Json<'_>, at: At<'_>| {
            let parent = Some(through.end.opposite);
            self.row(Row { of, verb, parent }, json, at)
        };
        let unique = |json: &Json<'_>| self.unique(of, json, at);
        Ok(Some(match key {
            "create" => Nested::Create(collect(items, |item| row(Verb::Create, item, at))?),
            "connect" => Nested::Connect(collect(items, unique)?),
            "set" => Nested::Set(collect(items, unique)?),
            "createMany" => Nested::CreateMany(self.nested_create_many(json, at, row)?),
            "connectOrCreate" => Nested::ConnectOrCreate(collect(items, |item| {
                let selector = self.part(item, "where", at, |json, at| self.unique(of, json, at))?;
                Ok((selector, self.part(item, "create", at, |json, at| row(Verb::Create, json, at))?))
            })?),
            "updateMany" => Nested::UpdateMany(collect(items, |item| {
                let filter = self.part(item, "where", at, |json, at| self.filter(of, json, at))?;
                Ok((filter, self.part(item, "data", at, |json, at| row(Verb::UpdateMany, json, at))?))
            })?),
            "deleteMany" => Nested::DeleteMany(collect(items, |item| self.filter(of, item, at))?),
            "update" => {
                let updates: Vec<_> = collect(items, |item| {
                    if through.field.arity != Arity::List && !is_wrapped(of, item) {
                        return Ok((None, row(Verb::Update, item, at)?));
                    }
                    let selector = self.selected_row(through, item, at)?;
                    Ok((selector, self.part(item, "data", at, |json, at| row(Verb::Update, json, at))?))
                })?;
                // Prisma does not look for a row that nothing is done to.
                let says = |(_, write): &(_, Write)| self.client == Client::Lenslet || !write.assignments.is_empty();
                Nested::Update(updates.into_iter().filter(says).collect())
            }
            "upsert" => Nested::Upsert(collect(items, |item| {
                let selector = self.selected_row(through, item, at)?;
                let create = self.part(item, "create", at, |json, at| row(Verb::Create, json, at))?;
                let update = self.part(item, "update", at, |json, at| row(Verb::Update, json, at))?;
                Ok((selector, Upsert { create, update }))
            })?),
            "disconnect" | "delete" => {
                let rows = self.removed(through, items, at)?;
                match key {
                    _ if rows.is_empty() && through.field.arity != Arity::List => return Ok(None),
                    "disconnect" => Nested::Disconnect(rows),
                    _ => Nested::Delete(rows),
                }
            }
            _ => return Ok(None),
        }))
    }

    fn nested_create_many(
        &self,
        json: &Json<'_>,
        at: At<'_>,
        row: impl Fn(Verb, &Json<'_>, At<'_>) -> Result<Write, Error>,
    ) -> Result<CreateMany, Error> {
        let rows =
            self.part(json, "data", at, |json, at| collect(each(json), |item| row(Verb::CreateMany, item, at)))?;
        Ok(CreateMany { rows, skip_duplicates: json.get("skipDuplicates") == Some(&Json::Bool(true)) })
    }

    /// Rows of a relation to many; for a relation to one `true`, a filter, or nothing with `false`.
    fn removed(&self, through: Through<'c>, items: &[Json<'_>], at: At<'_>) -> Result<Vec<Option<Condition>>, Error> {
        if through.field.arity == Arity::List {
            return collect(items, |item| self.unique(through.of, item, at).map(Some));
        }
        match items {
            [Json::Bool(true)] => Ok(vec![None]),
            [Json::Bool(false)] => Ok(Vec::new()),
            items => collect(items, |item| self.filter(through.of, item, at).map(Some)),
        }
    }

    /// `where` of an update or upsert: a unique selector where the relation is to many, otherwise any filter or none.
    fn selected_row(&self, through: Through<'c>, json: &Json<'_>, at: At<'_>) -> Result<Option<Condition>, Error> {
        let of = through.of;
        if through.field.arity == Arity::List {
            return self.part(json, "where", at, |json, at| self.unique(of, json, at)).map(Some);
        }
        match json.get("where") {
            None => Ok(None),
            Some(_) => self.part(json, "where", at, |json, at| self.filter(of, json, at)).map(some),
        }
    }

    /// A required key of an object.
    fn part<T>(
        &self,
        json: &Json<'_>,
        key: &str,
        at: At<'_>,
        read: impl FnOnce(&Json<'_>, At<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        if plain_object(json).is_none() {
            return Err(at.wrong_type("Object", json));
        }
        let step = at.argument(key);
        let at = at.inside(&step);
        read(json.get(key).ok_or_else(|| at.missing(key))?, at)
    }
}

fn collect<T>(items: &[Json<'_>], read: impl FnMut(&Json<'_>) -> Result<T, Error>) -> Result<Vec<T>, Error> {
    items.iter().map(read).collect()
}

/// Whether an update of a relation to one is `{ where, data }` rather than the fields themselves.
fn is_wrapped(of: Of<'_>, json: &Json<'_>) -> bool {
    let Json::Object(entries) = json else { return false };
    let has = |key: &str| entries.iter().any(|(it, _)| it == key);
    let only = entries.iter().all(|(key, _)| matches!(key.as_ref(), "where" | "data"));
    only && has("data") && (has("where") || of.field("data").is_none())
}

fn is_needed(field: &Field, column: &Column) -> bool {
    field.arity == Arity::Required && field.is_visible() && column.default.is_none() && !column.updated_at
}

fn is_number(ty: Type) -> bool {
    use ScalarType::{BigInt, Decimal, Float, Int};
    matches!(ty, Type::Scalar(Int | BigInt | Float | Decimal))
}

fn sets(write: &Write, column: u16) -> bool {
    write.assignments.iter().any(|it| match it {
        Assignment::Set(field, _) | Assignment::Change(field, _, _) => field.index == column,
        Assignment::Nested(..) => false,
    })
}

fn nests(write: &Write, relation: u16) -> bool {
    write.assignments.iter().any(|it| matches!(it, Assignment::Nested(field, _) if field.index == relation))
}
