//! Relations, with both of their ends.

use crate::check::inline::upper_first;
use crate::check::report::Report;
use crate::check::resolved::{Field, FieldRef, FieldType, Index, Relation, RelationKind, Resolved};
use crate::diagnostic::Rule;

pub(super) static RULES: &[&Rule] = &[
    &MISSING_OPPOSITE,
    &MISSING_ARGUMENT,
    &WRONG_SIDE,
    &COUNT,
    &TYPES,
    &NOT_UNIQUE,
    &OPTIONALITY,
    &ONE_TO_ONE,
    &MANY_TO_MANY,
    &LIST_RELATION,
];

static MISSING_OPPOSITE: Rule = Rule::error(
    "missing-opposite",
    "A relation has a field at both ends.",
    "model A {\n  id Int @id\n  bs B[]\n}\nmodel B {\n  id Int @id\n}\n",
);
static MISSING_ARGUMENT: Rule = Rule::error(
    "missing-relation-columns",
    "One end of a relation says by `fields` and `references` which columns bind it.",
    "model A {\n  id Int @id\n  bs B[]\n}\nmodel B {\n  id Int @id\n  a A\n}\n",
);
static WRONG_SIDE: Rule = Rule::error(
    "relation-columns-twice",
    "Only one end of a relation has `fields` and `references`: the one that is no list.",
    "model A {\n  id Int @id\n  bId Int @unique\n  b B @relation(fields: [bId], references: [id])\n}\nmodel B {\n  id Int @id\n  aId Int @unique\n  a A @relation(fields: [aId], references: [id])\n}\n",
);
static COUNT: Rule = Rule::error(
    "relation-column-count",
    "`fields` and `references` are as many.",
    "model A {\n  id Int @id\n  x Int\n  y Int\n  b B @relation(fields: [x, y], references: [id])\n}\nmodel B {\n  id Int @id\n  as A[]\n}\n",
);
static TYPES: Rule = Rule::error(
    "relation-column-type",
    "A column refers to a column of its type.",
    "model A {\n  id Int @id\n  bId String\n  b B @relation(fields: [bId], references: [id])\n}\nmodel B {\n  id Int @id\n  as A[]\n}\n",
);
static NOT_UNIQUE: Rule = Rule::error(
    "references-not-unique",
    "A row refers to one row at most, so what it refers to is unique.",
    "model A {\n  id Int @id\n  n Int\n  b B @relation(fields: [n], references: [n])\n}\nmodel B {\n  id Int @id\n  n Int\n  as A[]\n}\n",
);
static OPTIONALITY: Rule = Rule::error(
    "relation-optionality",
    "A relation whose columns may be absent is optional.",
    "model A {\n  id Int @id\n  bId Int?\n  b B @relation(fields: [bId], references: [id])\n}\nmodel B {\n  id Int @id\n  as A[]\n}\n",
);
static ONE_TO_ONE: Rule = Rule::error(
    "one-to-one",
    "In a one-to-one relation the referring columns are unique, and the other end is optional.",
    "model A {\n  id Int @id\n  bId Int\n  b B @relation(fields: [bId], references: [id])\n}\nmodel B {\n  id Int @id\n  a A?\n}\n",
);
static MANY_TO_MANY: Rule = Rule::error(
    "many-to-many",
    "Lists at both ends are bound by a hidden table of two ids: both models have one `@id`, and nothing else is said.",
    "model A {\n  x Int\n  y Int\n  bs B[]\n  @@id([x, y])\n}\nmodel B {\n  id Int @id\n  as A[]\n}\n",
);
static LIST_RELATION: Rule = Rule::error(
    "list-relation",
    "SQL databases do not keep relations in lists of keys.",
    "model A {\n  id Int @id\n  bIds Int[]\n  bs B[] @relation(fields: [bIds])\n}\nmodel B {\n  id Int @id\n  aIds Int[]\n  as A[] @relation(fields: [aIds])\n}\n",
);

/// A relation has a field at both ends.
pub(super) fn both_sides(schema: &Resolved<'_>, relation: &Relation<'_>, report: &mut Report) {
    let (lone, from, to) = match (relation.forward, relation.back) {
        (Some(lone), None) => (lone, relation.from, relation.to),
        (None, Some(lone)) => (lone, relation.to, relation.from),
        _ => return,
    };
    let field = schema.field(lone);
    let (here, there) = (&schema.models[from], &schema.models[to]);
    let title = format!("`{}` of `{}` has no opposite field in `{}`", field.name, here.name, there.name);
    let suffix = match (field.is_list(), relation.kind) {
        (true, _) => "?",
        (false, RelationKind::OneToOne) => "?",
        (false, _) => "[]",
    };
    let name = relation.name.map_or(String::new(), |name| format!(" @relation(\"{name}\")"));
    let help = format!(
        "add a field of type `{}{suffix}{name}` to `{}`, or let `lenslet format` add it",
        here.name, there.name
    );
    report.push(MISSING_OPPOSITE.at(field.span(), title).help(help));
}

/// One end says which columns bind the relation.
pub(super) fn fields_and_references(schema: &Resolved<'_>, relation: &Relation<'_>, report: &mut Report) {
    let (Some(forward), Some(back)) = (relation.forward, relation.back) else {
        return;
    };
    let (field, other) = (schema.field(forward), schema.field(back));
    let is_one_to_one = relation.kind == RelationKind::OneToOne;
    let mut require = |argument: &str, has: fn(&Field<'_>) -> bool| {
        if is_one_to_one && !has(field) && !has(other) {
            for (it, opposite) in [(field, other), (other, field)] {
                let title = format!("neither `{}` nor `{}` has `{argument}` in `@relation`", it.name, opposite.name);
                report.push(MISSING_ARGUMENT.at(it.span(), title).help(example(schema, relation)));
            }
        } else if !is_one_to_one && !has(field) {
            let title = format!("the relation `{}` lacks `{argument}`", field.name);
            report.push(MISSING_ARGUMENT.at(field.span(), title).help(example(schema, relation)));
        }
    };
    require("fields", |field| field.relation.fields.is_some());
    require("references", |field| field.relation.references.is_some());
    let says = |field: &Field<'_>| field.relation.fields.is_some() || field.relation.references.is_some();
    if is_one_to_one {
        one_side_only(field, other, report);
    } else if says(other) {
        let title = format!("`{}` is a list, and has no columns", other.name);
        report.push(WRONG_SIDE.at(other.span(), title).help("remove `fields` and `references` here"));
    }
}

fn one_side_only(field: &Field<'_>, other: &Field<'_>, report: &mut Report) {
    let both = |has: fn(&Field<'_>) -> bool| has(field) && has(other);
    let mut refuse = |argument: &str| {
        for (it, opposite) in [(field, other), (other, field)] {
            let title = format!("`{}` and `{}` both have `{argument}`", it.name, opposite.name);
            report.push(WRONG_SIDE.at(it.span(), title).help("remove it at one of the two"));
        }
    };
    if both(|field| field.relation.fields.is_some()) {
        refuse("fields");
    }
    if both(|field| field.relation.references.is_some()) {
        refuse("references");
    }
    let split = |one: &Field<'_>, two: &Field<'_>| one.relation.fields.is_some() && two.relation.references.is_some();
    let is_whole = |field: &Field<'_>| field.relation.fields.is_some() && field.relation.references.is_some();
    if (split(field, other) || split(other, field)) && !is_whole(field) && !is_whole(other) {
        for (it, opposite) in [(field, other), (other, field)] {
            let title =
                format!("`fields` and `references` stand at different ends: `{}` and `{}`", it.name, opposite.name);
            report.push(WRONG_SIDE.at(it.span(), title).help("put both at the same end"));
        }
    }
}

/// `@relation(fields: [aId], references: [id])`, as help.
fn example(schema: &Resolved<'_>, relation: &Relation<'_>) -> String {
    let Some(forward) = relation.forward else {
        return String::new();
    };
    let name = schema.field(forward).name;
    let key = schema.models[relation.to].primary_key.as_ref().and_then(|key| key.fields.first());
    let key = key.map_or("id", |it| schema.models[relation.to].fields[it.field].name);
    let column = format!("{name}{}", upper_first(key));
    let of = schema.models[relation.from].name;
    format!("as in `@relation(fields: [{column}], references: [{key}])` at `{name}` of `{of}`")
}

fn columns<'r>(schema: &'r Resolved<'_>, relation: &Relation<'_>) -> Option<(FieldRef, &'r [usize], &'r [usize])> {
    let at = relation.forward?;
    let attribute = &schema.field(at).relation;
    Some((at, attribute.fields.as_deref()?, attribute.references.as_deref()?))
}

/// `fields` and `references` are as many, and some.
pub(super) fn same_length(schema: &Resolved<'_>, relation: &Relation<'_>, report: &mut Report) {
    let Some((at, fields, references)) = columns(schema, relation) else {
        return;
    };
    let Some(attribute) = schema.field(at).relation.attribute else {
        return;
    };
    if fields.len() != references.len() {
        let title = format!("`fields` has {}, and `references` has {}", fields.len(), references.len());
        report.push(COUNT.at(attribute.span, title).help("each field refers to one"));
    } else if fields.is_empty() {
        report.push(COUNT.at(attribute.span, "`fields` and `references` are empty"));
    }
}

/// Columns refer to columns of their type.
pub(super) fn same_types(schema: &Resolved<'_>, relation: &Relation<'_>, report: &mut Report) {
    let Some((at, fields, references)) = columns(schema, relation) else {
        return;
    };
    if fields.len() != references.len() {
        return;
    }
    let (model, other) = (&schema.models[relation.from], &schema.models[relation.to]);
    for (field, reference) in fields.iter().zip(references) {
        let (field, reference) = (&model.fields[*field], &other.fields[*reference]);
        let same = match (field.ty, reference.ty) {
            (FieldType::Unsupported(_), FieldType::Unsupported(_)) => true,
            (one, two) => one == two,
        };
        if !same {
            let title = format!("`{}` is not of the type of `{}`, which it refers to", field.name, reference.name);
            let ty = |field: &Field<'_>| field.tree.ty.as_ref().map_or("", |ty| ty.name.text).to_owned();
            let note = format!("they are {} and {}", ty(field), ty(reference));
            report.push(TYPES.at(schema.field(at).span(), title).note(note));
        }
    }
}

/// What is referred to is unique.
pub(super) fn references_unique(schema: &Resolved<'_>, relation: &Relation<'_>, report: &mut Report) {
    let Some((at, fields, references)) = columns(schema, relation) else {
        return;
    };
    if fields.len() != references.len() || references.is_empty() {
        return;
    }
    let other = &schema.models[relation.to];
    let any_order = schema.settings.connector.can.references_in_any_order;
    let is = |index: &Index<'_>| {
        index.predicate.is_none() && if any_order { has_fields(index, references) } else { index.is_of(references) }
    };
    if other.uniques().any(is) {
        return;
    }
    let title = format!(
        "`{}` refers to {} of `{}`, which is not unique",
        schema.field(at).name,
        other.names(references),
        other.name
    );
    let names: Vec<&str> = references.iter().map(|field| other.fields[*field].name).collect();
    let help = match names.as_slice() {
        [one] => format!("add `@unique` to `{one}` of `{}`", other.name),
        several => format!("add `@@unique([{}])` to `{}`", several.join(", "), other.name),
    };
    report.push(NOT_UNIQUE.at(schema.field(at).span(), title).help(help));
}

fn has_fields(index: &Index<'_>, fields: &[usize]) -> bool {
    index.fields.len() == fields.len() && index.fields.iter().all(|it| fields.contains(&it.field))
}

/// A relation whose columns may be absent is optional.
pub(super) fn optionality(schema: &Resolved<'_>, relation: &Relation<'_>, report: &mut Report) {
    let Some(at) = relation.forward else { return };
    let (model, field) = (&schema.models[at.model], schema.field(at));
    let columns = field.relation.fields.as_deref().unwrap_or_default();
    if field.is_required() && columns.iter().any(|column| model.fields[*column].is_optional()) {
        let title = format!("`{}` is required, but not all of its columns are", field.name);
        let ty = field.tree.ty.as_ref().map_or("", |ty| ty.name.text);
        report.push(
            OPTIONALITY
                .at(field.span(), title)
                .help(format!("write `{ty}?`, or make {} required", model.names(columns))),
        );
    }
}

/// A one-to-one relation is one: its columns are unique, and its other end is optional.
pub(super) fn unique_one_to_one(schema: &Resolved<'_>, relation: &Relation<'_>, report: &mut Report) {
    let (Some(forward), Some(back), RelationKind::OneToOne) = (relation.forward, relation.back, relation.kind) else {
        return;
    };
    let Some((_, fields, _)) = columns(schema, relation) else {
        return;
    };
    let (model, field, other) = (&schema.models[relation.from], schema.field(forward), schema.field(back));
    if !model.uniques().any(|index| has_fields(index, fields)) && !fields.is_empty() {
        let names: Vec<&str> = fields.iter().map(|field| model.fields[*field].name).collect();
        let title = format!("the columns of the one-to-one relation `{}` are not unique", field.name);
        let help = match names.as_slice() {
            [one] => format!("add `@unique` to `{one}`, or make `{}` a list", other.name),
            several => format!("add `@@unique([{}])`, or make `{}` a list", several.join(", "), other.name),
        };
        report.push(ONE_TO_ONE.at(field.span(), title).help(help));
    }
    if other.is_required() && other.relation.fields.is_none() {
        let ty = other.tree.ty.as_ref().map_or("", |ty| ty.name.text);
        let title = format!("`{}` is required, which no database can promise", other.name);
        let note =
            format!("a row of `{}` may be there before the one that refers to it", schema.models[relation.to].name);
        report.push(ONE_TO_ONE.at(other.span(), title).note(note).help(format!("write `{ty}?`")));
    }
}

/// A relation of two lists is bound by two ids.
pub(super) fn implicit(schema: &Resolved<'_>, relation: &Relation<'_>, report: &mut Report) {
    let ends = [(relation.forward, relation.from, relation.to), (relation.back, relation.to, relation.from)];
    for (at, from, to) in ends {
        let Some(at) = at else { continue };
        let (field, here, there) = (schema.field(at), &schema.models[from], &schema.models[to]);
        if here.is_view || there.is_view {
            let title = format!("`{}` is a list at both ends, which views cannot be", field.name);
            report.push(MANY_TO_MANY.at(field.span(), title));
        }
        let id = there.primary_key.as_ref().filter(|key| key.fields.len() == 1).map(|key| key.fields[0].field);
        match (id, &field.relation.references) {
            (None, _) => {
                let title =
                    format!("`{}` has no `@id` of one column for the list `{}` to refer to", there.name, field.name);
                report.push(MANY_TO_MANY.at(field.span(), title).help("write the model between the two yourself"));
            }
            (Some(id), Some(references)) if references.as_slice() != [id] => {
                let title =
                    format!("the list `{}` refers to something other than the id of `{}`", field.name, there.name);
                report.push(MANY_TO_MANY.at(field.span(), title).help("remove `references`"));
            }
            _ => {}
        }
        if field.relation.on_delete.is_some() || field.relation.on_update.is_some() {
            let title = format!("`{}` is a list at both ends, which has no referential actions", field.name);
            report.push(MANY_TO_MANY.at(field.span(), title).help("remove `onDelete` and `onUpdate`"));
        }
    }
}

/// Relations in lists of keys are MongoDB's.
pub(super) fn embedded(schema: &Resolved<'_>, relation: &Relation<'_>, report: &mut Report) {
    for at in [relation.forward, relation.back].into_iter().flatten() {
        let field = schema.field(at);
        let title = format!("`{}` is a list at both ends, which has no columns", field.name);
        report.push(LIST_RELATION.at(field.span(), title).help("remove `fields` and `references`"));
    }
}
