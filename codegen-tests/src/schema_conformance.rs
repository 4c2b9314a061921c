//! Compare what Lenslet says of schemas with what is expected of it, case by case.
//!
//! The cases are not part of the repository; where their folder is missing there is nothing to compare.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use lenslet::{Checked, Diagnostic, Severity, SourceFile, Sources, check, configure, format};
use serde_json::Value;

/// How many of some cases agree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Score {
    /// Those that agree.
    pub agree: usize,
    /// All of them.
    pub all: usize,
}

impl Score {
    fn add(&mut self, agrees: bool) {
        self.all += 1;
        self.agree += usize::from(agrees);
    }

    /// The share that agrees, in percent.
    pub fn percent(self) -> f64 {
        if self.all == 0 { 100.0 } else { 100.0 * self.agree as f64 / self.all as f64 }
    }
}

/// The agreement of a group of cases.
#[derive(Clone, Debug, Default)]
pub struct Group {
    /// Accepted or refused as expected.
    pub verdict: Score,
    /// Diagnostics on the same lines.
    pub lines: Score,
    /// Diagnostics that overlap, in the newer form of the schema.
    pub spans: Score,
    /// The formatted text, byte for byte.
    pub formatted: Score,
}

/// What a run found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The agreement by group.
    pub groups: BTreeMap<String, Group>,
    /// A line a case that differs.
    pub differences: Vec<String>,
}

impl Report {
    /// All groups but those of databases that Lenslet does not know.
    pub fn total(&self) -> Group {
        let mut total = Group::default();
        for (_, group) in self.groups.iter().filter(|(name, _)| !name.contains("mongodb")) {
            let pairs = [
                (&mut total.verdict, group.verdict),
                (&mut total.lines, group.lines),
                (&mut total.spans, group.spans),
                (&mut total.formatted, group.formatted),
            ];
            for (sum, part) in pairs {
                sum.agree += part.agree;
                sum.all += part.all;
            }
        }
        total
    }

    /// The table that people read.
    pub fn table(&self) -> String {
        let mut out =
            format!("{:<28} {:>13} {:>13} {:>13} {:>13}\n", "group", "verdict", "lines", "spans", "formatted");
        let total = self.total();
        let rows = self.groups.iter().map(|(name, group)| (name.as_str(), group));
        for (name, group) in rows.chain([("all but mongodb", &total)]) {
            let cells = [group.verdict, group.lines, group.spans, group.formatted].map(cell);
            let _ = writeln!(out, "{name:<28} {:>13} {:>13} {:>13} {:>13}", cells[0], cells[1], cells[2], cells[3]);
        }
        out
    }
}

fn cell(score: Score) -> String {
    if score.all == 0 { "-".to_owned() } else { format!("{}/{}", score.agree, score.all) }
}

/// Where the cases are.
pub fn folder() -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/conformance")).to_owned()
}

/// Compares all cases; nothing where the folder is missing.
pub fn run(folder: &Path) -> Option<Report> {
    let mut report = Report::default();
    for record in records(&folder.join("validation/cases.jsonl"))? {
        validate(&record, &mut report);
    }
    for record in records(&folder.join("reformat/cases.jsonl"))? {
        reformat(&record, &mut report);
    }
    Some(report)
}

fn records(path: &Path) -> Option<Vec<Value>> {
    let text = std::fs::read_to_string(path).ok()?;
    Some(text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect())
}

fn text<'r>(record: &'r Value, key: &str) -> &'r str {
    record.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn validate(record: &Value, report: &mut Report) {
    let Some(schema) = record.get("schema").and_then(Value::as_str) else {
        return;
    };
    let (id, level) = (text(record, "id"), text(record, "level"));
    let provider = record.get("provider").and_then(Value::as_str).unwrap_or("no datasource");
    let group = report.groups.entry(format!("{level} {provider}")).or_default();
    let sources = Sources::single("schema.prisma", schema);
    let found = diagnostics(&sources, level);

    let expected = text(record, "expect");
    let is_refused = found.iter().any(|it| it.severity == Severity::Error);
    let agrees = is_refused == (expected == "error");
    group.verdict.add(agrees);
    let mut notes = Vec::new();
    if !agrees {
        notes.push(format!("expected {expected}"));
    }
    if let Some(list) = record.get("diagnostics").and_then(Value::as_array) {
        let expected: BTreeSet<u64> = list.iter().filter_map(|it| it.get("line")?.as_u64()).collect();
        let lines: BTreeSet<u64> = found.iter().map(|it| it.position(&sources).0 as u64).collect();
        group.lines.add(expected == lines);
        if expected != lines {
            notes.push(format!("lines {expected:?} expected, {lines:?} found"));
        }
    }
    if let Some(newer) = record.get("schema_v7").and_then(Value::as_str)
        && let Some(spans) = record.get("v7").and_then(|v7| v7.get("spans")).and_then(Value::as_array)
    {
        let agrees = spans_agree(newer, spans);
        group.spans.add(agrees);
        if !agrees {
            notes.push("spans differ".to_owned());
        }
    }
    if !notes.is_empty() {
        let found: Vec<String> = found.iter().map(|it| format!("{}: {}", it.code, it.title)).collect();
        report.differences.push(format!("{id} [{provider}]: {}; {}", notes.join("; "), found.join(" | ")));
    }
}

/// What is found; for cases of that level, in the configuration blocks only.
fn diagnostics(sources: &Sources, level: &str) -> Vec<Diagnostic> {
    if level.starts_with("config") { configure(sources).diagnostics } else { check(sources).diagnostics }
}

fn reformat(record: &Value, report: &mut Report) {
    let files = files(record.get("files"));
    let expected = match record.get("expected") {
        Some(Value::String(text)) => vec![("schema.prisma".to_owned(), text.clone())],
        other => self::files(other),
    };
    let sources = files.into_iter().map(|(name, text)| SourceFile { name, text }).collect();
    let formatted = format(&Sources::new(sources));
    let agrees = formatted.files().iter().map(|file| &file.text).eq(expected.iter().map(|(_, text)| text));
    report.groups.entry("formatter".to_owned()).or_default().formatted.add(agrees);
    if !agrees {
        let texts: Vec<&str> = formatted.files().iter().map(|file| file.text.as_str()).collect();
        report.differences.push(format!("{}: formatted as\n{}", text(record, "id"), texts.join("\n")));
    }
}

/// Files by name: an object, or a list of pairs.
fn files(value: Option<&Value>) -> Vec<(String, String)> {
    match value {
        Some(Value::Object(map)) => {
            map.iter().filter_map(|(name, text)| Some((name.clone(), text.as_str()?.to_owned()))).collect()
        }
        Some(Value::Array(list)) => list
            .iter()
            .filter_map(|pair| Some((pair.get(0)?.as_str()?.to_owned(), pair.get(1)?.as_str()?.to_owned())))
            .collect(),
        _ => Vec::new(),
    }
}

/// Whether every expected span overlaps one of ours, and the other way around.
fn spans_agree(schema: &str, expected: &[Value]) -> bool {
    let Checked { diagnostics, .. } = check(&Sources::single("schema.prisma", schema));
    let expected: Vec<(u64, u64)> =
        expected.iter().filter_map(|it| Some((it.get(0)?.as_u64()?, it.get(1)?.as_u64()?))).collect();
    let found: Vec<(u64, u64)> =
        diagnostics.iter().map(|it| (u64::from(it.span.start), u64::from(it.span.end))).collect();
    let overlap = |one: &(u64, u64), two: &(u64, u64)| one.0 <= two.1 && two.0 <= one.1;
    expected.iter().all(|one| found.iter().any(|two| overlap(one, two)))
        && found.iter().all(|one| expected.iter().any(|two| overlap(one, two)))
}

/// The real schemas that the formatter changes, with what it makes of them.
pub fn real_schemas_formatted(folder: &Path) -> Option<Vec<(SourceFile, String)>> {
    let mut changed = Vec::new();
    for path in real_schema_paths(folder)? {
        let Some(sources) = sources(&path) else { continue };
        let formatted = format(&sources);
        for (before, after) in sources.files().iter().zip(formatted.files()) {
            if before.text != after.text {
                changed.push((before.clone(), after.text.clone()));
            }
        }
    }
    Some(changed)
}

fn real_schema_paths(folder: &Path) -> Option<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder.join("../schemas")).ok()?;
    let mut paths: Vec<PathBuf> = entries.filter_map(|it| Some(it.ok()?.path())).collect();
    paths.sort();
    Some(paths)
}

/// Checks every real schema next to the cases; the ones that are refused, with their first error.
pub fn real_schemas(folder: &Path) -> Option<Vec<(String, Result<(), String>)>> {
    let mut results = Vec::new();
    for path in real_schema_paths(folder)? {
        let Some(sources) = sources(&path) else { continue };
        let checked = check(&sources);
        let errors = checked.diagnostics.iter().filter(|it| it.severity == Severity::Error);
        let first = errors.map(|it| it.render(&sources, false)).next();
        let verdict = match (first, checked.schema) {
            (Some(error), _) => Err(error),
            (None, None) => Err("it has no catalog".to_owned()),
            (None, Some(_)) => Ok(()),
        };
        results.push((path.display().to_string(), verdict));
    }
    Some(results)
}

/// A schema in a file, or in a folder of files.
pub fn sources(path: &Path) -> Option<Sources> {
    let read = |path: &Path| -> Option<SourceFile> {
        let is_schema = path.extension().is_some_and(|extension| extension == "prisma");
        let text = is_schema.then(|| std::fs::read_to_string(path).ok())??;
        Some(SourceFile { name: path.display().to_string(), text })
    };
    if !path.is_dir() {
        return Some(Sources::new(vec![read(path)?]));
    }
    let mut paths: Vec<PathBuf> = std::fs::read_dir(path).ok()?.filter_map(|it| Some(it.ok()?.path())).collect();
    paths.sort();
    Some(Sources::new(paths.iter().filter_map(|path| read(path)).collect()))
}

/// Every schema text of the cases and of the real schemas; none where the folder is missing.
pub fn all_texts(folder: &Path) -> Vec<String> {
    let mut texts = Vec::new();
    for record in records(&folder.join("validation/cases.jsonl")).unwrap_or_default() {
        for key in ["schema", "schema_v7"] {
            texts.extend(record.get(key).and_then(Value::as_str).map(str::to_owned));
        }
    }
    for record in records(&folder.join("reformat/cases.jsonl")).unwrap_or_default() {
        texts.extend(files(record.get("files")).into_iter().map(|(_, text)| text));
    }
    for path in real_schema_paths(folder).unwrap_or_default() {
        texts.extend(sources(&path).iter().flat_map(|sources| sources.files()).map(|file| file.text.clone()));
    }
    texts
}
