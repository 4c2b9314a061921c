//! A database of its own for each test.

use lenslet::{Sources, check};
use lenslet_core::{
    catalog::Catalog,
    engine::{Engine as _, TransactionOptions},
    error::Error,
};
use lenslet_migrate::{PushOptions, push};
use lenslet_native::Engine;
use lenslet_wire::{
    answer::{self, Form},
    decode::{Limits, Request, request},
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

pub(crate) struct Database {
    catalog: Catalog,
    engine: Engine,
    runtime: Runtime,
    _folder: TempDir,
}

impl Database {
    /// A database with the tables of some models.
    #[track_caller]
    pub(crate) fn new(models: &str) -> Self {
        Database::with("", models)
    }

    /// The same, with something more in the block of the datasource.
    #[track_caller]
    pub(crate) fn with(datasource: &str, models: &str) -> Self {
        let head = format!("datasource db {{\n provider = \"sqlite\"\n url = \"file:test.db\"\n {datasource}\n}}\n");
        let checked = check(&Sources::single("schema.prisma", head + models));
        assert!(checked.is_accepted(), "{:?}", checked.diagnostics);
        let catalog = checked.schema.unwrap().catalog;
        let folder = tempfile::tempdir().unwrap();
        let url = format!("file:{}", folder.path().join("test.db").display());
        push(&url, &catalog, PushOptions::default()).unwrap();
        Database {
            engine: Engine::with_catalog(&url, catalog.clone()).unwrap(),
            catalog,
            runtime: Builder::new_current_thread().enable_time().build().unwrap(),
            _folder: folder,
        }
    }

    /// Asks, and answers the data.
    #[track_caller]
    pub(crate) fn ask(&self, operation: &str, arguments: Value, selection: Value) -> Value {
        let answer = self.send(&self.engine, operation, arguments, selection);
        let answer = answer.unwrap_or_else(|error| panic!("{operation}: {error:?}"));
        let Value::Object(data) = &answer["data"] else { panic!("{operation}: {answer}") };
        data.values().next().unwrap().clone()
    }

    /// Asks for what cannot be done.
    #[track_caller]
    pub(crate) fn refuse(&self, operation: &str, arguments: Value) -> Error {
        match self.send(&self.engine, operation, arguments, Value::Null) {
            Ok(answer) => panic!("{operation}: {answer}"),
            Err(error) => error,
        }
    }

    /// Asks within an interactive transaction: all of it, until something fails, and then what the last question answers.
    #[track_caller]
    pub(crate) fn in_transaction(&self, questions: &[(&str, Value)], last: (&str, Value)) -> Value {
        let engine = self.runtime.block_on(self.engine.begin(TransactionOptions::default())).unwrap();
        for (operation, arguments) in questions {
            if self.send(&engine, operation, arguments.clone(), Value::Null).is_err() {
                break;
            }
        }
        let answer = self.send(&engine, last.0, last.1, Value::Null).unwrap();
        self.runtime.block_on(engine.commit()).unwrap();
        answer["data"].as_object().unwrap().values().next().unwrap().clone()
    }

    /// `User.createOne` and its like, with every column where nothing is selected.
    fn send(&self, engine: &Engine, operation: &str, arguments: Value, selection: Value) -> Result<Value, Error> {
        let (model, action) = operation.split_once('.').unwrap();
        let selection = match selection {
            Value::Null if matches!(action, "createMany" | "updateMany" | "deleteMany") => json!({"count": true}),
            Value::Null => json!({"$scalars": true}),
            given => given,
        };
        let query = json!({"arguments": arguments, "selection": selection});
        let body = json!({"modelName": model, "action": action, "query": query}).to_string();
        let Request::One(query) = request(&body, &self.catalog, &Limits::default())? else { panic!("one query") };
        let rows = self.runtime.block_on(engine.execute(query.clone()))?;
        let text = answer::one(Form::Objects, &query, &self.catalog, Ok(rows));
        Ok(plain(&serde_json::from_str(&text).unwrap()))
    }
}

/// A value without the type tags of the protocol.
fn plain(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(plain).collect(),
        Value::Object(entries) => match (entries.get("$type"), entries.get("value")) {
            (Some(_), Some(value)) => plain(value),
            _ => Value::Object(entries.iter().map(|(key, value)| (key.clone(), plain(value))).collect()),
        },
        other => other.clone(),
    }
}
