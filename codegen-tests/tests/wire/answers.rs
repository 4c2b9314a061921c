//! Answers that Prisma's own engine gave, taken apart into rows and written again.

use crate::corpus::{Cases, Recordings, skipped};
use lenslet_core::{
    catalog::{Arity, Catalog},
    query::{Action, Query, Selected},
};
use lenslet_wire::{
    answer::{self, Form},
    decode::{Limits, Request, request},
    rows::Rows,
};
use serde_json::{Value, json};

/// Writes an answer in both forms from its rows, and compares with what it was.
#[track_caller]
fn check(place: &str, catalog: &Catalog, query: &Query, answer: &Value) {
    let Some(rows) = rows(catalog, query, answer) else {
        return;
    };
    let text = rows.to_string();
    let objects = answer::one(Form::Objects, query, catalog, Ok(Rows::new(text.clone())));
    let objects: Value = serde_json::from_str(&objects).unwrap();
    assert_eq!(objects["data"], answer["data"], "{place}: {query:?}");
    let again = answer::one(Form::Rows, query, catalog, Ok(Rows::new(text)));
    assert_eq!(serde_json::from_str::<Value>(&again).unwrap(), rows, "{place}");
}

/// The rows of an answer, by position. Raw SQL has none that could be known from here.
fn rows(catalog: &Catalog, query: &Query, answer: &Value) -> Option<Value> {
    let result = answer["data"].as_object()?.values().next()?;
    match &query.action {
        Action::QueryRaw(_) | Action::ExecuteRaw(_) => None,
        Action::CreateMany(_) | Action::UpdateMany(_) | Action::DeleteMany => Some(json!([[result["count"]]])),
        _ => Some(list(catalog, query.model.index, &query.selection, result)),
    }
}

fn list(catalog: &Catalog, model: u16, selection: &[Selected], result: &Value) -> Value {
    let items: Vec<&Value> = match result {
        Value::Null => Vec::new(),
        Value::Array(items) => items.iter().collect(),
        one => vec![one],
    };
    items.into_iter().map(|item| row(catalog, model, selection, item)).collect()
}

fn row(catalog: &Catalog, model: u16, selection: &[Selected], object: &Value) -> Value {
    let fields = &catalog.models[usize::from(model)].fields;
    let mut cells = Vec::new();
    for selected in selection {
        match selected {
            Selected::Columns(columns) => {
                for column in columns.iter() {
                    let field = &fields[usize::from(column.index)];
                    let cell = &object[field.name.as_ref()];
                    assert!(field.arity != Arity::List || cell.is_array(), "{object}");
                    cells.push(plain(cell));
                }
            }
            Selected::Relation(relation) => {
                let field = &fields[usize::from(relation.field.index)];
                let to = field.relation().unwrap().model;
                cells.push(list(catalog, to, &relation.selection, &object[field.name.as_ref()]));
            }
            Selected::RelationCounts(counts) => {
                for (field, _) in counts {
                    cells.push(object["_count"][fields[usize::from(field.index)].name.as_ref()].clone());
                }
            }
            Selected::Aggregate(aggregate, columns) => {
                let group = &object[format!("_{aggregate:?}").to_lowercase()];
                for column in columns {
                    let name = column.map_or("_all", |column| fields[usize::from(column.index)].name.as_ref());
                    cells.push(plain(&group[name]));
                }
            }
        }
    }
    Value::Array(cells)
}

/// A cell without its tag.
fn plain(cell: &Value) -> Value {
    let text = || cell["value"].as_str().unwrap();
    match (cell, cell["$type"].as_str()) {
        (_, Some("DateTime")) => {
            let moment = chrono::DateTime::parse_from_rfc3339(text()).unwrap();
            json!(moment.timestamp_micros())
        }
        (_, Some("BigInt")) => json!(text().parse::<i64>().unwrap()),
        (_, Some(_)) => json!(text()),
        (Value::Array(items), _) => items.iter().map(plain).collect(),
        (other, None) => other.clone(),
    }
}

fn one(body: &str, catalog: &Catalog) -> Option<Query> {
    match request(body, catalog, &Limits::default()) {
        Ok(Request::One(query)) => Some(query),
        _ => None,
    }
}

#[test]
fn recorded_answers() {
    let Some(recordings) = Recordings::open() else {
        return skipped("the recorded protocol");
    };
    let mut count = 0;
    for (place, body, answer) in recordings.answers() {
        if let Some(query) = one(&body, &recordings.catalog) {
            count += 1;
            check(place, &recordings.catalog, &query, answer);
        }
    }
    assert!(count > 60, "only {count} answers were found");
}

#[test]
fn answers_of_the_cases() {
    for file in ["cases.jsonl", "client_cases.jsonl"] {
        let Some(cases) = Cases::open(file) else {
            return skipped("the query cases");
        };
        for case in cases {
            let Some(catalog) = &case.catalog else { continue };
            for (step, answer) in case.requests.iter().zip(&case.answers) {
                if let Some(query) = one(&step.0, catalog).filter(|_| answer.get("data").is_some()) {
                    check(&case.id, catalog, &query, answer);
                }
            }
        }
    }
}
