//! Plays the steps of a case against an engine.

use super::{
    Case,
    compare::{at, difference, text_of, untagged},
};
use lenslet_core::{
    catalog::Catalog,
    engine::Engine,
    error::{Error, ErrorKind},
    query::Query,
};
use lenslet_wire::{
    answer::{self, Form},
    decode::{self, Limits, Request},
    error,
};
use serde_json::{Value, json};
use std::{collections::BTreeMap, time::Duration};

/// Plays one case.
pub struct Player<'c, E, S> {
    /// What the schema of the case means.
    pub catalog: &'c Catalog,
    /// What executes the queries.
    pub engine: E,
    /// What executes SQL behind the engine's back.
    pub sql: S,
    /// The interactive transactions of the case, by name.
    pub transactions: BTreeMap<String, E>,
}

impl<E: Engine, S: FnMut(&str) -> Result<(), String>> Player<'_, E, S> {
    /// What of the case does not agree, if anything.
    pub async fn play(mut self, case: &Case) -> Option<String> {
        let mut answers = Vec::new();
        for (at, step) in case.steps().enumerate() {
            let answer = self.step(&step["request"], &answers).await;
            let answer: Value = serde_json::from_str(&answer).unwrap_or(Value::Null);
            let different = difference(&answer, &step["expect"], &answers);
            answers.push(untagged(&answer));
            if let Some(different) = different {
                let mut different = format!("step {at}: {different}");
                different.truncate(different.floor_char_boundary(600));
                return Some(different);
            }
        }
        None
    }

    async fn step(&mut self, request: &Value, answers: &[Value]) -> String {
        match request["op"].as_str().unwrap_or_default() {
            "query" => {
                // The answers were recorded over HTTP: no two steps were in the same millisecond, which is as much as a moment
                // tells.
                std::thread::sleep(Duration::from_millis(1));
                let body = filled(&request["body"], answers).to_string();
                let named = self.transactions.get(&text_of(&request["tx"]));
                let engine = named.unwrap_or(&self.engine).clone();
                self.query(&engine, &body).await
            }
            "raw_execute" => match (self.sql)(request["sql"].as_str().unwrap_or_default()) {
                Ok(()) => String::from("{}"),
                Err(message) => error::write(&Error::new(ErrorKind::RawQuery, message)),
            },
            "sleep" => {
                std::thread::sleep(Duration::from_millis(request["ms"].as_u64().unwrap_or(0)));
                String::from("{}")
            }
            op => match self.transaction(op, request).await {
                Ok(answer) => answer,
                Err(error) => error::write_bare(&error),
            },
        }
    }

    async fn transaction(&mut self, op: &str, request: &Value) -> Result<String, Error> {
        let name = text_of(&request["tx_name"]);
        if op == "start_tx" {
            let options = decode::start(&request["body"].to_string(), &Limits::default())?;
            let engine = self.engine.begin(options).await?;
            self.transactions.insert(name, engine);
            return Ok(json!({"id": "1"}).to_string());
        }
        let unknown = || Error::new(ErrorKind::Transaction, "the transaction was never started");
        let engine = self.transactions.get(&name).ok_or_else(unknown)?;
        match op {
            "commit_tx" => engine.commit().await?,
            _ => engine.rollback().await?,
        }
        Ok(String::from("{}"))
    }

    async fn query(&self, engine: &E, body: &str) -> String {
        match decode::request(body, self.catalog, &Limits::default()) {
            Err(error) => error::write(&error),
            Ok(Request::One(query)) => {
                let rows = engine.execute(query.clone()).await;
                answer::one(Form::Objects, &query, self.catalog, rows)
            }
            Ok(Request::Several(queries)) => {
                let mut answers = Vec::new();
                for query in queries {
                    answers.push(match query {
                        Ok(query) => engine.execute(query.clone()).await.map(|rows| (query, rows)),
                        Err(error) => Err(error),
                    });
                }
                answer::batch(Form::Objects, self.catalog, answers, false)
            }
            Ok(Request::Transaction(queries, isolation)) => match engine.batch(queries.clone(), isolation).await {
                Ok(rows) => {
                    let answers = queries.into_iter().zip(rows).map(Ok::<(Query, E::Rows), Error>);
                    answer::batch(Form::Objects, self.catalog, answers, true)
                }
                Err(error) => error::write(&error),
            },
        }
    }
}

/// A request with the values of earlier answers in it: `⟪cap:STEP:path:json|str⟫`.
fn filled(request: &Value, answers: &[Value]) -> Value {
    match request {
        Value::Array(items) => items.iter().map(|item| filled(item, answers)).collect(),
        Value::Object(entries) => {
            let entries = entries.iter().map(|(key, value)| (key.clone(), filled(value, answers)));
            Value::Object(entries.collect())
        }
        Value::String(text) => filled_text(text, answers),
        other => other.clone(),
    }
}

fn filled_text(text: &str, answers: &[Value]) -> Value {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("⟪cap:") {
        let Some((capture, after)) = after.split_once('⟫') else {
            break;
        };
        let (value, as_json) = captured(capture, answers);
        if before.is_empty() && after.is_empty() && out.is_empty() && as_json {
            return value;
        }
        out.push_str(before);
        out.push_str(&if as_json { value.to_string() } else { text_of(&value) });
        rest = after;
    }
    out.push_str(rest);
    Value::String(out)
}

/// `STEP:path:json`
fn captured(capture: &str, answers: &[Value]) -> (Value, bool) {
    let mut parts = capture.split(':');
    let step = parts.next().and_then(|step| step.parse::<usize>().ok());
    let path = parts.next().unwrap_or_default().split('/').filter(|it| !it.is_empty());
    let path: Value = path.map(Value::from).collect();
    let answer = step.and_then(|step| answers.get(step)).unwrap_or(&Value::Null);
    (at(answer, &path), parts.next() == Some("json"))
}
