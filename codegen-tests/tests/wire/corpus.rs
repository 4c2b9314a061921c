//! The recorded traffic and the query cases, where they are present.

use lenslet_core::catalog::Catalog;
use serde_json::Value;
use std::{collections::HashMap, fs, path::PathBuf, rc::Rc};

fn shared(path: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared")).join(path)
}

/// Says that a test had nothing to read.
pub fn skipped(what: &str) {
    eprintln!("{what}: not present, skipped");
}

fn catalog(schema: &str) -> Option<Catalog> {
    let sources = lenslet::Sources::single("schema.prisma", schema);
    lenslet::check(&sources).schema.map(|schema| schema.catalog)
}

/// What real clients sent.
pub struct Recordings {
    pub catalog: Catalog,
    steps: Vec<(String, Value)>,
}

impl Recordings {
    pub fn open() -> Option<Self> {
        let mut steps = Vec::new();
        for version in ["v5.22.0", "v6.19.3"] {
            let mut files: Vec<PathBuf> =
                fs::read_dir(shared("protocol").join(version)).ok()?.map(|entry| entry.unwrap().path()).collect();
            files.sort();
            for file in files {
                let step = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
                steps.push((file.display().to_string(), step));
            }
        }
        let upload =
            exchanges(&steps).find(|(_, exchange)| exchange["path"].as_str().is_some_and(|it| it.ends_with("/schema")));
        let schema = base64(upload.unwrap().1["body"].as_str().unwrap());
        Some(Recordings { catalog: catalog(&schema).unwrap(), steps })
    }

    /// The bodies of queries, with the file they stand in.
    pub fn requests(&self) -> impl Iterator<Item = (&str, String)> {
        exchanges(&self.steps)
            .filter(|(_, exchange)| exchange["path"].as_str().is_some_and(|it| it.ends_with("/graphql")))
            .map(|(name, exchange)| (name, exchange["body"].to_string()))
    }
}

impl Recordings {
    /// The bodies of queries with what was answered.
    pub fn answers(&self) -> impl Iterator<Item = (&str, String, &Value)> {
        exchanges(&self.steps).filter_map(|(name, exchange)| {
            let answer = &exchange["response"]["body"];
            answer.get("data")?;
            Some((name, exchange["body"].to_string(), answer))
        })
    }
}

fn exchanges(steps: &[(String, Value)]) -> impl Iterator<Item = (&str, &Value)> {
    steps.iter().flat_map(|(name, step)| {
        let exchanges = step["exchanges"].as_array().into_iter().flatten();
        exchanges.map(move |exchange| (name.as_str(), exchange))
    })
}

fn base64(text: &str) -> String {
    let value = |byte: u8| {
        b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".iter().position(|it| *it == byte)
    };
    let bits: Vec<usize> = text.bytes().filter_map(value).collect();
    let bytes = bits.chunks(4).flat_map(|chunk| {
        let group = chunk.iter().enumerate().fold(0, |group, (at, bits)| group | bits << (18 - 6 * at));
        [group >> 16, group >> 8, group].map(|byte| byte as u8).into_iter().take(chunk.len() - 1)
    });
    String::from_utf8(bytes.collect()).unwrap()
}

/// What a request must come to.
#[derive(Debug)]
pub enum Expected {
    /// An answer.
    Answered,
    /// This code, from the decoder.
    Refused(String),
    /// This code, from the decoder or from the database.
    Failed(String),
    /// Not said.
    Anything,
}

impl Expected {
    /// Whether a request may be decoded, or refused with this code.
    pub fn fits(&self, refused: Option<&str>) -> bool {
        match (self, refused) {
            (Expected::Anything, _) => true,
            (Expected::Refused(code), refused) => refused == Some(code),
            (Expected::Failed(code), refused) => refused.is_none_or(|it| it == code),
            (Expected::Answered, refused) => refused.is_none(),
        }
    }
}

pub struct Case {
    pub id: String,
    /// Absent where the schema is refused.
    pub catalog: Option<Rc<Catalog>>,
    pub requests: Vec<(String, Expected)>,
    /// What Prisma's engine answered to each.
    pub answers: Vec<Value>,
}

/// The cases of a file whose schema can be understood.
pub struct Cases {
    lines: std::vec::IntoIter<String>,
    catalogs: HashMap<String, Option<Rc<Catalog>>>,
}

impl Cases {
    pub fn open(file: &str) -> Option<Self> {
        let text = fs::read_to_string(shared("conformance/query").join(file)).ok()?;
        let lines: Vec<String> = text.lines().map(Into::into).collect();
        Some(Cases { lines: lines.into_iter(), catalogs: HashMap::new() })
    }
}

impl Iterator for Cases {
    type Item = Case;
    fn next(&mut self) -> Option<Case> {
        let case: Value = serde_json::from_str(&self.lines.next()?).unwrap();
        let schema = case["schema"].as_str().unwrap();
        let id = case["id"].as_str().unwrap().to_string();
        let catalog = match self.catalogs.get(schema) {
            Some(catalog) => catalog.clone(),
            None => {
                let made = catalog(schema).map(Rc::new);
                self.catalogs.insert(schema.into(), made.clone());
                made
            }
        };
        let steps = case["steps"].as_array().unwrap();
        let answers: Vec<Value> = steps.iter().map(|step| untagged(&step["oracle_response"])).collect();
        let queries = || steps.iter().filter(|step| step["request"]["op"] == "query");
        let oracle = queries().map(|step| step["oracle_response"].clone()).collect();
        let requests =
            queries().map(|step| (filled(&step["request"]["body"], &answers).to_string(), expected(step))).collect();
        Some(Case { id, catalog, requests, answers: oracle })
    }
}

fn expected(step: &Value) -> Expected {
    let code = step["expect"]["code"].as_str();
    match (step["expect"]["kind"].as_str().unwrap(), code) {
        ("error", Some(code @ ("P2009" | "P2012" | "P2019"))) => Expected::Refused(code.into()),
        ("error", Some(code)) => Expected::Failed(code.into()),
        ("error" | "any", _) => Expected::Anything,
        _ => Expected::Answered,
    }
}

/// Values of earlier answers in the places that ask for them.
fn filled(json: &Value, answers: &[Value]) -> Value {
    match json {
        Value::String(text) => match text.strip_prefix("⟪cap:").and_then(|it| it.strip_suffix("⟫")) {
            Some(reference) => captured(reference, answers),
            None => json.clone(),
        },
        Value::Array(items) => items.iter().map(|item| filled(item, answers)).collect(),
        Value::Object(entries) => entries.iter().map(|(key, value)| (key.clone(), filled(value, answers))).collect(),
        _ => json.clone(),
    }
}

fn captured(reference: &str, answers: &[Value]) -> Value {
    let mut parts = reference.splitn(2, ':');
    let answer = &answers[parts.next().unwrap().parse::<usize>().unwrap()];
    let (path, form) = parts.next().unwrap().rsplit_once(':').unwrap();
    let found = path.split('/').filter(|it| !it.is_empty()).fold(answer, |value, key| match value {
        Value::Array(items) => &items[key.parse::<usize>().unwrap()],
        value => &value[key],
    });
    match (form, found) {
        ("str", Value::String(_)) | ("json", _) => found.clone(),
        (_, found) => Value::String(found.to_string()),
    }
}

fn untagged(json: &Value) -> Value {
    match json {
        Value::Object(entries) if entries.len() == 2 && entries.contains_key("$type") => untagged(&entries["value"]),
        Value::Object(entries) => entries.iter().map(|(key, value)| (key.clone(), untagged(value))).collect(),
        Value::Array(items) => items.iter().map(untagged).collect(),
        _ => json.clone(),
    }
}
