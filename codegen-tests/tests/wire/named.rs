//! Puts names into a query that has positions only, so that it can be encoded as a generated client's can.

use lenslet_core::{
    catalog::Catalog,
    query::{
        Action, Arguments, Assignment, Compare, Condition, CreateMany, FieldId, GroupBy, ModelId, Nested, Order,
        OrderBy, Query, Selected, SelectedRelation, Upsert, Write,
    },
    value::Value,
};
use std::{cell::RefCell, collections::HashSet};

thread_local! {
    static NAMES: RefCell<HashSet<&'static str>> = RefCell::default();
}

/// The name for as long as the test runs: identifiers hold what a program has written in it.
fn leaked(name: &str) -> &'static str {
    NAMES.with_borrow_mut(|names| {
        if let Some(name) = names.get(name) {
            return *name;
        }
        let name = &*String::from(name).leak();
        names.insert(name);
        name
    })
}

struct Names<'c> {
    catalog: &'c Catalog,
    model: u16,
}

pub fn query(query: &Query, catalog: &Catalog) -> Query {
    if query.model == Query::RAW {
        return query.clone();
    }
    let index = query.model.index;
    let names = Names { catalog, model: index };
    Query {
        model: ModelId::new(index, leaked(&catalog.models[usize::from(index)].name)),
        action: names.action(&query.action),
        arguments: names.arguments(&query.arguments),
        selection: names.selection(&query.selection),
        cache: query.cache.clone(),
    }
}

impl Names<'_> {
    fn field(&self, field: FieldId) -> FieldId {
        let model = &self.catalog.models[usize::from(self.model)];
        FieldId::new(field.index, leaked(&model.fields[usize::from(field.index)].name))
    }

    fn to(&self, field: FieldId) -> Self {
        let model = &self.catalog.models[usize::from(self.model)];
        Names { catalog: self.catalog, model: model.fields[usize::from(field.index)].relation().unwrap().model }
    }

    fn fields(&self, fields: &[FieldId]) -> Vec<FieldId> {
        fields.iter().map(|field| self.field(*field)).collect()
    }

    fn action(&self, action: &Action) -> Action {
        match action {
            Action::CreateOne(write) => Action::CreateOne(self.write(write)),
            Action::CreateMany(many) => Action::CreateMany(self.create_many(many)),
            Action::CreateManyAndReturn(many) => Action::CreateManyAndReturn(self.create_many(many)),
            Action::UpdateOne(write) => Action::UpdateOne(self.write(write)),
            Action::UpdateMany(write) => Action::UpdateMany(self.write(write)),
            Action::UpdateManyAndReturn(write) => Action::UpdateManyAndReturn(self.write(write)),
            Action::UpsertOne(upsert) => Action::UpsertOne(Box::new(self.upsert(upsert))),
            Action::GroupBy(group) => Action::GroupBy(Box::new(GroupBy {
                by: self.fields(&group.by),
                having: group.having.as_ref().map(|it| self.condition(it)),
            })),
            other => other.clone(),
        }
    }

    fn arguments(&self, arguments: &Arguments) -> Arguments {
        Arguments {
            filter: arguments.filter.as_ref().map(|it| self.condition(it)),
            order: arguments.order.iter().map(|it| self.order(it)).collect(),
            cursor: arguments.cursor.as_ref().map(|it| Box::new(self.condition(it))),
            distinct: self.fields(&arguments.distinct),
            ..arguments.clone()
        }
    }

    fn condition(&self, condition: &Condition) -> Condition {
        let all = |list: &[Condition]| list.iter().map(|it| self.condition(it)).collect();
        match condition {
            Condition::Compare(compare) => Condition::Compare(Compare {
                field: self.field(compare.field),
                value: self.value(&compare.value),
                ..compare.clone()
            }),
            Condition::Compound(name, parts) => Condition::Compound(
                name.clone(),
                parts.iter().map(|(field, value)| (self.field(*field), self.value(value))).collect(),
            ),
            Condition::Related(field, quantifier, inner) => {
                Condition::Related(self.field(*field), *quantifier, Box::new(self.to(*field).condition(inner)))
            }
            Condition::All(list) => Condition::All(all(list)),
            Condition::Any(list) => Condition::Any(all(list)),
            Condition::Not(inner) => Condition::Not(Box::new(self.condition(inner))),
        }
    }

    fn value(&self, value: &Value) -> Value {
        match value {
            Value::Column(field) => Value::Column(self.field(*field)),
            other => other.clone(),
        }
    }

    fn order(&self, order: &Order) -> Order {
        Order { by: self.order_by(&order.by), ..order.clone() }
    }

    fn order_by(&self, by: &OrderBy) -> OrderBy {
        match by {
            OrderBy::Column(field) => OrderBy::Column(self.field(*field)),
            OrderBy::Related(field, inner) => {
                OrderBy::Related(self.field(*field), Box::new(self.to(*field).order_by(inner)))
            }
            OrderBy::RelationCount(field) => OrderBy::RelationCount(self.field(*field)),
            OrderBy::Aggregate(aggregate, field) => OrderBy::Aggregate(*aggregate, field.map(|it| self.field(it))),
            OrderBy::Relevance(fields, search) => OrderBy::Relevance(self.fields(fields), search.clone()),
        }
    }

    fn selection(&self, selection: &[Selected]) -> Vec<Selected> {
        let selected = |selected: &Selected| match selected {
            Selected::Columns(columns) => Selected::Columns(self.fields(columns).into()),
            Selected::Relation(relation) => Selected::Relation(Box::new(SelectedRelation {
                field: self.field(relation.field),
                arguments: self.to(relation.field).arguments(&relation.arguments),
                selection: self.to(relation.field).selection(&relation.selection),
            })),
            Selected::RelationCounts(counts) => Selected::RelationCounts(
                counts
                    .iter()
                    .map(|(field, filter)| {
                        (self.field(*field), filter.as_ref().map(|it| self.to(*field).condition(it)))
                    })
                    .collect(),
            ),
            Selected::Aggregate(aggregate, fields) => {
                Selected::Aggregate(*aggregate, fields.iter().map(|field| field.map(|it| self.field(it))).collect())
            }
        };
        selection.iter().map(selected).collect()
    }

    fn create_many(&self, many: &CreateMany) -> CreateMany {
        CreateMany { rows: many.rows.iter().map(|it| self.write(it)).collect(), skip_duplicates: many.skip_duplicates }
    }

    fn upsert(&self, upsert: &Upsert) -> Upsert {
        Upsert { create: self.write(&upsert.create), update: self.write(&upsert.update) }
    }

    fn write(&self, write: &Write) -> Write {
        let assignment = |assignment: &Assignment| match assignment {
            Assignment::Set(field, value) => Assignment::Set(self.field(*field), value.clone()),
            Assignment::Change(field, change, value) => Assignment::Change(self.field(*field), *change, value.clone()),
            Assignment::Nested(field, nested) => Assignment::Nested(self.field(*field), self.to(*field).nested(nested)),
        };
        Write { assignments: write.assignments.iter().map(assignment).collect() }
    }

    fn nested(&self, nested: &Nested) -> Nested {
        let conditions = |list: &[Condition]| list.iter().map(|it| self.condition(it)).collect();
        let perhaps = |it: &Option<Condition>| it.as_ref().map(|it| self.condition(it));
        match nested {
            Nested::Create(rows) => Nested::Create(rows.iter().map(|it| self.write(it)).collect()),
            Nested::CreateMany(many) => Nested::CreateMany(self.create_many(many)),
            Nested::Connect(rows) => Nested::Connect(conditions(rows)),
            Nested::Set(rows) => Nested::Set(conditions(rows)),
            Nested::DeleteMany(rows) => Nested::DeleteMany(conditions(rows)),
            Nested::ConnectOrCreate(rows) => {
                Nested::ConnectOrCreate(rows.iter().map(|(it, new)| (self.condition(it), self.write(new))).collect())
            }
            Nested::Disconnect(rows) => Nested::Disconnect(rows.iter().map(perhaps).collect()),
            Nested::Delete(rows) => Nested::Delete(rows.iter().map(perhaps).collect()),
            Nested::Update(rows) => {
                Nested::Update(rows.iter().map(|(it, change)| (perhaps(it), self.write(change))).collect())
            }
            Nested::Upsert(rows) => {
                Nested::Upsert(rows.iter().map(|(it, both)| (perhaps(it), self.upsert(both))).collect())
            }
            Nested::UpdateMany(rows) => {
                Nested::UpdateMany(rows.iter().map(|(it, change)| (self.condition(it), self.write(change))).collect())
            }
        }
    }
}
