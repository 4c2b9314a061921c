//! The tree of a query becomes text.

use crate::json::Writer;
use lenslet_core::{
    query::{
        Action, Arguments, Assignment, Compare, Condition, CreateMany, FieldId, JsonPath, Nested, Nulls, Operator,
        Order, OrderBy, Query, Raw, Selected, Sort, Upsert, Write,
    },
    value::Value,
    written,
};

pub(super) fn write(query: &Query, out: &mut Writer) {
    out.open('{');
    if query.model != Query::RAW {
        out.key("modelName");
        out.text(query.model.name);
    }
    out.key("action");
    out.text(query.action.name());
    out.key("query");
    out.open('{');
    out.key("arguments");
    out.open('{');
    operation(query, out);
    out.close('}');
    out.key("selection");
    selection(&query.selection, out);
    out.close('}');
    out.close('}');
}

fn operation(query: &Query, out: &mut Writer) {
    let given = &query.arguments;
    let mut by_unique = false;
    let mut limits = false;
    match &query.action {
        Action::FindUnique | Action::FindUniqueOrThrow | Action::DeleteOne => by_unique = true,
        Action::FindFirst | Action::FindFirstOrThrow | Action::FindMany | Action::Aggregate => {}
        Action::DeleteMany => limits = true,
        Action::CreateOne(data) => {
            out.key("data");
            row(data, out);
        }
        Action::CreateMany(many) | Action::CreateManyAndReturn(many) => rows(many, out),
        Action::UpdateOne(data) => {
            by_unique = true;
            out.key("data");
            row(data, out);
        }
        Action::UpdateMany(data) | Action::UpdateManyAndReturn(data) => {
            limits = true;
            out.key("data");
            row(data, out);
        }
        Action::UpsertOne(it) => {
            by_unique = true;
            upsert(it, out);
        }
        Action::GroupBy(group) => {
            out.key("by");
            fields(&group.by, out);
            if let Some(having) = &group.having {
                out.key("having");
                condition(having, out);
            }
        }
        Action::QueryRaw(it) | Action::ExecuteRaw(it) => raw(it, out),
    }
    arguments(given, by_unique, limits, out);
}

fn arguments(given: &Arguments, by_unique: bool, limits: bool, out: &mut Writer) {
    if let Some(filter) = &given.filter {
        out.key("where");
        match by_unique {
            true => unique(filter, out),
            false => condition(filter, out),
        }
    }
    if !given.order.is_empty() {
        out.key("orderBy");
        out.open('[');
        given.order.iter().for_each(|it| order(it, out));
        out.close(']');
    }
    if let Some(count) = given.take {
        out.key(if limits { "limit" } else { "take" });
        out.integer(count);
    }
    if let Some(count) = given.skip {
        out.key("skip");
        out.integer(count);
    }
    if let Some(cursor) = &given.cursor {
        out.key("cursor");
        unique(cursor, out);
    }
    if !given.distinct.is_empty() {
        out.key("distinct");
        fields(&given.distinct, out);
    }
}

fn fields(fields: &[FieldId], out: &mut Writer) {
    out.open('[');
    fields.iter().for_each(|field| out.text(field.name));
    out.close(']');
}

/// A condition, as an object of its own.
fn condition(it: &Condition, out: &mut Writer) {
    out.open('{');
    entry(it, out);
    out.close('}');
}

/// A condition, as a key of the open object.
fn entry(it: &Condition, out: &mut Writer) {
    match it {
        Condition::Compare(it) => compare(it, out),
        Condition::Compound(name, parts) => compound(name, parts, out),
        Condition::Related(field, quantifier, inner) => {
            out.key(field.name);
            out.open('{');
            out.key(quantifier.name());
            condition(inner, out);
            out.close('}');
        }
        Condition::All(list) => connective("AND", list, out),
        Condition::Any(list) => connective("OR", list, out),
        Condition::Not(inner) => {
            out.key("NOT");
            condition(inner, out);
        }
    }
}

fn connective<'q>(name: &str, list: impl IntoIterator<Item = &'q Condition>, out: &mut Writer) {
    out.key(name);
    out.open('[');
    list.into_iter().for_each(|it| condition(it, out));
    out.close(']');
}

fn compound(name: &str, parts: &[(FieldId, Value)], out: &mut Writer) {
    out.key(name);
    out.open('{');
    for (field, part) in parts {
        out.key(field.name);
        value(part, out);
    }
    out.close('}');
}

fn compare(it: &Compare, out: &mut Writer) {
    out.key(it.field.name);
    out.open('{');
    if let Some(aggregate) = it.aggregate {
        out.key(aggregate.name());
        out.open('{');
    }
    match it.path.as_deref() {
        None => {}
        Some(JsonPath::Expression(path)) => {
            out.key("path");
            out.text(path);
        }
        Some(JsonPath::Steps(steps)) => {
            out.key("path");
            out.open('[');
            steps.iter().for_each(|step| out.text(step));
            out.close(']');
        }
    }
    out.key(it.operator.name());
    value(&it.value, out);
    if it.insensitive {
        out.key("mode");
        out.text("insensitive");
    }
    if it.aggregate.is_some() {
        out.close('}');
    }
    out.close('}');
}

/// A selector of one row: what selects stands at the top, with plain values; what else must hold stands in `AND`.
fn unique(it: &Condition, out: &mut Writer) {
    let parts = match it {
        Condition::All(list) => list.as_slice(),
        one => std::slice::from_ref(one),
    };
    out.open('{');
    let mut rest = false;
    for part in parts {
        match part {
            Condition::Compare(compare) if selects(compare) => {
                out.key(compare.field.name);
                value(&compare.value, out);
            }
            Condition::Compound(name, parts) => compound(name, parts, out),
            _ => rest = true,
        }
    }
    if rest {
        let others = parts.iter().filter(|part| match part {
            Condition::Compare(compare) => !selects(compare),
            Condition::Compound(..) => false,
            _ => true,
        });
        connective("AND", others, out);
    }
    out.close('}');
}

fn selects(compare: &Compare) -> bool {
    compare.operator == Operator::Equals
        && !compare.insensitive
        && compare.path.is_none()
        && !matches!(compare.value, Value::Null | Value::Column(_))
}

fn order(it: &Order, out: &mut Writer) {
    order_by(&it.by, it, out);
}

fn order_by(by: &OrderBy, it: &Order, out: &mut Writer) {
    out.open('{');
    match by {
        OrderBy::Column(field) => {
            out.key(field.name);
            direction(it, out);
        }
        OrderBy::Related(field, inner) => {
            out.key(field.name);
            order_by(inner, it, out);
        }
        OrderBy::RelationCount(field) => {
            out.key(field.name);
            out.open('{');
            out.key("_count");
            direction(it, out);
            out.close('}');
        }
        OrderBy::Aggregate(aggregate, field) => {
            out.key(aggregate.name());
            out.open('{');
            out.key(field.map_or("_all", |field| field.name));
            direction(it, out);
            out.close('}');
        }
        OrderBy::Relevance(columns, search) => {
            out.key("_relevance");
            out.open('{');
            out.key("fields");
            fields(columns, out);
            out.key("search");
            value(search, out);
            out.key("sort");
            direction(it, out);
            out.close('}');
        }
    }
    out.close('}');
}

fn direction(it: &Order, out: &mut Writer) {
    let sort = match it.sort {
        Sort::Asc => "asc",
        Sort::Desc => "desc",
    };
    let Some(nulls) = it.nulls else {
        out.text(sort);
        return;
    };
    out.open('{');
    out.key("sort");
    out.text(sort);
    out.key("nulls");
    out.text(match nulls {
        Nulls::First => "first",
        Nulls::Last => "last",
    });
    out.close('}');
}

fn selection(selected: &[Selected], out: &mut Writer) {
    out.open('{');
    for selected in selected {
        match selected {
            Selected::Columns(columns) => columns.iter().for_each(|column| {
                out.key(column.name);
                out.boolean(true);
            }),
            Selected::Relation(relation) => {
                out.key(relation.field.name);
                nested_selection(out, &relation.arguments, |out| selection(&relation.selection, out));
            }
            Selected::RelationCounts(counts) => {
                out.key("_count");
                nested_selection(out, &Arguments::default(), |out| {
                    out.open('{');
                    for (field, filter) in counts {
                        out.key(field.name);
                        counted(filter.as_ref(), out);
                    }
                    out.close('}');
                });
            }
            Selected::Aggregate(aggregate, columns) => {
                out.key(aggregate.name());
                nested_selection(out, &Arguments::default(), |out| {
                    out.open('{');
                    for column in columns {
                        out.key(column.map_or("_all", |column| column.name));
                        out.boolean(true);
                    }
                    out.close('}');
                });
            }
        }
    }
    out.close('}');
}

fn nested_selection(out: &mut Writer, given: &Arguments, selection: impl FnOnce(&mut Writer)) {
    out.open('{');
    out.key("arguments");
    out.open('{');
    arguments(given, false, false, out);
    out.close('}');
    out.key("selection");
    selection(out);
    out.close('}');
}

fn counted(filter: Option<&Condition>, out: &mut Writer) {
    let Some(filter) = filter else {
        out.boolean(true);
        return;
    };
    out.open('{');
    out.key("arguments");
    out.open('{');
    out.key("where");
    condition(filter, out);
    out.close('}');
    out.close('}');
}

fn rows(many: &CreateMany, out: &mut Writer) {
    out.key("data");
    out.open('[');
    many.rows.iter().for_each(|it| row(it, out));
    out.close(']');
    if many.skip_duplicates {
        out.key("skipDuplicates");
        out.boolean(true);
    }
}

fn upsert(it: &Upsert, out: &mut Writer) {
    out.key("create");
    row(&it.create, out);
    out.key("update");
    row(&it.update, out);
}

fn row(it: &Write, out: &mut Writer) {
    out.open('{');
    for assignment in &it.assignments {
        match assignment {
            Assignment::Set(field, to) => {
                out.key(field.name);
                value(to, out);
            }
            Assignment::Change(field, change, by) => {
                out.key(field.name);
                out.open('{');
                out.key(change.name());
                value(by, out);
                out.close('}');
            }
            Assignment::Nested(field, it) => {
                out.key(field.name);
                out.open('{');
                nested(it, out);
                out.close('}');
            }
        }
    }
    out.close('}');
}

fn nested(it: &Nested, out: &mut Writer) {
    match it {
        Nested::Create(rows) => each("create", rows, out, row),
        Nested::CreateMany(many) => {
            out.key("createMany");
            out.open('{');
            rows(many, out);
            out.close('}');
        }
        Nested::Connect(rows) => each("connect", rows, out, unique),
        Nested::ConnectOrCreate(rows) => each("connectOrCreate", rows, out, |(selector, new), out| {
            out.open('{');
            out.key("where");
            unique(selector, out);
            out.key("create");
            row(new, out);
            out.close('}');
        }),
        // Always a list: an empty one has a meaning.
        Nested::Set(rows) => {
            out.key("set");
            out.open('[');
            rows.iter().for_each(|it| unique(it, out));
            out.close(']');
        }
        Nested::Disconnect(rows) => each("disconnect", rows, out, selector),
        Nested::Delete(rows) => each("delete", rows, out, selector),
        Nested::Update(rows) => each("update", rows, out, |(which, change), out| {
            out.open('{');
            // A key `data` alone could be a field of that name.
            out.key("where");
            match which {
                Some(which) => unique(which, out),
                None => out.raw("{}"),
            }
            out.key("data");
            row(change, out);
            out.close('}');
        }),
        Nested::Upsert(rows) => each("upsert", rows, out, |(which, it), out| {
            out.open('{');
            if let Some(which) = which {
                out.key("where");
                unique(which, out);
            }
            upsert(it, out);
            out.close('}');
        }),
        Nested::UpdateMany(rows) => each("updateMany", rows, out, |(filter, change), out| {
            out.open('{');
            out.key("where");
            condition(filter, out);
            out.key("data");
            row(change, out);
            out.close('}');
        }),
        Nested::DeleteMany(rows) => each("deleteMany", rows, out, condition),
    }
}

fn selector(it: &Option<Condition>, out: &mut Writer) {
    match it {
        Some(it) => unique(it, out),
        None => out.boolean(true),
    }
}

/// One by itself, since a relation to one takes no list; others as a list.
fn each<T>(name: &str, items: &[T], out: &mut Writer, write: impl Fn(&T, &mut Writer)) {
    out.key(name);
    if let [only] = items {
        return write(only, out);
    }
    out.open('[');
    items.iter().for_each(|item| write(item, out));
    out.close(']');
}

fn value(it: &Value, out: &mut Writer) {
    written::value(it, false, out);
}

fn raw(it: &Raw, out: &mut Writer) {
    out.key("query");
    out.text(&it.text);
    if it.braces {
        out.key("braces");
        out.boolean(true);
    }
    out.key("parameters");
    written::quoted(&it.parameters, out);
}
